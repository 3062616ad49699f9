"""The clock of visits, contradictions and red flags."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import treatment_weeks, visit_weeks
from pipeline.contradictions import contradictions
from pipeline.red_flags import red_flags
from pipeline.rules import affected_regions
from pipeline.testing import visits
from pipeline.vocabulary import REGIONS


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": "a"} | columns)


def found(**columns) -> list[str]:
    return red_flags(table(**columns)).tolist()


@given(drawn=visits(), data=st.data())
def test_nobodys_time_depends_on_who_else_is_there(drawn, data):
    """Visits are timed alike whether alone, with others, or in another order: batches can be cut as they come."""
    order = data.draw(st.permutations(range(len(drawn))))
    some = data.draw(st.lists(st.sampled_from(order), unique=True))
    np.testing.assert_array_equal(visit_weeks(drawn)[some], visit_weeks(drawn.iloc[some].reset_index(drop=True)))


@given(days=st.lists(st.dates(), min_size=1, max_size=4))
def test_weeks_between_dates_are_sevenths_of_days(days):
    """Differences of visit times are true weeks, over any span and calendar."""
    weeks = visit_weeks(table(visit_date=[str(day) for day in days]))
    np.testing.assert_allclose(weeks - weeks[0], [(day - days[0]).days / 7 for day in days], atol=1e-6)


def test_the_most_exact_clock_of_the_table_counts():
    """Dates before weeks before ages; a visit without the time that the others have is untimed, not guessed."""
    times = {"visit_date": ["2024-01-01", ""], "weeks_since_enrolment": [5.0, 9.0], "age_at_visit_y": [45.0, 46.0]}
    assert np.isnan(visit_weeks(table(**times))).tolist() == [False, True]
    del times["visit_date"]
    assert visit_weeks(table(**times)).tolist() == [5.0, 9.0]
    del times["weeks_since_enrolment"]
    np.testing.assert_allclose(np.diff(visit_weeks(table(**times))), 365.25 / 7)
    assert np.isnan(visit_weeks(table(sex=["male"]))).all()
    assert visit_weeks(table(visit_date=[])).shape == (0,)


def test_treatments_are_timed_by_the_clock_of_the_visits():
    """A dated treatment of a trial that counts weeks has no place on its clock."""
    treatments = pd.DataFrame(
        {"patient_id": ["a", "x"], "treatment_date": ["2024-01-08", ""], "weeks_since_enrolment": [3.0, np.nan]}
    )
    dated = table(visit_date=["2024-01-01"])
    assert (treatment_weeks(treatments, dated) - visit_weeks(dated))[0] == 1.0
    counted = table(weeks_since_enrolment=[0.0])
    assert treatment_weeks(treatments, counted)[0] == 3.0
    assert np.isnan(treatment_weeks(treatments, table(age_at_visit_y=[45.0]))).all()


@given(onset=st.floats(0, 120), visit=st.floats(0, 120), enrolment=st.floats(0, 120) | st.just(np.nan))
def test_only_what_cannot_be_true_is_a_contradiction(onset, visit, enrolment):
    """Onset and enrolment come no later than the visit; what is not recorded contradicts nothing."""
    row = table(age_at_onset_y=[onset], age_at_visit_y=[visit], age_at_enrolment_y=[enrolment])
    assert any(each.where[0] for each in contradictions(row)) == (onset > visit or enrolment > visit)
    assert not any(each.where.any() for each in contradictions(table(age_at_onset_y=[onset])))


@given(drawn=visits(), data=st.data())
def test_red_flags_speak_of_their_own_row_and_survive_other_findings(drawn, data):
    """A flag that is raised is never lowered by more that is recorded: each row for itself, in any order."""
    order = np.array(data.draw(st.permutations(range(len(drawn)))), dtype=int)
    flags = red_flags(drawn)
    np.testing.assert_array_equal(flags[order], red_flags(drawn.iloc[order].reset_index(drop=True)))
    cells = drawn["findings"] if "findings" in drawn else pd.Series([""] * len(drawn))
    more = drawn.assign(findings=[f"{cell}|HP:0200032".strip("|") for cell in cells])
    for before, after in zip(flags, red_flags(more), strict=True):
        assert {*filter(None, before.split("|")), "wilson"} == set(after.split("|"))


def test_each_red_flag_is_raised_by_what_it_is_for():
    """One row each: what must not be missed, whatever the model says."""
    assert found(findings=["HP:0200032", "HP:0010837", "!HP:0200032", "HP:0001337"]) == ["wilson", "wilson", "", ""]
    assert found(neuroleptic_exposure=[1.0, 1.0], sudden_onset=[1.0, 0.0]) == ["acute_drug_reaction", ""]
    child = {"age_at_onset_y": [10.0, 10.0, 30.0, 10.0]}
    assert found(**child, foot_inversion=[1.0, 0.0, 1.0, np.nan], diurnal_fluctuation=[0.0, 1.0, 1.0, np.nan]) == [
        "levodopa_responsive",
        "levodopa_responsive",
        "",
        "",
    ]
    sides = {f"dystonia_{region}": [1.0, 1.0] for region in ("hand_left", "upper_leg_left")}
    assert found(**sides, dystonia_hand_right=[0.0, 1.0]) == ["structural", ""]
    assert found(findings=["HP:0032005"], neuroleptic_exposure=[1.0], sudden_onset=[1.0]) == [
        "acute_drug_reaction|structural"
    ]


def test_red_flags_know_padded_cells():
    """A coded finding counts however its cell was typed."""
    assert found(findings=[" HP:0200032 ", "HP:0001337 | HP:0010837", "HP:0001337 | ! HP:0010837"]) == [
        "wilson",
        "wilson",
        "",
    ]


@given(data=st.data(), rows=st.integers(0, 5))
def test_regions_are_counted_where_any_was_recorded(data, rows):
    """A form that was left empty does not say that no region is affected."""
    states = st.sampled_from([1.0, 0.0, np.nan])
    names = data.draw(st.lists(st.sampled_from(REGIONS), unique=True, max_size=4))
    columns = {f"dystonia_{name}": data.draw(st.lists(states, min_size=rows, max_size=rows)) for name in names}
    counts = affected_regions(pd.DataFrame({"patient_id": ["a"] * rows} | columns))
    for row in range(rows):
        seen = [values[row] for values in columns.values() if not np.isnan(values[row])]
        assert counts[row] == sum(seen) if seen else np.isnan(counts[row])
