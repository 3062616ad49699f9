"""Which type a patient has: candidates from simple to complex, chosen and calibrated on groups left out."""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from pipeline.errors import UsageError, did_you_mean
from pipeline.learners.blocks import in_blocks
from pipeline.learners.candidates import CANDIDATES, Answering, Rows, expanded, fit_simple, together
from pipeline.learners.choice import choose
from pipeline.learners.encoding import as_matrix
from pipeline.learners.inner import checked_rows

_WHERE = "training of the classifier"
_LEAST = 1e-12
"""Least probability of a label with training rows, so that its logarithm is finite."""


class TypeClassifier(ClassifierMixin, BaseEstimator):
    """The simplest model that is nearly as good as the best, its probabilities calibrated on groups left out.

    Candidates, from simple to complex: the shares of the labels; logistic regression, one a penalty; shrunk
    discriminant analysis; a shrunken generative model that leaves missing terms out, with labels taken as they are and
    with labels that may be wrong; a small network with a narrow middle; extra trees; small boosting; the log-linear
    pools of logistic and generative model, without and with the network; the mean of logistic, extra trees and
    boosting. Each gets one temperature, fitted on its out-of-fold logits (Guo et al. 2017, ICML, arXiv:1706.04599); the
    first whose out-of-fold log-loss is within one standard error of the best is fitted on all rows. Rows whose class
    the training part of a fold lacks take no part in the choice: no candidate and no temperature could help them, and
    the final model has seen their class.

    Parameters
    ----------
    candidates : tuple of str
        Names from `candidates.CANDIDATES`. With many labels, boosting and the vote are left out (`expanded`).
    penalties : tuple of float
        Candidates for scikit-learn's ``C``, ascending: strongest regularisation first.
    folds : int
        Inner folds.
    labels : tuple of str, optional
        Labels that `classes_` must hold; one without a training row gets a floor of `floor` rows' worth of
        probability. The labels of `y` if left out.
    floor : float
        Rows that a label without any counts as. As many patients, spread over the labels as all are, are added to what
        is said of everybody: of n patients nothing can be learned that holds more often than about n times in n + 1.
    random_state : int
        Fixes the inner folds.

    Attributes
    ----------
    classes_ : ndarray of str, shape (K,)
        Sorted.
    chosen_ : str
        Name of the candidate.
    losses_ : dict of str to float
        Out-of-fold log-loss of each candidate, its temperature included; empty if no group could be left out.
    members_ : list
        The fitted models that answer, each with ``logits``.
    powers_ : ndarray, shape (members,)
        Powers of the members' probabilities; empty where their mean is taken.
    temperature_ : float
    prior_ : ndarray, shape (K,)
        Share of each label in training.
    seen_ : ndarray of bool, shape (K,)
        Which labels had training rows.
    floors_ : ndarray, shape (K,)
        Least probability of each label.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["cervical", "laryngeal"], 40)
    >>> X = rng.normal(size=(80, 2)) + 2.0 * (y == "laryngeal")[:, None]
    >>> model = TypeClassifier().fit(X, y, groups=np.arange(80))
    >>> model.predict(np.array([[-1.0, -1.0], [3.0, 3.0]])).tolist()
    ['cervical', 'laryngeal']
    """

    classes_: np.ndarray
    chosen_: str
    losses_: dict[str, float]
    members_: list[Answering]
    powers_: np.ndarray
    temperature_: float
    prior_: np.ndarray
    seen_: np.ndarray
    floors_: np.ndarray
    n_features_in_: int

    def __init__(
        self,
        *,
        candidates: tuple[str, ...] = CANDIDATES,
        penalties: tuple[float, ...] = (0.01, 0.1, 1.0),
        folds: int = 4,
        labels: tuple[str, ...] | None = None,
        floor: float = 0.5,
        random_state: int = 20261122,
    ) -> None:
        self.candidates = candidates
        self.penalties = penalties
        self.folds = folds
        self.labels = labels
        self.floor = floor
        self.random_state = random_state

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
    ) -> TypeClassifier:
        """Choose a candidate and its temperature, then fit it on all rows.

        Parameters
        ----------
        X : array-like, shape (n, features)
            Finite values and NaN.
        y : array-like of str, shape (n,)
        groups : array-like, shape (n,), optional
            Patient (or family, publication) of each row; without, every row stands for itself.
        sample_weight : array-like, shape (n,), optional
            Scaled to mean 1.

        Raises
        ------
        UsageError
            If there is one label only, a label is not in `labels`, lengths differ, or a value is infinite.
        """
        X = as_matrix(X)
        y = np.asarray(y).astype(str)
        codes, weight = checked_rows(_WHERE, len(X), groups, sample_weight)
        if y.shape != (len(X),):
            raise UsageError(_WHERE, f"y of shape {y.shape}", needed=f"X has {len(X)} rows")
        self.classes_ = self._known_labels(y)
        self.n_features_in_ = X.shape[1]
        rows = Rows(X, np.searchsorted(self.classes_, y), weight, codes, self.classes_)
        names = expanded(self._known_candidates(), self.penalties, len(self.classes_))
        choice = choose(names, rows, folds=self.folds, random_state=self.random_state)
        self.chosen_, self.losses_ = choice.name, choice.losses
        self.powers_, self.temperature_ = choice.powers, choice.temperature
        fitted = fit_simple(choice.members, rows, self.random_state)
        self.members_ = [fitted[name] for name in choice.members]
        self.seen_ = rows.seen
        self.prior_ = np.bincount(rows.truth, weights=weight, minlength=len(self.classes_)) / weight.sum()
        spare = self.floor / (len(np.unique(codes)) + 1.0)
        # together the labels never seen get at most half of the probability
        never = min(self.floor / (len(X) + 1.0), 0.5 / len(self.classes_))
        self.floors_ = np.where(self.seen_, np.maximum(spare * self.prior_, _LEAST), never)
        return self

    def decision_logits(self, X: np.ndarray) -> np.ndarray:
        """Return calibrated log-probabilities, floored labels included.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray, shape (n, K)
            Columns in the order of `classes_`; a row's exponentials sum to 1.
        """
        return in_blocks(lambda block: np.log(self._block_probabilities(block)), as_matrix(X))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probability of each label.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray, shape (n, K)
            Positive, rows sum to 1, columns in the order of `classes_`; a row's bits do not depend on the other rows.
        """
        return in_blocks(self._block_probabilities, as_matrix(X))

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable label of each row.

        Parameters
        ----------
        X : array-like, shape (n, features)

        Returns
        -------
        ndarray of str, shape (n,)
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _known_labels(self, y: np.ndarray) -> np.ndarray:
        present = np.unique(y)
        if len(present) < 2:
            raise UsageError(
                _WHERE,
                "one label only",
                needed="a classifier needs at least two",
                do="Choose a target whose labels differ between patients",
                code="ONE_LABEL",
            )
        if self.labels is None:
            return present
        known = np.unique(np.asarray(self.labels, dtype=str))
        strange = int((~np.isin(present, known)).sum())
        if strange:
            raise UsageError(_WHERE, f"{strange} labels that 'labels' lacks", needed="it must name every label")
        return known

    def _known_candidates(self) -> tuple[str, ...]:
        strange = next((name for name in self.candidates if name not in CANDIDATES), None)
        if strange is not None or not self.candidates:
            raise UsageError(_WHERE, f"no candidate '{strange or ''}'", do=did_you_mean(strange or "", CANDIDATES))
        return self.candidates

    def _block_probabilities(self, block: np.ndarray) -> np.ndarray:
        said = [np.where(self.seen_, member.logits(block), -np.inf) for member in self.members_]
        if len(said) == 1:
            return self._floored(said[0] / self.temperature_)
        stack = np.stack([log_softmax(each, axis=1) for each in said])
        return self._floored(together(stack, self.powers_) / self.temperature_)

    def _floored(self, logits: np.ndarray) -> np.ndarray:
        """Return probabilities, none below its floor."""
        shares = softmax(np.where(self.seen_, logits, -np.inf), axis=1)
        return self.floors_ + (1.0 - self.floors_.sum()) * shares
