"""Text cells as they stand in a file: what is not UTF-8 or holds a NUL byte is a problem of its row."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of this type are text, or bytes that may be."""
    return any(is_one(kind) for is_one in _TEXTS)


def in_full(cells: pa.Array) -> pa.Array:
    """Copy views of text, which hardly any function of Arrow takes, to text; other cells are as they were."""
    if pa.types.is_string_view(cells.type):
        return cells.cast(pa.string())
    return cells.cast(pa.binary()) if pa.types.is_binary_view(cells.type) else cells


def as_text(columns: dict[str, pa.Array]) -> tuple[dict[str, pa.Array], pa.Array | None]:
    """Make text of columns of bytes and of text; a dictionary is judged by its distinct cells.

    Returns
    -------
    columns : dict of str to pyarrow.Array
        A cell that is not UTF-8 is null; columns of other types are as they were.
    problem : pyarrow.Array or None
        ``ENCODING``, ``NUL_BYTE`` or ``""`` for each row; None where there is none.
    """
    found: dict[str, list[np.ndarray]] = {"ENCODING": [], "NUL_BYTE": []}
    texts = {}
    for name, cells in columns.items():
        texts[name] = cells
        encoded = pa.types.is_dictionary(cells.type)
        distinct = cells.dictionary if encoded else cells
        if not is_text(distinct.type):
            continue
        text, broken = _decoded(distinct)
        texts[name] = pa.DictionaryArray.from_arrays(cells.indices, text) if encoded else text
        for problem, where in (("ENCODING", broken), ("NUL_BYTE", _holds_nul(text))):
            if where.any():
                found[problem].append(_of_rows(where, cells) if encoded else where)
    rows = len(next(iter(columns.values()))) if columns else 0
    if not any(found.values()):
        return texts, None
    problems = np.full(rows, "", dtype=object)
    for problem, wheres in found.items():
        for where in wheres:
            problems[where] = problem
    return texts, pa.array(problems, pa.string())


def _of_rows(distinct: np.ndarray, cells: pa.DictionaryArray) -> np.ndarray:
    return np.append(distinct, False)[cells.indices.fill_null(len(distinct)).to_numpy()]


def _decoded(cells: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Return the cells as text, and which of them can't be."""
    try:
        text = cells.cast(pa.string())
        text.validate(full=True)  # a text column of a damaged file need not hold text
    except pa.ArrowException:
        found = [_text(cell) for cell in cells.cast(pa.binary()).to_pylist()]
        given = cells.is_valid().to_numpy(zero_copy_only=False)
        return pa.array(found, pa.string()), np.array([cell is None for cell in found], dtype=bool) & given
    return text, np.zeros(len(text), dtype=bool)


def _text(cell: bytes | None) -> str | None:
    try:
        return None if cell is None else cell.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _holds_nul(cells: pa.Array) -> np.ndarray:
    data = cells.buffers()[-1]
    if data is None or np.frombuffer(data, np.uint8).all():  # all of them at once, since it is most often so
        return np.zeros(len(cells), dtype=bool)
    return pc.fill_null(pc.match_substring(cells, "\0"), False).to_numpy(zero_copy_only=False)
