"""From the feature table to normal scores: each measurement by its rank among the training values."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from sklearn.base import BaseEstimator, TransformerMixin

from pipeline.learners.encoding import DesignEncoder

_LARGEST = 1e150
_KNOTS = 65
"""Quantiles by which ranks are told; between them a straight line."""


class NormalScores(TransformerMixin, BaseEstimator):
    """Codes findings as `DesignEncoder` does, measurements by the normal score of their rank, what is missing by 0.

    However skewed or heavy-tailed a measurement is, its scores are spread as a standard normal is, and a value beyond
    those of training has the score of the most extreme one. Equal values share the mean of their scores.

    Attributes
    ----------
    design_ : DesignEncoder
        Which columns are kept, and which of them are findings.
    knots_, scores_ : ndarray, shape (knots,)
        Values and their scores, column by column, ascending in each; findings have none.
    starts_ : ndarray of int, shape (k + 1,)
        Where each kept column's knots begin.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0], [0.0, 10.0], [np.nan, 1000.0]])
    >>> NormalScores().fit(X).transform(np.array([[1.0, 1e9], [np.nan, np.nan], [0.0, 10.0]])).round(1).tolist()
    [[1.0, 2.4], [0.0, 0.0], [-1.0, 0.0]]
    """

    design_: DesignEncoder
    knots_: np.ndarray
    scores_: np.ndarray
    starts_: np.ndarray

    def fit(self, X: np.ndarray, y: object = None) -> NormalScores:  # noqa: ARG002
        """Learn ranks, shape (n, columns); infinite values are refused.

        Parameters
        ----------
        X : array-like, shape (n, columns)
        y : ignored
        """
        self.design_ = DesignEncoder().fit(np.asarray(X, dtype=np.float64))
        X = _bounded(X)
        chance = (np.arange(_KNOTS) + 0.5) / _KNOTS
        knots, scores = [np.zeros(0)], [np.zeros(0)]
        for column, is_finding in zip(self.design_.columns_, self.design_.finding_, strict=True):
            values = X[:, column]
            found = np.zeros(0) if is_finding else np.quantile(values[~np.isnan(values)], chance)
            distinct, which, counts = np.unique(found, return_inverse=True, return_counts=True)
            knots.append(distinct)
            scores.append(np.bincount(which, weights=ndtri(chance)[: len(found)], minlength=len(distinct)) / counts)
        self.knots_, self.scores_ = np.concatenate(knots), np.concatenate(scores)
        self.starts_ = np.cumsum([len(each) for each in knots])
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Code rows.

        Parameters
        ----------
        X : array-like, shape (n, columns)

        Returns
        -------
        ndarray, shape (n, k)
            Finite, C-contiguous float64.

        Raises
        ------
        UsageError
            If the number of columns differs from that in training, or a value is infinite.
        """
        coded = self.design_.transform(X)
        kept = _bounded(X)[:, self.design_.columns_]
        for at in np.flatnonzero(~self.design_.finding_):
            own = slice(self.starts_[at], self.starts_[at + 1])
            values = kept[:, at]
            score = np.interp(values, self.knots_[own], self.scores_[own])
            coded[:, at] = np.where(np.isnan(values), 0.0, score)
        return coded


def _bounded(X: np.ndarray) -> np.ndarray:
    """Return values between which slopes are finite: the largest are all alike, and so are those next to zero."""
    X = np.asarray(X, dtype=np.float64)
    return np.where(np.abs(X) < 1.0 / _LARGEST, 0.0, np.clip(X, -_LARGEST, _LARGEST))
