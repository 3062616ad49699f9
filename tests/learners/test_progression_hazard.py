from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from skops.io import dumps, loads

from pipeline.bundle.allowed import ALLOWED_TYPES
from pipeline.errors import UsageError
from pipeline.learners.hazard import ProgressionHazard

TRUSTED = sorted(ALLOWED_TYPES)


def seen_between_visits(years, seed):
    """Return the interval of each event time, seen at visits 1 to 4 years apart over 2 to 12 years."""
    rng = np.random.default_rng(seed)
    n = len(years)
    visits = np.cumsum(rng.uniform(1.0, 4.0, size=(n, 12)), axis=1)
    visits[visits > rng.uniform(2.0, 12.0, n)[:, None]] = np.inf
    visits = np.hstack([np.zeros((n, 1)), visits, np.full((n, 1), np.inf)])
    # a visit beyond follow-up is at infinity, so that an event after the last one is not seen
    after = (visits < years[:, None]).sum(axis=1)
    rows = np.arange(n)
    return visits[rows, after - 1], visits[rows, after]


def people(n, seed, *, effect=0.3, features=20, effects=5):
    """Draw features, intervals, and the true risk by 1, 2 and 5 years."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, features))
    X[:, : features // 2] = X[:, : features // 2] > 0.0
    slopes = np.zeros(features)
    slopes[:: features // effects] = effect
    score = (X - np.where(np.arange(features) < features // 2, 0.5, 0.0)) @ slopes
    years = (rng.exponential(size=n) / np.exp(score)) ** (1 / 1.2) / 0.15
    left, right = seen_between_visits(years, seed)
    return X, left, right, 1.0 - np.exp(-np.exp(score)[:, None] * (0.15 * np.array([1.0, 2.0, 5.0])) ** 1.2)


def blepharospasm(n, seed):
    """Draw years to spread by the hazard of our clinical facts, section 3.4."""
    rng = np.random.default_rng(seed)
    soon = np.where(rng.random(n) < 0.40, 1.61 * rng.weibull(1.26, n), np.inf)
    return np.minimum(soon, rng.exponential(1 / 0.015, n))


@cache
def fitted():
    X, left, right, _ = people(300, 0)
    return ProgressionHazard(draws=20).fit(X, left, right, np.arange(300) // 2)


def test_who_enters_late_says_nothing_of_the_time_before():
    """People who were seen only from year 2 on, if the event had not come by then: the same risks as from all.

    Ignoring the entry would call the first two years free of events, and the 1-year risk would be a third too low.
    """
    rng = np.random.default_rng(4)
    years, entry = rng.exponential(5.0, 6000), rng.uniform(0.0, 2.0, 6000)
    here = years > entry
    years, entry = years[here], entry[here]
    X = np.zeros((len(years), 1))
    end = np.minimum(years, 8.0)
    right = np.where(years < 8.0, years, np.inf)
    told = ProgressionHazard(draws=0).fit(X, end, right, entry=entry).predict_risk(X[:1])[0]
    ignored = ProgressionHazard(draws=0).fit(X, end, right).predict_risk(X[:1])[0]
    np.testing.assert_allclose(told, 1.0 - np.exp(-np.array([1.0, 2.0, 5.0]) / 5.0), atol=0.02)
    assert ignored[0] < 0.8 * told[0]


def test_an_event_before_entry_is_refused():
    with pytest.raises(UsageError, match="1 of 2 rows that enter late, but 0 <= entry <= left must hold"):
        ProgressionHazard().fit(np.zeros((2, 1)), [1.0, 0.0], [2.0, 1.0], entry=[0.5, 0.5])


def test_trees_find_what_a_line_misses():
    """Risk is high where two signs disagree, which no sum of them shows: with 100 events or more, trees see it."""
    rng = np.random.default_rng(1)
    X = rng.integers(2, size=(1500, 4)) * 1.0
    disagree = X[:, 0] != X[:, 1]
    years = rng.exponential(np.where(disagree, 3.0, 15.0))
    model = ProgressionHazard(draws=0).fit(X, np.minimum(years, 6.0), np.where(years < 6.0, years, np.inf))
    assert len(model.trees_.roots_) > 1
    risk = model.predict_risk(X)[:, -1]
    assert risk[disagree].mean() > risk[~disagree].mean() + 0.3
    large = np.where(X > 0, 1e300, X)
    assert model.trees_.scores(large).tobytes() == model.trees_.scores(X).tobytes()  # and without a warning


def test_with_few_events_a_table_of_named_columns_is_left():
    """30 events and 20 columns: only the named one is used, whatever the others say."""
    X, left, right, _ = people(100, 3, effect=1.0)
    model = ProgressionHazard(draws=0, prespecified=(2,)).fit(X, left, right)
    assert model.events_ < 50
    other = X.copy()
    other[:, np.arange(20) != 2] = 9.0
    assert model.predict_risk(other).tobytes() == model.predict_risk(X).tobytes()


@settings(deadline=None, max_examples=60)
@given(n=st.integers(1, 25), columns=st.integers(0, 4), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_any_small_cohort_gives_risks_in_order(n, columns, seed, data):
    """Whatever was seen, each risk lies in [0, 1] and inside its interval, and never falls with the horizon."""
    rng = np.random.default_rng(seed)
    horizons = tuple(sorted(data.draw(st.sets(st.sampled_from([0.1533, 0.5, 1.0, 2.0, 5.0]), min_size=1))))
    left = rng.choice([0.0, 0.1, 1.0, 3.0, 20.0], size=n)
    right = np.where(rng.random(n) < 0.5, left + rng.choice([1e-9, 0.05, 1.0, 10.0], size=n), np.inf)
    left[0], right[0] = 0.0, horizons[0]
    X = rng.choice([0.0, 1.0, np.nan, 2.5, -1e300, 7.0], size=(n, columns))
    model = ProgressionHazard(horizons, scales=(0.0, 0.5), folds=3, draws=4, least_events=2)
    model.fit(X, left, right, rng.integers(n, size=n))
    risk = model.predict_risk(X)
    low, high = model.predict_risk_interval(X)
    assert risk.shape == low.shape == high.shape == (n, len(horizons))
    assert (low >= 0.0).all()
    assert (low <= risk).all()
    assert (risk <= high).all()
    assert (high <= 1.0).all()
    assert (np.diff(risk, axis=1) >= 0.0).all()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 600), data=st.data())
def test_a_patient_gets_the_same_risk_bits_alone_and_in_any_batch(seed, n, data):
    """The batch a visit comes in never shows in its risk, nor in the interval of its risk."""
    model = fitted()
    X = np.random.default_rng(seed).normal(size=(n, 20))
    order = np.random.default_rng(seed).permutation(n)
    row = data.draw(st.integers(0, n - 1))
    assert model.predict_risk_with_interval(X)[0].tobytes() == model.predict_risk(X).tobytes()
    for predict in (model.predict_risk, lambda X: np.hstack(model.predict_risk_with_interval(X))):
        whole = predict(X)
        assert predict(X[row : row + 1]).tobytes() == whole[row].tobytes()
        assert predict(X[order]).tobytes() == whole[order].tobytes()


def test_a_saved_hazard_gives_the_same_bits():
    """What skops loads, with our classes alone trusted, predicts as the model that was saved."""
    X = people(50, 7)[0]
    again = loads(dumps(fitted()), trusted=TRUSTED)
    assert again.predict_risk(X).tobytes() == fitted().predict_risk(X).tobytes()
    assert np.array(again.predict_risk_interval(X)).tobytes() == np.array(fitted().predict_risk_interval(X)).tobytes()


def test_the_same_events_give_the_same_hazard():
    """Training twice gives the same bits, draws included."""
    X, left, right, _ = people(60, 3)
    one, two = (ProgressionHazard(draws=5).fit(X, left, right) for _ in range(2))
    assert one.draw_slopes_.tobytes() == two.draw_slopes_.tobytes()
    assert one.predict_risk(X).tobytes() == two.predict_risk(X).tobytes()


def test_visits_years_apart_do_not_hide_early_events():
    """Blepharospasm spreads early, but visits are 1 to 4 years apart: the risks are right all the same.

    Coding the event at the visit gives a 1-year risk of 0.000, and at the midpoint 0.085, where the truth is 0.181.
    """
    truth = np.array([0.18131, 0.31345, 0.43762])
    risks = []
    for seed in range(10):
        left, right = seen_between_visits(blepharospasm(1000, seed), seed + 100)
        model = ProgressionHazard(draws=0).fit(np.zeros((1000, 1)), left, right)
        risks.append(model.predict_risk(np.zeros((1, 1)))[0])
    bias = np.mean(risks, axis=0) - truth
    error = np.std(risks, axis=0, ddof=1) / np.sqrt(10)
    assert (np.abs(bias) < np.array([0.015, 0.01, 0.01]) + 2.6 * error).all()


def test_far_visits_and_few_events_leave_the_first_year_near_the_rest():
    """Visits 1 to 4 years apart, a constant hazard, 33 to 56 events: nobody saw how many came in the first year.

    That is left to the shape of the hazard. Were any shape as good as any other, 1-year risks would be 0.15 to 2.3
    times the truth, and their 90 % intervals would miss it often.
    """
    truth, ratios, inside = 1.0 - np.exp(-0.03), [], []
    for seed in range(20):
        left, right = seen_between_visits(np.random.default_rng(seed).exponential(1 / 0.03, 300), seed + 100)
        model = ProgressionHazard(draws=30).fit(np.zeros((300, 1)), left, right)
        ratios.append(model.predict_risk(np.zeros((1, 1)))[0, 0] / truth)
        low, high = model.predict_risk_interval(np.zeros((1, 1)))
        inside.append(low[0, 0] <= truth <= high[0, 0])
    assert np.sqrt(np.mean(np.log(ratios) ** 2)) < 0.65
    assert np.mean(inside) >= 0.8


def test_the_interval_of_a_risk_holds_the_true_risk():
    """The 90 % interval of the estimated risk holds the truth for 0.85 to 0.95 of people, on average over cohorts."""
    shares = []
    for seed in range(4):
        X, left, right, _ = people(500, seed)
        new, _, _, truth = people(500, seed + 1000)
        low, high = ProgressionHazard().fit(X, left, right).predict_risk_interval(new)
        shares.append(((low <= truth) & (truth <= high)).mean())
    assert 0.83 < np.mean(shares) < 0.97


def test_risks_of_new_people_are_calibrated_and_tell_them_apart():
    """On new people the mean risk is right within 0.03, and its slope against the true risk is near 1."""
    X, left, right, _ = people(1500, 1)
    new, _, _, truth = people(1500, 2)
    risk = ProgressionHazard(draws=0).fit(X, left, right).predict_risk(new)
    assert np.abs((risk - truth).mean(axis=0)).max() < 0.03
    for column in range(3):
        assert np.corrcoef(risk[:, column], truth[:, column])[0, 1] > 0.8
        assert 0.8 < np.polyfit(risk[:, column], truth[:, column], 1)[0] < 1.25


def test_with_few_events_everybody_gets_the_average():
    """Fewer than ten patients with an event: no covariate is learned from."""
    X, left, right, _ = people(200, 4)
    seen = np.flatnonzero(np.isfinite(right))
    right[seen[9:]] = np.inf
    model = ProgressionHazard(draws=3).fit(X, left, right)
    assert model.events_ <= 9
    assert not model.slopes_.any()
    assert len(np.unique(model.predict_risk(X), axis=0)) == 1


def test_noise_is_not_learned():
    """Where features say nothing, people's risks hardly differ."""
    rng = np.random.default_rng(0)
    left, right = seen_between_visits(blepharospasm(400, 1), 1)
    risk = (
        ProgressionHazard(draws=0).fit(rng.normal(size=(400, 40)), left, right).predict_risk(rng.normal(size=(99, 40)))
    )
    assert risk[:, 2].std() < 0.05


def test_all_events_in_one_interval_are_learned():
    """Everybody's event in the second year: nearly none before, nearly all by then, and nothing breaks."""
    n = 200
    model = ProgressionHazard(draws=3).fit(np.zeros((n, 2)), np.full(n, 1.0), np.full(n, 2.0))
    risk = model.predict_risk(np.zeros((1, 2)))[0]
    assert risk[0] < 0.1
    assert risk[1] > 0.9


def test_exact_times_are_events_of_their_period():
    """Known times, as of death: the risks are the observed shares."""
    years = np.random.default_rng(0).exponential(3.0, 2000)
    model = ProgressionHazard(draws=0).fit(np.zeros((2000, 1)), years, years)
    shares = [(years <= horizon).mean() for horizon in (1.0, 2.0, 5.0)]
    np.testing.assert_allclose(model.predict_risk(np.zeros((1, 1)))[0], shares, atol=0.03)


def test_a_weight_of_two_is_two_people():
    """Weights count people: doubling one and repeating its row give the same risks, without covariates."""
    X, left, right, _ = people(40, 6)
    twice = np.concatenate([np.arange(40), [0]])
    weight = np.ones(40)
    weight[0] = 2.0
    options = {"scales": (0.0,), "draws": 0}
    one = ProgressionHazard(**options).fit(X, left, right, sample_weight=weight).predict_risk(X[:1])
    two = ProgressionHazard(**options).fit(X[twice], left[twice], right[twice]).predict_risk(X[:1])
    np.testing.assert_allclose(one, two, atol=2e-3)


def test_no_rows_give_no_risks():
    assert fitted().predict_risk(np.empty((0, 20))).shape == (0, 3)
    assert [end.shape for end in fitted().predict_risk_interval(np.empty((0, 20)))] == [(0, 3), (0, 3)]


def test_the_hazard_clones_as_scikit_learn_estimators_do():
    assert clone(ProgressionHazard((1.0,), draws=3)).get_params()["horizons"] == (1.0,)


def test_a_cohort_without_an_event_is_refused():
    with pytest.raises(UsageError, match="no event within 10 years, but a risk needs at least one"):
        ProgressionHazard().fit(np.zeros((3, 1)), np.zeros(3), np.array([np.inf, np.inf, 40.0]))


@pytest.mark.parametrize("horizons", [(), (2.0, 1.0), (0.0, 1.0), (1.0, np.inf)])
def test_horizons_out_of_order_are_refused(horizons):
    with pytest.raises(UsageError, match="they must be positive years in ascending order"):
        ProgressionHazard(horizons).fit(np.zeros((1, 1)), np.zeros(1), np.ones(1))


def test_an_interval_without_draws_is_refused():
    model = ProgressionHazard(draws=0).fit(np.zeros((2, 1)), np.zeros(2), np.ones(2))
    with pytest.raises(
        UsageError, match=r"risk interval: 0 draws and level 0\.9, but it takes a model fitted with draws"
    ):
        model.predict_risk_interval(np.zeros((1, 1)))
