"""What a record feature sees of the past, against a plain loop over rows; and that it never sees the future."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import treatment_weeks, visit_weeks
from pipeline.features.timeline import History
from pipeline.testing import cohorts

SCALE, TOXIN = "gdrs_total_points", "botulinum_toxin"


def history(weeks, values, patients=None, treatments=None):
    visits = pd.DataFrame(
        {
            "patient_id": patients or ["a"] * len(weeks),
            "visit_id": [str(row) for row in range(len(weeks))],
            "weeks_since_enrolment": np.array(weeks, dtype=float),
            SCALE: np.array(values, dtype=float),
        }
    )
    return History(visits, pd.DataFrame() if treatments is None else treatments)


def toxin(weeks, doses, patients=None):
    return pd.DataFrame(
        {
            "patient_id": patients or ["a"] * len(weeks),
            "kind": TOXIN,
            "weeks_since_enrolment": np.array(weeks, dtype=float),
            "dose_toxin_units": np.array(doses, dtype=float),
        }
    )


@st.composite
def courses(draw):
    """Draw visits and doses of a few patients on few distinct weeks, so that many coincide."""
    weeks, ids = st.sampled_from([0.0, 1.0, 2.0, 5.0]), st.sampled_from("abc")
    value = st.one_of(st.just(np.nan), st.integers(0, 9).map(float))
    visits = draw(st.lists(st.tuples(ids, weeks, value), max_size=8))
    doses = draw(st.lists(st.tuples(ids, weeks, value), max_size=8))
    visits, doses = list(zip(*visits, strict=True)) or [(), (), ()], list(zip(*doses, strict=True)) or [(), (), ()]
    given_doses = toxin(doses[1], doses[2], list(doses[0]))
    return visits, doses, history(visits[1], visits[2], list(visits[0]), given_doses)


def middle(values):
    known = [value for value in values if not np.isnan(value)]
    return np.median(known) if known else np.nan


@given(courses())
def test_the_past_is_what_a_plain_loop_finds(course):
    """First, previous, number and mean before of each visit, by the definition, one visit at a time."""
    (patients, weeks, values), _, found = course
    rows = list(zip(patients, weeks, values, strict=True))
    for row, (patient, week, _) in enumerate(rows):
        times = sorted({when for who, when, _ in rows if who == patient and when <= week})

        def at(when, patient=patient):
            return middle([value for who, then, value in rows if who == patient and then == when])

        assert found.visit_number[row] == len(times)
        assert found.weeks_since_first[row] == week - times[0]
        np.testing.assert_equal(found.first(SCALE)[row], at(times[0]))
        before = times[-2] if len(times) > 1 else None
        np.testing.assert_equal(found.previous(SCALE)[row], np.nan if before is None else at(before))
        np.testing.assert_equal(found.weeks_since_previous[row], np.nan if before is None else week - before)
        told = [value for value in map(at, times[:-1]) if not np.isnan(value)]
        np.testing.assert_equal(found.means_before([SCALE])[row, 0], sum(told) / len(told) if told else np.nan)


@given(courses())
def test_treatments_so_far_are_what_a_plain_loop_finds(course):
    """Sessions, weeks since the last and its dose, that day included, one visit at a time."""
    (patients, weeks, _), doses, found = course
    so_far = found.given(TOXIN)
    for row, (patient, week) in enumerate(zip(patients, weeks, strict=True)):
        past = [(when, dose) for who, when, dose in zip(*doses, strict=True) if who == patient and when <= week]
        last = max((when for when, _ in past), default=np.nan)
        units = [dose for when, dose in past if when == last and not np.isnan(dose)]
        assert so_far.sessions[row] == len({when for when, _ in past})
        np.testing.assert_equal(so_far.weeks_since_last[row], week - last)
        np.testing.assert_equal(so_far.last_dose_toxin_units[row], sum(units) if units else np.nan)


@given(cohorts())
def test_the_clock_of_visits_and_treatments_is_the_shared_one(cohort):
    """Time is told by `clock`, here as in every other module."""
    found = History(cohort.visits, cohort.treatments)
    np.testing.assert_equal(found.weeks, visit_weeks(cohort.visits))
    latest = found.given(TOXIN)
    if "kind" not in cohort.treatments:
        assert np.isnan(latest.sessions).all()
        return
    when = treatment_weeks(cohort.treatments, cohort.visits)
    given_toxin = cohort.treatments["kind"] == TOXIN
    for row, (patient, week) in enumerate(zip(cohort.visits["patient_id"], found.weeks, strict=True)):
        past = when[given_toxin & (cohort.treatments["patient_id"] == patient) & (when <= week)]
        np.testing.assert_equal(latest.sessions[row], np.nan if np.isnan(week) else len(set(past)))


def test_visits_without_any_clock_have_no_history():
    """Where nobody knows which visit came first, none is taken for it."""
    found = history(
        [np.nan, np.nan, 3.0], [5.0, 7.0, 9.0], ["a", "a", "b"], toxin([1.0, 1.0], [100.0, 50.0], ["a", "b"])
    )
    np.testing.assert_equal(found.first(SCALE).tolist(), [np.nan, np.nan, 9.0])
    np.testing.assert_equal(found.previous(SCALE).tolist(), [np.nan, np.nan, np.nan])
    np.testing.assert_equal(found.means_before([SCALE])[:, 0].tolist(), [np.nan, np.nan, np.nan])
    np.testing.assert_equal(found.visit_number.tolist(), [np.nan, np.nan, 1.0])
    np.testing.assert_equal(found.given(TOXIN).sessions.tolist(), [np.nan, np.nan, 1.0])
    np.testing.assert_equal(found.given(TOXIN).last_dose_toxin_units.tolist(), [np.nan, np.nan, 50.0])


def test_doses_of_one_day_are_one_session():
    """A session is recorded muscle by muscle; it counts once, with the sum of its units."""
    found = history([4.0], [1.0], treatments=toxin([2.0, 2.0, 5.0], [100.0, 20.0, 999.0])).given(TOXIN)
    assert found.sessions.tolist() == [1.0]
    assert found.weeks_since_last.tolist() == [2.0]
    assert found.last_dose_toxin_units.tolist() == [120.0]


def test_a_treatment_without_a_time_is_left_out_since_it_may_lie_in_the_future():
    found = history([4.0], [1.0], treatments=toxin([np.nan], [100.0])).given(TOXIN)
    assert found.sessions.tolist() == [0.0]
    assert np.isnan(found.last_dose_toxin_units[0])


@pytest.mark.parametrize("treatments", [pd.DataFrame(), pd.DataFrame({"patient_id": ["a"]})])
def test_no_table_of_treatments_is_not_known_rather_than_none_given(treatments):
    assert np.isnan(history([4.0], [1.0], treatments=treatments).given(TOXIN).sessions[0])


def test_an_empty_table_of_treatments_is_none_given():
    """A patient's row must not turn missing because nobody else in the batch was treated."""
    assert history([4.0], [1.0], treatments=toxin([], [])).given(TOXIN).sessions.tolist() == [0.0]


def test_a_column_that_is_not_there_is_missing():
    found = history([0.0, 1.0], [1.0, 2.0])
    for values in (found.value("nothing"), found.first("nothing"), found.means_before(["nothing"])[:, 0]):
        assert np.isnan(values).all()
    assert found.text("nothing").tolist() == ["", ""]


@pytest.mark.parametrize("name", [SCALE, "bfmdrs_movement_points"])
def test_a_feature_cannot_write_into_what_others_read(name):
    """A column is handed to every feature that asks, whether it was recorded or not."""
    with pytest.raises(ValueError, match="read-only"):
        history([0.0], [1.0]).value(name)[0] = 7.0
