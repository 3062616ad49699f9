"""Raw batches: what a reader gives before anything is judged, and what makes a file unreadable as a whole.

A raw batch is an Arrow table with ``source`` (file, relative), ``row`` (1-based record number), ``problem`` (a reason
code, or empty) and the file's own columns. Text may come dictionary-encoded, so that each distinct cell is judged once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.errors import ContractError

RAW_KEYS = ("source", "row", "problem")

READER_NOTES = "reader_notes"
"""A column that a reader may add to visits: what it could not carry over, as ``REASON column`` joined with ``|``."""

MOST_COLUMNS = 5_000
MOST_CELL_BYTES = 1 << 20
"""A larger cell is no cell of a form; a record of a CSV is held to the same size."""


@dataclass(frozen=True)
class Wanted:
    """What of a file its reader is asked for.

    Attributes
    ----------
    only : tuple of str
        Columns that are enough; a reader may give more, and its first batch names all. Empty: all.
    encoded : frozenset of str
        Columns to give dictionary-encoded where the reader can.
    judged : frozenset of str, optional
        Columns whose type has to be one of a cell; others may be anything. None: all.
    """

    only: tuple[str, ...] = ()
    encoded: frozenset[str] = frozenset()
    judged: frozenset[str] | None = None

    def judges(self, column: str) -> bool:
        """Whether the type of a column matters."""
        return self.judged is None or column in self.judged


EVERYTHING = Wanted()
THEIRS = Wanted(judged=frozenset())
"""All columns of another layout, of which a mapping takes what it needs."""


def keyed(
    columns: Mapping[str, pa.Array | pa.ChunkedArray], name: str, rows: np.ndarray, problem: pa.Array | None = None
) -> pa.Table:
    """Put the keys of a raw batch before a file's columns; without problems where none are given."""
    keys = {
        "source": pa.repeat(name, len(rows)),
        "row": pa.array(rows, pa.int64()),
        "problem": pa.repeat("", len(rows)) if problem is None else problem,
    }
    return pa.table({**keys, **columns})


def refuse_names(names: Sequence[str], where: str) -> None:
    """Refuse a file with more columns than a form has, or with a column of a name that is ours."""
    if len(names) > MOST_COLUMNS:
        raise ContractError(
            where, f"{len(names)} columns", needed=f"at most {MOST_COLUMNS} are read", code="TOO_MANY_COLUMNS"
        )
    reserved = sorted({*RAW_KEYS, READER_NOTES} & set(names))
    if reserved:
        raise ContractError(where, f"column '{reserved[0]}' is a name of ours", do="Rename it", code="RESERVED_COLUMN")


def cell_too_large(where: str) -> ContractError:
    """Say that a cell is larger than any of a form."""
    return ContractError(
        where,
        f"a cell of more than {MOST_CELL_BYTES} bytes",
        needed="each is a value of a form",
        do="Look for a quote that is closed late, or leave the column out",
        code="CELL_TOO_LARGE",
    )
