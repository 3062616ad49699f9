"""What a command keeps on the disk while it runs: a private folder, and raw batches between two passes in it."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

from pipeline.errors import IoFailed

_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def folder() -> Iterator[Path]:
    """Give a new folder for the owner only in the temporary folder (TMPDIR), which goes with all that is in it.

    Raises
    ------
    IoFailed
        If there is no room for what is put there.
    """
    with tempfile.TemporaryDirectory() as name:
        try:
            yield Path(name)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise IoFailed(
                f"the temporary folder {Path(name).parent}",
                "is full",
                needed="copies of the tables are kept there while they are read",
                do="Make room, or set TMPDIR to a folder on a larger disk",
            ) from None


def create(path: Path) -> pa.OSFile:
    """Open a new private file for writing."""
    path.touch(mode=0o600, exist_ok=False)
    return pa.OSFile(str(path), "wb")


def layouts(batches: Iterator[pa.Table]) -> Iterator[tuple[pa.Schema, Iterator[pa.Table]]]:
    """Group successive batches of the same columns: a file has one stream for each group."""
    return groupby(batches, key=lambda batch: batch.schema)


def kept(batches: Iterator[pa.Table], path: Path) -> Iterator[pa.Table]:
    """Hand batches on, and write each to a new file as it goes by."""
    with create(path) as file:
        for schema, group in layouts(batches):
            with pa.ipc.new_stream(file, schema) as stream:
                for batch in group:
                    stream.write_table(batch)
                    yield batch


def read(path: Path) -> Iterator[pa.Table]:
    """Read the batches of a file in their order; of a stream without any, an empty one that names the columns."""
    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                empty = True
                for batch in stream:
                    empty = False
                    yield pa.Table.from_batches([batch])
                if empty:
                    yield stream.schema.empty_table()
