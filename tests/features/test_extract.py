"""The table of features: what everybody who trains or predicts relies on."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import treatment_weeks, visit_weeks
from pipeline.engine import workers
from pipeline.errors import ContractError
from pipeline.features import measure
from pipeline.features.catalogue import CATALOGUE, column_names
from pipeline.features.extract import extract
from pipeline.records import Cohort, Recording, Samples
from pipeline.testing import cohorts
from pipeline.testing.recordings import Wave

RECORDED = cohorts(recordings=3)


def bits(table):
    """Return the bytes of a table, with one kind of NaN."""
    values = table.to_numpy()
    return np.where(np.isnan(values), np.nan, values).tobytes()


def shuffled(cohort, seed):
    """Shuffle every table of a cohort; return it with where each row came from."""
    stream = np.random.default_rng(seed)
    rows, doses = stream.permutation(len(cohort)), stream.permutation(len(cohort.treatments))
    takes = stream.permutation(len(cohort.recordings))
    return rows, replace(
        cohort,
        visits=cohort.visits.iloc[rows].reset_index(drop=True),
        treatments=cohort.treatments.iloc[doses].reset_index(drop=True),
        recordings=tuple(cohort.recordings[take] for take in takes),
    )


@given(cohort=RECORDED, seed=st.integers(0, 2**32 - 1))
def test_a_row_does_not_depend_on_its_neighbours(cohort, seed):
    """However a batch is cut and shuffled, every visit gets the same features, to the last bit.

    Training sees one large batch, the batch command sees chunks on many workers: this is the property that keeps the
    two alike.
    """
    whole = extract(cohort)
    rows, mixed = shuffled(cohort, seed)
    assert bits(extract(mixed)) == bits(whole.iloc[rows])
    for patient in pd.unique(cohort.groups):
        mine = np.flatnonzero(cohort.groups == patient)
        assert bits(extract(cohort[mine])) == bits(whole.iloc[mine])


@given(cohort=RECORDED)
def test_extracting_changes_nothing_and_repeats_itself(cohort):
    """The cohort is left as it was, and the same cohort gives the same table again."""
    before = copy.deepcopy((cohort.visits, cohort.treatments))
    first = extract(cohort)
    assert bits(extract(cohort)) == bits(first)
    pd.testing.assert_frame_equal(cohort.visits, before[0])
    pd.testing.assert_frame_equal(cohort.treatments, before[1])


@given(cohort=cohorts(max_visits=5, recordings=2), data=st.data())
def test_no_row_knows_its_future(cohort, data):
    """Later visits and treatments change no earlier row: a model judged on the past was not told the outcome."""
    weeks = visit_weeks(cohort.visits)
    cut = data.draw(st.sampled_from(sorted(set(weeks))))
    past = np.flatnonzero(weeks <= cut)
    known = cohort[past]
    if len(known.treatments):
        when = treatment_weeks(known.treatments, known.visits)
        known = replace(known, treatments=known.treatments[when <= cut].reset_index(drop=True))
    assert bits(extract(known)) == bits(extract(cohort).iloc[past])


@given(cohort=RECORDED)
def test_the_table_is_float64_in_catalogue_order_within_bounds(cohort):
    """Learners, bundles and reports count on the shape; a value outside its bounds would be read as a fault."""
    table = extract(cohort)
    assert table.columns.tolist() == column_names(CATALOGUE)
    assert table.index.equals(pd.RangeIndex(len(cohort)))
    assert (table.dtypes == np.float64).all()
    for feature in CATALOGUE:
        low, high = feature.spec.bounds
        values = table[list(feature.spec.columns)].to_numpy()
        assert np.all(np.isnan(values) | ((values >= low) & (values <= high))), feature.spec.name


@given(cohort=RECORDED, data=st.data())
def test_a_choice_of_features_is_those_columns(cohort, data):
    """A bundle computes only what it uses, and gets what training got."""
    chosen = data.draw(st.lists(st.sampled_from(CATALOGUE), max_size=4, unique_by=lambda feature: feature.spec.name))
    table = extract(cohort, chosen)
    assert bits(table) == bits(extract(cohort)[column_names(chosen)])


@given(cohort=cohorts(recordings=2, treatments=True), data=st.data())
def test_what_is_absent_is_missing_not_an_error(cohort, data):
    """Any column, table or modality may be left out; no other column changes for it where nothing is derived."""
    kept = [name for name in cohort.visits if name in ("patient_id", "visit_id") or data.draw(st.booleans())]
    table = extract(replace(cohort, visits=cohort.visits[kept], treatments=pd.DataFrame(), recordings=()))
    placed = [name for feature in CATALOGUE if feature.spec.level != "record" for name in feature.spec.columns]
    assert table[placed].isna().all(axis=None)
    for name in cohort.visits:
        if name not in kept and f"{name}_state" in table:
            assert table[f"{name}_state"].isna().all()


@pytest.mark.parametrize("columns", [["patient_id", "visit_id"], ["source", "row", "patient_id", "visit_id"]])
def test_a_cohort_without_visits_is_a_table_without_rows(columns):
    table = extract(Cohort(pd.DataFrame({name: [] for name in columns})))
    assert table.shape == (0, len(column_names(CATALOGUE)))


def test_only_identity_is_a_row_that_is_all_missing():
    table = extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})))
    assert table.isna().all(axis=None)


def taken(site, task, size, *, seconds=10.0, name="r", visit="1", rate=100.0, opened=None):
    """Make an accelerometer's recording with a tremor of 5 Hz."""
    time = np.arange(round(seconds * rate)) / rate
    wobble = np.random.default_rng(1).normal(size=(3, len(time))) * 1e-4
    values = np.array([[0.0], [0.0], [1.0]]) + np.array([[size], [0.0], [0.0]]) * np.sin(2 * np.pi * 5 * time) + wobble
    return Recording(name, "a", visit, site, task, "accelerometer", rate, opened or partial(Samples, time, values))


def one_visit(*recordings):
    return extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), recordings=recordings)).iloc[0]


def test_the_side_that_moves_more_speaks_for_both():
    """The worse side is one recording, for every feature of the group: its own frequency, not a mixture."""
    left = taken("wrist_left", "rest", 0.05, name="left")
    right = taken("wrist_right", "rest", 0.2, name="right")
    alone = one_visit(right)
    both = one_visit(left, right)
    columns = [name for name in both.index if name.startswith("wrist_worse__rest__")]
    assert both[columns].equals(alone[columns])
    np.testing.assert_allclose(both["wrist_worse__rest__median__tremor_rms_g"], 0.2 / np.sqrt(2), rtol=0.01)
    np.testing.assert_allclose(both["wrist__rest__tremor_asymmetry_ratio"], 0.6, rtol=0.01)
    assert np.isnan(alone["wrist__rest__tremor_asymmetry_ratio"])


def test_sides_that_move_alike_are_told_apart_by_id_not_by_order():
    """Two equal amplitudes must not make a row depend on the order in which files were listed."""
    left = taken("wrist_left", "posture", 0.1, name="left")
    upside_down = left.open()
    mirrored = partial(Samples, upside_down.time_s, -upside_down.values)
    right = taken("wrist_right", "posture", 0.1, name="right", opened=mirrored)
    assert one_visit(left, right).equals(one_visit(right, left))
    assert one_visit(left)["wrist_worse__posture__median__upright_z_ratio"] > 0
    assert one_visit(right)["wrist_worse__posture__median__upright_z_ratio"] < 0


def test_tremor_in_posture_is_held_against_tremor_at_rest():
    row = one_visit(taken("wrist_left", "rest", 0.05), taken("wrist_left", "posture", 0.15, name="s"))
    np.testing.assert_allclose(row["wrist_worse__posture_over_rest__tremor_ratio"], 0.5, rtol=0.01)
    assert np.isnan(row["wrist_worse__action_over_rest__tremor_ratio"])


def test_a_movement_that_dwindles_has_a_falling_drift():
    time = np.arange(2000) / 100
    shrinking = np.where(time < 10, 1.0, 0.5) * np.sin(2 * np.pi * 3 * time)
    samples = partial(Samples, time, np.stack([shrinking, np.zeros(2000), np.ones(2000)]))
    row = one_visit(taken("wrist_left", "tapping", 0.0, opened=samples))
    assert 0.45 < row["wrist_worse__repeated__whole__amplitude_drift_ratio"] < 0.6
    np.testing.assert_allclose(row["wrist_worse__repeated__strong__repetition_hz"], 3.0, atol=0.02)


def test_a_short_recording_is_missing_and_an_unreadable_one_is_the_callers_matter():
    """Too little signal is no signal; a broken file is an error that says so."""
    assert one_visit(taken("head", "rest", 0.1, seconds=2.0)).isna().all()

    def broken():
        raise ContractError("r.csv", "not a table")

    with pytest.raises(ContractError, match="not a table"):
        one_visit(taken("head", "rest", 0.1, opened=broken))


def test_a_recording_of_no_visit_is_left_out():
    assert one_visit(taken("head", "rest", 0.1, visit="2")).isna().all()


def test_a_pools_map_gives_the_same_table():
    """Recordings may be spread over workers in chunks; the table is the same to the last bit, and all of it pickles."""
    visits = pd.DataFrame({"patient_id": "a", "visit_id": [str(number) for number in range(80)]})
    recordings = tuple(
        Recording(
            f"r{number}",
            "a",
            str(number),
            "head",
            "rest",
            "accelerometer",
            50.0,
            Wave("tone", number, 8.0, 50.0),
        )
        for number in range(80)
    )
    cohort = pickle.loads(pickle.dumps(Cohort(visits, recordings=recordings)))
    with ThreadPoolExecutor(2) as pool:
        spread = extract(cohort, map=pool.map)
    assert bits(spread) == bits(extract(cohort))
    assert spread["head__rest__strong__tremor_peak_hz"].notna().all()


@given(cohort=cohorts(max_patients=3, recordings=4), chunk=st.integers(1, 5), held=st.sampled_from([1, 3000]))
def test_how_many_recordings_a_worker_opens_at_once_does_not_show(cohort, chunk, held):
    """Windows are measured together with those of other recordings: whichever these are, every value keeps its bits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.features.measure.CHUNK", chunk)
        patch.setattr("pipeline.features.measure.MOST_HELD", held)
        cut = extract(cohort)
    assert bits(cut) == bits(extract(cohort))


def test_recordings_do_not_wait_until_all_are_read(monkeypatch):
    """Samples are measured and let go as soon as there are many: long ones must not fill the memory."""
    taken, waiting = measure._measure, []
    monkeypatch.setattr("pipeline.features.measure.MOST_HELD", 2 * 3 * 1000 + 1)

    def measured(stretches, *others):
        waiting.append(sum(each.values.size for each in stretches))
        return taken(stretches, *others)

    monkeypatch.setattr("pipeline.features.measure._measure", measured)
    recordings = [taken_at(number) for number in range(10)]
    extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), recordings=tuple(recordings)))
    assert waiting == [9000, 9000, 9000, 3000]


def taken_at(number):
    samples = Samples(np.arange(1000) / 100, np.random.default_rng(number).normal(size=(3, 1000)))
    return Recording(f"r{number}", "a", "1", "head", "rest", "accelerometer", 100.0, lambda: samples)


@pytest.mark.parametrize("jobs", [1, 2])
def test_worker_processes_give_the_same_table(jobs):
    """What other processes measured has the same bits, and comes back to the visits that it belongs to."""
    visits = pd.DataFrame({"patient_id": "a", "visit_id": [str(number) for number in range(150)]})
    takes = [Wave("swell", number, 5.0, 50.0) for number in range(150)]
    recordings = tuple(
        Recording(f"r{number}", "a", str(number), "head", "rest", "accelerometer", 50.0, take)
        for number, take in enumerate(takes)
    )
    cohort = Cohort(visits, recordings=recordings)
    with workers(jobs) as spread:
        assert bits(extract(cohort, map=spread)) == bits(extract(cohort))
