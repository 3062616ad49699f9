"""From raw cells to typed values, with a reason for each cell that is none."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.reading.decimals import NUMBER, with_point
from pipeline.reading.findings import judge_findings
from pipeline.records import FLAG_SPELLINGS, Column

_INFINITE = r"^(?i:[+-]?(inf|infinity))$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
# padding; control characters; zero-width and direction marks, which make two ids look alike
_BAD_ID = (
    r"^[\s\pZ]|[\s\pZ]$|[\x00-\x1f\x7f-\x{9f}]|[\x{200b}-\x{200f}]|[\x{202a}-\x{202e}]|[\x{2060}-\x{2069}]|\x{feff}"
)
_LONGEST_ID = 200
_EXACT_INTEGERS = 2**53
_FLAGS = {**FLAG_SPELLINGS, "1.0": 1.0, "0.0": 0.0}
"""With those that a table with gaps writes for its flags."""


@dataclass(frozen=True)
class Parsed:
    """A column's values, with the cells that could not be read, and those worth a note, by reason code."""

    values: np.ndarray
    reasons: dict[str, np.ndarray]
    notes: dict[str, np.ndarray] = field(default_factory=dict)

    def at(self, rows: np.ndarray) -> Parsed:
        """Take rows by their places."""
        return Parsed(self.values[rows], _taken(self.reasons, rows), _taken(self.notes, rows))


def _taken(found: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    there = {reason: where[rows] for reason, where in found.items()}
    return {reason: where for reason, where in there.items() if where.any()}


def parse(
    column: Column, pieces: Sequence[pa.Array], *, unknown_as_missing: bool = False, decimal: str = "."
) -> Parsed:
    """Read raw cells as a column declares them; of dictionary-encoded ones, each distinct cell once.

    Parameters
    ----------
    column : Column
    pieces : sequence of pyarrow.Array
        Text, or whatever type a Parquet file has, piece by piece.
    unknown_as_missing : bool
        Read a category that is not in the vocabulary as not recorded.
    decimal : {".", ","}
        The decimal mark of numbers that are text.

    Returns
    -------
    Parsed
        float64 for numbers and flags (NaN: not recorded), else text (``""``: not recorded); a mask for each reason.

    Examples
    --------
    >>> found = parse(Column("age_y", "number", "Age.", low=0, high=120), [pa.array(["45", ""]), pa.array([310])])
    >>> found.values.tolist(), list(found.reasons)
    ([45.0, nan, nan], ['OUT_OF_RANGE'])
    """
    read = partial(_parsed, column, unknown_as_missing, decimal)
    groups = [list(group) for _, group in groupby(pieces, key=lambda piece: piece.type)]
    return _joined([_of_distinct(group, read) if _is_encoded(group[0]) else read(_whole(group)) for group in groups])


def _is_encoded(cells: pa.Array) -> bool:
    return pa.types.is_dictionary(cells.type)


def _whole(pieces: Sequence[pa.Array]) -> pa.Array:
    return pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces)


def _of_distinct(pieces: Sequence[pa.Array], read: Callable[[pa.Array], Parsed]) -> Parsed:
    """Judge each distinct cell once, and give the rows what their cells have come to."""
    places: dict[str | None, int] = {}
    codes = []
    for piece in pieces:
        distinct = [places.setdefault(cell, len(places)) for cell in (*piece.dictionary.to_pylist(), None)]
        codes.append(np.array(distinct)[piece.indices.fill_null(len(distinct) - 1).to_numpy()])
    return read(pa.array(list(places), pieces[0].type.value_type)).at(np.concatenate(codes))


def _parsed(column: Column, unknown_as_missing: bool, decimal: str, cells: pa.Array) -> Parsed:
    if column.kind in ("number", "flag") and _is_number(cells.type):
        return _parse_typed(column, cells)
    text = cells if pa.types.is_string(cells.type) else cells.cast(pa.string())
    present = _present(column, text)
    if column.kind == "number":
        return _parse_numbers(column, with_point(text, decimal), present)
    if column.kind == "flag":
        return _parse_flags(text, present)
    values = objects(text)
    values[~present] = ""
    if column.kind == "category":
        return _parse_categories(column, values, unknown_as_missing)
    if column.kind == "findings":
        contradictory, unknown = judge_findings(text)
        return Parsed(values, _found({"INCONSISTENT": contradictory}), _found({"UNKNOWN_TERM": unknown}))
    if column.kind == "date":
        return _judged(values, {"DATE_FORMAT": present & ~_is_date(text)})
    return Parsed(values, _found({"BAD_ID": present & _is_bad_id(text)}) if column.kind == "id" else {})


def _joined(pieces: Sequence[Parsed]) -> Parsed:
    """Put pieces of a column together."""
    if len(pieces) == 1:
        return pieces[0]
    ends = np.cumsum([0, *(len(piece.values) for piece in pieces)])
    reasons, notes = {}, {}
    for start, piece in zip(ends, pieces, strict=False):
        for together, found in ((reasons, piece.reasons), (notes, piece.notes)):
            for reason, where in found.items():
                together.setdefault(reason, np.zeros(ends[-1], dtype=bool))[start : start + len(where)] = where
    return Parsed(np.concatenate([piece.values for piece in pieces]), reasons, notes)


def objects(cells: pa.Array) -> np.ndarray:
    """Return text as Python strings, with ``""`` for what is null; of few distinct ones, each is made once.

    Examples
    --------
    >>> objects(pa.array(["a", None])).tolist()
    ['a', '']
    """
    if not pa.types.is_dictionary(cells.type):
        return cells.fill_null("").to_numpy(zero_copy_only=False)
    distinct = np.append(objects(cells.dictionary), "")
    return distinct[cells.indices.fill_null(len(distinct) - 1).to_numpy()]


def _parse_typed(column: Column, cells: pa.Array) -> Parsed:
    values = _floats(cells)
    if column.kind == "flag":
        return _judged(values, {"NOT_A_FLAG": ~np.isin(values, (0.0, 1.0)) & ~np.isnan(values)})
    return _judge_numbers(column, values, _imprecise(cells, values))


def _found(reasons: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {reason: where for reason, where in reasons.items() if where.any()}


def _judged(values: np.ndarray, reasons: dict[str, np.ndarray]) -> Parsed:
    """Empty the cells that could not be read; the later reason wins."""
    found, taken = {}, np.zeros(len(values), dtype=bool)
    for reason, where in reversed(_found(reasons).items()):
        found[reason] = where & ~taken
        taken |= where
        values[where] = np.nan if values.dtype.kind == "f" else ""
    return Parsed(values, _found(found))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _present(column: Column, text: pa.Array) -> np.ndarray:
    missing = pc.is_in(text, value_set=pa.array(column.missing, pa.string()))
    return ~_mask(pc.or_(missing, pc.is_null(text)))


def _mask(answer: pa.Array) -> np.ndarray:
    return pc.fill_null(answer, False).to_numpy(zero_copy_only=False)


def _floats(cells: pa.Array) -> np.ndarray:
    return cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64, copy=True)


def _imprecise(cells: pa.Array, values: np.ndarray) -> np.ndarray:
    if not pa.types.is_integer(cells.type):
        return np.zeros(len(values), dtype=bool)
    return np.abs(values) >= _EXACT_INTEGERS  # the next one is rounded to it


def _parse_numbers(column: Column, text: pa.Array, present: np.ndarray) -> Parsed:
    numeric = present & _mask(pc.match_substring_regex(text, NUMBER))
    infinite = present & _mask(pc.match_substring_regex(text, _INFINITE))
    values = np.full(len(text), np.nan)
    values[numeric] = text.filter(pa.array(numeric)).cast(pa.float64()).to_numpy()
    values[infinite] = np.inf
    parsed = _judge_numbers(column, values, np.zeros(len(text), dtype=bool))
    return Parsed(parsed.values, parsed.reasons | _found({"NOT_A_NUMBER": present & ~numeric & ~infinite}))


def _judge_numbers(column: Column, values: np.ndarray, imprecise: np.ndarray) -> Parsed:
    outside = (values < column.low) | (values > column.high)
    return _judged(values, {"OUT_OF_RANGE": outside, "NOT_FINITE": np.isinf(values), "PRECISION": imprecise})


def _parse_flags(text: pa.Array, present: np.ndarray) -> Parsed:
    lower = pc.utf8_lower(text)
    values = np.full(len(text), np.nan)
    for spelling, value in _FLAGS.items():
        values[_mask(pc.equal(lower, spelling))] = value
    values[~present] = np.nan
    return Parsed(values, _found({"NOT_A_FLAG": present & np.isnan(values)}))


def _parse_categories(column: Column, values: np.ndarray, unknown_as_missing: bool) -> Parsed:
    known = {"", *column.categories}
    unknown = np.array([value not in known for value in values], dtype=bool)
    values[unknown] = ""
    return Parsed(values, {} if unknown_as_missing else _found({"UNKNOWN_CATEGORY": unknown}))


def _is_date(text: pa.Array) -> np.ndarray:
    shaped = _mask(pc.match_substring_regex(text, _DATE))
    dates = text.filter(pa.array(shaped))
    try:
        dates.cast(pa.date32())
    except pa.ArrowInvalid:  # one of them at least is on no calendar
        days = pd.to_datetime(pd.Series(objects(dates)), format="%Y-%m-%d", errors="coerce")
        shaped[shaped] = days.notna().to_numpy()
    return shaped


def _is_bad_id(text: pa.Array) -> np.ndarray:
    return _mask(pc.or_(pc.match_substring_regex(text, _BAD_ID), pc.greater(pc.utf8_length(text), _LONGEST_ID)))
