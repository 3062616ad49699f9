"""The data dictionary, made from the columns: for people to read, for a spreadsheet, and for REDCap to collect with.

``python -m pipeline.schema.dictionary docs`` rewrites the files of the documentation.
"""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.records import Column
from pipeline.schema import GROUPS
from pipeline.schema.redcap import redcap_rows, unit_of

_HEAD = ("column", "kind", "unit", "values", "known at", "defines", "code", "meaning", "source")
_CSV_HEAD = ("table", "group", "column", "kind", "unit", "low", "high", "categories", "missing", "required", *_HEAD[4:])
_NOTE = """\
# Data dictionary

Every column of every table, made from `pipeline/schema/` by `python -m pipeline.schema.dictionary docs`: don't edit it.
It is also there [as CSV](data-dictionary.csv) and [for REDCap](redcap-data-dictionary.csv), where a clinic can upload
it and start to collect: what REDCap exports with raw values is read as it is.

An empty cell is *not recorded*, which is never read as *no*. *Known at* says when in the course of care a value is
known; a study shows its model only what is known by then. *Defines* names the labels that follow from a column by rule,
so that no model of these labels may see it. Scales carry ranges and formulas only: the wording of their items belongs
to others.
"""


def markdown() -> str:
    """Return the dictionary as a page: one section a table, one table a group.

    Examples
    --------
    >>> markdown().splitlines()[0]
    '# Data dictionary'
    """
    sections = [_NOTE]
    for table, groups in GROUPS.items():
        sections.append(f"## {table.capitalize()}\n")
        for group, columns in groups.items():
            sections.append(f"### {table.capitalize()}: {group.replace('_', ' ')}\n\n{_markdown_table(columns)}\n")
    return "\n".join(sections)


def _markdown_table(columns: Iterable[Column]) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD), *(_readable(column) for column in columns)]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _readable(column: Column) -> tuple[str, ...]:
    name = f"`{column.name}`" + (" (required)" if column.required else "")
    return (name, column.kind, unit_of(column), _values(column), *_described(column))


def _described(column: Column) -> tuple[str, ...]:
    known_at = column.known_at.replace("_", " ")
    return known_at, ", ".join(column.defines), column.code, column.meaning, column.source


def _values(column: Column) -> str:
    if column.categories:
        return ", ".join(f"`{word}`" for word in column.categories)
    if column.kind == "number":
        return " ".join(each for each in (_bound("from", column.low), _bound("to", column.high)) if each)
    return {"flag": "yes, no", "date": "2024-04-03", "findings": "`HP:0001337|!HP:0001250`"}.get(column.kind, "")


def _bound(word: str, value: float) -> str:
    return f"{word} {value:g}" if math.isfinite(value) else ""


def as_csv() -> str:
    """Return the dictionary as CSV, one row a column of a table."""
    return _csv_text(_CSV_HEAD, _spelt_out())


def _spelt_out() -> Iterator[Sequence[str]]:
    for table, groups in GROUPS.items():
        for group, columns in groups.items():
            for column in columns:
                bounds = (f"{value:g}" if math.isfinite(value) else "" for value in (column.low, column.high))
                words = ("|".join(column.categories), "|".join(column.missing), "yes" if column.required else "no")
                first = (table, group, column.name, column.kind, unit_of(column))
                yield (*first, *bounds, *words, *_described(column))


def redcap() -> str:
    """Return a REDCap data dictionary as CSV, which a clinic can upload to start to collect."""
    head, *rows = redcap_rows(GROUPS)
    return _csv_text(head, rows)


def _csv_text(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


PAGES = {"data-dictionary.md": markdown, "data-dictionary.csv": as_csv, "redcap-data-dictionary.csv": redcap}
"""Files of the documentation that are made from the columns."""


def main(arguments: list[str]) -> str:
    """Write the dictionary's files into a folder; return what was wrong with the call, or nothing."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        return "usage: python -m pipeline.schema.dictionary FOLDER"
    for name, made in PAGES.items():
        (Path(arguments[0]) / name).write_text(made(), encoding="utf-8")
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
