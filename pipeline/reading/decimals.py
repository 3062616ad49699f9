"""The decimal mark of numbers that are written as text: declared by the user, never guessed."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError
from pipeline.reading.options import Options
from pipeline.records import Column
from pipeline.units import DECIMAL_MARKS

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
"""How a number is written, with a decimal point."""

_FULL = 0.5
"""Share of a column's filled cells with the other mark from which on the file, not the row, is wrong."""


def with_point(cells: pa.Array, decimal: str) -> pa.Array:
    """Write numbers with a decimal point; what had a point before is no number then.

    Parameters
    ----------
    cells : pyarrow.Array or pyarrow.ChunkedArray
        Text is changed, any other type is as it was.
    decimal : {".", ","}
        The mark that was declared.

    Examples
    --------
    >>> with_point(pa.array(["45,5", "45", "45.5", None]), ",").to_pylist()
    ['45.5', '45', '45,5', None]
    """
    if decimal == "." or not pa.types.is_string(cells.type):
        return cells
    parked = pc.replace_substring(cells, ",", "\0")
    return pc.replace_substring(pc.replace_substring(parked, ".", ","), "\0", ".")


def numbers_in_text(batch: pa.Table, columns: Iterable[Column]) -> list[str]:
    """Name the columns of numbers that a file holds as text, by its first batch, with or without rows.

    Examples
    --------
    >>> ages = Column("age_y", "number", "Age."), Column("dose_mg", "number", "Dose.")
    >>> numbers_in_text(pa.table({"age_y": ["45,5"], "dose_mg": [2.0]}), ages)
    ['age_y']
    """
    kinds = {field.name: field.type for field in batch.schema}
    return [column.name for column in columns if column.kind == "number" and _is_text(kinds.get(column.name))]


def _is_text(kind: pa.DataType | None) -> bool:
    if kind is None:
        return False
    return pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind)


def refuse_other_marks(batch: pa.Table, columns: Iterable[Column], options: Options) -> None:
    """Refuse a file of which a column is full of the mark that was not declared, by its first rows.

    A few such cells cost their rows. A column full of them is a file that was written in another country's way: read
    with the wrong mark none of it would be taken, so the file is refused with the option that it needs.

    Raises
    ------
    ContractError
        ``DELIMITER``, with the option to give.
    """
    other = next(mark for mark in DECIMAL_MARKS if mark != options.decimal)
    sought = other if options.mapping is None else ","  # a mapping has exchanged the marks already
    for name in numbers_in_text(batch, columns):
        cells = batch.column(name).cast(pa.string())
        filled = _true(pc.greater(pc.binary_length(cells), 0))
        found = _true(pc.match_substring_regex(cells, rf"^\s*[+-]?\d+[{sought}]\d+\s*$"))
        if found and found >= _FULL * filled:
            raise ContractError(
                batch.column("source")[0].as_py(),
                f"numbers of column '{name}' with a decimal {DECIMAL_MARKS[other]}",
                needed=f"a decimal {DECIMAL_MARKS[options.decimal]} was declared",
                do=f"Give --decimal '{other}', if the file writes all of its numbers like that",
                code="DELIMITER",
            )


def _true(answer: pa.ChunkedArray) -> int:
    return pc.sum(answer).as_py() or 0
