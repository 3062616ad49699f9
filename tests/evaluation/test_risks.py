"""Scores of risks where not everybody was seen to the horizon: the same as if they had been."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sksurv.metrics import cumulative_dynamic_auc

from pipeline.evaluation.risks import event_by, risk_scores, soft_auc
from pipeline.evaluation.scores import auc
from pipeline.evaluation.summary import risk_summary

HORIZON = 2.0


def people(seed, n, *, slope=1.0):
    """Draw people with a known hazard, seen about every year until they are lost, the sooner the higher it is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    rate = np.exp(-2.2 + 0.9 * x)
    years, lost = rng.exponential(1.0 / rate), rng.exponential(6.0 * np.exp(-0.4 * x))
    left, right, here = np.zeros(n), np.full(n, np.inf), np.ones(n, dtype=bool)
    for _ in range(12):
        visit = left + rng.uniform(0.5, 1.5, n)
        here &= visit <= lost
        found = here & (years <= visit)
        right[found] = visit[found]
        here &= ~found
        left[here] = visit[here]
    said = 1.0 - np.exp(-(rate**slope) * HORIZON)
    return said, years, left, right


@pytest.mark.parametrize("slope", [1.0, 1.4])
def test_they_are_near_those_of_people_seen_to_the_horizon(slope):
    """Over 12 cohorts of 1,500, half of them torn at the horizon: the mean error of each score is small."""
    errors = []
    for seed in range(12):
        risk, years, left, right = people(seed, 1500, slope=slope)
        found = risk_scores(risk, event_by(left, right, risk, HORIZON))
        known = risk_scores(risk, years <= HORIZON)
        errors.append([found[name] - known[name] for name in ("auc", "brier", "scaled_brier", "calibration_slope")])
    assert (np.abs(np.mean(errors, axis=0)) < [0.015, 0.006, 0.03, 0.08]).all()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60))
def test_what_was_seen_is_certain_and_the_rest_is_probable(seed, n):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 6, n) * 0.5
    right = np.where(rng.random(n) < 0.4, np.inf, left + rng.integers(0, 6, n) * 0.5)
    event = event_by(left, right, rng.random(n), HORIZON)
    assert ((event >= 0.0) & (event <= 1.0)).all()
    assert (event[right <= HORIZON] == 1.0).all()
    assert (event[(left >= HORIZON) & (right > HORIZON)] == 0.0).all()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 25))
def test_the_soft_auc_counts_pairs(seed, n):
    """Brute force over pairs of two people; where all is known, it is the AUC."""
    rng = np.random.default_rng(seed)
    score, event = rng.integers(0, 5, n) / 4.0, rng.choice([0.0, 0.3, 1.0], n)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    weight = [event[i] * (1.0 - event[j]) for i, j in pairs]
    above = [(score[i] > score[j]) + 0.5 * (score[i] == score[j]) for i, j in pairs]
    expected = np.dot(weight, above) / np.sum(weight) if np.sum(weight) > 0.0 else np.nan
    np.testing.assert_allclose(soft_auc(score, event), expected, atol=1e-12)
    known = event > 0.5
    np.testing.assert_allclose(soft_auc(score, known.astype(float)), auc(score, known), atol=1e-12)


HORIZONS = {"1y": 1.0, "2y": 2.0, "5y": 5.0}


def theirs(event, end, risk):
    """The AUC of each horizon by scikit-survival, each column of risks judged at its own horizon."""
    seen = np.array(list(zip(event, end, strict=True)), dtype=[("event", bool), ("end", float)])
    return cumulative_dynamic_auc(seen, seen, risk, list(HORIZONS.values()))[0]


def ours(event, end, risk):
    right, years = np.where(event, end, np.inf), HORIZONS.values()
    return np.array([soft_auc(each, event_by(end, right, each, at)) for each, at in zip(risk.T, years, strict=True)])


def nobody_lost(seed, n, levels):
    """Draw times that tie, and risks that tie for each horizon; nobody is lost before the last horizon."""
    rng = np.random.default_rng(seed)
    end = rng.integers(1, 33, n) * 0.25
    end[:10] = [0.5] * 5 + [7.0] * 5  # people enough on both sides of each horizon to be told of
    return end < 6.0, end, rng.integers(0, levels, (n, len(HORIZONS))) / levels


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(10, 80), levels=st.integers(1, 8))
def test_where_nobody_is_lost_it_is_the_auc_of_scikit_survival(seed, n, levels):
    """At each horizon to the last digit, ties of risks and of times included."""
    event, end, risk = nobody_lost(seed, n, levels)
    np.testing.assert_allclose(ours(event, end, risk), theirs(event, end, risk), atol=1e-12)


def test_a_report_has_the_auc_of_scikit_survival_at_each_horizon():
    event, end, risk = nobody_lost(3, 80, 20)
    right, alone = np.where(event, end, np.inf), np.arange(80)
    found = risk_summary(end, right, risk, horizons=HORIZONS, people=alone, groups=alone, seed=0)
    np.testing.assert_allclose([found[name]["auc"]["value"] for name in HORIZONS], theirs(event, end, risk), atol=1e-12)


def test_where_people_are_lost_at_random_it_is_near_the_auc_of_scikit_survival():
    """Over 20 cohorts of 800 who are lost from half a year to 8 years, the mean difference is less than 0.01."""
    differences = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rate = np.exp(-1.5 + rng.normal(size=800))
        years, lost = rng.exponential(1.0 / rate), rng.uniform(0.5, 8.0, 800)
        event, end = years <= lost, np.minimum(years, lost)
        risk = 1.0 - np.exp(-rate[:, None] * list(HORIZONS.values()))
        differences.append(ours(event, end, risk) - theirs(event, end, risk))
    mean, error = np.mean(differences, axis=0), np.std(differences, axis=0, ddof=1) / np.sqrt(len(differences))
    assert (np.abs(mean) + 2.6 * error < 0.01).all()
