"""From a cohort in memory to a bundle: extract, validate, fit and calibrate every target of a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pipeline.bundle import ModelBundle, TargetModel
from pipeline.bundle.standing import Standing, standings
from pipeline.bundle.target import margin
from pipeline.command import Say
from pipeline.errors import ContractError, UsageError
from pipeline.evaluation.people import missingness, table_one
from pipeline.evaluation.reasons import strongest_parts
from pipeline.evaluation.splits import one_row_each
from pipeline.features.catalogue import model_columns
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.features.words import Said, parts_of, said_of
from pipeline.learners.leaks import TELLING, telling_columns
from pipeline.learners.sets import PredictionSets
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import Truth, derive
from pipeline.records import Cohort
from pipeline.selection import TrainingRows, fitted, new_estimator
from pipeline.steps import Steps
from pipeline.study import Study, Target
from pipeline.validation import (
    Validation,
    card_of,
    codes_of_part,
    groups_of,
    labels_of_visits,
    locked_positions,
)
from pipeline.versions import package_versions
from pipeline.visible import visible

_FEW_LABELS = 4
"""So many labels are never too many."""


def fit_study(
    cohort: Cohort,
    study: Study,
    name: str,
    *,
    steps: Steps | None = None,
    say: Say = lambda _: None,
) -> tuple[ModelBundle, dict[str, Any]]:
    """Fit, validate and calibrate every target of a study on a cohort in memory.

    Parameters
    ----------
    cohort : Cohort
    study : Study
    name : str
        Of the model.
    steps : Steps, optional
        Where recordings are measured and models fitted; here, one after the other, if left out.
    say : callable
        Is told of progress, a line at a time.

    Returns
    -------
    bundle : ModelBundle
    report : dict
        What `pipeline.report` sets as a page: counts, scores, and the numbers of all figures.
    """
    if not len(cohort):
        raise ContractError("the cohort", "no visit that can be used", do="See 'dystonia check'", code="NO_VISITS")
    if study.locked:
        whole, cohort = len(cohort), cohort[locked_positions(cohort, study, apart=False)]
        say(f"{whole - len(cohort)} visits are kept apart as a test set")
    with threadpool_limits(1):  # the matrices are small: more BLAS threads would only wait for each other
        return _fit_study(cohort, study, name, steps or Steps(), say)


def _fit_study(cohort: Cohort, study: Study, name: str, steps: Steps, say: Say) -> tuple[ModelBundle, dict[str, Any]]:
    say("extracting features")
    known = features_with(study.features.plugins)
    seen = visible(cohort, study)
    table = extract(seen, known, map=steps.map)
    columns = _informative(table, model_columns(study.inputs.quality, known))
    recorded = {name for feature in known if feature.spec.level != "record" for name in feature.spec.columns}
    from_recordings = tuple(at for at, name in enumerate(columns) if name in recorded)
    groups = groups_of(cohort, study)
    said = said_of(known)
    parts = parts_of(columns, said)
    validation = Validation(cohort, seen, table, study, steps)
    models, targets, by_label = [], {}, {}
    for target in study.targets:
        rows = _rows(cohort, target, table[list(columns)], groups)
        rows = replace(
            rows,
            modalities=(from_recordings,) if from_recordings else (),
            prespecified=target.prespecified_among(columns),
            clock=target.clock_among(columns),
        )
        say(f"{target.name}: validating on {len(np.unique(rows.groups))} groups")
        predicted, reasons = validation.explained(rows, list(parts.values()))
        targets[target.name] = validation.of(rows, predicted)
        targets[target.name]["reasons"] = strongest_parts(*reasons, list(parts), target.told)
        targets[target.name]["warnings"] += _telling(rows, columns)
        say(f"{target.name}: fitting")
        models.append(_final_model(rows, predicted))
        targets[target.name] |= _chosen(models[-1])
        by_label |= labels_of_visits(rows.truth, target, len(cohort))
    report = {
        "model": name,
        "study": study.name,
        "title": study.title,
        "synthetic": cohort.synthetic,
        "external": False,
        "rows": {"visits": len(cohort), "rejected": len(cohort.rejects), "notes": len(cohort.notes)},
        "group_by": study.group_by or "patient_id",
        "features": len(columns),
        "people": table_one(cohort),
        "missing": missingness(seen, validation.parts | by_label),
        "card": card_of(study),
        "targets": targets,
    }
    provenance = {"name": name, "versions": package_versions(), "report": in_short(report), "features": len(columns)}
    standings = _standings(cohort, table[list(columns)], said, seed=study.seed)
    return ModelBundle(study, tuple(models), columns, provenance, cohort.synthetic, standings=standings), report


def _standings(cohort: Cohort, table: pd.DataFrame, said: Mapping[str, Said], *, seed: int) -> dict[str, Standing]:
    """Return how people lie in each column, by one visit of each, drawn at random."""
    people = table.iloc[one_row_each(cohort.groups, seed)]
    states = [name for name in table if said[str(name)].levels]
    return standings({str(name): values.to_numpy() for name, values in people.items()}, map(str, states))


_IN_SHORT = ("counts", "scores", "comparators", "warnings")


def in_short(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a report a manifest holds, and a run logs: counts and scores, not the numbers of the figures."""
    short = {key: report[key] for key in ("title", "rows", "group_by", "people")}
    targets = report["targets"].items()
    return short | {"targets": {name: {key: found[key] for key in _IN_SHORT} for name, found in targets}}


def _informative(table: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """Return the feature columns that are not the same in every visit."""
    return tuple(name for name in names if table[name].nunique(dropna=False) > 1)


def _rows(cohort: Cohort, target: Target, table: pd.DataFrame, groups: np.ndarray) -> TrainingRows:
    truth = derive(cohort, target)
    if not len(truth.visits):
        raise UsageError(
            f"target {target.name}",
            "no visit with a known outcome",
            do="Check the outcomes of the cohort",
            code="NO_TRUTH",
        )
    _refuse_free_text(truth, target)
    X = np.ascontiguousarray(table.to_numpy(dtype=np.float64)[truth.visits])
    return TrainingRows(target, X, truth, cohort.groups[truth.visits], groups[truth.visits])


def _refuse_free_text(truth: Truth, target: Target) -> None:
    """Refuse labels so many that they look like ids or notes: they would stand in the model, and name patients."""
    labels = len(set(truth.label.tolist()))
    if target.kind == "classification" and labels > max(_FEW_LABELS, len(truth.visits) // 2):
        raise UsageError(
            f"target {target.name}",
            f"{labels} different labels in {len(truth.visits)} visits",
            needed="labels recur",
            do="Check that its column is no id or free text",
            code="NOT_LABELS",
        )


def _telling(rows: TrainingRows, columns: tuple[str, ...]) -> list[str]:
    """Warn of columns that tell nearly all of the label."""
    if rows.target.kind != "classification":
        return []
    truth = np.unique(rows.truth.label.astype(str), return_inverse=True)[1]
    shares = telling_columns(rows.X, truth, rows.weight)
    return [
        f"feature '{columns[at]}' alone tells {shares[at]:.0%} of the label: was it known before?"
        for at in np.flatnonzero(shares > TELLING)
    ]


def _final_model(rows: TrainingRows, predicted: np.ndarray) -> TargetModel:
    """Fit on all rows; sets and risk groups come from the out-of-fold predictions."""
    estimator = fitted(new_estimator(rows), rows)
    if rows.target.kind == "time_to_event":
        low, high = np.quantile(predicted[:, -1], [1 / 3, 2 / 3])
        return TargetModel(rows.target, estimator, group_cuts=(float(low), float(high)))
    classes = np.array(rows.labels, dtype=object)
    sets = {}
    for part, name in enumerate(rows.target.label_columns):
        labels, probability = margin(predicted, classes, part)
        calibrated = PredictionSets(modalities=rows.modalities)
        own = codes_of_part(rows.truth.label, labels, part)
        sets[name] = calibrated.fit(probability, own, rows.patients, labels=labels, X=rows.X)
    return TargetModel(rows.target, estimator, sets=sets)


def _chosen(model: TargetModel) -> dict[str, Any]:
    """Tell which candidate answers, and the log-loss of each on groups left out of its choice."""
    if not isinstance(model.estimator, TypeClassifier):
        return {}
    return {"chosen": model.estimator.chosen_, "candidates": model.estimator.losses_}
