"""The truth of a target, named by how it is derived, and who a target can be asked of.

Eligibility looks at a visit and its past only, so that it is the same in training and in prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.clock import treatment_weeks, visit_weeks
from pipeline.errors import ContractError, did_you_mean
from pipeline.ontology import load_ontology
from pipeline.records import Cohort
from pipeline.rules import affected_regions, body_distribution, number
from pipeline.study import Target
from pipeline.units import WEEKS_PER_YEAR

_HALF_A_DAY = 0.5 / 7
"""Weeks counted from dates or ages are not exact."""

PAIR = "/"
"""Between the parts of a joint label."""

INELIGIBLE = {
    "no_visit_time": "the patient has several visits, and this one has no time",
    "no_score": "the first visit has no score",
    "no_improvement_yet": "the score has not yet fallen by enough",
    "after_time_zero": "the score fell by enough at an earlier visit",
    "not_first_visit": "the question is asked at the first visit",
    "not_one_region": "dystonia holds no region, or more than one",
    "generalized": "dystonia is generalized",
    "not_active": "there is no dystonia at present",
    "after_competing_event": "a competing event came before the visit",
}
"""Why a target can't be asked at a visit."""


@dataclass(frozen=True)
class Truth:
    """What is known of a target.

    Attributes
    ----------
    visits : ndarray of int, shape (n,)
        Positions of the visits at which the truth is known and the target can be asked.
    label : ndarray of str, shape (n,)
        The label of a classification, or the one that a time to an event depends on (`Target.through`); else empty.
    left, right : ndarray, shape (n,)
        Years from the visit between which the event fell; right is infinite where it was not seen, and NaN where a
        competing event came first, at left: the person counts as free of the event up to then.
    competing : ndarray, shape (n, `Target.competing`), optional
        Years from the visit to each competing event; infinite where it was not seen.
    entry : ndarray, shape (n,), optional
        Years from time zero to where observation began; None where all were observed from there on.
    """

    visits: np.ndarray
    label: np.ndarray
    left: np.ndarray
    right: np.ndarray
    competing: np.ndarray | None = None
    entry: np.ndarray | None = None

    @property
    def event_indicator(self) -> np.ndarray:
        """Whether the event was seen."""
        return np.isfinite(self.right)

    def at(self, rows: np.ndarray) -> Truth:
        """Return the truth of some of the rows."""
        competing = None if self.competing is None else self.competing[rows]
        entry = None if self.entry is None else self.entry[rows]
        return Truth(self.visits[rows], self.label[rows], self.left[rows], self.right[rows], competing, entry)


class Eligibility(NamedTuple):
    """Who a target can be asked of.

    Attributes
    ----------
    reason : ndarray of str, shape (visits,)
        Why the target can't be asked at each visit, a key of `INELIGIBLE`; ``""`` where it can.
    at_risk : ndarray, shape (visits,)
        1.0 where the event can happen, 0.0 where it can't, NaN where the record does not say.
    """

    reason: np.ndarray
    at_risk: np.ndarray


def eligibility(cohort: Cohort, target: Target) -> Eligibility:
    """Say at which visits the target can be asked, and the event can happen."""
    reasons = np.full(len(cohort), "", dtype=object)
    if target.derive in ("score_relapse", "score_response"):
        score = _scored(cohort, target)
        if target.derive == "score_response":
            reasons[~score.is_first] = "not_first_visit"
        else:
            reasons[score.weeks > score.improved_at] = "after_time_zero"
            reasons[~(score.weeks >= score.improved_at)] = "no_improvement_yet"
        reasons[np.isnan(score.baseline)] = "no_score"
        reasons[np.isnan(score.weeks)] = "no_visit_time"
    reasons[_years_to_treatments(cohort, target).min(axis=1, initial=np.inf) <= 0.0] = "after_competing_event"
    if not target.at_risk:
        return Eligibility(reasons, (reasons == "").astype(float))
    reason, can = _can_have(cohort, target)
    reasons[can == 0.0] = reason
    return Eligibility(reasons, np.where(np.isnan(can), np.nan, (reasons == "").astype(float)))


def _can_have(cohort: Cohort, target: Target) -> tuple[str, np.ndarray]:
    """Return the reason of those who can't have the event, and who can: 1, 0, or NaN where the record does not say."""
    if target.at_risk == "not_generalized":
        where = body_distribution(cohort.arrays)
        return "generalized", np.where(where == "", np.nan, where != "generalized")
    regions = affected_regions(cohort.arrays)
    if target.at_risk == "one_region":
        return "not_one_region", np.where(np.isnan(regions), np.nan, regions == 1)
    free = number(cohort.arrays, "in_remission") == 1
    return "not_active", np.where(free, 0.0, np.where(np.isnan(regions), np.nan, regions > 0))


def _years_to_treatments(cohort: Cohort, target: Target) -> np.ndarray:
    """Return the years from each visit to the first treatment of each competing kind; infinite where there was none."""
    years = np.full((len(cohort), len(target.competing_treatments)), np.inf)
    if not years.size or not len(cohort.treatments):
        return years
    visits = pd.Series(visit_weeks(cohort.visits))
    weeks = pd.Series(treatment_weeks(cohort.treatments, cohort.visits))
    kinds, patients = cohort.treatments["kind"].to_numpy(), cohort.treatments["patient_id"]
    for at, kind in enumerate(target.competing_treatments):
        first = weeks[kinds == kind].groupby(patients[kinds == kind].to_numpy()).min()
        then = cohort.visits["patient_id"].map(first).to_numpy(float) - visits.to_numpy()
        years[:, at] = np.where(np.isnan(then), np.inf, then / WEEKS_PER_YEAR)
    return years


def derive(cohort: Cohort, target: Target) -> Truth:
    """Find the truth of a target.

    Raises
    ------
    ContractError
        If the cohort lacks the columns that the target needs.
    """
    truth = {
        "recorded": _recorded,
        "finding": _finding,
        "score_relapse": _score_relapse,
        "score_response": _score_response,
    }[target.derive](cohort, target)
    asked = eligibility(cohort, target).reason[truth.visits] == ""
    return truth.at(np.flatnonzero(asked))


def _labelled(visits: np.ndarray, label: np.ndarray) -> Truth:
    empty = np.full(len(visits), np.nan)
    return Truth(visits, label.astype(object), empty, empty)


def _recorded(cohort: Cohort, target: Target) -> Truth:
    outcomes = cohort.outcomes
    for name in target.outcome_columns:
        if name not in outcomes:
            there = [str(column) for column in outcomes if column not in ("patient_id", "visit_id")]
            raise ContractError(
                "outcomes",
                f"no column '{name}'",
                needed=f"target '{target.name}' is learned from it",
                do=did_you_mean(name, there) if there else "Add a table of outcomes",
                code="MISSING_COLUMN",
            )
    joined = _joined(cohort, list(target.outcome_columns), of_patient=target.kind == "classification")
    if target.kind == "classification":
        parts = joined[list(target.label_columns)].to_numpy(dtype=object)
        _refuse_separators(joined, target)
        known = (parts != "").all(axis=1) & (parts == parts).all(axis=1)  # noqa: PLR0124 (NaN is no label)
        return _labelled(np.flatnonzero(known), np.array([PAIR.join(row) for row in parts[known]], dtype=object))
    return _event(cohort, target, joined)


def _event(cohort: Cohort, target: Target, joined: pd.DataFrame) -> Truth:
    """Return the interval of each event as far as no competing one came before it."""
    left, right = (_years(joined, name) for name in (target.left, target.right))
    others = [_years(joined, name) for name in target.competing_columns]
    ends = np.column_stack([_years_to_treatments(cohort, target), *others])
    ends = np.where(np.isnan(ends), np.inf, ends)
    first = ends.min(axis=1, initial=np.inf)
    # an event that was seen at the next visit, and nothing known before: it came after this one
    left = np.where(np.isnan(left) & ~np.isnan(right), 0.0, left)
    known = np.flatnonzero(~np.isnan(left) & (first > 0.0))
    right = np.where(np.isnan(right), np.inf, right)
    ended = first < right
    left, right = np.where(ended, first, left), np.where(ended, np.nan, right)
    label = joined[target.through].to_numpy(dtype=object) if target.through else np.full(len(joined), "", dtype=object)
    label = np.where(pd.isna(label), "", label).astype(object)
    entry = None
    if target.entry:
        entry = _years(joined, target.entry)
        entry = np.where(np.isnan(entry), 0.0, entry)[known]
    return Truth(known, label[known], left[known], right[known], ends[known] if target.competing else None, entry)


def _years(joined: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column of times in years, whatever unit its name ends in."""
    return joined[name].to_numpy(float) / (WEEKS_PER_YEAR if name.endswith("_weeks") else 1.0)


def _refuse_separators(joined: pd.DataFrame, target: Target) -> None:
    """Refuse labels that hold what stands between the parts of a joint label, or between the members of a set."""
    for name in target.label_columns:
        if joined[name].dropna().astype(str).str.contains("[/|]").any():
            raise ContractError(
                "outcomes",
                f"a label with / or | in column '{name}'",
                needed="they part labels in the predictions",
                do="Rename the label",
                code="LABEL",
            )


def _joined(cohort: Cohort, names: list[str], *, of_patient: bool) -> pd.DataFrame:
    """Outcome columns for each visit: by patient and visit, or by patient where the outcome names no visit.

    A label is the patient's. Times count from a visit, so those without one belong to a patient's only visit.
    """
    visits, outcomes = cohort.visits[["patient_id", "visit_id"]], cohort.outcomes
    by_visit = outcomes[outcomes["visit_id"] != ""].drop_duplicates(["patient_id", "visit_id"])
    by_patient = outcomes[outcomes["visit_id"] == ""].drop_duplicates("patient_id").drop(columns="visit_id")
    at_visit = visits.merge(by_visit, on=["patient_id", "visit_id"], how="left")[names]
    at_patient = visits.merge(by_patient, on="patient_id", how="left")[names]
    if not of_patient:
        at_patient = at_patient.where(~visits["patient_id"].duplicated(keep=False))
    return at_visit.where(at_visit.notna() & (at_visit != ""), at_patient)


def _finding(cohort: Cohort, target: Target) -> Truth:
    """Yes where the term or a kind of it was observed; no where it, or anything above it, was excluded."""
    hpo = load_ontology()
    kinds, above = hpo.descendants([target.finding]), hpo.ancestors([target.finding])
    if "findings" not in cohort.visits:
        raise ContractError("visits", "no column 'findings'", needed=f"target '{target.name}' is learned from it")

    def label(cell: str) -> str:
        terms = hpo.findings(cell)
        if any(term in kinds for excluded, term in terms if not excluded):
            return "yes"
        return "no" if any(term in above for excluded, term in terms if excluded) else ""

    labels = np.array([label(cell) for cell in cohort.visits["findings"]], dtype=object)
    known = np.flatnonzero(labels != "")
    return _labelled(known, labels[known])


@dataclass(frozen=True)
class _Scored:
    """A score's course: each visit's time and score, its patient's baseline, and when the score had first fallen."""

    patient: np.ndarray
    weeks: np.ndarray
    score: np.ndarray
    baseline: np.ndarray
    is_first: np.ndarray
    improved_at: np.ndarray


def _scored(cohort: Cohort, target: Target) -> _Scored:
    """Follow the score of each patient; the baseline is that of the first visit."""
    patient = pd.Series(pd.factorize(cohort.groups)[0])
    weeks = pd.Series(visit_weeks(cohort.visits))
    weeks = weeks.where(patient.duplicated(keep=False), 0.0)  # an only visit is the first, whenever it was
    score = pd.Series(number(cohort.visits, target.score))
    is_first = weeks == weeks.groupby(patient).transform("min")
    baseline = score.where(is_first).groupby(patient).transform("mean")
    improved = ~is_first & (score <= baseline - target.improve_by)
    improved_at = weeks.where(improved).groupby(patient).transform("min")
    columns = (patient, weeks, score, baseline, is_first, improved_at)
    return _Scored(*(column.to_numpy() for column in columns))


def _score_response(cohort: Cohort, target: Target) -> Truth:
    """Yes where the score has fallen by enough at the week of judgement; unknown where no score was taken then."""
    scored = _scored(cohort, target)
    first_week = pd.Series(scored.weeks).groupby(scored.patient).transform("min").to_numpy()
    judged = np.abs(scored.weeks - first_week - target.week) < _HALF_A_DAY
    fallen = pd.Series(np.where(judged, scored.baseline - scored.score, np.nan))
    fall = fallen.groupby(scored.patient).transform("mean").to_numpy()
    known = np.flatnonzero(scored.is_first & ~np.isnan(fall))
    return _labelled(known, np.where(fall[known] >= target.improve_by, "yes", "no"))


def _score_relapse(cohort: Cohort, target: Target) -> Truth:
    """Find the interval from time zero that holds the score's return to within some points of the baseline.

    Time zero is the first visit at which the score has fallen by enough.
    """
    scored = _scored(cohort, target)
    patient = pd.Series(scored.patient)
    later = (scored.weeks > scored.improved_at) & ~np.isnan(scored.score)
    relapsed = later & (scored.score >= scored.baseline - target.within)
    weeks = pd.Series(scored.weeks)
    right = weeks.where(relapsed).groupby(patient).transform("min").to_numpy()
    before = later & ~(scored.weeks >= right)
    last = weeks.where(before).groupby(patient).transform("max").to_numpy()
    zero = np.flatnonzero(scored.weeks == scored.improved_at)
    start = scored.improved_at[zero]
    left = np.where(np.isnan(last[zero]), start, last[zero]) - start
    end = np.where(np.isnan(right[zero]), np.inf, right[zero] - start)
    label = np.full(len(zero), "", dtype=object)
    return Truth(zero, label, left / WEEKS_PER_YEAR, end / WEEKS_PER_YEAR)
