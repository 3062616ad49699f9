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
from pipeline.evaluation.splits import locked_rows
from pipeline.learners.sets import PredictionSets
from pipeline.outcomes import Truth
from pipeline.records import Cohort
from pipeline.selection import (
    HeldOutReasons,
    TrainingRows,
    held_out_sets,
    out_of_fold,
    out_of_fold_with_reasons,
    out_of_site,
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
        return found | self._left_out(rows)

    def _held(self, rows: TrainingRows, predicted: np.ndarray, simple: np.ndarray | None = None) -> HeldOut:
        at = rows.scored(self.study.seed)
        truth = rows.truth.at(at)
        held = HeldOut(rows.target, predicted[at], truth, rows.patients[at], rows.groups[at], seed=self.study.seed)
        held = held_out.with_parts(held, self.parts)
        if held.is_risk:
            return replace(held, simple=None if simple is None else simple[at])
        compared = None if simple is None else simple[at]
        return replace(held, labels=rows.labels, columns=self._label_columns(rows, at, held, compared))

    def _label_columns(
        self, rows: TrainingRows, at: np.ndarray, held: HeldOut, simple: np.ndarray | None
    ) -> dict[str, LabelColumn]:
        """Return what is said of each label column, with sets for people from whom no threshold comes."""
        found, study = {}, self.study
        for part, name in enumerate(rows.target.label_columns):
            labels, probability = margin(held.predicted, np.array(rows.labels, dtype=object), part)
            truth = codes_of_part(held.truth.label, labels, part)
            members = held_out_sets(rows, at, probability, truth, labels, folds=study.folds, seed=study.seed)
            compared = None if simple is None else margin(simple, np.array(rows.labels, dtype=object), part)[1]
            found[name] = LabelColumn(labels, probability, truth, members, 1.0 - PredictionSets().alpha, compared)
        return found

    def _comparators(self, rows: TrainingRows) -> dict[str, np.ndarray]:
        """Predict by the study's simpler models in the same folds, and by one that sees only which cells are filled."""
        study = self.study
        inputs = {each.name: self.table[list(each.features)].to_numpy(dtype=np.float64) for each in study.comparators}
        if rows.target.kind == "classification":
            inputs[FILLED_CELLS] = _filled(self.seen)
        found = {}
        for name, values in inputs.items():
            X = np.ascontiguousarray(values[rows.truth.visits])
            simpler = replace(rows, X=X, modalities=(), prespecified=(), candidates=_SIMPLE)
            kept = self.steps.named(f"{rows.target.name}.comparator-{len(found)}")
            found[name] = out_of_fold(simpler, folds=study.folds, seed=study.seed, map=kept)
        return found

    def _left_out(self, rows: TrainingRows) -> dict[str, Any]:
        """Score each site's patients by a model of the other sites."""
        name = self.study.leave_out
        if not name or name not in self.cohort.visits:
            return {}
        site = self.cohort.visits[name].fillna("").to_numpy(str)[rows.truth.visits]
        if len(np.unique(site)) < 2:
            return {}
        predicted = out_of_site(rows, site, map=self.steps.named(f"{rows.target.name}.sites"))
        if np.isnan(predicted).any():  # the other sites of one have nothing to learn from
            return {}
        held = self._bare(rows, predicted)
        here = site[rows.scored(self.study.seed)]
        return {
            "left_out_sites": held_out.scores(held),
            "left_out_recalibrated": held_out.recalibrated_at_each(held, here),
        }

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
