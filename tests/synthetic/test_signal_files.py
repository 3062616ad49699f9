"""Synthetic recordings as files: the ordinary readers take back what was rendered."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import load_recipe
from pipeline.reading.assemble import assemble, wanted
from pipeline.reading.options import Options
from pipeline.reading.source import open_source
from pipeline.recipe import Centre, Recipe
from pipeline.synthetic import generate
from pipeline.synthetic.devices import DEVICES
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions
from pipeline.synthetic.writing import write_cohort
from pipeline.vocabulary import SENSORS

ONE = Recipe(name="one", title="", classes={"cervical/idiopathic_isolated": 1}, recordings=1.0, max_visits=1)


def recipe_with(device, battery="short", seconds=5.0):
    return dataclasses.replace(ONE, battery=battery, centres=(Centre(1.0, device, seconds),))


def read(folder):
    options = Options()
    source = open_source(folder, options)
    return assemble(
        {name: list(source.batches(name, wanted(name, options))) for name in source.tables}, source, options
    )


def rendered(made):
    """Return the samples of every recording by its id."""
    return {
        f"{session.patient_id}-{session.visit_id}-{take.name}-{sensor}": track.samples(sensor)
        for session, _ in sessions(made)
        for take, track in session.tracks(BATTERIES[made.recipe.battery])
        for sensor in track.sensors
    }


@pytest.mark.parametrize("format", ["parquet", "csv"])
@pytest.mark.parametrize("device", list(DEVICES))
def test_what_is_written_is_read_back(format, device, tmp_path):
    """Each device's files, of whatever units, clocks and marks, hold what was rendered, and no reader complains."""
    made = generate(recipe_with(device, "full" if device == "icm42688" else "short"), patients=2, seed=3)
    write_cohort(made, tmp_path, format, signals=True)
    cohort, expected = read(tmp_path), rendered(made)
    assert cohort.notes.query("reason not in ['GAPS', 'TOO_SHORT', 'CLIPPED']").empty
    assert sorted(each.recording_id for each in cohort.recordings) == sorted(expected)
    for recording in cohort.recordings:
        found, truth = recording.open(), expected[recording.recording_id]
        tick = 1e-6 if device != "bmi160" else 1e-5
        np.testing.assert_allclose(found.time_s, truth.time_s, rtol=0, atol=tick)
        names = recording.channels
        values = truth.values[[SENSORS[recording.sensor].all.index(name) for name in names]]
        # a CSV has a digit more than tells one step of the device from the next
        step = np.diff(np.unique(truth.values)).min()
        atol = 0.06 * step if format == "csv" else 0.0
        np.testing.assert_allclose(found.values, values, rtol=1e-12, atol=atol)
        assert abs(recording.quality.rate_hz / recording.rate_hz - 1) < 0.01


def test_signals_change_no_table(tmp_path):
    """Tables and truth are the same files, with recordings and without."""
    made = generate(recipe_with("bmi270"), patients=3, seed=4)
    for name, signals in (("with", True), ("without", False)):
        (tmp_path / name).mkdir()
        write_cohort(made, tmp_path / name, "parquet", signals=signals)
    plain = {
        path.relative_to(tmp_path / "without"): path.read_bytes() for path in (tmp_path / "without").rglob("*.parquet")
    }
    for path, content in plain.items():
        assert (tmp_path / "with" / path).read_bytes() == content
    described = json.loads((tmp_path / "with" / "cohort.json").read_text())
    assert described["signals"]
    assert described["synthetic"]


def test_signal_files_are_for_the_owner_and_marked(tmp_path):
    """As every file of a cohort; a CSV is marked by the cohort's own mark."""
    write_cohort(generate(recipe_with("bmi270"), patients=1, seed=4), tmp_path, "parquet", signals=True)
    files = list((tmp_path / "signals").iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "signals").stat().st_mode & 0o777 == 0o700
    assert read(tmp_path).synthetic
    assert all(b"synthetic" in path.read_bytes() for path in files)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**64), first=st.integers(0, 5), patients=st.integers(1, 3))
def test_a_recording_is_the_same_whatever_the_cohort(seed, first, patients):
    """Bit for bit, however many patients there are, whichever part is made, in whatever order.

    So any number of workers can render a cohort.
    """
    recipe = dataclasses.replace(recipe_with("bmi160"), max_visits=2)
    whole = generate(recipe, patients=8, seed=seed)
    part = generate(recipe, patients=patients, seed=seed, first=first)
    takes = BATTERIES["short"]
    of_whole = {(each.patient_id, each.visit_id): each for each, _ in sessions(whole)}
    for session, _ in reversed(list(sessions(part))):
        other = of_whole[session.patient_id, session.visit_id]
        for (_, one), (_, two) in zip(session.tracks(takes), other.tracks(takes), strict=True):
            assert one.ticks.tobytes() == two.ticks.tobytes()
            assert {name: each.tobytes() for name, each in one.counts.items()} == {
                name: each.tobytes() for name, each in two.counts.items()
            }


def test_only_recorded_visits_have_recordings(tmp_path):
    """A visit of which the truth says that nothing was recorded has no row, and every other has the whole battery."""
    recipe = dataclasses.replace(load_recipe("demo"), centres=(Centre(1.0, "bmi160", 5.0),), battery="short")
    made = generate(recipe, patients=12, seed=2)
    write_cohort(made, tmp_path, "parquet", signals=True)
    table = pd.read_parquet(tmp_path / "recordings.parquet")
    found = table.groupby(["patient_id", "visit_id"]).size()
    recorded = made.truth.visits.query("recorded == 1")
    assert set(found.index) == set(zip(recorded["patient_id"], recorded["visit_id"], strict=True))
    assert 0 < len(recorded) < len(made.truth.visits)
    assert set(found) == {sum(2 if take.instrument == "imu" else 1 for take in BATTERIES["short"])}
