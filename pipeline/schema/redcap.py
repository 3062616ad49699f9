"""Our columns as the fields of a REDCap project.

After REDCap's data dictionary format of 18 columns. A group of columns is a form. Names of fields are unique in a
project, so a column that stands in several tables carries its table's name in all but the first; ids that REDCap knows
for every form stand once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pipeline.records import Column

REDCAP_COLUMNS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)

_LEFT_OUT = ("recordings",)
"""Files of samples lie beside a table of them; nobody types that table in."""

_RECORD_ID = "patient_id"
_TYPES = {"flag": "yesno", "category": "dropdown", "findings": "notes"}
_VALIDATION = {"number": "number", "date": "date_ymd"}
_IDENTIFYING = ("id", "text", "date", "findings")
"""Ids and days point at a person, and people write names into free text."""

Groups = Mapping[str, Mapping[str, tuple[Column, ...]]]


def redcap_rows(groups: Groups) -> list[tuple[str, ...]]:
    """Return the header and a row for each field.

    Parameters
    ----------
    groups : mapping
        Columns by table and group, as in `schema.GROUPS`.

    Examples
    --------
    >>> columns = (Column("patient_id", "id", "The patient."), Column("tremor", "flag", "Shakes."))
    >>> [row[:4] for row in redcap_rows({"visits": {"form": columns}})[1:]]
    [('patient_id', 'form', '', 'text'), ('tremor', 'form', '', 'yesno')]
    """
    return [REDCAP_COLUMNS, *(_row(*field) for field in _fields(groups))]


def _fields(groups: Groups) -> Iterator[tuple[str, str, Column]]:
    """Yield name, form and column of every field; the record's id comes first, and once."""
    taken: set[str] = set()
    for table, forms in groups.items():
        if table in _LEFT_OUT:
            continue
        for form, columns in forms.items():
            for column in columns:
                if column.name == _RECORD_ID and taken:
                    continue
                name = f"{table}_{column.name}" if column.name in taken else column.name
                taken.add(name)
                yield name, form, column


def _row(name: str, form: str, column: Column) -> tuple[str, ...]:
    number = column.kind == "number"
    cells = {
        "Variable / Field Name": name,
        "Form Name": form,
        "Field Type": _TYPES.get(column.kind, "text"),
        "Field Label": column.meaning,
        "Choices, Calculations, OR Slider Labels": _choices(column),
        "Field Note": _note(column),
        "Text Validation Type OR Show Slider Number": _VALIDATION.get(column.kind, ""),
        "Text Validation Min": f"{column.low:.10g}" if number and math.isfinite(column.low) else "",
        "Text Validation Max": f"{column.high:.10g}" if number and math.isfinite(column.high) else "",
        "Identifier?": "y" if column.kind in _IDENTIFYING else "",
        "Required Field?": "y" if column.required else "",
        "Field Annotation": " ".join(each for each in (column.code, column.source) if each),
    }
    return tuple(cells.get(head, "") for head in REDCAP_COLUMNS)


def _choices(column: Column) -> str:
    return " | ".join(f"{word}, {word.replace('_', ' ')}" for word in column.categories)


def _note(column: Column) -> str:
    unit = unit_of(column)
    return f"in {unit}" if unit else "HPO terms joined with |" if column.kind == "findings" else ""


def unit_of(column: Column) -> str:
    """Return the unit for people: the code of the laboratory unit, or the words of `Unit`.

    Examples
    --------
    >>> from pipeline.units import Unit
    >>> unit_of(Column("weight_kg", "number", "Weight.", ucum="kg")), unit_of(Column("a", "number", "", Unit.YEARS))
    ('kg', 'years')
    """
    return column.ucum or column.unit.words
