"""The two learners as scikit-learn estimators, for any X and y."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from pipeline.errors import UsageError
from pipeline.learners.candidates import CANDIDATES
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.types import TypeClassifier


class DystoniaTypeClassifier(ClassifierMixin, BaseEstimator):
    """Which of several labels a patient has, with calibrated probabilities; missing values are left out.

    The simplest of several models that is nearly as good as the best is chosen, and calibrated, on patients left out
    (`TypeClassifier`). Labels may be joint (``cervical/inherited_isolated``): rare ones then borrow from those that
    share a part.

    Parameters
    ----------
    candidates : tuple of str
        What may be chosen: ``prior``, ``logistic``, ``discriminant``, ``generative``, ``generative_with_errors``,
        ``network``, ``extra_trees``, ``boosting``, ``pool``, ``pool_of_three``, ``vote``.
    folds : int
        Folds in which the choice is made.
    random_state : int

    Attributes
    ----------
    classes_ : ndarray, shape (K,)
    chosen_ : str
        The candidate that answers.
    losses_ : dict of str to float
        Log-loss of each candidate on patients left out.
    n_features_in_ : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([3, 8], 40)
    >>> X = rng.normal(size=(80, 2)) + (y == 8)[:, None]
    >>> X[::3, 0] = np.nan
    >>> DystoniaTypeClassifier(candidates=("generative",)).fit(X, y).predict([[3.0, np.nan], [np.nan, -2.0]]).tolist()
    [8, 3]
    """

    classes_: np.ndarray
    chosen_: str
    losses_: dict[str, float]
    model_: TypeClassifier

    def __init__(
        self, *, candidates: tuple[str, ...] = CANDIDATES, folds: int = 4, random_state: int = 20261122
    ) -> None:
        self.candidates = candidates
        self.folds = folds
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, groups: np.ndarray | None = None, sample_weight: np.ndarray | None = None
    ) -> DystoniaTypeClassifier:
        """Choose a model and fit it.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Finite values and NaN.
        y : array-like, shape (n,)
        groups : array-like, shape (n,), optional
            Patient of each row; without, every row is a patient.
        sample_weight : array-like, shape (n,), optional

        Raises
        ------
        ValueError
            If X or y cannot be learned from.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y holds 1 class only, but a classifier needs at least two")
        texts = self.classes_.astype(str)
        # joint labels are read from their names; numbers would not sort alike as text
        names = texts if np.array_equal(np.unique(texts), texts) else np.array([f"{n:09d}" for n in range(len(texts))])
        model = TypeClassifier(candidates=tuple(self.candidates), folds=self.folds, random_state=self.random_state)
        with _as_value_error():
            self.model_ = model.fit(X, names[codes], groups, sample_weight)
        self.chosen_, self.losses_ = self.model_.chosen_, self.model_.losses_
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each label, shape (n, K); columns in the order of `classes_`."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.model_.predict_proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each row, shape (n,)."""
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self) -> Tags:
        """Say that missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ProgressionRisk(BaseEstimator):
    """Risk of an event within some horizons, from events that may only be known to lie between two visits.

    Parameters
    ----------
    horizons : tuple of float
        Ascending, in the unit of the times.
    draws : int
        Bootstrap draws behind `predict_risk_interval`.
    random_state : int

    Attributes
    ----------
    model_ : ProgressionHazard
    n_features_in_ : int

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> years = rng.exponential(4.0, 200)
    >>> y = np.column_stack([np.floor(years), np.where(years < 6.0, np.floor(years) + 1.0, np.inf)])
    >>> ProgressionRisk(horizons=(1.0, 5.0), draws=10).fit(np.zeros((200, 1)), y).predict_risk([[0.0]]).round(2)
    array([[0.15, 0.64]])
    """

    model_: ProgressionHazard

    def __init__(
        self, *, horizons: tuple[float, ...] = (1.0, 2.0, 5.0), draws: int = 50, random_state: int = 20261122
    ) -> None:
        self.horizons = horizons
        self.draws = draws
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, groups: np.ndarray | None = None, sample_weight: np.ndarray | None = None
    ) -> ProgressionRisk:
        """Fit the hazard.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Finite values and NaN.
        y : array-like
            Shape (n, 2): the event came after the first and no later than the second time, infinity if none was seen.
            Structured, with fields of a flag and a time, as scikit-survival has it: seen at the time, or not by then.
            Shape (n,): each time is that of an event.
        groups : array-like, shape (n,), optional
            Patient of each row; without, every row is a patient.
        sample_weight : array-like, shape (n,), optional

        Raises
        ------
        ValueError
            If X or y cannot be learned from.
        """
        if y is None:
            raise ValueError("this estimator requires y to be passed, but the target y is None")
        X = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        left, right = _interval(np.asarray(y))
        model = ProgressionHazard(horizons=tuple(self.horizons), draws=self.draws, random_state=self.random_state)
        with _as_value_error():
            self.model_ = model.fit(X, left, right, groups, sample_weight)
        return self

    def predict_risk(self, X: Any) -> np.ndarray:
        """Return the probability of the event within each horizon, shape (n, horizons)."""
        known = self._checked(X)
        return self.model_.predict_risk(known)

    def predict_risk_interval(self, X: Any, level: float = 0.90) -> tuple[np.ndarray, np.ndarray]:
        """Return the range in which the risk itself is known to lie, each of shape (n, horizons)."""
        known = self._checked(X)
        return self.model_.predict_risk_interval(known, level)

    def predict(self, X: Any) -> np.ndarray:
        """Return the probability of the event within the longest horizon, shape (n,)."""
        return self.predict_risk(X)[:, -1]

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        known: Any = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return known

    def __sklearn_tags__(self) -> Tags:
        """Say that missing values are welcome, and that times are needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.target_tags.positive_only = True
        return tags


def _interval(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the interval that holds each event."""
    if y.dtype.names:
        flag, time = (y[name] for name in y.dtype.names[:2])
        return time.astype(np.float64), np.where(flag, time, np.inf)
    if y.ndim == 2 and y.shape[1] == 2:
        return y[:, 0].astype(np.float64), y[:, 1].astype(np.float64)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(f"y of shape {y.shape}: one time a row, or the two ends of an interval, were needed")
    return y.astype(np.float64), y.astype(np.float64)


@contextmanager
def _as_value_error() -> Iterator[None]:
    """Raise what users of scikit-learn expect."""
    try:
        yield
    except UsageError as error:
        raise ValueError(str(error)) from error
