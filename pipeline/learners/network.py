"""A small network with a narrow middle: columns that repeat each other become few scores before labels are told."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import log_softmax, logsumexp
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from pipeline.learners.normal_scores import NormalScores

_NOT_SEEN = -50.0
"""Log-odds of a label without rows."""


class Network(BaseEstimator):
    """Log-odds of labels as a linear function of a few bent sums of all columns.

    A hundred features of a recording tell perhaps ten things. What the features have in common is learned together with
    what it says of the labels: each middle unit is the hyperbolic tangent of a weighted sum of all columns, as normal
    scores of their ranks. A ridge and few steps of the optimiser keep it small (early stopping: Prechelt 1998, Neural
    Networks: Tricks of the Trade, p. 55); the mean of several, from different random starts, is steadier than one
    (Hansen and Salamon 1990, IEEE Trans Pattern Anal 12:993).

    Parameters
    ----------
    units : int
        Middle units.
    networks : int
        From so many random starts.
    penalty : float
        scikit-learn's ``alpha``: larger is stronger.
    steps : int
        Of the optimiser, L-BFGS, at most.
    random_state : int

    Attributes
    ----------
    encoder_ : NormalScores
    inward_ : ndarray, shape (networks, k, units)
    inward_offset_ : ndarray, shape (networks, units)
    outward_ : ndarray, shape (networks, units, K)
    outward_offset_ : ndarray, shape (networks, K)
    """

    encoder_: NormalScores
    inward_: np.ndarray
    inward_offset_: np.ndarray
    outward_: np.ndarray
    outward_offset_: np.ndarray

    def __init__(
        self,
        *,
        units: int = 8,
        networks: int = 4,
        penalty: float = 20.0,
        steps: int = 50,
        random_state: int = 20261122,
    ) -> None:
        self.units = units
        self.networks = networks
        self.penalty = penalty
        self.steps = steps
        self.random_state = random_state

    def fit(self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, labels: int) -> Network:
        """Fit; a label without rows that count is never told.

        Parameters
        ----------
        X : ndarray, shape (n, features)
        truth : ndarray of int, shape (n,)
            Below `labels`.
        weight : ndarray, shape (n,)
        labels : int
        """
        self.encoder_ = NormalScores().fit(X)
        Z = self.encoder_.transform(X)
        counts = np.bincount(truth, weights=weight, minlength=labels)
        self.inward_ = np.zeros((self.networks, Z.shape[1], self.units))
        self.inward_offset_ = np.zeros((self.networks, self.units))
        self.outward_ = np.zeros((self.networks, self.units, labels))
        shares = np.where(counts > 0.0, np.log(np.maximum(counts, 1e-12) / counts.sum()), _NOT_SEEN)
        self.outward_offset_ = np.tile(shares, (self.networks, 1))
        here = weight > 0.0
        if not Z.shape[1] or (counts > 0.0).sum() < 2:
            return self
        for number in range(self.networks):
            model = MLPClassifier(
                (self.units,),
                activation="tanh",
                solver="lbfgs",
                alpha=self.penalty,
                max_iter=self.steps,
                random_state=self.random_state + number,
            )
            with warnings.catch_warnings():
                # that it stops early is meant
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(Z[here], truth[here], sample_weight=weight[here])
            # of two labels scikit-learn models the second only
            own = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]
            self.outward_offset_[number, model.classes_] = 0.0
            self.inward_[number], self.inward_offset_[number] = model.coefs_[0], model.intercepts_[0]
            self.outward_[number][:, own], self.outward_offset_[number, own] = model.coefs_[1], model.intercepts_[1]
        return self

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithm of the mean share, shape (n, K)."""
        Z = self.encoder_.transform(X)
        said = [
            log_softmax(np.tanh(Z @ inward + inward_offset) @ outward + outward_offset, axis=1)
            for inward, inward_offset, outward, outward_offset in zip(
                self.inward_, self.inward_offset_, self.outward_, self.outward_offset_, strict=True
            )
        ]
        return logsumexp(np.stack(said), axis=0) - np.log(self.networks)
