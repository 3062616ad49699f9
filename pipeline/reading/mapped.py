"""Raw batches of somebody else's layout, renamed and recoded to ours by a mapping."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError, nearest_header
from pipeline.mapping import MappedColumn, MappedTable
from pipeline.reading import recode
from pipeline.reading.decimals import with_point
from pipeline.reading.headers import Headers
from pipeline.reading.pivoted import pivoted
from pipeline.reading.raw import RAW_KEYS
from pipeline.reading.yes_no import findings_of, together
from pipeline.schema import TABLES
from pipeline.schema.outcomes import study_column
from pipeline.units import Unit

_TIMES = {Unit.YEARS: "years", Unit.WEEKS: "weeks"}
_COLUMNS = {column.name: column for columns in TABLES.values() for column in columns}


def read(their_batches: Callable[[], Iterator[pa.Table]], rule: MappedTable, decimal: str = ".") -> Iterator[pa.Table]:
    """Make one of our tables from batches of theirs.

    Every row of theirs gives one row of ours, but those that ``where`` excludes; a row that could not be read is never
    excluded.

    Parameters
    ----------
    their_batches : callable
        Gives the raw batches of their table.
    rule : MappedTable
    decimal : {".", ","}
        The decimal mark of their numbers; ours have a point.

    Raises
    ------
    ContractError
        If a column that the mapping reads is not there, or there twice.
    """
    if rule.pivot.key:
        kept = (_kept(batch, rule) for batch in their_batches())
        batches = pivoted(kept, rule, _headers)
        rule = replace(rule, where={})
    else:
        batches = their_batches()
    for batch in batches:
        for each in _entries(rule):
            yield _table(_kept(batch, each), each, decimal)


def count_excluded(their_batches: Callable[[], Iterator[pa.Table]], rule: MappedTable) -> int:
    """Count the rows that ``where`` excludes.

    Examples
    --------
    >>> rows = pa.table({"source": ["t", "t"], "row": [1, 2], "problem": ["", ""], "week": ["0", "2"]})
    >>> count_excluded(lambda: iter([rows]), MappedTable(where={"week": "0"}))
    1
    """
    return sum(batch.num_rows - _kept(batch, rule).num_rows for batch in their_batches()) if rule.where else 0


def _entries(rule: MappedTable) -> tuple[MappedTable, ...]:
    """Return the rules that make one row each from a row of theirs."""
    return tuple(
        replace(rule, columns=rule.columns | each.columns, where=rule.where | each.where, optional=each.optional)
        for each in rule.each
    ) or (rule,)


def _headers(batch: pa.Table, rule: MappedTable) -> Headers:
    where = batch.column("source")[0].as_py() if batch.num_rows else "the mapped file"
    there = [name for name in batch.column_names if name not in RAW_KEYS]
    return Headers(there, loose=rule.columns_match == "loose", where=where)


def _kept(batch: pa.Table, rule: MappedTable) -> pa.Table:
    """Return the rows in which the columns of ``where`` hold what they should."""
    if not rule.where:
        return batch
    headers = _headers(batch, rule)
    found = {name: headers.find(name) for name in rule.where}
    absent = [name for name in found if not found[name]]
    if absent and not rule.optional:
        _refuse(headers, absent)
    kept = pa.chunked_array([pa.array([not absent] * batch.num_rows, pa.bool_())])
    for name, wanted in rule.where.items():
        if not absent:
            cells = recode.stripped(recode.column(batch, found[name]), bool(rule.strip))
            words = (wanted,) if isinstance(wanted, str) else wanted
            kept = pc.and_(kept, recode.is_one_of(cells, words, bool(rule.ignore_case)))
    return batch.filter(pc.or_(kept, pc.not_equal(batch.column("problem"), "")))


def _refuse(headers: Headers, missing: list[str]) -> None:
    missing = sorted(set(missing))
    raise ContractError(
        headers.where,
        f"no column {', '.join(repr(name) for name in missing)}",
        needed="the mapping reads it",
        do=nearest_header(missing[0], headers.names) or "Choose the mapping of this file's layout",
        code="MISSING_COLUMN",
    )


def _table(batch: pa.Table, rule: MappedTable, decimal: str) -> pa.Table:
    """Make our columns from rows of theirs."""
    headers = _headers(batch, rule)
    columns: dict[str, pa.ChunkedArray] = {name: batch.column(name) for name in RAW_KEYS}
    missing = [
        name for name, term in rule.findings.columns.items() if not (headers.find(name) or rule.findings.optional)
    ]
    for ours, how in _expanded(rule, headers).items():
        found = [headers.first(how.source_any)] if how.source_any else [headers.find(name) for name in how.sources]
        absent = [name for name, there in zip(how.sources or how.source_any[:1], found, strict=False) if not there]
        if not absent:
            columns[ours] = _mapped(batch, ours, how, found, rule, decimal=decimal)
        elif not how.optional:
            missing += absent
    if missing:
        _refuse(headers, missing)
    if rule.findings.columns or rule.findings.named_by_term:
        cells, problem = findings_of(batch, rule, headers)
        columns["problem"] = pc.if_else(pc.equal(columns["problem"], ""), problem, columns["problem"])
        columns["findings"] = together(columns["findings"], cells) if "findings" in columns else cells
    return pa.table(columns)


def _expanded(rule: MappedTable, headers: Headers) -> dict[str, MappedColumn]:
    """Put a column of ours for each of theirs that fits a pattern; the other columns as they are."""
    columns = {ours: how for ours, how in rule.columns.items() if "{}" not in ours}
    for pattern, how in rule.columns.items():
        if "{}" in pattern:
            for part, theirs in headers.between(how.sources[0]).items():
                ours = pattern.replace("{}", how.names.get(part, "" if how.names else part))
                if ours in _COLUMNS:
                    columns.setdefault(ours, replace(how, source=theirs, names={}))
    return columns


def _mapped(
    batch: pa.Table, ours: str, how: MappedColumn, found: list[str], rule: MappedTable, *, decimal: str
) -> pa.ChunkedArray:
    if how.constant:
        return pa.chunked_array([pa.array([how.constant] * batch.num_rows, pa.string())])
    strip = bool(rule.strip if how.strip is None else how.strip)
    ignore_case = bool(rule.ignore_case if how.ignore_case is None else how.ignore_case)
    missing = (*rule.missing, *how.missing)
    parts = [recode.stripped(recode.column(batch, name), strip) for name in found]
    parts = [recode.without(part, missing, ignore_case) for part in parts]
    cells = recode.joined(parts, [name in how.may_lack for name in how.sources or how.source_any])
    if how.split:
        return recode.listed(cells, how.split, how.values, missing, ignore_case)
    if (_COLUMNS.get(ours) or study_column(ours)).kind == "number":
        cells = with_point(cells, decimal)
    cells = recode.dated(recode.translated(cells, how.values, ignore_case), how.date_format)
    return recode.converted(cells, how.unit, _TIMES.get(_COLUMNS[ours].unit, "")) if how.unit else cells
