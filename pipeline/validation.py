"""How a study's model does on groups that it was not fitted to, beside simpler models, and at sites left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.bundle.target import margin, parts_of_labels
from pipeline.errors import ContractError
from pipeline.evaluation import held_out, summary
from pipeline.evaluation.cells import told
from pipeline.evaluation.held_out import HeldOut, LabelColumn
from pipeline.evaluation.people import parts_of
from pipeline.evaluation.splits import grouped_folds, locked_rows
from pipeline.learners.sets import ROOT, PredictionSets, answer
from pipeline.outcomes import Truth
from pipeline.records import Cohort
from pipeline.selection import (
    HeldOutReasons,
    Split,
    TrainingRows,
    held_out_sets,
    out_of_fold,
    out_of_fold_with_reasons,
    out_of_site,
    site_splits,
)
from pipeline.steps import Steps
from pipeline.study import Study, Target
from pipeline.versions import package_versions

FILLED_CELLS = "filled_cells"
"""The comparator that sees only which cells are filled."""

_SIMPLE = ("prior", "generative")
"""What comparators are chosen from."""


@dataclass(frozen=True)
class Validation:
    """All that validation of a study's targets shares.

    Attributes
    ----------
    cohort : Cohort
    seen : Cohort
        As the study may see it.
    table : DataFrame
        Features of all visits.
    study : Study
    steps : Steps
        Where fits run.
    """

    cohort: Cohort
    seen: Cohort
    table: pd.DataFrame
    study: Study
    steps: Steps

    @cached_property
    def parts(self) -> dict[str, np.ndarray]:
        """Into which parts each visit falls."""
        return parts_of(self.cohort, self.study.leave_out)

    def explained(self, rows: TrainingRows, parts: Sequence[Sequence[int]]) -> tuple[np.ndarray, HeldOutReasons]:
        """Predict and explain by models that have not seen the group, as `selection.out_of_fold_with_reasons` does."""
        kept = self.steps.named(f"{rows.target.name}.folds")
        return out_of_fold_with_reasons(rows, parts, folds=self.study.folds, seed=self.study.seed, map=kept)

    def of(self, rows: TrainingRows, predicted: np.ndarray) -> dict[str, Any]:
        """Judge out-of-fold predictions.

        Returns
        -------
        dict
            The target's part of the report: counts, scores, warnings, the numbers of all figures, comparators, and
            scores at sites left out.
        """
        simpler = self._comparators(rows)
        first = simpler[self.study.comparators[0].name] if self.study.comparators else None
        held = self._held(rows, predicted, first)
        few = held_out.event_warnings(held) if held.is_risk else []
        found = {"counts": counted(rows.truth, rows.patients, held), "warnings": few} | held_out.described(held)
        found["comparators"] = {name: held_out.scores(self._bare(rows, values)) for name, values in simpler.items()}
        found["sample_size"] = held_out.people_needed(held, rows.X.shape[1])
        return found | self._left_out(rows, predicted)

    def _held(self, rows: TrainingRows, predicted: np.ndarray, simple: np.ndarray | None = None) -> HeldOut:
        at = rows.scored(self.study.seed)
        held = held_out.with_parts(self._bare(rows, predicted), self.parts)
        compared = None if simple is None else simple[at]
        return replace(held, simple=compared) if held.is_risk else self._with_columns(rows, held, simple=compared)

    def _with_columns(
        self,
        rows: TrainingRows,
        held: HeldOut,
        *,
        calibrating: np.ndarray | None = None,
        splits: list[Split] | None = None,
        simple: np.ndarray | None = None,
    ) -> HeldOut:
        """Add what is said of each label column, with sets for people from whom no threshold comes.

        Parameters
        ----------
        rows : TrainingRows
        held : HeldOut
        calibrating : ndarray, shape (n, K), optional
            Out of fold, for the same visits: what thresholds are set by. What is held out itself, if left out.
        splits : list, optional
            Whose thresholds whom is judged by; folds, if left out.
        simple : ndarray, shape (n, K), optional
            What a simple comparator says of the joint labels.
        """
        columns, classes = {}, np.array(rows.labels, dtype=object)
        for part, name in enumerate(rows.target.label_columns):
            labels, probability = margin(held.predicted, classes, part)
            truth = codes_of_part(held.truth.label, labels, part)
            members = held_out_sets(
                rows,
                rows.scored(self.study.seed),
                splits or grouped_folds(held.groups, truth, self.study.folds, self.study.seed),
                probabilities=probability,
                calibrating=probability if calibrating is None else margin(calibrating, classes, part)[1],
                truth=truth,
                labels=labels,
            )
            compared = None if simple is None else margin(simple, classes, part)[1]
            promised = 1.0 - PredictionSets().alpha
            columns[name] = label_column(labels, probability, truth, members, promised, simple=compared)
        return replace(held, labels=rows.labels, columns=columns)

    def _comparators(self, rows: TrainingRows) -> dict[str, np.ndarray]:
        """Predict by the study's simpler models in the same folds, and by one that sees only which cells are filled."""
        study = self.study
        inputs = {each.name: self.table[list(each.features)].to_numpy(dtype=np.float64) for each in study.comparators}
        if rows.target.kind == "classification":
            inputs[FILLED_CELLS] = _filled(self.seen)
        found = {}
        for name, values in inputs.items():
            X = np.ascontiguousarray(values[rows.truth.visits])
            simpler = replace(rows, X=X, modalities=(), prespecified=(), clock=None, candidates=_SIMPLE)
            kept = self.steps.named(f"{rows.target.name}.comparator-{len(found)}")
            found[name] = out_of_fold(simpler, folds=study.folds, seed=study.seed, map=kept)
        return found

    def _left_out(self, rows: TrainingRows, out_of_fold: np.ndarray) -> dict[str, Any]:
        """Score each site's patients by a model of the other sites, and by sets whose thresholds come from there."""
        name = self.study.leave_out
        if not name or name not in self.cohort.visits:
            return {}
        site = self.cohort.visits[name].fillna("").to_numpy(str)[rows.truth.visits]
        if len(np.unique(site)) < 2:
            return {}
        predicted = out_of_site(rows, site, map=self.steps.named(f"{rows.target.name}.sites"))
        if np.isnan(predicted).any():  # the other sites of one have nothing to learn from
            return {}
        held, at = self._bare(rows, predicted), rows.scored(self.study.seed)
        found = {
            "left_out_sites": held_out.scores(held),
            "left_out_recalibrated": held_out.recalibrated_at_each(held, site[at]),
        }
        if held.is_risk:
            return found
        # thresholds as a saved model has them, from out-of-fold predictions of the people of all other sites: the
        # folds' models have seen this one too, which can move a threshold by a little and tells of nobody here
        splits = [
            (np.flatnonzero(np.isin(at, elsewhere)), np.flatnonzero(np.isin(at, here)))
            for elsewhere, here in site_splits(rows.groups, site)
        ]
        held = self._with_columns(rows, held, calibrating=out_of_fold[at], splits=splits)
        held = held_out.with_parts(held, {"site": self.parts["site"]})
        return found | {"left_out_sets": {name: held_out.sets(held, name) for name in held.columns}}

    def _bare(self, rows: TrainingRows, predicted: np.ndarray) -> HeldOut:
        """Return what scores need, without label columns and parts."""
        at = rows.scored(self.study.seed)
        shared = (predicted[at], rows.truth.at(at), rows.patients[at], rows.groups[at])
        return HeldOut(rows.target, *shared, labels=rows.labels, seed=self.study.seed)


def counted(truth: Truth, patients: np.ndarray, held: HeldOut) -> dict[str, Any]:
    """Count visits, people, groups, and people by label or with an event."""
    counts: dict[str, Any] = {
        "visits": len(patients),
        "patients": len(np.unique(patients.astype(str))),
        "groups": len(np.unique(held.groups.astype(str))),
    }
    if held.is_risk:
        return counts | {"events": told(len(np.unique(patients[truth.event_indicator].astype(str))))}
    return counts | {"labels": held.people_by_label[0]}


def label_column(
    labels: tuple[str, ...],
    probabilities: np.ndarray,
    truth: np.ndarray,
    members: np.ndarray,
    promised: float,
    *,
    simple: np.ndarray | None = None,
) -> LabelColumn:
    """Return what is said of one label column: of a set that only the root of the label tree holds, nothing is."""
    answered = answer(members, labels) != ROOT
    return LabelColumn(labels, probabilities, truth, members, answered, promised, simple)


def card_of(study: Study) -> dict[str, Any]:
    """Return what the model card and the TRIPOD+AI table say beyond scores and counts."""
    return {
        "known_at": list(study.inputs.known_at),
        "hidden": list(study.inputs.hide),
        "folds": study.folds,
        "seed": study.seed,
        "targets": {
            target.name: {"kind": target.kind, "labels": list(target.label_columns), "horizons": list(target.horizons)}
            for target in study.targets
        },
        "versions": package_versions(),
        "said": dict(study.reporting),
    }


def groups_of(cohort: Cohort, study: Study) -> np.ndarray:
    """Group of each visit: the study's column, or the patient; a visit without a group stands with its patient."""
    if not study.group_by:
        return cohort.groups
    if study.group_by not in cohort.visits:
        raise ContractError("visits", f"no column '{study.group_by}'", needed=f"study '{study.name}' groups by it")
    named = cohort.visits[study.group_by].replace("", None)
    # a visit without a group is in that of its patient's other visits, or stands with its patient
    return (
        named.fillna(named.groupby(cohort.groups).transform("first")).fillna(pd.Series(cohort.groups)).to_numpy(object)
    )


def locked_positions(cohort: Cohort, study: Study, *, apart: bool) -> np.ndarray:
    """Return the positions of the visits that the study keeps apart as a test set, or of all others."""
    return np.flatnonzero(locked_rows(groups_of(cohort, study), study.locked, study.seed) == apart)


def labels_of_visits(truth: Truth, target: Target, visits: int) -> dict[str, np.ndarray]:
    """Return the recorded label of each visit of a cohort, by label column; empty where it is not known.

    Of the time to an event there is none.
    """
    found = {}
    for part, name in enumerate(target.label_columns if target.kind == "classification" else ()):
        found[name] = np.full(visits, "", dtype=object)
        found[name][truth.visits] = parts_of_labels(truth.label, part)
    return found


def codes_of_part(label: np.ndarray, labels: tuple[str, ...], part: int) -> np.ndarray:
    """Return the position of one part of each joint label among the labels of that part; -1 for one not known.

    Examples
    --------
    >>> codes_of_part(np.array(["cervical/tardive", "hand/tardive"]), ("cervical",), 0).tolist()
    [0, -1]
    """
    return summary.label_codes(np.array(parts_of_labels(label, part), dtype=str), labels)


def _filled(seen: Cohort) -> np.ndarray:
    """Return which cells of each visit are filled, as far as the study may see them, and whether it was recorded."""
    cells = (seen.visits.notna() & (seen.visits != "")).to_numpy(dtype=np.float64)
    recorded = {(recording.patient_id, recording.visit_id) for recording in seen.recordings}
    here = zip(seen.visits["patient_id"], seen.visits["visit_id"], strict=True)
    return np.column_stack([cells, np.array([float(visit in recorded) for visit in here])])
