"""Handles of the recordings that can be used, and a note on every one that cannot, or has something to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from pipeline.errors import ContractError, IoFailed, MissingInput, PipelineError
from pipeline.reading.below import resolve
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_layout import SEVERAL, layout_of, place_of, usual_channels
from pipeline.reading.signal_quality import Verdict, judge
from pipeline.records import Recording
from pipeline.vocabulary import REASONS

_COLUMN_OF = {"RATE": "rate_hz", "UNITS": "unit", "CHANNEL": "columns", "LATERALITY": "body_site"}
"""Where in the table to look first; else at the file."""

DESCRIBES = ("file", "columns", "channels", "sensor", "patient_id", "visit_id")

Key = tuple[str, str, str]
Remark = tuple[str, str, str]
"""Column, reason and message of a note."""


def open_recording(
    row: Mapping[Any, Any], root: Path, *, shared: bool, sort: bool
) -> tuple[Recording | None, list[Remark]]:
    """Read a recording once, and make a handle of it if it can be used.

    Parameters
    ----------
    row : mapping
        Of the table of recordings, as it was parsed.
    root : Path
        The cohort's folder.
    shared : bool
        Whether another row names the same samples.
    sort : bool
        Whether samples may be put in the order of their times.

    Returns
    -------
    tuple
        The handle, or None; and what is to be noted. ``IO_ERROR`` is among the reasons.
    """
    try:
        body_site, layout = place_of(row), layout_of(row)
        name = str(row["file"])
        if not name:
            return None, [("file", "NO_FILE_NAME", REASONS["NO_FILE_NAME"])]
        where = f"{row['source']} row {row['row']}"
        verdict = judge(SignalFile(root, name, layout, where), sort=sort)
    except (ContractError, MissingInput, IoFailed) as error:
        return None, [_remark_of(error)]
    remarks = [_remark_of_flag(reason, verdict) for reason in verdict.flags] + (
        [_remark("SAME_FILE")] if shared else []
    )
    if verdict.unfit:
        return None, [_remark(verdict.unfit)]
    return _handle(row, body_site, verdict, tuple(reason for _, reason, _ in remarks)), remarks


def _remark(reason: str) -> Remark:
    return _COLUMN_OF.get(reason, "file"), reason, REASONS[reason]


def _remark_of_flag(reason: str, verdict: Verdict) -> Remark:
    if reason == "CHANNEL" and verdict.lacking:
        said = f"no channel is declared as {' or '.join(verdict.lacking)}: what needs it is missing"
        return "channels", reason, said
    return _remark(reason)


def _remark_of(error: PipelineError) -> Remark:
    """Make a note of an error; of one about the table, ``where`` is the column."""
    column = error.where if error.where in _TABLE_COLUMNS else _COLUMN_OF.get(error.code, "file")
    said = REASONS[error.code] if error.code in ("PATH_ESCAPE", "NO_RECORDING") else error.found
    return column, error.code, f"{said}, but {error.needed}" if error.needed else said


_TABLE_COLUMNS = ("body_site", "task", "sensor", "unit", "rate_hz", "columns", "time_unit")


def _handle(row: Mapping[Any, Any], body_site: str, verdict: Verdict, flags: tuple[str, ...]) -> Recording:
    return Recording(
        recording_id=str(row["recording_id"]),
        patient_id=str(row["patient_id"]),
        visit_id=str(row["visit_id"]),
        body_site=body_site,
        task=str(row["task"]),
        sensor=str(row["sensor"]),
        rate_hz=float(row["rate_hz"]),
        open=verdict.file,
        flags=flags,
        quality=verdict.quality,
        pieces=verdict.file.pieces,
        channels=verdict.channels,
    )


def named_files(tables: Iterable[pa.Table], root: Path) -> list[str]:
    """Return the signal files that tables of recordings name and that are there, in order."""
    named = {
        str(name) for table in tables if "file" in table.column_names for name in table["file"].unique().to_pylist()
    }
    return [name for name in sorted(named) if _identity(root, name) is not None]


def key_of(row: Mapping[Any, Any]) -> Key:
    """Return what says which samples a row names."""
    return str(row["file"]), str(row.get("columns", "")) or str(row.get("channels", "")), str(row["sensor"])


def shared_samples(tables: Iterable[pa.Table], root: Path) -> frozenset[Key]:
    """Return the keys of rows whose samples another row names as well, or whose file belongs to another visit too.

    A file is known by its place on the disk: a link, or a name in other letters where case does not count, is the same.
    """
    rows = pd.concat(
        [table.select([name for name in DESCRIBES if name in table.column_names]).to_pandas() for table in tables]
        or [pd.DataFrame()],
        ignore_index=True,
    )
    if "file" not in rows or "sensor" not in rows:
        return frozenset()
    rows = rows.reindex(columns=list(DESCRIBES)).astype(object)
    rows = rows.where(rows.notna(), "").astype(str)
    files = {name: _identity(root, name) for name in rows["file"].unique()}
    uses: Counter[tuple[object, str]] = Counter()
    visits: dict[object, set[tuple[str, str]]] = {}
    found = [(key_of(row), files[row["file"]], row) for row in rows.to_dict("records") if files[row["file"]]]
    for key, file, row in found:
        uses.update((file, channel) for channel in _channels(key))
        visits.setdefault(file, set()).add((row["patient_id"], row["visit_id"]))
    return frozenset(
        key
        for key, file, _ in found
        if len(visits[file]) > 1 or any(uses[file, channel] > 1 for channel in _channels(key))
    )


def _channels(key: Key) -> tuple[str, ...]:
    return tuple(key[1].split(SEVERAL)) if key[1] else usual_channels(key[2])


def _identity(root: Path, name: str) -> tuple[int, int] | None:
    """Return what tells a regular file from all others; None where there is none below the root."""
    path = resolve(root, name)
    try:
        status = path.stat() if path is not None and path.is_file() else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
