"""Linear log-odds of labels: a regularised logistic regression, and a shrunk discriminant analysis."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import log_softmax
from sklearn.base import BaseEstimator
from sklearn.covariance import ledoit_wolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from pipeline.learners.encoding import DesignEncoder

_LEAST = 1e-12
_MEAN_ROWS = 2.0
"""Patients that the mean over all labels counts as in that of each label."""


class LinearModel(BaseEstimator):
    """Log-odds of each label as a linear function of the encoded features.

    Attributes
    ----------
    encoder_ : DesignEncoder
    coefficients_ : ndarray, shape (k, K)
    intercepts_ : ndarray, shape (K,)
    """

    encoder_: DesignEncoder
    coefficients_: np.ndarray
    intercepts_: np.ndarray

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the log-odds of each label, up to a constant a row; shape (n, K)."""
        return self.encoder_.transform(X) @ self.coefficients_ + self.intercepts_


class Logistic(LinearModel):
    """Multinomial logistic regression with a ridge.

    Parameters
    ----------
    penalty : float
        scikit-learn's ``C``: smaller is stronger.
    """

    def __init__(self, *, penalty: float = 0.1) -> None:
        self.penalty = penalty

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> Logistic:
        """Fit; a label without rows gets coefficients of 0."""
        return logistic_path(X, truth, weight, labels, (self.penalty,))[0]


def logistic_path(
    X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int, penalties: tuple[float, ...]
) -> list[Logistic]:
    """Fit one logistic regression a penalty, each started from the last.

    Parameters
    ----------
    X : ndarray, shape (n, features)
    truth : ndarray of int, shape (n,)
        Below `labels`.
    weight : ndarray, shape (n,)
    labels : int
    penalties : tuple of float
        Ascending.
    """
    encoder = DesignEncoder().fit(X)
    Z = encoder.transform(X)
    present = np.unique(truth[weight > 0.0])
    model = LogisticRegression(max_iter=10_000, warm_start=True)
    path = []
    for penalty in penalties:
        slopes, intercepts = np.zeros((Z.shape[1], labels)), _log_shares(truth, weight, labels)
        if Z.shape[1] and len(present) > 1:
            with warnings.catch_warnings():
                # status 2: no step improves the loss any more in float64, which is as good as convergence
                warnings.filterwarnings("ignore", r"lbfgs failed to converge .*\(status=2\)", ConvergenceWarning)
                model.set_params(C=penalty).fit(Z, truth, sample_weight=weight)
            # of two labels scikit-learn models the second only
            own = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
            intercepts = np.zeros(labels)
            slopes[:, own], intercepts[own] = model.coef_.T, model.intercept_
        fitted = Logistic(penalty=penalty)
        fitted.encoder_, fitted.coefficients_, fitted.intercepts_ = encoder, slopes, intercepts
        path.append(fitted)
    return path


class Discriminant(LinearModel):
    """Linear discriminant analysis, its covariance shrunk as far as the data ask for.

    Means of rare labels are drawn to the mean of all patients; the covariance inside labels to a multiple of the unit
    matrix (Ledoit and Wolf 2004, J Multivar Anal 88:365).
    """

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> Discriminant:
        """Fit; a label without rows has the mean of all."""
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        self.intercepts_ = _log_shares(truth, weight, labels)
        self.coefficients_ = np.zeros((Z.shape[1], labels))
        if not Z.shape[1]:
            return self
        member = np.zeros((len(Z), labels))
        member[np.arange(len(Z)), truth] = weight
        overall = weight @ Z / weight.sum()
        means = (member.T @ Z + _MEAN_ROWS * overall) / (member.sum(axis=0) + _MEAN_ROWS)[:, None]
        inside = (Z - means[truth]) * np.sqrt(weight * (len(Z) / weight.sum()))[:, None]
        covariance = np.asarray(ledoit_wolf(inside, assume_centered=True)[0])
        # where the labels explain all there is no covariance left
        covariance[np.diag_indices_from(covariance)] += _LEAST
        self.coefficients_ = np.linalg.lstsq(covariance, means.T, rcond=None)[0]
        self.intercepts_ -= 0.5 * np.einsum("lk,kl->l", means, self.coefficients_)
        return self


def _log_shares(truth: np.ndarray, weight: np.ndarray, labels: int) -> np.ndarray:
    share = np.bincount(truth, weights=weight, minlength=labels) / weight.sum()
    return log_softmax(np.log(np.maximum(share, _LEAST)))
