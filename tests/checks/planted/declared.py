"""Features that say more of themselves than holds."""

import numpy as np

from pipeline.features.spec import LATER, MIRROR, RATE, ROTATION, SCALE
from pipeline.units import Unit
from tests.checks.planted.listing import breaks, form, worn


@breaks("later")
@form(Unit.WEEKS, equivariant_to=(LATER,))
def since_first_weeks(history):
    """Days since the first visit, called weeks."""
    return 7 * history.weeks_since_first


@breaks("later")
@form(Unit.YEARS, equivariant_to=(LATER,))
def since_first_y(history):
    """Weeks since the first visit, called years."""
    return history.weeks_since_first.copy()


@breaks("later")
@form(Unit.COUNT, invariant_to=(LATER,))
def months_count(history):
    """Count the months since the first visit, said not to change with time."""
    return np.floor(history.weeks_since_first / 4)


@breaks("rotation")
@worn(invariant_to=(ROTATION,))
def first_axis_g(signal):
    """Movement of the first axis, said not to depend on how the sensor sits."""
    return np.abs(signal.movement[:, 0]).max(axis=1)


@breaks("scale")
@worn(Unit.RATIO, invariant_to=(SCALE,))
def above_threshold_ratio(signal):
    """Share of samples beyond a twentieth of a g, said not to depend on the sensor's gain."""
    return (np.abs(signal.movement) > 0.05).mean(axis=(1, 2))


@breaks("scale")
@worn(equivariant_to=(SCALE,))
def variance_g(signal):
    """Variance of the movement, in squares of the unit that it is called by."""
    return signal.rms**2


@breaks("mirror")
@worn(invariant_to=(MIRROR,))
def lean_g(signal):
    """Gravity along the first axis, said to be the same on both sides."""
    return signal.gravity[:, 0].copy()


@breaks("rate")
@worn(Unit.COUNT, invariant_to=(RATE,))
def crossings_count(signal):
    """Upward crossings a hundred samples, said not to depend on the rate."""
    movement = signal.movement[:, 0]
    return 100 * ((movement[:, :-1] < 0) & (movement[:, 1:] >= 0)).mean(axis=1)
