"""What a model would be after it was recalibrated on so many people of the place where it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq

from pipeline.evaluation import scores
from pipeline.evaluation.recalibration import shared_slope
from pipeline.evaluation.risks import brier_of_risk

SIZES = (50, 100, 200)
"""People to recalibrate on."""

_DRAWS = 20
_PSEUDO_PEOPLE = 20.0
"""So many people with the shares that the model expects are added to those that are counted."""
_FARTHEST = 5.0
_LEAST = 1e-6


def recalibrated(probabilities: np.ndarray, truth: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return probabilities of labels, moved to the shares of the labels and to the sureness that some people show.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
        Of the people who are learned from.
    truth : ndarray of int, shape (n,)
        Their labels; -1 where the model does not know it.
    asked : ndarray, shape (m, K)
        What is to be moved.

    Returns
    -------
    ndarray, shape (m, K)
        Proportional to ``(p_k r_k) ** b``: r_k, the share of the label over the mean of its probability (Saerens et al.
        2002, Neural Comput 14:21, with known labels), b the `shared_slope` after that.

    Examples
    --------
    >>> p = np.full((40, 2), 0.5)
    >>> recalibrated(p, np.array([0] * 36 + [1] * 4), p[:1]).round(2).tolist()
    [[0.9, 0.1]]
    """
    known = truth >= 0
    expected = np.maximum(probabilities.mean(axis=0), _LEAST)
    counts = np.bincount(truth[known], minlength=probabilities.shape[1])
    share = (counts + _PSEUDO_PEOPLE * expected) / (known.sum() + _PSEUDO_PEOPLE)
    moved = _normed(probabilities * (share / expected))
    slope = shared_slope(moved, truth)
    slope = 1.0 if np.isnan(slope) else slope
    return _normed(np.maximum(_normed(asked * (share / expected)), _LEAST) ** slope)


def recalibrated_risk(risk: np.ndarray, event: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return risks whose hazards are multiplied by one factor, so that they have as many events as some people had.

    Parameters
    ----------
    risk, event : ndarray, shape (n,)
        Of the people who are learned from, as of `pipeline.evaluation.risks.risk_scores`.
    asked : ndarray, shape (m,)
        What is to be moved.
    """
    risk = np.clip(risk, _LEAST, 1.0 - _LEAST)
    share = (event.sum() + _PSEUDO_PEOPLE * risk.mean()) / (len(risk) + _PSEUDO_PEOPLE)

    def missed(log_factor: float) -> float:
        return float((1.0 - (1.0 - risk) ** np.exp(log_factor)).mean() - share)

    if missed(-_FARTHEST) * missed(_FARTHEST) > 0.0:
        return asked
    log_factor = np.asarray(brentq(missed, -_FARTHEST, _FARTHEST), dtype=np.float64)
    return 1.0 - (1.0 - asked) ** np.exp(log_factor)


def _normed(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


def after_recalibration(
    predicted: np.ndarray, truth: np.ndarray, groups: np.ndarray, *, is_risk: bool, seed: int
) -> dict[str, dict[str, float]]:
    """Return what the score of the others is once the model was recalibrated on some.

    Parameters
    ----------
    predicted : ndarray, shape (n, K) or (n,)
        Probabilities of labels, or risks by one horizon.
    truth : ndarray, shape (n,)
        Position of the label, or whether the event came, as far as it is known.
    groups : ndarray, shape (n,)
        Who is never parted.
    is_risk : bool
    seed : int

    Returns
    -------
    dict
        By number of groups that were learned from, the score ``before`` and ``after`` (log loss; for a risk, the Brier
        score) of the others, a mean over 20 draws; only where as many others are left.
    """
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].reshape(-1)
    count = int(codes.max(initial=-1)) + 1
    rng = np.random.default_rng(seed)
    found = {}
    for size in (each for each in SIZES if 2 * each <= count):
        drawn = [rng.permutation(count)[:size] for _ in range(_DRAWS)]
        both = np.array([_before_and_after(predicted, truth, np.isin(codes, each), is_risk=is_risk) for each in drawn])
        before, after = both.mean(axis=0)
        found[str(size)] = {"before": float(before), "after": float(after)}
    return found


def _before_and_after(predicted: Any, truth: np.ndarray, local: np.ndarray, *, is_risk: bool) -> tuple[float, float]:
    asked, own = predicted[~local], truth[~local]
    if is_risk:
        moved = recalibrated_risk(predicted[local], truth[local], asked)
        return brier_of_risk(asked, own), brier_of_risk(moved, own)
    moved = recalibrated(predicted[local], truth[local], asked)
    return scores.log_loss(asked, own), scores.log_loss(moved, own)
