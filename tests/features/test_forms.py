"""What is read off the form: rules begin where they say, and what was not asked is not a no."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.background import low_birth_weight_state, relatives_affected_count
from pipeline.features.history import duration_since_onset_y, onset_age_bin_state, onset_pace_state
from pipeline.features.oscillation import stability
from pipeline.features.redflags import red_flag_state
from pipeline.features.regions import limb_asymmetry_ratio, tremor_irregular_share
from pipeline.features.timeline import History
from pipeline.red_flags import RED_FLAG_COLUMNS
from pipeline.vocabulary import ONSET_AGE_BINS


def form(**columns):
    rows = len(next(iter(columns.values())))
    ids = {"patient_id": [f"p{row}" for row in range(rows)], "visit_id": "1"}
    return History(pd.DataFrame(ids | columns), pd.DataFrame())


def test_a_weight_at_birth_is_low_below_2500_g():
    weights = form(birth_weight_g=[2499.0, 2500.0, 2501.0, np.nan])
    np.testing.assert_array_equal(low_birth_weight_state(weights), [1.0, 0.0, 0.0, np.nan])


def test_an_age_of_onset_belongs_to_the_group_that_begins_with_it_and_to_no_other():
    """From each bound up to, but without, the next: every age has one group."""
    bounds = list(ONSET_AGE_BINS.values())
    ages = [first for first, _ in bounds] + [np.nextafter(after, 0) for _, after in bounds if np.isfinite(after)]
    found = onset_age_bin_state(form(age_at_onset_y=ages))
    np.testing.assert_array_equal(found[: len(bounds)], np.eye(len(bounds)))
    np.testing.assert_array_equal(found.sum(axis=1), 1.0)
    assert np.isnan(onset_age_bin_state(form(age_at_onset_y=[np.nan]))).all()


def test_a_visit_on_the_day_of_onset_has_a_duration_of_zero_and_one_before_it_has_none():
    ages = form(age_at_visit_y=[40.0, 40.0, 40.0], age_at_onset_y=[39.0, 40.0, 40.5])
    np.testing.assert_array_equal(duration_since_onset_y(ages), [1.0, 0.0, np.nan])


@pytest.mark.parametrize(("mode", "found"), [("hours_to_days", 0.0), ("insidious", 1.0), ("", np.nan)])
def test_a_sudden_onset_counts_where_the_form_does_not_say_how_it_began(mode, found):
    paces = [onset_pace_state(form(onset_mode=[mode], sudden_onset=[sudden])) for sudden in (0.0, 1.0)]
    np.testing.assert_equal([pace[0] for pace in paces], [found, 0.0 if mode == "" else found])


@given(st.lists(st.tuples(*[st.sampled_from([np.nan, 0.0, 1.0, 4.0])] * 3), min_size=1, max_size=4))
def test_relatives_are_added_up_over_those_that_were_asked_for(rows):
    mothers, brothers, daughters = (np.array(column) for column in zip(*rows, strict=True))
    asked = form(mother_affected=mothers, brothers_affected_count=brothers, daughters_affected_count=daughters)
    expected = [np.nan if np.isnan(row).all() else np.nansum(row) for row in rows]
    np.testing.assert_array_equal(relatives_affected_count(asked), expected)


def test_nothing_is_divided_by_nobody():
    """No limb with dystonia has no worse side; no tremor has no share that is irregular."""
    limbs = form(dystonia_upper_arm_left=[0.0, 1.0, 1.0], dystonia_upper_arm_right=[0.0, 0.0, 1.0])
    tremor = form(tremor_neck=["none", "regular", "irregular", ""])
    np.testing.assert_array_equal(tremor_irregular_share(tremor), [np.nan, 0.0, 1.0, np.nan])
    np.testing.assert_array_equal(limb_asymmetry_ratio(limbs), [np.nan, 1.0, 0.0])


@pytest.mark.parametrize("column", sorted({name for columns in RED_FLAG_COLUMNS.values() for name in columns}))
def test_a_red_flag_is_known_once_any_column_of_its_rule_was_recorded(column):
    """A rule that found nothing in what was recorded says no; one that had nothing to read says nothing."""
    recorded = form(**{column: np.array(["insidious", ""], dtype=object) if column == "onset_mode" else [0.0, np.nan]})
    found = red_flag_state(recorded)
    np.testing.assert_array_equal(~np.isnan(found[0]), [column in columns for columns in RED_FLAG_COLUMNS.values()])
    assert np.isnan(found[1]).all()


def test_three_changes_from_cycle_to_cycle_are_enough_to_be_judged():
    assert stability(np.array([5.0, 6.0, 5.0, 6.0])) > 0
    assert np.isnan(stability(np.array([5.0, 6.0, 5.0])))
