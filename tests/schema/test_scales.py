"""Rating scales: totals from items, checked against the published ranges and against formulas written out here."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contradictions import contradictions
from pipeline.rules import derived_totals, number
from pipeline.schema import TABLES, VISITS
from pipeline.schema.scales import ALL_SCALES, SCALES
from pipeline.schema.scoring import score

PUBLISHED = {
    "twstrs_severity": (10, 35),
    "twstrs_disability": (6, 30),
    "twstrs_pain": (5, 20),
    "twstrs_total": (0, 85),
    "bfmdrs_movement": (18, 120),
    "bfmdrs_disability": (7, 30),
    "gdrs_total": (14, 140),
    "udrs_total": (28, 112),
    "cdq24_total": (24, 100),
    "bsdi_mean": (6, 4),
    "jrs_total": (2, 8),
    "wcrs_total": (2, 30),
    "vhi10_total": (10, 40),
    "mds_updrs3_total": (33, 132),
    "tsui_total": (0, 25),
    "cdip58_total": (0, 100),
}
"""Ratings and largest total of each scale, from the clinical facts sheet and not from the code."""

BY_NAME = {scale.name: scale for scale in ALL_SCALES}
SCORED = [scale for scale in ALL_SCALES if scale.items]
NAMES = [scale.name for scale in SCORED]


def rated(scale, ratings):
    """Make one visit with these ratings, in the order of the items."""
    names = [scale.column_name(item) for item in scale.items]
    return pd.DataFrame({name: [float(rating)] for name, rating in zip(names, ratings, strict=True)})


def total(scale, visits):
    return score(scale, lambda name: number(visits, name))


@st.composite
def ratings_of(draw, scale):
    return [draw(st.integers(int(item.low), int(item.high))) for item in scale.items]


def test_the_scales_are_those_of_the_facts_sheet():
    assert {name: (len(scale.items), scale.high) for name, scale in BY_NAME.items()} == PUBLISHED


@pytest.mark.parametrize("scale", SCORED, ids=NAMES)
def test_the_largest_and_the_least_ratings_give_the_ends_of_the_range(scale):
    """Weights and items fit the published range: the worst rating everywhere is the largest total, to the point."""
    assert total(scale, rated(scale, [item.high for item in scale.items])) == scale.high
    assert total(scale, rated(scale, [item.low for item in scale.items])) == 0


@pytest.mark.parametrize("scale", SCORED, ids=NAMES)
@given(data=st.data())
def test_totals_lie_in_the_range_and_never_fall_as_an_item_rises(scale, data):
    ratings = data.draw(ratings_of(scale))
    before = total(scale, rated(scale, ratings))[0]
    assert 0 <= before <= scale.high
    risen = data.draw(st.integers(0, len(ratings) - 1))
    ratings[risen] = scale.items[risen].high
    assert total(scale, rated(scale, ratings))[0] >= before


@pytest.mark.parametrize("scale", SCORED, ids=NAMES)
@given(data=st.data())
def test_a_missing_item_leaves_no_total(scale, data):
    """A total of what happened to be filled in would be too low, and look like a better patient."""
    visits = rated(scale, data.draw(ratings_of(scale)))
    visits.loc[0, data.draw(st.sampled_from(list(visits)))] = np.nan
    assert np.isnan(total(scale, visits)).all()


@given(st.data())
def test_burke_fahn_marsden_movement_is_the_weighted_sum_of_products(data):
    scale = BY_NAME["bfmdrs_movement"]
    visits = rated(scale, data.draw(ratings_of(scale)))
    weights = dict.fromkeys(("eyes", "mouth", "neck"), 0.5)
    areas = [name.removeprefix("bfmdrs_movement_severity_") for name in visits if "severity" in name]
    stem = "bfmdrs_movement"
    expected = sum(
        weights.get(area.removesuffix("_points"), 1.0)
        * visits[f"{stem}_provoking_{area}"][0]
        * visits[f"{stem}_severity_{area}"][0]
        for area in areas
    )
    assert len(areas) == 9
    assert total(scale, visits)[0] == expected


@given(st.data())
def test_the_duration_of_twstrs_counts_twice(data):
    scale = BY_NAME["twstrs_severity"]
    visits = rated(scale, data.draw(ratings_of(scale)))
    expected = visits.loc[0].sum() + visits["twstrs_severity_duration_points"][0]
    assert total(scale, visits)[0] == expected


@given(st.data())
def test_the_parts_of_twstrs_sum_to_its_total(data):
    """Whether a part was recorded by its items or by its total only."""
    parts = [BY_NAME[f"twstrs_{part}"] for part in ("severity", "disability", "pain")]
    visits = pd.concat([rated(part, data.draw(ratings_of(part))) for part in parts], axis=1)
    expected = sum(total(part, visits)[0] for part in parts)
    for part in parts:
        if data.draw(st.booleans()):
            visits[part.total.name] = total(part, visits)
            visits = visits.drop(columns=[column.name for column in part.item_columns])
    assert total(BY_NAME["twstrs_total"], visits)[0] == expected


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=6, max_size=6))
def test_the_blepharospasm_index_is_the_mean_of_what_applies(answers):
    """Who does not drive is not counted as driving without trouble, nor as an empty form."""
    scale = BY_NAME["bsdi_mean"]
    visits = rated(scale, [np.nan if exempt else rating for rating, exempt in answers])
    for item, (_, exempt) in zip(scale.items, answers, strict=True):
        visits[scale.exempt_name(item)] = float(exempt)
    applicable = [rating for rating, exempt in answers if not exempt]
    expected = np.mean(applicable) if applicable else np.nan
    np.testing.assert_allclose(total(scale, visits)[0], expected, rtol=1e-12)


@pytest.mark.parametrize("scale", SCORED, ids=NAMES)
@given(data=st.data())
def test_a_total_that_is_not_that_of_its_items_is_found(scale, data):
    """The recorded total is compared wherever all items are there, and only there; rounding on paper is no error."""
    visits = rated(scale, data.draw(ratings_of(scale)))
    right = total(scale, visits)[0]
    wrong = right + data.draw(st.sampled_from([-1.0, 1.0, 2.5]))
    for recorded, expected in ((right, False), (right + 0.9 * scale.tolerance, False), (wrong, True)):
        found = contradictions(visits.assign(**{scale.total.name: [recorded]}))
        named = {each.column for each in found if each.where.any()}
        assert (scale.total.name in named) == expected
    visits.loc[0, next(iter(visits))] = np.nan
    found = contradictions(visits.assign(**{scale.total.name: [wrong]}))
    assert not any(each.where.any() for each in found)


@pytest.mark.parametrize("scale", SCORED, ids=NAMES)
@given(data=st.data())
def test_a_blank_total_is_derived_and_a_recorded_one_kept(scale, data):
    visits = pd.concat([rated(scale, data.draw(ratings_of(scale)))] * 2, ignore_index=True)
    blank = visits.assign(**{scale.total.name: [np.nan, 1.0]})
    filled = derived_totals(blank)[scale.total.name].tolist()
    np.testing.assert_allclose(filled, [total(scale, visits)[0], 1.0])
    assert derived_totals(visits)[scale.total.name].notna().all()


def test_totals_derived_from_parts_use_the_derived_parts():
    parts = [BY_NAME[f"twstrs_{part}"] for part in ("severity", "disability", "pain")]
    visits = pd.concat([rated(part, [item.high for item in part.items]) for part in parts], axis=1)
    filled = derived_totals(visits)
    assert filled["twstrs_total_points"].tolist() == [85.0]
    assert filled["twstrs_severity_points"].tolist() == [35.0]


def test_a_total_is_added_by_columns_and_never_by_cells():
    """All parts of a cohort have the same columns, whatever is recorded in them; a lone item adds none."""
    blank = pd.DataFrame({"jrs_severity_points": [np.nan], "jrs_frequency_points": [1.0]})
    assert list(derived_totals(blank)) == [*blank, "jrs_total_points"]
    assert list(derived_totals(blank.iloc[:0])) == [*blank, "jrs_total_points"]
    assert list(derived_totals(blank[["jrs_severity_points"]])) == ["jrs_severity_points"]


@given(st.lists(st.integers(0, 85) | st.none(), min_size=1, max_size=5))
def test_a_total_without_items_is_left_as_it_is(totals):
    visits = pd.DataFrame({"twstrs_total_points": np.array(totals, dtype=float)})
    pd.testing.assert_frame_equal(derived_totals(visits), visits)
    assert not any(each.where.any() for each in contradictions(visits))


def test_every_item_and_total_is_a_column_once():
    names = [column.name for column in TABLES["visits"]]
    for scale in ALL_SCALES:
        for column in (scale.total, *scale.item_columns):
            assert names.count(column.name) == 1, column.name
            assert column.defines == ("phenotype",)
            assert column.source
    assert set(SCALES) <= set(VISITS)


def test_what_was_recalled_says_so():
    """A clinician has to find every range that nobody has read up."""
    for scale in ALL_SCALES:
        assert ("recalled" in scale.total.source) == (scale.status == "memory")
