"""Text cells as they stand in a file: what is not UTF-8 or holds a NUL byte is a problem of its row."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def as_text(table: pa.Table) -> tuple[pa.Table, pa.Array]:
    """Make text of a table's columns of bytes and of text.

    Returns
    -------
    table : pyarrow.Table
        A cell that is not UTF-8 is null; columns of other types are as they were.
    problem : pyarrow.Array
        ``ENCODING``, ``NUL_BYTE`` or ``""`` for each row.
    """
    problem = np.full(table.num_rows, "", dtype=object)
    columns = {}
    for name in table.column_names:
        cells = table.column(name)
        if _is_text(cells.type):
            cells, broken = _decoded(cells)
            problem[broken] = "ENCODING"
            problem[_holds_nul(cells)] = "NUL_BYTE"
        columns[name] = cells
    return pa.table(columns), pa.array(problem, pa.string())


def _is_text(kind: pa.DataType) -> bool:
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _decoded(cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, np.ndarray]:
    """Return the cells as text, and which of them can't be."""
    try:
        text = cells.cast(pa.string())
        text.validate(full=True)  # a text column of a damaged file need not hold text
    except pa.ArrowException:
        found = [_text(cell) for cell in cells.cast(pa.binary()).to_pylist()]
        given = cells.is_valid().to_numpy()
        broken = np.array([cell is None for cell in found], dtype=bool) & given
        return pa.chunked_array([pa.array(found, pa.string())]), broken
    return text, np.zeros(len(text), dtype=bool)


def _text(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _holds_nul(cells: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(pc.match_substring(cells, "\0"), False).to_numpy()
