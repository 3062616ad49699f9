import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression

from pipeline.errors import UsageError
from pipeline.learners.periods import Intervals, PersonPeriods, checked_interval, fit_hazard, log_likelihood, snap

YEARS = st.floats(0.0, 12.0)


@st.composite
def intervals(draw, most=8, periods=6):
    n = draw(st.integers(1, most))
    start = np.array(draw(st.lists(st.integers(0, periods), min_size=n, max_size=n)))
    length = np.array(draw(st.lists(st.integers(0, periods), min_size=n, max_size=n)))
    return Intervals(start, np.minimum(start + length, periods))


@given(seen=intervals(), seed=st.integers(0, 2**32 - 1))
def test_the_likelihood_is_the_probability_of_what_was_seen(seen, seed):
    """Brute force: the chance to survive up to an interval and to have the event inside, summed over its periods."""
    eta = np.random.default_rng(seed).normal(-1.0, 2.0, size=(len(seen.start), 6))
    hazard = 1.0 / (1.0 + np.exp(-eta))
    survival = np.hstack([np.ones((len(eta), 1)), np.cumprod(1.0 - hazard, axis=1)])
    rows = np.arange(len(eta))
    chance = survival[rows, seen.start] - np.where(seen.event_indicator, survival[rows, seen.end], 0.0)
    np.testing.assert_allclose(log_likelihood(eta, seen)[0], np.log(chance), rtol=1e-8, atol=1e-12)


@given(seen=intervals(), seed=st.integers(0, 2**32 - 1))
def test_the_slope_is_that_of_the_likelihood(seen, seed):
    """Finite differences agree, so that the fit stops at a maximum."""
    eta = np.random.default_rng(seed).normal(-1.0, 2.0, size=(len(seen.start), 6))

    def value(flat):
        return float(log_likelihood(flat.reshape(eta.shape), seen)[0].sum())

    def slope(flat):
        return log_likelihood(flat.reshape(eta.shape), seen)[1].ravel()

    assert check_grad(value, slope, eta.ravel()) < 1e-4 * (1.0 + np.abs(slope(eta.ravel())).max())


@given(scale=st.floats(-800.0, 800.0), seen=intervals())
def test_no_hazard_is_too_extreme(scale, seen):
    """A step of the search into hazards of nearly 0 or 1 gives finite numbers and no warning."""
    value, slope = log_likelihood(np.full((len(seen.start), 6), scale), seen)
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()


@given(ends=st.lists(st.tuples(YEARS, YEARS, st.booleans()), min_size=1, max_size=20), period=st.floats(0.05, 2.0))
def test_rounding_keeps_an_event_an_event(ends, period):
    """Rounded interval ends stay in order and within half a period, whatever was found at a visit.

    An event that may lie beyond the grid counts as not seen.
    """
    periods = 12
    left = np.array([min(a, b) for a, b, _ in ends])
    right = np.array([np.inf if censored else max(a, b) + 1e-6 for a, b, censored in ends])
    seen = snap(left, right, period, periods)
    assert (seen.start >= 0).all()
    assert (seen.start <= seen.end).all()
    assert (seen.end <= periods).all()
    rounded = np.rint(np.where(np.isfinite(right), right, 0.0) / period)
    assert (seen.event_indicator <= np.isfinite(right)).all()
    assert seen.event_indicator[np.isfinite(right) & (rounded <= periods) & (left < (periods - 1) * period)].all()
    inside = seen.event_indicator
    assert (np.abs(seen.start * period - left)[inside] <= period * (1.0 + 1e-9)).all()
    assert (np.abs(seen.end * period - right)[inside] <= period * (1.0 + 1e-9)).all()


@given(visit=st.floats(0.2, 9.0), seed=st.integers(0, 100))
def test_a_visit_counts_alike_whatever_it_found(visit, seed):
    """The same visit ends the time at risk of those without the event where it ends the interval of those with it."""
    event, none = (
        snap(np.array([0.0]), np.array([visit]), 0.25, 40),
        snap(np.array([visit]), np.array([np.inf]), 0.25, 40),
    )
    assert event.end[0] == max(none.start[0], 1)


def test_an_exact_time_lies_in_its_period():
    seen = snap(np.array([0.25, 0.26, 1.0]), np.array([0.25, 0.26, 1.0]), 0.25, 8)
    assert (seen.start.tolist(), seen.end.tolist()) == ([0, 1, 3], [1, 2, 4])


def _em_rows(people, theta):
    """Return weighted person-period rows: expected events and expected non-events of each person in each period."""
    hazard = 1.0 / (1.0 + np.exp(-people.eta(theta)))
    periods = hazard.shape[1]
    rows = []
    for person, (start, end) in enumerate(zip(people.intervals.start, people.intervals.end, strict=True)):
        survival = np.concatenate([[1.0], np.cumprod(1.0 - hazard[person])])
        inside = np.arange(start, end)
        share = hazard[person, inside] * survival[inside]
        event = dict(zip(inside.tolist(), (share / share.sum()).tolist(), strict=True)) if len(inside) else {}
        for period in range(min(max(start, end), periods)):
            at_risk = 1.0 if period < start else sum(event[t] for t in inside if t >= period)
            rows.append((person, period, 1, event.get(period, 0.0)))
            rows.append((person, period, 0, at_risk - event.get(period, 0.0)))
    return np.array(rows)


def test_the_fit_is_the_fixed_point_of_expectation_maximisation():
    """Reference: scikit-learn's logistic regression on EM's weighted person-period rows gives the coefficients back."""
    rng = np.random.default_rng(0)
    n, periods = 60, 6
    Z = rng.normal(size=(n, 3))
    start = rng.integers(0, periods, n)
    seen = Intervals(start, np.where(rng.random(n) < 0.5, np.minimum(start + rng.integers(1, 4, n), periods), start))
    basis = np.column_stack([np.ones(periods), np.arange(periods) / periods])
    weight = rng.uniform(0.5, 1.5, n)
    ridge = np.array([0.1, 0.5, 2.0, 2.0, 2.0])
    people = PersonPeriods(Z, basis, seen, weight)
    theta = fit_hazard(people, ridge, np.zeros(5))
    rows = _em_rows(people, theta)
    person, period = rows[:, 0].astype(int), rows[:, 1].astype(int)
    design = np.hstack([basis[period], Z[person]]) / np.sqrt(ridge)
    model = LogisticRegression(C=1.0, fit_intercept=False, tol=1e-10, max_iter=10_000)
    model.fit(design, rows[:, 2], sample_weight=rows[:, 3].clip(0.0) * weight[person])
    np.testing.assert_allclose(model.coef_[0] / np.sqrt(ridge), theta, atol=1e-4)


@pytest.mark.parametrize(
    ("left", "right"), [([-1.0], [1.0]), ([2.0], [1.0]), ([np.nan], [1.0]), ([0.0], [np.nan]), ([0.0], [0.0])]
)
def test_an_empty_interval_is_refused(left, right):
    """Somebody whose event came before the visit is not at risk; the message counts rows and quotes none."""
    with pytest.raises(UsageError, match="1 of 1 rows whose interval is empty, negative or not a number"):
        checked_interval(np.array(left), np.array(right), 1)


def test_ends_of_another_length_are_refused():
    with pytest.raises(UsageError, match=r"right of shape \(1,\), but X has 2 rows"):
        checked_interval(np.zeros(2), np.ones(1), 2)
