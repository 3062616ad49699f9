"""What would have to be done to probabilities so that they hold: by how much, and in which direction."""

from __future__ import annotations

import numpy as np
from scipy.optimize import fminbound
from scipy.special import expit, log_softmax, logit

_EDGE = 1e-6
"""Probabilities are kept this far from 0 and 1: nothing finite could mend those."""

_STEPS, _ENOUGH = 60, 1e-9

_RIDGE = 1e-6
"""Keeps a fit finite where the prediction parts the outcomes entirely."""

_KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the prediction at which its curve may bend (Harrell 2015, Regression Modeling Strategies, 2.4.6)."""


def intercept_and_slope(probabilities: np.ndarray, outcomes: np.ndarray) -> tuple[float, float]:
    """Return the calibration intercept and slope of probabilities of one outcome (Cox 1958, Biometrika 45:562).

    Parameters
    ----------
    probabilities : array-like, shape (n,)
    outcomes : array-like, shape (n,)
        In [0, 1]: whether it came about, or how probable that is where it was not seen.

    Returns
    -------
    intercept : float
        Of the model logit(outcome) = a + logit(p): above 0, the outcome is more frequent than was said.
    slope : float
        b of logit(outcome) = a + b logit(p): below 1, the probabilities are too extreme; NaN if all are the same.

    Examples
    --------
    >>> p = np.tile([0.2, 0.5, 0.8], 40)
    >>> a, b = intercept_and_slope(p, np.tile([0.35, 0.5, 0.65], 40))
    >>> round(abs(a), 3), round(b, 2)
    (0.0, 0.45)
    """
    x, y = _logits(probabilities), np.asarray(outcomes, dtype=np.float64)
    ones = np.ones((len(x), 1))
    intercept = float(_fitted(ones, y, offset=x)[0])
    if np.ptp(x) < _ENOUGH:
        return intercept, float("nan")
    return intercept, float(_fitted(np.column_stack([ones, x]), y)[1])


def shared_slope(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Return the power to which probabilities of several labels would have to be raised, and made to add up to 1 again.

    Where it is 1, they are as sure as they may be; below 1 they are too extreme. It is the inverse of the temperature
    of Guo et al. 2017 (Proc Mach Learn Res 70:1321), and the slope of the multinomial recalibration of van Hoorde et
    al. 2014 (Stat Med 33:2585) with no intercepts and one slope for all labels.

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
    truth : array-like of int, shape (n,)
        Column of the true label; rows with -1 are left out.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1]] * 10)
    >>> bool(shared_slope(p, np.array([0] * 7 + [1] * 3)) < 0.5)  # 7 of 10 where 9 were said
    True
    """
    probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    known = truth >= 0
    if not known.any():
        return float("nan")
    logs = np.log(np.clip(probabilities[known], _EDGE, 1.0))
    rows, own = np.arange(len(logs)), truth[known]

    def loss(slope: float) -> float:
        return float(-log_softmax(slope * logs, axis=1)[rows, own].mean())

    return float(np.asarray(fminbound(loss, 0.0, 10.0)))


def calibration_curve(probabilities: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """Return the observed share at each probability, from a smooth curve through the outcomes.

    A logistic regression of the outcome on a restricted cubic spline of logit(p) (Austin and Steyerberg 2019, Stat Med
    38:4051, who compare it with loess).

    Parameters
    ----------
    probabilities, outcomes
        As of `intercept_and_slope`.

    Returns
    -------
    ndarray, shape (n,)
    """
    x = _logits(probabilities)
    basis = _spline(x, np.unique(np.quantile(x, _KNOTS)))
    return expit(basis @ _fitted(basis, np.asarray(outcomes, dtype=np.float64)))


def calibration_errors(probabilities: np.ndarray, outcomes: np.ndarray) -> dict[str, float]:
    """Return how far probabilities are from the `calibration_curve`.

    Returns
    -------
    dict
        ``ici``, the mean distance (integrated calibration index), ``e50``, ``e90`` and ``emax``, its median, 90th
        percentile and maximum (Austin and Steyerberg 2019).
    """
    distance = np.abs(calibration_curve(probabilities, outcomes) - np.asarray(probabilities, dtype=np.float64))
    e50, e90 = np.quantile(distance, [0.5, 0.9])
    return {"ici": float(distance.mean()), "e50": float(e50), "e90": float(e90), "emax": float(distance.max())}


def ici_of_a_perfect_model(
    probabilities: np.ndarray, groups: np.ndarray, *, draws: int, seed: int
) -> tuple[float, float]:
    """Return the mean and the 95th percentile of the ``ici`` that these probabilities would have if they all held.

    Even a perfect model is off the curve by chance, the more the fewer people there are: what is not above this says
    nothing against it. Rows of one group share their luck.

    Parameters
    ----------
    probabilities : array-like, shape (n, K)
        Of all labels; with two labels, the ``ici`` is that of the last, with more, that of each person and label.
    groups : array-like, shape (n,)
    draws, seed : int
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    shown = probabilities[:, 1:] if probabilities.shape[1] == 2 else probabilities
    labels = np.arange(probabilities.shape[1])[-shown.shape[1] :]
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].reshape(-1)
    below = np.cumsum(probabilities, axis=1)[:, :-1]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        label = (rng.random(codes.max() + 1)[codes][:, None] > below).sum(axis=1)
        found.append(calibration_errors(shown.ravel(), (label[:, None] == labels).ravel())["ici"])
    return float(np.mean(found)), float(np.quantile(found, 0.95))


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return logit(np.clip(np.asarray(probabilities, dtype=np.float64), _EDGE, 1.0 - _EDGE))


def _spline(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the basis of a curve that is cubic between knots and straight beyond them; without three, a line."""
    columns = [np.ones_like(x), x] if len(knots) > 1 else [np.ones_like(x)]
    if len(knots) < 3:
        return np.column_stack(columns)
    last, before = knots[-1], knots[-2]
    cubes = np.maximum(x[:, None] - knots, 0.0) ** 3
    for at in range(len(knots) - 2):
        bend = (last - knots[at]) / (last - before)
        tail = cubes[:, -2] * bend - cubes[:, -1] * (bend - 1.0)
        columns.append((cubes[:, at] - tail) / (last - knots[0]) ** 2)
    return np.column_stack(columns)


def _fitted(X: np.ndarray, y: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """Fit a logistic regression by Newton's method; the outcome may be a probability; shape (columns of X,)."""
    beta = np.zeros(X.shape[1])
    ridge = _RIDGE * len(X) * np.eye(X.shape[1])
    for _ in range(_STEPS):
        p = expit(X @ beta + offset)
        gradient = X.T @ (y - p) - ridge @ beta
        step = np.linalg.solve((X.T * (p * (1.0 - p))) @ X + ridge, gradient)
        size = np.abs(step).max()
        beta += step * min(1.0, 5.0 / size) if size else 0.0  # a long step could leap over the summit
        if size < _ENOUGH:
            break
    return beta
