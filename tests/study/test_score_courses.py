"""A score that becomes worse and stays so, and one that is first as high as asked: beside plain reckoning by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outcomes import derive, eligibility
from pipeline.records import Cohort
from pipeline.study import Target
from pipeline.units import WEEKS_PER_YEAR

SCORE = "bfmdrs_movement_points"
WORSENING = Target(
    "worsening", "time_to_event", derive="score_worsening", score=SCORE, worsen_by=4.0, worsen_by_share=0.2
)
REACHED = Target("reached", "time_to_event", derive="score_reached", score=SCORE, reach=15.0)


def cohort_of(*courses, **columns) -> Cohort:
    """Make patients, each of pairs of a year and a score."""
    rows = [
        (f"p{number}", f"v{at}", year * WEEKS_PER_YEAR, float(score))
        for number, course in enumerate(courses)
        for at, (year, score) in enumerate(course)
    ]
    names = ["patient_id", "visit_id", "weeks_since_enrolment", SCORE]
    return Cohort(pd.DataFrame(rows, columns=names).assign(**columns))


SCORES = st.sampled_from([np.nan, 0.0, 4.0, 8.0, 12.0, 14.0, 15.0, 20.0, 24.0, 119.0])


@st.composite
def courses(draw) -> Cohort:
    """Draw patients whose rows stand in any order, at different times."""
    several = draw(
        st.lists(
            st.lists(st.tuples(st.integers(0, 9), SCORES), min_size=1, max_size=7, unique_by=lambda pair: pair[0]),
            min_size=1,
            max_size=4,
        )
    )
    cohort = cohort_of(*several)
    order = draw(st.permutations(range(len(cohort))))
    return Cohort(cohort.visits.iloc[order].reset_index(drop=True))


def by_hand(visits: pd.DataFrame, at: int, bound: float, *, confirmed: bool) -> tuple[float, float]:
    """Return the interval from a visit, followed score by score."""
    own = visits[visits["patient_id"] == visits["patient_id"][at]].dropna(subset=[SCORE])
    start = visits["weeks_since_enrolment"][at]
    later = own[own["weeks_since_enrolment"] > start].sort_values("weeks_since_enrolment")
    years = ((later["weeks_since_enrolment"] - start) / WEEKS_PER_YEAR).tolist()
    high = (later[SCORE] >= bound).tolist()
    left = 0.0
    for number, (year, above) in enumerate(zip(years, high, strict=True)):
        if above and (not confirmed or (number + 1 < len(high) and high[number + 1])):
            return left, year
        left = left if above else year
    return left, np.inf


@pytest.mark.parametrize("target", [WORSENING, REACHED], ids=lambda target: target.name)
@given(cohort=courses())
def test_an_event_lies_where_following_the_scores_finds_it(target, cohort):
    """Each visit that can be asked has the interval between the last lower score and the first that counts."""
    truth = derive(cohort, target)
    score = cohort.visits[SCORE].to_numpy()
    assert truth.visits.tolist() == np.flatnonzero(eligibility(cohort, target).reason == "").tolist()
    for row, at in enumerate(truth.visits):
        bound = target.reach or max(score[at] + 4.0, 1.2 * score[at])
        expected = by_hand(cohort.visits, at, bound, confirmed=target is WORSENING)
        assert (truth.left[row], truth.right[row]) == pytest.approx(expected)


@pytest.mark.parametrize("target", [WORSENING, REACHED], ids=lambda target: target.name)
@given(cohort=courses(), until=st.integers(0, 9))
def test_who_is_asked_depends_on_the_past_only(target, cohort, until):
    """What comes later changes nothing for who can be asked now, but for a patient's only visit, which is timed so."""
    past = (cohort.visits["weeks_since_enrolment"] <= until * WEEKS_PER_YEAR + 1e-9).to_numpy()
    before = eligibility(Cohort(cohort.visits[past].reset_index(drop=True)), target)
    assert eligibility(cohort, target).reason[past].tolist() == before.reason.tolist()


def test_a_rise_counts_when_the_next_score_confirms_it():
    """Ten points: 14 are four more and two fifths more; a rise that passes, or that comes last, is none."""
    stays, passes, last = [(0, 10), (1, 14), (2, 15)], [(0, 10), (1, 14), (2, 11), (3, 12)], [(0, 10), (1, 11), (2, 14)]
    truth = derive(cohort_of(stays, passes, last), WORSENING)
    first = [0, 3, 7]
    assert truth.left[first] == pytest.approx([0.0, 3.0, 1.0])
    assert truth.right[first] == pytest.approx([1.0, np.inf, np.inf])


def test_a_fifth_more_is_asked_of_a_high_score():
    """From 40 on a fifth is more than four points."""
    truth = derive(cohort_of([(0, 40), (1, 45), (2, 45), (3, 48), (4, 50)]), WORSENING)
    assert (truth.left[0], truth.right[0]) == pytest.approx((2.0, 3.0))


def test_who_cannot_be_asked_is_told_why():
    """Without a score nobody can say; near the end of the scale there is no room; what was reached is reached."""
    cohort = cohort_of([(0, np.nan), (1, 118)], [(0, 20), (1, 10)])
    assert eligibility(cohort, WORSENING).reason.tolist() == ["no_present_score", "no_room_to_worsen", "", ""]
    assert eligibility(cohort, WORSENING).at_risk.tolist() == pytest.approx([np.nan, 0.0, 1.0, 1.0], nan_ok=True)
    assert eligibility(cohort, REACHED).reason.tolist() == ["no_present_score", "reached_before"] + 2 * [
        "reached_before"
    ]


def test_an_operation_that_comes_first_ends_the_question():
    """Competing events are as for events that the outcomes tell of."""
    cohort = cohort_of([(0, 10), (2, 20), (3, 20)])
    treated = pd.DataFrame({"patient_id": ["p0"], "kind": ["dbs"], "weeks_since_enrolment": [WEEKS_PER_YEAR]})
    target = Target(**{**WORSENING.__dict__, "competing": ("dbs",)})
    truth = derive(Cohort(cohort.visits, treated), target)
    assert truth.visits.tolist() == [0]
    assert truth.left[0] == pytest.approx(1.0)
    assert np.isnan(truth.right[0])
    assert truth.competing is not None
    assert truth.competing[0] == pytest.approx([1.0])
