"""Parts of a packet by name, what we leave of them, and the ids of our own columns.

A packet that is not built as the standard says raises ``AttributeError``, ``KeyError`` or ``TypeError`` here.
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.records import Column
from pipeline.units import Unit

LOCAL = "dystonia-pipeline:"
"""Begins the ids of our own columns and words, which no ontology has."""

MAKER = "dystonia-pipeline"
"""Stands as ``metaData.createdBy`` in the packets that we write."""

ANY_DISEASE = "MONDO:0000001"
"""The root of MONDO: a disease of which nothing is said but its onset."""

_NAMES = {
    "": "id subject phenotypicFeatures measurements biosamples interpretations diseases medicalActions files metaData "
    "pedigree consanguinousParent",
    "subject": "id alternateIds dateOfBirth timeAtLastEncounter vitalStatus sex karyotypicSex gender taxonomy",
    "subject.vitalStatus": "status timeOfDeath causeOfDeath survivalTimeInDays",
    "phenotypicFeatures": "description type excluded severity modifiers onset resolution evidence",
    "diseases": "term excluded onset resolution diseaseStage clinicalTnmFinding primarySite laterality",
    "measurements": "description assay value complexValue timeObserved procedure",
    "medicalActions": "procedure treatment radiationTherapy therapeuticRegimen treatmentTarget treatmentIntent "
    "responseToTreatment adverseEvents treatmentTerminationReason",
    "medicalActions.treatment": "agent routeOfAdministration doseIntervals drugType cumulativeDose",
    "medicalActions.treatment.doseIntervals": "quantity scheduleFrequency interval",
    "medicalActions.procedure": "code bodySite performed",
}
_MESSAGES = {path: frozenset(names.split()) for path, names in _NAMES.items()}
_UCUM = {
    Unit.NONE: "1",
    Unit.YEARS: "a",
    Unit.WEEKS: "wk",
    Unit.POINTS: "{score}",
    Unit.COUNT: "{count}",
    Unit.TOXIN_UNITS: "[arb'U]",
    Unit.HERTZ: "Hz",
}
_TERM = re.compile(r"[^\s|=!,]+")


class Left:
    """What a packet holds and we have no column for: each kind once, as ``REASON element``."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def note(self, element: str, reason: str = "NOT_CARRIED") -> None:
        """Note an element of the standard by its name, never by what it holds."""
        self._found[f"{reason} {element}"] = None

    def beside(self, message: dict[str, Any], path: str, read: str) -> None:
        """Note whatever a message holds beside the elements that are read.

        A name that the standard does not have may be anything, a patient's too, and is noted as ``other``.
        """
        for name, value in message.items():
            if name not in read.split() and not _says_nothing(value):
                known = name if name in _MESSAGES[path] else "other"
                self.note(f"{path}.{known}" if path else known)

    @property
    def cell(self) -> str:
        """All of it in a cell."""
        return "|".join(self._found)


def _says_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}) or (isinstance(value, str) and "UNKNOWN" in value)


def string(element: Any) -> str:
    """Return a text; anything else is an error."""
    if not isinstance(element, str):
        raise TypeError
    return element


def part(message: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a message of a message, empty where it is left out."""
    found = message.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise TypeError
    return found


def parts(message: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the messages of a list, none where it is left out."""
    found = message.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise TypeError
    return found


def flag(message: dict[str, Any], name: str) -> bool:
    """Return a yes or no, which is no where it is left out."""
    found = message.get(name, False)
    if not isinstance(found, bool):
        raise TypeError
    return found


def term_of(ontology_class: dict[str, Any]) -> str:
    """Return the id of a class; empty where it can't be one, since it would break a cell of several."""
    found = string(ontology_class["id"])
    return found if _TERM.fullmatch(found) else ""


def local_name(text: Any) -> str:
    """Return the name of ours that an id holds, or nothing.

    Examples
    --------
    >>> local_name("dystonia-pipeline:sensory_trick"), local_name("HP:0001337")
    ('sensory_trick', '')
    """
    return text.removeprefix(LOCAL) if isinstance(text, str) and text.startswith(LOCAL) else ""


def ucum(column: Column) -> str:
    """Spell the unit of a column as UCUM does.

    Examples
    --------
    >>> ucum(Column("jrs_total_points", "number", "Lid spasms.", unit=Unit.POINTS))
    '{score}'
    """
    return column.ucum or _UCUM.get(column.unit, column.unit.value.replace("_per_", "/").replace("_", " "))


def is_unit(found: dict[str, Any], column: Column) -> bool:
    """Whether a unit's id or label is that of a column: case counts (mg is not Mg), the prefix ``UCUM:`` does not."""
    return ucum(column) in (str(found.get(name, "")).removeprefix("UCUM:") for name in ("id", "label"))
