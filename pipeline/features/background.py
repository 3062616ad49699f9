"""What came before, and what goes with it: family, birth, exposures, answers of the form, course, mood and pain."""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side
from pipeline.features.spec import Values, record_feature
from pipeline.features.spectrum import ratio
from pipeline.features.timeline import History
from pipeline.features.words import EASED
from pipeline.schema import VISITS
from pipeline.schema.regions import REGION_FLAGS
from pipeline.schema.scales_reported import MOOD
from pipeline.units import Unit
from pipeline.vocabulary import RESPONSES

_ELSEWHERE = {
    *(column.name for column in REGION_FLAGS),
    "within_a_week",  # in onset_pace_state
    "mother_affected",  # in relatives_affected_count
    "father_affected",
    "liver_disease",  # in red_flag_state
}
_UNCODED = [c.name for c in VISITS if c.kind == "flag" and not c.code.startswith("HP:") and c.name not in _ELSEWHERE]
"""Flags that no HPO term stands for and that are no part of another feature; flags with a term are findings."""

_RELATIVES = [f"{relatives}_{{}}_count" for relatives in ("brothers", "sisters", "sons", "daughters")]
_MOST_RELATIVES = 2.0 + 30.0 * len(_RELATIVES)
_EFFECT = {word: number / (len(RESPONSES) - 1) for number, word in enumerate(RESPONSES)}
_LOW_BIRTH_WEIGHT_G = 2500.0
_TASKS = {
    "task_writing_state": ("writing", "typing"),
    "task_instrument_state": ("instrument",),
    "task_speech_state": ("speech",),
}
_COURSES = {
    **{f"course_{word}_state": ("course", word) for word in ("progressive", "fluctuating", "step")},
    **{f"pattern_{word}_state": ("temporal_pattern", word) for word in ("action_specific", "diurnal", "paroxysmal")},
}
_WORDS = {column.name: column.categories for column in VISITS}
_MEANINGS = {column.name: column.meaning.rstrip(".") for column in VISITS}


@record_feature(
    unit=Unit.STATE,
    outputs=[f"{name}_state" for name in _UNCODED],
    bounds=(0.0, 1.0),
    version=2,
    source="intake form and examination",
    titles=[_MEANINGS[name] for name in _UNCODED],
)
def form_flag_state(history: History) -> Values:
    """Answer to a question that no HPO term stands for: family, birth, exposure, early sign, trick, functional sign."""
    return side_by_side(history.value(name) for name in _UNCODED)


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, _MOST_RELATIVES),
    source="intake form; Berman 2020: family history",
    titles=["Parents, siblings and children with dystonia"],
)
def relatives_affected_count(history: History) -> Values:
    """Count the parents, siblings and children with dystonia; NaN where none of them was asked for."""
    names = ["mother_affected", "father_affected", *(name.format("affected") for name in _RELATIVES)]
    affected, known = _total(history, names)
    return np.where(known, affected, np.nan)


@record_feature(unit=Unit.SHARE, bounds=(0.0, 1.0), source="intake form; penetrance of about 30 % in DYT-TOR1A")
def siblings_and_children_affected_share(history: History) -> Values:
    """Share of the siblings and children that have dystonia; NaN where there are none, or none was asked for."""
    affected = _total(history, [name.format("affected") for name in _RELATIVES])[0]
    all_of_them = affected + _total(history, [name.format("unaffected") for name in _RELATIVES])[0]
    return ratio(affected, all_of_them)


def _total(history: History, names: list[str]) -> tuple[Values, Values]:
    """Add up numbers, leaving out those not recorded; and whether any was."""
    total, known = np.zeros(len(history)), np.zeros(len(history), dtype=bool)
    for name in names:
        value = history.value(name)
        recorded = ~np.isnan(value)
        total += np.where(recorded, value, 0.0)
        known |= recorded
    return total, known


@record_feature(unit=Unit.WEEKS, bounds=(20.0, 45.0), source="intake form; perinatal brain injury")
def gestation_weeks(history: History) -> Values:
    """Length of the pregnancy from which the patient was born."""
    return history.value("gestation_weeks")


@record_feature(
    unit=Unit.STATE,
    bounds=(0.0, 1.0),
    source="WHO: low birth weight is below 2500 g",
    titles=["Weight at birth below 2500 g"],
)
def low_birth_weight_state(history: History) -> Values:
    """Whether the weight at birth was below 2500 g."""
    weight = history.value("birth_weight_g")
    return np.where(np.isnan(weight), np.nan, (weight < _LOW_BIRTH_WEIGHT_G).astype(float))


@record_feature(
    unit=Unit.YEARS, bounds=(0.0, 120.0), source="Kiriakakis 1998: tardive dystonia after a median of 5 years"
)
def dopamine_blocker_use_y(history: History) -> Values:
    """Years of taking dopamine-blocking drugs, in total."""
    return history.value("dopamine_blocker_use_y")


@record_feature(unit=Unit.YEARS, bounds=(-120.0, 120.0), source="dystonia 2 months to 2 years after a brain injury")
def head_injury_before_onset_y(history: History) -> Values:
    """Years from a severe head injury to the first symptom; negative if it came after."""
    return history.value("head_injury_before_onset_y")


@record_feature(
    unit=Unit.STATE,
    outputs=["sensory_trick_effect_state", "alcohol_effect_state"],
    bounds=(0.0, 1.0),
    source="Patel 2014; Berman 2020: alcohol responsiveness",
    titles=["How much a light touch eases the movement", "How much alcohol eases the movement"],
    levels=EASED,
)
def easing_state(history: History) -> Values:
    """How much a light touch, and alcohol, eases the movement: 0 not, 0.5 partly, 1 markedly."""
    return side_by_side(history.coded(name, _EFFECT) for name in ("sensory_trick_effect", "alcohol_effect"))


@record_feature(
    unit=Unit.STATE,
    outputs=list(_TASKS),
    bounds=(0.0, 1.0),
    source="intake form; task-specific dystonias",
    titles=["Task that brings it on"],
    answers=["writing or typing", "an instrument", "speech"],
)
def task_state(history: History) -> Values:
    """Whether writing or typing, an instrument, or speech brings it on; 0 where another task or none does."""
    tasks = _WORDS["task_affected"]
    return side_by_side(
        history.coded("task_affected", {task: float(task in those) for task in tasks}) for those in _TASKS.values()
    )


@record_feature(
    unit=Unit.STATE,
    outputs=list(_COURSES),
    bounds=(0.0, 1.0),
    source="Albanese 2013, axis I: temporal pattern",
    titles=["Course" if column == "course" else "When it shows" for column, _ in _COURSES.values()],
    answers=[word.replace("_", " ") for _, word in _COURSES.values()],
)
def course_state(history: History) -> Values:
    """Whether the course is progressive, fluctuating or in steps, and the pattern action-specific, diurnal or in bouts.

    Zeros in a recorded course stand for a static one, in a recorded pattern for a persistent one.
    """
    return side_by_side(
        history.coded(column, {each: float(each == word) for each in _WORDS[column]})
        for column, word in _COURSES.values()
    )


@record_feature(
    unit=Unit.POINTS,
    outputs=[column.name for column in MOOD],
    bounds=(0.0, max(column.high for column in MOOD)),
    source="each instrument's range in schema/scales_reported.py",
    titles=[column.meaning.rstrip(".") for column in MOOD],
)
def mood_points(history: History) -> Values:
    """Total of an instrument of depression or anxiety at this visit."""
    return side_by_side(history.value(column.name) for column in MOOD)


@record_feature(unit=Unit.POINTS, bounds=(0.0, 10.0), source="numeric rating of pain, 0 to 10")
def worst_pain_points(history: History) -> Values:
    """Worst pain of the last week."""
    return history.value("worst_pain_points")
