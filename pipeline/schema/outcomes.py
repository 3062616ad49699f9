"""Outcomes, for training only: labels, who gave them, and the interval that holds an event.

Read beside any column a study names.
"""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import Unit
from pipeline.vocabulary import AETIOLOGIES, CERTAINTIES, LABEL_SOURCES, PHENOTYPES


def _years(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, unit=Unit.YEARS, low=0, high=120, known_at="after_diagnosis")


def _choice(name: str, meaning: str, words: tuple[str, ...]) -> Column:
    return Column(name, "category", meaning, categories=words, known_at="after_diagnosis")


LABELS = (
    _choice("phenotype", "Recorded phenotype.", PHENOTYPES),
    _choice("aetiology", "Recorded aetiology.", AETIOLOGIES),
    _choice("label_source", "Who or what the labels come from.", LABEL_SOURCES),
    _choice("label_certainty", "How certain the labels are.", CERTAINTIES),
    Column("rater_id", "id", "Who gave the labels, under a code.", known_at="after_diagnosis"),
    Column("label_date", "date", "Day on which the labels were given.", known_at="after_diagnosis"),
)

_NUMBERS_END = ("_y", "_weeks")


def study_column(name: str) -> Column:
    """Declare a column that only a study names: a number if its name ends in a unit of time, else text.

    Examples
    --------
    >>> study_column("relapse_y").kind, study_column("responder").kind
    ('number', 'text')
    """
    kind = "number" if name.endswith(_NUMBERS_END) else "text"
    return Column(name, kind, "Named by the study.", known_at="after_diagnosis")


SPREAD = (
    _years("spread_left_y", "Years from the visit to the last one without spread to another region."),
    _years("spread_right_y", "Years from the visit to the first one with spread; empty if it was not seen."),
)

EVENTS = (
    _years("generalization_left_y", "Years from the visit to the last one before dystonia became generalized."),
    _years("generalization_right_y", "Years from the visit to the first one with generalized dystonia."),
    _years("remission_left_y", "Years from the visit to the last one before remission."),
    _years("remission_right_y", "Years from the visit to the first one in remission."),
    _years("relapse_left_y", "Years from a visit in remission to the last one before a relapse."),
    _years("relapse_right_y", "Years from a visit in remission to the first one after a relapse."),
)

OUTCOMES = (*IDENTITY, *LABELS, *SPREAD, *EVENTS)
