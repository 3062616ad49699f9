"""The scores of one target, from predictions for groups that the model had not seen, with group-bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pipeline.evaluation import events, scores
from pipeline.evaluation.intervals import Estimate, cluster_bootstrap, wilson

SMALLEST_CELL = 5
"""A count below this is not reported: it could point at a person."""
SUPPRESSED = "suppressed"
FEW_EVENTS = 50
"""Below this many events a model of progression says little more than its prior."""
DRAWS = 1000
PERIODS_TO_SHORTEST = 4
"""Periods up to the shortest horizon, over which observed shares are smoothed."""


def classification_summary(
    probabilities: np.ndarray, label: np.ndarray, classes: tuple[str, ...], groups: np.ndarray, seed: int
) -> dict[str, Any]:
    """Score probabilities of labels.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
        Out of fold, one row a patient.
    label : ndarray of str, shape (n,)
    classes : tuple of str
        Label of each column.
    groups : ndarray, shape (n,)
        Clusters of the bootstrap.
    seed : int

    Returns
    -------
    dict
        Each score with ``value``, ``low`` and ``high`` of its 95 % interval; ``auc`` of the last label and
        ``within_group_auc`` for two labels, ``macro_auc`` for more.
    """
    truth = np.array([classes.index(each) for each in label], dtype=int)

    def interval(statistic: Callable[[np.ndarray], float]) -> dict[str, float | None]:
        return _told(cluster_bootstrap(statistic, groups, draws=DRAWS, seed=seed))

    found = {
        "log_loss": interval(lambda at: scores.log_loss(probabilities[at], truth[at])),
        "brier": interval(lambda at: scores.brier(probabilities[at], truth[at])),
        "accuracy": interval(lambda at: scores.accuracy(probabilities[at], truth[at])),
    }
    if len(classes) == 2:
        last, positive = probabilities[:, 1], truth == 1
        found["auc"] = interval(lambda at: scores.auc(last[at], positive[at]))
        if len(np.unique(groups.astype(str))) < len(groups):
            found["within_group_auc"] = {"value": scores.within_group_auc(last, positive, groups)}
    else:
        found["macro_auc"] = interval(lambda at: scores.macro_auc(probabilities[at], truth[at]))
    return found


def one_against_rest(
    probabilities: np.ndarray, label: np.ndarray, classes: tuple[str, ...], groups: np.ndarray, seed: int
) -> dict[str, dict[str, float | None] | str]:
    """Score how well each label is told from all others.

    Parameters
    ----------
    probabilities, label, classes, groups, seed
        As of `classification_summary`.

    Returns
    -------
    dict
        By label, the ``auc`` with its 95 % interval; `SUPPRESSED` where the label's count is.
    """
    found: dict[str, dict[str, float | None] | str] = {}
    for name, count in label_counts(label).items():
        if count == SUPPRESSED or count == len(label):
            found[name] = SUPPRESSED
            continue
        rows = (probabilities[:, classes.index(name)], label == name)
        found[name] = _told(cluster_bootstrap(partial(_auc_at, *rows), groups, draws=DRAWS, seed=seed))
    return found


def _auc_at(score: np.ndarray, outcome: np.ndarray, at: np.ndarray) -> float:
    return scores.auc(score[at], outcome[at])


def set_summary(members: np.ndarray, truth: np.ndarray, groups: np.ndarray, promised: float) -> dict[str, Any]:
    """Count the labels in each set, and how often the recorded one is among them.

    Parameters
    ----------
    members : ndarray of bool, shape (n, K)
        One row a patient; the sets' thresholds come from others.
    truth : ndarray of int, shape (n,)
    groups : ndarray, shape (n,)
    promised : float
        Share of patients whose label should be in their set.

    Returns
    -------
    dict
        ``promised``, ``coverage`` with its 95 % interval (Wilson), ``sizes``: number of labels to people, small counts
        suppressed as in `label_counts`; ``coverage`` is `SUPPRESSED` where 1 to 4 people lie outside, or inside.
    """
    inside = members[np.arange(len(truth)), truth]
    share = float(inside.mean())
    low, high = wilson(share, len(np.unique(groups.astype(str))))
    small = SUPPRESSED in (told(int(inside.sum())), told(int((~inside).sum())))
    coverage = SUPPRESSED if small else {"value": share, "low": low, "high": high}
    return {"promised": promised, "coverage": coverage, "sizes": label_counts(members.sum(axis=1))}


def prior_log_loss(label: np.ndarray, weight: np.ndarray) -> float:
    """Log-loss of a model that says the same for everybody: the share of each label."""
    _, codes = np.unique(label.astype(str), return_inverse=True)
    share = np.bincount(codes, weights=weight) / weight.sum()
    return float(-np.average(np.log(share[codes]), weights=weight))


def event_summary(
    left: np.ndarray,
    right: np.ndarray,
    risk: np.ndarray,
    *,
    horizons: dict[str, float],
    groups: np.ndarray,
    seed: int,
) -> dict[str, Any]:
    """Score risks of an event that is known to lie between two visits.

    Returns
    -------
    dict
        By horizon, ``observed_over_expected`` and ``concordance`` with their 95 % intervals.
    """
    found: dict[str, Any] = {}
    period = min(horizons.values()) / PERIODS_TO_SHORTEST
    for column, (name, years) in enumerate(horizons.items()):
        rows = (left, right, risk[:, column])
        found[name] = {
            key: _told(
                cluster_bootstrap(partial(_event_score, key, rows, years, period), groups, draws=DRAWS, seed=seed)
            )
            for key in ("observed_over_expected", "concordance")
        }
    return found


def _event_score(
    key: str, rows: tuple[np.ndarray, np.ndarray, np.ndarray], horizon: float, period: float, at: np.ndarray
) -> float:
    left, right, risk = (values[at] for values in rows)
    if key == "concordance":
        return events.concordance(left, right, risk, horizon=horizon)
    return events.observed_over_expected(left, right, risk, horizon, period=period)


def told(count: int) -> int | str:
    """Return a count as it may be told: one from 1 to 4 is suppressed."""
    return SUPPRESSED if 0 < count < SMALLEST_CELL else count


def label_counts(label: np.ndarray) -> dict[str, int | str]:
    """Count each label; a count below five is suppressed, and where it is the only one, the next smallest with it.

    Examples
    --------
    >>> label_counts(np.repeat(["cervical", "laryngeal", "musicians"], [20, 9, 2]))
    {'cervical': 20, 'laryngeal': 'suppressed', 'musicians': 'suppressed'}
    """
    names, counts = np.unique(label.astype(str), return_counts=True)
    small = counts < SMALLEST_CELL
    if small.sum() == 1:  # it could be found from the total
        small[np.argsort(counts, kind="stable")[:2]] = True
    return {
        str(name): SUPPRESSED if hidden else int(count)
        for name, count, hidden in zip(names, counts, small, strict=True)
    }


def event_warnings(event_indicator: np.ndarray, patients: np.ndarray) -> list[str]:
    """Say where there is too little to learn from."""
    count = len(np.unique(patients[event_indicator].astype(str)))
    if count >= FEW_EVENTS:
        return []
    count = f"fewer than {SMALLEST_CELL}" if count < SMALLEST_CELL else count
    needed = f"at least {FEW_EVENTS} are needed to learn more than a prior"
    return [f"too few events: {count} patients with an event, but {needed}"]


def _told(estimate: Estimate) -> dict[str, float | None]:
    """Return an estimate for a report; None where it does not exist (no pair could be compared)."""
    named = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {key: float(value) if np.isfinite(value) else None for key, value in named.items()}
