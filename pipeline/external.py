"""How a saved model does on people of another cohort: external validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.bundle import ModelBundle, TargetModel
from pipeline.bundle.model import Map
from pipeline.bundle.target import margin
from pipeline.command import Say
from pipeline.errors import ContractError, UsageError
from pipeline.evaluation import held_out
from pipeline.evaluation.held_out import HeldOut
from pipeline.evaluation.people import missingness, parts_of, shift, table_one
from pipeline.evaluation.reasons import strongest_parts
from pipeline.evaluation.splits import one_row_each
from pipeline.learners.explanation import has_parts
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import Truth, derive
from pipeline.reading.source import Source
from pipeline.records import Cohort
from pipeline.selection import few_people, reasons_for
from pipeline.study import Study
from pipeline.validation import card_of, codes_of_part, counted, groups_of, label_column, labels_of_visits
from pipeline.visible import visible

SAME_COHORT = "this is the cohort that the model was trained on: scores are too good"
_DIGITS = 16
_MOST_FILES = 10_000
"""A manifest is no larger than a MiB."""


def external_report(
    bundle: ModelBundle, cohort: Cohort, warnings: Sequence[str] = (), *, map: Map = map, say: Say = lambda _: None
) -> dict[str, Any]:
    """Judge a model on a cohort that it was not trained on.

    Parameters
    ----------
    bundle : ModelBundle
    cohort : Cohort
        With outcomes; a target without a known outcome is left out.
    warnings : sequence of str
        What holds of all targets, such as `SAME_COHORT`.
    map : callable
        Runs one function over many recordings.
    say : callable
        Is told of progress, a line at a time.

    Returns
    -------
    dict
        As of a training, with ``external`` true, and ``shift``, how far people differ from those of the training.

    Raises
    ------
    UsageError
        If no target has a known outcome.
    """
    if not len(cohort):
        raise ContractError("the cohort", "no visit that can be used", do="See 'dystonia check'", code="NO_VISITS")
    study = bundle.study
    say("extracting features")
    X = bundle.vectors(cohort, map=map)
    parts, targets, by_label = parts_of(cohort, study.leave_out), {}, {}
    groups = clusters(cohort, study)
    for model in bundle.models:
        truth = known_truth(cohort, model)
        if truth is not None:
            say(f"{model.target.name}: judging on {len(truth.visits)} visits")
            by_label |= labels_of_visits(truth, model.target, len(cohort))
            held = held_predictions(model, X, truth, cohort, groups, seed=study.seed)
            held = held_out.with_parts(held, parts)
            patients = cohort.groups[truth.visits]
            asked = X[truth.visits[few_people(patients, study.seed)]]
            parts_asked = list(bundle.teller.parts.values())
            reasons = reasons_for(model, asked, parts_asked), has_parts(asked, parts_asked)
            targets[model.target.name] = {
                "counts": counted(truth, patients, held),
                "warnings": [*warnings, *_warnings(held)],
                **held_out.described(held),
                "reasons": strongest_parts(*reasons, list(bundle.teller.parts), model.target.told),
                "comparators": {},
                "recalibrated": held_out.recalibrated_here(held),
            }
    if not targets:
        raise UsageError(
            "the cohort", "no visit with a known outcome", do="Add outcomes, or see 'predict'", code="NO_TRUTH"
        )
    return {
        "model": str(bundle.provenance["name"]),
        "study": study.name,
        "title": study.title,
        "synthetic": bundle.synthetic,
        "external": True,
        "rows": {"visits": len(cohort), "rejected": len(cohort.rejects), "notes": len(cohort.notes)},
        "group_by": study.group_by if study.group_by in cohort.visits else "patient_id",
        "features": len(bundle.features),
        "people": (people := table_one(cohort)),
        "shift": shift(_of_training(bundle), people),
        "missing": missingness(visible(cohort, study), parts | by_label),
        "card": card_of(study),
        "targets": targets,
    }


def shares_training(bundle: ModelBundle, source: Source) -> bool:
    """Say whether a model was trained on a file of visits of this cohort, as far as digests tell."""
    known = bundle.provenance.get("training_visits")
    known = set(known) if isinstance(known, list) else set()
    return source.digest == bundle.provenance.get("training_digest") or not known.isdisjoint(visit_digests(source))


def visit_digests(source: Source) -> list[str]:
    """Return what tells a cohort's tables of visits again: the beginning of each one's digest.

    A file of one phenopacket is left out: its digest would stand for one person.
    """
    files = [name for name in source.visit_files if not name.endswith(".json")]
    return sorted(source.files[name][:_DIGITS] for name in files[:_MOST_FILES])


def clusters(cohort: Cohort, study: Study) -> np.ndarray:
    """Return the clusters of the bootstrap: what the study groups by, where the cohort has it, or patients."""
    grouped = not study.group_by or study.group_by in cohort.visits
    return groups_of(cohort, study) if grouped else cohort.groups


def known_truth(cohort: Cohort, model: TargetModel) -> Truth | None:
    """Return the truth of a target; None where the cohort does not have it, for nobody."""
    try:
        truth = derive(cohort, model.target)
    except ContractError as error:
        if error.code != "MISSING_COLUMN":
            raise
        return None
    return truth if len(truth.visits) else None


def _of_training(bundle: ModelBundle) -> Mapping[str, Any]:
    """Return what the manifest says of the people of the training; nothing where it is not of our making."""
    report = bundle.provenance.get("report")
    people = report.get("people") if isinstance(report, dict) else None
    columns = people.get("columns") if isinstance(people, dict) else None
    return columns if isinstance(columns, dict) else {}


def held_predictions(
    model: TargetModel, X: np.ndarray, truth: Truth, cohort: Cohort, groups: np.ndarray, *, seed: int
) -> HeldOut:
    """Predict the visits whose truth is known, one a person where it is a label.

    Parameters
    ----------
    model : TargetModel
    X : ndarray, shape (visits, features)
        Of all visits of the cohort.
    truth : Truth
    cohort : Cohort
    groups : ndarray, shape (visits,)
        Clusters of the bootstrap.
    seed : int
        Draws the visit of each person.
    """
    estimator, target = model.estimator, model.target
    if not isinstance(estimator, TypeClassifier):
        risk, at = estimator.predict_risk(X[truth.visits]), truth.visits
        return HeldOut(target, risk, truth, cohort.groups[at], groups[at], seed=seed)
    truth = truth.at(one_row_each(cohort.groups[truth.visits], seed))
    at = truth.visits
    predicted = estimator.predict_proba(X[at])
    columns = {}
    for part, name in enumerate(target.label_columns):
        labels, probability = margin(predicted, estimator.classes_, part)
        sets = model.sets[name]
        codes = codes_of_part(truth.label, labels, part)
        columns[name] = label_column(labels, probability, codes, sets.members(probability, X[at]), 1.0 - sets.alpha)
    labels = tuple(str(label) for label in estimator.classes_)
    return HeldOut(target, predicted, truth, cohort.groups[at], groups[at], labels=labels, columns=columns, seed=seed)


def _warnings(held: HeldOut) -> list[str]:
    if held.is_risk:
        return held_out.event_warnings(held)
    unknown = pd.Series(held.truth.label).map(lambda label: label not in held.labels).to_numpy(bool)
    if not unknown.any():
        return []
    return [f"{unknown.mean():.0%} of the people have a label that the model does not know: it is counted as wrong"]
