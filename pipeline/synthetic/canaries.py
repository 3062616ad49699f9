"""A few synthetic visits that never change: what a saved model is asked again whenever it is loaded."""

from __future__ import annotations

import numpy as np

from pipeline.recipe import Recipe
from pipeline.records import Cohort
from pipeline.synthetic.cohort import generate
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, pair_is_allowed

VISITS = 32
_SEED = 20261122
_PATIENTS = 64

# every phenotype alike, with the first cause that goes with it; not a file, so that nobody edits it
_RECIPE = Recipe(
    name="canaries",
    title="Visits that check a saved model",
    classes={f"{word}/{next(a for a in AETIOLOGIES if pair_is_allowed(word, a))}": 1.0 for word in PHENOTYPES},
    missing=0.15,
    max_visits=4,
)


def canaries() -> Cohort:
    """Return 32 visits of whole patients, some with earlier visits, treatments, findings and empty items.

    Examples
    --------
    >>> len(canaries())
    32
    """
    cohort = generate(_RECIPE, patients=_PATIENTS, seed=_SEED).cohort
    ids = cohort.visits["patient_id"].to_numpy(dtype=object)
    chosen: list[int] = []
    for patient in dict.fromkeys(ids):
        rows = np.flatnonzero(ids == patient)
        if len(chosen) + len(rows) <= VISITS:
            chosen.extend(rows.tolist())
    return cohort[chosen]
