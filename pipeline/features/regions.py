"""Where dystonia and tremor are at this visit, and whether dystonia has spread since the first.

Sides are folded: which side is affected tells no type, that only one is does.
"""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side, yes_count
from pipeline.features.spec import Values, record_feature
from pipeline.features.spectrum import contrast, ratio
from pipeline.features.timeline import History
from pipeline.rules import body_distribution
from pipeline.schema.regions import REGION_FLAGS
from pipeline.units import Unit
from pipeline.vocabulary import BODY_DISTRIBUTIONS, REGIONS

_NAMES = [column.name for column in REGION_FLAGS]
_LEFT = [name for name in _NAMES if name.endswith("_left")]
_RIGHT = [name.replace("_left", "_right") for name in _LEFT]
_MIDLINE = [name for name in _NAMES if name not in _LEFT and name not in _RIGHT]
_PAIRED = [name.removesuffix("_left") for name in _LEFT]
_SPREADS = BODY_DISTRIBUTIONS[1:]
_TREMORS = [f"tremor_{region}" for region in REGIONS]
_SOURCE = "Albanese 2013, axis I"


@record_feature(
    unit=Unit.STATE,
    outputs=[f"{name}_state" for name in (*_MIDLINE, *_PAIRED)],
    bounds=(0.0, 1.0),
    version=2,
    source=_SOURCE,
    titles=[name.replace("_", " ").replace("dystonia", "Dystonia of the", 1) for name in (*_MIDLINE, *_PAIRED)],
)
def region_state(history: History) -> Values:
    """Whether dystonia was found in a body region; of a limb, on either side."""
    # the larger of the sides: a side that was not examined leaves it to the other one
    paired = [np.fmax(history.value(left), history.value(right)) for left, right in zip(_LEFT, _RIGHT, strict=True)]
    return side_by_side([*(history.value(name) for name in _MIDLINE), *paired])


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, float(len(_NAMES))),
    source=_SOURCE,
    titles=["Body regions with dystonia"],
)
def regions_affected_count(history: History) -> Values:
    """Count the body regions with dystonia, sides apart; NaN where no region was examined."""
    return yes_count(side_by_side(history.value(name) for name in _NAMES))


@record_feature(
    unit=Unit.COUNT,
    bounds=(-float(len(_NAMES)), float(len(_NAMES))),
    source="Berman 2020: spread",
    titles=["Body regions with dystonia, more than at the first visit"],
)
def regions_gained_count(history: History) -> Values:
    """How many more regions have dystonia than at the patient's first visit."""
    count = regions_affected_count(history)
    return count - history.first_of(count)


@record_feature(unit=Unit.RATIO, bounds=(0.0, 1.0), source="Albanese 2013: hemidystonia is of one side")
def limb_asymmetry_ratio(history: History) -> Values:
    """How unequally the sides are affected: 0 alike, 1 on one side only; NaN where no limb region has dystonia."""
    left = yes_count(side_by_side(history.value(name) for name in _LEFT))
    right = yes_count(side_by_side(history.value(name) for name in _RIGHT))
    return np.abs(contrast(left, right))


@record_feature(
    unit=Unit.STATE,
    outputs=[f"distribution_{name}_state" for name in _SPREADS],
    bounds=(0.0, 1.0),
    source="Albanese 2013, axis I, by rule (rules.body_distribution)",
    titles=["Body distribution"],
    answers=_SPREADS,
)
def distribution_state(history: History) -> Values:
    """Whether the affected regions together are focal, segmental, multifocal, of one side or generalized."""
    found = body_distribution({name: history.value(name) for name in _NAMES})
    return side_by_side(np.where(found == "", np.nan, (found == name).astype(float)) for name in _SPREADS)


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, float(len(REGIONS))),
    source="Shaikh 2021: tremor in dystonia",
    titles=["Body regions that shake"],
)
def tremor_regions_count(history: History) -> Values:
    """Count the body regions that shake; NaN where none was examined for it."""
    return yes_count(side_by_side(_shakes(history)))


@record_feature(unit=Unit.SHARE, bounds=(0.0, 1.0), source="Panyakaew 2020: dystonic tremor is the more irregular")
def tremor_irregular_share(history: History) -> Values:
    """Share of the shaking regions whose tremor is irregular; NaN where none shakes."""
    irregular = [history.coded(name, {"none": 0.0, "regular": 0.0, "irregular": 1.0}) for name in _TREMORS]
    return ratio(yes_count(side_by_side(irregular)), tremor_regions_count(history))


def _shakes(history: History) -> list[Values]:
    return [history.coded(name, {"none": 0.0, "regular": 1.0, "irregular": 1.0}) for name in _TREMORS]
