"""Sets of labels that hold the truth as often as promised, and the deepest answer that such a set allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator

from pipeline.errors import UsageError
from pipeline.vocabulary import LABEL_TREE

ROOT = "any"
"""The root of every label tree: an answer that says nothing."""


class PredictionSets(BaseEstimator):
    """Split-conformal sets: every label at least as probable as a threshold (least ambiguous set-valued classifier).

    The threshold is the k-th largest out-of-fold probability of the recorded label, with k = ceil((n + 1) (1 - alpha)).
    Then a new patient's label lies in the set with probability at least 1 - alpha, whatever the model, if patients are
    exchangeable. The promise is on average over patients, never for one of them, and it needs one visit a patient in
    calibration. Source: Sadinle, Lei and Wasserman 2019 (J Am Stat Assoc 114:223).

    Parameters
    ----------
    alpha : float
        Share of patients whose label may lie outside.
    random_state : int
        Fixes which visit of a patient is used.

    Attributes
    ----------
    threshold_ : float
        0 where there are too few patients for the promise: then every label is in every set.
    n_calibration_ : int
        Patients behind the threshold.

    Examples
    --------
    >>> sets = PredictionSets(alpha=0.5).fit(np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]]), np.array([0, 1, 1]))
    >>> sets.threshold_
    0.6
    >>> sets.members(np.array([[0.7, 0.3], [0.5, 0.5]])).tolist()
    [[True, False], [True, False]]
    """

    threshold_: float
    n_calibration_: int

    def __init__(self, *, alpha: float = 0.1, random_state: int = 20261122) -> None:
        self.alpha = alpha
        self.random_state = random_state

    def fit(self, probabilities: np.ndarray, truth: np.ndarray, groups: np.ndarray | None = None) -> PredictionSets:
        """Set the threshold from predictions for patients that the model had not seen.

        Parameters
        ----------
        probabilities : array-like, shape (n, K)
            Out of fold.
        truth : array-like of int, shape (n,)
            Column of the recorded label; -1 for a label that has none, which no set can hold.
        groups : array-like, shape (n,), optional
            Patient of each row; one row of each, drawn at random, is used.

        Raises
        ------
        UsageError
            If there is no row, lengths differ, or alpha is not between 0 and 1.
        """
        probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
        if probabilities.ndim != 2 or truth.shape != probabilities.shape[:1] or not len(truth):
            found = f"probabilities of shape {probabilities.shape} and truth of shape {truth.shape}"
            raise UsageError("calibration of the sets", found, needed="one row a visit, at least one, was needed")
        if not 0.0 < self.alpha < 1.0:
            raise UsageError("calibration of the sets", f"alpha {self.alpha:g}", needed="it must lie between 0 and 1")
        rows = np.random.default_rng(self.random_state).permutation(len(truth))
        if groups is not None:
            rows = rows[np.unique(np.asarray(groups).astype(str)[rows], return_index=True)[1]]
        own = probabilities[rows, np.maximum(truth[rows], 0)]
        own = np.sort(np.where(truth[rows] < 0, 0.0, own))[::-1]
        self.n_calibration_ = len(own)
        # the product can land an ulp above a whole number
        needed = int(np.ceil((len(own) + 1) * (1.0 - self.alpha) - 1e-9))
        self.threshold_ = float(own[needed - 1]) if needed <= len(own) else 0.0
        return self

    def members(self, probabilities: np.ndarray) -> np.ndarray:
        """Return which labels are in the set of each row.

        A set is never empty: where no label reaches the threshold, it holds the most probable one.

        Parameters
        ----------
        probabilities : array-like, shape (n, K)

        Returns
        -------
        ndarray of bool, shape (n, K)
        """
        probabilities = np.asarray(probabilities, dtype=np.float64)
        inside = probabilities >= self.threshold_
        empty = np.flatnonzero(~inside.any(axis=1))
        inside[empty, probabilities[empty].argmax(axis=1)] = True
        return inside


def answer(members: np.ndarray, labels: Sequence[str], tree: Mapping[str, tuple[str, ...]] = LABEL_TREE) -> np.ndarray:
    """Return the deepest node of the label tree that holds each set; the root is an abstention.

    Parameters
    ----------
    members : array-like of bool, shape (n, K)
        No row empty.
    labels : sequence of str
        The K labels. One that is not in the tree hangs from the root.
    tree : mapping
        Each inner node with its children, from the root `ROOT`.

    Returns
    -------
    ndarray of str, shape (n,)

    Examples
    --------
    >>> labels = ("blepharospasm", "oromandibular", "cervical", "healthy")
    >>> answer(np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 1, 1]]), labels).tolist()
    ['blepharospasm', 'cranial', 'dystonia', 'any']
    """
    members = np.asarray(members, dtype=bool)
    parent = {child: node for node, children in tree.items() for child in children}
    paths = [_path(str(label), parent) for label in labels]
    patterns, which = np.unique(members, axis=0, return_inverse=True)
    names = [_common([paths[column] for column in np.flatnonzero(pattern)]) for pattern in patterns]
    return np.array(names, dtype=str)[which.reshape(-1)]


def _path(label: str, parent: Mapping[str, str]) -> list[str]:
    """Return the nodes from the root down to the label."""
    path = [label]
    while path[0] in parent:
        path.insert(0, parent[path[0]])
    return path if path[0] == ROOT else [ROOT, *path]


def _common(paths: list[list[str]]) -> str:
    """Return the last node that all paths share."""
    shared = [nodes[0] for nodes in zip(*paths, strict=False) if len(set(nodes)) == 1]
    return shared[-1] if shared else ROOT
