"""From the feature table to bins: where each value lies among those of training, and which are missing."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import ndtri
from sklearn.base import BaseEstimator

from pipeline.errors import UsageError
from pipeline.learners.encoding import as_matrix

LEAST_ORDERED = 5
"""From so many bins on, a column is a measurement: its bins have an order and a scale."""


class BinnedColumns(BaseEstimator):
    """Cuts each column into bins of like size; a missing value is in none.

    A column of few values gets a bin for each. Values beyond those of training fall into the outermost bin, so that
    none, however extreme, says more than the most extreme ordinary patient did. Columns with one value, or none, are
    left out: whether they were filled in says more of who filled the form than of the patient.

    Parameters
    ----------
    bins : int
        Most bins of a column.

    Attributes
    ----------
    columns_ : ndarray of int, shape (J,)
        Positions of the columns that are kept.
    edges_ : ndarray, shape (edges,)
        Where bins of all columns part, column by column, ascending in each.
    starts_ : ndarray of int, shape (J + 1,)
        Number of each column's first bin among the bins of all columns, and their total.
    n_features_in_ : int

    Examples
    --------
    >>> X = np.array([[1.0, 5.0, 30.0], [0.0, 5.0, np.nan], [np.nan, 5.0, 50.0]])
    >>> BinnedColumns().fit(X).places(X).tolist()
    [[1, 2], [0, 4], [4, 3]]
    """

    columns_: np.ndarray
    edges_: np.ndarray
    starts_: np.ndarray
    n_features_in_: int

    def __init__(self, *, bins: int = 12) -> None:
        self.bins = bins

    def fit(self, X: np.ndarray) -> BinnedColumns:
        """Learn where to cut, shape (n, columns)."""
        X = as_matrix(X)
        self.n_features_in_ = X.shape[1]
        cuts = {column: _cuts(values, self.bins) for column, values in enumerate(X.T)}
        cuts = {column: found for column, found in cuts.items() if found.size}
        self.columns_ = np.array(list(cuts), dtype=np.int64)
        self.edges_ = np.concatenate([*cuts.values(), np.zeros(0)])
        self.starts_ = np.cumsum([0, *(found.size + 1 for found in cuts.values())])
        return self

    @property
    def owner(self) -> np.ndarray:
        """Which of the kept columns each bin belongs to, shape (bins,)."""
        return np.repeat(np.arange(len(self.columns_)), np.diff(self.starts_))

    def places(self, X: np.ndarray) -> np.ndarray:
        """Return the bin of each value, shape (n, J); a missing value gets the number after the last bin.

        Raises
        ------
        UsageError
            If the number of columns differs from that in training.
        """
        X = as_matrix(X)
        if X.shape[1] != self.n_features_in_:
            raise UsageError(
                "feature table", f"{X.shape[1]} columns", needed=f"the model was fitted on {self.n_features_in_}"
            )
        found = np.empty((len(X), len(self.columns_)), dtype=np.int64)
        for at, column in enumerate(self.columns_):
            # a column has one edge less than bins
            edges = self.edges_[self.starts_[at] - at : self.starts_[at + 1] - at - 1]
            found[:, at] = self.starts_[at] + np.searchsorted(edges, X[:, column], side="right")
        found[np.isnan(X[:, self.columns_])] = self.starts_[-1]
        return found

    def indicators(self, X: np.ndarray) -> sparse.csr_array:
        """Return a row of 0 and 1 for each row of X, 1 in its bins; shape (n, bins)."""
        places = self.places(X)
        known = places < self.starts_[-1]
        ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
        shape = (len(places), int(self.starts_[-1]))
        return sparse.csr_array((np.ones(int(ends[-1])), places[known], ends), shape=shape)


def _cuts(values: np.ndarray, bins: int) -> np.ndarray:
    recorded = values[~np.isnan(values)]
    distinct = np.unique(recorded)
    if len(distinct) < 2:
        return np.zeros(0)
    if len(distinct) <= bins:
        middle = distinct[:-1] / 2.0 + distinct[1:] / 2.0
        # between neighbouring floats there is no middle: the upper one is then the cut
        return np.where(middle > distinct[:-1], middle, distinct[1:])
    cuts = np.unique(np.quantile(recorded, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    return cuts[cuts > distinct[0]]


def normal_scale(share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay bins of these shares along a standard normal distribution.

    Parameters
    ----------
    share : ndarray, shape (bins,)
        Adding up to 1, all positive.

    Returns
    -------
    ends : ndarray, shape (bins + 1,)
        From minus to plus infinity.
    middle : ndarray, shape (bins,)
        Mean of the distribution inside each bin.
    """
    ends = ndtri(np.clip(np.concatenate([[0.0], np.cumsum(share)]), 0.0, 1.0))
    ends[0], ends[-1] = -np.inf, np.inf
    density = np.exp(-0.5 * ends**2) / np.sqrt(2.0 * np.pi)
    return ends, (density[:-1] - density[1:]) / share
