"""From a cohort in memory to a bundle: extract, validate, fit and calibrate every target of a study."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from pipeline.bundle import ModelBundle, TargetModel
from pipeline.bundle.model import margin
from pipeline.bundle.save import package_versions
from pipeline.command import Say
from pipeline.engine import Map
from pipeline.errors import ContractError, UsageError
from pipeline.evaluation import calibration, summary
from pipeline.features.catalogue import model_columns
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.learners.leaks import TELLING, telling_columns
from pipeline.learners.sets import PredictionSets
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import PAIR, Truth, derive
from pipeline.records import Cohort
from pipeline.selection import TrainingRows, fitted, held_out_sets, new_estimator, out_of_fold, out_of_site
from pipeline.study import Study, Target
from pipeline.units import horizon_years
from pipeline.visible import visible

FILLED_CELLS = "filled_cells"
"""The comparator that sees only which cells are filled."""

_SIMPLE = ("prior", "generative")
"""What comparators are chosen from."""

_FEW_LABELS = 4
"""So many labels are never too many."""


def fit_study(
    cohort: Cohort, study: Study, name: str, *, map: Map = map, say: Say = lambda _: None
) -> tuple[ModelBundle, dict[str, Any]]:
    """Fit, validate and calibrate every target of a study on a cohort in memory.

    Parameters
    ----------
    cohort : Cohort
    study : Study
    name : str
        Of the model.
    map : callable
        Runs one function over many recordings, as the built-in does.
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
    with threadpool_limits(1):  # the matrices are small: more BLAS threads would only wait for each other
        return _fit_study(cohort, study, name, map, say)


def _fit_study(cohort: Cohort, study: Study, name: str, map: Map, say: Say) -> tuple[ModelBundle, dict[str, Any]]:
    say("extracting features")
    known = features_with(study.features.plugins)
    seen = visible(cohort, study)
    table = extract(seen, known, map=map)
    columns = _informative(table, model_columns(study.inputs.quality, known))
    recorded = {name for feature in known if feature.spec.level != "record" for name in feature.spec.columns}
    from_recordings = tuple(at for at, name in enumerate(columns) if name in recorded)
    groups = _groups(cohort, study)
    models, targets = [], {}
    for target in study.targets:
        rows = _rows(cohort, target, table[list(columns)], groups)
        rows = replace(
            rows,
            modalities=(from_recordings,) if from_recordings else (),
            table_columns=tuple(at for at, name in enumerate(columns) if name in target.few_events),
        )
        say(f"{target.name}: validating on {len(np.unique(rows.groups))} groups")
        predicted = out_of_fold(rows, folds=study.folds, seed=study.seed)
        targets[target.name] = _scores(rows, predicted, study) | {
            "comparators": _comparators(rows, table, seen, study),
        }
        targets[target.name] |= _left_out(rows, cohort, study)
        targets[target.name]["warnings"] += _telling(rows, columns)
        say(f"{target.name}: fitting")
        models.append(_final_model(rows, predicted))
        targets[target.name] |= _chosen(models[-1])
        targets[target.name] |= _drawn(rows, predicted, study)
    report = {
        "model": name,
        "study": study.name,
        "title": study.title,
        "synthetic": cohort.synthetic,
        "rows": {"visits": len(cohort), "rejected": len(cohort.rejects), "notes": len(cohort.notes)},
        "group_by": study.group_by or "patient_id",
        "features": len(columns),
        "targets": targets,
    }
    provenance = {"name": name, "versions": package_versions(), "report": report, "features": len(columns)}
    return ModelBundle(study, tuple(models), columns, provenance, cohort.synthetic), report


def _informative(table: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """Return the feature columns that are not the same in every visit."""
    return tuple(name for name in names if table[name].nunique(dropna=False) > 1)


def _groups(cohort: Cohort, study: Study) -> np.ndarray:
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


def _scores(rows: TrainingRows, predicted: np.ndarray, study: Study) -> dict[str, Any]:
    at = rows.scored(study.seed)
    groups, truth = rows.groups[at], rows.truth
    counts: dict[str, Any] = {
        "visits": len(rows),
        "patients": len(np.unique(rows.patients.astype(str))),
        "groups": len(np.unique(groups.astype(str))),
    }
    if rows.target.kind == "classification":
        labels = tuple(sorted(set(truth.label.tolist())))
        counts["labels"] = summary.label_counts(truth.label[at])
        found = summary.classification_summary(predicted[at], truth.label[at], labels, groups, study.seed)
        found["prior"] = {"log_loss": summary.prior_log_loss(truth.label[at], np.ones(len(at)))}
        return {"counts": counts, "scores": found, "warnings": []}
    counts["events"] = summary.told(len(np.unique(rows.patients[truth.event_indicator].astype(str))))
    horizons = {text: horizon_years(text) for text in rows.target.horizons}
    found = summary.event_summary(
        truth.left[at], truth.right[at], predicted[at], horizons=horizons, groups=groups, seed=study.seed
    )
    return {
        "counts": counts,
        "scores": found,
        "warnings": summary.event_warnings(truth.event_indicator, rows.patients),
    }


def _comparators(rows: TrainingRows, table: pd.DataFrame, seen: Cohort, study: Study) -> dict[str, Any]:
    """Score the study's simpler models in the same folds, and one that sees only which cells are filled."""
    inputs = {each.name: table[list(each.features)].to_numpy(dtype=np.float64) for each in study.comparators}
    if rows.target.kind == "classification":
        inputs[FILLED_CELLS] = _filled(seen)
    found = {}
    for name, values in inputs.items():
        X = np.ascontiguousarray(values[rows.truth.visits])
        simpler = replace(rows, X=X, modalities=(), table_columns=(), candidates=_SIMPLE)
        predicted = out_of_fold(simpler, folds=study.folds, seed=study.seed)
        found[name] = _scores(simpler, predicted, study)["scores"]
    return found


def _filled(seen: Cohort) -> np.ndarray:
    """Return which cells of each visit are filled, as far as the study may see them, and whether it was recorded."""
    cells = (seen.visits.notna() & (seen.visits != "")).to_numpy(dtype=np.float64)
    recorded = {(recording.patient_id, recording.visit_id) for recording in seen.recordings}
    here = zip(seen.visits["patient_id"], seen.visits["visit_id"], strict=True)
    return np.column_stack([cells, np.array([float(visit in recorded) for visit in here])])


def _left_out(rows: TrainingRows, cohort: Cohort, study: Study) -> dict[str, Any]:
    """Score each site's patients by a model of the other sites."""
    if not study.leave_out or study.leave_out not in cohort.visits:
        return {}
    site = cohort.visits[study.leave_out].fillna("").to_numpy(str)[rows.truth.visits]
    if len(np.unique(site)) < 2:
        return {}
    predicted = out_of_site(rows, site)
    if np.isnan(predicted).any():  # the other sites of one have nothing to learn from
        return {}
    return {"left_out_sites": _scores(rows, predicted, study)["scores"]}


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
    classes = np.array(sorted(set(rows.truth.label.tolist())), dtype=object)
    sets = {}
    for part, name in enumerate(rows.target.label_columns):
        labels, probability = margin(predicted, classes, part)
        calibrated = PredictionSets(modalities=rows.modalities)
        own = _own_labels(rows, labels, part)
        sets[name] = calibrated.fit(probability, own, rows.patients, labels=labels, X=rows.X)
    return TargetModel(rows.target, estimator, sets=sets)


def _chosen(model: TargetModel) -> dict[str, Any]:
    """Tell which candidate answers, and the log-loss of each on groups left out of its choice."""
    if not isinstance(model.estimator, TypeClassifier):
        return {}
    return {"chosen": model.estimator.chosen_, "candidates": model.estimator.losses_}


def _drawn(rows: TrainingRows, predicted: np.ndarray, study: Study) -> dict[str, Any]:
    """Compute what the figures of a target show."""
    at = rows.scored(study.seed)
    groups, truth = rows.groups[at], rows.truth
    if rows.target.kind == "time_to_event":
        horizon = rows.target.horizons[-1]
        own = (predicted[at, -1], truth.left[at], truth.right[at], horizon_years(horizon), groups)
        return {"calibration": {"of": horizon, "points": calibration.risk_points(*own, seed=study.seed)}}
    labels = tuple(sorted(set(truth.label.tolist())))
    outcome = truth.label[at][:, None] == np.array(labels, dtype=object)[None, :]
    if len(labels) == 2:  # one label's probability is the other's, turned round
        shown, points = labels[1], calibration.reliability_points(predicted[at, 1], outcome[:, 1], groups)
    else:
        pooled = (predicted[at].ravel(), outcome.ravel(), np.repeat(groups, len(labels)))
        shown, points = "", calibration.reliability_points(*pooled)
    return {
        "calibration": {"of": shown, "points": points},
        "one_against_rest": summary.one_against_rest(predicted[at], truth.label[at], labels, groups, study.seed),
        "sets": _sets(rows, predicted, at, study),
    }


def _sets(rows: TrainingRows, predicted: np.ndarray, at: np.ndarray, study: Study) -> dict[str, Any]:
    """Tell of the sets of each label column what they hold, for people from whom no threshold comes."""
    classes = np.array(sorted(set(rows.truth.label.tolist())), dtype=object)
    found = {}
    for part, name in enumerate(rows.target.label_columns):
        labels, probability = margin(predicted[at], classes, part)
        truth = _own_labels(rows, labels, part)[at]
        members = held_out_sets(rows, at, probability, truth, labels, folds=study.folds, seed=study.seed)
        found[name] = summary.set_summary(members, truth, rows.groups[at], 1.0 - PredictionSets().alpha)
    return found


def _own_labels(rows: TrainingRows, labels: tuple[str, ...], part: int) -> np.ndarray:
    return np.array([labels.index(str(each).split(PAIR)[part]) for each in rows.truth.label], dtype=int)
