"""What is hidden from a model stays hidden: by column, by finding, and by whatever follows from a finding."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import built_in, load_study
from pipeline.features.extract import extract
from pipeline.ontology import load_ontology
from pipeline.schema import TREATMENTS, VISITS
from pipeline.study import Inputs, Study, Target
from pipeline.testing import cohorts, findings_cells
from pipeline.visible import hide_findings, visible

HPO = load_ontology()
STUDIES = {name: load_study(name) for name in built_in("studies")}
COLUMNS = {column.name: column for column in (*VISITS, *TREATMENTS)}
TERMS = st.lists(st.sampled_from(sorted(HPO.descendants(["HP:0000707"]))), min_size=1, max_size=2)
SPELLINGS = st.sampled_from(["{}", " {}", "{} "])


def recorded(cell: str) -> tuple[set[str], set[str]]:
    terms = [(excluded, term) for excluded, term in HPO.findings(cell) if term]
    return {term for excluded, term in terms if not excluded}, {term for excluded, term in terms if excluded}


@given(cell=findings_cells(), terms=TERMS, spelling=SPELLINGS, near=st.booleans())
def test_a_hidden_finding_never_comes_back_through_the_ontology(cell, terms, spelling, near):
    """Closing what is left, upward and downward, says nothing of the hidden terms, and observes no kind of them."""
    parts = [*filter(None, cell.split("|"))]
    if near:  # what is nearest to the hidden terms tells most of them
        parts += [*terms, *("!" + term for term in HPO.ancestors(terms)), *sorted(HPO.descendants(terms))[:3]]
    left = hide_findings(np.array(["|".join(spelling.format(part) for part in parts)], dtype=object), terms)[0]
    observed, excluded = HPO.close(*recorded(left))
    assert not observed & HPO.descendants(terms)
    assert not excluded & set(terms)


@given(cell=findings_cells(), terms=TERMS)
def test_what_says_nothing_of_the_hidden_findings_stays(cell, terms):
    """No more is hidden than has to be: the other findings are those of the cell, in their order."""
    left = hide_findings(np.array([cell], dtype=object), terms)[0].split("|")
    kept = [
        part
        for part in cell.split("|")
        if part.strip("!") not in HPO.descendants(terms)
        and not (part.startswith("!") and part[1:] in HPO.ancestors(terms))
    ]
    assert left == (kept or [""])


def test_older_ids_of_a_hidden_term_are_hidden():
    """An id that the ontology has replaced names the same finding."""
    older = [old for old, new in HPO.replaced.items() if new in HPO.descendants(["HP:0001332"])]
    assert older
    assert hide_findings(np.array([f"{old}|HP:0002346" for old in older], dtype=object), ["HP:0001332"]).tolist() == [
        "HP:0002346"
    ] * len(older)


@pytest.mark.parametrize("name", STUDIES)
@given(cohort=cohorts(outcomes=True))
def test_a_study_shows_what_it_may_and_nothing_else(name, cohort):
    """Nothing known later, nothing that defines the label unless asked for, nothing hidden by name, and no outcome."""
    study = STUDIES[name]
    seen = visible(cohort, study)
    assert seen.outcomes.empty
    labels = {label for target in study.targets for label in target.label_columns}
    for column in [*seen.visits, *seen.treatments]:
        if column in COLUMNS:
            declared = COLUMNS[column]
            assert declared.known_at in study.inputs.known_at or column in ("age_at_visit_y", "weeks_since_enrolment")
            assert study.inputs.defining or not labels & set(declared.defines)
            assert column not in study.inputs.hide
    assert seen.visits[["source", "row", "patient_id", "visit_id"]].equals(
        cohort.visits[["source", "row", "patient_id", "visit_id"]]
    )


@pytest.mark.parametrize("name", STUDIES)
@given(cohort=cohorts(outcomes=True), data=st.data())
def test_features_do_not_change_with_what_is_hidden(name, cohort, data):
    """Other values in hidden columns, and other outcomes, give the same features: nothing leaks on any way round."""
    study = STUDIES[name]
    seen = visible(cohort, study)
    hidden = [column for column in cohort.visits if column not in seen.visits]
    order = np.array(data.draw(st.permutations(range(len(cohort)))), dtype=int)
    other = cohort.visits.assign(**{column: cohort.visits[column].to_numpy()[order] for column in hidden})
    one = extract(seen)
    two = extract(visible(replace(cohort, visits=other, outcomes=cohort.outcomes.iloc[order]), study))
    np.testing.assert_array_equal(one.to_numpy(), two.to_numpy())


@given(cohort=cohorts(), flag=st.sampled_from([1.0, 0.0, np.nan]))
def test_a_flag_of_the_form_does_not_tell_a_hidden_finding(cohort, flag):
    """A flag with an HPO code is a finding: "no gait trouble" would rule out the hidden dystonic gait."""
    study = Study("s", "s", (Target("t", "classification"),), inputs=Inputs(hide_findings=("HP:0031954",)))
    visits = cohort.visits.drop(columns=["findings"], errors="ignore").assign(gait_trouble=flag)
    seen = visible(replace(cohort, visits=visits), study).visits["gait_trouble"].to_numpy()
    np.testing.assert_array_equal(seen, np.full(len(visits), 1.0 if flag == 1.0 else np.nan))
    hides_it = replace(study, inputs=Inputs(hide_findings=("HP:0001288",)))
    assert np.isnan(visible(replace(cohort, visits=visits), hides_it).visits["gait_trouble"]).all()
