"""Cumulative incidence where several causes compete."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sksurv.nonparametric import cumulative_incidence_competing_risks

from pipeline.errors import UsageError
from pipeline.learners.competing import Causes, incidence
from pipeline.learners.hazard import ProgressionHazard

HORIZONS = (1.0, 2.0, 5.0)


def two_causes(n, seed, *, effect=0.0):
    """Draw a covariate, exact times of an event of rate 0.2 and of another of rate 0.1, seen for 2 to 8 years."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    own = rng.exponential(5.0, n) / np.exp(effect * X[:, 0])
    other = rng.exponential(10.0, n) / np.exp(-effect * X[:, 0])
    end = rng.uniform(2.0, 8.0, n)
    first = np.minimum(np.minimum(own, other), end)
    right = np.where(own == first, own, np.inf)
    return X, first, right, np.where(other == first, other, np.inf)[:, None]


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), causes=st.integers(1, 4), periods=st.integers(1, 9), highest=st.floats(0.0, 30.0)
)
def test_all_causes_and_who_is_free_add_up_to_one(seed, causes, periods, highest):
    """Incidences rise with the horizon, add up to what leaves, and do not depend on the names of the causes."""
    rng = np.random.default_rng(seed)
    exits = [rng.uniform(0.0, highest, (5, periods)) * rng.integers(2, size=(5, periods)) for _ in range(causes)]
    ends = np.sort(rng.uniform(0.0, periods, 3))
    exposure = np.clip(ends - np.arange(periods)[:, None], 0.0, 1.0)
    found = incidence(exits, exposure)
    assert found.shape == (5, 3, causes)
    assert (np.diff(found, axis=1) >= 0.0).all()
    free = np.exp(-(sum(exits) @ exposure))
    np.testing.assert_allclose(found.sum(axis=2) + free, 1.0, atol=1e-12)
    for order in permutations(range(causes)):
        np.testing.assert_allclose(
            incidence([exits[cause] for cause in order], exposure), found[..., list(order)], atol=1e-12
        )


def test_a_cause_that_never_comes_changes_nothing():
    """A competing cause without an event: the same bits as without any."""
    X, left, right, _ = two_causes(80, 0)
    plain = ProgressionHazard(draws=3).fit(X, left, right)
    never = ProgressionHazard(draws=3).fit(X, left, right, competing=np.full((80, 1), np.inf))
    assert never.predict_risk(X).tobytes() == plain.predict_risk(X).tobytes()
    assert np.array(never.predict_risk_interval(X)).tobytes() == np.array(plain.predict_risk_interval(X)).tobytes()


def test_the_order_of_causes_does_not_matter():
    rng = np.random.default_rng(1)
    X, left, right, other = two_causes(120, 1)
    third = np.where(~np.isfinite(right) & ~np.isfinite(other[:, 0]) & (rng.random(120) < 0.3), left, np.inf)
    both = np.column_stack([other, third])
    one = ProgressionHazard(draws=0).fit(X, left, right, competing=both)
    two = ProgressionHazard(draws=0).fit(X, left, right, competing=both[:, ::-1])
    np.testing.assert_allclose(one.predict_incidence(X), two.predict_incidence(X)[..., [0, 2, 1]], atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
def test_incidence_is_that_of_aalen_and_johansen(seed):
    """Without covariates the risk is the nonparametric cumulative incidence; ignoring the other cause it is not."""
    _, left, right, other = two_causes(4000, seed)
    nothing = np.zeros((4000, 1))
    model = ProgressionHazard(HORIZONS, draws=0).fit(nothing, left, right, competing=other)
    event = np.where(np.isfinite(right), 1, np.where(np.isfinite(other[:, 0]), 2, 0))
    times, curves = cumulative_incidence_competing_risks(event, left)
    expected = [[curves[cause][np.searchsorted(times, h, side="right") - 1] for cause in (1, 2)] for h in HORIZONS]
    np.testing.assert_allclose(model.predict_incidence(nothing[:1])[0], expected, atol=0.012)
    alone = ProgressionHazard(HORIZONS, draws=0).fit(nothing, left, right, competing=None)
    assert alone.predict_risk(nothing[:1])[0, 2] > expected[2][0] + 0.08


def test_risks_stay_in_order_and_inside_their_intervals():
    X, left, right, other = two_causes(400, 2, effect=0.7)
    model = ProgressionHazard(HORIZONS, draws=10).fit(X, left, right, competing=other)
    risk = model.predict_risk(X)
    low, high = model.predict_risk_interval(X)
    assert (low <= risk).all()
    assert (risk <= high).all()
    assert (np.diff(risk, axis=1) >= 0.0).all()
    assert (model.predict_incidence(X).sum(axis=2) <= 1.0 + 1e-12).all()
    assert np.corrcoef(risk[:, 2], X[:, 0])[0, 1] > 0.9


def test_each_person_ends_once():
    """A person's first event is one cause's; the others were not seen up to then."""
    inf = np.inf
    left, right = np.array([0.0, 1.0, 4.0, 3.0]), np.array([2.0, 3.0, inf, inf])
    ends = np.array([[inf, inf], [2.5, inf], [inf, 3.0], [inf, inf]])
    causes = Causes.of(left, right, ends)
    assert causes.left.tolist() == [0.0, 1.0, 3.0, 3.0]
    assert causes.right.tolist() == [2.0, inf, inf, inf]
    told = [tuple(part.tolist() for part in pair) for pair in causes.others()]
    assert told[0] == ([2.0, 2.5, 3.0, 3.0], [inf, 2.5, inf, inf])
    assert told[1] == ([2.0, 2.5, 3.0, 3.0], [inf, inf, 3.0, inf])


def test_a_competing_event_before_the_visit_is_refused():
    with pytest.raises(UsageError, match="1 of 2 rows with a competing event at or before the visit"):
        Causes.of(np.ones(2), np.full(2, np.inf), np.array([[0.0], [2.0]]))
