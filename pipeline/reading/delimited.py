"""CSV files as raw batches: every cell is text, a row with too many or too few fields is kept as a problem."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import codecs
import csv
import io
import mmap
import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from pipeline.errors import ContractError
from pipeline.reading.raw import EVERYTHING, MOST_CELL_BYTES, Wanted, cell_too_large, keyed, refuse_names
from pipeline.reading.texts import as_text

_HEADER_BYTES = 1 << 20
_BLOCK_BYTES = MOST_CELL_BYTES
_ENCODED = pa.dictionary(pa.int32(), pa.string())
_NUL = "\u2400"
"""Stands for a NUL byte among characters that stand for one byte each."""


def read(path: Path, name: str, delimiter: str, wanted: Wanted = EVERYTHING) -> Iterator[pa.Table]:
    """Read a CSV file in blocks.

    Parameters
    ----------
    path : Path
    name : str
        What the file is called in tables and messages.
    delimiter : str
        One character.
    wanted : Wanted

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and the file's columns as text; cells that are not UTF-8 are null, and their
        row has the problem ``ENCODING``.

    Raises
    ------
    ContractError
        If there is no usable header, a quote is never closed, or a record is larger than any of a form.
    """
    header = _read_header(path, name, delimiter)
    clean = _is_clean(path, name, delimiter)
    ragged: list[int] = []

    def keep_number(row: pacsv.InvalidRow) -> str:
        ragged.append((row.number or 2) - 1)  # the header is record 1
        return "skip"

    chosen = [column for column in wanted.only if column in header] or header
    if _is_one_line(path):  # a header alone, which pyarrow takes for nothing
        yield _without_cells(header, name, [])
        return
    with path.open("rb") as file:
        if clean:
            types = {column: _ENCODED if column in wanted.encoded else pa.string() for column in chosen}
        else:
            chosen = header
            types = {_spelled_name(column): pa.binary() for column in header}
        if chosen != header:
            yield _naming(header, name)
        parsing = pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep_number)
        stream = _opened(path if clean else _Spelled(file), name, parsing, types)
        yield from _numbered(stream, name, chosen, ragged, clean)


def _opened(
    file: Any, name: str, parsing: pacsv.ParseOptions, types: dict[str, pa.DataType]
) -> pacsv.CSVStreamingReader:
    try:
        stream = pacsv.open_csv(
            file,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=parsing,
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                strings_can_be_null=False,
                check_utf8=False,  # all of it was decoded before, or is bytes
                include_columns=list(types),
            ),
        )
    except pa.ArrowInvalid as error:
        raise _unreadable(name, error) from None
    except KeyError:
        raise _unreadable(name) from None
    return stream


def _unreadable(name: str, error: pa.ArrowInvalid | None = None) -> ContractError:
    # pyarrow's message quotes the row: it is not handed on
    if error is not None and "straddling object" in str(error):
        return cell_too_large(name)
    return ContractError(name, "not readable as CSV", do="Check quotes and delimiter", code="CORRUPT")


def _is_one_line(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    return len(start) < _HEADER_BYTES and not _ends_a_line(start)


def _ends_a_line(start: bytes) -> bool:
    return b"\n" in start or b"\r" in start


def _numbered(
    stream: pacsv.CSVStreamingReader, name: str, header: list[str], ragged: list[int], clean: bool
) -> Iterator[pa.Table]:
    """Give the batches their record numbers; the ragged rows, which have no cells, come last."""
    following = 1
    while True:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid as error:
            raise _unreadable(name, error) from None
        rows = _record_numbers(following, batch.num_rows, ragged)
        following = int(rows[-1]) + 1 if len(rows) else following
        if clean:
            yield keyed(dict(zip(header, batch.columns, strict=True)), name, rows)
        else:
            cells, problem = as_text(dict(zip(header, map(_original, batch.columns), strict=True)))
            yield keyed(cells, name, rows, problem)
    if ragged or following == 1:
        yield _without_cells(header, name, ragged)


def _without_cells(header: list[str], name: str, ragged: list[int]) -> pa.Table:
    cells = {column: pa.nulls(len(ragged), pa.string()) for column in header}
    return keyed(cells, name, np.array(ragged, dtype=np.int64), pa.repeat("RAGGED", len(ragged)))


def _naming(header: list[str], name: str) -> pa.Table:
    """Return a batch without rows that names all columns."""
    return keyed({column: pa.nulls(0, pa.string()) for column in header}, name, np.zeros(0, dtype=np.int64))


def _record_numbers(following: int, count: int, ragged: list[int]) -> np.ndarray:
    """Record numbers of the next rows that were not ragged; ``ragged`` is in order, and may know of later rows."""
    passed = ragged[bisect_left(ragged, following) :]
    numbers = np.arange(following, following + count + len(passed), dtype=np.int64)
    return (numbers[~np.isin(numbers, passed)] if passed else numbers)[:count]


def _read_header(path: Path, name: str, delimiter: str) -> list[str]:
    with path.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    if len(start) == _HEADER_BYTES and not _ends_a_line(start):
        raise cell_too_large(name)
    lines = io.TextIOWrapper(io.BytesIO(start), encoding="utf-8-sig", errors="replace", newline="")
    try:
        header = next(csv.reader(lines, delimiter=delimiter), [])
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
    refuse_names(header, name)
    return header


def _is_clean(path: Path, name: str, delimiter: str) -> bool:
    """Refuse an odd number of quotes: one is never closed, and would swallow rows. Return whether all is UTF-8."""
    quotes, clean = 0, True
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            quotes += block.count(b'"')
            clean = clean and b"\0" not in block and _goes_on(decoder, block)
    if quotes % 2:
        raise ContractError(
            f"{name}, line {_line_of_open_quote(path, delimiter)}",
            "a quote that is never closed",
            do="Close or remove it",
            code="UNTERMINATED_QUOTE",
        )
    return clean and _goes_on(decoder, b"", final=True)


def _line_of_open_quote(path: Path, delimiter: str) -> int:
    """Return the line on which the quote opens that makes the rest of the file misread, from 1.

    A closing quote stands before a delimiter or the end of a line: where one does not, the quote before it was left
    open. If all do, it is the last one.
    """
    ends = {ord(delimiter), ord("\n"), ord("\r")}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at, opened = content.find(b'"'), -1
        while at >= 0:
            following = content[at + 1] if at + 1 < len(content) else ord("\n")
            if opened < 0:
                opened = at
            elif following == ord('"'):
                at += 1  # a quote inside quotes is written twice
            elif following in ends:
                opened = -1
            else:
                break
            at = content.find(b'"', at + 1)
        return 1 + len(re.findall(rb"\r\n|\r|\n", content[:opened]))


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
