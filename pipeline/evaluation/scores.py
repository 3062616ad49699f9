"""Scores of probabilities and of labels."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

LEAST = 1e-6
"""Probability below which the log-loss does not look: a label that was never seen costs 13.8 nats, not infinity."""


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of -log of the true label's probability, clipped at `LEAST`, in nats (Good 1952).

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
    truth : array-like of int, shape (n,)
        Column of the true label; -1 if it has none.

    Examples
    --------
    >>> round(log_loss(np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 1])), 4)
    0.3993
    """
    return float(row_log_losses(probabilities, truth).mean())


def row_log_losses(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the terms of `log_loss`, shape (n,), for paired comparisons."""
    probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    own = probabilities[np.arange(len(truth)), np.maximum(truth, 0)]
    return -np.log(np.clip(np.where(truth < 0, 0.0, own), LEAST, 1.0))


def brier(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the Brier score: the squared distance to the truth, summed over labels (Brier 1950, Mon Weather Rev 78:1).

    Between 0 and 2; with two labels it is twice the score of one of them.

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
    truth : array-like of int, shape (n,)
        Column of the true label; -1 if it has none.

    Examples
    --------
    >>> round(brier(np.array([[0.5, 0.5], [0.1, 0.9]]), np.array([0, 1])), 4)
    0.26
    """
    probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    own = np.where(truth < 0, 0.0, probabilities[np.arange(len(truth)), np.maximum(truth, 0)])
    # the sum of (p - outcome)^2, multiplied out
    return float(((probabilities**2).sum(axis=1) - 2.0 * own + 1.0).mean())


def accuracy(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of rows whose most probable label is the true one.

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
    truth : array-like of int, shape (n,)
    """
    return float((np.asarray(probabilities).argmax(axis=1) == np.asarray(truth)).mean())


def auc(risk_score: np.ndarray, outcome: np.ndarray) -> float:
    """Return how often a row with the outcome scores above one without; ties count half (Hanley and McNeil 1982).

    Parameters
    ----------
    risk_score : array-like, shape (n,)
    outcome : array-like of bool, shape (n,)

    Returns
    -------
    float
        NaN if all rows have the same outcome.

    Examples
    --------
    >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0, 0, 1, 1]))
    0.875
    """
    risk_score, outcome = np.asarray(risk_score, dtype=np.float64), np.asarray(outcome).astype(bool)
    with_, without = int(outcome.sum()), int((~outcome).sum())
    if not with_ or not without:
        return float("nan")
    ranks = rankdata(risk_score)
    return float((ranks[outcome].sum() - with_ * (with_ + 1) / 2.0) / (with_ * without))


def average_precision(risk_score: np.ndarray, outcome: np.ndarray) -> float:
    """Return the mean precision over all rows with the outcome, each at its own threshold (Davis and Goadrich 2006).

    The area below the curve of precision over recall. The share of rows with the outcome is what chance gives.

    Parameters
    ----------
    risk_score : array-like, shape (n,)
    outcome : array-like of bool, shape (n,)

    Returns
    -------
    float
        NaN if no row has the outcome.

    Examples
    --------
    >>> round(average_precision(np.array([0.9, 0.6, 0.4, 0.1]), np.array([1, 0, 1, 0])), 3)
    0.833
    """
    risk_score, outcome = np.asarray(risk_score, dtype=np.float64), np.asarray(outcome).astype(bool)
    if not outcome.any():
        return float("nan")
    order = np.argsort(-risk_score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(risk_score[order]) != 0.0, True))  # of those that score alike
    found = np.cumsum(outcome[order])[last]
    return float((np.diff(found, prepend=0) * found / (last + 1.0)).sum() / found[-1])


def macro_auc(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the mean of the one-against-rest `auc` over the labels for which it is defined.

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
    truth : array-like of int, shape (n,)

    Returns
    -------
    float
        NaN if it is defined for no label.
    """
    probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    each = np.array([auc(column, truth == label) for label, column in enumerate(probabilities.T)])
    each = each[~np.isnan(each)]
    return float(each.mean()) if each.size else float("nan")


def within_group_auc(risk_score: np.ndarray, outcome: np.ndarray, groups: np.ndarray) -> float:
    """Return the `auc` over pairs of the same group only, all pairs weighted alike.

    A model that recognises the group (a site, a publication, a gene) and nothing else scores 0.5 here, whatever its
    `auc`.

    Parameters
    ----------
    risk_score : array-like, shape (n,)
    outcome : array-like of bool, shape (n,)
    groups : array-like, shape (n,)

    Returns
    -------
    float
        NaN if no group has both outcomes.

    Examples
    --------
    >>> within_group_auc(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 1, 0, 1]), np.array(["a", "a", "b", "b"]))
    1.0
    """
    risk_score, outcome = np.asarray(risk_score, dtype=np.float64), np.asarray(outcome).astype(bool)
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    pairs = concordant = 0.0
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        count = float(outcome[rows].sum()) * float((~outcome[rows]).sum())
        if count:
            pairs += count
            concordant += count * auc(risk_score[rows], outcome[rows])
    return concordant / pairs if pairs else float("nan")
