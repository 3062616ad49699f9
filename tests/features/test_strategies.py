"""The strategies draw valid input, since whoever tests with them takes it for granted."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import find, given, settings

from pipeline.clock import visit_weeks
from pipeline.ontology import load_ontology
from pipeline.schema import GROUPS, TABLES, VISITS
from pipeline.testing import cohorts, complete_cohorts, findings_cells, recordings, visits
from pipeline.testing.recordings import Wave, Windows, batches
from pipeline.testing.spoilt import SPOILS, spoilt
from pipeline.vocabulary import SENSORS, TREATMENT_KINDS, pair_is_allowed

OWN = {"source", "row", "patient_id", "visit_id", "weeks_since_enrolment", "age_at_enrolment_y", "age_at_onset_y"}


@given(cohorts(recordings=2, outcomes=True))
def test_drawn_cohorts_keep_to_the_declared_columns(cohort):
    """Names, ranges and vocabularies are those of the schema, visits are timed, and ids fit together."""
    for name, table in {"visits": cohort.visits, "treatments": cohort.treatments, "outcomes": cohort.outcomes}.items():
        declared = {column.name: column for column in TABLES[name]}
        for column in set(table) - {"source", "row"}:
            check(declared[column], table[column].to_numpy())
    assert not np.isnan(visit_weeks(cohort.visits)).any()
    assert not cohort.visits.duplicated(["patient_id", "visit_id"]).any()
    ids = set(zip(cohort.visits["patient_id"], cohort.visits["visit_id"], strict=True))
    assert {(each.patient_id, each.visit_id) for each in cohort.recordings} <= ids
    assert all(map(pair_is_allowed, cohort.outcomes["phenotype"], cohort.outcomes["aetiology"]))


def check(column, values):
    if column.kind == "flag":
        assert np.isin(values[~np.isnan(values)], [0.0, 1.0]).all()
    elif column.kind == "number":
        assert values.dtype == np.float64
        assert ((values >= column.low) & (values <= column.high) | np.isnan(values)).all()
    elif column.kind == "category":
        assert set(values) <= {*column.categories, ""}


@given(findings_cells())
def test_drawn_cells_hold_current_terms(cell):
    terms = [mark.removeprefix("!") for mark in cell.split("|") if mark]
    assert all(load_ontology().current(term) == term for term in terms)


@given(recordings())
def test_drawn_recordings_pickle_and_open_alike(recording):
    """A recording is read in other processes, and may be read twice."""
    one, other = recording.open(), pickle.loads(pickle.dumps(recording)).open()
    assert (one.time_s == other.time_s).all()
    assert (one.values == other.values).all()


def test_the_package_does_not_import_hypothesis():
    """Hypothesis comes with an extra; who only predicts does not have it."""
    code = "import sys, pipeline.features.extract; assert 'hypothesis' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_cohort_may_be_asked_for_without_patients():
    @given(cohorts(min_patients=0, max_patients=0, outcomes=True, recordings=1))
    def draws(cohort):
        assert len(cohort) == 0

    draws()


@pytest.mark.parametrize("least", [2, 4])
def test_a_least_number_of_patients_is_kept(least):
    @given(cohorts(min_patients=least))
    def draws(cohort):
        assert len(set(cohort.groups)) >= least

    draws()


def smallest(strategy, wanted):
    """Return the smallest draw of which something holds."""
    return find(strategy, wanted, settings=settings(max_examples=500, derandomize=True, database=None, deadline=None))


def test_what_fails_shrinks_to_one_patient_and_the_group_of_columns_that_matters():
    """Whoever reads a failing example sees what it is about, and nothing else."""
    cohort = smallest(cohorts(), lambda cohort: "gdrs_total_points" in cohort.visits)
    assert len(cohort) == 1
    # the groups that hold the total or its items, and the totals that follow from them
    assert len(set(cohort.visits) - OWN) <= 2 * max(len(columns) for columns in GROUPS["visits"].values())
    assert cohort.treatments.empty
    cohort = smallest(cohorts(max_visits=4), lambda cohort: cohort.visits.duplicated("patient_id").any())
    assert len(cohort) == 2
    assert set(cohort.visits) == OWN
    cohort = smallest(cohorts(), lambda cohort: len(cohort.treatments) > 1)
    assert (len(cohort), len(cohort.treatments)) == (1, 2)
    assert len(smallest(cohorts(recordings=3), lambda cohort: len(cohort.recordings) > 0).recordings) == 1


def test_a_signal_shrinks_to_the_plainest_kind_the_first_seed_and_one_window():
    found = smallest(batches(), lambda case: any(wave.kind == "swell" for wave in case.waves))
    assert found == Windows((Wave("swell"),))
    found = smallest(batches(form="hostile"), lambda case: not np.isfinite(case.signal().values).all())
    assert [(wave.kind, wave.seed, wave.fault) for wave in found.waves] == [("tone", 0, "all lost")]
    taken = smallest(recordings(form="dirty"), lambda recording: recording.open.fault == "gap")
    assert taken.open == Wave("tone", 0, 1.0, 40.0, "gap")


@pytest.mark.parametrize("fault", SPOILS)
def test_a_fault_of_a_table_leaves_the_table_itself_as_it_is(fault):
    """Faults are put into copies: the same draw can be spoilt in several ways."""
    table = smallest(visits(), lambda table: {"findings", "sex"} <= set(table) and len(table) > 1)
    before = table.copy(deep=True)
    spoilt(table, VISITS, [fault], np.random.default_rng(1))
    pd.testing.assert_frame_equal(table, before)


@given(visits(form="dirty"))
def test_dirty_tables_keep_to_the_ranges_and_words_of_their_columns(table):
    """What readers hand on may contradict itself; a value that no column allows, they reject."""
    declared = {column.name: column for column in TABLES["visits"]}
    for column in set(table) - {"source", "row", "findings"}:
        if table[column].dtype.kind == "f" or declared[column].kind == "category":
            check(declared[column], table[column].to_numpy())


@given(cohorts(form="hostile", recordings=2))
def test_hostile_cohorts_still_are_cohorts(cohort):
    """They have ids, tables and recordings that open; all else is up to whoever survives them."""
    assert {"patient_id", "visit_id"} <= set(cohort.visits)
    for recording in cohort.recordings:
        samples = recording.open()
        channels, length = samples.values.shape
        assert length == len(samples.time_s)
        assert abs(channels - len(SENSORS[recording.sensor].all)) <= 1


@given(complete_cohorts())
def test_a_complete_cohort_has_every_cell_and_every_kind_of_treatment(cohort):
    assert {column.name for column in VISITS} <= set(cohort.visits)
    assert not cohort.visits.isna().any(axis=None)
    assert not (cohort.visits == "").any(axis=None)
    assert set(cohort.treatments["kind"]) == set(TREATMENT_KINDS)
