"""How well two labels are told from each other, and one label from all others where it is rare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from pipeline.evaluation import scores
from pipeline.evaluation.intervals import cluster_bootstrap

_MOST_PAIRS = 10
_DRAWS = 200


def hardest_pairs(
    probabilities: np.ndarray,
    truth: np.ndarray,
    labels: tuple[str, ...],
    shown: Sequence[str],
    *,
    groups: np.ndarray,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the pairs of labels that are told from each other worst.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
        One row a person.
    truth : ndarray of int, shape (n,)
        Position of the recorded label; -1 where the model does not know it.
    labels : tuple of str
    shown : sequence of str
        Those of the labels of which there are people enough.
    groups : ndarray, shape (n,)
        Clusters of the bootstrap.
    seed : int

    Returns
    -------
    list of dict
        Of at most ten pairs, the worst first: ``labels`` and ``auc`` with its 95 % interval, among the people who have
        one of the two, by the probability of the second given that it is one of them (Hand and Till 2001, Mach Learn
        45:171, with the two directions as one).
    """
    compared = []
    for one, other in combinations([labels.index(label) for label in shown], 2):
        rows = np.flatnonzero((truth == one) | (truth == other))
        both = probabilities[rows][:, [one, other]]
        score = both[:, 1] / np.maximum(both.sum(axis=1), np.finfo(np.float64).tiny)
        outcome = truth[rows] == other
        compared.append((scores.auc(score, outcome), labels[one], labels[other], rows, score, outcome))
    compared.sort(key=lambda each: each[:3])
    found = []
    for _, one, other, rows, score, outcome in compared[:_MOST_PAIRS]:
        auc = cluster_bootstrap(partial(_auc_at, score, outcome), groups[rows], draws=_DRAWS, seed=seed)
        found.append({"labels": [one, other], "auc": auc.told()})
    return found


def _auc_at(score: np.ndarray, outcome: np.ndarray, at: np.ndarray) -> float:
    return scores.auc(score[at], outcome[at])


def precision(
    probabilities: np.ndarray,
    truth: np.ndarray,
    labels: tuple[str, ...],
    shown: Sequence[str],
    *,
    groups: np.ndarray,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Return how many of those whom a model ranks highest have a label: what counts where it is rare.

    Parameters
    ----------
    probabilities, truth, labels, shown, groups, seed
        As of `hardest_pairs`.

    Returns
    -------
    dict
        By label, ``average_precision`` with its 95 % interval, and ``share``, what chance gives.
    """
    found = {}
    for label in shown:
        at = labels.index(label)
        outcome = truth == at
        of_label = partial(_precision_at, probabilities[:, at], outcome)
        drawn = cluster_bootstrap(of_label, groups, draws=_DRAWS, seed=seed)
        found[label] = {"average_precision": drawn.told(), "share": float(outcome.mean())}
    return found


def _precision_at(score: np.ndarray, outcome: np.ndarray, at: np.ndarray) -> float:
    return scores.average_precision(score[at], outcome[at])
