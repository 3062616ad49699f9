"""The table of faults for recordings, row by row, as far as the reader answers for it."""

import errno
import io
import os
import socket
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.errors import ContractError, IoFailed, MissingInput
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.extract import extract
from pipeline.features.measure import measure
from pipeline.features.windows import cuts
from pipeline.reading import below
from pipeline.reading.recordings import open_recording
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_layout import SignalLayout
from pipeline.reading.signal_quality import judge
from pipeline.records import Cohort, Recording, Samples
from pipeline.vocabulary import REASONS

ROW = {
    "recording_id": "r",
    "patient_id": "a",
    "visit_id": "1",
    "body_site": "wrist_left",
    "task": "rest",
    "sensor": "accelerometer",
    "unit": "g",
    "rate_hz": 100,
    "file": "s.csv",
}
AXES = ("x", "y", "z")


def movement(seconds=20.0, rate=100.0, channels=3, seed=1):
    """Give a clock, and a tremor with noise over gravity, which the last channel has."""
    time = np.arange(round(seconds * rate)) / rate
    stream = np.random.default_rng(seed)
    values = 0.02 * stream.normal(size=(channels, len(time))) + 0.1 * np.sin(2 * np.pi * 5 * time)
    values[-1] += 1.0
    return time, values


def cut(recording):
    """Return the windows of a recording that is not long."""
    (found,) = cuts(recording)
    return found


def csv_of(time, values, names=("time_s", *AXES), *, header=True, sep=","):
    lines = [sep.join(f"{number:.9g}" for number in line) for line in np.vstack([time, values]).T]
    return "\n".join(([sep.join(names)] if header else []) + lines) + "\n"


def table_of(time, values, names=("time_s", *AXES)):
    return pa.table(dict(zip(names, [time, *values], strict=True)))


def npz_of(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def rows_of(*rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


@pytest.fixture
def taken(read):
    """Return a function that reads one recording: it or None, and the reasons that are noted of it."""

    def take(content=None, *, options=None, files=None, **row):
        declared = ROW | {"recording_id": "r"} | row
        given_files = {declared["file"]: content} if content is not None else {}
        cohort = read(
            {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(declared)}
            | given_files
            | (files or {}),
            **(options or {}),
        )
        assert len(cohort) == 1
        assert cohort.rejects.empty
        assert set(cohort.notes["reason"]) <= set(REASONS)
        assert (cohort.notes["row"] == 1).all()
        return (cohort.recordings or (None,))[0], cohort.notes["reason"].tolist()

    return take


def test_R1_a_recording_that_is_missing_costs_itself_only(taken):
    """The visit is there without it, and the note says which."""
    assert taken() == (None, ["NO_RECORDING"])
    assert taken(file="folder/none.parquet") == (None, ["NO_RECORDING"])
    assert taken(file="visits.csv/none.csv") == (None, ["NO_RECORDING"])


@pytest.mark.parametrize("count", [0, 1, 2, 350])
@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_R2_a_recording_shorter_than_a_window_is_too_short(taken, count, kind):
    """Down to no sample at all; four seconds are enough."""
    time, values = movement()
    for end, expected in ((count, (None, ["TOO_SHORT"])), (400, None)):
        content = {
            "csv": csv_of(time[:end], values[:, :end]),
            "parquet": table_of(time[:end], values[:, :end]),
            "npz": npz_of(time_s=time[:end], **dict(zip(AXES, values[:, :end], strict=True))),
        }[kind]
        found = taken(content, file=f"s.{kind}")
        if expected:
            assert found == expected
        else:
            assert found[1] == []
            assert len(cut(found[0]).begins) == 1


@pytest.mark.parametrize("spoil", ["swapped", "repeated", "reversed"])
def test_R3_a_clock_that_does_not_increase_is_noted_and_sorted_on_request_only(taken, spoil):
    """Sorted, the samples are those of the recording as it was; a repeated sample is taken once."""
    time, values = movement()
    order = np.arange(len(time))
    if spoil == "swapped":
        order[[500, 900]] = order[[900, 500]]
    elif spoil == "repeated":
        order = np.insert(order, 700, 700)
    else:
        order = order[::-1]
    content = csv_of(time[order], values[:, order])
    assert taken(content) == (None, ["TIMESTAMP_ORDER"])
    recording, notes = taken(content, options={"sort_timestamps": True})
    assert notes == ["TIMESTAMP_ORDER"]
    np.testing.assert_allclose(recording.open().time_s, time, atol=1e-9)
    np.testing.assert_allclose(recording.open().values, values, rtol=1e-8)
    assert taken(csv_of(time, values), options={"sort_timestamps": True})[1] == []


def test_R4_windows_with_gaps_are_left_out_and_many_lost_samples_noted(taken):
    """A gap is measured; a third of the samples lost says GAPS; windows that are whole are used all the same."""
    time, values = movement(seconds=60)
    kept = (time < 20) | (time >= 23)
    recording, notes = taken(csv_of(time[kept], values[:, kept]))
    assert notes == []
    assert recording.quality.gaps == 1
    assert recording.quality.longest_gap_s == pytest.approx(3.01)
    assert recording.quality.lost_share == pytest.approx(3 / 60, rel=1e-6)
    found = cut(recording)
    assert not any(begin + 4 > 20 and begin < 23 for begin in found.start_s)
    assert 0 < found.usable_share < 1
    kept = (time < 20) | (time >= 40)
    recording, notes = taken(csv_of(time[kept], values[:, kept]))
    assert notes == ["GAPS"]
    assert recording.flags == ("GAPS",)
    assert len(cut(recording).begins) > 10
    few = np.random.default_rng(1).random(len(time)) < 0.65
    recording, notes = taken(csv_of(time[few], values[:, few]))
    assert notes == ["GAPS"]
    assert recording.quality.lost_share == pytest.approx(0.35, abs=0.03)
    assert not len(cut(recording).begins)


@pytest.mark.parametrize(("rate", "noted"), [(50.0, []), (50.4, []), (51.2, ["RATE"]), (48.0, ["RATE"])])
def test_R5_the_measured_rate_is_used_and_more_than_two_percent_noted(taken, rate, noted):
    """Nothing is resampled: the samples are as many as there were, on their own clock."""
    time, values = movement(rate=rate)
    recording, notes = taken(csv_of(time, values), rate_hz=50)
    assert notes == noted
    assert recording.quality.rate_hz == pytest.approx(rate, rel=1e-6)
    np.testing.assert_allclose(recording.open().time_s, time, atol=1e-8)
    np.testing.assert_allclose(cut(recording).fs, rate, rtol=1e-6)


def test_R5_a_clock_that_drifts_is_noted(taken):
    """It is right on average, and five percent off at both ends."""
    steps = np.linspace(0.95, 1.05, 200_000) / 100
    time = np.cumsum(steps)
    values = movement(seconds=2000)[1]
    recording, notes = taken(table_of(time, values), file="s.parquet")
    assert notes == ["RATE"]
    assert recording.quality.rate_hz == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize(
    ("sensor", "unit", "factor", "fits"),
    [
        ("accelerometer", "g", 1.0, True),
        ("accelerometer", "m/s^2", 9.80665, True),
        ("accelerometer", "mg", 1000.0, True),
        ("accelerometer", "g", 9.80665, False),
        ("accelerometer", "g", 1000.0, False),
        ("accelerometer", "m/s^2", 1.0, False),
        ("accelerometer", "g", 16384.0, False),
        ("gyroscope", "deg/s", 100.0, True),
        ("gyroscope", "rad/s", 300.0, False),
        ("emg", "mV", 1.0, True),
        ("emg", "uV", 1000.0, True),
        ("emg", "uV", 100.0, True),
        ("emg", "V", 1.0, False),
        ("emg", "uV", 1e-6, False),
        ("pen", "mm", 100.0, True),
        ("pen", "m", 100.0, False),
    ],
)
def test_R6_a_size_that_does_not_fit_the_unit_is_refused(taken, sensor, unit, factor, fits):
    """Gravity gives an accelerometer away; other sensors only where no body could do that."""
    time, values = movement()
    if sensor != "accelerometer":
        values = values - values.mean(axis=1, keepdims=True)
    channels = {"emg": "muscle|antagonist|a third", "pen": "x|y|pressure"}.get(sensor, "")
    content = csv_of(time, factor * values)
    recording, notes = taken(content, sensor=sensor, unit=unit, columns="x|y|z", channels=channels)
    assert (recording is not None) is fits
    assert notes == ([] if fits else ["UNITS"])


def test_R6_units_are_declared_or_refused(taken):
    """None is read by guess, and none of another sensor."""
    content = csv_of(*movement())
    assert taken(content, unit="") == (None, ["BAD_RECORDING"])
    assert taken(content, unit="deg/s") == (None, ["BAD_RECORDING"])
    assert taken(content, unit="furlong") == (None, ["UNKNOWN_CATEGORY"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_R7_channels_are_found_by_name_or_refused(taken, kind):
    """An axis that is missing, spelt otherwise or there twice is refused; others beside them are not read."""
    time, values = movement()
    write = csv_of if kind == "csv" else table_of
    file = {"file": f"s.{kind}"}
    assert taken(write(time, values[:2], ("time_s", "x", "y")), **file) == (None, ["CHANNEL"])
    assert taken(write(time, values, ("time_s", "X", "Y", "Z")), **file) == (None, ["CHANNEL"])
    assert taken(write(time, values, ("t", "x", "y", "z")), **file) == (None, ["CHANNEL"])
    four = np.vstack([values, values[:1]])
    assert taken(write(time, four, ("time_s", "x", "y", "z", "w")), **file)[1] == []
    for columns in ("x|y", "x|y|z|w", "x|x|y", "x||z"):
        assert taken(write(time, four, ("time_s", "x", "y", "z", "w")), columns=columns, **file) == (None, ["CHANNEL"])
    if kind == "csv":
        assert taken(csv_of(time, four, ("time_s", "x", "y", "z", "x"))) == (None, ["CHANNEL"])
    plain = taken(write(time, values), **file)[0].open()
    swapped = taken(write(time, values[[1, 0, 2]], ("time_s", "y", "x", "z")), **file)[0].open()
    np.testing.assert_array_equal(plain.values, swapped.values)
    names = ("time_s", "acc_x", "acc_y", "acc_z")
    assert taken(write(time, values, names), columns="acc_y|acc_x|acc_z", **file)[1] == ["CHANNEL"]
    assert taken(write(time, values, names), columns="acc_x|acc_y|acc_z", **file)[1] == []


EMG = {"sensor": "emg", "unit": "uV", "rate_hz": 1000, "body_site": "wrist_left", "task": "writing"}
ACTION = "wrist_worse__action__median__"


def emg(seconds=8.0):
    """Give a clock and the bursts of four muscles, each pair in turn, in microvolts."""
    time = np.arange(round(seconds * 1000)) / 1000
    on = np.stack([(time * hertz + late) % 1 < 0.3 for hertz, late in ((3, 0), (3, 0.5), (5, 0), (5, 0.3))])
    return time, 100 * np.random.default_rng(1).normal(size=(4, len(time))) * (on + 0.01)


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_R7_muscles_go_by_name_and_not_by_order(read, kind):
    """Which column is the muscle, is declared; where it stands, and what else is there, does not matter."""
    time, (flexor, extensor, biceps, triceps) = emg()
    columns = {"time_s": time, "bic": biceps, "ecr": extensor, "fcr": flexor, "tri": triceps}
    write = {
        "csv": lambda: csv_of(time, np.stack([*columns.values()][1:]), (*columns,)),
        "parquet": lambda: pa.table(columns),
        "npz": lambda: npz_of(**columns),
    }[kind]

    def measured(**row):
        table = rows_of(ROW | EMG | {"file": f"s.{kind}"} | row)
        cohort = read({"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": table, f"s.{kind}": write()})
        assert cohort.notes.empty
        return extract(cohort)

    one = measured(columns="fcr|ecr", channels="muscle|antagonist")
    assert one.filter(like=ACTION + "co_contraction_share").notna().all(axis=None)
    assert one.equals(measured(columns="ecr|fcr", channels="antagonist|muscle"))
    assert one.equals(measured(columns="bic|ecr|fcr|tri", channels="biceps|antagonist|muscle|triceps"))
    assert not one.equals(measured(columns="ecr|fcr", channels="muscle|antagonist"))


@pytest.mark.parametrize(
    ("columns", "channels", "lacking"),
    [
        ("fcr", "", "antagonist"),
        ("fcr|ecr", "muscle|other", "antagonist"),
        ("fcr|ecr", "", "muscle or antagonist"),
        ("fcr|ecr", "a|antagonist", "muscle"),
    ],
)
def test_R7_what_an_emg_lacks_is_missing_and_noted(read, columns, channels, lacking):
    """One muscle has its bursts; how it goes with its antagonist is missing, and the note says why."""
    time, values = emg()
    file = csv_of(time, values[:2], ("time_s", "fcr", "ecr"))
    table = rows_of(ROW | EMG | {"columns": columns, "channels": channels})
    cohort = read({"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": table, "s.csv": file})
    note = cohort.notes.iloc[0]
    assert (note["column"], note["reason"]) == ("channels", "CHANNEL")
    assert note["message"] == f"no channel is declared as {lacking}: what needs it is missing"
    found = extract(cohort).iloc[0]
    assert np.isnan(found[ACTION + "co_contraction_share"])
    assert np.isnan(found[ACTION + "burst_length_s"]) == ("muscle" in lacking)


@pytest.mark.parametrize(
    ("sensor", "columns", "channels"),
    [
        ("emg", "x|y", "muscle"),
        ("emg", "x|y", "muscle|muscle"),
        ("emg", "x|y", "muscle|"),
        ("accelerometer", "x|y|z", "x|y"),
        ("accelerometer", "x|y|z", "x|y|w"),
        ("accelerometer", "x|y", ""),
        ("pen", "x", ""),
        ("pen", "x|y", "x|pressure"),
        ("pen", "x|y|z|w", ""),
    ],
)
def test_R7_channels_that_do_not_go_together_cost_the_recording(taken, sensor, columns, channels):
    """The batch goes on without it."""
    time, values = movement()
    unit = {"emg": "uV", "accelerometer": "g", "pen": "mm"}[sensor]
    file = csv_of(time, 100 * np.vstack([values, values[:1]]), ("time_s", *AXES, "w"))
    assert taken(file, sensor=sensor, unit=unit, columns=columns, channels=channels) == (None, ["CHANNEL"])


def test_R7_axes_may_be_declared_in_any_order(taken):
    time, values = movement()
    plain = taken(csv_of(time, values))[0]
    other, notes = taken(csv_of(time, values[[2, 0, 1]], ("time_s", "a", "b", "c")), columns="a|b|c", channels="z|x|y")
    assert notes == []
    np.testing.assert_array_equal(cut(other).values, cut(plain).values)


def test_R7_the_pressure_of_a_pen_has_a_unit_of_its_own(taken):
    """A tablet counts it to 65,535: it is neither converted with the place, nor part of the drawing's extent."""
    time = np.arange(2000) / 100
    place = np.stack([time, np.sin(2 * np.pi * 2 * time)]) / 100
    pressure = np.where(time % 1 < 0.3, 0.0, 40_000.0)
    file = csv_of(time, np.vstack([place, pressure]), ("time_s", "x", "y", "p"))
    recording, notes = taken(file, sensor="pen", unit="m", columns="x|y|p", channels="x|y|pressure")
    assert notes == []
    np.testing.assert_allclose(recording.open().values, [*(1000 * place), pressure], rtol=1e-8)
    assert recording.quality.size == pytest.approx(200, rel=0.01)
    assert taken(file, sensor="pen", unit="m")[1] == ["CHANNEL"]


@pytest.mark.parametrize("rows", [0, 1, 2, 4])
def test_R7_samples_of_another_number_of_channels_give_no_features(rows):
    """Whoever makes a cohort in code may be wrong as well: the others' features are as they were."""
    time, values = movement()
    made = Recording("r", "a", "1", "head", "rest", "accelerometer", 100.0, lambda: Samples(time, values))
    wrong = replace(made, visit_id="2", open=lambda: Samples(time, np.resize(values, (rows, len(time)))))
    visits = pd.DataFrame({"patient_id": ["a", "a"], "visit_id": ["1", "2"]})
    table = extract(Cohort(visits, recordings=(made, wrong))).filter(like="head__rest")
    assert table.iloc[0].notna().any()
    assert table.iloc[1].isna().all()


def test_R8_what_is_stuck_is_missing_and_not_zero(taken):
    """A sensor that stands still throughout, or one axis of it, is left out; a stretch costs its windows."""
    time, values = movement(seconds=40)
    zeros, held, axis = np.zeros_like(values), np.repeat(values[:, :1], len(time), axis=1), values.copy()
    axis[1] = 0.25
    for dead in (zeros, held, axis):
        assert taken(csv_of(time, dead)) == (None, ["FLATLINE"])
    values[:, 1000:2000] = values[:, 1000:1001]
    recording, notes = taken(csv_of(time, values))
    assert notes == ["FLATLINE"]
    assert recording.quality.flat_share == pytest.approx(0.25, abs=0.001)
    assert np.isnan(recording.open().values[:, 1000:2000]).all()
    assert np.isfinite(recording.open().values[:, 2000:]).all()
    assert not any(begin + 4 > 10 and begin < 20 for begin in cut(recording).start_s)
    # a pen rests
    written = csv_of(time, values * 100, ("time_s", "x", "y", "pressure"))
    pen, notes = taken(written, sensor="pen", unit="mm", channels="x|y|pressure")
    assert notes == []
    assert np.isfinite(pen.open().values).all()


def test_R8_all_zeros_give_no_features(read):
    """Every feature of movement is missing: none is 0."""
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW),
        "s.csv": csv_of(movement()[0], np.zeros((3, 2000))),
    }
    table = extract(read(files))
    assert table.filter(like="wrist_").isna().all(axis=None)


@pytest.mark.parametrize("full_scale", ["", 2])
def test_R9_clipping_is_measured_and_noted(taken, full_scale):
    """At the declared end of the range, or else where the largest reading comes again and again."""
    time, values = movement()
    wide = np.clip(values + [[3], [0], [0]] * np.sin(2 * np.pi * time), -2, 2)
    recording, notes = taken(csv_of(time, wide), full_scale_ratio=full_scale)
    assert notes == ["CLIPPED"]
    at_end = (np.abs(wide) >= 2).any(axis=0).mean()
    assert recording.quality.clipped_share == pytest.approx(at_end, abs=0.02)
    assert recording.flags == ("CLIPPED",)
    assert taken(csv_of(time, values), full_scale_ratio=full_scale)[1] == []


def test_R9_the_clipped_share_is_a_feature(read):
    """Quality stands beside the features that it may spoil."""
    time, values = movement()
    wide = np.clip(values + [[3], [0], [0]] * np.sin(2 * np.pi * time), -2, 2)
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW | {"task": "posture"}),
        "s.csv": csv_of(time, wide),
    }
    assert extract(read(files))["wrist_worse__posture__median__clipped_share"][0] > 0.1


@pytest.mark.parametrize("written", ["NaN", "nan", "", "NA"])
def test_R10_runs_of_nan_are_gaps(taken, written):
    """They count as lost, cost the windows that they touch, and the others are as they were."""
    time, values = movement(seconds=40)
    lines = csv_of(time, values).splitlines()
    for number in range(1500, 1800):
        lines[1 + number] = f"{time[number]:.9g},{written},{written},{written}"
    recording, notes = taken("\n".join(lines) + "\n")
    assert notes == []
    assert recording.quality.lost_share == pytest.approx(300 / 4000)
    assert recording.quality.gaps == 1
    assert recording.quality.longest_gap_s == pytest.approx(3.01)
    found = cut(recording)
    whole = cut(taken(csv_of(time, values))[0])
    kept = [begin for begin in whole.start_s.tolist() if begin + 4 <= 15 or begin >= 18]
    assert found.start_s.tolist() == pytest.approx(kept)


@pytest.mark.parametrize("hum_hz", [50, 60])
def test_R11_hum_and_heartbeat_in_an_emg_are_read_and_stop_nothing(read, hum_hz):
    """Whatever an EMG holds, the visit has its row, and the accelerometer beside it the features that it has alone."""
    time = np.arange(20_000) / 1000
    stream = np.random.default_rng(1)
    hum = 300 * np.sin(2 * np.pi * hum_hz * time)
    heart = 1500 * np.exp(-0.5 * (((time % 0.8) - 0.4) / 0.01) ** 2)
    muscle = 50 * stream.normal(size=(2, len(time)))
    emg = ROW | {"recording_id": "e", "sensor": "emg", "unit": "uV", "rate_hz": 1000, "file": "e.csv"}
    emg |= {"columns": "flexor|extensor", "channels": "muscle|antagonist"}
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW | {"columns": ""}, emg),
        "s.csv": csv_of(*movement()),
        "e.csv": csv_of(time, muscle + hum + heart, ("time_s", "flexor", "extensor")),
    }
    cohort = read(files)
    assert cohort.notes.empty
    assert [recording.sensor for recording in cohort.recordings] == ["accelerometer", "emg"]
    assert cohort.recordings[1].open().values.shape == (2, 20_000)
    alone = read({name: text for name, text in files.items() if name != "e.csv"})
    assert alone.notes["reason"].tolist() == ["NO_RECORDING"]
    both, one = extract(cohort), extract(alone)
    moved = [name for name in one if one[name].notna().all()]
    assert any(name.startswith("wrist_") for name in moved)
    np.testing.assert_array_equal(both[moved], one[moved])


@pytest.mark.parametrize("spike", ["1e30", "-1e300", "inf", "-inf", "1e999"])
def test_R12_a_spike_that_no_sensor_reads_is_missing_and_noted(taken, spike):
    """It costs the windows that it is in; all other values are as they were."""
    time, values = movement()
    lines = csv_of(time, values).splitlines()
    lines[1001] = f"{time[1000]:.9g},{spike},0,1"
    recording, notes = taken("\n".join(lines) + "\n")
    assert notes == ["NOT_FINITE"]
    opened = recording.open().values
    assert np.isnan(opened[0, 1000])
    assert np.isnan(opened).sum() == 1
    plain = np.delete(np.asarray(opened), 1000, axis=1)
    np.testing.assert_allclose(plain, np.delete(values, 1000, axis=1), rtol=1e-8)


def test_R12_nothing_but_infinities_is_refused(taken):
    time, values = movement()
    assert taken(csv_of(time, values * np.inf)) == (None, ["NOT_FINITE"])
    assert taken(csv_of(time, values * np.nan)) == (None, ["GAPS"])


def test_R15_samples_that_two_recordings_name_are_flagged(read):
    """They are read; the two sensors of one file, with columns of their own, are no case of it."""
    time, values = movement()
    names = ("time_s", *AXES, "u", "v", "w")
    six = csv_of(time, np.vstack([values, 50 * values]), names)
    turned = {"sensor": "gyroscope", "unit": "deg/s", "columns": "u|v|w"}

    def flags(*rows, **files):
        visits = "patient_id,visit_id\na,1\nb,1\n"
        table = rows_of(*({**ROW, "columns": "x|y|z", **row} for row in rows))
        cohort = read({"visits.csv": visits, "recordings.csv": table, "s.csv": six} | files)
        assert len(cohort.recordings) == len(rows)
        return [recording.flags for recording in cohort.recordings], sorted(cohort.notes["reason"])

    assert flags({}, turned) == ([(), ()], [])
    assert flags({}, {"recording_id": "q"}) == ([("SAME_FILE",)] * 2, ["SAME_FILE"] * 2)
    assert flags({}, {"task": "posture", "file": "./s.csv"}) == ([("SAME_FILE",)] * 2, ["SAME_FILE"] * 2)
    assert flags({}, {"file": "l.csv"}, **{"l.csv": Path("s.csv")})[1] == ["SAME_FILE"] * 2
    assert flags({}, {**turned, "patient_id": "b"})[1] == ["SAME_FILE"] * 2
    assert flags({}, {"file": "t.csv"}, **{"t.csv": six})[1] == []


@pytest.mark.parametrize(
    "name",
    [
        "../s.csv",
        "a/../../s.csv",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "http://x/s.csv",
        "\\\\server\\s.csv",
        "C:\\s.csv",
        "c:s.csv",
        "out/hostname",
        "link",
        "circle",
        "../COHORT/s.csv",
    ],
)
def test_R16_no_name_leads_out_of_the_folder(taken, monkeypatch, name):
    """What lies outside is never opened, not even to see what it is."""
    links = {"out": Path("/etc"), "link": Path("/etc/hostname"), "circle": Path("circle")}
    opened = []
    really = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(path) or really(path, *rest, **more))
    assert taken(files=links, file=name) == (None, ["PATH_ESCAPE"])
    assert not any("hostname" in str(path) or "passwd" in str(path) for path in opened)


def test_R16_a_link_that_is_put_in_the_way_after_the_check_is_not_followed(monkeypatch, tmp_path):
    """The way is gone step by step, and none of the steps may be a link."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.csv").write_text("secret")
    (tmp_path / "cohort" / "sub").mkdir(parents=True)
    root = tmp_path / "cohort"
    (root / "sub" / "s.csv").write_text("own")
    checked = below.resolve(root, "sub/s.csv")
    with below.open_below(root, "sub/s.csv", "r") as file:
        assert file.read() == b"own"
    (root / "sub" / "s.csv").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(below, "resolve", lambda *_: checked)
    with pytest.raises((ContractError, MissingInput), match=r"link|not there"):
        below.open_below(root, "sub/s.csv", "r")


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_R16_only_a_regular_file_is_opened(taken, monkeypatch, kind):
    """A pipe would keep the reader waiting for ever."""
    folder = Path(mkdtemp(dir="/tmp"))
    if kind == "pipe":
        os.mkfifo(folder / "s.csv")
    elif kind == "folder":
        (folder / "s.csv").mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(folder / "s.csv"))
    row = ROW | {"source": "recordings.csv", "row": 1}
    found, remarks = open_recording(row, folder, shared=False, sort=False)
    assert found is None
    assert [reason for _, reason, _ in remarks] in (["BAD_RECORDING"], ["IO_ERROR"])


START = 1_700_000_000.0
"""In November 2023."""


@pytest.mark.parametrize(
    ("clock", "unit", "times", "expected"),
    [
        ("unix", "s", lambda t: START + t, []),
        ("unix", "ms", lambda t: (START + t) * 1e3, []),
        ("unix", "s", lambda t: (START + t) * 1e3, ["TIMESTAMP"]),
        ("unix", "ms", lambda t: START + t, ["TIMESTAMP"]),
        ("unix", "s", lambda t: t, ["TIMESTAMP"]),
        ("elapsed", "s", lambda t: (START + t) * 1e3, ["TIMESTAMP"]),
        ("elapsed", "ms", lambda t: START + t, ["TIMESTAMP"]),
        ("elapsed", "ns", lambda t: 4e15 + t * 1e9, []),
        ("deltas", "ms", lambda t: np.full(len(t), 10.0), []),
        ("deltas", "s", lambda t: np.full(len(t), 10.0), ["TIMESTAMP"]),
        ("counter", "", lambda t: 77 + np.arange(len(t)), []),
        ("local", "", lambda t: t, ["TIMESTAMP"]),
    ],
)
def test_R17_a_clock_is_what_it_is_declared_to_be(taken, clock, unit, times, expected):
    """Milliseconds for seconds, a counter for a date: no rate and no year makes sense of them."""
    time, values = movement()
    written = [f"{number:.6f}" for number in times(time)]
    lines = [",".join([moment, *(f"{v:.9g}" for v in line)]) for moment, line in zip(written, values.T, strict=True)]
    content = "\n".join(["when,x,y,z", *lines]) + "\n"
    recording, notes = taken(content, time_column="when", time_unit=unit, clock=clock)
    assert notes == expected
    if not expected:
        np.testing.assert_allclose(recording.open().time_s, time, atol=1e-6)


@pytest.mark.parametrize(("hours", "used"), [(1, True), (-1, False)])
@pytest.mark.parametrize("sort", [False, True])
def test_R17_summer_time_begins_or_ends(taken, hours, used, sort):
    """The hour that is given twice cannot be told apart, and is never sorted; one that is skipped is noted."""
    time, values = movement(seconds=60)
    moment = np.datetime64("2023-03-26T01:59:30", "ms") + (1000 * time).round().astype("timedelta64[ms]")
    moment[3000:] += np.timedelta64(hours, "h")
    lines = [f"{when},{x:.9g},{y:.9g},{z:.9g}" for when, x, y, z in zip(moment, *values, strict=True)]
    content = "\n".join(["when,x,y,z", *lines]) + "\n"
    found = taken(content, time_column="when", clock="local", options={"sort_timestamps": sort})
    assert (found[0] is not None) is used
    assert found[1][0] == "TIMESTAMP"


def test_R17_written_times_need_the_zone_that_is_declared(taken):
    time, values = movement()
    moment = np.datetime64("2023-07-01T12:00:00", "ms") + (1000 * time).round().astype("timedelta64[ms]")

    def content(zone):
        lines = [f"{when}{zone},{x:.9g},{y:.9g},{z:.9g}" for when, x, y, z in zip(moment, *values, strict=True)]
        return "\n".join(["when,x,y,z", *lines]) + "\n"

    assert taken(content("Z"), time_column="when", clock="utc")[1] == []
    assert taken(content("+02:00"), time_column="when", clock="utc")[1] == []
    assert taken(content(""), time_column="when", clock="local")[1] == []
    assert taken(content(""), time_column="when", clock="utc") == (None, ["TIMESTAMP"])
    assert taken(content("Z"), time_column="when", clock="local") == (None, ["TIMESTAMP"])
    for clock in ("elapsed", "unix"):
        assert taken(content("Z"), time_column="when", clock=clock) == (None, ["BAD_RECORDING"])


@pytest.mark.parametrize(
    ("site", "side", "expected"),
    [
        ("wrist_left", "", "wrist_left"),
        ("wrist_left", "left", "wrist_left"),
        ("wrist", "right", "wrist_right"),
        ("ankle", "left", "ankle_left"),
        ("head", "", "head"),
        ("wrist", "", None),
        ("ankle", "", None),
        ("wrist_left", "right", None),
        ("ankle_right", "left", None),
    ],
)
def test_R18_a_limb_has_one_side(taken, site, side, expected):
    """None, or two, is nobody's guess."""
    recording, notes = taken(csv_of(*movement()), body_site=site, side=side)
    assert (recording.body_site if recording else None) == expected
    assert notes == ([] if expected else ["LATERALITY"])


EMG_FEATURES = [each for each in CATALOGUE if each.spec.level == "window" and each.spec.sensor == "emg"]


def peak_of(rows: int) -> int:
    """Return the peak of memory that judging, reading and measuring a recording of 8 channels takes."""
    folder = Path(mkdtemp(dir=Path.cwd()))
    names = [f"c{number}" for number in range(8)]
    stream = np.random.default_rng(1)
    with papq.ParquetWriter(
        folder / "s.parquet", pa.schema([(name, pa.float64()) for name in ("time_s", *names)])
    ) as out:
        for start in range(0, rows, 50_000):
            time = np.arange(start, start + 50_000) / 1000
            out.write_table(table_of(time, stream.normal(size=(8, 50_000)), ("time_s", *names)))
    layout = SignalLayout("emg", "uV", 1000.0, tuple(names), ("muscle", "antagonist", *names[2:]))
    file = SignalFile(folder, "s.parquet", layout, "a recording")
    visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        verdict = judge(file)
        assert verdict.quality.samples == rows
        assert sum(len(each.time_s) for each in file.pieces()) == rows
        emg = Recording("r", "a", "1", "wrist_left", "action", "emg", 1000.0, file, channels=verdict.channels)
        measured = measure(visits, [replace(emg, pieces=file.pieces)], EMG_FEATURES, map=map)
        assert len(measured.values) == rows // 2000 - 1
        assert np.isfinite(measured.values).any()
        return tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)


def test_R20_a_long_recording_takes_no_more_memory_than_a_short_one():
    """Eight channels at 1 kHz, read and measured piece by piece: three times the length, the same peak."""
    short, long = peak_of(600_000), peak_of(1_800_000)
    assert long < 1.1 * short
    assert long < 1_800_000 * 9 * 8


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes files of some names fail: on opening, or after some bytes."""

    def fail(names, *, number=errno.EIO, after=None):
        really, really_as_file = os.open, os.fdopen
        broken = set()

        def opening(path, *rest, **more):
            if Path(os.fsdecode(path)).name in names and after is None:
                raise OSError(number, os.strerror(number))
            found = really(path, *rest, **more)
            if Path(os.fsdecode(path)).name in names:
                broken.add(found)
            return found

        class Broken(io.FileIO):
            def readinto(self, buffer):
                if self.tell() >= after:
                    raise OSError(number, os.strerror(number))
                return super().readinto(memoryview(buffer)[: max(1, after - self.tell())])

        def as_file(descriptor, mode="r", *rest, **more):
            if descriptor in broken:
                broken.discard(descriptor)
                return io.BufferedReader(Broken(descriptor, "rb"), 4096)
            return really_as_file(descriptor, mode, *rest, **more)

        monkeypatch.setattr(os, "open", opening)
        monkeypatch.setattr(os, "fdopen", as_file)

    return fail


@pytest.mark.parametrize(
    ("number", "after"), [(errno.EACCES, None), (errno.EIO, None), (errno.EIO, 20_000), (errno.ESTALE, 0)]
)
@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_R21_a_file_that_the_system_does_not_give_costs_its_recording(read, failing, number, after, kind):
    """Also in the middle; the recordings beside it are read."""
    time, values = movement()
    content = {
        "csv": csv_of(time, values),
        "parquet": table_of(time, values),
        "npz": npz_of(time_s=time, **dict(zip(AXES, values, strict=True))),
    }[kind]
    rows = [ROW | {"recording_id": str(n), "task": "posture", "file": f"{n}.{kind}"} for n in range(4)]
    failing({f"1.{kind}"}, number=number, after=after)
    files = {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(*rows)}
    cohort = read(files | {f"{n}.{kind}": content for n in range(4)})
    assert [recording.recording_id for recording in cohort.recordings] == ["0", "2", "3"]
    assert cohort.notes[["row", "reason"]].to_numpy().tolist() == [[2, "IO_ERROR"]]


def test_R21_more_than_a_few_are_the_disk(read, failing):
    """The run ends then, and says by which option more are allowed."""
    content = csv_of(*movement())
    rows = [ROW | {"recording_id": str(n), "file": f"{n}.csv"} for n in range(4)]
    files = {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(*rows)}
    files |= {f"{n}.csv": content for n in range(4)}
    failing({"0.csv", "1.csv", "2.csv"})
    assert len(read(files, max_io_errors=3).recordings) == 1
    with pytest.raises(IoFailed, match="--max-io-errors allows 2"):
        read(files, max_io_errors=2)


def test_an_npz_whose_header_is_no_text_of_python_is_a_bad_recording(taken):
    """Found by the fuzzer: numpy takes the header of old files apart as Python, and raises what that raises."""
    time, values = movement()
    sound = npz_of(time_s=time, **dict(zip(AXES, values, strict=True)))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b",), }", b",   }", 1))
    assert taken(made.getvalue(), file="s.npz") == (None, ["BAD_RECORDING"])


def test_R3_a_clock_with_a_step_as_long_as_numbers_go_is_judged(taken):
    """Found by the fuzzer: more lost samples than an integer holds are many lost samples, not a bug of ours."""
    time, values = movement()
    time[-1] = 1e308
    time[1:-1] = np.arange(1, len(time) - 1) * 1e-10
    _, notes = taken(csv_of(time, values))
    assert notes
