"""How far probabilities hold what they say, in groups of people large enough to give nobody away."""

from __future__ import annotations

from functools import partial

import numpy as np

from pipeline.evaluation.events import turnbull
from pipeline.evaluation.intervals import cluster_bootstrap, wilson

LEAST_CELL = 5
"""A point is given only if neither kind of outcome in it has 1 to 4 people."""

_PERIODS = 20
"""Periods up to the horizon, over which an observed share is smoothed."""

_DRAWS = 200
"""Resamples of a group of risk: each takes an estimate of Turnbull."""


def reliability_points(
    probabilities: np.ndarray, outcomes: np.ndarray, groups: np.ndarray, *, bins: int = 10
) -> list[dict[str, float]]:
    """Set the observed share beside the predicted probability, in groups by probability.

    Parameters
    ----------
    probabilities : array-like, shape (n,)
        Of the outcome.
    outcomes : array-like of bool, shape (n,)
    groups : array-like, shape (n,)
        Who is never split (patient, family): rows of one are not independent, and the interval counts them once.
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
    names = np.asarray(groups).astype(str)
    points = []
    for rows in safe_groups(probabilities, outcomes, bins):
        share = float(outcomes[rows].mean())
        low, high = wilson(share, len(np.unique(names[rows])))
        points.append(_point(probabilities[rows], share, low, high))
    return points


def risk_points(
    risk: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    horizon: float,
    groups: np.ndarray,
    *,
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
    for rows in safe_groups(risk, np.isfinite(right), bins):
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


def safe_groups(score: np.ndarray, outcomes: np.ndarray, bins: int) -> list[np.ndarray]:
    """Cut rows into groups of like size by score, joined to neighbours until no cell has 1 to 4 people.

    Parameters
    ----------
    score : ndarray, shape (n,)
    outcomes : ndarray of bool, shape (n,)
    bins : int

    Returns
    -------
    list of ndarray of int
        Row positions, ascending by score. In each group, people with the outcome number 0 or at least `LEAST_CELL`, and
        so do people without. All rows are in a group, so that none follows from a total; the list is empty if even all
        rows together have a small cell.
    """
    order = np.argsort(score, kind="stable")
    groups: list[np.ndarray] = []
    pending = np.zeros(0, dtype=np.int64)
    for piece in np.array_split(order, min(bins, max(len(order), 1))):
        pending = np.concatenate([pending, piece])
        if _is_safe(outcomes[pending]):
            groups.append(pending)
            pending = pending[:0]
    # what is left over joins the groups before it; whole groups of safe cells stay safe when joined
    while pending.size and not _is_safe(outcomes[pending]) and groups:
        pending = np.concatenate([groups.pop(), pending])
    if pending.size and _is_safe(outcomes[pending]):
        groups.append(pending)
    return groups


def _is_safe(outcomes: np.ndarray) -> bool:
    with_ = int(outcomes.sum())
    cells = (with_, outcomes.size - with_)
    return outcomes.size >= LEAST_CELL and all(cell == 0 or cell >= LEAST_CELL for cell in cells)
