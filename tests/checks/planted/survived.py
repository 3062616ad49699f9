"""Features that fail on records that are rare, but there."""

import numpy as np

from pipeline.units import Unit
from tests.checks.planted.listing import SCORE, breaks, form, worn


@breaks("survives")
@form(Unit.STATE, bounds=(0.0, 1.0))
def male_state(history):
    """Sex, looked up among the words that are expected."""
    return np.array([{"male": 1.0, "female": 0.0, "": np.nan}[each] for each in history.text("sex")], dtype=float)


@breaks("survives")
@form()
def nobody_points(history):
    """Score, of at least one patient."""
    return history.value(SCORE) + 0 * history.value("row").max()


@breaks("survives")
@worn(Unit.DEGREES)
def inverse_deg(signal):
    """Direction by the inverse of what is zero in a still window."""
    inverse = np.linalg.inv(np.einsum("nit,njt->nij", signal.movement, signal.movement))
    return np.degrees(np.arctan2(inverse[:, 0, 1], inverse[:, 0, 0]))
