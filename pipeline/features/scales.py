"""Rating scales: totals and parts now, their change over time, and what single items add to a total."""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side
from pipeline.features.spec import Values, record_feature
from pipeline.features.spectrum import contrast
from pipeline.features.timeline import History
from pipeline.features.words import called
from pipeline.schema.scales import (
    ALL_SCALES,
    BFMDRS_DISABILITY,
    BFMDRS_MOVEMENT,
    GDRS,
    MDS_UPDRS_3,
    MODELLED_ITEMS,
    TWSTRS,
    TWSTRS_SEVERITY,
    UDRS,
)
from pipeline.schema.scoring import Scale
from pipeline.units import Unit

_PARTS = {part.name for scale in ALL_SCALES for part in scale.parts}
_WHOLE = [scale for scale in ALL_SCALES if scale.name not in _PARTS]
_FOLLOWED = [TWSTRS, BFMDRS_MOVEMENT, BFMDRS_DISABILITY, GDRS, UDRS]
"""Scales of which progression and response are told in points."""

_HIGHEST = max(scale.high for scale in ALL_SCALES)
_SOURCE = "each scale's source in schema/scales.py"
_BY_AREA = (BFMDRS_MOVEMENT, GDRS, UDRS)
"""Scales that rate each area of the body."""

_PARKINSONISM = {
    "tremor": ("postural_tremor", "kinetic_tremor", "rest_tremor"),
    "rigidity": ("rigidity",),
    "bradykinesia": (
        "finger_tapping",
        "hand_movements",
        "pronation_supination",
        "toe_tapping",
        "leg_agility",
        "facial_expression",
        "spontaneity",
    ),
    "axial": ("arising", "gait", "freezing", "postural_stability", "posture", "speech"),
}
"""Domains of MDS-UPDRS part III with how the names of their items begin."""


def _stem(scale: Scale) -> str:
    return scale.total.name.removesuffix(f"_{Unit.POINTS}")


@record_feature(
    unit=Unit.POINTS,
    outputs=[scale.total.name for scale in ALL_SCALES],
    bounds=(0.0, _HIGHEST),
    version=2,
    source=_SOURCE,
    titles=[called(scale.title) for scale in ALL_SCALES],
)
def scale_points(history: History) -> Values:
    """Total of a rating scale, or of a part of one, at this visit."""
    return side_by_side(history.value(scale.total.name) for scale in ALL_SCALES)


@record_feature(
    unit=Unit.POINTS,
    outputs=[f"{_stem(scale)}_change_since_first_points" for scale in _FOLLOWED],
    bounds=(-_HIGHEST, _HIGHEST),
    version=2,
    source=_SOURCE,
    titles=[f"{called(scale.title)}, change since the first visit" for scale in _FOLLOWED],
)
def scale_change_since_first_points(history: History) -> Values:
    """Change of a rating scale's total since the patient's first visit."""
    return side_by_side(history.value(scale.total.name) - history.first(scale.total.name) for scale in _FOLLOWED)


@record_feature(
    unit=Unit.POINTS,
    outputs=[f"{_stem(scale)}_change_since_previous_points" for scale in _WHOLE],
    bounds=(-_HIGHEST, _HIGHEST),
    version=2,
    source=_SOURCE,
    titles=[f"{called(scale.title)}, change since the previous visit" for scale in _WHOLE],
)
def scale_change_since_previous_points(history: History) -> Values:
    """Change of a rating scale's total since the patient's previous visit."""
    return side_by_side(history.value(scale.total.name) - history.previous(scale.total.name) for scale in _WHOLE)


@record_feature(
    unit=Unit.COUNT,
    outputs=[f"{_stem(scale)}_areas_count" for scale in _BY_AREA],
    bounds=(0.0, 14.0),
    source=_SOURCE,
    titles=[f"{called(scale.title)}, areas above zero" for scale in _BY_AREA],
)
def scale_areas_count(history: History) -> Values:
    """Count the areas that a scale of the whole body rates above zero; NaN where an area was not rated."""
    return side_by_side(_added(history, _items(scale, MODELLED_ITEMS[scale]), above_zero=True) for scale in _BY_AREA)


@record_feature(
    unit=Unit.POINTS,
    outputs=[f"mds_updrs3_{domain}_points" for domain in _PARKINSONISM],
    bounds=(0.0, 132.0),
    source="Goetz 2008, items by domain",
    titles=[f"{called(MDS_UPDRS_3.title)}, {domain}" for domain in _PARKINSONISM],
)
def parkinsonism_points(history: History) -> Values:
    """Sum of the items of one domain of MDS-UPDRS part III; NaN where one was not rated."""
    return side_by_side(_added(history, _items(MDS_UPDRS_3, domain)) for domain in _PARKINSONISM.values())


@record_feature(unit=Unit.RATIO, bounds=(0.0, 1.0), source="Goetz 2008, items by side")
def mds_updrs3_asymmetry_ratio(history: History) -> Values:
    """How unequal the limb items of MDS-UPDRS part III are: 0 alike, 1 on one side only."""
    names = _items(MDS_UPDRS_3, ("",))
    left, right = (
        _added(history, [name for name in names if name.endswith(f"_{side}_{Unit.POINTS}")])
        for side in ("left", "right")
    )
    return np.abs(contrast(left, right))


@record_feature(
    unit=Unit.POINTS,
    bounds=(0.0, 10.0),
    source="Espay 2018, TWSTRS severity items",
    titles=["How far the head is turned, tilted and bent"],
)
def twstrs_posture_points(history: History) -> Values:
    """How far the head is turned, tilted and bent, added up: what of TWSTRS severity is posture."""
    return _added(history, _items(TWSTRS_SEVERITY, MODELLED_ITEMS[TWSTRS_SEVERITY]))


def _items(scale: Scale, beginnings: tuple[str, ...]) -> list[str]:
    """Return the columns of the items whose names begin with one of these."""
    return [scale.column_name(item) for item in scale.items if item.name.startswith(beginnings)]


def _added(history: History, names: list[str], *, above_zero: bool = False) -> Values:
    """Add ratings up, or count those above zero, one by one; NaN where one is missing."""
    total = np.zeros(len(history))
    for name in names:
        rating = history.value(name)
        total += np.where(np.isnan(rating), np.nan, rating > 0) if above_zero else rating
    return total
