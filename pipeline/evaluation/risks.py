"""Scores of risks at one horizon, where some people were not seen to the horizon, or only long before and after it."""

from __future__ import annotations

import numpy as np

from pipeline.evaluation.events import turnbull
from pipeline.evaluation.recalibration import calibration_errors, intercept_and_slope

_GROUPS = 5
_PERIODS = 20
_TOLERANCE = 1e-5
_LEAST_RISK = 1e-6


def event_by(left: np.ndarray, right: np.ndarray, risk: np.ndarray, horizon: float) -> np.ndarray:
    """Return how probable it is that each event came by the horizon, given when it can have come.

    It is 1 where the event was seen by then, and 0 where the person was free of it then, or could no longer have it.
    Where the interval holds the horizon, or ends before it without an event, the share of the interval's mass that lies
    before the horizon. The mass is that of the `turnbull` curve of people of like risk, so that it does not matter if
    people of high risk are lost more often, as it does with one curve for all; inside such a group hazards are taken to
    differ as the risks say. Where the group as a whole has more or fewer events than was said, that shows.

    Parameters
    ----------
    left, right : array-like, shape (n,)
        Years, as in `turnbull`.
    risk : array-like, shape (n,)
        By which people are put in five groups of like size.
    horizon : float
        Years.

    Returns
    -------
    ndarray, shape (n,)
        In [0, 1].

    Examples
    --------
    >>> event_by([0.0, 2.0, 0.0], [1.0, np.inf, 4.0], [0.5, 0.5, 0.5], 2.0).round(1).tolist()
    [1.0, 0.0, 0.5]
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    hazard = -np.log1p(-np.clip(np.asarray(risk, dtype=np.float64), _LEAST_RISK, 1.0 - _LEAST_RISK))
    order = np.argsort(hazard, kind="stable")
    probable = np.where(right <= horizon, 1.0, 0.0)
    for rows in np.array_split(order, min(_GROUPS, max(len(order), 1))):
        torn = rows[(left[rows] < horizon) & (right[rows] > horizon)]
        if len(torn):
            times = np.stack([left[torn], np.full(len(torn), horizon), right[torn]])
            free = _free_at(left[rows], right[rows], horizon, times) ** (hazard[torn] / hazard[rows].mean())
            mass = free[0] - free[2]
            # no mass in an interval of this length: it may lie anywhere in it
            even = (horizon - left[torn]) / np.where(np.isinf(right[torn]), np.inf, right[torn] - left[torn])
            probable[torn] = np.where(mass > 0.0, (free[0] - free[1]) / np.where(mass > 0.0, mass, 1.0), even)
    return np.clip(probable, 0.0, 1.0)


def _free_at(left: np.ndarray, right: np.ndarray, horizon: float, times: np.ndarray) -> np.ndarray:
    """Return the share without the event at some times, infinity among them; of the shape of the times."""
    asked = np.unique(times[np.isfinite(times) & (times > 0.0)])
    free = turnbull(left, right, asked, period=horizon / _PERIODS, smoothed=True, tolerance=_TOLERANCE)
    known, curve = np.concatenate([[0.0], asked, [np.inf]]), np.concatenate([[1.0], free, [0.0]])
    return curve[np.searchsorted(known, times)]


def risk_scores(risk: np.ndarray, event: np.ndarray) -> dict[str, float]:
    """Score risks of an event by one horizon.

    Parameters
    ----------
    risk : array-like, shape (n,)
    event : array-like, shape (n,)
        Whether it came by the horizon, or how probable that is: of `event_by`.

    Returns
    -------
    dict
        ``auc``, how often somebody with the event by the horizon has a higher risk than somebody free of it then
        (cumulative and dynamic; Heagerty et al. 2000, Biometrics 56:337); ``brier``, the mean squared distance of risk
        and event; ``scaled_brier``, by how much it is less than that of the overall share for everybody;
        ``calibration_slope`` and ``ici``. A term that has no value is NaN.
    """
    risk, event = np.asarray(risk, dtype=np.float64), np.asarray(event, dtype=np.float64)
    share = float(event.mean())
    brier = brier_of_risk(risk, event)
    null = brier_of_risk(np.full(len(risk), share), event)
    return {
        "auc": soft_auc(risk, event),
        "brier": brier,
        "scaled_brier": 1.0 - brier / null if null > 0.0 else float("nan"),
        "calibration_slope": intercept_and_slope(risk, event)[1],
        "ici": calibration_errors(risk, event)["ici"],
    }


def brier_of_risk(risk: np.ndarray, event: np.ndarray) -> float:
    """Return the mean squared distance of risks and events, of which some may be only probable."""
    return float((event * (1.0 - risk) ** 2 + (1.0 - event) * risk**2).mean())


def soft_auc(risk_score: np.ndarray, event: np.ndarray) -> float:
    """Return the AUC where it is only probable who had the event; ties count half.

    Each pair weighs as much as it is probable that the first had the event and the second had not.

    Examples
    --------
    >>> soft_auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0, 0, 1, 1]))
    0.875
    """
    _, code = np.unique(risk_score, return_inverse=True)
    with_, without = np.bincount(code, weights=event), np.bincount(code, weights=1.0 - event)
    pairs = event.sum() * (1.0 - event).sum() - (event * (1.0 - event)).sum()
    below = np.cumsum(without) - without
    # nobody is compared with themselves
    tied = with_ * without - np.bincount(code, weights=event * (1.0 - event))
    return float((with_ * below + 0.5 * tied).sum() / pairs) if pairs > 0.0 else float("nan")
