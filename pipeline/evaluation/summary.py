"""The scores of one target, from predictions for groups that the model had not seen, with group-bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from pipeline.evaluation import events, recalibration, risks, scores
from pipeline.evaluation.cells import SMALLEST_CELL, SUPPRESSED, label_counts, told
from pipeline.evaluation.intervals import cluster_bootstrap, cluster_bootstraps, wilson

FEW_EVENTS = 50
"""Below this many events a model of progression says little more than its prior."""
DRAWS = 1000
FEWER_DRAWS = 200
"""For what takes a fit a draw."""
PERIODS_TO_SHORTEST = 4
"""Periods up to the shortest horizon, over which observed shares are smoothed."""


def classification_summary(
    probabilities: np.ndarray,
    label: np.ndarray,
    classes: tuple[str, ...],
    groups: np.ndarray,
    seed: int,
    *,
    draws: int = DRAWS,
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
        Each score with ``value``, ``low`` and ``high`` of its 95 % interval: ``information``, the share of the prior's
        log-loss that the model takes away (the prior being the shares of the labels in these very people); ``auc`` of
        the last label and ``within_group_auc`` for two labels, ``macro_auc`` for more.
    """
    truth = label_codes(label, classes)
    two = len(classes) == 2
    # the shares of all people, in each draw too: those of a draw fit it, and the interval would lie below the value
    of_prior = prior_losses(label)

    def each(at: np.ndarray) -> dict[str, float]:
        p, own = probabilities[at], truth[at]
        loss, none = scores.log_loss(p, own), of_prior[at].mean()
        found = {"log_loss": loss, "information": 1.0 - loss / none if none > 0.0 else np.nan}
        found |= {"brier": scores.brier(p, own), "accuracy": scores.accuracy(p, own)}
        return found | ({"auc": scores.auc(p[:, 1], own == 1)} if two else {"macro_auc": scores.macro_auc(p, own)})

    found = {name: score.told() for name, score in cluster_bootstraps(each, groups, draws=draws, seed=seed).items()}
    if two and len(np.unique(groups.astype(str))) < len(groups):
        found["within_group_auc"] = {"value": scores.within_group_auc(probabilities[:, 1], truth == 1, groups)}
    return found


def label_codes(label: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Return the position of each label among the classes; -1 for one that the model does not know."""
    places = {name: at for at, name in enumerate(classes)}
    return np.array([places.get(str(each), -1) for each in label], dtype=int)


def calibration_summary(
    probabilities: np.ndarray, label: np.ndarray, classes: tuple[str, ...], groups: np.ndarray, seed: int
) -> dict[str, Any]:
    """Say by how much probabilities of labels would have to be changed so that they hold.

    Parameters
    ----------
    probabilities, label, classes, groups, seed
        As of `classification_summary`.

    Returns
    -------
    dict
        ``calibration_slope``, with ``calibration_intercept`` where there are two labels; ``ici``, over each person and
        label where there are more, with ``e50``, ``e90``, ``emax`` and ``ici_by_chance``, what a perfect model would
        have: its mean, and a ``high`` that it passes once in 20 times.
    """
    truth = label_codes(label, classes)
    two = len(classes) == 2
    shown = probabilities[:, 1:] if two else probabilities
    outcome = (truth[:, None] == np.arange(len(classes)))[:, -shown.shape[1] :]

    def each(at: np.ndarray) -> dict[str, float]:
        if two:
            intercept, slope = recalibration.intercept_and_slope(shown[at, 0], outcome[at, 0])
            found = {"calibration_slope": slope, "calibration_intercept": intercept}
        else:
            found = {"calibration_slope": recalibration.shared_slope(probabilities[at], truth[at])}
        return found | recalibration.calibration_errors(shown[at].ravel(), outcome[at].ravel())

    found: dict[str, Any] = {
        name: score.told() for name, score in cluster_bootstraps(each, groups, draws=FEWER_DRAWS, seed=seed).items()
    }
    mean, high = recalibration.ici_of_a_perfect_model(probabilities, groups, draws=FEWER_DRAWS, seed=seed)
    return found | {"ici_by_chance": {"value": mean, "high": high}}


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
        if count == SUPPRESSED or count == len(label) or name not in classes:
            found[name] = SUPPRESSED
            continue
        rows = (probabilities[:, classes.index(name)], label == name)
        found[name] = cluster_bootstrap(partial(_auc_at, *rows), groups, draws=DRAWS, seed=seed).told()
    return found


def _auc_at(score: np.ndarray, outcome: np.ndarray, at: np.ndarray) -> float:
    return scores.auc(score[at], outcome[at])


def set_summary(members: np.ndarray, inside: np.ndarray, groups: np.ndarray, promised: float) -> dict[str, Any]:
    """Count the labels in each set, and how often the recorded one is among them.

    Parameters
    ----------
    members : ndarray of bool, shape (n, K)
        One row a patient; the sets' thresholds come from others.
    inside : ndarray of bool, shape (n,)
        Whether the recorded label is in the set.
    groups : ndarray, shape (n,)
    promised : float
        Share of patients whose label should be in their set.

    Returns
    -------
    dict
        ``promised``, ``coverage`` with its 95 % interval (Wilson), ``sizes``: number of labels to people, small counts
        suppressed as in `label_counts`; ``coverage`` is `SUPPRESSED` where 1 to 4 people lie outside, or inside.
    """
    share = float(inside.mean())
    low, high = wilson(share, len(np.unique(groups.astype(str))))
    small = SUPPRESSED in (told(int(inside.sum())), told(int((~inside).sum())))
    coverage = SUPPRESSED if small else {"value": share, "low": low, "high": high}
    sizes = label_counts(members.sum(axis=1))
    return {
        "promised": promised,
        "coverage": coverage,
        "sizes": dict(sorted(sizes.items(), key=lambda each: int(each[0]))),
    }


def prior_losses(label: np.ndarray) -> np.ndarray:
    """Return each one's log-loss, shape (n,), under a model that says the same of all: the share of each label."""
    _, codes, counts = np.unique(label.astype(str), return_inverse=True, return_counts=True)
    return -np.log(counts / len(label))[codes]


def event_summary(
    left: np.ndarray,
    right: np.ndarray,
    risk: np.ndarray,
    *,
    horizons: dict[str, float],
    groups: np.ndarray,
    seed: int,
    draws: int = DRAWS,
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
            key: cluster_bootstrap(
                partial(_event_score, key, rows, years, period), groups, draws=draws, seed=seed
            ).told()
            for key in ("observed_over_expected", "concordance")
        }
    return found


def risk_summary(
    left: np.ndarray,
    right: np.ndarray,
    risk: np.ndarray,
    *,
    horizons: dict[str, float],
    people: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Score risks by each horizon as yes or no, with `pipeline.evaluation.risks.event_by` where it was not seen.

    Returns
    -------
    dict
        By horizon, the scores of `pipeline.evaluation.risks.risk_scores` with their 95 % intervals; none where fewer
        than five people were seen to have the event by then, or to be free of it.
    """
    found = {}
    for column, (name, years) in enumerate(horizons.items()):
        with_, without = right <= years, (left >= years) | np.isnan(right)
        if min(len(np.unique(people[each].astype(str))) for each in (with_, without)) < SMALLEST_CELL:
            found[name] = {}
            continue
        each = partial(_risk_scores_at, left, right, risk[:, column], years)
        drawn = cluster_bootstraps(each, groups, draws=FEWER_DRAWS, seed=seed)
        found[name] = {key: score.told() for key, score in drawn.items()}
    return found


def _risk_scores_at(
    left: np.ndarray, right: np.ndarray, risk: np.ndarray, horizon: float, at: np.ndarray
) -> dict[str, float]:
    return risks.risk_scores(risk[at], risks.event_by(left[at], right[at], risk[at], horizon))


def _event_score(
    key: str, rows: tuple[np.ndarray, np.ndarray, np.ndarray], horizon: float, period: float, at: np.ndarray
) -> float:
    left, right, risk = (values[at] for values in rows)
    if key == "concordance":
        return events.concordance(left, right, risk, horizon=horizon)
    return events.observed_over_expected(left, right, risk, horizon, period=period)


def event_warnings(left: np.ndarray, right: np.ndarray, people: np.ndarray, horizons: Mapping[str, float]) -> list[str]:
    """Say where there is too little to learn from, or to judge by.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        Years from each visit, as in `events.turnbull`.
    people : ndarray, shape (n,)
        Whose visit each is.
    horizons : mapping
        Years of each horizon.

    Returns
    -------
    list of str
        That fewer than 50 people had the event; and which horizons are shorter than the time between the two visits
        that an event was seen to lie between, in half of those who had one. In such a gap nobody saw when it came.

    Examples
    --------
    >>> event_warnings(np.zeros(80), np.full(80, 2.5), np.arange(80), {"1y": 1.0, "5y": 5.0})[0][:69]
    'risks within 1y: half of the events lie between visits at least 2.5 y'
    """
    seen = np.isfinite(right)
    names, first = np.unique(people[seen].astype(str), return_index=True)
    told_of = []
    if len(names) < FEW_EVENTS:
        count = f"fewer than {SMALLEST_CELL}" if len(names) < SMALLEST_CELL else len(names)
        needed = f"at least {FEW_EVENTS} are needed to learn more than a prior"
        told_of.append(f"too few events: {count} patients with an event, but {needed}")
    if len(names) >= SMALLEST_CELL:
        gap = float(np.median((right - left)[seen][first]))
        short = [name for name, years in horizons.items() if years < gap]
        if short:
            told_of.append(
                f"risks within {' and '.join(short)}: half of the events lie between visits at least {gap:.1f} years "
                "apart, and when in between they came was not seen; these risks, and the events that they are held "
                "against, rest on a hazard that changes little in that time"
            )
    return told_of
