"""The model of one target: the estimator, and what turns its numbers into answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.sets import ROOT, PredictionSets, answer
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import PAIR
from pipeline.study import Target
from pipeline.vocabulary import LABEL_TREE

RISK_GROUPS = ("low", "middle", "high")
LogOdds = Callable[[np.ndarray, np.ndarray], np.ndarray]
_LEAST = 1e-12
"""Least probability whose log-odds are told: 0 and 1 have none."""


@dataclass(frozen=True)
class TargetModel:
    """The estimator of one target, with what turns its numbers into answers.

    Attributes
    ----------
    target : Target
    estimator : TypeClassifier or ProgressionHazard
    sets : dict
        For each label column its conformal sets; empty for a time to an event.
    group_cuts : tuple of float
        Risks at the longest horizon that part low from middle and middle from high; empty for a classification.
    prior_weights : ndarray, shape (K,), optional
        How much more frequent each label of the estimator is where the model is used than in the training, as far as
        that was said; the sets are then withdrawn, since they promise nothing for other shares.
    """

    target: Target
    estimator: TypeClassifier | ProgressionHazard
    sets: Mapping[str, PredictionSets] = field(default_factory=dict)
    group_cuts: tuple[float, ...] = ()
    prior_weights: np.ndarray | None = None

    def columns(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Predict a matrix of features.

        Returns
        -------
        dict
            The target's columns of the predictions, each of shape (rows,).
        """
        if isinstance(self.estimator, TypeClassifier):
            parts = [self._label_columns(name, X, *told) for name, told in self.margins(X).items()]
            return {name: values for part in parts for name, values in part.items()}
        return self._risk_columns(X)

    def margins(self, X: np.ndarray) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Return for each label column its labels, and their probabilities, shape (rows, labels)."""
        assert isinstance(self.estimator, TypeClassifier)
        pairs, classes = self.estimator.predict_proba(X), self.estimator.classes_
        if self.prior_weights is not None:
            pairs = shifted(pairs, self.prior_weights)
        return {name: margin(pairs, classes, part) for part, name in enumerate(self.target.label_columns)}

    def log_odds(self, X: np.ndarray) -> LogOdds:
        """Return what reasons are given for: the most probable label of each label column, or the risk.

        Returns
        -------
        callable
            Takes records, shape (m, features), and of which row of X each tells; gives the log-odds of that row's label
            in each label column against all others, or of the risk within the longest horizon; shape (m, `told`).
        """
        if not isinstance(self.estimator, TypeClassifier):
            estimator = self.estimator

            def of_risk(told: np.ndarray, _: np.ndarray) -> np.ndarray:
                risk = estimator.predict_risk(told)[:, -1:]
                return _log(risk) - _log(1.0 - risk)

            return of_risk
        best = [probability.argmax(axis=1) for _, probability in self.margins(X).values()]

        def of_labels(told: np.ndarray, rows: np.ndarray) -> np.ndarray:
            found = []
            for top, (_, probability) in zip(best, self.margins(told).values(), strict=True):
                others = np.zeros(len(told))
                for label, one in enumerate(probability.T):  # one by one, as `margin` adds
                    others += np.where(top[rows] == label, 0.0, one)
                found.append(_log(probability[np.arange(len(told)), top[rows]]) - _log(others))
            return np.stack(found, axis=1)

        return of_labels

    def _label_columns(
        self, name: str, X: np.ndarray, labels: tuple[str, ...], probability: np.ndarray
    ) -> dict[str, np.ndarray]:
        columns = {name: np.array(labels, dtype=object)[probability.argmax(axis=1)]}
        columns |= {f"{name}_p_{label}": probability[:, at] for at, label in enumerate(labels)}
        if self.prior_weights is not None:
            nothing = np.full(len(probability), "", dtype=object)
            withdrawn = np.ones(len(probability), dtype=bool)
            return columns | {f"{name}_set": nothing, f"{name}_answer": nothing, f"{name}_abstained": withdrawn}
        members = self.sets[name].members(probability, X)
        first, which = alike(members)  # a few sets of labels, each of many visits
        answers = answer(members[first], labels, LABEL_TREE)
        named = np.array(labels, dtype=object)
        sets = ["|".join(named[row]) for row in members[first]]
        columns[f"{name}_set"] = np.array([*sets, ""], dtype=object)[which]
        columns[f"{name}_answer"] = answers.astype(object)[which]
        columns[f"{name}_abstained"] = (answers == ROOT)[which]
        return columns

    def _risk_columns(self, X: np.ndarray) -> dict[str, np.ndarray]:
        assert isinstance(self.estimator, ProgressionHazard)
        risk, low, high = self.estimator.predict_risk_with_interval(X)
        columns: dict[str, np.ndarray] = {}
        for at, horizon in enumerate(self.target.horizons):
            name = f"{self.target.name}_risk_{horizon}"
            columns |= {name: risk[:, at], f"{name}_low": low[:, at], f"{name}_high": high[:, at]}
        group = np.searchsorted(self.group_cuts, risk[:, -1], side="right")
        columns[f"{self.target.name}_group"] = np.array(RISK_GROUPS, dtype=object)[group]
        return columns


def margin(pairs: np.ndarray, classes: np.ndarray, part: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Sum the probabilities of joint labels to those of one of their parts.

    Columns are added one by one: a sum over an axis could differ in its last bit with the number of rows.

    Examples
    --------
    >>> labels, p = margin(np.array([[0.2, 0.3, 0.5]]), np.array(["a/x", "a/y", "b/x"]), 0)
    >>> labels, p.tolist()
    (('a', 'b'), [[0.5, 0.5]])
    """
    parts = parts_of_labels(classes, part)
    labels = tuple(dict.fromkeys(parts))
    total = np.zeros((len(pairs), len(labels)))
    for at, label in enumerate(parts):
        total[:, labels.index(label)] += pairs[:, at]
    return labels, total


def parts_of_labels(classes: np.ndarray, part: int) -> list[str]:
    """Return one part of each joint label.

    Examples
    --------
    >>> parts_of_labels(np.array(["cervical/tardive", "hand/tardive"]), 0)
    ['cervical', 'hand']
    """
    return [str(each).split(PAIR)[part] for each in classes]


def shifted(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return probabilities where labels are more or less frequent: each times its weight, made to add up to 1.

    A label's prior changes, what a patient with it looks like does not (label shift): p'(y|x) is in proportion to
    p(y|x) times the weight, the share of y there over that in the training (Saerens, Latinne and Decaestecker 2002,
    Neural Comput 14:21). What was impossible stays impossible.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
    weights : ndarray, shape (K,)
        Not negative, and above 0 where a row has its probability.

    Examples
    --------
    >>> shifted(np.array([[0.5, 0.5, 0.0]]), np.array([1.0, 3.0, 2.0])).tolist()
    [[0.25, 0.75, 0.0]]
    """
    weighted = probabilities * weights
    return weighted / added_up(weighted)[:, None]


def added_up(columns: np.ndarray) -> np.ndarray:
    """Sum columns one by one: a sum over an axis could differ in its last bit with the number of rows.

    Examples
    --------
    >>> added_up(np.array([[0.25, 0.5], [1.0, 2.0]])).tolist()
    [0.75, 3.0]
    """
    total = np.zeros(len(columns))
    for column in columns.T:
        total += column
    return total


def _log(probability: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probability, _LEAST))


_MOST_KINDS = 2**53


def alike(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows of small numbers that are the same, so that each kind is worked on once.

    Returns
    -------
    first : ndarray, shape (kinds,)
        A row of each kind.
    which : ndarray, shape (rows,)
        Kind of each row.

    Examples
    --------
    >>> first, which = alike(np.array([[1, 0], [0, 0], [1, 0]]))
    >>> first.tolist(), which.tolist()
    ([0, 1], [0, 1, 0])
    """
    which, kinds = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.T:
        values = 1 + int(column.max(initial=0))
        if kinds * values > _MOST_KINDS:
            which = pd.factorize(which)[0].astype(np.int64)
            kinds = 1 + int(which.max(initial=0))
        which, kinds = which * values + column, kinds * values
    which = pd.factorize(which)[0].astype(np.int64)
    first = np.zeros(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(rows))[::-1]
    return first, which
