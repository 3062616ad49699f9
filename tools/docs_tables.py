"""A hook of mkdocs: tables that the documentation takes from the code, so that no list stands twice.

``<!-- columns: visits -->`` becomes the columns of that table, ``<!-- reasons -->`` the reason codes,
``<!-- words: PHENOTYPES -->`` a vocabulary, ``<!-- sensor features -->`` the features of
recordings with their pictures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline import vocabulary
from pipeline.records import Column
from pipeline.schema import TABLES
from tools.feature_pictures import sensor_rows

_MARK = re.compile(r"<!-- (columns|words|reasons|sensor features)(?:: (\w+))? -->")
_SHOWN = 4


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Fill the marks of a page."""
    return _MARK.sub(lambda mark: _fill(mark[1], mark[2]), markdown)


def _fill(kind: str, name: str) -> str:
    if kind == "columns":
        return _table(("column", "kind", "values", "meaning"), (_row(column) for column in TABLES[name]))
    if kind == "words":
        return ", ".join(f"`{word}`" for word in getattr(vocabulary, name))
    if kind == "sensor features":
        return _table(("feature", "what it says", "source", "sensor", "a low and a high value"), sensor_rows())
    return _table(("code", "means"), ((f"`{code}`", meaning) for code, meaning in vocabulary.REASONS.items()))


def _row(column: Column) -> tuple[str, ...]:
    name = f"`{column.name}`" + (" (required)" if column.required else "")
    code = f" ({column.code})" if column.code else ""
    return name, column.kind, _values(column), column.meaning + code


def _values(column: Column) -> str:
    if column.categories:
        shown = ", ".join(f"`{word}`" for word in column.categories[:_SHOWN])
        return shown + (" …" if len(column.categories) > _SHOWN else "")
    if column.kind == "flag":
        return "yes, no"
    if column.kind == "number" and math.isfinite(column.low) and math.isfinite(column.high):
        return f"{column.low:g} to {column.high:g}"
    return {"date": "2024-04-03"}.get(column.kind, "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)
