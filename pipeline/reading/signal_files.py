"""Signal files as blocks of numbers: CSV, Parquet and npz, read a block at a time, so that length costs no memory."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from pipeline.errors import ContractError
from pipeline.reading import npz
from pipeline.reading.below import io_failed
from pipeline.reading.row_groups import column_sizes
from pipeline.reading.signal_header import refuse_wrong_header
from pipeline.reading.signal_layout import SignalLayout

BLOCK = 65_536
"""Samples in a block; the last has fewer. It never depends on the kind of file, so that all kinds read the same."""

_MOST_SAMPLES = 1 << 29
"""Two months at 100 Hz: more is a bomb."""

_MOST_BYTES = 512 << 20
"""Of one column of a row group: more is a bomb."""

_CSV_BYTES = 1 << 20
_MISSING = ["", "NaN", "nan", "NA", "null"]
_WRITTEN = ("local", "utc")
_DAMAGED = (
    pa.ArrowException,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What libraries raise of a damaged file; their messages may quote it, and are not handed on."""

SUFFIXES = (".csv", ".parquet", ".npz")


def blocks(file: BinaryIO, name: str, layout: SignalLayout, where: str) -> Iterator[np.ndarray]:
    """Read the columns that a layout wants, times first.

    Parameters
    ----------
    file : BinaryIO
        Closed by whoever opened it.
    name : str
        Tells the kind of file by its ending.
    layout : SignalLayout
    where : str
        What messages call it.

    Yields
    ------
    ndarray, shape (columns, `BLOCK`)
        Float64; the last block is shorter. A written time is in seconds since 1970.

    Raises
    ------
    ContractError
        If the file is damaged or not as declared: ``BAD_RECORDING``, ``CHANNEL``, ``TIMESTAMP`` or ``TOO_LARGE``.
    IoFailed
        If the system could not read it.
    """
    kind = PurePath(name).suffix.lower()
    if kind not in SUFFIXES:
        raise ContractError(
            where, "unknown kind of file", needed=f"{', '.join(SUFFIXES)} are read", code="BAD_RECORDING"
        )
    read = {".csv": _csv, ".parquet": _parquet, ".npz": npz.arrays}[kind]
    try:
        count = 0
        for block in _even(read(file, layout, where)):
            count += block.shape[1]
            if count > _MOST_SAMPLES:
                raise ContractError(where, f"more than {_MOST_SAMPLES} samples", do="Cut it", code="TOO_LARGE")
            yield block
    except OSError as error:
        if error.errno is None:  # Arrow's own of a damaged file
            raise _unreadable(where) from None
        raise io_failed(where, error) from None
    except _DAMAGED:
        _refuse_io_error(file, where)
        raise _unreadable(where) from None


def _unreadable(where: str) -> ContractError:
    return ContractError(where, "damaged, or its cells are no numbers as declared", code="BAD_RECORDING")


def _refuse_io_error(file: BinaryIO, where: str) -> None:
    """Tell what the system does not give from what is damaged: a zip reader takes both for no zip."""
    if file.closed:
        return
    try:
        file.seek(0)
        while file.read(_CSV_BYTES):
            pass
    except OSError as error:
        raise io_failed(where, error) from None


def _even(parts: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Cut blocks of any length anew, to `BLOCK` samples each."""
    held: list[np.ndarray] = []
    count = 0
    for part in parts:
        start = 0
        while start < part.shape[1]:
            taken = part[:, start : start + BLOCK - count]
            held.append(taken)
            start, count = start + taken.shape[1], count + taken.shape[1]
            if count == BLOCK:
                yield np.concatenate(held, axis=1)
                held, count = [], 0
    if held:
        yield np.concatenate(held, axis=1)


def _csv(file: BinaryIO, layout: SignalLayout, where: str) -> Iterator[np.ndarray]:
    if not file.read(1):
        return  # no sample, and pyarrow would miss a header
    file.seek(0)
    refuse_wrong_header(file, layout, where)
    wanted = layout.wanted if layout.header else tuple(f"f{int(name) - 1}" for name in layout.wanted)
    types = {name: pa.float64() for name in wanted}
    if layout.clock in _WRITTEN:
        types[wanted[0]] = pa.string()
    try:
        stream = pacsv.open_csv(
            file,
            read_options=pacsv.ReadOptions(
                use_threads=False,
                block_size=_CSV_BYTES,
                skip_rows=layout.skip_lines,
                autogenerate_column_names=not layout.header,
            ),
            parse_options=pacsv.ParseOptions(delimiter=layout.delimiter),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                null_values=_MISSING,
                decimal_point=layout.decimal,
                include_columns=list(wanted),
            ),
        )
    except KeyError:
        raise _no_column(where) from None
    with stream:
        for batch in stream:
            yield _numbers(batch, layout, where)


def _no_column(where: str) -> ContractError:
    """Return the error of a file that lacks a column, or has it twice: which one, is the table's to say."""
    return ContractError(
        where, "lacks a column that is declared, or has it twice", do="Give 'columns' and 'time_column'", code="CHANNEL"
    )


def _parquet(file: BinaryIO, layout: SignalLayout, where: str) -> Iterator[np.ndarray]:
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    with papq.ParquetFile(file, page_checksum_verification=True, buffer_size=_CSV_BYTES, pre_buffer=False) as opened:
        names = opened.schema_arrow.names
        if any(names.count(name) != 1 for name in layout.wanted):
            raise _no_column(where)
        for sizes in column_sizes(opened.metadata, length):
            if max(sizes.values(), default=0) > _MOST_BYTES:
                raise ContractError(where, "a row group of more than 512 MiB a column", code="TOO_LARGE")
        for batch in opened.iter_batches(batch_size=BLOCK, columns=list(layout.wanted), use_threads=False):
            yield _numbers(batch.select(list(layout.wanted)), layout, where)


def _numbers(batch: pa.RecordBatch, layout: SignalLayout, where: str) -> np.ndarray:
    found = np.empty((batch.num_columns, batch.num_rows))
    for number, cells in enumerate(batch.columns):
        if number == 0 and layout.clock in _WRITTEN:
            found[0] = _written_seconds(cells, layout.clock, where)
            continue
        if pa.types.is_nested(cells.type) or pa.types.is_boolean(cells.type) or pa.types.is_temporal(cells.type):
            raise _unreadable(where)
        found[number] = cells.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return found


def _written_seconds(cells: pa.Array, clock: str, where: str) -> np.ndarray:
    """Return written times as seconds since 1970: of the place, or in UTC."""
    zone = "UTC" if clock == "utc" else None
    if pa.types.is_timestamp(cells.type) and (cells.type.tz is None) != (zone is None):
        raise ContractError(where, "times with another zone than declared", code="TIMESTAMP")
    try:
        moments = cells.cast(pa.timestamp("us", tz=zone), safe=False)
    except pa.ArrowInvalid:
        needed = "ISO 8601 with its zone" if zone else "ISO 8601 without a zone"
        raise ContractError(
            where, "times that cannot be read", needed=f"'{clock}' is {needed}", code="TIMESTAMP"
        ) from None
    whole = pc.fill_null(moments.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return np.where(moments.is_null().to_numpy(zero_copy_only=False), np.nan, whole * 1e-6)
