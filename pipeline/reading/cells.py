"""From raw cells to typed values, with a reason for each cell that is none."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ontology import load_ontology
from pipeline.records import FLAG_SPELLINGS, Column

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INFINITE = r"^(?i:[+-]?(inf|infinity))$"
_DATE = r"^\d{4}-\d{2}-\d{2}$"
# padding; control characters; zero-width and direction marks, which make two ids look alike
_BAD_ID = r"^\s|\s$|[\x00-\x1f\x7f-\x{9f}]|[\x{200b}-\x{200f}]|[\x{202a}-\x{202e}]|[\x{2060}-\x{2069}]|\x{feff}"
_LONGEST_ID = 200
_EXACT_INTEGERS = 2**53


class Parsed(NamedTuple):
    """A column's values, and the reason code of each cell that could not be read (``""`` elsewhere)."""

    values: np.ndarray
    reasons: np.ndarray


def parse(column: Column, cells: pa.ChunkedArray, *, unknown_as_missing: bool = False) -> Parsed:
    """Read raw cells as a column declares them.

    Parameters
    ----------
    column : Column
    cells : pyarrow.ChunkedArray
        Text, or whatever type a Parquet file has.
    unknown_as_missing : bool
        Read a category that is not in the vocabulary as not recorded.

    Returns
    -------
    Parsed
        float64 for numbers and flags (NaN: not recorded), else text (``""``: not recorded).
    """
    if column.kind == "number" and _is_number(cells.type):
        return _judge_numbers(column, _floats(cells), _imprecise(cells))
    text = _text(cells)
    present = _present(column, text)
    if column.kind == "number":
        return _parse_numbers(column, text, present)
    if column.kind == "flag":
        return _parse_flags(text, present)
    values = np.where(present, text.to_numpy(zero_copy_only=False), "")
    if column.kind == "category":
        return _parse_categories(column, values, unknown_as_missing)
    reasons = np.full(len(values), "", dtype=object)
    if column.kind == "date":
        reasons[present & ~_is_date(text)] = "DATE_FORMAT"
    if column.kind == "id":
        reasons[present & _is_bad_id(text)] = "BAD_ID"
    if column.kind == "findings":
        return Parsed(values, _contradictions(values))
    return Parsed(_blanked(values, reasons), reasons) if column.kind != "id" else Parsed(values, reasons)


def unknown_terms(cells: np.ndarray) -> np.ndarray:
    """Whether a cell of findings names a term that is not in the ontology."""
    return _by_distinct(cells, lambda cell: any(term is None for _, term in load_ontology().findings(cell)))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _text(cells: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        cells = cells.cast(pa.date32(), safe=False)
    if not pa.types.is_string(cells.type):
        cells = cells.cast(pa.string())
    return pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], pa.string())


def _present(column: Column, text: pa.Array) -> np.ndarray:
    missing = pc.is_in(text, value_set=pa.array(column.missing, pa.string()))
    return ~_mask(pc.or_(missing, pc.is_null(text)))


def _mask(answer: pa.Array) -> np.ndarray:
    return pc.fill_null(answer, False).to_numpy(zero_copy_only=False)


def _floats(cells: pa.ChunkedArray) -> np.ndarray:
    return cells.cast(pa.float64(), safe=False).to_numpy().astype(np.float64, copy=True)


def _imprecise(cells: pa.ChunkedArray) -> np.ndarray:
    if not pa.types.is_integer(cells.type):
        return np.zeros(len(cells), dtype=bool)
    return np.abs(_floats(cells)) >= _EXACT_INTEGERS  # the next one is rounded to it


def _parse_numbers(column: Column, text: pa.Array, present: np.ndarray) -> Parsed:
    numeric = present & _mask(pc.match_substring_regex(text, _NUMBER))
    infinite = present & _mask(pc.match_substring_regex(text, _INFINITE))
    values = np.full(len(text), np.nan)
    values[numeric] = text.filter(pa.array(numeric)).cast(pa.float64()).to_numpy()
    values[infinite] = np.inf
    parsed = _judge_numbers(column, values, np.zeros(len(text), dtype=bool))
    parsed.reasons[present & ~numeric & ~infinite] = "NOT_A_NUMBER"
    return parsed


def _judge_numbers(column: Column, values: np.ndarray, imprecise: np.ndarray) -> Parsed:
    reasons = np.full(len(values), "", dtype=object)
    reasons[(values < column.low) | (values > column.high)] = "OUT_OF_RANGE"
    reasons[np.isinf(values)] = "NOT_FINITE"
    reasons[imprecise] = "PRECISION"
    values[reasons != ""] = np.nan
    return Parsed(values, reasons)


def _parse_flags(text: pa.Array, present: np.ndarray) -> Parsed:
    lower = pc.utf8_lower(text)
    values = np.full(len(text), np.nan)
    for spelling, value in FLAG_SPELLINGS.items():
        values[_mask(pc.equal(lower, spelling))] = value
    if len(text) and np.isnan(values).any():  # 1.0 and 0.0: how a table with gaps writes its flags
        for spelling, value in (("1.0", 1.0), ("0.0", 0.0)):
            values[_mask(pc.equal(lower, spelling))] = value
    values[~present] = np.nan
    reasons = np.where(present & np.isnan(values), "NOT_A_FLAG", "").astype(object)
    return Parsed(values, reasons)


def _parse_categories(column: Column, values: np.ndarray, unknown_as_missing: bool) -> Parsed:
    unknown = ~np.isin(values.astype(str), ["", *column.categories])
    reasons = np.where(unknown & (not unknown_as_missing), "UNKNOWN_CATEGORY", "").astype(object)
    return Parsed(np.where(unknown, "", values), reasons)


def _is_date(text: pa.Array) -> np.ndarray:
    shaped = _mask(pc.match_substring_regex(text, _DATE))
    days = pd.to_datetime(
        pd.Series(text.to_numpy(zero_copy_only=False)).where(shaped), format="%Y-%m-%d", errors="coerce"
    )
    return days.notna().to_numpy()


def _is_bad_id(text: pa.Array) -> np.ndarray:
    return _mask(pc.or_(pc.match_substring_regex(text, _BAD_ID), pc.greater(pc.utf8_length(text), _LONGEST_ID)))


def _blanked(values: np.ndarray, reasons: np.ndarray) -> np.ndarray:
    return np.where(reasons == "", values, "")


def _contradictions(cells: np.ndarray) -> np.ndarray:
    return np.where(_by_distinct(cells, _contradicts), "INCONSISTENT", "").astype(object)


def _contradicts(cell: str) -> bool:
    """Whether a term comes out both observed and excluded."""
    terms = load_ontology().findings(cell)
    observed = {term for negated, term in terms if term and not negated}
    excluded = {term for negated, term in terms if term and negated}
    # closing one side is enough: an excluded term reaches what is observed exactly if an ancestor of that is excluded
    return not excluded.isdisjoint(load_ontology().ancestors(observed))


def _by_distinct(cells: np.ndarray, judge: object) -> np.ndarray:
    """Judge each distinct non-empty cell once."""
    codes, distinct = pd.factorize(cells.astype(object))
    verdicts = np.array([bool(cell) and judge(cell) for cell in distinct], dtype=bool)  # type: ignore[operator]
    return verdicts[codes] if len(codes) else np.zeros(0, dtype=bool)
