"""Net benefit: counted one by one, and of which thresholds nothing is told."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.decisions import THRESHOLDS, decision_curve, net_benefit, useful


@given(n=st.integers(1, 40), seed=st.integers(0, 2**32 - 1), soft=st.booleans())
def test_it_is_what_counting_gives(n, seed, soft):
    """Brute force: true positives less weighted false positives, person by person."""
    rng = np.random.default_rng(seed)
    p = rng.choice([0.05, 0.1, 0.3, 0.5, 0.77], n)
    y = rng.random(n) if soft else (rng.random(n) < 0.4).astype(float)
    for t, found in zip(THRESHOLDS, net_benefit(p, y, THRESHOLDS), strict=True):
        counted = sum(y[i] - (1.0 - y[i]) * t / (1.0 - t) for i in range(n) if p[i] >= t) / n
        assert abs(found - counted) < 1e-12


def test_acting_on_everybody_and_on_nobody():
    y = np.array([1.0, 0.0, 0.0, 0.0])
    assert (net_benefit(np.zeros(4), y, THRESHOLDS) == 0.0).all()
    np.testing.assert_allclose(net_benefit(np.ones(4), y, THRESHOLDS), 0.25 - 0.75 * THRESHOLDS / (1.0 - THRESHOLDS))


def drawn(p, y, **more):
    people = np.arange(len(p))
    return decision_curve(p, lambda at: y[at].astype(float), y, people, people, seed=1, **more)


@given(n=st.integers(1, 200), seed=st.integers(0, 2**32 - 1))
def test_nobody_follows_from_the_difference_of_two_thresholds(n, seed):
    """Between thresholds that are told lie 0 or at least 5 people of either kind."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.7, 2.0, n)
    y = rng.random(n) < p
    told = [point["threshold"] for point in drawn(p, y)]
    edges = np.array([-np.inf, *told, np.inf])
    for low, high in pairwise(edges):
        inside = (p >= low) & (p < high)
        if told:
            assert y[inside].sum() not in {1, 2, 3, 4}
            assert (~y[inside]).sum() not in {1, 2, 3, 4}


def test_a_model_that_knows_is_useful_and_one_that_does_not_is_not():
    rng = np.random.default_rng(0)
    p = rng.beta(1.0, 2.0, 2000)
    y = rng.random(2000) < p
    low, high = useful(drawn(p, y))
    assert low <= 0.3
    assert high >= 0.5
    assert not useful(drawn(rng.permutation(p), y))


def test_a_comparator_stands_beside_it_where_it_may_be_told():
    rng = np.random.default_rng(1)
    p = rng.random(500)
    curve = drawn(p, rng.random(500) < p, simple=np.where(np.arange(500) < 2, 0.95, 0.5))
    assert {point["simple"] is None for point in curve} == {True, False}
    assert all(point["low"] <= point["value"] <= point["high"] for point in curve)
