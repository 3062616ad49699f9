"""Trees as plain arrays: grown by scikit-learn, kept and asked without its classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier

from pipeline.learners.encoding import DesignEncoder

_LEAST = 1e-6
_MOST_LEAVES = 256


class Forest(BaseEstimator):
    """A sum of trees over encoded features.

    Attributes
    ----------
    encoder_ : DesignEncoder
    feature_ : ndarray of int, shape (nodes,)
        Encoded feature that a node asks for; -1 for a leaf.
    threshold_ : ndarray, shape (nodes,)
    left_, right_ : ndarray of int, shape (nodes,)
        Where a row goes whose value is at most, or above, the threshold; always a later node.
    value_ : ndarray, shape (nodes, columns)
    roots_ : ndarray of int, shape (trees,)
    offset_ : ndarray, shape (K,)
    """

    encoder_: DesignEncoder
    feature_: np.ndarray
    threshold_: np.ndarray
    left_: np.ndarray
    right_: np.ndarray
    value_: np.ndarray
    roots_: np.ndarray
    offset_: np.ndarray

    def is_sound(self) -> bool:
        """Whether every node leads to a later one of its tree and asks for a feature that there is."""
        nodes = len(self.feature_)
        inner = self.feature_ >= 0
        here = np.arange(nodes)
        ends = np.append(self.roots_, nodes)
        last = ends[np.searchsorted(self.roots_, here, side="right")] if len(self.roots_) else here
        shapes = {len(each) for each in (self.threshold_, self.left_, self.right_, self.value_)}
        return bool(
            shapes == {nodes}
            and (np.diff(ends) > 0).all()
            and (self.feature_ < len(self.encoder_.columns_)).all()
            and all(((side > here) & (side < last))[inner].all() for side in (self.left_, self.right_))
        )

    def _keep(self, grown: list[tuple[np.ndarray, ...]]) -> None:
        """Lay trees one after the other, each as feature, threshold, left, right and value of its nodes."""
        sizes = np.array([len(tree[0]) for tree in grown], dtype=np.int64)
        self.roots_ = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        feature, threshold, left, right, value = (np.concatenate([tree[part] for tree in grown]) for part in range(5))
        shift = np.repeat(self.roots_, sizes)
        leaf = feature < 0
        self.feature_ = feature.astype(np.int64)
        self.threshold_ = np.where(leaf, 0.0, threshold)
        self.left_ = np.where(leaf, 0, left + shift).astype(np.int64)
        self.right_ = np.where(leaf, 0, right + shift).astype(np.int64)
        self.value_ = value.astype(np.float64)

    def _leaf(self, Z: np.ndarray, root: int) -> np.ndarray:
        """Return the leaf of each row in one tree."""
        at, rows = np.full(len(Z), root), np.arange(len(Z))
        while (inner := self.feature_[at] >= 0).any():
            below = Z[rows, np.maximum(self.feature_[at], 0)] <= self.threshold_[at]
            at = np.where(inner, np.where(below, self.left_[at], self.right_[at]), at)
        return at


class ExtraTrees(Forest):
    """Extremely randomised trees (Geurts, Ernst and Wehenkel 2006, Mach Learn 63:3); their leaves' shares averaged.

    Parameters
    ----------
    trees : int
    least_rows : int
        Rows in a leaf.
    random_state : int
    """

    def __init__(self, *, trees: int = 100, least_rows: int = 5, random_state: int = 20261122) -> None:
        self.trees = trees
        self.least_rows = least_rows
        self.random_state = random_state

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> ExtraTrees:
        """Grow the trees."""
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        self.offset_ = np.zeros(labels)
        if not Z.shape[1]:
            Z = np.zeros((len(Z), 1))
        forest = ExtraTreesClassifier(
            self.trees,
            min_samples_leaf=self.least_rows,
            max_leaf_nodes=_MOST_LEAVES,
            max_features="sqrt",
            random_state=self.random_state,
        ).fit(Z, truth, sample_weight=weight)
        grown = []
        for each in forest.estimators_:
            tree = each.tree_
            value = np.zeros((tree.node_count, labels))
            value[:, forest.classes_] = tree.value[:, 0] / tree.value[:, 0].sum(axis=1, keepdims=True)
            # scikit-learn compares in single precision
            grown.append((tree.feature, tree.threshold, tree.children_left, tree.children_right, value))
        self._keep(grown)
        return self

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithm of the mean share, shape (n, K)."""
        Z = self.encoder_.transform(X).astype(np.float32).astype(np.float64)
        total = np.zeros((len(Z), len(self.offset_)))
        for root in self.roots_:
            total += self.value_[self._leaf(Z, int(root))]
        return np.log(total / len(self.roots_) + _LEAST)


class Boosting(Forest):
    """Few, small, slowly added trees (histogram gradient boosting of the multinomial log-loss).

    Parameters
    ----------
    rounds, leaves : int
    rate : float
    least_rows : int
        Rows in a leaf.
    random_state : int
    """

    def __init__(
        self,
        *,
        rounds: int = 60,
        leaves: int = 4,
        rate: float = 0.1,
        least_rows: int = 10,
        random_state: int = 20261122,
    ) -> None:
        self.rounds = rounds
        self.leaves = leaves
        self.rate = rate
        self.least_rows = least_rows
        self.random_state = random_state

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> Boosting:
        """Grow the trees."""
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        self.offset_ = np.zeros(labels)
        present = np.unique(truth)
        if not Z.shape[1] or len(present) < 2:
            self.offset_[present] = np.log(np.bincount(truth, weights=weight)[present] / weight.sum() + _LEAST)
            Z, present = np.zeros((len(Z), 1)), present[:0]
        grown = self._grown(Z, truth, weight, labels) if present.size else []
        leaf = (np.array([-1]), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros((1, labels)))
        self._keep(grown or [leaf])
        return self

    def _grown(self, Z: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> list[tuple[np.ndarray, ...]]:
        stopping: Any = False  # the signature says text only, the documentation a bool too
        model = HistGradientBoostingClassifier(
            learning_rate=self.rate,
            max_iter=self.rounds,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least_rows,
            l2_regularization=1.0,
            early_stopping=stopping,
            random_state=self.random_state,
        ).fit(Z, truth, sample_weight=weight)
        # of two labels scikit-learn models the second only
        own = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
        # neither trees nor where they start from have a public name
        self.offset_[own] = np.ravel(model._baseline_prediction)
        grown = []
        for trees in model._predictors:
            for label, tree in zip(own, trees, strict=True):
                nodes = tree.nodes
                leaf = nodes["is_leaf"].astype(bool)
                value = np.zeros((len(nodes), labels))
                value[leaf, label] = nodes["value"][leaf]
                feature = np.where(leaf, -1, nodes["feature_idx"])
                children = (nodes["left"].astype(np.int64), nodes["right"].astype(np.int64))
                grown.append((feature, nodes["num_threshold"], *children, value))
        return grown

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the sum of the trees, shape (n, K)."""
        Z = self.encoder_.transform(X)
        total = np.repeat(self.offset_[None], len(Z), axis=0)
        for root in self.roots_:
            total += self.value_[self._leaf(Z, int(root))]
        return total
