"""What the log-odds of a hazard are made of: columns named before, the probabilities of a label, and all the rest."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator

from pipeline.learners.encoding import DesignEncoder
from pipeline.learners.inner import inner_folds
from pipeline.learners.types import TypeClassifier

_RATIO_VARIANCE = 0.125
"""Variance of a log ratio of hazards before any event is seen: 95 % of ratios lie between 1/2 and 2. Between yes and no
of a finding, or 2 standard deviations of a measurement (Gelman 2008, Stat Med 27:2865), both 2 apart in the encoder's
coding; and between a label and the average. With the usual 1/4 to 4 (Greenland 2006, Int J Epidemiol 35:765) a hundred
events are too few to learn five columns by: on 12 synthetic cohorts the share of attainable information is 0.19, with
1/2 to 2 it is 0.24 (standard error of the difference 0.02).
"""
_MODEL_OF_LABELS = ("generative",)


class HazardPredictors(BaseEstimator):
    """Encodes features, and adds how probable each label is, in up to three parts that are shrunk differently.

    With 100 events nothing is left to choose a penalty for 400 columns by, and what is known to matter drowns in them.
    So *prespecified* columns have a prior that no data choose: a hazard ratio of 1/2 to 2. The *label* (a diagnosis, of
    which the risk is known to depend) is learned from all people who have one, not only from the few with an event;
    the hazard sees its probabilities, in training those of a model that has not seen the person's group, and each
    label's log-odds have the same kind of prior. *The rest* is shrunk together, by a scale that the caller chooses.

    Parameters
    ----------
    prespecified : tuple of int
        Columns of the features.
    folds : int
        Folds in which labels are predicted for the training.
    random_state : int

    Attributes
    ----------
    encoder_ : DesignEncoder
    labeller_ : list of TypeClassifier
        The model of the label; empty without one.
    shares_ : ndarray, shape (labels,)
        Mean probability of each label in training, taken off.
    prior_ : ndarray, shape (k + labels,)
        Prior variance of each coefficient; 0 for the rest.
    rest_ : ndarray, shape (k + labels,)
        Variance of a coefficient of the rest, if together they are to give the log-odds a standard deviation of 1 among
        people; 0 for the others.
    """

    encoder_: DesignEncoder
    labeller_: list[TypeClassifier]
    shares_: np.ndarray
    prior_: np.ndarray
    rest_: np.ndarray

    def __init__(self, prespecified: tuple[int, ...] = (), *, folds: int = 5, random_state: int = 20261122) -> None:
        self.prespecified = prespecified
        self.folds = folds
        self.random_state = random_state

    def fit_transform(self, X: np.ndarray, labels: np.ndarray | None, codes: np.ndarray) -> np.ndarray:
        """Learn the coding and the label, and code the training.

        Parameters
        ----------
        X : ndarray, shape (n, features)
        labels : ndarray of str, shape (n,), optional
            Empty where a row's label is not known.
        codes : ndarray of int, shape (n,)
            Group of each row.

        Returns
        -------
        ndarray, shape (n, k + labels)
        """
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        known = np.isin(self.encoder_.columns_, self.prespecified)
        P = self._learn_label(X, labels, codes)
        self.shares_ = P.mean(axis=0)
        spread = float(Z[:, ~known].var(axis=0).sum())
        none = np.zeros(P.shape[1])
        self.prior_ = np.concatenate([np.where(known, _RATIO_VARIANCE / 4.0, 0.0), none + _RATIO_VARIANCE])
        self.rest_ = np.concatenate([np.where(known, 0.0, 1.0 / spread if spread > 0.0 else 0.0), none])
        return np.ascontiguousarray(np.hstack([Z, P - self.shares_]))

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Code rows; shape (n, k + labels)."""
        Z = self.encoder_.transform(X)
        told = [labeller.predict_proba(X) - self.shares_ for labeller in self.labeller_]
        return np.ascontiguousarray(np.hstack([Z, *told]))

    def variances(self, scale: float) -> np.ndarray:
        """Return the prior variance of each coefficient, if the rest has this scale; a column of variance 0 is unused.

        Parameters
        ----------
        scale : float
            Standard deviation, among people, of what the rest adds to the log-odds.
        """
        return self.prior_ + scale**2 * self.rest_

    def _learn_label(self, X: np.ndarray, labels: np.ndarray | None, codes: np.ndarray) -> np.ndarray:
        """Fit the model of the label; return each row's probabilities by a model that has not seen its group."""
        self.labeller_ = []
        known = np.flatnonzero(labels != "") if labels is not None else np.zeros(0, dtype=np.int64)
        if labels is None or len(np.unique(labels[known])) < 2:
            return np.zeros((len(X), 0))
        words = tuple(np.unique(labels[known]).tolist())

        def learned(rows: np.ndarray) -> TypeClassifier:
            rows = rows[labels[rows] != ""]
            model = TypeClassifier(candidates=_MODEL_OF_LABELS, labels=words, random_state=self.random_state)
            return model.fit(X[rows], labels[rows], groups=codes[rows])

        self.labeller_ = [learned(known)]
        P = self.labeller_[0].predict_proba(X)
        for train, test in inner_folds(codes, labels, self.folds, self.random_state):
            if len(np.unique(labels[train][labels[train] != ""])) > 1:
                P[test] = learned(train).predict_proba(X[test])
        return P
