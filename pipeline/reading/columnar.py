"""Parquet files as raw batches, read by row group with a bound on the decoded size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as papq

from pipeline.errors import ContractError
from pipeline.reading.texts import as_text

_BATCH_ROWS = 50_000
_MOST_COLUMNS = 5_000


def read(path: Path, name: str) -> Iterator[pa.Table]:
    """Read a Parquet file in batches.

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and the file's columns, in their own types; dictionaries are decoded, and
        cells that are not UTF-8 are null.

    Raises
    ------
    ContractError
        If the file is no Parquet file, is damaged, or has a column of a type that is no cell.
    """
    row = 1
    try:
        with papq.ParquetFile(path, page_checksum_verification=True) as file:
            _refuse_layout(file.schema_arrow, name)
            yield _with_keys(_plain(file.schema_arrow.empty_table()), name, row)
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                yield _with_keys(_plain(pa.Table.from_batches([batch])), name, row)
                row += batch.num_rows
    except (pa.ArrowException, OSError):
        # the library's message may quote cells: it is not handed on
        raise ContractError(name, "damaged, or not Parquet", do="Write or copy it again", code="CORRUPT") from None


def _refuse_layout(schema: pa.Schema, name: str) -> None:
    if len(schema) > _MOST_COLUMNS:
        raise ContractError(
            name, f"{len(schema)} columns", needed=f"at most {_MOST_COLUMNS} are read", code="TOO_MANY_COLUMNS"
        )
    twice = sorted({column for column in schema.names if schema.names.count(column) > 1})
    if twice:
        raise ContractError(name, f"column '{twice[0]}' stands there twice", do="Rename one", code="DUPLICATE_COLUMN")
    reserved = sorted({"source", "row", "problem", "reader_notes"} & set(schema.names))
    if reserved:
        raise ContractError(name, f"column '{reserved[0]}' is a name of ours", do="Rename it", code="RESERVED_COLUMN")
    for field in schema:
        if pa.types.is_nested(field.type) and not pa.types.is_dictionary(field.type):
            raise ContractError(
                name, f"column '{field.name}' has type {field.type}", needed="one value a cell", code="TYPE"
            )


def _plain(table: pa.Table) -> pa.Table:
    """Decode dictionaries, so that a column has the same type whoever wrote the file."""
    columns = {}
    for field in table.schema:
        cells = table.column(field.name)
        columns[field.name] = cells.cast(field.type.value_type) if pa.types.is_dictionary(field.type) else cells
    return pa.table(columns)


def _with_keys(table: pa.Table, name: str, first_row: int) -> pa.Table:
    table, problem = as_text(table)
    count = len(problem)
    keys = {
        "source": pa.array([name] * count, pa.string()),
        "row": pa.array(np.arange(first_row, first_row + count), pa.int64()),
        "problem": problem,
    }
    return pa.table({**keys, **{column: table.column(column) for column in table.column_names}})
