"""What holds of every synthetic cohort, whatever the recipe and the seed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clock import treatment_weeks, visit_weeks
from pipeline.ontology import load_ontology
from pipeline.recipe import Recipe
from pipeline.records import IDENTITY
from pipeline.schema import TABLES, VISITS
from pipeline.synthetic import canaries, generate
from pipeline.synthetic.figures import SPREAD_BY_PHENOTYPE as SPREADING
from pipeline.synthetic.form import CODE
from pipeline.synthetic.person import HISTORY
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, REGIONS, pair_is_allowed

PAIRS = [f"{p}/{a}" for p in PHENOTYPES for a in AETIOLOGIES if pair_is_allowed(p, a)]
REGION_COLUMNS = [f"dystonia_{region}" for region in REGIONS]
SEEDS = st.integers(0, 2**64)
generation = settings(max_examples=25, deadline=None)


@st.composite
def recipes(draw):
    weights = draw(st.dictionaries(st.sampled_from(PAIRS), st.floats(0.01, 100), min_size=1, max_size=12))
    missing = draw(st.sampled_from([0.0, 0.1, 0.7]))
    return Recipe(name="any", title="", classes=weights, missing=missing, max_visits=draw(st.integers(1, 6)))


def made(recipe, patients, seed, first=0):
    """Return the tables of a cohort without the number of the row, which does depend on the cohort."""
    synthetic = generate(recipe, patients=patients, seed=seed, first=first)
    cohort, truth = synthetic.cohort, synthetic.truth
    tables = cohort.visits, cohort.treatments, cohort.outcomes, truth.patients, truth.visits
    return [table.drop(columns="row", errors="ignore") for table in tables]


@generation
@given(recipe=recipes(), seed=SEEDS, first=st.integers(0, 30), patients=st.integers(1, 20))
def test_a_patient_is_the_same_whatever_the_cohort(recipe, seed, first, patients):
    """A patient does not depend on how many others are made, nor on which part of a cohort is made.

    So a cohort can grow without a new truth, and one larger than memory can be made in parts.
    """
    for whole, part in zip(made(recipe, 60, seed), made(recipe, patients, seed, first), strict=True):
        ids = [f"P{number:06d}" for number in range(first + 1, first + patients + 1)]
        same = whole[whole["patient_id"].isin(ids)].reset_index(drop=True)
        pd.testing.assert_frame_equal(same, part, check_exact=True)


@settings(max_examples=5, deadline=None)
@given(recipe=recipes(), seed=SEEDS, first=st.integers(0, 700), patients=st.integers(1, 20))
def test_so_is_what_the_oracle_says(recipe, seed, first, patients):
    """The best possible answers are the same too, bit for bit, whichever part of a cohort they are asked of."""
    whole = generate(recipe, patients=first + 30, seed=seed).truth.oracle
    part = generate(recipe, patients=patients, seed=seed, first=first).truth.oracle
    same = whole[whole["patient_id"].isin(set(part["patient_id"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, part, check_exact=True)


@generation
@given(recipe=recipes(), seed=SEEDS, more=st.integers(1, 5))
def test_earlier_visits_do_not_depend_on_how_many_may_follow(recipe, seed, more):
    """Allowing more visits adds visits and changes none that were there."""
    longer = Recipe(**{**vars(recipe), "max_visits": recipe.max_visits + more})
    visits, wider = made(recipe, 30, seed)[0], made(longer, 30, seed)[0]
    number = wider["visit_id"].str[1:].astype(int)
    kept = wider[number <= recipe.max_visits].reset_index(drop=True)
    pd.testing.assert_frame_equal(visits, kept, check_exact=True)


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_the_order_of_the_classes_changes_nothing(recipe, seed):
    """Two recipes that say the same in another order make the same cohort."""
    turned = Recipe(**{**vars(recipe), "classes": dict(reversed(recipe.classes.items()))})
    for table, other in zip(made(recipe, 20, seed), made(turned, 20, seed), strict=True):
        pd.testing.assert_frame_equal(table, other, check_exact=True)


def test_another_seed_makes_other_people():
    """The seed is used."""
    recipe = Recipe(name="one", title="", classes={"cervical/idiopathic_isolated": 1})
    assert not made(recipe, 50, 1)[3].equals(made(recipe, 50, 2)[3])


def assert_declared(table, columns):
    for column in columns:
        if column.name not in table:
            continue
        values = table[column.name]
        if column.kind == "number":
            present = values.dropna()
            assert present.between(column.low, column.high).all(), column.name
            assert np.isfinite(present).all(), column.name
        elif column.kind == "flag":
            assert set(values.dropna()) <= {0.0, 1.0}, column.name
        elif column.kind == "category":
            assert set(values) <= {*column.categories, ""}, column.name
        elif column.kind == "date":
            pd.to_datetime(values, format="%Y-%m-%d", exact=True)


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_every_value_is_one_that_its_column_declares(recipe, seed):
    """Ranges, vocabularies and flags are those of the schema, and no column is undeclared or out of order."""
    cohort = generate(recipe, patients=40, seed=seed).cohort
    for name, table in (("visits", cohort.visits), ("treatments", cohort.treatments), ("outcomes", cohort.outcomes)):
        assert_declared(table, TABLES[name])
        assert set(table.columns) <= {*IDENTITY, *(column.name for column in TABLES[name])}
    ordered = [*IDENTITY, *(column.name for column in VISITS if column.name not in IDENTITY)]
    assert list(cohort.visits) == [name for name in ordered if name in cohort.visits]
    assert cohort.visits["row"].tolist() == list(range(1, len(cohort) + 1))
    assert set(cohort.visits["source"]) == {"synthetic"}
    assert cohort.synthetic


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_the_inputs_do_not_hold_the_answers(recipe, seed):
    """No outcome, and nothing of the truth, is a column of the visits or of the treatments."""
    synthetic = generate(recipe, patients=5, seed=seed)
    truth = synthetic.truth
    answers = {*synthetic.cohort.outcomes, *truth.patients, *truth.visits, *truth.oracle} - set(IDENTITY)
    asked = {"sex", *HISTORY}
    assert not answers & {*synthetic.cohort.visits, *synthetic.cohort.treatments} - asked


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_labels_are_allowed_pairs_of_the_recipe(recipe, seed):
    """Nobody gets a diagnosis that the recipe does not name."""
    outcomes = generate(recipe, patients=40, seed=seed).cohort.outcomes
    assert set(outcomes["phenotype"] + "/" + outcomes["aetiology"]) <= set(recipe.classes)


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_what_defines_a_class_is_there(recipe, seed):
    """A cause stands only with the history that defines it, and only dystonia holds regions."""
    synthetic = generate(recipe, patients=60, seed=seed)
    visits = synthetic.cohort.visits
    true = synthetic.truth.patients.set_index("patient_id").loc[visits["patient_id"]].reset_index()
    phenotype, aetiology = true["phenotype"], true["aetiology"]
    drugs = aetiology.isin(["acquired_tardive", "acquired_acute_drug"])
    assert (visits.loc[drugs, "neuroleptic_exposure"].dropna() == 1).all()
    assert (visits.loc[aetiology == "acquired_tbi", "head_injury"].dropna() == 1).all()
    held = visits[REGION_COLUMNS].sum(axis=1)
    assert ((held == 0) == phenotype.isin(["healthy", "essential_tremor", "parkinson_disease"])).all()
    scales = {"twstrs_total_points": ["cervical"], "vhi10_total_points": ["laryngeal"]}
    for scale, phenotypes in scales.items():
        assert phenotype[visits[scale].notna()].isin(phenotypes).all()


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_the_interval_of_the_spread_agrees_with_the_regions(recipe, seed):
    """`left` leads to the last visit with one region, `right` to the first with two; after that nobody is at risk."""
    synthetic = generate(recipe, patients=60, seed=seed)
    visits, outcomes = synthetic.cohort.visits, synthetic.cohort.outcomes
    left, right = outcomes["spread_left_y"], outcomes["spread_right_y"]
    true = synthetic.truth.patients.set_index("patient_id")["phenotype"].loc[visits["patient_id"]]
    one_region = (visits[REGION_COLUMNS].sum(axis=1) == 1) & true.isin(SPREADING).to_numpy()
    assert (left.notna() == one_region).all()
    assert (left.dropna() >= 0).all()
    assert (left[right.notna()] < right.dropna()).all()
    assert right[left.isna()].isna().all()
    week = visits["weeks_since_enrolment"]
    free, spread = week.where(one_region), week.where(~one_region)
    by_patient = visits["patient_id"]
    for found, expected in (
        (left, free.groupby(by_patient).transform("max")),
        (right, spread.groupby(by_patient).transform("min")),
    ):
        years = ((expected - week) / WEEKS_PER_YEAR).where(one_region)
        np.testing.assert_allclose(found, years, atol=1e-4)


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_the_interval_holds_the_true_time_of_the_spread(recipe, seed):
    """What was observed of the spread is true: it came after `left` and by `right`."""
    synthetic = generate(recipe, patients=60, seed=seed)
    visits, outcomes = synthetic.cohort.visits, synthetic.cohort.outcomes
    truth = synthetic.truth.patients.set_index("patient_id").loc[visits["patient_id"]]
    onset = visits.groupby("patient_id")["age_at_onset_y"].transform("max")
    spread = truth["spread_from_onset_y"].to_numpy() - (visits["age_at_visit_y"] - onset).to_numpy()
    known = outcomes["spread_left_y"].notna().to_numpy() & onset.notna().to_numpy()
    # ages are recorded to a hundredth of a year
    assert (outcomes["spread_left_y"].to_numpy()[known] <= spread[known] + 0.03).all()
    seen = known & outcomes["spread_right_y"].notna().to_numpy()
    assert (spread[seen] <= outcomes["spread_right_y"].to_numpy()[seen] + 0.03).all()


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_the_times_of_a_patient_agree(recipe, seed):
    """Date, weeks and ages tell the same time, in order, and no visit lies before the onset or in the future."""
    cohort = generate(recipe, patients=40, seed=seed).cohort
    visits = cohort.visits
    assert not (visits["age_at_onset_y"] > visits["age_at_visit_y"]).any()
    assert not (visits["visit_date"] > "2025-12-31").any()
    undated = visits.drop(columns="visit_date")
    since = pd.Series(visit_weeks(visits)).groupby(visits["patient_id"]).transform(lambda week: week - week.iloc[0])
    np.testing.assert_allclose(since, visit_weeks(undated), atol=1e-6)
    aged = (visits["age_at_visit_y"] - visits["age_at_enrolment_y"]) * WEEKS_PER_YEAR
    np.testing.assert_allclose(aged, visits["weeks_since_enrolment"], atol=0.03 * WEEKS_PER_YEAR)
    gap = visits.groupby("patient_id")["weeks_since_enrolment"].diff().dropna()
    assert gap.between(52, 209).all()
    assert not np.isnan(treatment_weeks(cohort.treatments, visits)).any()


@generation
@given(recipe=recipes(), seed=SEEDS)
def test_no_treatment_comes_after_the_last_visit(recipe, seed):
    """What happened after a patient was last seen is not on record."""
    cohort = generate(recipe, patients=40, seed=seed).cohort
    last = cohort.visits.groupby("patient_id")["weeks_since_enrolment"].max()
    treatments = cohort.treatments
    assert (treatments["weeks_since_enrolment"] <= treatments["patient_id"].map(last)).all()


def findings_of(visit):
    cells = [cell for cell in visit["findings"].split("|") if cell]
    observed = {cell for cell in cells if not cell.startswith("!")}
    excluded = {cell[1:] for cell in cells if cell.startswith("!")}
    observed |= {code for name, code in CODE.items() if visit[name] == 1}
    return observed, excluded | {code for name, code in CODE.items() if visit[name] == 0}


@settings(max_examples=8, deadline=None)
@given(recipe=recipes(), seed=SEEDS)
def test_form_and_findings_never_contradict_each_other(recipe, seed):
    """Closed over the ontology, no term is both there and not there, and every term is a current one."""
    hpo = load_ontology()
    for _, visit in generate(recipe, patients=15, seed=seed).cohort.visits.iterrows():
        observed, excluded = findings_of(visit)
        assert all(hpo.current(term) == term for term in observed | excluded)
        there, not_there = hpo.close(observed, excluded)
        assert not there & not_there


@pytest.fixture(scope="module")
def checks():
    return canaries()


def test_canaries_are_32_visits_with_something_of_everything(checks):
    """A saved model is asked about patients with and without history, treatments, findings and empty items."""
    assert len(checks) == 32
    assert checks.synthetic
    visits = checks.visits.groupby("patient_id").size()
    assert visits.min() == 1
    assert visits.max() >= 3
    assert 0 < checks.treatments["patient_id"].nunique() < len(visits)
    assert 0 < (checks.visits["findings"] == "").sum() < 32
    assert checks.outcomes["phenotype"].nunique() >= 8
    assert_declared(checks.visits, VISITS)


def test_canaries_are_always_the_same(checks):
    """They are compared with what a model said when it was saved."""
    pd.testing.assert_frame_equal(checks.visits, canaries().visits, check_exact=True)
