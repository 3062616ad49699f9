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
from pipeline.score_course import Interval, ScoreCourse
from pipeline.study import Target
from pipeline.units import WEEKS_PER_YEAR

PAIR = "/"
"""Between the parts of a joint label."""

INELIGIBLE = {
    "no_visit_time": "the patient has several visits, and this one has no time",
    "no_score": "the first visit has no score",
    "no_improvement_yet": "the score has not yet fallen by enough",
    "after_time_zero": "the score fell by enough at an earlier visit",
    "not_first_visit": "the question is asked at the first visit",
    "no_present_score": "the visit has no score",
    "no_room_to_worsen": "the score is too near its end to rise by as much",
    "reached_before": "the score was as high before",
    "not_one_region": "dystonia holds no region, or more than one",
    "generalized": "dystonia is generalized",
    "not_active": "there is no dystonia at present",
    "after_competing_event": "a competing event came before the visit",
}
"""Why a target can't be asked at a visit."""

_NOT_TOLD = ("no_visit_time", "no_score", "no_present_score")
"""Reasons that lie in the record, not in the patient."""


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
    of_score = target.derive.startswith("score_")
    reasons = ScoreCourse(cohort, target).ineligible if of_score else np.full(len(cohort), "", dtype=object)
    reasons[_years_to_treatments(cohort, target).min(axis=1, initial=np.inf) <= 0.0] = "after_competing_event"
    can = np.zeros(len(cohort))
    if target.at_risk:
        reason, can = _can_have(cohort, target)
        reasons[can == 0.0] = reason
    not_told = np.isin(reasons.astype(str), _NOT_TOLD) | np.isnan(can)
    return Eligibility(reasons, np.where(not_told, np.nan, reasons == ""))


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
    if target.kind == "time_to_event":
        truth = _event(cohort, target)
    else:
        label = {"recorded": _recorded, "finding": _finding, "score_response": _response}[target.derive](cohort, target)
        known = np.flatnonzero(label != "")
        nothing = np.full(len(known), np.nan)
        truth = Truth(known, label[known], nothing, nothing)
    asked = eligibility(cohort, target).reason[truth.visits] == ""
    return truth.at(np.flatnonzero(asked))


def _recorded(cohort: Cohort, target: Target) -> np.ndarray:
    """Return the label of each visit, its parts joined; ``""`` where a part is not known."""
    parts = _told(cohort, target)[list(target.label_columns)]
    _refuse_separators(parts, target)
    cells = parts.to_numpy(dtype=object)
    known = (cells != "").all(axis=1) & (cells == cells).all(axis=1)  # noqa: PLR0124 (NaN is no label)
    joined = [PAIR.join(row) if whole else "" for row, whole in zip(cells, known, strict=True)]
    return np.array(joined, dtype=object)


def _told(cohort: Cohort, target: Target) -> pd.DataFrame:
    """Return what the outcomes tell for each visit, in the columns that the target needs."""
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
    return _joined(cohort, list(target.outcome_columns), of_patient=target.kind == "classification")


def _event(cohort: Cohort, target: Target) -> Truth:
    """Return the interval of each event as far as no competing one came before it."""
    told = _told(cohort, target) if target.outcome_columns else pd.DataFrame(index=cohort.visits.index)
    left, right = _interval(cohort, target, told)
    others = [_years(told, name) for name in target.competing_columns]
    ends = np.column_stack([_years_to_treatments(cohort, target), *others])
    ends = np.where(np.isnan(ends), np.inf, ends)
    first = ends.min(axis=1, initial=np.inf)
    known = np.flatnonzero(~np.isnan(left) & (first > 0.0))
    ended = first < right
    left, right = np.where(ended, first, left), np.where(ended, np.nan, right)
    label = told[target.through].to_numpy(dtype=object) if target.through else np.full(len(told), "", dtype=object)
    label = np.where(pd.isna(label), "", label).astype(object)
    entry = None
    if target.entry:
        entry = _years(told, target.entry)
        entry = np.where(np.isnan(entry), 0.0, entry)[known]
    return Truth(known, label[known], left[known], right[known], ends[known] if target.competing else None, entry)


def _interval(cohort: Cohort, target: Target, told: pd.DataFrame) -> Interval:
    course = ScoreCourse(cohort, target)
    match target.derive:
        case "score_relapse":
            return course.relapse()
        case "score_worsening":
            return course.worsening()
        case "score_reached":
            return course.reached()
        case _:
            left, right = (_years(told, name) for name in (target.left, target.right))
            # an event that was seen at the next visit, and nothing known before: it came after this one
            return np.where(np.isnan(left) & ~np.isnan(right), 0.0, left), np.where(np.isnan(right), np.inf, right)


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


def _response(cohort: Cohort, target: Target) -> np.ndarray:
    return ScoreCourse(cohort, target).response()


def _finding(cohort: Cohort, target: Target) -> np.ndarray:
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

    return np.array([label(cell) for cell in cohort.visits["findings"]], dtype=object)
