"""Tables to files: Parquet with page checksums, or CSV that a spreadsheet does not execute."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

Format = Literal["parquet", "csv"]

_FORMULA = r"^[=+\-@\t\r]"
"""How a cell begins that a spreadsheet would execute (OWASP, CSV injection)."""

_APART = r'[,"\r\n]'
"""What a cell holds that needs quotes around it (RFC 4180)."""


def to_arrow(table: pd.DataFrame, metadata: Mapping[str, str] | None = None) -> pa.Table:
    """Return a table in Arrow: float64, int64, bool and text stay what they are; NaN becomes null.

    Parameters
    ----------
    table : DataFrame
    metadata : mapping, optional
        Goes into the file, such as ``synthetic``.
    """
    columns = {
        str(name): pa.array(
            values.to_numpy(), pa.string() if values.dtype.kind not in "fib" else None, from_pandas=True
        )
        for name, values in table.items()
    }
    return pa.table(columns).replace_schema_metadata(dict(metadata or {}))


def write_table(table: pa.Table, path: Path, format: Format, *, csv_safe: bool = True) -> None:
    """Write a table to a new file that only its owner can read.

    Parameters
    ----------
    table : pyarrow.Table
    path : Path
        A file or link that is there already is an error.
    format : {"parquet", "csv"}
    csv_safe : bool
        Put ``'`` before text in a CSV that a spreadsheet would execute (``=1+1``). Parquet is always lossless.

    Raises
    ------
    OSError
        If the file is there, or cannot be written.
    """
    with create_private(path) as file:
        if format == "csv":
            table = _neutralised(table) if csv_safe else table
            quotes = "needed" if _needs_quotes(table) else "none"
            pacsv.write_csv(table, file, pacsv.WriteOptions(quoting_style=quotes, quoting_header=quotes))
        else:
            papq.write_table(table, file, **_parquet_options(table.schema))


class TableStream:
    """A table that is written part by part to a new file that only its owner can read.

    The parts have one schema. In a CSV no cell may need quotes: one that does is refused by Arrow.

    Parameters
    ----------
    path : Path
        A file or link that is there already is an error.
    format : {"parquet", "csv"}
    schema : pyarrow.Schema
    """

    def __init__(self, path: Path, format: Format, schema: pa.Schema) -> None:
        self._file = create_private(path)
        if format == "csv":
            plain = pacsv.WriteOptions(quoting_style="none", quoting_header="none")
            self._writer = pacsv.CSVWriter(self._file, schema, write_options=plain)
        else:
            self._writer = papq.ParquetWriter(self._file, schema, **_parquet_options(schema))

    def write(self, part: pa.Table) -> None:
        """Append some rows."""
        self._writer.write_table(part)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._file.close()


def _parquet_options(schema: pa.Schema) -> dict[str, Any]:
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    return {"use_dictionary": texts, "write_page_checksum": True}


def _neutralised(table: pa.Table) -> pa.Table:
    columns = {}
    for field in table.schema:
        cells = table.column(field.name)
        if pa.types.is_string(field.type):
            executed = pc.match_substring_regex(cells, _FORMULA)
            cells = pc.if_else(executed, pc.binary_join_element_wise("'", cells, ""), cells)
        columns[field.name] = cells
    return pa.table(columns)


def _needs_quotes(table: pa.Table) -> bool:
    """Whether a cell or a name would be taken apart without quotes, or an empty one taken for a missing row."""
    texts = [table.column(field.name) for field in table.schema if pa.types.is_string(field.type)]
    apart = [pc.any(pc.match_substring_regex(cells, _APART)).as_py() for cells in texts]
    names = [any(mark in name for mark in ',"\r\n') for name in table.column_names]
    return any(apart) or any(names) or table.num_columns == 1


def create_private(path: Path) -> BinaryIO:
    """Open a new file for the owner only; a file or a link that is there already is an error."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
