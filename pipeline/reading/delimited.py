"""CSV files as raw batches: every cell is text, a row with too many or too few fields is kept as a problem."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from pipeline.errors import ContractError
from pipeline.reading.texts import SPELLED_NUL, as_text

_HEADER_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 22


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
    holds_nul = _refuse_open_quote(path, name)
    ragged: list[int] = []

    def keep_number(row: pacsv.InvalidRow) -> str:
        ragged.append((row.number or 2) - 1)  # the header is record 1
        return "skip"

    if _is_one_line(path):  # a header alone, which pyarrow takes for nothing
        yield _without_cells(header, name, [])
        return
    with path.open("rb") as file:
        stream = _opened(_NulSpelled(file) if holds_nul else path, name, header, delimiter, keep_number)
        yield from _numbered(stream, name, header, ragged)


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
                column_types=dict.fromkeys(header, pa.binary()), strings_can_be_null=False
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


def _numbered(stream: pacsv.CSVStreamingReader, name: str, header: list[str], ragged: list[int]) -> Iterator[pa.Table]:
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
        cells, problem = as_text(pa.table(dict(zip(header, batch.columns, strict=True))))
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
    reserved = sorted({"source", "row", "problem"} & set(header))
    if reserved:
        raise ContractError(name, f"column '{reserved[0]}' is a name of ours", do="Rename it", code="RESERVED_COLUMN")
    return header


def _refuse_open_quote(path: Path, name: str) -> bool:
    """Refuse an odd number of quotes: one is never closed, and would swallow rows. Return whether there is a NUL."""
    quotes, nuls = 0, False
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            quotes += block.count(b'"')
            nuls = nuls or b"\0" in block
    if quotes % 2:
        raise ContractError(name, "a quote that is never closed", do="Close or remove it", code="UNTERMINATED_QUOTE")
    return nuls


class _NulSpelled:
    """A file with its NUL bytes spelled `SPELLED_NUL`.

    In the last block of a long file, pyarrow (25.0.1) takes a NUL before a closing quote for an escape: two records
    would become one.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    closed = False

    def read(self, size: int = -1) -> bytes:
        """Read this many bytes, before they are spelled."""
        return self._file.read(size).replace(b"\0", SPELLED_NUL)

    def close(self) -> None:
        """Leave the closing to who opened the file."""
