"""Which type a patient has: a regularised multinomial logistic regression with honest probabilities."""

from __future__ import annotations

import warnings
from typing import cast

import numpy as np
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline.errors import UsageError
from pipeline.learners.blocks import in_blocks
from pipeline.learners.encoding import DesignEncoder, as_matrix
from pipeline.learners.inner import checked_rows, inner_folds, simplest_within_one_error

_WHERE = "training of the classifier"
_LEAST = 1e-12
"""Least probability of a label with training rows, so that its logarithm is finite."""


class TypeClassifier(ClassifierMixin, BaseEstimator):
    """Multinomial logistic regression, its penalty chosen and its probabilities calibrated on groups left out.

    The penalty is the strongest one whose out-of-fold log-loss is within one standard error of the best; then one
    temperature, fitted on the out-of-fold logits, divides the logits (Guo et al. 2017, ICML, arXiv:1706.04599). Rows
    whose class the training part of a fold lacks take no part in either choice: no penalty and no temperature could
    help them, and the final model has seen their class.

    Parameters
    ----------
    penalties : tuple of float
        Candidates for scikit-learn's ``C``, ascending: strongest regularisation first.
    folds : int
        Inner folds.
    labels : tuple of str, optional
        Labels that `classes_` must hold; one without a training row gets a floor of `floor` rows' worth of
        probability. The labels of `y` if left out.
    floor : float
        Rows that a label without any counts as.
    random_state : int
        Fixes the inner folds.

    Attributes
    ----------
    classes_ : ndarray of str, shape (K,)
        Sorted.
    penalty_ : float
        The chosen ``C``.
    temperature_ : float
    coefficients_ : ndarray, shape (k, K), intercepts_ : ndarray, shape (K,)
        Of the logits, before the temperature; zeros for a label without training rows.
    seen_ : ndarray of bool, shape (K,)
        Which labels had training rows.
    floor_ : float
        Probability of each label that had none.
    encoder_ : DesignEncoder

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["cervical", "laryngeal"], 40)
    >>> X = rng.normal(size=(80, 2)) + 2.0 * (y == "laryngeal")[:, None]
    >>> model = TypeClassifier().fit(X, y, groups=np.arange(80))
    >>> model.predict(np.array([[-1.0, -1.0], [3.0, 3.0]])).tolist()
    ['cervical', 'laryngeal']
    """

    classes_: np.ndarray
    penalty_: float
    temperature_: float
    coefficients_: np.ndarray
    intercepts_: np.ndarray
    seen_: np.ndarray
    floor_: float
    encoder_: DesignEncoder
    n_features_in_: int

    def __init__(
        self,
        *,
        penalties: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        folds: int = 5,
        labels: tuple[str, ...] | None = None,
        floor: float = 0.5,
        random_state: int = 20261122,
    ) -> None:
        self.penalties = penalties
        self.folds = folds
        self.labels = labels
        self.floor = floor
        self.random_state = random_state

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
    ) -> TypeClassifier:
        """Choose the penalty, fit the temperature, then fit on all rows.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Finite values and NaN.
        y : array-like of str, shape (n,)
        groups : array-like, shape (n,), optional
            Patient (or family, publication) of each row; without, every row stands for itself.
        sample_weight : array-like, shape (n,), optional
            Scaled to mean 1.

        Raises
        ------
        UsageError
            If there is one label only, a label is not in `labels`, lengths differ, or a value is infinite.
        """
        X = as_matrix(X)
        y = np.asarray(y).astype(str)
        codes, weight = checked_rows(_WHERE, len(X), groups, sample_weight)
        if y.shape != (len(X),):
            raise UsageError(_WHERE, f"y of shape {y.shape}", needed=f"X has {len(X)} rows")
        self.classes_ = self._known_labels(y)
        self.n_features_in_ = X.shape[1]
        truth = np.searchsorted(self.classes_, y)
        rows, logits = self._out_of_fold(X, truth, codes, weight)
        self.penalty_, self.temperature_ = self._choose(rows, logits, truth, codes, weight)
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        self.seen_ = np.bincount(truth, minlength=len(self.classes_)) > 0
        self.coefficients_, self.intercepts_ = _logistic_path(Z, truth, weight, (self.penalty_,), len(self.classes_))[0]
        # together the labels never seen get at most half of the probability
        self.floor_ = min(self.floor / (len(X) + 1.0), 0.5 / len(self.classes_))
        return self

    def decision_logits(self, X: np.ndarray) -> np.ndarray:
        """Return calibrated log-probabilities, floored labels included.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray, shape (n, K)
            Columns in the order of `classes_`; a row's exponentials sum to 1.
        """
        return in_blocks(lambda block: np.log(self._block_probabilities(block)), as_matrix(X))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each label.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray, shape (n, K)
            Positive, rows sum to 1, columns in the order of `classes_`; a row's bits do not depend on the other rows.
        """
        return in_blocks(self._block_probabilities, as_matrix(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray of str, shape (n,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _known_labels(self, y: np.ndarray) -> np.ndarray:
        present = np.unique(y)
        if len(present) < 2:
            raise UsageError(
                _WHERE,
                "one label only",
                needed="a classifier needs at least two",
                do="Choose a target whose labels differ between patients",
                code="ONE_LABEL",
            )
        if self.labels is None:
            return present
        known = np.unique(np.asarray(self.labels, dtype=str))
        strange = int((~np.isin(present, known)).sum())
        if strange:
            raise UsageError(_WHERE, f"{strange} labels that 'labels' lacks", needed="it must name every label")
        return known

    def _out_of_fold(
        self, X: np.ndarray, truth: np.ndarray, codes: np.ndarray, weight: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows whose label their fold's training part holds, and their logits, (penalties, rows, K)."""
        rows, logits = [np.zeros(0, dtype=np.int64)], [np.zeros((len(self.penalties), 0, len(self.classes_)))]
        for train, test in inner_folds(codes, truth, self.folds, self.random_state):
            seen = np.bincount(truth[train], weights=weight[train], minlength=len(self.classes_)) > 0.0
            judged = test[seen[truth[test]]]
            if seen.sum() < 2 or not judged.size:
                continue
            encoder = DesignEncoder().fit(X[train])
            path = _logistic_path(
                encoder.transform(X[train]), truth[train], weight[train], self.penalties, len(self.classes_)
            )
            Z = encoder.transform(X[judged])
            rows.append(judged)
            logits.append(np.stack([np.where(seen, Z @ slopes + intercepts, -np.inf) for slopes, intercepts in path]))
        return np.concatenate(rows), np.concatenate(logits, axis=1)

    def _choose(
        self, rows: np.ndarray, logits: np.ndarray, truth: np.ndarray, codes: np.ndarray, weight: np.ndarray
    ) -> tuple[float, float]:
        """Return penalty and temperature; the strongest penalty and 1 if no row can be left out."""
        weight = weight[rows]
        if weight.sum() == 0.0:
            return float(self.penalties[0]), 1.0
        temperatures = [_temperature(candidate, truth[rows], weight) for candidate in logits]
        losses = np.stack(
            [
                _row_losses(candidate / temperature, truth[rows])
                for candidate, temperature in zip(logits, temperatures, strict=True)
            ]
        )
        chosen = simplest_within_one_error(losses, weight, codes[rows])
        return float(self.penalties[chosen]), temperatures[chosen]

    def _block_probabilities(self, block: np.ndarray) -> np.ndarray:
        logits = (self.encoder_.transform(block) @ self.coefficients_ + self.intercepts_) / self.temperature_
        shares = softmax(np.where(self.seen_, logits, -np.inf), axis=1)
        least = np.where(self.seen_, _LEAST, self.floor_)
        return least + (1.0 - least.sum()) * shares


def _logistic_path(
    Z: np.ndarray, truth: np.ndarray, weight: np.ndarray, penalties: tuple[float, ...], labels: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Fit one logistic regression a penalty, each started from the last; give slopes (k, K) and intercepts (K,)."""
    present = np.unique(truth[weight > 0.0])
    if Z.shape[1] == 0 or len(present) < 2:
        shares = np.bincount(truth, weights=weight, minlength=labels) / weight.sum()
        intercepts = np.log(np.maximum(shares, _LEAST))
        return [(np.zeros((Z.shape[1], labels)), intercepts) for _ in penalties]
    path = []
    model = LogisticRegression(max_iter=10_000, warm_start=True)
    for penalty in penalties:
        model.set_params(C=penalty)
        with warnings.catch_warnings():
            # status 2: no step improves the loss any more in float64, which is as good as convergence
            warnings.filterwarnings("ignore", r"lbfgs failed to converge .*\(status=2\)", ConvergenceWarning)
            model.fit(Z, truth, sample_weight=weight)
        slopes, intercepts = np.zeros((Z.shape[1], labels)), np.zeros(labels)
        # of two labels scikit-learn models the second only
        own = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
        slopes[:, own], intercepts[own] = model.coef_.T, model.intercept_
        path.append((slopes, intercepts))
    return path


def _row_losses(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return -log_softmax(logits, axis=1)[np.arange(len(truth)), truth]


def _temperature(logits: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature of least loss.

    One pseudo-row holds its logarithm near 0 (a standard normal prior): where the few rows left out are separated
    perfectly, the likelihood alone would sharpen without end.
    """

    def loss(log_temperature: float) -> float:
        return float(weight @ _row_losses(logits * np.exp(-log_temperature), truth)) + 0.5 * log_temperature**2

    found = cast("OptimizeResult", minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded"))
    return float(np.exp(found.x))
