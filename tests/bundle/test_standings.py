"""Where a value stands among patients: true of them, and never from fewer than twenty."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bundle.standing import LEAST_PEOPLE, Standing, as_json, read_standings, standings

VALUES = st.one_of(
    st.floats(-1e6, 1e6), st.integers(0, 3).map(float), st.sampled_from([0.1, 1 / 3, -2.5]), st.just(float("nan"))
)
PEOPLE = st.one_of(st.lists(VALUES, max_size=60), st.lists(st.integers(0, 5).map(float), max_size=300))


def numbers(values):
    return standings({"a": np.array(values, dtype=float)}, [])["a"]


@given(values=PEOPLE, asked=VALUES, seed=st.integers(0, 99))
def test_what_is_said_of_a_number_is_true_of_the_people(values, asked, seed):
    """Brute force: so many tenths of the people lie below, or above; each claim rests on twenty people or more."""
    values = np.array([*values, *np.random.default_rng(seed).normal(size=20 * (seed % 9))])
    known = values[~np.isnan(values)]
    words = numbers(values).place(asked)
    if "than" in words:
        side, tenths = re.fullmatch(r"(higher|lower) than (\d+) of 10 patients", words).groups()
        people = known < asked if side == "higher" else known > asked
        assert people.sum() >= LEAST_PEOPLE
        assert people.mean() >= int(tenths) / 10
    if len(known) < 2 * LEAST_PEOPLE:
        assert words == ""


@given(values=PEOPLE)
def test_a_bundle_holds_no_number_of_fewer_than_twenty_people(values):
    """Neither side of a cut, nor what lies between two, nor a level of a state is of 1 to 19 people."""
    values = np.array(values, dtype=float)
    found, known = numbers(values), values[~np.isnan(values)]
    ends = [-np.inf, *found.cuts, np.inf]
    if found.cuts:
        cells = [((known > low) & (known <= high)).sum() for low, high in pairwise(ends)]
        assert min(cells) >= LEAST_PEOPLE
    levels = standings({"a": values}, ["a"])["a"].levels
    assert all((known == level).sum() >= LEAST_PEOPLE for level in levels)


def test_a_cut_is_nobodys_value_unless_twenty_share_it():
    """The mean of twenty neighbours stands for them."""
    values = np.random.default_rng(0).normal(size=400)
    assert len(numbers(values).cuts) == 9
    assert not np.isin(numbers(values).cuts, values).any()
    assert numbers(np.repeat([1.0, 2.0, 3.0], 100)).cuts == (1.0, 2.0)


@pytest.mark.parametrize(
    ("yes", "no", "said"),
    [
        (30, 70, "as 3 of 10 patients"),
        (20, 980, "as fewer than 1 of 10 patients"),
        (980, 20, "as nearly all patients"),
        (19, 81, ""),
    ],
)
def test_an_answer_is_told_with_how_many_gave_it(yes, no, said):
    values = np.repeat([1.0, 0.0, np.nan], [yes, no, 50])
    assert standings({"a": values}, ["a"])["a"].place(1.0) == said


@given(values=PEOPLE, state=st.booleans())
def test_standings_survive_the_way_through_a_bundle(values, state):
    found = standings({"a": np.array(values, dtype=float)}, ["a"] if state else [])
    read = read_standings(json.dumps(as_json(found)).encode())
    assert read.get("a", Standing()) == found["a"]


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"a": {"cuts": [1.0]}}',
        '{"a": {"cuts": [NaN], "reached": [1], "above": [1]}}',
        '{"a": {"cuts": [2.0, 1.0], "reached": [1, 2], "above": [1, 1]}}',
        '{"a": {"levels": [1.0], "sharing": [11]}}',
        '{"a": {"levels": [1e999], "sharing": [1]}}',
        '{"a": {"more": [1.0]}}',
        '{"a": {"cuts": "12"}}',
    ],
)
def test_standings_that_are_none_are_refused(content):
    with pytest.raises(ValueError, match=r"^$|validation error"):
        read_standings(content.encode())
