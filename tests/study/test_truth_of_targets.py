"""What is learned and who is asked: derived from the record alone, and from its past alone where it matters."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_study
from pipeline.errors import ContractError
from pipeline.ontology import DYSTONIA, load_ontology
from pipeline.outcomes import INELIGIBLE, derive, eligibility
from pipeline.records import Cohort
from pipeline.study import Target
from pipeline.testing import cohorts, findings_cells, visits
from pipeline.vocabulary import REGIONS

TRIAL = load_study("cervical-trial").targets
RELAPSE, RESPONDER = TRIAL
SPREAD = Target("spread", "time_to_event", left="spread_left_y", right="spread_right_y", at_risk="one_region")
GENERALIZATION = replace(SPREAD, name="generalization", at_risk="not_generalized")
REMISSION = replace(SPREAD, name="remission", at_risk="active")
DYSTONIC = Target("dystonia", "classification", derive="finding", finding=DYSTONIA)
SCORE = "twstrs_total_points"
GENERALIZED = dict.fromkeys(("dystonia_neck", "dystonia_trunk", "dystonia_lower_leg_left"), 1.0)


@st.composite
def courses(draw) -> pd.DataFrame:
    """Draw patients with a score over some weeks; scores and times may be missing, rows stand in any order."""
    rows = []
    for patient in range(draw(st.integers(1, 4))):
        weeks = draw(st.lists(st.integers(0, 16), min_size=1, max_size=6))
        scores = [draw(st.sampled_from([np.nan, *np.arange(0.0, 60.0, 3.0)])) for _ in weeks]
        rows += [(f"p{patient}", f"v{n}", float(w), s) for n, (w, s) in enumerate(zip(weeks, scores, strict=True))]
    rows = draw(st.permutations(rows))
    return pd.DataFrame(rows, columns=["patient_id", "visit_id", "weeks_since_enrolment", SCORE])


def course(weeks, scores) -> Cohort:
    visits = {"patient_id": "a", "visit_id": [f"v{n}" for n in range(len(weeks))]}
    return Cohort(
        pd.DataFrame(visits | {"weeks_since_enrolment": np.array(weeks, float), SCORE: np.array(scores, float)})
    )


@pytest.mark.parametrize("target", [*TRIAL, SPREAD, GENERALIZATION, REMISSION], ids=lambda target: target.name)
@given(visits=courses(), data=st.data())
def test_who_is_asked_depends_on_the_past_only(target, visits, data):
    """Visits that come later change nothing for earlier ones: what holds in prediction held in training."""
    week = data.draw(st.integers(0, 16))
    flags = st.lists(st.sampled_from([1.0, 0.0, np.nan]), min_size=len(visits), max_size=len(visits))
    visits = visits.assign(**{f"dystonia_{REGIONS[n]}": data.draw(flags) for n in range(2)})
    past = visits["weeks_since_enrolment"].to_numpy() <= week
    now = eligibility(Cohort(visits), target).reason
    before = eligibility(Cohort(visits[past].reset_index(drop=True)), target).reason
    assert now[past].tolist() == before.tolist()
    assert set(now) <= {"", *INELIGIBLE}


@given(visits=courses())
def test_a_relapse_lies_in_an_interval_after_time_zero(visits):
    """0 <= left < right, no later than the last score; nobody relapses before the score had fallen."""
    truth = derive(Cohort(visits), RELAPSE)
    assert (truth.left >= 0).all()
    assert (truth.left < truth.right).all()
    assert set(eligibility(Cohort(visits), RELAPSE).reason[truth.visits]) <= {""}
    assert (truth.event_indicator == np.isfinite(truth.right)).all()
    last = visits.groupby("patient_id")["weeks_since_enrolment"].transform("max").to_numpy()
    zero = visits["weeks_since_enrolment"].to_numpy()
    span = (last - zero)[truth.visits] * 7 / 365.25
    assert (truth.left <= span + 1e-9).all()
    assert (truth.right[truth.event_indicator] <= span[truth.event_indicator] + 1e-9).all()


@given(visits=courses(), shift=st.integers(1, 40))
def test_a_truth_does_not_depend_on_when_the_study_began(visits, shift):
    """Weeks are counted from each patient's own first visit."""
    for target in TRIAL:
        one = derive(Cohort(visits), target)
        other = derive(Cohort(visits.assign(weeks_since_enrolment=visits["weeks_since_enrolment"] + shift)), target)
        assert one.visits.tolist() == other.visits.tolist()
        assert one.label.tolist() == other.label.tolist()
        np.testing.assert_allclose(one.left, other.left)
        np.testing.assert_allclose(one.right, other.right)


def test_a_course_by_hand():
    """Baseline 40, fallen to 30 at week 2, back to 39 between weeks 8 and 12: that is the relapse; and a response."""
    cohort = course([0, 2, 4, 8, 12], [40, 30, 31, 33, 39])
    truth = derive(cohort, RELAPSE)
    assert truth.visits.tolist() == [1]
    assert [truth.left[0] * 365.25 / 7, truth.right[0] * 365.25 / 7] == pytest.approx([6.0, 10.0])
    assert eligibility(cohort, RELAPSE).reason.tolist() == [
        "no_improvement_yet",
        "",
        "after_time_zero",
        "after_time_zero",
        "after_time_zero",
    ]
    response = derive(cohort, RESPONDER)
    assert (response.visits.tolist(), response.label.tolist()) == ([0], ["yes"])
    assert derive(course([0, 4], [40, 33]), RESPONDER).label.tolist() == ["no"]
    assert derive(course([0, 4], [np.nan, 33]), RESPONDER).label.tolist() == []
    assert eligibility(course([0, 4], [np.nan, 33]), RESPONDER).reason.tolist() == ["no_score", "no_score"]
    assert derive(course([0, 4, 8], [40, 30, 31]), RELAPSE).right.tolist() == [np.inf]


@given(start=st.dates(max_value=pd.Timestamp("2200-01-01").date()), ages=st.booleans())
def test_week_four_is_week_four_by_any_clock(start, ages):
    """A response is judged 28 days after the first visit, whether the record counts weeks, dates or years of age."""
    first = pd.Timestamp(start)
    if ages:
        times = {"age_at_visit_y": [50.0, round(50.0 + 28 / 365.25, 3)]}
    else:
        times = {"visit_date": [str(start), str((first + pd.Timedelta(days=28)).date())]}
    visits = pd.DataFrame({"patient_id": "a", "visit_id": ["1", "2"], SCORE: [40.0, 30.0]} | times)
    assert derive(Cohort(visits), RESPONDER).label.tolist() == ["yes"]


@given(visits=visits(max_patients=5))
def test_spread_is_asked_of_who_has_it_in_one_region(visits):
    """Elsewhere the event can't be, or has been; where no region was recorded the answer comes with that doubt."""
    asked, at_risk = eligibility(Cohort(visits), SPREAD)
    flags = [name for name in visits if name.startswith("dystonia_")]
    for row in range(len(visits)):
        recorded = visits[flags].iloc[row].dropna()
        assert (asked[row] == "") == (recorded.empty or recorded.sum() == 1)
        assert np.isnan(at_risk[row]) if recorded.empty else at_risk[row] == (recorded.sum() == 1)


@given(cohort=cohorts(outcomes=True), data=st.data())
def test_recorded_labels_are_found_by_visit_or_by_patient(cohort, data):
    """Each visit has its own label, the patient's where none names the visit, and none where none was recorded."""
    by_patient = cohort.outcomes.drop_duplicates("patient_id").assign(visit_id="")
    by_visit = cohort.outcomes.iloc[data.draw(st.lists(st.integers(0, len(cohort) - 1), unique=True))]
    target = Target("type", "classification", labels=("phenotype", "aetiology"))
    label_of = dict(zip(by_patient["patient_id"], by_patient["phenotype"] + "/" + by_patient["aetiology"], strict=True))
    own = by_visit.set_index("visit_id")
    truth = derive(replace(cohort, outcomes=pd.concat([by_visit, by_patient], ignore_index=True)), target)
    assert truth.visits.tolist() == list(range(len(cohort)))
    for label, patient, visit in zip(truth.label, cohort.groups, cohort.visits["visit_id"], strict=True):
        named = f"{own.phenotype[visit]}/{own.aetiology[visit]}" if visit in own.index else label_of[patient]
        assert label == named
    only = derive(replace(cohort, outcomes=by_visit), target)
    assert set(cohort.visits["visit_id"].iloc[only.visits]) == set(by_visit["visit_id"])


def test_a_label_that_the_outcomes_lack_is_named():
    """With the nearest column that is there."""
    cohort = Cohort(
        pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}),
        outcomes=pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "phenotpye": ["x"]}),
    )
    with pytest.raises(ContractError, match=r"no column 'phenotype'.*Did you mean 'phenotpye'"):
        derive(cohort, Target("phenotype", "classification"))
    with pytest.raises(ContractError, match="Add a table of outcomes"):
        derive(replace(cohort, outcomes=pd.DataFrame()), Target("phenotype", "classification"))
    with pytest.raises(ContractError, match="no column 'findings'"):
        derive(cohort, DYSTONIC)


@given(cell=findings_cells())
def test_a_finding_is_yes_no_or_unknown(cell):
    """Yes if it or a kind of it was observed; no if it, or what it is a kind of, was excluded; else no label at all."""
    hpo = load_ontology()
    parts = [part for part in cell.split("|") if part]
    observed = {part for part in parts if not part.startswith("!")}
    excluded = {part[1:] for part in parts if part.startswith("!")}
    seen, ruled_out = hpo.close(observed, excluded)
    padded = " | ".join(part.replace("!", "! ") for part in parts)
    for text in (cell, padded):
        truth = derive(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "findings": [text]})), DYSTONIC)
        if DYSTONIA in seen:
            assert truth.label.tolist() == ["yes"]
        else:
            assert truth.label.tolist() == (["no"] if DYSTONIA in ruled_out else [])


def test_studies_are_asked_of_what_they_say():
    """The shipped studies name the columns that their outcomes need."""
    assert load_study("dystonia-intake").outcome_columns == (
        "phenotype",
        "aetiology",
        "spread_left_y",
        "spread_right_y",
    )
    assert load_study("cervical-trial").outcome_columns == ()


COMPETED = replace(SPREAD, at_risk="", competing=("death_y", "dbs"))


def seen_at(weeks, outcomes, treatments=()) -> Cohort:
    """Return one patient's visits at these weeks, with outcomes of the first and the weeks of operations."""
    visits = pd.DataFrame({"patient_id": "a", "visit_id": [f"v{n}" for n in range(len(weeks))]})
    visits["weeks_since_enrolment"] = np.array(weeks, float)
    given = {"patient_id": "a", "kind": "dbs", "weeks_since_enrolment": np.array(treatments, float)}
    told = pd.DataFrame(
        {"patient_id": ["a"], "visit_id": ["v0"], **{name: [value] for name, value in outcomes.items()}}
    )
    return Cohort(visits, pd.DataFrame(given), outcomes=told)


@pytest.mark.parametrize(
    ("left", "right", "death", "operated", "expected"),
    [
        (1.0, 2.0, np.nan, (), (1.0, 2.0)),
        (1.0, 2.0, 3.0, (), (1.0, 2.0)),
        (1.0, np.nan, 3.0, (), (3.0, np.nan)),
        (1.0, 2.0, 1.5, (), (1.5, np.nan)),
        (3.0, 5.0, np.nan, (52.1775,), (1.0, np.nan)),
        (3.0, np.nan, 4.0, (520.0,), (4.0, np.nan)),
    ],
)
def test_what_comes_first_ends_the_question(left, right, death, operated, expected):
    """An event before a competing one counts; after it, the question was over."""
    cohort = seen_at([0.0], {"spread_left_y": left, "spread_right_y": right, "death_y": death}, operated)
    truth = derive(cohort, COMPETED)
    np.testing.assert_allclose([truth.left[0], truth.right[0]], expected, atol=1e-3)
    assert truth.competing.shape == (1, 2)


def test_after_a_competing_treatment_nobody_is_asked():
    """Who was operated on before the visit, or on its day, is not at risk; an operation to come changes nothing."""
    cohort = seen_at([0.0, 52.0, 104.0], {"spread_left_y": 3.0, "spread_right_y": 4.0, "death_y": np.nan}, (52.0,))
    asked, at_risk = eligibility(cohort, COMPETED)
    assert asked.tolist() == ["", "after_competing_event", "after_competing_event"]
    assert at_risk.tolist() == [1.0, 0.0, 0.0]


def test_the_label_that_a_risk_goes_through_and_late_entry_are_told():
    outcomes = {"spread_left_y": 3.0, "spread_right_y": 4.0, "phenotype": "cervical", "seen_from_y": 1.0}
    truth = derive(seen_at([0.0], outcomes), replace(SPREAD, at_risk="", through="phenotype", entry="seen_from_y"))
    assert truth.label.tolist() == ["cervical"]
    assert truth.entry.tolist() == [1.0]


@pytest.mark.parametrize(
    ("at_risk", "flags", "remission", "reason", "probability"),
    [
        ("not_generalized", {"dystonia_neck": 1.0}, 0.0, "", 1.0),
        ("not_generalized", GENERALIZED, 0.0, "generalized", 0.0),
        ("not_generalized", {}, 0.0, "", np.nan),
        ("active", {"dystonia_neck": 1.0}, 0.0, "", 1.0),
        ("active", {"dystonia_neck": 0.0}, 0.0, "not_active", 0.0),
        ("active", {"dystonia_neck": 1.0}, 1.0, "not_active", 0.0),
        ("active", {}, np.nan, "", np.nan),
    ],
)
def test_who_can_generalize_and_who_can_remit(at_risk, flags, remission, reason, probability):
    """Where the record does not say, the question is asked and the probability of being at risk is missing."""
    row = {"patient_id": ["a"], "visit_id": ["v"], "in_remission": [remission]}
    cohort = Cohort(pd.DataFrame(row | {name: [value] for name, value in flags.items()}))
    target = replace(SPREAD, at_risk=at_risk)
    asked, at_risk = eligibility(cohort, target)
    assert asked.tolist() == [reason]
    np.testing.assert_equal(at_risk, [probability])
