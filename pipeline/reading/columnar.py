"""Parquet files as raw batches, with bounds on what is decoded at a time."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as papq

from pipeline.errors import ContractError
from pipeline.reading.raw import EVERYTHING, MOST_CELL_BYTES, THEIRS, Wanted, cell_too_large, keyed, refuse_names
from pipeline.reading.row_groups import column_sizes
from pipeline.reading.texts import as_text, in_full, is_text

_BATCH_ROWS = 16_384
_MOST_BYTES = 512 << 20
"""Of one column of a row group, and of a batch: more is a bomb."""
_CELL_BYTES = 16

_NO_CELL: tuple[Callable[[pa.DataType], bool], ...] = (pa.types.is_time, pa.types.is_duration, pa.types.is_interval)


def read(path: Path, name: str, wanted: Wanted = EVERYTHING) -> Iterator[pa.Table]:
    """Read a Parquet file in batches.

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and the file's columns as text, numbers, flags or dates; cells that are not
        UTF-8 are null, a column that nobody judges is text where it holds more than dates, and null where more than
        cells.

    Raises
    ------
    ContractError
        If the file is no Parquet file, is damaged, decodes to more than is sane, or has a column of a type that is no
        cell.
    """
    row = 1
    try:
        with _opened(path) as file:
            schema = file.schema_arrow
        _refuse_layout(schema, name, wanted)
        chosen = [column for column in wanted.only if column in schema.names] or schema.names
        texts = {column for column in chosen if is_text(schema.field(column).type)}
        with _opened(path, texts) as file:
            sizes = list(column_sizes(file.metadata, path.stat().st_size))
            _refuse_bombs(sizes, set(schema.names) - set(chosen), name)
            encoded = texts & wanted.encoded | _with_large_cells(file, sizes, texts - wanted.encoded)
        with _opened(path, encoded) as file:
            yield _batch(pa.RecordBatch.from_pylist([], file.schema_arrow), name, row, wanted)
            size = max(1, min(_BATCH_ROWS, _MOST_BYTES // (_CELL_BYTES * max(1, len(chosen)))))
            for batch in file.iter_batches(batch_size=size, columns=chosen, use_threads=False):
                yield _batch(batch, name, row, wanted)
                row += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        # the library's message may quote cells: it is not handed on
        raise ContractError(name, "damaged, or not Parquet", do="Write or copy it again", code="CORRUPT") from None


def _opened(path: Path, encoded: Collection[str] = ()) -> papq.ParquetFile:
    """Open a file of which some columns become dictionaries; what is read ahead would be kept to the file's end."""
    return papq.ParquetFile(path, page_checksum_verification=True, read_dictionary=encoded, pre_buffer=False)


def _refuse_layout(schema: pa.Schema, name: str, wanted: Wanted) -> None:
    refuse_names(schema.names, name)
    twice = sorted({column for column in schema.names if schema.names.count(column) > 1})
    if twice:
        raise ContractError(name, f"column '{twice[0]}' stands there twice", do="Rename one", code="DUPLICATE_COLUMN")
    for field in schema:
        if wanted.judges(field.name) and not _holds_cells(field.type):
            raise _no_cells(name, field.name, str(field.type))


def _holds_cells(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_cells(kind.value_type)
    zoned = pa.types.is_timestamp(kind) and kind.tz is not None
    return not (zoned or pa.types.is_nested(kind) or any(is_one(kind) for is_one in _NO_CELL))


def _no_cells(name: str, column: str, kind: str) -> ContractError:
    return ContractError(
        name,
        f"column '{column}' has type {kind}",
        needed="one value a cell, a date without a time",
        do="Write it as text, number or date",
        code="TYPE",
    )


def _refuse_bombs(sizes: Sequence[Mapping[str, int]], unread: set[str], name: str) -> None:
    """Refuse a file with a column that inflates beyond all measure, before it does, unless the column is not read."""
    for group in sizes:
        for column, size in group.items():
            if size > _MOST_BYTES and column not in unread:
                raise _too_large(name, column)


def _with_large_cells(file: papq.ParquetFile, sizes: Sequence[Mapping[str, int]], columns: set[str]) -> set[str]:
    """Return the columns of which a batch may be a flood, if each row were given its own cell.

    A chunk's dictionary comes with its first row; cells outside of it are in the file as often as in the table.
    """
    large: set[str] = set()
    for group, size in enumerate(sizes):
        rows = min(file.metadata.row_group(group).num_rows, _BATCH_ROWS)
        unsure = [column for column in columns - large if size.get(column, 0) * rows > _MOST_BYTES]
        if unsure and rows:
            first = next(file.iter_batches(batch_size=1, row_groups=[group], columns=unsure, use_threads=False))
            large |= {name for name in unsure if _largest(first.column(name).dictionary) * rows > _MOST_BYTES}
    return large


def _largest(cells: pa.Array) -> int:
    return pc.max(pc.binary_length(cells)).as_py() or 0


def _too_large(name: str, column: str) -> ContractError:
    return ContractError(
        name,
        f"column '{column}' decodes to more than {_MOST_BYTES >> 20} MiB at a time",
        do="Write smaller row groups, or leave the column out",
        code="TOO_LARGE",
    )


def _batch(batch: pa.RecordBatch, name: str, row: int, wanted: Wanted) -> pa.Table:
    columns, problem = as_text(
        {column: _cells(batch.column(column), column, name, wanted) for column in batch.schema.names}
    )
    for column in columns.keys() - wanted.encoded:
        columns[column] = _unfolded(columns[column], column, name)
    return keyed(columns, name, np.arange(row, row + batch.num_rows), problem)


def _cells(cells: pa.Array, column: str, name: str, wanted: Wanted) -> pa.Array:
    """Cells in one of the types that are parsed: text, number, flag or date."""
    if isinstance(cells.type, pa.UuidType):  # an id, as databases write it
        return pa.array([None if cell is None else str(cell) for cell in cells.to_pylist()], pa.string())
    cells = cells.storage if isinstance(cells, pa.ExtensionArray) else cells
    kind = cells.type
    if is_text(kind.value_type if pa.types.is_dictionary(kind) else kind):
        return _bounded(in_full(cells), name)
    if pa.types.is_dictionary(kind):
        return _cells(cells.cast(kind.value_type), column, name, wanted)
    if pa.types.is_nested(kind):  # of a column that is not ours; a mapping says whether it reads it
        return cells if wanted == THEIRS else pa.nulls(len(cells), pa.string())
    if pa.types.is_date64(kind) or pa.types.is_timestamp(kind):
        days = cells.cast(pa.date32(), safe=False)
        whole = pc.equal(days.cast(kind), cells)
        if _holds_cells(kind) and pc.all(whole, min_count=0).as_py():
            return days
        if wanted.judges(column):
            raise _no_cells(name, column, "of dates with a time of day")
        if _holds_cells(kind):  # each for itself: what stands beside it in a batch must not matter
            return pc.if_else(whole, days.cast(pa.string()), cells.cast(pa.string()))
    plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return cells if plain or pa.types.is_date(kind) or pa.types.is_null(kind) else cells.cast(pa.string())


def _bounded(cells: pa.Array, name: str) -> pa.Array:
    """Refuse a cell that is larger than any of a form."""
    if _largest(cells.dictionary if pa.types.is_dictionary(cells.type) else cells) > MOST_CELL_BYTES:
        raise cell_too_large(name)
    return cells


def _unfolded(cells: pa.Array, column: str, name: str) -> pa.Array:
    """Give each row its own cell, unless a few large ones would become a flood."""
    if not pa.types.is_dictionary(cells.type):
        return cells
    sizes = pc.fill_null(pc.binary_length(cells.dictionary), 0).to_numpy(zero_copy_only=False)
    if np.append(sizes, 0)[cells.indices.fill_null(len(sizes)).to_numpy()].sum(dtype=np.int64) > _MOST_BYTES:
        raise _too_large(name, column)
    return cells.cast(cells.type.value_type)
