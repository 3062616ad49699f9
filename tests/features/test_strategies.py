"""The strategies draw valid input, since whoever tests with them takes it for granted."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given

from pipeline.clock import visit_weeks
from pipeline.ontology import load_ontology
from pipeline.schema import TABLES
from pipeline.testing import cohorts, findings_cells, recordings
from pipeline.vocabulary import pair_is_allowed


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
