"""CSV files as raw batches: every cell is text, a row with too many or too few fields is kept as a problem."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.errors import ContractError
from pipeline.reading.texts import as_text

_HEADER_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 22
_NUL = "\u2400"
"""Stands for a NUL byte among characters that stand for one byte each."""


def read(path: Path, name: str, delimiter: str) -> Iterator[pa.Table]:
    """Read a CSV file in blocks.

    Parameters
    ----------
    path : Path
    name : str
        What the file is called in tables and messages.
    delimiter : str
        One character.

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and the file's columns as text; cells that are not UTF-8 are null, and their
        row has the problem ``ENCODING``.

    Raises
    ------
    ContractError
        If there is no usable header, or a quote is never closed.
    """
    header = _read_header(path, name, delimiter)
    clean = _is_clean(path, name)
    ragged: list[int] = []

    def keep_number(row: pacsv.InvalidRow) -> str:
        ragged.append((row.number or 2) - 1)  # the header is record 1
        return "skip"

    if _is_one_line(path):  # a header alone, which pyarrow takes for nothing
        yield _without_cells(header, name, [])
        return
    with path.open("rb") as file:
        stream = _opened(path if clean else _Spelled(file), name, header, delimiter, keep_number)
        yield from _numbered(stream, name, header, ragged, clean)


def _opened(
    file: Any, name: str, header: list[str], delimiter: str, keep_number: Callable[[pacsv.InvalidRow], str]
) -> pacsv.CSVStreamingReader:
    try:
        stream = pacsv.open_csv(
            file,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep_number
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys([*header, *map(_spelled_name, header)], pa.binary()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        raise _unreadable(name) from None
    if len(stream.schema) != len(header):
        raise _unreadable(name)
    return stream


def _unreadable(name: str) -> ContractError:
    # pyarrow's message quotes the row: it is not handed on
    return ContractError(name, "not readable as CSV", do="Check quotes and delimiter", code="CORRUPT")


def _is_one_line(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    return len(start) < _HEADER_BYTES and not set(start) & set(b"\r\n")


def _numbered(
    stream: pacsv.CSVStreamingReader, name: str, header: list[str], ragged: list[int], clean: bool
) -> Iterator[pa.Table]:
    """Give the batches their record numbers; the ragged rows, which have no cells, come last."""
    taken = 0
    while True:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid:
            raise _unreadable(name) from None
        rows = _record_numbers(taken, batch.num_rows, ragged)
        taken += batch.num_rows
        columns = batch.columns if clean else [_original(cells) for cells in batch.columns]
        cells, problem = as_text(pa.table(dict(zip(header, columns, strict=True))))
        yield _with_keys(cells, name, rows, problem)
    if ragged or taken == 0:
        yield _without_cells(header, name, ragged)


def _without_cells(header: list[str], name: str, ragged: list[int]) -> pa.Table:
    cells = {column: pa.nulls(len(ragged), pa.string()) for column in header}
    problem = pa.array(["RAGGED"] * len(ragged), pa.string())
    return _with_keys(pa.table(cells), name, np.array(ragged, dtype=np.int64), problem)


def _record_numbers(taken: int, count: int, ragged: list[int]) -> np.ndarray:
    """Record numbers of the next rows that were not ragged."""
    numbers = np.arange(1, taken + count + len(ragged) + 1, dtype=np.int64)
    kept = numbers[~np.isin(numbers, ragged)]
    return kept[taken : taken + count]


def _with_keys(table: pa.Table, name: str, rows: np.ndarray, problem: pa.Array) -> pa.Table:
    keys = {"source": pa.array([name] * len(rows), pa.string()), "row": pa.array(rows, pa.int64()), "problem": problem}
    return pa.table({**keys, **{column: table.column(column) for column in table.column_names}})


def _read_header(path: Path, name: str, delimiter: str) -> list[str]:
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    text = start.decode("utf-8-sig", errors="replace")
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        raise _unreadable(name) from None
    if not any(header):
        raise ContractError(name, "no header", needed="the first line names the columns", code="EMPTY_INPUT")
    if "\ufffd" in "".join(header) or "\0" in "".join(header):
        raise ContractError(name, "a header that is not UTF-8", do="Save it as UTF-8", code="ENCODING")
    other = next((mark for mark in (";", "\t", "|") if mark in header[0] and mark != delimiter), None)
    if len(header) == 1 and other:
        shown = {"\t": "'\\t'"}.get(other, f"'{other}'")
        raise ContractError(name, f"fields parted by {shown}", do=f"Give --delimiter {shown}", code="DELIMITER")
    first_of = {column: place for place, column in reversed(list(enumerate(header, start=1)))}
    for place, column in enumerate(header, start=1):
        if first_of[column] != place:
            # the name is not shown: without a header, it is a patient's value
            raise ContractError(
                name, f"columns {first_of[column]} and {place} have one name", do="Rename one", code="DUPLICATE_COLUMN"
            )
    reserved = sorted({"source", "row", "problem", "reader_notes"} & set(header))
    if reserved:
        raise ContractError(name, f"column '{reserved[0]}' is a name of ours", do="Rename it", code="RESERVED_COLUMN")
    return header


def _is_clean(path: Path, name: str) -> bool:
    """Refuse an odd number of quotes: one is never closed, and would swallow rows. Return whether all is UTF-8."""
    quotes, clean = 0, True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            quotes += block.count(b'"')
            clean = clean and b"\0" not in block and _goes_on(decoder, block)
    if quotes % 2:
        raise ContractError(name, "a quote that is never closed", do="Close or remove it", code="UNTERMINATED_QUOTE")
    return clean and _goes_on(decoder, b"", final=True)


def _goes_on(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


class _Spelled:
    """A file with its bytes spelled as characters, so that all of it is UTF-8 without a NUL.

    pyarrow (25.0.1) loses a ragged row that is not UTF-8, and in the last block of a long file it takes a NUL before a
    closing quote for an escape, so that two records become one.
    """

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._rest = file, b""
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)

    def read(self, size: int) -> bytes:
        """Read at most this many bytes."""
        new = self._file.read(max(0, size - len(self._rest)))
        spelled = self._rest + new.decode("latin-1").replace("\0", _NUL).encode()
        self._rest = spelled[size:]
        return spelled[:size]

    def close(self) -> None:
        """Leave the closing to who opened the file."""


def _spelled_name(column: str) -> str:
    return column.encode().decode("latin-1")


def _original(cells: pa.Array) -> pa.Array:
    """Bytes of the file from cells of a `_Spelled` one."""
    text = cells.cast(pa.string())
    if pc.all(pc.string_is_ascii(text)).as_py():
        return cells
    return pa.array([cell.replace(_NUL, "\0").encode("latin-1") for cell in text.to_pylist()], pa.binary())
