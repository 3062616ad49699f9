"""Reasons for a prediction: they add up, and say what can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.learners.candidates import CANDIDATES
from pipeline.learners.explanation import contributions
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.types import TypeClassifier


def cohort(n=120, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=n)
    X = np.hstack([(rng.random((n, 3)) < 0.2 + 0.3 * truth[:, None]) * 1.0, rng.normal(size=(n, 2)) + truth[:, None]])
    X[rng.random(X.shape) < 0.2] = np.nan
    return X, np.array(["a", "b", "c"])[truth]


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_contributions_add_up_to_what_the_model_says(candidate):
    """Whichever model answers: nothing recorded, plus all parts, is the log-odds; a missing part contributes 0."""
    X, y = cohort()
    model = TypeClassifier(candidates=(candidate,), folds=2).fit(X, y)
    new = X[:20]
    start, parts = contributions(lambda told, _: model.decision_logits(told)[:, 1], new, [[0, 1], [2], [3], [4]])
    np.testing.assert_allclose(start + parts.sum(axis=1), model.decision_logits(new)[:, 1], atol=1e-9)
    assert (parts[np.isnan(new[:, 2]), 1] == 0.0).all()


def test_a_risk_has_reasons_too():
    X, _ = cohort()
    years = np.random.default_rng(1).exponential(3.0 / (1.0 + np.nan_to_num(X[:, 0])))
    model = ProgressionHazard(draws=0).fit(X, np.minimum(years, 4.0), np.where(years < 4.0, years, np.inf))

    def log_odds(rows, _=None):
        risk = model.predict_risk(rows)[:, -1]
        return np.log(risk) - np.log1p(-risk)

    start, parts = contributions(log_odds, X, [[0], [1], [2], [3], [4]])
    np.testing.assert_allclose(start + parts.sum(axis=1), log_odds(X), atol=1e-9)


def test_two_parts_that_say_the_same_share_the_credit():
    """Reference: the Shapley values of a maximum of two equal numbers are half of it each."""
    start, parts = contributions(lambda X, _: np.nan_to_num(X).max(axis=1), [[2.0, 2.0]], [[0], [1]])
    assert start.tolist() == [0.0]
    assert parts.tolist() == [[1.0, 1.0]]


@settings(deadline=None)
@given(seed=st.integers(0, 999), n=st.integers(1, 30))
def test_reasons_of_a_patient_do_not_depend_on_the_others(seed, n):
    """Alone or in a batch, a patient's contributions have the same bits."""
    X = np.random.default_rng(seed).choice([0.0, 1.0, np.nan], size=(n, 3))

    def said(rows, _):
        return np.nan_to_num(rows[:, 0]) * np.nan_to_num(rows[:, 1]) + np.nan_to_num(rows[:, 2])

    whole = contributions(said, X, [[0], [1], [2]])[1]
    alone = contributions(said, X[:1], [[0], [1], [2]])[1]
    assert alone[0].tolist() == whole[0].tolist()


@pytest.mark.parametrize(("parts", "orders"), [([[0]], 8), ([[0, 1], [1]], 8), ([[0], [1]], 3), ([[0], [1]], 0)])
def test_parts_that_do_not_cover_a_record_are_refused(parts, orders):
    with pytest.raises(UsageError, match="each recorded column in one part"):
        contributions(lambda X, _: X[:, 0], np.zeros((1, 2)), parts, orders=orders)
