"""The table of faults for recordings: units, channels and sides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipeline.features.extract import extract
from pipeline.records import Cohort, Recording, Samples
from tests.reading.recordings_on_disk import AXES, ROW, csv_of, cut, movement, npz_of, rows_of, table_of


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
