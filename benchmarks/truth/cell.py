"""One cell: a regime, a number of patients and a seed; models are fitted, and judged on other patients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.bundle.target import margin as bundle_margin
from pipeline.config import load_recipe
from pipeline.learners.sets import PredictionSets
from pipeline.outcomes import PAIR
from pipeline.selection import TrainingRows, fitted, new_estimator, out_of_fold
from pipeline.units import horizon_years

from .measures import losses, prior_losses, risk_losses, share, slope
from .patients import SPREAD, Patients, margin, patients

PARTS = ("phenotype", "aetiology")
_TEST_SEED = 90_000
_FOLDS = 3


def measure(regime: str, count: int, seed: int, tested: int) -> dict[str, object]:
    """Return all figures of a cell, by name."""
    recipe = load_recipe(regime)
    train, test = patients(recipe, count, seed), patients(recipe, tested, _TEST_SEED + seed)
    return _of_types(train, test) | _of_spread(train, test)


def measure_shares(regime: str, count: int, seed: int, tested: int) -> dict[str, object]:
    """Return the shares of attainable information alone, for a learning curve.

    Where there is nothing to learn from, all of one label or no event, a figure is left out.
    """
    recipe = load_recipe(regime)
    train, test = patients(recipe, count, seed), patients(recipe, tested, _TEST_SEED + seed)
    rows, at = train.rows("type"), test.one_visit
    model = fitted(new_estimator(rows), rows)
    found: dict[str, object] = {"chosen": model.chosen_}
    said = model.predict_proba(test.X[at])
    for part, name in enumerate(PARTS):
        truth = test.label(part)[at]
        prior = prior_losses(train.label(part)[train.one_visit], truth)
        best, words = test.oracle(part)
        got = losses(*margin(said, model.classes_, part), truth)
        found[f"{name}_share"] = share(prior, got, losses(best[at], words, truth))
    return found | {name: value for name, value in _of_spread(train, test).items() if name.endswith("_share")}


def _of_types(train: Patients, test: Patients) -> dict[str, object]:
    rows, at = train.rows("type"), test.one_visit
    model = fitted(new_estimator(rows), rows)
    said = model.predict_proba(test.X[at])
    masks = replace(rows, X=train.masks[rows.truth.visits])
    blind = fitted(new_estimator(masks), masks)
    masked = blind.predict_proba(test.masks[at])
    held_out = out_of_fold(rows, folds=_FOLDS, seed=1)
    found: dict[str, object] = {"chosen": model.chosen_, "masks_chosen": blind.chosen_}
    once = train.one_visit
    for part, name in enumerate(PARTS):
        truth = test.label(part)[at]
        prior = prior_losses(train.label(part)[once], truth)
        best, oracle_words = test.oracle(part)
        best = best[at]
        attainable = losses(best, oracle_words, truth)
        own, words = margin(said, model.classes_, part)
        got = losses(own, words, truth)
        found[f"{name}_attainable"] = float((prior - attainable).mean())
        found[f"{name}_share"] = share(prior, got, attainable)
        for pattern, where in (("with", test.recorded[at]), ("without", ~test.recorded[at])):
            found[f"{name}_share_{pattern}_recordings"] = share(prior[where], got[where], attainable[where])
        first = test.synthetic.truth.evidence.visits.number[at] == 0
        found[f"{name}_share_first_visits"] = share(prior[first], got[first], attainable[first])
        found[f"{name}_masks_share"] = share(prior, losses(*margin(masked, blind.classes_, part), truth), attainable)
        found[f"{name}_slope"], found[f"{name}_slope_error"] = slope(own, words, truth)
        found[f"{name}_oracle_slope"] = slope(best, oracle_words, truth)[0]
        found |= _of_sets(name, rows, held_out, (own, words), (test, at, part))
    return found


def _of_sets(
    name: str,
    rows: TrainingRows,
    held_out: np.ndarray,
    said: tuple[np.ndarray, np.ndarray],
    asked: tuple[Patients, np.ndarray, int],
) -> dict[str, object]:
    own, words = said
    test, at, part = asked
    classes = np.array(sorted(set(rows.truth.label.tolist())), dtype=object)
    labels, probability = bundle_margin(held_out, classes, part)
    recorded = np.array([labels.index(str(each).split(PAIR)[part]) for each in rows.truth.label])
    sets = PredictionSets(modalities=rows.modalities)
    sets.fit(probability, recorded, rows.patients, labels=labels, X=rows.X)
    order = np.searchsorted(words, labels)
    inside = sets.members(own[:, order], test.X[at])
    found: dict[str, object] = {f"{name}_set_size": float(inside.sum(axis=1).mean())}
    for kind, true in (("recorded", False), ("true", True)):
        truth = test.label(part, true=true)[at]
        held = (inside & (np.array(labels) == truth[:, None])).any(axis=1)
        found[f"{name}_covers_{kind}"] = float(held.mean())
    return found


def _of_spread(train: Patients, test: Patients) -> dict[str, object]:
    rows = train.rows("spread")
    found: dict[str, object] = {"spread_events": len(np.unique(rows.patients[rows.truth.event_indicator]))}
    if not found["spread_events"]:
        return found
    model = fitted(new_estimator(rows), rows)
    asked = test.rows("spread").truth.visits
    asked = asked[np.isin(asked, test.one_visit)]
    for at, horizon in enumerate(SPREAD.horizons):
        truly = test.oracle_risk(horizon_years(horizon))[asked]
        known = ~np.isnan(truly)
        truly, X = truly[known], test.X[asked[known]]
        risk = model.predict_risk(X)[:, at]
        low, high = model.predict_risk_interval(X)
        flat = np.full(len(truly), truly.mean())
        found |= {
            f"spread_{horizon}_share": share(*(risk_losses(each, truly) for each in (flat, risk, truly))),
            f"spread_{horizon}_observed_over_expected": float(truly.mean() / risk.mean()),
            f"spread_{horizon}_interval_covers": float(((low[:, at] <= truly) & (truly <= high[:, at])).mean()),
        }
    return found
