"""Net benefit: whether acting on a model does more good than harm, beside acting on everybody or on nobody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.evaluation.cells import safe_runs
from pipeline.evaluation.intervals import cluster_bootstraps

THRESHOLDS = np.array([0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
"""Probabilities from which somebody may want to act."""

_DRAWS = 200


def net_benefit(probabilities: np.ndarray, outcomes: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return the net benefit of acting on everybody whose probability is at least a threshold.

    True positives less false positives, a share of all people; a false one weighs t / (1 - t): who acts from a
    probability of t on holds one missed case as bad as (1 - t) / t needless acts (Vickers and Elkin 2006, Med Decis
    Making 26:565; with outcomes that are only probable, as Vickers et al. 2008, BMC Med Inform Decis Mak 8:53).

    Parameters
    ----------
    probabilities : array-like, shape (n,)
    outcomes : array-like, shape (n,)
        In [0, 1]: whether it came about, or how probable that is where it was not seen.
    thresholds : array-like, shape (t,)

    Returns
    -------
    ndarray, shape (t,)

    Examples
    --------
    >>> net_benefit(np.array([0.9, 0.6, 0.4, 0.1]), np.array([1, 0, 1, 0]), np.array([0.5, 0.2])).tolist()
    [0.0, 0.4375]
    """
    probabilities, outcomes = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=np.float64)
    thresholds = np.asarray(thresholds, dtype=np.float64)
    order = np.argsort(-probabilities, kind="stable")
    acted = np.searchsorted(-probabilities[order], -thresholds, side="right")
    true = np.concatenate([[0.0], np.cumsum(outcomes[order])])[acted]
    return (true - (acted - true) * thresholds / (1.0 - thresholds)) / len(outcomes)


def decision_curve(
    probabilities: np.ndarray,
    outcomes: Callable[[np.ndarray], np.ndarray],
    seen: np.ndarray,
    people: np.ndarray,
    groups: np.ndarray,
    *,
    simple: np.ndarray | None = None,
    seed: int,
) -> list[dict[str, float | None]]:
    """Return the net benefit of a model at thresholds, beside acting on everybody; acting on nobody has 0.

    Parameters
    ----------
    probabilities : ndarray, shape (n,)
    outcomes : callable
        Gives the outcomes, in [0, 1], of some rows: where they are estimated, anew for every resample.
    seen : ndarray of bool, shape (n,)
        Whether the outcome was seen; with that, small cells are told.
    people, groups : ndarray, shape (n,)
        Whose row each is; clusters of the bootstrap.
    simple : ndarray, shape (n,), optional
        Probabilities by a simple comparator.
    seed : int

    Returns
    -------
    list of dict
        By ``threshold``, ascending: ``value``, ``low`` and ``high`` of the model, ``all``, and ``simple`` if asked for
        (None where a small cell would show). Thresholds between which 1 to 4 people of either kind lie are left out, so
        that nobody follows from the difference of two.
    """
    told = _safe_thresholds(probabilities, seen, people)
    if not told.any():
        return []
    compared = None if simple is None else _safe_thresholds(simple, seen, people)

    def each(at: np.ndarray) -> dict[str, float]:
        found = net_benefit(probabilities[at], outcomes(at), THRESHOLDS)
        return {str(place): value for place, value in enumerate(found)}

    drawn = cluster_bootstraps(each, groups, draws=_DRAWS, seed=seed)
    own = outcomes(np.arange(len(probabilities)))
    share = float(own.mean())
    other = None if simple is None else net_benefit(simple, own, THRESHOLDS)
    curve: list[dict[str, float | None]] = []
    for place in np.flatnonzero(told):
        t, found = float(THRESHOLDS[place]), drawn[str(place)]
        point: dict[str, float | None] = {"threshold": t, "value": found.value, "low": found.low, "high": found.high}
        point["all"] = share - (1.0 - share) * t / (1.0 - t)
        if other is not None and compared is not None:
            point["simple"] = float(other[place]) if compared[place] else None
        curve.append(point)
    return curve


def _safe_thresholds(probabilities: np.ndarray, seen: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Say which thresholds may be told; shape (thresholds,)."""
    piece = np.searchsorted(THRESHOLDS, probabilities, side="right")
    pieces = [np.flatnonzero(piece == at) for at in range(len(THRESHOLDS) + 1)]
    told = np.zeros(len(THRESHOLDS), dtype=bool)
    for run in safe_runs(pieces, seen, people)[1:]:
        told[run[0] - 1] = True
    return told


def useful(curve: list[dict[str, float | None]]) -> list[float]:
    """Return the least and the greatest threshold at which a model surely does better than acting on all or on nobody.

    Empty if there is none: the lower end of its interval has to be above both.
    """
    low = np.array([np.nan if p["low"] is None else p["low"] for p in curve])
    everybody = np.array([p["all"] for p in curve], dtype=np.float64)
    better = np.array([p["threshold"] for p in curve], dtype=np.float64)[low > np.maximum(everybody, 0.0)]
    return [float(better.min()), float(better.max())] if better.size else []
