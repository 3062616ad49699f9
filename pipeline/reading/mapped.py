"""Raw batches of somebody else's layout, renamed and recoded to ours by a mapping."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ContractError, nearest_header
from pipeline.study import MappedColumn, MappedTable

_KEYS = ("source", "row", "problem")


def read(their_batches: Callable[[], Iterator[pa.Table]], rule: MappedTable) -> Iterator[pa.Table]:
    """Make one of our tables from batches of theirs.

    Raises
    ------
    ContractError
        If a column that the mapping reads is not there.
    """
    for batch in their_batches():
        _refuse_missing(batch, rule)
        wanted = _wanted_rows(batch, rule)
        chosen = batch.filter(wanted)
        columns = {name: chosen.column(name) for name in _KEYS}
        columns |= {name: _mapped(chosen, how) for name, how in rule.columns.items()}
        yield pa.table(columns)


def _sources(how: MappedColumn) -> tuple[str, ...]:
    return how.source if isinstance(how.source, tuple) else (how.source,) if how.source else ()


def _refuse_missing(batch: pa.Table, rule: MappedTable) -> None:
    needed = [source for how in rule.columns.values() for source in _sources(how)] + list(rule.where)
    missing = sorted(set(needed) - set(batch.column_names))
    if missing:
        there = [name for name in batch.column_names if name not in _KEYS]
        raise ContractError(
            batch.column("source")[0].as_py() if batch.num_rows else "the mapped file",
            f"no column {', '.join(repr(name) for name in missing)}",
            needed="the mapping reads it",
            do=nearest_header(missing[0], there) or "Choose the mapping of this file's layout",
            code="MISSING_COLUMN",
        )


def _wanted_rows(batch: pa.Table, rule: MappedTable) -> pa.ChunkedArray | pa.Array:
    wanted = pa.array([True] * batch.num_rows)
    for column, value in rule.where.items():
        wanted = pc.and_(wanted, pc.fill_null(pc.equal(_text(batch.column(column)), value), False))
    return wanted


def _mapped(batch: pa.Table, how: MappedColumn) -> pa.ChunkedArray | pa.Array:
    if how.constant:
        return pa.array([how.constant] * batch.num_rows, pa.string())
    cells = [_text(batch.column(source)) for source in _sources(how)]
    joined = cells[0] if len(cells) == 1 else pc.binary_join_element_wise(*cells, "-")
    for theirs, ours in how.values.items():
        joined = pc.if_else(pc.equal(cells[0], theirs), ours, joined)
    return joined


def _text(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return cells if pa.types.is_string(cells.type) else cells.cast(pa.string())
