"""People that a model needs: the published examples of the R package pmsampsize, and what must hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.sample_size import (
    greatest_r_squared,
    needed_for_event,
    needed_for_label,
)


@pytest.mark.parametrize(
    ("parameters", "prevalence", "r_squared", "people"),
    [(24, 0.174, 0.288, (623, 662, 221)), (22, 0.3, 0.1, (1868, None, 323)), (10, 0.5, None, (749, None, 385))],
)
def test_labels_are_those_of_pmsampsize(parameters, prevalence, r_squared, people):
    """Its own example, and two of its users; the last supposes 15 % of what can be explained."""
    found = needed_for_label(parameters, prevalence, r_squared)
    for ours, theirs in zip((found.shrinkage, found.optimism, found.overall), people, strict=True):
        assert theirs in (None, ours)
    assert found.people == max(each for each in people if each)


@pytest.mark.parametrize(
    ("parameters", "rate", "r_squared", "shrinkage", "optimism"),
    [
        (25, 0.065, 0.051, 4286, 866),
        (25, 0.065, 0.065, 3335, 859),
        (50, 0.065, 0.051, 8572, 1731),
        (25, 0.1, 0.051, 4286, 731),
    ],
)
def test_events_are_those_of_pmsampsize(parameters, rate, r_squared, shrinkage, optimism):
    """The package's own tests; it rounds the events of 10,000 people up, which costs one person at most."""
    found = needed_for_event(parameters, rate, 2.07, r_squared)
    assert found.shrinkage == shrinkage
    assert found.optimism == pytest.approx(optimism, abs=1)
    assert found.people == shrinkage


SHARES = st.floats(0.01, 0.99)


@given(SHARES)
def test_the_greatest_r_squared_is_that_of_a_certain_model(prevalence):
    """From the likelihoods: nothing is lost by a model that is certain and right (Cox and Snell)."""
    null = 1000 * (prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence))
    assert greatest_r_squared(prevalence) == pytest.approx(1 - math.exp(2 * (null - 0.0) / 1000))


@given(st.integers(1, 300), SHARES)
def test_more_columns_need_more_people_and_so_do_rarer_labels(parameters, prevalence):
    needed = needed_for_label(parameters, prevalence)
    assert needed_for_label(parameters + 10, prevalence).shrinkage > needed.shrinkage
    rarer = prevalence / 2 if prevalence < 0.5 else 0.5 + prevalence / 2
    assert needed_for_label(parameters, rarer).shrinkage >= needed.shrinkage


@given(st.integers(1, 300), SHARES)
def test_so_many_people_give_the_shrinkage_and_one_fewer_does_not(parameters, prevalence):
    """Solved the other way round: the heuristic shrinkage of van Houwelingen for this many people."""
    needed = needed_for_label(parameters, prevalence).shrinkage
    explained = 0.15 * greatest_r_squared(prevalence)

    def missing(people):
        return people * (0.9 - 1) * math.log(1 - explained / 0.9) - parameters

    assert missing(needed) >= -1e-9 * parameters
    assert missing(needed - 1) < 1e-9 * parameters
