"""Totals of rating scales: now, at the first visit, and how they changed."""

from __future__ import annotations

import numpy as np

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.schema.scales import SCALES
from pipeline.units import Unit

_NAMES = [column.name for column in SCALES]
_STEMS = [name.removesuffix(f"_{Unit.POINTS}") for name in _NAMES]
_HIGHEST = max(column.high for column in SCALES)
_SOURCE = "each scale's source in schema/scales.py"


@record_feature(unit=Unit.POINTS, outputs=_NAMES, bounds=(0.0, _HIGHEST), source=_SOURCE)
def scale_points(history: History) -> Values:
    """Total of a rating scale at this visit."""
    return np.stack([history.value(name) for name in _NAMES], axis=1)


@record_feature(
    unit=Unit.POINTS, outputs=[f"{stem}_first_points" for stem in _STEMS], bounds=(0.0, _HIGHEST), source=_SOURCE
)
def scale_first_points(history: History) -> Values:
    """Total of a rating scale at the patient's first visit."""
    return np.stack([history.first(name) for name in _NAMES], axis=1)


@record_feature(
    unit=Unit.POINTS,
    outputs=[f"{stem}_change_since_first_points" for stem in _STEMS],
    bounds=(-_HIGHEST, _HIGHEST),
    source=_SOURCE,
)
def scale_change_since_first_points(history: History) -> Values:
    """Change of a rating scale's total since the patient's first visit."""
    return np.stack([history.value(name) - history.first(name) for name in _NAMES], axis=1)


@record_feature(
    unit=Unit.POINTS,
    outputs=[f"{stem}_change_since_previous_points" for stem in _STEMS],
    bounds=(-_HIGHEST, _HIGHEST),
    source=_SOURCE,
)
def scale_change_since_previous_points(history: History) -> Values:
    """Change of a rating scale's total since the patient's previous visit."""
    return np.stack([history.value(name) - history.previous(name) for name in _NAMES], axis=1)
