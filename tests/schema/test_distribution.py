"""Body distribution, age group and older terms, by rule."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules import body_distribution, duration_y, onset_age_bin, primary_or_secondary
from pipeline.schema.distribution import AREAS, CONTIGUOUS, distribution_of
from pipeline.vocabulary import AETIOLOGIES, BODY_DISTRIBUTIONS, ONSET_AGE_BINS, REGIONS

SUBSETS = [frozenset(held) for size in range(len(AREAS) + 1) for held in combinations(AREAS, size)]

region_sets = st.sets(st.sampled_from(REGIONS))


def visits_with(*region_sets):
    """Make a visit for each set of affected regions; the others are free."""
    return pd.DataFrame({f"dystonia_{r}": [float(r in held) for held in region_sets] for r in REGIONS})


def mirrored(name):
    swap = {"left": "right", "right": "left"}
    stem, _, side = name.rpartition("_")
    return f"{stem}_{swap[side]}" if side in swap else name


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], "none"),
        (["neck"], "focal"),
        (["forearm_right", "hand_right"], "focal"),
        (["jaw", "tongue", "lower_face"], "focal"),
        (["upper_face", "jaw"], "segmental"),
        (["neck", "upper_arm_left"], "segmental"),
        (["hand_left", "hand_right"], "segmental"),
        (["upper_face", "hand_left"], "multifocal"),
        (["larynx", "lower_leg_left"], "multifocal"),
        (["hand_left", "lower_leg_left"], "hemidystonia"),
        (["lower_face", "hand_left", "lower_leg_left"], "hemidystonia"),
        (["hand_left", "lower_leg_right"], "multifocal"),
        (["trunk", "neck"], "segmental"),
        (["trunk", "lower_leg_left", "lower_leg_right"], "generalized"),
        (["pelvis", "neck", "hand_left"], "generalized"),
    ],
)
def test_examples_of_a_clinic(held, expected):
    assert body_distribution(visits_with(held)).tolist() == [expected]


def test_every_set_of_areas_has_exactly_one_distribution():
    """Seen over all 512, with the definitions written out again."""
    for held in SUBSETS:
        found = distribution_of(held)
        assert found in BODY_DISTRIBUTIONS
        assert (found == "none") == (not held)
        assert (found == "focal") == (len(held) == 1)
        assert (found == "generalized") == ("trunk" in held and len(held) >= 3)
        if found == "segmental":
            assert all(any({one, other} in map(set, CONTIGUOUS) for other in held - {one}) for one in held)
        if found == "hemidystonia":
            assert len({area.rpartition("_")[2] for area in held if area.startswith(("arm", "leg"))}) == 1


@given(st.lists(region_sets, min_size=1, max_size=6))
def test_left_and_right_are_alike(sets):
    other = [{mirrored(region) for region in held} for held in sets]
    assert body_distribution(visits_with(*sets)).tolist() == body_distribution(visits_with(*other)).tolist()


@given(region_sets, region_sets)
def test_more_regions_never_make_it_less(held, more):
    """What is generalized stays so, and nobody with dystonia is without it."""
    before, after = body_distribution(visits_with(held, held | more))
    if before == "generalized":
        assert after == "generalized"
    assert (after == "none") <= (before == "none")
    assert (after == "focal") <= (before in ("none", "focal"))


def test_what_was_not_examined_has_no_distribution():
    visits = visits_with(["neck"], ["neck"])
    visits.loc[1] = np.nan
    assert body_distribution(visits).tolist() == ["focal", ""]
    assert body_distribution(pd.DataFrame({"patient_id": ["a"]})).tolist() == [""]
    assert body_distribution(visits.iloc[:0]).tolist() == []


def test_every_region_of_the_form_lies_in_one_area():
    assert sorted(region for regions in AREAS.values() for region in regions) == sorted(REGIONS)


@given(st.floats(0, 120))
def test_every_age_has_one_group(age):
    (found,) = onset_age_bin(pd.DataFrame({"age_at_onset_y": [age]}))
    first, after = ONSET_AGE_BINS[found]
    assert first <= age < after


def test_the_groups_of_age_begin_where_the_classification_says():
    ages = pd.DataFrame({"age_at_onset_y": [0, 2.99, 3, 12.99, 13, 20.99, 21, 40.99, 41, np.nan]})
    groups = ["infancy", "childhood", "adolescence", "early_adulthood", "late_adulthood"]
    assert onset_age_bin(ages).tolist() == [*np.repeat(groups, 2)[:9], ""]


def test_duration_is_not_negative():
    visits = pd.DataFrame({"age_at_onset_y": [40.0, 50.0, np.nan], "age_at_visit_y": [45.5, 45.0, 3.0]})
    np.testing.assert_equal(duration_y(visits), [5.5, np.nan, np.nan])


def test_the_older_terms_follow_from_the_cause():
    found = dict(zip(AETIOLOGIES, primary_or_secondary(np.array(AETIOLOGIES, dtype=object)), strict=True))
    assert {cause for cause, term in found.items() if term == "primary"} == {
        "idiopathic_isolated",
        "inherited_isolated",
    }
    assert {cause for cause, term in found.items() if term == ""} == {"functional", "not_dystonia"}
    assert found["wilson"] == found["inherited_combined"] == found["acquired_tardive"] == "secondary"
