"""The decimal mark of numbers that are written as text: declared by the user, never guessed."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError
from pipeline.records import Column
from pipeline.units import DECIMAL_MARKS

_FULL = 0.5
"""Share of a column's filled cells with the other mark from which on the file, not the row, is wrong."""


def with_point(cells: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    """Write numbers with a decimal point; what had a point before is no number then.

    Parameters
    ----------
    cells : pyarrow.ChunkedArray
        Text is changed, any other type is as it was.
    decimal : {".", ","}
        The mark that was declared.

    Examples
    --------
    >>> with_point(pa.chunked_array([["45,5", "45", "45.5", None]]), ",").to_pylist()
    ['45.5', '45', '45,5', None]
    """
    if decimal == "." or not pa.types.is_string(cells.type):
        return cells
    parked = pc.replace_substring(cells, ",", "\0")
    return pc.replace_substring(pc.replace_substring(parked, ".", ","), "\0", ".")


class OtherMarks:
    """Counts the numbers that are written with the mark that was not declared, over all batches of a cohort.

    A few such cells cost their rows. A column full of them is a file that was written in another country's way: read
    with the wrong mark none of it would be taken, so the file is refused with the option that it needs.

    Parameters
    ----------
    decimal : {".", ","}
        The mark that was declared.
    mapped : bool
        Whether a mapping has exchanged the marks already, as `with_point` does.

    Examples
    --------
    >>> marks = OtherMarks(".")
    >>> batch = pa.table({"source": ["v.csv"] * 3, "age_at_visit_y": ["45,5", "50", "51"]})
    >>> marks.count("visits", [Column("age_at_visit_y", "number", "Age.")], batch)
    >>> marks.refuse()  # one cell of three is a slip
    """

    def __init__(self, decimal: str, *, mapped: bool = False) -> None:
        self._decimal = decimal
        self._other = next(mark for mark in DECIMAL_MARKS if mark != decimal)
        self._sought = "," if mapped else self._other
        self._filled: Counter[tuple[str, str]] = Counter()
        self._found: Counter[tuple[str, str]] = Counter()
        self._where: dict[tuple[str, str], str] = {}

    def count(self, table: str, columns: Iterable[Column], batch: pa.Table) -> None:
        """Count the cells of a batch."""
        there = set(batch.column_names)
        for column in columns:
            if column.kind != "number" or column.name not in there:
                continue
            cells, key = batch.column(column.name), (table, column.name)
            if not pa.types.is_string(cells.type):
                continue
            self._filled[key] += _true(pc.greater(pc.binary_length(cells), 0))
            if _true(pc.match_substring(cells, self._sought)):
                self._found[key] += _true(pc.match_substring_regex(cells, rf"^\s*[+-]?\d+[{self._sought}]\d+\s*$"))
                self._where.setdefault(key, batch.column("source")[0].as_py())

    def refuse(self) -> None:
        """Refuse a cohort in which a column is full of the other mark.

        Raises
        ------
        ContractError
            ``DELIMITER``, with the option to give.
        """
        for key, found in self._found.items():
            if found and found >= _FULL * self._filled[key]:
                kind = DECIMAL_MARKS[self._other]
                raise ContractError(
                    self._where[key],
                    f"numbers of column '{key[1]}' with a decimal {kind}",
                    needed=f"a decimal {DECIMAL_MARKS[self._decimal]} was declared",
                    do=f"Give --decimal '{self._other}', if the file writes all of its numbers like that",
                    code="DELIMITER",
                )


def _true(answer: pa.ChunkedArray) -> int:
    return pc.sum(answer).as_py() or 0
