"""Arrays of an npz file, read block by block; what would need pickle is refused."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO, BinaryIO

import numpy as np
from numpy.lib import format as npy

from pipeline.errors import ContractError
from pipeline.reading.signal_layout import SignalLayout

_ROWS = 16_384
_MOST_CHANNELS = 1_024
_VERSIONS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


@dataclass
class _Channels:
    """An array as it is read: one stream, or one a channel where the file has them one after the other."""

    streams: list[IO[bytes]]
    kind: np.dtype
    channels: int

    def block(self, rows: int) -> np.ndarray:
        """Read the next rows, shape (channels, rows)."""
        width = self.channels // len(self.streams)
        found = [_exactly(stream, rows * width * self.kind.itemsize) for stream in self.streams]
        return np.concatenate([np.frombuffer(part, self.kind).reshape(rows, width).T for part in found]).astype(float)


def arrays(file: BinaryIO, layout: SignalLayout, where: str) -> Iterator[np.ndarray]:
    """Read the arrays that a layout names: one channel each, or samples by channels.

    Yields
    ------
    ndarray, shape (columns, rows)

    Raises
    ------
    ContractError
        If an array is not there, holds no numbers, or has another length than the others.
    """
    with zipfile.ZipFile(file) as archive, ExitStack() as opened:
        found, rows = [], set()
        for name in layout.wanted:
            array, count = _open(archive, name, opened, where)
            found.append(array)
            rows.add(count)
        if len(rows) != 1 or (layout.clock != "none" and found[0].channels != 1):
            raise ContractError(where, "arrays of different lengths", code="CHANNEL")
        layout.named(sum(each.channels for each in found) - (layout.clock != "none"))
        total = rows.pop()
        for start in range(0, total, _ROWS):
            count = min(_ROWS, total - start)
            yield np.concatenate([each.block(count) for each in found])


def _open(archive: zipfile.ZipFile, name: str, opened: ExitStack, where: str) -> tuple[_Channels, int]:
    members = [each for each in archive.infolist() if each.filename == f"{name}.npy"]
    if len(members) != 1:
        raise ContractError(
            where, "lacks an array that is declared, or has it twice", do="Give 'columns'", code="CHANNEL"
        )
    stream = opened.enter_context(archive.open(members[0]))
    version = npy.read_magic(stream)
    if version not in _VERSIONS:
        raise ValueError("another version of npy")
    try:
        with warnings.catch_warnings(action="ignore"):  # of a type by a name that numpy gives up
            shape, by_column, kind = _VERSIONS[version](stream)
    except (TokenError, SyntaxError):  # numpy reads the header of old files as text of Python
        raise ValueError("a header that is none") from None
    if kind.kind not in "fiu" or not 1 <= len(shape) <= 2:
        raise ContractError(where, "an array that holds no samples of numbers", code="BAD_RECORDING")
    channels = shape[1] if len(shape) == 2 else 1
    head = stream.tell()
    if not 0 < channels <= _MOST_CHANNELS or members[0].file_size != head + shape[0] * channels * kind.itemsize:
        raise ContractError(where, "an array of another size than it says", code="BAD_RECORDING")
    streams = [stream]
    if by_column and channels > 1:
        length = shape[0] * kind.itemsize
        streams = [_from(archive, members[0], head + each * length, opened) for each in range(channels)]
    return _Channels(streams, kind, channels), shape[0]


def _from(archive: zipfile.ZipFile, member: zipfile.ZipInfo, start: int, opened: ExitStack) -> IO[bytes]:
    stream = opened.enter_context(archive.open(member))
    stream.seek(start)
    return stream


def _exactly(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size)
    if len(found) != size:
        raise EOFError
    return found
