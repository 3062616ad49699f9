"""How often each item of the form is answered with yes, looked up for a class; it stands in ``epidemiology.toml``.

Items are kept between 2 and 95 %, so that no single answer tells two classes apart, except where the class is defined
by it (`ALWAYS`).
"""

from __future__ import annotations

from functools import cache

from pipeline.synthetic.classes import Pair
from pipeline.synthetic.epidemiology import load_epidemiology, value, values

ALWAYS: dict[str, tuple[str, ...]] = {
    "neuroleptic_exposure": ("acquired_tardive", "acquired_acute_drug"),
    "head_injury": ("acquired_tbi",),
}
"""History without which a cause would not have been recorded."""

SEVERITY_LOGIT: dict[str, float] = values("answer_severity")
"""Log odds a standard deviation of severity, or of burden."""

OF_BURDEN = ("pain", "neck_pain", "depression", "anxiety", "fatigue")
"""Items that follow what the illness weighs, not how severe the movement is."""

_HARD_TO_RATE = ("frequent_blinking", "light_sensitivity", "jaw_clenching", "speech_slurred", "voice_breaks")
_DEFINING = ("task_specific",)


def rater_errors(item: str) -> tuple[float, float]:
    """Return how often a rater misses what is there, and sees what is not.

    Eyes, jaw, face and larynx are rated worst (Comella 2003). Nobody errs in what defines a class.
    """
    if item in _DEFINING:
        return 0.0, 0.0
    hard = "_hard" if item in _HARD_TO_RATE else ""
    return value(f"rater_error.missed{hard}"), value(f"rater_error.imagined{hard}")


SPREAD_LOGIT = value("answer_spread.items_of_region")
"""Log odds that the spread adds to the items of the region it reached."""

ITEMS_OF_REGION: dict[str, tuple[str, ...]] = {
    "upper_face": ("frequent_blinking", "light_sensitivity"),
    "jaw": ("jaw_clenching", "speech_slurred"),
    "larynx": ("voice_breaks",),
    "neck": ("neck_pulling", "head_tremor"),
    "trunk": ("gait_trouble", "stiffness"),
    "hand_left": ("hand_tremor", "cramping_with_use", "dropped_items"),
    "hand_right": ("hand_tremor", "cramping_with_use", "penmanship_decline"),
    "lower_leg_left": ("foot_inversion", "gait_trouble"),
    "lower_leg_right": ("foot_inversion", "gait_trouble"),
}


@cache
def share_of_yes(item: str, pair: Pair) -> float:
    """Return how often patients of a class, of all severities together, have what the item asks for."""
    phenotype, aetiology = pair
    if aetiology in ALWAYS.get(item, ()):
        return 1.0
    figures = load_epidemiology()
    asked = (f"answer.{word}.{item}" for word in (aetiology, phenotype, "anyone"))
    return next(value(name) for name in asked if name in figures)
