"""Recalibration on local people helps a model that is off, and hardly harms one that is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.local import after_recalibration, recalibrated, recalibrated_risk


def people(seed, n, *, weights=(1.0, 1.0, 1.0, 1.0), temperature=1.0):
    """Labels drawn by probabilities, and what a model says that knows neither the shares here nor how sure to be."""
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.full(4, 0.7), n) + 1e-4
    true = said ** (1.0 / temperature) * np.array(weights)
    true /= true.sum(axis=1, keepdims=True)
    truth = (rng.random(n)[:, None] > np.cumsum(true, axis=1)[:, :-1]).sum(axis=1)
    return said / said.sum(axis=1, keepdims=True), truth


@pytest.mark.parametrize(("weights", "temperature"), [((6.0, 1.0, 1.0, 0.2), 1.0), ((1.0, 1.0, 1.0, 1.0), 3.0)])
def test_it_mends_other_shares_and_false_sureness(weights, temperature):
    said, truth = people(0, 1500, weights=weights, temperature=temperature)
    found = after_recalibration(said, truth, np.arange(1500), is_risk=False, seed=1)
    assert list(found) == ["50", "100", "200"]
    assert all(each["after"] < each["before"] - 0.05 for each in found.values())
    assert found["200"]["after"] < found["50"]["after"] + 0.01


def test_it_hardly_harms_a_model_that_is_right():
    said, truth = people(3, 1500)
    found = after_recalibration(said, truth, np.arange(1500), is_risk=False, seed=1)
    assert all(each["after"] < each["before"] + 0.04 for each in found.values())


def test_it_mends_risks_that_are_twice_too_high():
    rng = np.random.default_rng(5)
    true = rng.beta(1.0, 6.0, 2000)
    said = 1.0 - (1.0 - true) ** 2
    event = (rng.random(2000) < true).astype(float)
    found = after_recalibration(said, event, np.arange(2000), is_risk=True, seed=1)
    assert all(each["after"] < each["before"] for each in found.values())
    moved = recalibrated_risk(said, event, said)
    assert moved.mean() == pytest.approx(event.mean(), rel=0.1)


@given(n=st.integers(1, 30), seed=st.integers(0, 2**32 - 1), labels=st.integers(2, 5))
def test_whatever_is_learned_from_probabilities_stay_probabilities(n, seed, labels):
    rng = np.random.default_rng(seed)
    said = rng.dirichlet(np.full(labels, 0.3), n)
    moved = recalibrated(said, rng.integers(-1, labels, n), said)
    assert np.isfinite(moved).all()
    np.testing.assert_allclose(moved.sum(axis=1), 1.0)


def test_people_are_never_parted_and_few_give_nothing():
    """With 99 groups, of however many rows, nobody can be told after 50 of them."""
    said, truth = people(1, 990)
    assert after_recalibration(said, truth, np.repeat(np.arange(99), 10), is_risk=False, seed=1) == {}
