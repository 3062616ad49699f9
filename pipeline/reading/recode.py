"""Their cells made ours: blanks, missing tokens, codes, units of time, dates, ids of several parts, lists of codes."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError
from pipeline.reading.decimals import NUMBER
from pipeline.units import YEARS_IN

NO_DATE = "?"
"""Stands where a date does not fit its declared format: the reader rejects it, and never takes it for another date."""


def text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells of any type as text; a number that is NaN is not recorded.

    Examples
    --------
    >>> text(pa.chunked_array([[1.0, float("nan"), 2.5]])).to_pylist()
    ['1', None, '2.5']
    """
    if pa.types.is_string(cells.type):
        return cells
    if pa.types.is_floating(cells.type):
        cells = pc.if_else(pc.is_nan(cells), None, cells)
    return cells.cast(pa.string())


def column(batch: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column of a raw batch as text.

    Raises
    ------
    ContractError
        If it is one of lists or records: read as missing, what it holds would be lost in silence.
    """
    cells = batch.column(name)
    if pa.types.is_nested(cells.type):
        raise ContractError(
            batch.column("source")[0].as_py() if batch.num_rows else "the mapped file",
            f"column '{name}' has type {cells.type}",
            needed="the mapping reads it: one value a cell",
            do="Write it as text",
            code="TYPE",
        )
    return text(cells)


def stripped(cells: pa.ChunkedArray, strip: bool) -> pa.ChunkedArray:
    """Remove the blanks around each cell, if asked to."""
    return pc.utf8_trim_whitespace(cells) if strip else cells


def _folded(cells: pa.ChunkedArray | pa.Array, ignore_case: bool) -> pa.ChunkedArray | pa.Array:
    return pc.utf8_lower(cells) if ignore_case else cells


def is_one_of(cells: pa.ChunkedArray, words: Iterable[str], ignore_case: bool) -> pa.ChunkedArray:
    """Whether each cell is one of the words; an empty cell of no type is none."""
    known = _folded(pa.array(list(words), pa.string()), ignore_case)
    return pc.is_in(_folded(cells, ignore_case), value_set=known, skip_nulls=True)


def without(cells: pa.ChunkedArray, missing: Sequence[str], ignore_case: bool) -> pa.ChunkedArray:
    """Empty the cells that hold a missing token.

    Examples
    --------
    >>> without(pa.chunked_array([["-99", "yes", None]]), ["-99", "-98"], ignore_case=False).to_pylist()
    [None, 'yes', None]
    """
    return pc.if_else(is_one_of(cells, missing, ignore_case), None, cells) if missing else cells


def translated(cells: pa.ChunkedArray, values: Mapping[str, str], ignore_case: bool) -> pa.ChunkedArray:
    """Put our value for each code that is listed.

    Examples
    --------
    >>> translated(pa.chunked_array([["F", "m", "x"]]), {"f": "female", "m": "male"}, ignore_case=True).to_pylist()
    ['female', 'male', 'x']
    """
    if not values:
        return cells
    theirs = _folded(pa.array(list(values), pa.string()), ignore_case)
    place = pc.index_in(_folded(cells, ignore_case), value_set=theirs)
    return pc.coalesce(pc.take(pa.array(list(values.values()), pa.string()), place), cells)


def converted(cells: pa.ChunkedArray, theirs: str, ours: str) -> pa.ChunkedArray:
    """Convert a time from their unit to ours; what is no number is left for the reader to reject.

    Examples
    --------
    >>> converted(pa.chunked_array([["18", "soon"]]), "months", "years").to_pylist()
    ['1.5', 'soon']
    """
    if not theirs or theirs == ours:
        return cells
    number = pc.if_else(pc.match_substring_regex(cells, NUMBER), cells, None).cast(pa.float64())
    return pc.coalesce(pc.multiply(number, YEARS_IN[theirs] / YEARS_IN[ours]).cast(pa.string()), cells)


def dated(cells: pa.ChunkedArray, date_format: str) -> pa.ChunkedArray:
    """Write dates of a declared format as ISO 8601.

    Examples
    --------
    >>> dated(pa.chunked_array([["3.4.2024", "2024-04-03", None]]), "%d.%m.%Y").to_pylist()
    ['2024-04-03', '?', None]
    """
    if not date_format:
        return cells

    def iso(distinct: list[str]) -> list[str]:
        days = pd.to_datetime(pd.Series(distinct, dtype=object), format=date_format, errors="coerce")
        return [day.strftime("%Y-%m-%d") if day is not pd.NaT else NO_DATE for day in days]

    return _by_distinct(cells, iso)


def listed(
    cells: pa.ChunkedArray, split: str, values: Mapping[str, str], missing: Sequence[str], ignore_case: bool
) -> pa.ChunkedArray:
    """Translate each of several codes in a cell, and join them as a cell of findings.

    Examples
    --------
    >>> listed(pa.chunked_array([["tre; dys", None]]), ";", {"tre": "HP:0001337"}, (), False).to_pylist()
    ['HP:0001337|dys', None]
    """

    def joined(distinct: list[str]) -> list[str]:
        codes = pa.chunked_array([[part.strip() for cell in distinct for part in cell.split(split)]], pa.string())
        ours = iter(translated(without(codes, missing, ignore_case), values, ignore_case).to_pylist())
        parts = [[next(ours) for _ in cell.split(split)] for cell in distinct]
        return ["|".join(dict.fromkeys(part for part in each if part)) for each in parts]

    return _by_distinct(cells, joined)


def _by_distinct(cells: pa.ChunkedArray, change: Callable[[list[str]], list[str]]) -> pa.ChunkedArray:
    """Change each distinct filled cell once."""
    distinct = [cell for cell in pc.unique(cells).to_pylist() if cell]
    return translated(cells, dict(zip(distinct, change(distinct), strict=True)), ignore_case=False)


def joined(parts: Sequence[pa.ChunkedArray], may_lack: Sequence[bool]) -> pa.ChunkedArray:
    """Join the parts of an id by ``-``, so that different parts never make the same id.

    Examples
    --------
    >>> ids, visits = pa.chunked_array([["1", "1", None]]), pa.chunked_array([["2-3", None, "4"]])
    >>> joined([ids, visits], [False, True]).to_pylist()
    ['1-2%2D3', '1-', None]
    """
    if len(parts) == 1:
        return parts[0]
    return pc.binary_join_element_wise(*map(_part, parts, may_lack), "-")


def _part(cells: pa.ChunkedArray, may_lack: bool) -> pa.ChunkedArray:
    cells = pc.if_else(pc.equal(cells, ""), None, cells)
    cells = pc.replace_substring(pc.replace_substring(cells, "%", "%25"), "-", "%2D")
    return pc.fill_null(cells, "") if may_lack else cells
