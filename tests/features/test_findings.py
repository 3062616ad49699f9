"""Findings in three states, closed over the ontology."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.catalogue import column_names
from pipeline.features.extract import extract
from pipeline.features.findings import finding_state, findings_excluded_count, findings_observed_count
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.records import Cohort
from pipeline.schema import VISITS
from pipeline.testing import cohorts, findings_cells

FEATURES = (finding_state, findings_observed_count, findings_excluded_count)
STATES = column_names([finding_state])
FLAGS = {column.name: column.code for column in VISITS if column.kind == "flag" and column.code}


def table(**columns):
    """Extract findings of visits of one patient."""
    rows = len(next(iter(columns.values())))
    visits = pd.DataFrame({"patient_id": ["a"] * rows, "visit_id": [str(row) for row in range(rows)]} | columns)
    return extract(Cohort(visits), FEATURES)


def read(cell):
    """Return the terms of a cell, read plainly."""
    current = load_ontology().current
    marks = [mark for mark in cell.split("|") if mark]
    observed = {current(mark) for mark in marks if not mark.startswith("!")}
    return observed - {None}, {current(mark[1:]) for mark in marks if mark.startswith("!")} - {None}


@given(cohorts())
def test_states_are_those_of_the_ontology_whatever_form_they_were_recorded_in(cohort):
    """A sign counts alike whether it was coded or ticked on the form, and closes as the ontology says.

    Checked visit by visit against the ontology's own closure.
    """
    found = extract(cohort, FEATURES)
    for row, visit in cohort.visits.iterrows():
        observed, excluded = read(visit.get("findings", ""))
        observed |= {code for name, code in FLAGS.items() if visit.get(name) == 1.0}
        excluded |= {code for name, code in FLAGS.items() if visit.get(name) == 0.0}
        counts = (len(observed), len(excluded)) if observed or excluded else (np.nan, np.nan)
        np.testing.assert_equal(found.loc[row, ["findings_observed_count", "findings_excluded_count"]].tolist(), counts)
        upward, downward = load_ontology().close(observed, excluded)
        for term, name in FINDINGS_PANEL.items():
            state = {(True, False): 1.0, (False, True): 0.0}.get((term in upward, term in downward), np.nan)
            np.testing.assert_equal(found.loc[row, f"finding_{name}_state"], state)


@given(st.lists(findings_cells(), min_size=1, max_size=5))
def test_spaces_order_and_repeats_in_a_cell_mean_nothing(cells):
    untidy = [" | ".join(reversed([*cell.split("|"), *cell.split("|")])) for cell in cells]
    pd.testing.assert_frame_equal(table(findings=untidy), table(findings=cells))


def test_observed_closes_upward_and_excluded_downward():
    """Who has a head tremor has a tremor; who has no dystonia has no torticollis; nothing follows the other way."""
    found = table(findings=["HP:0002346", "!HP:0001332", "!HP:0002346"])
    assert found["finding_tremor_state"].tolist()[0] == 1.0
    assert found["finding_torticollis_state"].tolist()[1] == 0.0
    assert np.isnan(found["finding_torticollis_state"][0])
    assert np.isnan(found["finding_tremor_state"][2])


def test_a_term_that_is_both_is_not_known():
    """A head tremor with tremor excluded is a contradiction: it is handed on as missing, not as either."""
    found = table(findings=["HP:0002346|!HP:0001337"])
    assert np.isnan(found["finding_tremor_state"][0])
    assert np.isnan(found["finding_head_tremor_state"][0])
    assert found["finding_hand_tremor_state"][0] == 0.0


def test_nothing_recorded_is_all_missing():
    """A visit whose findings were all hidden, unknown or left empty tells a model nothing, not even by a count."""
    assert table(findings=["", "HP:9999999", "!HP:9999999|nonsense"]).isna().all(axis=None)
    assert table(visit_date=["2020-01-01"]).isna().all(axis=None)


def test_an_older_id_counts_as_the_term_that_replaced_it():
    hpo = load_ontology()
    old = next(code for code, term in sorted(hpo.replaced.items()) if term in FINDINGS_PANEL)
    name = FINDINGS_PANEL[hpo.replaced[old]]
    found = table(findings=[f"{old}|{hpo.replaced[old]}"])
    assert found[f"finding_{name}_state"][0] == 1.0
    assert found["findings_observed_count"][0] == 1.0


def test_every_coded_flag_of_the_form_reaches_a_column_of_its_own():
    """No answer of the form is lost because its term is not in the panel."""
    for name in FLAGS:
        ticked = table(**{name: [1.0]})[STATES].iloc[0]
        crossed = table(**{name: [0.0]})[STATES].iloc[0]
        assert (ticked == 1.0).any(), name
        assert (crossed == 0.0).any(), name
