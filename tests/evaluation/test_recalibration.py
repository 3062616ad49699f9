"""What is said of calibration: beside statsmodels, on curves that are known, and in any case finite."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit

from pipeline.evaluation.recalibration import (
    calibration_curve,
    calibration_errors,
    ici_of_a_perfect_model,
    intercept_and_slope,
    shared_slope,
)


@pytest.mark.parametrize("seed", range(4))
def test_intercept_and_slope_are_those_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    p = rng.beta(2.0, 3.0, 400)
    y = (rng.random(400) < expit(0.4 + 0.7 * logit(p))).astype(float)
    family = sm.families.Binomial()
    slope = sm.GLM(y, sm.add_constant(logit(p)), family=family).fit().params[1]
    intercept = sm.GLM(y, np.ones((400, 1)), family=family, offset=logit(p)).fit().params[0]
    np.testing.assert_allclose(intercept_and_slope(p, y), (intercept, slope), rtol=1e-4)


def test_the_curve_is_found_where_it_is_known():
    """Outcomes follow a curve of p that is no straight line: the error is that of the curve, within its noise."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, 40_000)
    true = expit(logit(p) * 0.6 + 0.4 * np.tanh(logit(p)))
    found = calibration_errors(p, rng.random(len(p)) < true)
    distance = np.abs(true - p)
    assert found["ici"] == pytest.approx(distance.mean(), abs=0.01)
    assert found["e50"] == pytest.approx(np.median(distance), abs=0.015)
    assert found["e90"] == pytest.approx(np.quantile(distance, 0.9), abs=0.02)


def test_a_perfect_model_has_the_error_that_is_said_of_one():
    """Over many cohorts, a perfect model passes the stated bound about once in 20 times."""
    rng = np.random.default_rng(3)
    passed = []
    for cohort in range(60):
        p = rng.beta(1.0, 3.0, 250)
        both = np.column_stack([1.0 - p, p])
        mean, high = ici_of_a_perfect_model(both, np.arange(250), draws=60, seed=cohort)
        assert 0.0 < mean < high
        passed.append(calibration_errors(p, rng.random(250) < p)["ici"] > high)
    assert np.mean(passed) < 0.17  # 99.9 % of binomial counts of 60 at 0.05 are below


@given(
    p=st.lists(st.sampled_from([0.0, 1e-9, 0.1, 0.25, 0.5, 0.9, 1.0]), min_size=1, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_is_said_and_seen_the_numbers_are_finite(p, seed):
    """Constants, certainties, outcomes all alike, parted entirely: no warning, no infinity."""
    p = np.array(p)
    for y in (np.zeros(len(p)), np.ones(len(p)), np.random.default_rng(seed).random(len(p)) < 0.5, p > 0.3):
        intercept, slope = intercept_and_slope(p, y)
        assert np.isfinite(intercept)
        assert np.isfinite(slope) or np.ptp(p) < 1e-6
        curve = calibration_curve(p, y)
        assert ((curve >= 0.0) & (curve <= 1.0)).all()
        found = calibration_errors(p, y)
        assert 0.0 <= found["e50"] <= found["e90"] <= found["emax"] <= 1.0


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_shared_slope_is_the_inverse_of_the_temperature(temperature):
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(20_000, 4)) * 1.5
    true = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = (rng.random(20_000)[:, None] > np.cumsum(true, axis=1)[:, :-1]).sum(axis=1)
    said = np.exp(scores / temperature)
    said /= said.sum(axis=1, keepdims=True)
    assert shared_slope(said, truth) == pytest.approx(temperature, rel=0.04)


def test_labels_that_the_model_does_not_know_are_left_out_of_its_slope():
    p = np.tile([[0.7, 0.3], [0.4, 0.6]], (50, 1))
    truth = np.tile([0, 1], 50)
    unknown = np.concatenate([truth, [-1] * 10])
    assert shared_slope(np.concatenate([p, p[:10]]), unknown) == shared_slope(p, truth)
    assert np.isnan(shared_slope(p, np.full(100, -1)))
