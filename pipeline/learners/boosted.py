"""Small trees on top of a hazard: what its linear predictor misses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from pipeline.learners.encoding import DesignEncoder
from pipeline.learners.periods import PersonPeriods
from pipeline.learners.trees import Forest

_RATE = 0.1
_LEAVES = 4
_LEAST_ROWS = 20
_LEAF_EVENTS = 2.0
"""Expected events that the prior of a leaf, no difference, counts as."""


class HazardTrees(Forest):
    """Trees added up to an offset of the hazard's log-odds, the same in all periods.

    Each tree follows the gradient of the likelihood of what was seen between visits; a leaf's value is one Newton step,
    shrunk, a tenth of it taken (Friedman 2001, Ann Stat 29:1189).

    Parameters
    ----------
    rounds : int
    random_state : int
    """

    def __init__(self, *, rounds: int = 0, random_state: int = 20261122) -> None:
        self.rounds = rounds
        self.random_state = random_state

    def fit(self, people: PersonPeriods, theta: np.ndarray, encoder: DesignEncoder) -> HazardTrees:
        """Grow trees on the first, encoded covariates of people whose hazard has the coefficients `theta`."""
        self.encoder_ = encoder
        self.offset_ = np.zeros(1)
        grown = [(np.array([-1]), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros((1, 1)))]
        offset = np.zeros(len(people.Z))
        asked = people.Z[:, : len(encoder.columns_)]
        for number in range(self.rounds if asked.shape[1] else 0):
            slope, expected = replace(people, offset=offset).by_person(theta)
            tree = DecisionTreeRegressor(
                max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST_ROWS, random_state=self.random_state + number
            ).fit(asked, slope / expected, sample_weight=people.weight * expected)
            nodes, leaf = tree.tree_, tree.apply(asked)
            total, events = (
                np.bincount(leaf, people.weight * each, minlength=nodes.node_count) for each in (slope, expected)
            )
            value = _RATE * total / (events + _LEAF_EVENTS)
            offset = offset + value[leaf]
            grown.append((nodes.feature, nodes.threshold, nodes.children_left, nodes.children_right, value[:, None]))
        self._keep(grown)
        return self

    def scores(self, Z: np.ndarray) -> np.ndarray:
        """Return the offset after each tree, shape (trees + 1, n); the first is 0."""
        # scikit-learn compares in single precision; what is too large for it is larger than any threshold
        with np.errstate(over="ignore"):
            Z = Z.astype(np.float32).astype(np.float64)
        return np.cumsum([self.value_[self._leaf(Z, int(root)), 0] for root in self.roots_], axis=0)
