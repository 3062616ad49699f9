"""A model of trees in the place of the one that a bundle holds, and models without anything around them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier

from pipeline.bundle import ModelBundle, load_bundle
from pipeline.bundle.model import VISITS_AT_ONCE
from pipeline.bundle.target import margin
from pipeline.learners.sets import PredictionSets
from pipeline.learners.types import TypeClassifier
from pipeline.partition import partitions, survey
from pipeline.reading.options import Options
from pipeline.reading.source import open_source
from pipeline.records import Cohort
from pipeline.synthetic.canaries import canaries

CLASSES = 16
_ROWS = 4_000


class Boosted(TypeClassifier):
    """Gradient boosting of 16 classes, 100 rounds of trees with 31 leaves, as scikit-learn has it."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return what the trees say; shape (rows, classes)."""
        return self.trees.predict_proba(X)


def boosted(bundle: Path, kept: Path) -> ModelBundle:
    """Return a bundle with trees as its only model; they are grown once, and kept in a file."""
    real = load_bundle(bundle)
    classes = real.models[0].estimator.classes_[:CLASSES]
    stream = np.random.default_rng(1)
    if not kept.exists():
        known = np.nan_to_num(real.vectors(canaries()))
        X = known[stream.integers(0, len(known), _ROWS)] + stream.normal(size=(_ROWS, known.shape[1]))
        trees = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False)
        skops.io.dump(trees.fit(X, stream.choice(classes.astype(str), _ROWS)), kept)
    estimator = Boosted()
    estimator.trees = skops.io.load(kept, trusted=skops.io.get_untrusted_types(file=kept))
    estimator.classes_ = np.sort(classes.astype(str)).astype(object)
    pairs, sets = stream.dirichlet(np.ones(CLASSES), 500), {}
    for part, name in enumerate(real.models[0].target.label_columns):
        _, probability = margin(pairs, estimator.classes_, part)
        sets[name] = PredictionSets().fit(probability, probability.argmax(axis=1), np.arange(500))
    return replace(real, models=(replace(real.models[0], estimator=estimator, sets=sets),))


def bare(bundle: Path, kept: Path, cohort: Path, rows: int, which: str) -> None:
    """Ask the models about so many rows that lie in memory, a batch at a time: the cohort's first, again and again.

    They have to be the cohort's own: trees take a fifth less for rows of which few differ.
    """
    found = boosted(bundle, kept) if which == "boosted" else load_bundle(bundle, sensors=False)
    X = found.vectors(_first_partition(cohort))
    X = np.resize(X, (max(1, len(X) // VISITS_AT_ONCE) * VISITS_AT_ONCE, X.shape[1]))
    for start in range(0, rows, VISITS_AT_ONCE):
        part = X[start % len(X) :][: min(VISITS_AT_ONCE, rows - start)]
        for model in found.models:
            if isinstance(model.estimator, TypeClassifier):
                model.estimator.predict_proba(part)
            else:
                model.estimator.predict_risk_with_interval(part)


def _first_partition(folder: Path) -> Cohort:
    source = open_source(folder, Options())
    with tempfile.TemporaryDirectory() as spill:
        overview = survey(source, Options(), Path(spill))
        return next(partitions(overview, Path(spill))).cohort(source.for_workers(), Options())
