"""What the hazard is made of: columns named before, the probabilities of a label, and the rest."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skops.io import dumps, loads

from pipeline.bundle.allowed import ALLOWED_TYPES
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.predictors import HazardPredictors


@cache
def by_diagnosis(seed, n=400, noise=25):
    """Draw people of three diagnoses, of which one has four times the hazard; each shows in six signs, with errors.

    One more column raises the hazard by itself, and `noise` columns say nothing.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    signs = (rng.random((n, 18)) < np.where(np.arange(18) // 6 == kind[:, None], 0.8, 0.2)).astype(float)
    family = (rng.random(n) < 0.3).astype(float)
    X = np.column_stack([signs, family, rng.normal(size=(n, noise))])
    rate = 0.03 * np.where(kind == 2, 4.0, 1.0) * np.where(family == 1.0, 2.5, 1.0)
    years = rng.exponential(1.0 / rate)
    right = np.where(years < 6.0, years, np.inf)
    truth = 1.0 - np.exp(-5.0 * rate)
    return X, np.minimum(years, 6.0), right, np.array(["a", "b", "c"])[kind], truth


def missed(risk, truth):
    """Return the mean log-loss beyond that of the true risk."""
    risk = np.clip(risk, 1e-6, 1.0 - 1e-6)
    said = truth * np.log(risk) + (1.0 - truth) * np.log1p(-risk)
    return float((truth * np.log(truth) + (1.0 - truth) * np.log1p(-truth) - said).mean())


def test_what_is_known_before_and_the_label_are_worth_having():
    """With about 100 events and 44 columns, each of the two brings the risk nearer the truth, over three cohorts."""
    found = []
    for seed in range(3):
        X, left, right, labels, _ = by_diagnosis(seed)
        new, _, _, _, truth = by_diagnosis(seed + 50)
        fits = (
            ProgressionHazard(draws=0).fit(X, left, right),
            ProgressionHazard(draws=0, prespecified=(18,)).fit(X, left, right),
            ProgressionHazard(draws=0, prespecified=(18,)).fit(X, left, right, labels=labels),
        )
        found.append([missed(model.predict_risk(new)[:, -1], truth) for model in fits])
    alone, named, told = np.mean(found, axis=0)
    assert named < 0.9 * alone
    assert told < 0.8 * named


def test_a_label_that_is_not_known_is_left_out():
    """Rows without a label count for the events, and no label is made of them; without any label nothing is added."""
    X, left, right, labels, _ = by_diagnosis(0)
    some = np.where(np.arange(len(X)) % 3 == 0, "", labels)
    model = ProgressionHazard(draws=2).fit(X, left, right, labels=some)
    assert model.predictors_.labeller_[0].classes_.tolist() == ["a", "b", "c"]
    none = ProgressionHazard(draws=2).fit(X, left, right, labels=np.full(len(X), ""))
    assert not none.predictors_.labeller_
    assert none.predict_risk(X).tobytes() == ProgressionHazard(draws=2).fit(X, left, right).predict_risk(X).tobytes()


def test_in_training_a_label_is_predicted_by_people_left_out():
    """Labels that no feature tells: out of fold they are not told, though a model of all rows would know them apart."""
    rng = np.random.default_rng(0)
    X, labels = rng.normal(size=(200, 30)), rng.choice(["a", "b"], 200)
    Z = HazardPredictors().fit_transform(X, labels, np.arange(200))
    assert Z.shape == (200, 32)
    apart = Z[labels == "a", 30].mean() - Z[labels == "b", 30].mean()
    assert abs(apart) < 0.1


def test_a_saved_hazard_with_a_label_gives_the_same_bits():
    X, left, right, labels, _ = by_diagnosis(1)
    model = ProgressionHazard(draws=2, prespecified=(18,)).fit(X, left, right, labels=labels)
    again = loads(dumps(model), trusted=sorted(ALLOWED_TYPES))
    assert again.predict_risk(X).tobytes() == model.predict_risk(X).tobytes()
    alone = [model.predict_risk(X[row : row + 1]) for row in (0, 7)]
    assert np.vstack(alone).tobytes() == model.predict_risk(X)[[0, 7]].tobytes()


@cache
def by_course(seed, n=900):
    """Draw people some years after onset: in one diagnosis the risk is over after a few years, in the other it stays.

    The clock is the last column; of one in ten it is not known.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(2, size=n)
    signs = (rng.random((n, 12)) < np.where(np.arange(12) // 6 == kind[:, None], 0.85, 0.15)).astype(float)
    gone = rng.uniform(0.0, 12.0, n)
    years = np.where(kind == 1, _early(gone, rng.exponential(size=n)), rng.exponential(1.0 / 0.04, n))
    truth = np.where(kind == 1, 1.0 - np.exp(_summed(gone) - _summed(gone + 5.0)), 1.0 - np.exp(-5.0 * 0.04))
    clock = np.where(rng.random(n) < 0.1, np.nan, gone)
    return np.column_stack([signs, clock]), np.minimum(years, 6.0), np.where(years < 6.0, years, np.inf), kind, truth


def _summed(years):
    """Return the cumulative hazard of 0.8 / (1 + t)^1.5 a year."""
    return 1.6 * (1.0 - 1.0 / np.sqrt(1.0 + years))


def _early(gone, exponential):
    """Return the years from now on at which that hazard has used up an exponential time; infinity if never."""
    left = 1.0 - (_summed(gone) + exponential) / 1.6
    with np.errstate(divide="ignore"):
        return np.where(left > 0.0, 1.0 / left**2 - 1.0 - gone, np.inf)


def test_a_clock_tells_labels_of_different_courses_apart():
    """Two diagnoses with about the same risk soon after onset, of which one then has none: over three cohorts."""
    found = []
    for seed in range(3):
        X, left, right, kind, _ = by_course(seed)
        new, _, _, _, truth = by_course(seed + 50)
        labels = np.array(["early", "always"])[1 - kind]
        fits = (
            ProgressionHazard(draws=0, prespecified=(12,)).fit(X, left, right, labels=labels),
            ProgressionHazard(draws=0, prespecified=(12,), clock=12).fit(X, left, right, labels=labels),
        )
        found.append([missed(model.predict_risk(new)[:, -1], truth) for model in fits])
    without, told = np.mean(found, axis=0)
    assert told < 0.6 * without


def test_a_clock_is_of_use_without_a_label():
    """All have the course of which the risk is soon over."""
    X, left, right, kind, truth = by_course(4)
    early = kind == 1
    fits = (
        ProgressionHazard(draws=0).fit(X[early, :12], left[early], right[early]),
        ProgressionHazard(draws=0, clock=12).fit(X[early], left[early], right[early]),
    )
    without, told = (missed(m.predict_risk(X[early, : m.n_features_in_])[:, -1], truth[early]) for m in fits)
    assert told < 0.5 * without


@given(arrays(float, 30, elements=st.one_of(st.floats(0.0, 1e6), st.just(np.nan), st.just(0.0))))
def test_whatever_a_clock_holds_its_columns_are_finite(clock):
    """Unknown years count as the mean, and a clock that stands still, or is known of nobody, adds nothing."""
    X = np.column_stack([np.arange(30.0) % 7, clock])
    predictors = HazardPredictors(clock=1)
    Z = predictors.fit_transform(X, None, np.arange(30))
    assert np.isfinite(Z).all()
    assert Z.shape[1] == len(predictors.prior_) == len(predictors.rest_)
    courses = Z.shape[1] - HazardPredictors().fit_transform(X, None, np.arange(30)).shape[1]
    known = clock[~np.isnan(clock)]
    if not len(known) or np.ptp(known) == 0.0:
        assert courses == 0
    elif np.ptp(np.log(known + 1.0)) > 0.01:
        assert courses == 1
        assert not Z[np.isnan(clock), -1].any()


@pytest.mark.parametrize("clock", [None, 12])
def test_a_clock_leaves_every_row_its_own_bits(clock):
    X, left, right, kind, _ = by_course(1)
    model = ProgressionHazard(draws=2, clock=clock).fit(X, left, right, labels=np.array(["a", "b"])[kind])
    again = loads(dumps(model), trusted=sorted(ALLOWED_TYPES))
    assert again.predict_risk(X).tobytes() == model.predict_risk(X).tobytes()
    assert model.predict_risk(X[7:8]).tobytes() == model.predict_risk(X)[7:8].tobytes()
