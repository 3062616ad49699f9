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
    for column in columns:
        if column.kind != "number" or column.name not in batch.column_names:
            continue
        cells = batch.column(column.name)
        cells = cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells
        if not pa.types.is_string(cells.type):
            continue
        filled = _true(pc.greater(pc.binary_length(cells), 0))
        found = _true(pc.match_substring_regex(cells, rf"^\s*[+-]?\d+[{sought}]\d+\s*$"))
        if found and found >= _FULL * filled:
            raise ContractError(
                batch.column("source")[0].as_py(),
                f"numbers of column '{column.name}' with a decimal {DECIMAL_MARKS[other]}",
                needed=f"a decimal {DECIMAL_MARKS[options.decimal]} was declared",
                do=f"Give --decimal '{other}', if the file writes all of its numbers like that",
                code="DELIMITER",
            )


def _true(answer: pa.ChunkedArray) -> int:
    return pc.sum(answer).as_py() or 0
