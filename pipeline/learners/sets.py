"""Sets of labels that hold the truth as often as promised, and the deepest answer that such a set allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator

from pipeline.errors import UsageError
from pipeline.vocabulary import LABEL_TREE

ROOT = "any"
"""The root of every label tree: an answer that says nothing."""

_PARENT = {child: node for node, children in LABEL_TREE.items() for child in children}


LEAST_IN_CELL = 100
"""Calibration patients below which a cell is merged with its neighbours in the label tree."""


class PredictionSets(BaseEstimator):
    """Split-conformal sets: every label at least as probable as the threshold of its cell.

    A cell is a node of the label tree and a pattern of modalities (what of recordings, form and the like is there). Its
    threshold is the k-th largest out-of-fold probability of the recorded label among its calibration patients, with
    k = ceil((n + 1) (1 - alpha)). Then of patients with this pattern and a label of this node at least 1 - alpha have
    their label in the set, whatever the model, if patients are exchangeable: so a rare label is held as often as a
    common one. The promise is on average over the cell, never for one patient, and needs one visit a patient in
    calibration. Sources: Sadinle, Lei and Wasserman 2019 (J Am Stat Assoc 114:223); label-conditional cells, Vovk 2012
    (Proc Mach Learn Res 25:475).

    A label with at least `least_in_cell` patients is a cell; the others of a node are one together; where those are
    fewer, they go to the node above. What is left at the root joins the smallest cell. Patterns with fewer patients
    share one set of cells, the largest pattern's if they are too few together.

    Parameters
    ----------
    alpha : float
        Share of patients whose label may lie outside.
    modalities : tuple of tuple of int
        Columns of X that belong to each modality: it is there if one of them is recorded.
    least_in_cell : int
    random_state : int
        Fixes which visit of a patient is used.

    Attributes
    ----------
    patterns_ : ndarray of int, shape (patterns,)
        Patterns with cells of their own, each a sum of powers of 2, ascending; any other has those of the last row.
    thresholds_ : ndarray, shape (patterns + 1, K)
        Threshold of each label, 0 where there are too few patients for the promise: then it is in every set.
    cells_ : ndarray of int, shape (patterns + 1, K)
        Number of each label's cell among those of its row.
    n_calibration_ : int
        Patients behind the thresholds.

    Examples
    --------
    >>> sets = PredictionSets(alpha=0.5).fit(np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]]), np.array([0, 1, 1]))
    >>> sets.thresholds_
    array([[0.6, 0.6]])
    >>> sets.members(np.array([[0.7, 0.3], [0.5, 0.5]])).tolist()
    [[True, False], [True, False]]
    """

    patterns_: np.ndarray
    thresholds_: np.ndarray
    cells_: np.ndarray
    n_calibration_: int

    def __init__(
        self,
        *,
        alpha: float = 0.1,
        modalities: tuple[tuple[int, ...], ...] = (),
        least_in_cell: int = LEAST_IN_CELL,
        random_state: int = 20261122,
    ) -> None:
        self.alpha = alpha
        self.modalities = modalities
        self.least_in_cell = least_in_cell
        self.random_state = random_state

    def fit(
        self,
        probabilities: np.ndarray,
        truth: np.ndarray,
        groups: np.ndarray | None = None,
        *,
        labels: Sequence[str] = (),
        X: np.ndarray | None = None,
    ) -> PredictionSets:
        """Set the thresholds from predictions for patients that the model had not seen.

        Parameters
        ----------
        probabilities : array-like, shape (n, K)
            Out of fold.
        truth : array-like of int, shape (n,)
            Column of the recorded label; -1 if the model does not know it, which counts as outside every set.
        groups : array-like, shape (n,), optional
            Patient of each row; one row of each is used, drawn at random.
        labels : sequence of str
            The K labels, for their place in the tree; without, all hang from the root.
        X : array-like, shape (n, features), optional
            For the patterns of modalities.

        Raises
        ------
        UsageError
            If there are no rows, or not one truth a row, or alpha is not between 0 and 1.
        """
        probabilities, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
        if not len(truth) or probabilities.shape[:1] != truth.shape:
            found = f"probabilities of shape {probabilities.shape}, truth of shape {truth.shape}"
            raise UsageError("calibration of the sets", found, needed="one row a visit, at least one, was needed")
        if not 0.0 < self.alpha < 1.0:
            raise UsageError("calibration of the sets", f"alpha {self.alpha:g}", needed="it must lie between 0 and 1")
        rows = np.random.default_rng(self.random_state).permutation(len(truth))
        if groups is not None:
            rows = rows[np.unique(np.asarray(groups).astype(str)[rows], return_index=True)[1]]
        truth = truth[rows]
        own = np.where(truth < 0, 0.0, probabilities[rows, np.maximum(truth, 0)])
        pattern = self._patterns(X, len(probabilities))[rows]
        self.n_calibration_ = len(rows)
        self.patterns_, place = self._own_patterns(pattern)
        paths = [_path(str(label), _PARENT) for label in labels or range(probabilities.shape[1])]
        fitted = [self._thresholds(own[place == row], truth[place == row], paths) for row in range(place.max() + 1)]
        # a pattern never seen is judged like the largest one
        if len(fitted) == len(self.patterns_):
            fitted.append(fitted[int(np.bincount(place).argmax())])
        self.thresholds_ = np.stack([thresholds for thresholds, _ in fitted])
        self.cells_ = np.stack([cells for _, cells in fitted])
        return self

    def members(self, probabilities: np.ndarray, X: np.ndarray | None = None) -> np.ndarray:
        """Return which labels are in the set of each row.

        A set is never empty: where no label reaches its threshold, it holds the most probable one.

        Parameters
        ----------
        probabilities : array-like, shape (n, K)
        X : array-like, shape (n, features), optional
            As in `fit`.

        Returns
        -------
        ndarray of bool, shape (n, K)
        """
        probabilities = np.asarray(probabilities, dtype=np.float64)
        inside = probabilities >= self.thresholds_[self.places(X, len(probabilities))]
        empty = np.flatnonzero(~inside.any(axis=1))
        inside[empty, probabilities[empty].argmax(axis=1)] = True
        return inside

    def places(self, X: np.ndarray | None, n: int) -> np.ndarray:
        """Return the row of `thresholds_` that each of n rows is judged by."""
        pattern = self._patterns(X, n)
        at = np.minimum(np.searchsorted(self.patterns_, pattern), max(len(self.patterns_) - 1, 0))
        known = self.patterns_[at] == pattern if len(self.patterns_) else np.zeros(n, dtype=bool)
        return np.where(known, at, len(self.thresholds_) - 1)

    def _patterns(self, X: np.ndarray | None, n: int) -> np.ndarray:
        """Return which modalities each row has, as a sum of powers of 2."""
        pattern = np.zeros(n, dtype=np.int64)
        if X is not None:
            for bit, columns in enumerate(self.modalities):
                pattern += 2**bit * (~np.isnan(np.asarray(X)[:, list(columns)])).any(axis=1)
        return pattern

    def _own_patterns(self, pattern: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the patterns with patients enough, and for each row its place among them; the rest comes last."""
        known, counts = np.unique(pattern, return_counts=True)
        own = known[counts >= self.least_in_cell]
        if not own.size:
            return own, np.zeros(len(pattern), dtype=np.int64)
        rest = counts[counts < self.least_in_cell].sum()
        largest = int(np.flatnonzero(own == known[counts.argmax()])[0])
        elsewhere = len(own) if rest >= self.least_in_cell else largest
        at = np.minimum(np.searchsorted(own, pattern), len(own) - 1)
        return own, np.where(own[at] == pattern, at, elsewhere)

    def _thresholds(self, own: np.ndarray, truth: np.ndarray, paths: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Return threshold and cell of each label, shape (K,), from the patients of one pattern."""
        # labels that the model does not know hang from the root
        counts = np.bincount(np.where(truth < 0, len(paths), truth), minlength=len(paths) + 1)
        cells = _cells(counts, [*paths, [ROOT, ""]], self.least_in_cell)
        thresholds = np.zeros(len(paths))
        for number in range(cells.max() + 1):
            inside = np.sort(own[cells[truth] == number])[::-1]
            # the product can land an ulp above a whole number
            needed = int(np.ceil((len(inside) + 1) * (1.0 - self.alpha) - 1e-9))
            thresholds[cells[:-1] == number] = inside[needed - 1] if needed <= len(inside) else 0.0
        return thresholds, cells[:-1]


def _cells(counts: np.ndarray, paths: list[list[str]], least: int) -> np.ndarray:
    """Merge labels up the tree until each cell has patients enough; give the number of each label's cell."""
    cells: list[list[int]] = []
    waiting: dict[tuple[str, ...], list[int]] = {}
    for label, path in enumerate(paths):
        waiting.setdefault(tuple(path), []).append(label)
    for depth in range(max(map(len, paths)), 0, -1):
        for node in sorted(node for node in waiting if len(node) == depth):
            labels = waiting.pop(node)
            if counts[labels].sum() >= least or depth == 1:
                cells.append(labels)
            else:
                waiting.setdefault(node[:-1], []).extend(labels)
    if len(cells) > 1 and counts[cells[-1]].sum() < least:
        left = cells.pop()
        min(cells, key=lambda labels: int(counts[labels].sum())).extend(left)
    found = np.zeros(len(paths), dtype=np.int64)
    for number, labels in enumerate(cells):
        found[labels] = number
    return found


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
    nodes = sorted({(depth, node) for path in paths for depth, node in enumerate(path)})
    found = np.zeros(len(members), dtype=np.int64)
    for at, (_, node) in enumerate(nodes):  # the nodes that hold a set lie on one path: the last found is the deepest
        elsewhere = [column for column, path in enumerate(paths) if node not in path]
        found[~members[:, elsewhere].any(axis=1)] = at
    return np.array([node for _, node in nodes], dtype=str)[found]


def _path(label: str, parent: Mapping[str, str]) -> list[str]:
    """Return the nodes from the root down to the label."""
    path = [label]
    while path[0] in parent:
        path.insert(0, parent[path[0]])
    return path if path[0] == ROOT else [ROOT, *path]
