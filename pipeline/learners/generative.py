"""A shrunken generative model: how often each value is seen with each label, added up by Bayes' rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import sparse
from scipy.optimize import OptimizeResult, minimize, minimize_scalar
from scipy.special import log_softmax, ndtr, softmax
from sklearn.base import BaseEstimator

from pipeline.learners.bins import LEAST_ORDERED, BinnedColumns, normal_scale
from pipeline.learners.inner import inner_folds
from pipeline.learners.kinship import Kinship, kinship_of

_LEAST_MASS = 1e-6
_LEAST_VARIANCE = 0.02
_USUAL_WEIGHT = 0.6
"""What a column's evidence counts before anything is learned of how far columns repeat each other."""
_RIDGE = 3.0
_MOST_WEIGHT = 2.0
_NEAR = 4.0
"""How much more easily a label is taken for one of its kin than for another that is as common."""
_FIRST_NOISE = 0.15
_MOST_NOISE = 0.6
_FIRST_STEPS, _NEXT_STEPS = 40, 12
_STILL = 0.002
"""Gain of the log-loss in a round, in nats a patient, below which rounds end."""


class GenerativeModel(BaseEstimator):
    """Log-odds of a label as a sum over columns: what its value, if recorded, says for each label.

    Each column has a table of log P(value | label) / P(value); a missing value adds nothing, so that a visit without
    recordings, or with half a form, is judged by what it has. Values are cut into bins (`BinnedColumns`).

    *Shrinkage.* Counts of a joint label are drawn to those of its phenotype and its aetiology (their effects added up),
    counts of a phenotype to its branch of the label tree, and that to all patients. Bins of a measurement are drawn to
    a normal distribution with the label's mean and spread: a rare label is described by two numbers, a common one by
    its own shape, bent or with heavy tails.

    *Repetition.* Columns repeat each other (age at onset, its bins, duration), which plain Bayes counts twice. So the
    evidence of a column is multiplied by a weight, the same for all labels, fitted on groups that the tables had not
    seen (weighted naive Bayes: Zaidi et al. 2013, J Mach Learn Res 14:1947).

    *Errors of labels.* With ``rounds`` above 1 the recorded label is taken as the true one seen through errors: with
    probability `noise_` it is another, a neighbour or a common one most often. Tables, weights and `noise_` are learned
    by expectation-maximisation, with expectations from groups left out; what is predicted is the label as it would be
    recorded. On the synthetic regimes, 2,000 patients, this raises the share of attainable information about the
    recorded phenotype from 0.70 to 0.82 with 30 % of labels wrong, from 0.76 to 0.83 with 15 %, and leaves 0.86 with
    none.

    Parameters
    ----------
    rounds : int
        Rounds of expectation-maximisation; 1 takes labels as they are.
    bins : int
    kin_rows, label_rows, shape_rows : float
        Patients that a prior counts as: of phenotype, aetiology and branch; of the label; of a measurement's shape.
    folds : int
        Folds in which weights and expectations are found.
    random_state : int

    Attributes
    ----------
    bins_ : BinnedColumns
    table_ : ndarray, shape (bins + 1, K)
        Evidence of each bin, its column's weight included; the last row, that of a missing value, is 0.
    intercepts_ : ndarray, shape (K,)
    noise_ : float
        Share of labels that are recorded wrongly.
    taken_for_ : ndarray, shape (K, K)
        What a wrong label of each kind says; rows add up to 1.
    """

    bins_: BinnedColumns
    table_: np.ndarray
    intercepts_: np.ndarray
    noise_: float
    taken_for_: np.ndarray

    def __init__(
        self,
        *,
        rounds: int = 1,
        bins: int = 12,
        kin_rows: float = 30.0,
        label_rows: float = 10.0,
        shape_rows: float = 100.0,
        folds: int = 4,
        random_state: int = 20261122,
    ) -> None:
        self.rounds = rounds
        self.bins = bins
        self.kin_rows = kin_rows
        self.label_rows = label_rows
        self.shape_rows = shape_rows
        self.folds = folds
        self.random_state = random_state

    def fit(
        self, X: np.ndarray, truth: np.ndarray, weight: np.ndarray, groups: np.ndarray, labels: np.ndarray
    ) -> GenerativeModel:
        """Learn tables, weights and errors.

        Parameters
        ----------
        X : ndarray, shape (n, features)
        truth : ndarray of int, shape (n,)
            Position of each row's label.
        weight, groups : ndarray, shape (n,)
        labels : ndarray of str, shape (K,)
        """
        kin = kinship_of(labels.tolist())
        self.bins_ = BinnedColumns(bins=self.bins).fit(X)
        B = self.bins_.indicators(X)
        # a pseudo-patient must weigh as much as a patient, however many visits each has
        weight = weight * (len(np.unique(groups)) / weight.sum())
        recorded = np.zeros((len(X), len(labels)))
        recorded[np.arange(len(X)), truth] = weight
        splits = inner_folds(groups, truth, self.folds, self.random_state)
        belief, factors, self.noise_, loss = recorded, self._usual_factors(), 0.0, np.inf
        self.taken_for_ = _taken_for(recorded.sum(axis=0), kin)
        for number in range(self.rounds):
            held_out = [
                _HeldOut(self._tables(B[train], belief[train], kin), self.bins_.owner, B[test], test)
                for train, test in splits
            ]
            steps = _FIRST_STEPS if number == 0 else _NEXT_STEPS
            factors = _fit_factors(held_out, belief, weight, factors, steps)
            if self.rounds == 1 or not splits:
                break
            true = _held_out_shares(held_out, factors, recorded.shape)
            self.noise_, now = _fit_noise(true, truth, weight, self.taken_for_, first=number == 0)
            belief = true * self._recorded_as()[:, truth].T
            belief *= (weight / belief.sum(axis=1))[:, None]
            if loss - now < _STILL * weight.sum():
                break
            loss = now
        evidence, prior = self._tables(B, belief, kin)
        table = evidence * factors[:-1][self.bins_.owner][:, None]
        self.table_ = np.vstack([table, np.zeros((1, len(labels)))])
        self.intercepts_ = factors[-1] * prior
        return self

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Return the logarithm of the share of each label as it would be recorded, shape (n, K)."""
        true = np.zeros((len(X), len(self.intercepts_)))
        for column in self.bins_.places(X).T:  # all columns at once would go through memory, not through the cache
            true += self.table_[column]
        true += self.intercepts_
        if self.noise_ == 0.0:
            return true
        return np.log(softmax(true, axis=1) @ self._recorded_as())

    def _recorded_as(self) -> np.ndarray:
        return (1.0 - self.noise_) * np.eye(len(self.taken_for_)) + self.noise_ * self.taken_for_

    def _usual_factors(self) -> np.ndarray:
        return np.append(np.full(len(self.bins_.columns_), _USUAL_WEIGHT), 1.0)

    def _tables(self, B: sparse.csr_array, belief: np.ndarray, kin: Kinship) -> tuple[np.ndarray, np.ndarray]:
        """Return log P(bin | label) / P(bin), shape (bins, K), and the log of each label's share, shape (K,)."""
        total = belief.sum(axis=0)
        prior = np.log((total + 0.5) / (total.sum() + 0.5 * len(total)))
        counts = np.asarray(B.T @ belief)
        if not counts.size:
            return np.zeros((0, len(total))), prior
        bins = self.bins_
        overall = _shares(counts.sum(axis=1, keepdims=True) + 1.0, bins)
        centre = np.repeat(overall, len(total), axis=1)
        of_branch = _shrunk(counts, kin.branch, centre, self.kin_rows, bins)
        of_first = _shrunk(counts, kin.first, of_branch, self.kin_rows, bins)
        of_last = _shrunk(counts, kin.last, centre, self.kin_rows, bins)
        centre = _shares(of_first * of_last / overall, bins)
        found = _shrunk(counts, np.arange(len(total)), centre, self.label_rows, bins)
        for at in np.flatnonzero(np.diff(self.bins_.starts_) >= LEAST_ORDERED):
            own = slice(*self.bins_.starts_[at : at + 2])
            normal = _normal_shares(found[own], overall[own, 0])
            found[own] = (counts[own] + self.shape_rows * normal) / (counts[own].sum(axis=0) + self.shape_rows)
        return np.log(found) - np.log(overall), prior


@dataclass(frozen=True)
class _HeldOut:
    """Rows of one fold and the tables that were counted without them."""

    tables: tuple[np.ndarray, np.ndarray]
    owner: np.ndarray
    B: sparse.csr_array
    rows: np.ndarray

    def log_shares(self, factors: np.ndarray) -> np.ndarray:
        evidence, prior = self.tables
        return log_softmax(self.B @ (evidence * factors[:-1][self.owner][:, None]) + factors[-1] * prior, axis=1)


def _shares(mass: np.ndarray, bins: BinnedColumns) -> np.ndarray:
    """Scale the mass of each column's bins to a sum of 1."""
    return mass / np.add.reduceat(mass, bins.starts_[:-1], axis=0)[bins.owner]


def _shrunk(counts: np.ndarray, group: np.ndarray, centre: np.ndarray, rows: float, bins: BinnedColumns) -> np.ndarray:
    """Return shares of each group of labels, drawn to their centre; shape (bins, K), alike within a group."""
    member = (group[:, None] == np.arange(int(group.max()) + 1)).astype(np.float64)
    own = counts @ member
    middle = (centre @ member) / member.sum(axis=0)
    known = np.add.reduceat(own, bins.starts_[:-1], axis=0)[bins.owner]
    return ((own + rows * middle) / (known + rows)) @ member.T


def _normal_shares(share: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """Return the shares of bins under a normal distribution with each label's mean and spread, shape (bins, K).

    The scale is the one on which all patients together are standard normal.
    """
    ends, middle = normal_scale(overall)
    mean = middle @ share
    between = overall @ middle**2
    variance = (middle**2) @ share - mean**2
    # inside a bin values spread too, less where the label is narrower than all patients
    variance += (1.0 - between) * np.minimum(variance / between, 1.0)
    mass = np.diff(ndtr((ends[:, None] - mean) / np.sqrt(np.maximum(variance, _LEAST_VARIANCE))), axis=0)
    mass = np.maximum(mass, _LEAST_MASS)
    return mass / mass.sum(axis=0)


def _fit_factors(
    held_out: list[_HeldOut], belief: np.ndarray, weight: np.ndarray, start: np.ndarray, steps: int
) -> np.ndarray:
    """Return the weight of each column and, last, of the labels' shares, of least log-loss on rows left out.

    A ridge draws the columns' weights to their mean, and that, once for all columns, to the usual weight.
    """

    def loss(factors: np.ndarray) -> tuple[float, np.ndarray]:
        mean = factors[:-1].mean() if len(factors) > 1 else _USUAL_WEIGHT
        apart = np.append(factors[:-1] - mean, factors[-1] - 1.0)
        value = 0.5 * _RIDGE * float(apart @ apart + (mean - _USUAL_WEIGHT) ** 2)
        slope = _RIDGE * apart
        slope[:-1] += _RIDGE * (mean - _USUAL_WEIGHT) / max(len(factors) - 1, 1)
        for fold in held_out:
            logs, own = fold.log_shares(factors), belief[fold.rows]
            value -= float((own * logs).sum())
            excess = np.exp(logs) * weight[fold.rows][:, None] - own
            evidence, prior = fold.tables
            by_bin = ((fold.B.T @ excess) * evidence).sum(axis=1)
            slope[:-1] += np.bincount(fold.owner, weights=by_bin, minlength=len(slope) - 1)
            slope[-1] += (excess @ prior).sum()
        return value, slope

    if not held_out:
        return start
    bounds = [(0.0, _MOST_WEIGHT)] * len(start)
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}).x


def _held_out_shares(held_out: list[_HeldOut], factors: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    found = np.empty(shape)
    for fold in held_out:
        found[fold.rows] = np.exp(fold.log_shares(factors))
    return found


def _taken_for(total: np.ndarray, kin: Kinship) -> np.ndarray:
    """Return what a wrong label says: kin most often, and common labels."""
    pull = np.where(kin.near, _NEAR, 1.0) * np.sqrt(np.maximum(total, _LEAST_MASS))
    np.fill_diagonal(pull, 0.0)
    return pull / pull.sum(axis=1, keepdims=True)


def _fit_noise(
    true: np.ndarray, truth: np.ndarray, weight: np.ndarray, taken_for: np.ndarray, *, first: bool
) -> tuple[float, float]:
    """Return the share of wrong labels of least log-loss, and that loss; a guess before the first expectations."""
    rows = np.arange(len(truth))
    right, wrong = true[rows, truth], (true @ taken_for)[rows, truth]

    def loss(noise: float) -> float:
        return -float(weight @ np.log((1.0 - noise) * right + noise * wrong))

    if first:  # tables of labels taken as they are explain all errors away
        return _FIRST_NOISE, np.inf
    found = cast("OptimizeResult", minimize_scalar(loss, bounds=(0.0, _MOST_NOISE), method="bounded"))
    noise = float(found.x) if loss(float(found.x)) < loss(0.0) else 0.0
    return noise, loss(noise)
