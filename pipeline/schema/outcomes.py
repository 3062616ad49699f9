"""Outcomes, for training only: labels, and the interval that holds an event. Read beside any column a study names."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import Unit
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES


def _years(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, unit=Unit.YEARS, low=0, high=120, known_at="after_diagnosis")


OUTCOMES = (
    *IDENTITY,
    Column("phenotype", "category", "Recorded phenotype.", categories=PHENOTYPES, known_at="after_diagnosis"),
    Column("aetiology", "category", "Recorded aetiology.", categories=AETIOLOGIES, known_at="after_diagnosis"),
    _years("spread_left_y", "Years from the visit to the last one without spread to another region."),
    _years("spread_right_y", "Years from the visit to the first one with spread; empty if it was not seen."),
)
