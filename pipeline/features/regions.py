"""Which body regions dystonia holds at this visit."""

from __future__ import annotations

import numpy as np

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.schema.regions import REGION_FLAGS
from pipeline.units import Unit

_NAMES = [column.name for column in REGION_FLAGS]


@record_feature(
    unit=Unit.STATE, outputs=[f"{name}_state" for name in _NAMES], bounds=(0.0, 1.0), source="Albanese 2013, axis I"
)
def region_state(history: History) -> Values:
    """Whether dystonia was found in a body region."""
    return _flags(history)


@record_feature(unit=Unit.COUNT, bounds=(0.0, float(len(_NAMES))), source="Albanese 2013, axis I")
def regions_affected_count(history: History) -> Values:
    """Count the body regions with dystonia; NaN where no region was examined."""
    flags = _flags(history)
    return np.where(np.isnan(flags).all(axis=1), np.nan, (flags == 1.0).sum(axis=1))


def _flags(history: History) -> Values:
    return np.stack([history.value(name) for name in _NAMES], axis=1)
