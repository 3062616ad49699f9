"""Recordings of a cohort as files: one a visit and instrument in Parquet, one a take in CSV as its device writes it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from pipeline.reading.signal_layout import DELIMITERS, SEVERAL
from pipeline.records import Column
from pipeline.schema import RECORDINGS
from pipeline.synthetic.cohort import SyntheticCohort
from pipeline.synthetic.devices import DEVICES, Device, Export
from pipeline.synthetic.signals.battery import BATTERIES, Take
from pipeline.synthetic.signals.render import Session
from pipeline.synthetic.signals.sensor import TICK_S, Track
from pipeline.synthetic.signals.shown import shown, today
from pipeline.units import SECONDS_IN, UNITS_OF_SENSOR
from pipeline.writing import Format, create_private, write_table

FOLDER = "signals"

_COMMON = ("recording_id", "patient_id", "visit_id", "body_site", "task", "sensor", "rate_hz", "file")
_LAYOUT = (
    "unit",
    "columns",
    "channels",
    "time_column",
    "time_unit",
    "clock",
    "header",
    "delimiter",
    "decimal",
    "scale_ratio",
    "full_scale_ratio",
)
_MIDNIGHT = np.datetime64("1970-01-01")
_MORNING_S = 9 * 3600
_TICKS_IN_S = round(1 / TICK_S)


def sessions(part: SyntheticCohort) -> Iterator[tuple[Session, int]]:
    """Go through the visits of a part at which movement is recorded, with the second of each one's morning."""
    told, truth = part.truth.evidence, part.truth.visits
    people, patient = told.people, told.visits.patient
    ids = told.visits.ids(people)
    day = people.enrolled[patient] + (7 * told.visits.week).astype("timedelta64[D]")
    morning = ((day - _MIDNIGHT).astype(int) * 24 * 3600 + _MORNING_S).tolist()
    relief, latents = truth["relief"].to_numpy(), today(told.exact, told.blurred)
    for row in np.flatnonzero(told.recorded).tolist():
        centre = part.recipe.centres[people.centre[patient[row]]]
        session = Session(
            part.seed,
            str(ids["patient_id"][row]),
            str(ids["visit_id"][row]),
            shown(latents[row], float(relief[row])),
            DEVICES[centre.device],
            centre.record_s,
        )
        yield session, morning[row]


def write_signals(part: SyntheticCohort, directory: Path, format: Format) -> pd.DataFrame:
    """Write the signal files of a part of a cohort, and return its rows of the table of recordings.

    One visit is in memory at a time. No file is overwritten, and all are for the owner only.

    Raises
    ------
    OSError
        If a file is there already, or cannot be written.
    """
    (directory / FOLDER).mkdir(mode=0o700, exist_ok=True)
    takes = BATTERIES[part.recipe.battery]
    rows: list[dict[str, object]] = []
    for session, morning in sessions(part):
        tracks = list(session.tracks(takes))
        write = _write_together if format == "parquet" else _write_apart
        rows += write(session, tracks, morning, directory)
    declared = [column for column in RECORDINGS if column.name in (*_COMMON, *_LAYOUT)]
    return pd.DataFrame({column.name: _cells(column, rows) for column in declared})


def _cells(column: Column, rows: list[dict[str, object]]) -> pd.Series:
    if column.kind in ("number", "flag"):
        return pd.Series([row.get(column.name, math.nan) for row in rows], dtype=float)
    return pd.Series([row.get(column.name, "") for row in rows], dtype=object)


def _row(session: Session, take: Take, sensor: str, file: str) -> dict[str, object]:
    name = f"{session.patient_id}-{session.visit_id}-{take.name}-{sensor}"
    site = take.site(session.habits.side)
    ids = (name, session.patient_id, session.visit_id, site, take.task, sensor)
    return dict(zip(_COMMON, (*ids, math.nan, file), strict=True))


def _write_together(
    session: Session, tracks: list[tuple[Take, Track]], _: int, directory: Path
) -> list[dict[str, object]]:
    """Write all takes of an instrument into one file, whole numbers beside each other; shorter ones end in nothing."""
    rows = []
    for instrument in dict.fromkeys(take.instrument for take, _ in tracks):
        file = f"{FOLDER}/{session.patient_id}-{session.visit_id}-{instrument}.parquet"
        of_instrument = [(take, track) for take, track in tracks if take.instrument == instrument]
        longest = max(len(track.ticks) for _, track in of_instrument)
        columns: dict[str, pa.Array] = {}
        for take, track in of_instrument:
            for channel, numbers in ({"time": track.ticks} | track.counts).items():
                padded = pa.array(numbers)
                if len(padded) < longest:
                    padded = pa.concat_arrays([padded, pa.nulls(longest - len(padded), padded.type)])
                columns[f"{take.name}_{channel}"] = padded
            for sensor, channels in track.sensors.items():
                rows.append(
                    _row(session, take, sensor, file)
                    | {
                        "rate_hz": track.rate_hz,
                        "unit": _unit_of(sensor),
                        "columns": SEVERAL.join(f"{take.name}_{channel}" for channel in channels),
                        "channels": SEVERAL.join(_plain(channel) for channel in channels),
                        "time_column": f"{take.name}_time",
                        "time_unit": "us",
                        "scale_ratio": track.steps[sensor],
                        "full_scale_ratio": _range_of(sensor, session.device),
                    }
                )
        write_table(pa.table(columns).replace_schema_metadata({"synthetic": "true"}), directory / file, "parquet")
    return rows


def _write_apart(
    session: Session, tracks: list[tuple[Take, Track]], morning: int, directory: Path
) -> list[dict[str, object]]:
    """Write each take into a CSV of its own; movement as its device's software does, pens and muscles plainly."""
    rows = []
    for take, track in tracks:
        file = f"{FOLDER}/{session.patient_id}-{session.visit_id}-{take.name}.csv"
        own = take.instrument == "imu"
        export = session.device.export if own else Export()
        columns = {"time": _times(track.ticks, export, morning)}
        for sensor, channels in track.sensors.items():
            axes = [channels["xyz".index(axis)] for axis in export.order] if own else list(channels)
            unit, factor = session.device.written_in(sensor) if own else (_unit_of(sensor), 1.0)
            # decimals enough to tell one count from the next
            decimals = max(math.ceil(-math.log10(track.steps[sensor] / factor)) + 1, 0)
            for channel in axes:
                step = 1.0 if channel == "pressure" else track.steps[sensor] / factor
                columns[channel] = pa.array(np.round(step * track.counts[channel], decimals))
            names = [str(list(columns).index(channel) + 1) for channel in axes]
            rows.append(
                _row(session, take, sensor, file)
                | {
                    "rate_hz": track.rate_hz,
                    "unit": unit,
                    "columns": SEVERAL.join(axes if export.header else names),
                    "channels": SEVERAL.join(_plain(channel) for channel in axes),
                    "time_column": "time" if export.header else "1",
                    "time_unit": export.time_unit,
                    "clock": export.clock,
                    "header": float(export.header),
                    "delimiter": export.delimiter,
                    "decimal": export.decimal,
                    "full_scale_ratio": _range_of(sensor, session.device) / factor,
                }
            )
        _write_csv(pa.table(columns), directory / file, export)
    return rows


def _times(ticks: np.ndarray, export: Export, morning: int) -> pa.Array:
    """Return the times as an export has them, in whole units of its clock where a unit holds them."""
    tick = TICK_S / SECONDS_IN[export.time_unit]
    whole = ticks.astype(np.int64)
    if export.clock == "unix":
        whole = whole + morning * _TICKS_IN_S
    elif export.clock == "deltas":
        whole = np.diff(whole, prepend=whole[:1])
    if tick >= 1:
        return pa.array(whole * round(tick))
    return pa.array(whole / round(1 / tick))


def _write_csv(table: pa.Table, path: Path, export: Export) -> None:
    mark = next(mark for mark, name in DELIMITERS.items() if name == export.delimiter)
    options = pacsv.WriteOptions(include_header=export.header, delimiter=mark, quoting_style="none")
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, options)
    text = sink.getvalue().to_pybytes()
    with create_private(path) as file:
        file.write(text.replace(b".", b",") if export.decimal == "comma" else text)


def _unit_of(sensor: str) -> str:
    return next(unit for unit, factor in UNITS_OF_SENSOR[sensor].items() if factor == 1.0)


def _range_of(sensor: str, device: Device) -> float:
    return device.full_scale(sensor) if sensor in ("accelerometer", "gyroscope") else math.nan


def _plain(channel: str) -> str:
    return channel[-1] if channel[:5] in ("acce_", "gyro_") else channel
