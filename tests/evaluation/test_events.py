import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sksurv.metrics import concordance_index_censored
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator

from pipeline.evaluation.events import concordance, observed_over_expected, turnbull
from pipeline.evaluation.risks import event_by
from pipeline.evaluation.summary import event_summary

HORIZONS = np.array([1.0, 2.0, 5.0])


@st.composite
def censored(draw, step=0.25):
    """Draw intervals on a grid: exact within a step, wide, or without an event."""
    n = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    left = rng.integers(0, 16, n) * step
    right = np.where(rng.random(n) < 0.3, np.inf, left + rng.integers(1, 9, n) * step)
    return left, right, rng.choice([0.1, 0.2, 0.3, 0.5, 0.9], size=n)


@given(case=censored())
def test_the_observed_share_is_a_survival_curve(case):
    """Shares without the event lie in [0, 1] and never rise."""
    left, right, _ = case
    free = turnbull(left, right, HORIZONS)
    assert ((free >= 0.0) & (free <= 1.0)).all()
    assert (np.diff(free) <= 1e-12).all()


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 60))
def test_exact_and_right_censored_times_give_kaplan_and_meier(seed, n):
    """Reference: scikit-survival's Kaplan-Meier, where each event lies within one step of the grid."""
    rng = np.random.default_rng(seed)
    end = rng.integers(1, 24, n) * 0.25
    event = rng.random(n) < 0.7
    if not event.any():
        return
    left, right = np.where(event, end - 0.25, end), np.where(event, end, np.inf)
    times, free = kaplan_meier_estimator(event, end)
    steps = np.searchsorted(times, HORIZONS, side="right")
    reference = np.concatenate([[1.0], free])[steps]
    # after the last time Kaplan-Meier is flat by convention, and the likelihood does not care
    known = times.max() >= HORIZONS
    estimate = turnbull(left, right, HORIZONS, period=0.25, tolerance=1e-12)
    np.testing.assert_allclose(estimate[known], reference[known], atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_curve_is_more_likely(seed):
    """Brute force: a general optimiser finds no curve of greater likelihood."""
    rng = np.random.default_rng(seed)
    n, cells = 40, 8
    first = rng.integers(0, cells, n)
    last = np.where(rng.random(n) < 0.3, cells, np.minimum(first + rng.integers(0, 4, n), cells - 1))
    right = np.where(last == cells, np.inf, last + 1.0)
    grid = np.arange(1.0, cells + 1.0)
    free = np.concatenate([[1.0], turnbull(first.astype(float), right, grid, period=1.0, tolerance=1e-10), [0.0]])
    holds = (np.arange(cells + 1) >= first[:, None]) & (np.arange(cells + 1) <= last[:, None])

    def loss(logits):
        mass = np.exp(logits - logits.max())
        return -np.log(holds @ (mass / mass.sum()) + 1e-300).sum()

    best = min(minimize(loss, rng.normal(size=cells + 1), method="BFGS").fun for _ in range(3))
    assert -np.log(holds @ -np.diff(free)).sum() <= best + 1e-4


@given(case=censored())
def test_concordance_counts_pairs_of_certain_order(case):
    """Brute force over all pairs of people."""
    left, right, risk = case
    pairs = concordant = 0.0
    for i in range(len(left)):
        for j in range(len(left)):
            if np.isfinite(right[i]) and right[i] <= left[j]:
                pairs += 1
                concordant += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0.0
    expected = concordant / pairs if pairs else np.nan
    assert concordance(left, right, risk) == pytest.approx(expected, nan_ok=True)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 60))
def test_exact_times_give_harrells_concordance(seed, n):
    """Reference: scikit-survival's C for exact and right-censored times, ties of score and of time included."""
    rng = np.random.default_rng(seed)
    years, event, risk = rng.integers(1, 15, n) * 0.5, rng.random(n) < 0.6, rng.integers(0, 6, n) * 0.1
    left, right = years, np.where(event, years, np.inf)
    earliest = years[event].min() if event.any() else np.inf
    if not ((years > earliest) | ((years == earliest) & ~event)).any():
        assert np.isnan(concordance(left, right, risk))
        return
    assert concordance(left, right, risk) == pytest.approx(concordance_index_censored(event, years, risk)[0])


def test_events_after_the_horizon_do_not_count():
    """Up to a horizon, only pairs whose earlier event was seen by then count."""
    left, right = np.array([0.0, 3.0, 6.0]), np.array([1.0, 4.0, np.inf])
    assert concordance(left, right, np.array([0.9, 0.1, 0.5]), horizon=2.0) == 1.0
    assert np.isnan(concordance(left, right, np.array([0.9, 0.1, 0.5]), horizon=0.5))


def test_people_lost_before_the_horizon_still_count():
    """Half of the people are lost early: the observed share by 5 years is right, where dropping them gives far less."""
    rng = np.random.default_rng(0)
    years, lost = rng.exponential(4.0, 4000), rng.uniform(0.0, 8.0, 4000)
    event = years <= lost
    left, right = np.where(event, years, lost), np.where(event, years, np.inf)
    truth = np.full(4000, 1.0 - np.exp(-5.0 / 4.0))
    assert observed_over_expected(left, right, truth, 5.0) == pytest.approx(1.0, abs=0.05)
    assert observed_over_expected(left, right, truth / 2.0, 5.0) == pytest.approx(2.0, abs=0.1)


def test_nobody_has_no_observed_share():
    nobody = np.zeros(0)
    assert np.isnan(turnbull(nobody, nobody, HORIZONS)).all()
    assert np.isnan(observed_over_expected(nobody, nobody, nobody, 1.0))
    assert np.isnan(concordance(nobody, nobody, nobody))


@pytest.mark.parametrize("hazard", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("horizon", [1.0, 2.0, 5.0])
def test_a_right_risk_has_observed_over_expected_one_though_visits_lie_years_apart(hazard, horizon):
    """Whoever reads O/E at 1 year may trust it where visits are 1 to 4 years apart: 20 seeds, 1,000 people each."""
    ratios = [_ratio(hazard, horizon, np.random.default_rng(seed)) for seed in range(20)]
    error = np.std(ratios, ddof=1) / np.sqrt(len(ratios))
    assert abs(np.mean(ratios) - 1.0) < 0.1 + 2.0 * error


def _ratio(hazard, horizon, rng, people=1000):
    left, right = _seen_at_visits(hazard, rng, people)
    risk = np.full(people, 1.0 - np.exp(-hazard * horizon))
    return observed_over_expected(left, right, risk, horizon, period=0.25)


def _seen_at_visits(hazard, rng, people):
    """Draw the visits, 1 to 4 years apart, between which each event lies."""
    time, end = rng.exponential(1.0 / hazard, people), rng.uniform(1.0, 8.0, people)
    visits = np.cumsum(rng.uniform(1.0, 4.0, (people, 8)), axis=1)
    kept = np.where(visits <= end[:, None], visits, np.nan)
    before, after = kept < time[:, None], kept >= time[:, None]
    return np.max(np.where(before, kept, 0.0), axis=1), np.min(np.where(after, kept, np.inf), axis=1)


def test_with_few_events_the_interval_says_how_little_observed_over_expected_is_known():
    """300 people, 26 events, visits 1 to 4 years apart: a right 1-year risk has O/E from 0.2 to 2.2 by chance.

    Its mean over 30 cohorts is 1, and the 95 % interval is wide. It holds 1 less often than it says, in 24 of these 30
    cohorts and in 37 of 40 others: so little is known that its lower end is not to be taken to the letter.
    """
    risk = np.full(300, 1.0 - np.exp(-0.03))
    found = []
    for seed in range(30):
        left, right = _seen_at_visits(0.03, np.random.default_rng(seed), 300)
        found.append(
            event_summary(left, right, risk[:, None], horizons={"1y": 1.0}, groups=np.arange(300), seed=seed, draws=60)[
                "1y"
            ]["observed_over_expected"]
        )
    value, low, high = (np.array([each[key] for each in found]) for key in ("value", "low", "high"))
    assert abs(value.mean() - 1.0) < 0.1 + 2.0 * value.std(ddof=1) / np.sqrt(30)
    assert ((low <= 1.0) & (high >= 1.0)).mean() > 0.75
    assert np.median(high - low) > 1.0


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=15)
def test_with_competing_events_the_share_is_that_of_aalen_and_johansen(seed):
    """Exact times of two causes, and people lost to follow-up."""
    rng = np.random.default_rng(seed)
    own, other, end = (rng.integers(1, 40, 60) * 0.25 - 0.05 for _ in range(3))
    first = np.minimum(np.minimum(own, other), end)
    event = np.where(own == first, 1, np.where(other == first, 2, 0))
    event[:3] = 1, 2, 0
    right = np.where(event == 1, first, np.where(event == 2, np.nan, np.inf))
    free = turnbull(first, right, [1.0, 4.0], period=0.25, tolerance=1e-9)
    times, curves = cumulative_incidence_competing_risks(event, first)
    expected = [1.0 - np.append(curves[1], 0.0)[np.searchsorted(times, h, side="right") - 1] for h in (1.0, 4.0)]
    np.testing.assert_allclose(free, expected, atol=1e-4)


def test_who_met_a_competing_event_never_has_the_event():
    """Three people: an event in the first year, a death in the first, one free to the end."""
    left, right = np.array([0.0, 0.5, 6.0]), np.array([1.0, np.nan, np.inf])
    risk = np.array([0.9, 0.5, 0.1])
    assert event_by(left, right, risk, 5.0).tolist() == [1.0, 0.0, 0.0]
    assert concordance(left, right, risk) == 1.0
    assert concordance(left, right, -risk) == 0.0
