"""Which instruments and recordings are left out: one Bernoulli each, which may depend on the class.

Where it does, that something is absent tells something, and the oracle hears it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from pipeline.recipe import Recipe
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.logs import log_of

INSTRUMENTS: dict[str, tuple[str, ...]] = {
    "early_signs": (
        "penmanship_decline",
        "dropped_items",
        "cramping_with_use",
        "diaphragm_trembling",
        "holds_hands_still",
    ),
    "mood": ("depression", "anxiety", "fatigue"),
}
"""Items of the form that are left out together."""

LOGITS: dict[str, dict[str, float]] = {
    "history": {"healthy": 1.0, "acquired_tardive": -1.5, "acquired_tbi": -1.5, "acquired_perinatal": -1.0},
    "early_signs": {"blepharospasm": 1.2, "laryngeal": 1.2, "cervical": 0.8, "writers_cramp": -1.0, "musicians": -1.0},
    "mood": {"functional": -1.2, "inherited_combined": -0.8, "writers_cramp": 0.8, "essential_tremor": 0.8},
    "recordings": {"essential_tremor": -1.2, "parkinson_disease": -1.2, "blepharospasm": 1.2, "laryngeal": 1.5},
}
"""A: log odds of the absence a unit of the recipe's `absence_follows_class`, by phenotype or cause."""


def chance(mix: Mix, recipe: Recipe, instrument: str) -> np.ndarray:
    """Return the probability in each class that an instrument is left out."""
    usual = 1 - recipe.recordings if instrument == "recordings" else recipe.absent
    if usual in (0.0, 1.0):
        return np.full(len(mix.pairs), usual)
    tilt = mix.figure(lambda pair: sum(LOGITS[instrument].get(word, 0.0) for word in pair))
    return expit(logit(usual) + recipe.absence_follows_class * tilt)


def absent(mix: Mix, recipe: Recipe, instrument: str, pair: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Whether an instrument is left out, from a uniform number each."""
    return uniform < chance(mix, recipe, instrument)[pair]


def log_likelihood(mix: Mix, recipe: Recipe, instrument: str, missing: np.ndarray) -> np.ndarray:
    """Return the log probability in each class of what was left out; 0 where the class has no say.

    Returns
    -------
    ndarray, shape (len(missing), classes)
    """
    if recipe.absence_follows_class == 0:
        return np.zeros((len(missing), len(mix.pairs)))
    share = chance(mix, recipe, instrument)
    return np.where(missing[:, None], log_of(share), log_of(1 - share))
