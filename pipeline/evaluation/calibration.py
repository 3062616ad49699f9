"""How far probabilities hold what they say, in groups of people large enough to give nobody away."""

from __future__ import annotations

from functools import partial

import numpy as np

from pipeline.evaluation.cells import safe_groups
from pipeline.evaluation.events import turnbull
from pipeline.evaluation.intervals import cluster_bootstrap, wilson

_PERIODS = 20
"""Periods up to the horizon, over which an observed share is smoothed."""

_DRAWS = 200
"""Resamples of a group of risk: each takes an estimate of Turnbull."""


def reliability_points(
    probabilities: np.ndarray, outcomes: np.ndarray, people: np.ndarray, *, bins: int = 10
) -> list[dict[str, float]]:
    """Set the observed share beside the predicted probability, in groups by probability.

    Parameters
    ----------
    probabilities : array-like, shape (n,)
        Of the outcome.
    outcomes : array-like of bool, shape (n,)
    people : array-like, shape (n,)
        Whose row each is: rows of one person are not independent, and the interval counts them once.
    bins : int
        Groups of like size, by probability; neighbours are joined until no cell is small.

    Returns
    -------
    list of dict
        Ascending, each with ``predicted`` and ``observed`` (means), ``low`` and ``high`` of the 95 % interval of the
        observed share (Wilson 1927, J Am Stat Assoc 22:209) and ``rows``; empty if no group can be told.

    Examples
    --------
    >>> p = np.linspace(0.05, 0.95, 100)
    >>> len(reliability_points(p, np.arange(100) % 2 == 0, np.arange(100)))
    10
    """
    probabilities, outcomes = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes).astype(bool)
    names = np.asarray(people).astype(str)
    points = []
    for rows in safe_groups(probabilities, outcomes, names, bins):
        share = float(outcomes[rows].mean())
        low, high = wilson(share, len(np.unique(names[rows])))
        points.append(_point(probabilities[rows], share, low, high))
    return points


def risk_points(
    risk: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    horizon: float,
    *,
    people: np.ndarray,
    groups: np.ndarray,
    bins: int = 5,
    seed: int,
) -> list[dict[str, float]]:
    """Set the observed share with the event by the horizon, a Turnbull estimate, beside the predicted risk.

    Parameters
    ----------
    risk : array-like, shape (n,)
        Of the event by the horizon.
    left, right : array-like, shape (n,)
        Years: the event lies in ``(left, right]``; infinity if none was seen.
    horizon : float
        Years.
    people : array-like, shape (n,)
        Whose row each is.
    groups : array-like, shape (n,)
        Clusters of the bootstrap, from which the interval comes.
    bins : int
        Groups of like size, by risk; neighbours are joined until no cell is small; the outcome that counts there is
        whether an event was seen at any time.
    seed : int

    Returns
    -------
    list of dict
        As of `reliability_points`.
    """
    risk, groups = np.asarray(risk, dtype=np.float64), np.asarray(groups)
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    points = []
    for rows in safe_groups(risk, np.isfinite(right), np.asarray(people).astype(str), bins):
        share = partial(_share_with_event, left[rows], right[rows], horizon)
        found = cluster_bootstrap(share, groups[rows], draws=_DRAWS, seed=seed)
        points.append(_point(risk[rows], found.value, found.low, found.high))
    return points


def _share_with_event(left: np.ndarray, right: np.ndarray, horizon: float, at: np.ndarray) -> float:
    times = np.array([horizon])
    return float(
        1.0 - turnbull(left[at], right[at], times, period=horizon / _PERIODS, smoothed=True, tolerance=1e-5)[0]
    )


def _point(predicted: np.ndarray, observed: float, low: float, high: float) -> dict[str, float]:
    return {
        "predicted": float(predicted.mean()),
        "observed": observed,
        "low": low,
        "high": high,
        "rows": len(predicted),
    }
