"""Models that the classifier of types chooses from, the simplest first, and how several answer as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.base import BaseEstimator

from pipeline.learners.generative import GenerativeModel
from pipeline.learners.linear import Discriminant, logistic_path
from pipeline.learners.network import Network
from pipeline.learners.trees import Boosting, ExtraTrees

SIMPLE = (
    "prior",
    "logistic",
    "discriminant",
    "generative",
    "generative_with_errors",
    "network",
    "extra_trees",
    "boosting",
)
"""Models that answer alone, from simple to complex; of `logistic` there is one a penalty."""

POOLS = {"pool": ("logistic", "generative"), "pool_of_three": ("logistic", "generative", "network")}
"""Products of powers of models of several kinds."""

CANDIDATES = (*SIMPLE, *POOLS, "vote")
"""All that can be chosen, pools among them; `vote` averages a logistic regression, extra trees and boosting."""

_KINDS = POOLS | {"vote": ("logistic", "extra_trees", "boosting")}
_USUAL = {"logistic": "logistic 0.1", "generative": "generative_with_errors"} | {
    name: name for name in ("network", "extra_trees", "boosting")
}
"""The model that stands for a kind where no candidate of the kind is asked for."""

_ROUNDS_OF_ERRORS = 12
_BOOSTED_LABELS = 12
"""Boosting grows a tree a label and round: with more labels it costs more than all others together, and on the
synthetic cohorts, of 35 labels, trees say less than the tables anyhow."""
_FORGOTTEN = -50.0
"""Log-probability that takes the place of one that is minus infinity, so that powers of it can be taken."""


class Answering(Protocol):
    """What every fitted model has."""

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return log-odds of the labels, shape (n, K)."""
        ...


@dataclass(frozen=True)
class Rows:
    """What a model learns from.

    Attributes
    ----------
    X : ndarray, shape (n, features)
    truth : ndarray of int, shape (n,)
    weight : ndarray, shape (n,)
    groups : ndarray, shape (n,)
    labels : ndarray of str, shape (K,)
    """

    X: np.ndarray
    truth: np.ndarray
    weight: np.ndarray
    groups: np.ndarray
    labels: np.ndarray

    def __getitem__(self, at: np.ndarray) -> Rows:
        return Rows(self.X[at], self.truth[at], self.weight[at], self.groups[at], self.labels)

    @property
    def seen(self) -> np.ndarray:
        """Which labels have rows that count; bool, shape (K,)."""
        return np.bincount(self.truth, weights=self.weight, minlength=len(self.labels)) > 0.0


class Prior(BaseEstimator):
    """The share of each label, whatever is recorded."""

    intercepts_: np.ndarray

    def fit(self, truth: np.ndarray, weight: np.ndarray, labels: int) -> Prior:
        """Count; each label gets half a row more."""
        counts = np.bincount(truth, weights=weight, minlength=labels) + 0.5
        self.intercepts_ = np.log(counts / counts.sum())
        return self

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the same for every row."""
        return np.repeat(self.intercepts_[None], len(X), axis=0)


def expanded(names: Sequence[str], penalties: Sequence[float], labels: int) -> tuple[str, ...]:
    """Return candidates in order, with a logistic regression for each penalty, without those too dear for the labels.

    Examples
    --------
    >>> expanded(["vote", "generative", "logistic"], [0.1, 1.0], labels=35)
    ('logistic 0.1', 'logistic 1', 'generative')
    """
    dear = ("boosting", "vote") if labels > _BOOSTED_LABELS else ()
    found: list[str] = []
    for name in CANDIDATES:
        if name in names and name not in dear:
            found += [f"logistic {penalty:g}" for penalty in penalties] if name == "logistic" else [name]
    return tuple(found)


def simple_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the simple models that candidates need, each once.

    Examples
    --------
    >>> simple_names(["prior", "pool"])
    ('prior', 'logistic 0.1', 'generative_with_errors')
    """
    needed = [name for name in names if name not in _KINDS]
    for kind in (kind for name in names for kind in _KINDS.get(name, ())):
        if not any(name.startswith(kind) for name in needed):
            needed.append(_USUAL[kind])
    return tuple(needed)


def members_of(name: str, losses: Mapping[str, float]) -> tuple[str, ...]:
    """Return the simple models behind a candidate: of each kind the one of least log-loss on rows left out."""
    if name not in _KINDS:
        return (name,)
    found = []
    for kind in _KINDS[name]:
        found.append(min((each for each in losses if each.startswith(kind)), key=losses.__getitem__))
    return tuple(found)


def fit_simple(names: Sequence[str], rows: Rows, random_state: int) -> dict[str, Answering]:
    """Fit models by their names."""
    fitted: dict[str, Answering] = {}
    own = (rows.X, rows.truth, rows.weight, len(rows.labels))
    penalties = tuple(_penalty(name) for name in names if name.startswith("logistic"))
    path = dict(zip(penalties, logistic_path(*own, penalties) if penalties else (), strict=True))
    for name in names:
        match name.split():
            case ["logistic", *_]:
                fitted[name] = path[_penalty(name)]
            case ["prior"]:
                fitted[name] = Prior().fit(*own[1:])
            case ["discriminant"]:
                fitted[name] = Discriminant().fit(*own)
            case ["network"]:
                fitted[name] = Network(random_state=random_state).fit(*own)
            case ["extra_trees"]:
                fitted[name] = ExtraTrees(random_state=random_state).fit(*own)
            case ["boosting"]:
                fitted[name] = Boosting(random_state=random_state).fit(*own)
            case _:
                rounds = _ROUNDS_OF_ERRORS if name == "generative_with_errors" else 1
                model = GenerativeModel(rounds=rounds, random_state=random_state)
                fitted[name] = model.fit(rows.X, rows.truth, rows.weight, rows.groups, rows.labels)
    return fitted


def _penalty(name: str) -> float:
    return float(name.split()[1])


def together(log_shares: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Let several models answer as one.

    Parameters
    ----------
    log_shares : ndarray, shape (members, n, K)
        Each model's log-probabilities.
    powers : ndarray, shape (members,)
        Powers of a product of probabilities; none, shape (0,), for their mean.

    Returns
    -------
    ndarray, shape (n, K)
        Logits.
    """
    if len(powers):
        # added one by one: a sum over an axis may round another way for another number of rows
        total = np.zeros(log_shares.shape[1:])
        for power, each in zip(powers, log_shares, strict=True):
            total += power * np.maximum(each, _FORGOTTEN)
        return total
    return logsumexp(log_shares, axis=0) - np.log(len(log_shares))


def fit_powers(log_shares: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the powers of least log-loss on rows left out, each at least 0, drawn a little to equal shares.

    Parameters
    ----------
    log_shares : ndarray, shape (members, n, K)
    truth, weight : ndarray, shape (n,)
    """
    members, rows = len(log_shares), np.arange(len(truth))
    usual = np.full(members, 1.0 / members)
    logs = np.maximum(log_shares, _FORGOTTEN)

    def loss(powers: np.ndarray) -> tuple[float, np.ndarray]:
        joint = log_softmax(np.tensordot(powers, logs, axes=1), axis=1)
        excess = np.exp(joint)
        excess[rows, truth] -= 1.0
        slope = np.array([weight @ (excess * each).sum(axis=1) for each in logs])
        return -weight @ joint[rows, truth] + 0.5 * ((powers - usual) ** 2).sum(), slope + powers - usual

    return minimize(loss, usual, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * members).x
