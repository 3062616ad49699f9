"""What the log-odds of a hazard are made of: columns named before, a label and its course, and all the rest."""

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
_COURSE_VARIANCE = 0.25
"""Variance of how differently the log-odds of a label change with the clock, from those of the average, between 2
standard deviations of its logarithm. Labels may well differ: spread from the eyelids comes in the first years, spread
from the neck at any time (Weiss 2006, Mov Disord 21:1175). On three synthetic cohorts with 174 to 186 events the share
of attainable information is 0.51 (0.37 without a clock); with half of this variance 0.50, with twice 0.50.
"""
_SOON_Y = 0.5
"""Added to the clock's years: a hazard does not go to infinity where the clock begins."""
_STANDS_STILL = 1e-9
"""Standard deviation of the clock's logarithm; what is less is rounding."""
_MODEL_OF_LABELS = ("generative",)


class HazardPredictors(BaseEstimator):
    """Encodes features, and adds how probable each label is and how far its clock has gone; parts are shrunk apart.

    With 100 events nothing is left to choose a penalty for 400 columns by, and what is known to matter drowns in them.
    So *prespecified* columns have a prior that no data choose: a hazard ratio of 1/2 to 2. The *label* (a diagnosis, of
    which the risk is known to depend) is learned from all people who have one, not only from the few with an event;
    the hazard sees its probabilities, in training those of a model that has not seen the person's group, and each
    label's log-odds have the same kind of prior. The *clock* (years since onset, say) enters by its logarithm, and by
    its product with each label's probability, since each label has a course of its own. *The rest* is shrunk together,
    by a scale that the caller chooses.

    Parameters
    ----------
    prespecified : tuple of int
        Columns of the features.
    clock : int, optional
        Column of years, 0 or more.
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
    clock_ : ndarray, shape (2,)
        Mean of the clock's logarithm in training, and two standard deviations of it; empty without a clock.
    prior_ : ndarray, shape (k + labels + courses,)
        Prior variance of each coefficient; 0 for the rest. Courses: with a clock one, and one for each label.
    rest_ : ndarray, shape (k + labels + courses,)
        Variance of a coefficient of the rest, if together they are to give the log-odds a standard deviation of 1 among
        people; 0 for the others.
    """

    encoder_: DesignEncoder
    labeller_: list[TypeClassifier]
    shares_: np.ndarray
    clock_: np.ndarray
    prior_: np.ndarray
    rest_: np.ndarray

    def __init__(
        self,
        prespecified: tuple[int, ...] = (),
        *,
        clock: int | None = None,
        folds: int = 5,
        random_state: int = 20261122,
    ) -> None:
        self.prespecified = prespecified
        self.clock = clock
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
        ndarray, shape (n, k + labels + courses)
        """
        self.encoder_ = DesignEncoder().fit(X)
        Z = self.encoder_.transform(X)
        known = np.isin(self.encoder_.columns_, self.prespecified)
        P = self._learn_label(X, labels, codes)
        self.shares_ = P.mean(axis=0)
        self._learn_clock(X)
        spread = float(Z[:, ~known].var(axis=0).sum())
        labels_prior = np.full(P.shape[1], _RATIO_VARIANCE)
        courses = [np.array([_RATIO_VARIANCE]), np.full(P.shape[1], _COURSE_VARIANCE)] if len(self.clock_) else []
        self.prior_ = np.concatenate([np.where(known, _RATIO_VARIANCE / 4.0, 0.0), labels_prior, *courses])
        self.rest_ = np.zeros(len(self.prior_))
        self.rest_[: len(known)] = np.where(known, 0.0, 1.0 / spread if spread > 0.0 else 0.0)
        return self._joined(X, Z, P - self.shares_)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Code rows; shape (n, k + labels + courses)."""
        told = [labeller.predict_proba(X) - self.shares_ for labeller in self.labeller_]
        return self._joined(X, self.encoder_.transform(X), *told)

    def _learn_clock(self, X: np.ndarray) -> None:
        """Learn how the clock is coded, if it moves at all."""
        self.clock_ = np.zeros(0)
        if self.clock is not None:
            logs = _logs_of_years(X[:, self.clock])
            known = logs[~np.isnan(logs)]
            if len(known) and known.std() > _STANDS_STILL:
                self.clock_ = np.array([known.mean(), 2.0 * known.std()])

    def _joined(self, X: np.ndarray, Z: np.ndarray, *told: np.ndarray) -> np.ndarray:
        """Put together what is coded, the labels, and their courses; where the clock is not known it is the mean."""
        if not len(self.clock_):
            return np.ascontiguousarray(np.hstack([Z, *told]))
        middle, width = self.clock_
        logs = np.nan_to_num((_logs_of_years(X[:, self.clock]) - middle) / width)[:, None]
        return np.ascontiguousarray(np.hstack([Z, *told, logs, *(each * logs for each in told)]))

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


def _logs_of_years(years: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(years, 0.0) + _SOON_Y)
