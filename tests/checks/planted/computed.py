"""Features that are not the same twice, or change what they were given."""

import numpy as np

from pipeline.units import Unit
from tests.checks.planted.listing import SCORE, breaks, form, worn


@breaks("deterministic")
@form()
def noisy_points(history):
    """Score with a little noise."""
    return history.value(SCORE) + np.random.random(len(history))


_CALLS = []


@breaks("deterministic")
@form(Unit.COUNT)
def calls_count(history):
    """Count how often it was asked."""
    _CALLS.append(len(history))
    return np.full(len(history), float(len(_CALLS)))


_HIGHEST = [0.0]


@breaks("deterministic")
@form(Unit.SHARE, bounds=(0.0, 1.0))
def of_highest_so_far_share(history):
    """Score over the highest that was ever seen."""
    score = history.value(SCORE)
    _HIGHEST[0] = max(_HIGHEST[0], np.nanmax(score, initial=1.0))
    return score / _HIGHEST[0]


@breaks("input untouched")
@form(Unit.WEEKS)
def shifted_weeks(history):
    """Weeks, made to start at one in place."""
    weeks = history.weeks
    weeks += 1.0
    return weeks.copy()


@breaks("input untouched")
@form()
def floored_points(history):
    """Score of which negative ones are cut off in place."""
    score = history.value(SCORE)
    score[:] = np.maximum(score, 0.0)
    return score


@breaks("input untouched")
@form()
def helper_column_points(history):
    """Score, by way of a new column."""
    history._visits["helper"] = history.value(SCORE)
    return history._visits["helper"].to_numpy(float).copy()


@breaks("input untouched")
@worn()
def power_made_relative_g(signal):
    """Strongest line of the spectrum, made relative in place."""
    signal.power[:] /= np.maximum(signal.power.max(axis=1, keepdims=True), 1e-12)
    return signal.power.max(axis=1)


@breaks("input untouched")
@worn()
def centred_in_place_g(signal):
    """Movement, with the mean taken off in place."""
    values = signal.values
    values -= values.mean(axis=2, keepdims=True)
    return np.abs(values).max(axis=(1, 2))
