"""Features of whole recordings and visits, and one that no worker can find."""

import numpy as np

from pipeline.features.places import on
from pipeline.features.spec import MIRROR, SCALE, recording_feature, visit_feature
from pipeline.units import Unit
from tests.checks.planted.listing import ANY, PLANTED, SCORE, breaks, form, worn


@worn()
def strength_g(signal):
    """Strength of movement; nothing is wrong with it but those that need it."""
    return signal.rms.copy()


@breaks("input untouched")
@recording_feature(
    unit=Unit.G, bounds=ANY, source="planted", needs=[strength_g], outputs=on(["head"], ["rest"]), missing_when="short"
)
def sorted_in_place_g(recording):
    """Highest strength, found by sorting in place."""
    strength = recording.of(strength_g)
    strength.sort()
    return float(strength[-1]) if len(strength) else np.nan


@breaks("float64")
@recording_feature(unit=Unit.COUNT, bounds=ANY, source="planted", needs=[strength_g], outputs=on(["head"], ["rest"]))
def windows_count(recording):
    """Count the windows, as a whole number."""
    return len(recording.start_s)


@breaks("scale")
@recording_feature(
    unit=Unit.RATIO,
    bounds=ANY,
    source="planted",
    needs=[strength_g],
    outputs=on(["head"], ["rest"]),
    invariant_to=(SCALE,),
    missing_when="short",
)
def loud_ratio(recording):
    """Share of windows above a tenth of a g, said not to depend on the gain."""
    strength = recording.of(strength_g)
    return float((strength > 0.1).mean() + strength.mean() / 100) if len(strength) else np.nan


@breaks("mirror")
@visit_feature(
    unit=Unit.RATIO,
    outputs=["wrist_side_ratio"],
    bounds=(-1.0, 1.0),
    source="planted",
    needs=[strength_g],
    invariant_to=(MIRROR,),
)
def side_ratio(visits):
    """Left against right with a sign, said to be the same for the mirror image."""
    left, right = (visits.of(strength_g, f"wrist_{side}", "rest") for side in ("left", "right"))
    return (left - right) / (left + right)


def closure():
    """Make a feature inside a function, which no worker can find."""

    @form()
    def inner_points(history):
        """Score."""
        return history.value(SCORE)

    return inner_points


PLANTED.append((closure(), ("pickles",)))
