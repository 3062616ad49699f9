"""Tables to files: Parquet with page checksums, or CSV that a spreadsheet does not execute."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Literal

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
    """Return a table in Arrow: float64, int64, bool, text and lists of text stay what they are; NaN becomes null.

    Parameters
    ----------
    table : DataFrame
    metadata : mapping, optional
        Goes into the file, such as ``synthetic``.
    """
    return pa.table({str(name): _column(values) for name, values in table.items()}).replace_schema_metadata(
        dict(metadata or {})
    )


def _column(values: pd.Series) -> pa.Array:
    if isinstance(values.dtype, pd.ArrowDtype):
        return pa.array(values.array)
    if isinstance(values.dtype, pd.StringDtype):  # lies in Arrow already
        return pa.array(values.array).cast(pa.string())
    return pa.array(values.to_numpy(), pa.string() if values.dtype.kind not in "fib" else None, from_pandas=True)


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

    A list of text is one cell of a CSV, joined with ``|``.

    Raises
    ------
    OSError
        If the file is there, or cannot be written.
    """
    if format == "csv":
        table = _flat(table)
    write_batches([table], table.schema, path, format, csv_safe=csv_safe, quotes=needs_quotes(table))


def write_batches(
    batches: Iterable[pa.Table], schema: pa.Schema, path: Path, format: Format, *, quotes: bool, csv_safe: bool = True
) -> None:
    """Write a table batch by batch, as `write_table` does it whole; each batch is a row group of a Parquet file.

    Parameters
    ----------
    batches : iterable of pyarrow.Table
        All of one schema.
    schema : pyarrow.Schema
    path : Path
    format : {"parquet", "csv"}
    quotes : bool
        Whether any of the batches `needs_quotes`.
    csv_safe : bool
    """
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with create_private(path) as file, _writer(file, schema, format, texts, quotes=quotes) as writer:
        for batch in batches:
            writer.write_table(_neutralised(batch) if format == "csv" and csv_safe else batch)


def _writer(
    file: BinaryIO, schema: pa.Schema, format: Format, texts: list[str], *, quotes: bool
) -> pacsv.CSVWriter | papq.ParquetWriter:
    if format == "csv":
        style = "needed" if quotes else "none"
        return pacsv.CSVWriter(
            file, schema, write_options=pacsv.WriteOptions(quoting_style=style, quoting_header=style)
        )
    # the stubs know a bool only, the class takes the names of columns too
    return papq.ParquetWriter(file, schema, use_dictionary=texts, write_page_checksum=True)  # pyright: ignore[reportArgumentType]


class TableStream:
    """A table that is written part by part beside others, to a new file that only its owner can read.

    The parts have one schema. In a CSV no cell may need quotes: one that does is refused by Arrow.

    Parameters
    ----------
    path : Path
        A file or link that is there already is an error.
    format : {"parquet", "csv"}
    schema : pyarrow.Schema
    """

    def __init__(self, path: Path, format: Format, schema: pa.Schema) -> None:
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._file = create_private(path)
        self._writer = _writer(self._file, schema, format, texts, quotes=False)

    def write(self, part: pa.Table) -> None:
        """Append some rows."""
        self._writer.write_table(part)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
        self._file.close()


def _flat(table: pa.Table) -> pa.Table:
    """Join each list of text."""
    for at, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            table = table.set_column(at, field.name, pc.binary_join(table.column(at), "|"))
    return table


def _neutralised(table: pa.Table) -> pa.Table:
    columns = {}
    for field in table.schema:
        cells = table.column(field.name)
        if pa.types.is_string(field.type):
            executed = pc.match_substring_regex(cells, _FORMULA)
            cells = pc.if_else(executed, pc.binary_join_element_wise("'", cells, ""), cells)
        columns[field.name] = cells
    return pa.table(columns, schema=table.schema)


def needs_quotes(table: pa.Table) -> bool:
    """Whether a cell or a name would be taken apart without quotes, or an empty one taken for a missing row."""
    texts = [table.column(field.name) for field in table.schema if pa.types.is_string(field.type)]
    apart = [pc.any(pc.match_substring_regex(cells, _APART)).as_py() for cells in texts]
    names = [any(mark in name for mark in ',"\r\n') for name in table.column_names]
    return any(apart) or any(names) or table.num_columns == 1


def create_private(path: Path) -> BinaryIO:
    """Open a new file for the owner only; a file or a link that is there already is an error."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
