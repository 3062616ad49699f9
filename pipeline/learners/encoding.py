"""From the feature table to the matrix that a linear model sees."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from pipeline.errors import UsageError

CORE = (0.05, 0.95)
"""Quantiles between which the bulk of a column lies."""

REACH = 3.0
"""How far beyond the bulk, in widths of the bulk, a value may lie before it is cut."""


class DesignEncoder(TransformerMixin, BaseEstimator):
    """Codes findings as +1, 0, -1, standardises the rest, fills what is missing.

    A column that holds only 0, 1 and missing values in training is a finding: observed +1, excluded -1, not recorded
    0, so that "not recorded" lies midway and is no exclusion. Findings are not scaled: a rare one would be blown up,
    and with it the noise that it carries. Any other column is cut to its bounds, standardised, and its missing values
    become 0, the mean. Columns that carry nothing in training are dropped: never recorded, or always the same.

    There are no indicators of missingness. Whether an item was filled in says more about who filled the form than about
    the patient: on public phenopackets (349 people, 55 genes held out by gene) the pattern of filled cells alone gives
    an AUC of 0.79 across genes and 0.44 within them. A model that may use it does so, and fails in the next clinic.

    Bounds: the range of the training values, but at most `REACH` widths of the bulk (`CORE` quantiles) beyond the bulk.
    So no input, however extreme, moves a prediction further than the most extreme ordinary patient did.

    Attributes
    ----------
    columns_ : ndarray of int, shape (k,)
        Positions of the columns that are kept.
    finding_ : ndarray of bool, shape (k,)
    low_, high_, unit_, centre_, scale_ : ndarray, shape (k,)
        A kept value x becomes ``(clip(x, low, high) / unit - centre) / scale``; dividing by the unit, the largest
        absolute value, first keeps sums of huge values finite.
    n_features_in_ : int

    Examples
    --------
    >>> X = np.array([[1.0, 30.0, 5.0], [0.0, 50.0, 5.0], [np.nan, np.nan, 5.0]])
    >>> DesignEncoder().fit_transform(X)
    array([[ 1., -1.],
           [-1.,  1.],
           [ 0.,  0.]])
    """

    columns_: np.ndarray
    finding_: np.ndarray
    low_: np.ndarray
    high_: np.ndarray
    unit_: np.ndarray
    centre_: np.ndarray
    scale_: np.ndarray
    n_features_in_: int

    def fit(self, X: np.ndarray, y: object = None) -> DesignEncoder:  # noqa: ARG002
        """Learn which columns to keep and how to code them.

        Parameters
        ----------
        X : array-like, shape (n, columns)
            Finite values and NaN.
        y : ignored

        Raises
        ------
        UsageError
            If a value is infinite.
        """
        X = as_matrix(X)
        self.n_features_in_ = X.shape[1]
        coded = [_code(X[:, column]) for column in range(X.shape[1])]
        kept = [column for column, code in enumerate(coded) if code is not None]
        state = np.array([code for code in coded if code is not None], dtype=np.float64).reshape(len(kept), 6)
        self.columns_ = np.array(kept, dtype=np.int64)
        self.finding_ = state[:, 0] == 1.0
        self.low_, self.high_, self.unit_, self.centre_, self.scale_ = (column.copy() for column in state[:, 1:].T)
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
        X = as_matrix(X)
        if X.shape[1] != self.n_features_in_:
            raise UsageError(
                "feature table",
                f"{X.shape[1]} columns",
                needed=f"the model was fitted on {self.n_features_in_}",
                do="Extract the features that the model names",
            )
        kept = X[:, self.columns_]
        coded = (np.clip(kept, self.low_, self.high_) / self.unit_ - self.centre_) / self.scale_
        return np.ascontiguousarray(np.where(np.isnan(kept), 0.0, coded))


def as_matrix(X: np.ndarray) -> np.ndarray:
    """Return X as a float64 matrix of finite values and NaN.

    Raises
    ------
    UsageError
        If X has not two dimensions, or a value is infinite.
    """
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2:
        raise UsageError("feature table", f"{X.ndim} dimensions", needed="one row a visit, one column a feature")
    infinite = int(np.isinf(X).any(axis=0).sum())
    if infinite:
        raise UsageError(
            "feature table",
            f"infinite values in {infinite} of {X.shape[1]} columns",
            needed="values must be finite or missing",
            do="Set them to missing where they were measured",
        )
    return X


def _code(values: np.ndarray) -> tuple[float, ...] | None:
    """Return finding, low, high, unit, centre and scale of a column; None if it carries nothing."""
    recorded = values[~np.isnan(values)]
    if not recorded.size:
        return None
    if np.isin(recorded, (0.0, 1.0)).all():
        differs = recorded.size < values.size or recorded.min() < recorded.max()
        return (1.0, 0.0, 1.0, 1.0, 0.5, 0.5) if differs else None
    unit = np.abs(recorded).max()
    scaled = recorded / unit
    low, high = _bounds(scaled)
    scaled = np.clip(scaled, low, high)
    centre, scale = scaled.mean(), scaled.std()
    # a column whose values differ by rounding only is as constant as one whose values are equal
    if scale <= 1e-12:
        return None
    return 0.0, low * unit, high * unit, unit, centre, scale


def _bounds(scaled: np.ndarray) -> tuple[float, float]:
    """Return the range of the values, narrowed to what lies within reach of their bulk."""
    least, most = scaled.min(), scaled.max()
    core_low, core_high = np.quantile(scaled, CORE)
    reach = REACH * (core_high - core_low)
    if reach <= 0.0:
        return least, most
    return max(least, core_low - reach), min(most, core_high + reach)
