"""Validation of a study's models: every prediction that is scored comes from a model that never saw the group.

Penalties and temperature are chosen inside the training part of each fold, by the estimators themselves, so that
selection is nested.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.bundle import TargetModel
from pipeline.evaluation.splits import grouped_folds, one_row_each
from pipeline.learners.candidates import CANDIDATES
from pipeline.learners.explanation import contributions, has_parts
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.sets import PredictionSets
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import Truth
from pipeline.steps import Mapped
from pipeline.study import Target
from pipeline.units import horizon_years

Split = tuple[np.ndarray, np.ndarray]

MOST_EXPLAINED = 200
"""People at most whose predictions are shared out for a report: more cost time, and change little."""

_ORDERS = 4
"""Orders in which their records are told: half of those of a single prediction, since what is told is a mean."""


HeldOutReasons = tuple[np.ndarray, np.ndarray]
"""Of people whom the model had not seen: what each part contributed, in log-odds, shape (people, parts, `Target.told`),
and whether they have it on record, shape (people, parts)."""


@dataclass(frozen=True)
class TrainingRows:
    """The visits from which one target is learned.

    Attributes
    ----------
    target : Target
    X : ndarray, shape (n, features)
    truth : Truth
        Its ``visits`` are positions in the cohort; its other arrays have n rows.
    patients, groups : ndarray, shape (n,)
        Patient of each row, and the group that is never split (a family, a publication, or the patient).
    modalities : tuple of tuple of int
        Columns of X that come from recordings, if any do: sets are calibrated with and without them apart.
    candidates : tuple of str
        Models of types that are chosen from.
    prespecified : tuple of int
        Columns of X of which it is known that the risk depends on them.
    clock : int, optional
        Column of X with the years that the risk runs from.
    """

    target: Target
    X: np.ndarray
    truth: Truth
    patients: np.ndarray
    groups: np.ndarray
    modalities: tuple[tuple[int, ...], ...] = ()
    candidates: tuple[str, ...] = CANDIDATES
    prespecified: tuple[int, ...] = ()
    clock: int | None = None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def weight(self) -> np.ndarray:
        """Weight of each visit in training.

        A patient's visits share one weight where a label is learned. For a time to an event each visit counts as one:
        who has the event has no later visits, so sharing would weigh people up because of what came afterwards (on
        synthetic cohorts it doubled the 1-year risk).
        """
        if self.target.kind == "time_to_event":
            return np.ones(len(self))
        _, codes, counts = np.unique(self.patients.astype(str), return_inverse=True, return_counts=True)
        return 1.0 / counts[codes]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of a classification, sorted: the columns of its predictions."""
        return tuple(sorted(set(self.truth.label.tolist())))

    @property
    def strata(self) -> np.ndarray:
        """What folds should hold alike: the label, or whether an event was seen."""
        return self.truth.label if self.target.kind == "classification" else self.truth.event_indicator.astype(str)

    def scored(self, seed: int) -> np.ndarray:
        """Return the rows of headline figures, ascending: one random visit a patient, or all visits for an event.

        One visit drawn at random among those before an event would again depend on when the event came.
        """
        if self.target.kind == "time_to_event":
            return np.arange(len(self))
        return one_row_each(self.patients, seed)


def new_estimator(rows: TrainingRows) -> TypeClassifier | ProgressionHazard:
    """Return the unfitted estimator of a target."""
    if rows.target.kind == "classification":
        return TypeClassifier(candidates=rows.candidates, labels=rows.labels)
    horizons = tuple(horizon_years(text) for text in rows.target.horizons)
    return ProgressionHazard(horizons=horizons, prespecified=rows.prespecified, clock=rows.clock)


def fitted(
    estimator: TypeClassifier | ProgressionHazard, rows: TrainingRows, chosen: np.ndarray | None = None
) -> TypeClassifier | ProgressionHazard:
    """Fit a copy of an estimator to these rows, patients weighing alike."""
    at = np.arange(len(rows)) if chosen is None else chosen
    settings = {"groups": rows.groups[at], "sample_weight": rows.weight[at]}
    model = copy.deepcopy(estimator)
    if isinstance(model, TypeClassifier):
        return model.fit(rows.X[at], rows.truth.label[at], **settings)
    truth = rows.truth.at(at)
    about = {"entry": truth.entry, "labels": truth.label, "competing": truth.competing}
    right = np.where(np.isnan(truth.right), np.inf, truth.right)
    return model.fit(rows.X[at], truth.left, right, **settings, **about)


def out_of_fold(rows: TrainingRows, *, folds: int, seed: int, map: Mapped = map) -> np.ndarray:
    """Predict each row by a model trained without its group.

    Returns
    -------
    ndarray, shape (n, k)
        Probabilities of the sorted labels, or risks at the horizons.
    """
    return _predicted(rows, _folds(rows, folds, seed), map)


def out_of_fold_with_reasons(
    rows: TrainingRows, parts: Sequence[Sequence[int]], *, folds: int, seed: int, map: Mapped = map
) -> tuple[np.ndarray, HeldOutReasons]:
    """Predict each row by a model trained without its group, and share out what is said of some people by it.

    Parameters
    ----------
    rows : TrainingRows
    parts : sequence of sequence of int
        Columns of each part of a record.
    folds, seed : int
    map : callable

    Returns
    -------
    predicted : ndarray, shape (n, k)
        As from `out_of_fold`.
    reasons : HeldOutReasons
        Of at most `MOST_EXPLAINED` people, one visit each.
    """
    at = few_people(rows.patients, seed)
    splits = _folds(rows, folds, seed)
    said = list(map(partial(_explain_fold, rows, at, parts), splits))
    predicted, shares, recorded = zip(*said, strict=True)
    return _scattered(rows, splits, list(predicted)), (np.concatenate(shares), np.concatenate(recorded))


def few_people(patients: np.ndarray, seed: int) -> np.ndarray:
    """Return one row each of at most `MOST_EXPLAINED` people, drawn at random, ascending."""
    people = one_row_each(patients, seed)
    return np.sort(np.random.default_rng(seed).permutation(people)[:MOST_EXPLAINED])


def reasons_for(model: TargetModel, X: np.ndarray, parts: Sequence[Sequence[int]]) -> np.ndarray:
    """Share out what a model says of some people whom it has not seen; shape (people, parts, `Target.told`)."""
    return contributions(model.log_odds(X), X, parts, orders=_ORDERS)[1]


def out_of_site(rows: TrainingRows, site: np.ndarray, *, map: Mapped = map) -> np.ndarray:
    """Predict each row by a model trained at the other sites only.

    Parameters
    ----------
    rows : TrainingRows
    site : ndarray of str, shape (n,)
        At least two; a group with rows at several sites is never in training for any of them.

    Returns
    -------
    ndarray, shape (n, k)
        NaN where the other sites have nothing to learn from: one label only, or no event.
    """
    splits = [(train, here) for train, here in site_splits(rows.groups, site) if len(np.unique(rows.strata[train])) > 1]
    return _predicted(rows, splits, map)


def site_splits(groups: np.ndarray, site: np.ndarray) -> Iterator[Split]:
    """Yield for each site the rows of groups that have none there, and the site's own; both ascending.

    Examples
    --------
    >>> splits = site_splits(np.array([1, 2, 1, 3]), np.array(["a", "a", "b", "b"]))
    >>> [(train.tolist(), here.tolist()) for train, here in splits]
    [([3], [0, 1]), ([1], [2, 3])]
    """
    for name in np.unique(site):
        here = site == name
        yield np.flatnonzero(~np.isin(groups.astype(str), groups[here].astype(str))), np.flatnonzero(here)


def _folds(rows: TrainingRows, folds: int, seed: int) -> list[Split]:
    return grouped_folds(rows.groups, rows.strata, folds, seed, patients=rows.patients)


def _predicted(rows: TrainingRows, splits: list[Split], map: Mapped) -> np.ndarray:
    return _scattered(rows, splits, list(map(partial(_predict_fold, rows), splits)))


def _scattered(rows: TrainingRows, splits: list[Split], parts: list[np.ndarray]) -> np.ndarray:
    """Return what was said of the test parts of folds in the order of the rows."""
    predicted = np.full((len(rows), parts[0].shape[1] if parts else 1), np.nan)
    for (_, test), part in zip(splits, parts, strict=True):
        predicted[test] = part
    return predicted


def _predict_fold(rows: TrainingRows, split: Split) -> np.ndarray:
    train, test = split
    return _said(_of_fold(rows, train), rows.X[test])


def _explain_fold(
    rows: TrainingRows, at: np.ndarray, parts: Sequence[Sequence[int]], split: Split
) -> tuple[np.ndarray, ...]:
    train, test = split
    model = _of_fold(rows, train)
    people = rows.X[np.intersect1d(test, at)]
    shares = reasons_for(TargetModel(rows.target, model), people, parts)
    return _said(model, rows.X[test]), shares, has_parts(people, parts)


def _of_fold(rows: TrainingRows, train: np.ndarray) -> TypeClassifier | ProgressionHazard:
    estimator = new_estimator(rows)
    if isinstance(estimator, ProgressionHazard):
        estimator.set_params(draws=0)  # intervals are drawn for the final model only
    return fitted(estimator, rows, train)


def _said(model: TypeClassifier | ProgressionHazard, X: np.ndarray) -> np.ndarray:
    return model.predict_proba(X) if isinstance(model, TypeClassifier) else model.predict_risk(X)


def held_out_sets(
    rows: TrainingRows,
    at: np.ndarray,
    splits: Iterable[Split],
    *,
    probabilities: np.ndarray,
    calibrating: np.ndarray,
    truth: np.ndarray,
    labels: tuple[str, ...],
) -> np.ndarray:
    """Return the sets of visits by thresholds that come from other groups.

    Parameters
    ----------
    rows : TrainingRows
    at : ndarray of int, shape (n,)
        The visits asked about, one a patient.
    splits : iterable of pair of ndarray of int
        Positions in `at` that thresholds come from, and of those that are asked about.
    probabilities : ndarray, shape (n, K)
        Of those visits, by models that have not seen them.
    calibrating : ndarray, shape (n, K)
        Out of fold: what thresholds are set by.
    truth : ndarray of int, shape (n,)
    labels : tuple of str
        The K labels.

    Returns
    -------
    ndarray of bool, shape (n, K)
    """
    X, patients = rows.X[at], rows.patients[at]
    members = np.zeros(probabilities.shape, dtype=bool)
    for train, test in splits:
        sets = PredictionSets(modalities=rows.modalities)
        sets.fit(calibrating[train], truth[train], patients[train], labels=labels, X=X[train])
        members[test] = sets.members(probabilities[test], X[test])
    return members
