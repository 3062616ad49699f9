"""Features that return something else than numbers within their bounds, or nothing for no reason."""

import numpy as np

from pipeline.units import Unit
from tests.checks.planted.listing import SCORE, breaks, form, worn


@breaks("float64")
@form()
def short_points(history):
    """Score in 32 bits."""
    return history.value(SCORE).astype(np.float32)


@breaks("float64")
@worn()
def short_inside_g(signal):
    """Strength of movement, computed in 32 bits."""
    return np.sqrt((signal.movement.astype(np.float32) ** 2).mean(axis=(1, 2))).astype(np.float64)


@breaks("float64")
@form()
def two_columns_points(history):
    """Two columns where one was declared."""
    return np.stack([history.value(SCORE)] * 2, axis=1)


@breaks("bounds")
@form(bounds=(0.0, 10.0))
def beyond_bounds_points(history):
    """Score, said to be at most 10."""
    return history.value(SCORE)


@breaks("bounds")
@worn(Unit.SHARE, bounds=(0.0, 1.0))
def more_than_all_share(signal):
    """Share of samples above their mean, of one axis too many."""
    return np.where(signal.valid, 2 * (signal.movement > 0).mean(axis=(1, 2)), np.nan)


@breaks("missing only for a reason")
@form(missing_when="")
def moderate_points(history):
    """Score where it is believable, instead of a quality entry beside it."""
    score = history.value(SCORE)
    return np.where(score > 10.0, np.nan, score)


@breaks("missing only for a reason")
@worn()
def calm_rms_g(signal):
    """Strength of movement where it is small, instead of a quality entry beside it."""
    return np.where(signal.rms > 0.05, np.nan, signal.rms)


@breaks("gives a value")
@form()
def misspelt_points(history):
    """Score of a column that is called otherwise."""
    return history.value("gdrs_totel_points")
