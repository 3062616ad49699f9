"""Columns that tell the label by themselves: most often they were written down after it was known."""

from __future__ import annotations

import numpy as np
from scipy.stats import entropy

from pipeline.learners.bins import BinnedColumns

TELLING = 0.8
"""Share of what there is to know of the label from which a single column is suspicious."""

_LEAST_ROWS = 50


def telling_columns(X: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return for each column the share of the label's entropy that it tells, where it is recorded.

    Counts of values beside labels, less what chance would give (Miller 1955): about 0 for a column of noise, 1 for a
    copy of the label. 0 where fewer than 50 rows are recorded, or they hold one label.

    Parameters
    ----------
    X : ndarray, shape (n, columns)
    truth : ndarray of int, shape (n,)
    weight : ndarray, shape (n,)

    Examples
    --------
    >>> truth = np.arange(300) % 3
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> telling_columns(np.column_stack([noise, truth * 10.0]), truth, np.ones(300)).round(1)
    array([0., 1.])
    """
    bins = BinnedColumns().fit(X)
    places, labels = bins.places(X), int(truth.max()) + 1
    found = np.zeros(X.shape[1])
    for at, column in enumerate(bins.columns_):
        start, end = bins.starts_[at : at + 2]
        known = places[:, at] < bins.starts_[-1]
        counts = np.zeros((end - start, labels))
        np.add.at(counts, (places[known, at] - start, truth[known]), weight[known])
        counts = counts[:, counts.any(axis=0)]
        total = float(counts.sum())
        if known.sum() < _LEAST_ROWS or counts.shape[1] < 2:
            continue
        here = float(entropy(counts.sum(axis=0)))
        left = float(np.average(entropy(counts, axis=1), weights=counts.sum(axis=1)))
        chance = ((counts > 0).sum() - counts.shape[0] - counts.shape[1] + 1) / (2.0 * total)
        found[column] = np.clip((here - left - max(chance, 0.0)) / here, 0.0, 1.0)
    return found
