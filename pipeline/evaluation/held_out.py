"""Predictions of one target for people whom the model had not seen, and all that a report says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from pipeline.evaluation import calibration, summary
from pipeline.evaluation.answers import coverage_by, selective_accuracy
from pipeline.evaluation.cells import LEAST_TO_SCORE, SUPPRESSED, hidden_cells, label_counts, told
from pipeline.evaluation.confusion import confusion
from pipeline.evaluation.decisions import decision_curve, useful
from pipeline.evaluation.joint_counts import Counts, joint_counts
from pipeline.evaluation.local import after_recalibration
from pipeline.evaluation.pairs import hardest_pairs, precision
from pipeline.evaluation.risks import event_by
from pipeline.evaluation.sample_size import Needed, needed_for_event, needed_for_label
from pipeline.outcomes import Truth
from pipeline.study import Target
from pipeline.units import horizon_years

_MOST_CURVES = 6
"""Labels for which a decision curve is drawn: the most frequent ones."""


@dataclass(frozen=True)
class LabelColumn:
    """What is said of one label column, such as the phenotype of a joint label.

    Attributes
    ----------
    labels : tuple of str
    probabilities : ndarray, shape (n, K)
    truth : ndarray of int, shape (n,)
        Position of the recorded label; -1 where the model does not know it.
    members : ndarray of bool, shape (n, K)
        The labels in each set, by thresholds from other people.
    answered : ndarray of bool, shape (n,)
        Whether a set says more than nothing.
    promised : float
        Share of people whose label should be in their set.
    simple : ndarray, shape (n, K), optional
        Probabilities by a simple comparator.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    truth: np.ndarray
    members: np.ndarray
    answered: np.ndarray
    promised: float
    simple: np.ndarray | None = None

    @property
    def inside(self) -> np.ndarray:
        """Whether the recorded label is in the set, shape (n,)."""
        return self.members[np.arange(len(self.truth)), self.truth] & (self.truth >= 0)

    @property
    def recorded(self) -> np.ndarray:
        """The recorded label, shape (n,); empty where the model does not know it."""
        return np.array([*self.labels, ""], dtype=str)[self.truth]


@dataclass(frozen=True)
class HeldOut:
    """Predictions for visits that are scored, beside what came true.

    Attributes
    ----------
    target : Target
    predicted : ndarray, shape (n, k)
        Probabilities of the labels, or risks at the horizons; out of fold, or of other people altogether.
    truth : Truth
        Its arrays have n rows.
    people, groups : ndarray, shape (n,)
        Whose visit each is; clusters of the bootstrap.
    labels : tuple of str
        Labels of a classification, as the columns of `predicted`.
    columns : mapping
        For a classification, its label columns by name.
    simple : ndarray, shape (n, k), optional
        Risks by a simple comparator.
    parts : mapping
        Into which each visit falls, by what people are parted by: ``sex`` to an array of names, empty where unknown.
    seed : int
    """

    target: Target
    predicted: np.ndarray
    truth: Truth
    people: np.ndarray
    groups: np.ndarray
    labels: tuple[str, ...] = ()
    columns: Mapping[str, LabelColumn] = field(default_factory=dict)
    simple: np.ndarray | None = None
    parts: Mapping[str, np.ndarray] = field(default_factory=dict)
    seed: int = 0

    @property
    def is_risk(self) -> bool:
        """Whether the target is the time to an event."""
        return self.target.kind == "time_to_event"

    @property
    def horizons(self) -> dict[str, float]:
        """Years of each horizon."""
        return {text: horizon_years(text) for text in self.target.horizons}

    @cached_property
    def people_by_label(self) -> tuple[Counts, dict[str, Counts]]:
        """People by label, and by label of each column; small numbers, and what would give them away, are hidden."""
        joint, columns = joint_counts(self.truth.label, [each.recorded for each in self.columns.values()])
        return joint, dict(zip(self.columns, columns, strict=True))

    def shown(self, column: str) -> list[str]:
        """Return the labels of a column that have people enough to be scored by themselves, as the others have."""
        counts, labels = self.people_by_label[1][column], self.columns[column].labels
        many = {label: count for label in labels if isinstance(count := counts.get(label), int)}
        return [label for label, n in many.items() if min(n, len(self.people) - n) >= LEAST_TO_SCORE]

    def at(self, rows: np.ndarray) -> HeldOut:
        """Return some of the rows, for scores; label columns and parts are left out."""
        taken = (self.predicted[rows], self.truth.at(rows), self.people[rows], self.groups[rows])
        return HeldOut(self.target, *taken, labels=self.labels, seed=self.seed)


def with_parts(held: HeldOut, parts: Mapping[str, np.ndarray]) -> HeldOut:
    """Add into which parts its visits fall, from that of all visits of the cohort."""
    return replace(held, parts={name: part[held.truth.visits] for name, part in parts.items()})


def scores(held: HeldOut, draws: int = summary.DRAWS) -> dict[str, Any]:
    """Return the scores by which models are compared, each with its 95 % interval."""
    truth, shared = held.truth, {"groups": held.groups, "seed": held.seed, "draws": draws}
    if held.is_risk:
        return summary.event_summary(truth.left, truth.right, held.predicted, horizons=held.horizons, **shared)
    found = summary.classification_summary(held.predicted, truth.label, held.labels, **shared)
    return found | {"prior": {"log_loss": float(summary.prior_losses(truth.label).mean())}}


def event_warnings(held: HeldOut) -> list[str]:
    """Say what the events are too few, or seen too rarely, to show."""
    return summary.event_warnings(held.truth.left, held.truth.right, held.people, held.horizons)


def described(held: HeldOut) -> dict[str, Any]:
    """Return scores, and the numbers of all figures of a target."""
    found = _of_risks(held) if held.is_risk else _of_labels(held)
    return found | {"subgroups": subgroups(held)}


def _of_risks(held: HeldOut) -> dict[str, Any]:
    truth, seed = held.truth, held.seed
    timed = {"horizons": held.horizons, "people": held.people, "groups": held.groups, "seed": seed}
    more = summary.risk_summary(truth.left, truth.right, held.predicted, **timed)
    horizon = held.target.horizons[-1]
    years, risk = horizon_years(horizon), held.predicted[:, -1]
    points = calibration.risk_points(
        risk, truth.left, truth.right, years, people=held.people, groups=held.groups, seed=seed
    )
    curve = decision_curve(
        risk,
        lambda at: event_by(truth.left[at], truth.right[at], risk[at], years),
        truth.event_indicator,
        held.people.astype(str),
        held.groups,
        simple=None if held.simple is None else held.simple[:, -1],
        seed=seed,
    )
    return {
        "scores": {name: score | more[name] for name, score in scores(held).items()},
        "calibration": {"of": horizon, "points": points},
        "decisions": {horizon: {"points": curve, "useful": useful(curve)}},
    }


def _of_labels(held: HeldOut) -> dict[str, Any]:
    label, labels, groups, seed = held.truth.label, held.labels, held.groups, held.seed
    outcome = label[:, None] == np.array(labels, dtype=object)[None, :]
    if len(labels) == 2:  # one label's probability is the other's, turned round
        shown, points = labels[1], (held.predicted[:, 1], outcome[:, 1], held.people)
    else:
        pooled = (held.predicted.ravel(), outcome.ravel(), np.repeat(held.people, len(labels)))
        shown, points = "", pooled
    return {
        "scores": scores(held),
        "calibration": {
            "of": shown,
            "points": calibration.reliability_points(*points),
            **summary.calibration_summary(held.predicted, label, labels, groups, seed),
        },
        "one_against_rest": summary.one_against_rest(held.predicted, label, labels, groups, seed),
        "confusion": {
            name: confusion(each.probabilities, each.truth, each.labels, held.people_by_label[1][name])
            for name, each in held.columns.items()
        },
        "decisions": _decisions(held),
        **{kind: {name: of(held, name) for name in held.columns} for kind, of in _OF_COLUMNS.items()},
    }


def sets(held: HeldOut, name: str) -> dict[str, Any]:
    """Say how often the sets of a label column hold the recorded label: for all, by label, and by part of the people.

    Returns
    -------
    dict
        As of `summary.set_summary`; ``by_label`` and, by what people are parted by, ``by_part``, each as of
        `coverage_by`. Who is answered, and who is not, are parts too.
    """
    column = held.columns[name]
    inside, known = column.inside, column.truth >= 0
    parts = dict(held.parts) | {"answer": np.where(column.answered, "answered", "abstained")}
    people = {by: _people_of(held, part) for by, part in parts.items()}
    return summary.set_summary(column.members, inside, held.groups, column.promised) | {
        # that a label which the model does not know is outside is no news
        "by_label": coverage_by(inside[known], column.recorded[known], held.shown(name)),
        "by_part": {
            by: coverage_by(inside, parts[by], [part for part, count in counts.items() if _enough(count)])
            for by, counts in people.items()
            if len(counts) > 1
        },
    }


def _answered(held: HeldOut, name: str) -> dict[str, Any]:
    return {"points": selective_accuracy(held.columns[name].probabilities, held.columns[name].truth)}


def _told_apart(held: HeldOut, name: str) -> dict[str, Any]:
    column = held.columns[name]
    of, shown = (column.probabilities, column.truth, column.labels), held.shown(name)
    drawn = {"groups": held.groups, "seed": held.seed}
    return {"pairs": hardest_pairs(*of, shown, **drawn), "precision": precision(*of, shown, **drawn)}


def people_needed(held: HeldOut, parameters: int) -> dict[str, Any]:
    """Say how many people a model of so many parameters asks for, beside those there are.

    Returns
    -------
    dict
        ``parameters`` and ``people``; ``needed``: by label of the first column, or for the event, ``people`` and the
        ``events_per_parameter`` that there are. A label without people enough is left out, and so is an event that
        fewer than five had.
    """
    people = len(np.unique(held.people.astype(str)))
    found: dict[str, Any] = {"parameters": parameters, "people": people, "needed": {}}
    if held.is_risk:
        had = held.truth.event_indicator
        events, seen = told(len(np.unique(held.people[had].astype(str)))), held.truth.left.copy()
        seen[had] = (held.truth.left[had] + held.truth.right[had]) / 2.0
        if isinstance(events, int) and events and seen.sum() > 0.0:
            asked = needed_for_event(parameters, float(had.sum() / seen.sum()), float(seen.mean()))
            found["needed"]["event"] = _needed(asked, events, parameters)
        return found
    column = next(iter(held.columns))
    for label in held.shown(column):
        events = held.people_by_label[1][column][label]
        assert isinstance(events, int)
        asked = needed_for_label(parameters, events / len(held.people))
        found["needed"][label] = _needed(asked, events, parameters)
    return found


def _needed(asked: Needed, events: int, parameters: int) -> dict[str, float]:
    return {"people": asked.people, "events_per_parameter": events / parameters}


_OF_COLUMNS = {"sets": sets, "answered": _answered, "told_apart": _told_apart}
"""What is said of each label column by itself."""


def _decisions(held: HeldOut) -> dict[str, Any]:
    """Return decision curves of the most frequent labels of the first label column; of two labels, of the last."""
    column = next(iter(held.columns.values()), None)
    if column is None:
        return {}
    counts = np.array([(column.truth == at).sum() for at in range(len(column.labels))])
    frequent = [1] if len(counts) == 2 else np.argsort(-counts, kind="stable")[:_MOST_CURVES]
    found = {}
    for at in frequent:
        if min(counts[at], len(column.truth) - counts[at]) < LEAST_TO_SCORE:
            continue
        outcome = column.truth == at
        simple = None if column.simple is None else column.simple[:, at]
        shared = {"simple": simple, "seed": held.seed}
        probabilities, people = column.probabilities[:, at], held.people.astype(str)
        curve = decision_curve(probabilities, partial(_taken, outcome), outcome, people, held.groups, **shared)
        if len(curve) < 2:  # a point is no curve
            continue
        found[column.labels[at]] = {"points": curve, "useful": useful(curve)}
    return found


def _taken(outcome: np.ndarray, at: np.ndarray) -> np.ndarray:
    return outcome[at].astype(np.float64)


def recalibrated_here(held: HeldOut) -> dict[str, dict[str, float]]:
    """Return what the score would be after recalibration on 50, 100 and 200 of these people, where there are as many.

    The score is the log loss of labels, or the Brier score of risks by the longest horizon.
    """
    shared = {"groups": held.groups, "is_risk": held.is_risk, "seed": held.seed}
    if not held.is_risk:
        return after_recalibration(held.predicted, summary.label_codes(held.truth.label, held.labels), **shared)
    risk, years = held.predicted[:, -1], horizon_years(held.target.horizons[-1])
    return after_recalibration(risk, event_by(held.truth.left, held.truth.right, risk, years), **shared)


def recalibrated_at_each(held: HeldOut, site: np.ndarray) -> dict[str, dict[str, float]]:
    """Return the same for a model that is recalibrated at each site by itself, as a mean over people and sites.

    Returns
    -------
    dict
        By number of groups, ``before`` and ``after`` as of `recalibrated_here`, and the number of ``sites`` that have
        twice as many groups at least; a site weighs as many as its people.
    """
    found: dict[str, list[tuple[float, float, int]]] = {}
    for name in np.unique(site):
        rows = np.flatnonzero(site == name)
        for size, score in recalibrated_here(held.at(rows)).items():
            found.setdefault(size, []).append((score["before"], score["after"], len(rows)))
    told_of = {}
    for size, every in found.items():
        before, after, weight = np.array(every).T
        means = {"before": float(np.average(before, weights=weight)), "after": float(np.average(after, weights=weight))}
        told_of[size] = means | {"sites": len(every)}
    return told_of


_OF_SUBGROUPS = ("information", "accuracy", "auc", "macro_auc", "observed_over_expected", "concordance")


def subgroups(held: HeldOut) -> dict[str, dict[str, Any]]:
    """Score the model in parts of the people.

    Returns
    -------
    dict
        By what they are parted by, then by part: number of ``people``, small ones suppressed, and the ``scores`` (of
        the longest horizon); no scores for fewer than 20 people, or where nobody or everybody had the event.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, part in held.parts.items():
        counts = _people_of(held, part)
        if len(counts) < 2:
            continue
        found[name] = {
            each: {
                "people": count,
                "scores": _short_scores(held.at(np.flatnonzero(part == each))) if _enough(count) else {},
            }
            for each, count in counts.items()
        }
    return found


def _people_of(held: HeldOut, part: np.ndarray) -> dict[str, int | str]:
    """Count the people of each part; small counts are suppressed, and so is what they would follow from."""
    part = part.astype(str)
    names = sorted(set(part), key=_naturally)
    counts = np.array([len(np.unique(held.people[part == name].astype(str))) for name in names])
    # those of whom it is not known are a part as well, if not one to be told of
    hidden = hidden_cells(counts)
    every = zip(names, counts, hidden, strict=True)
    return {name: SUPPRESSED if hide else int(count) for name, count, hide in every if name}


def _naturally(name: str) -> list[tuple[int, str]]:
    """Return what puts names in the order of the numbers in them: site 2 before site 10."""
    return [(int(number or 0), text) for number, text in re.findall(r"(\d+)|(\D+)", name)]


def _enough(count: int | str) -> bool:
    return isinstance(count, int) and count >= LEAST_TO_SCORE


def _short_scores(held: HeldOut) -> dict[str, Any]:
    if held.is_risk:
        events = told(len(np.unique(held.people[held.truth.event_indicator].astype(str))))
        if events in (0, SUPPRESSED):
            return {}
        longest = replace(held.target, horizons=held.target.horizons[-1:])
        last = replace(held, target=longest, predicted=held.predicted[:, -1:])
        found = scores(last, draws=summary.FEWER_DRAWS)[longest.horizons[0]]
    else:
        if len(label_counts(held.truth.label)) < 2:
            return {}
        found = scores(held, draws=summary.FEWER_DRAWS)
    return {name: score for name, score in found.items() if name in _OF_SUBGROUPS and score["value"] is not None}
