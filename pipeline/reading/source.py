"""What a COHORT argument is: which files hold which table, and how each is read as raw batches.

A raw batch is an Arrow table with ``source`` (file, relative), ``row`` (1-based record number), ``problem`` (a reason
code, or empty) and the file's own columns. Nothing is judged here but what makes a file unreadable as a whole.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from pipeline.errors import ContractError, IoFailed, MissingInput, UsageError
from pipeline.publish import digest_of
from pipeline.reading import columnar, delimited, mapped, phenopackets, samples
from pipeline.schema import TABLES
from pipeline.study import Mapping

RAW_KEYS = ("source", "row", "problem")
_PACKETS = (".json", ".jsonl")
_MARK = "cohort.json"
"""Says of a folder of tables that all in it is synthetic."""

READER_NOTES = "reader_notes"
"""A column that a reader may add to visits: what it could not carry over, as ``REASON column`` joined with ``|``."""


@dataclass(frozen=True)
class Options:
    """How a cohort is read.

    Attributes
    ----------
    mapping : Mapping, optional
        Reads a file of another layout.
    strict : bool
        Refuse columns that we don't know.
    unknown_as_missing : bool
        Read a category that is not in the vocabulary as not recorded.
    delimiter : str
        Between the fields of a CSV; never guessed.
    decimal : {".", ","}
        The decimal mark of numbers that are written as text; never guessed.
    as_of : str
        Last day on which anything can have been recorded, as ISO 8601 writes it. It is never today's: the same input
        would give another result tomorrow.
    outcome_columns : tuple of str
        Columns that a study wants of the outcomes, beside those of the schema.
    """

    mapping: Mapping | None = None
    strict: bool = False
    unknown_as_missing: bool = False
    delimiter: str = ","
    decimal: str = "."
    as_of: str = "2099-12-31"
    outcome_columns: tuple[str, ...] = ()


Batches = Callable[[], Iterator[pa.Table]]


@dataclass(frozen=True)
class Source:
    """Where a cohort comes from.

    Attributes
    ----------
    root : Path
        Folder that holds it; recordings are opened only below.
    files : dict
        Each file, relative to the root, with its SHA-256.
    visit_files : tuple of str
        Those of them that hold visits.
    tables : dict
        Our name of each table with functions that read its parts.
    synthetic : bool
        Whether the cohort is marked as synthetic.
    excluding : tuple of callable
        Count, for each file of a mapped cohort, the rows that are no visit records.
    """

    root: Path
    files: dict[str, str]
    visit_files: tuple[str, ...]
    tables: dict[str, tuple[Batches, ...]]
    synthetic: bool = False
    excluding: tuple[Callable[[], int], ...] = ()

    def batches(self, table: str) -> Iterator[pa.Table]:
        """Read a table, a batch at a time; nothing where the cohort has no such table."""
        for part in self.tables.get(table, ()):
            yield from part()

    def count_excluded(self) -> int:
        """Count the rows that are no visit records, as the ``where`` of a mapping says."""
        return sum(count() for count in self.excluding)

    def refuse_output(self, out: Path) -> None:
        """Refuse to write where the cohort itself lies, or to a folder that holds it."""
        place = out.resolve()
        files = [(self.root / name).resolve() for name in self.files]
        if any(place == file or place in file.parents for file in files):
            raise UsageError(
                "--out", "is where the cohort lies", needed="it would be replaced", do="Choose another --out"
            )

    def verify_unchanged(self) -> None:
        """Refuse to go on where a file has changed since it was first read."""
        for name, digest in self.files.items():
            if _digest(self.root / name) != digest:
                raise IoFailed(name, "changed while it was read", do="Run again when nothing writes to it")


def open_source(path: Path, options: Options) -> Source:
    """Find out what a path holds.

    Raises
    ------
    MissingInput
        If there is nothing at the path, or it may not be read.
    ContractError
        If it is nothing that we read.
    """
    status = _status(path)
    if stat.S_ISDIR(status.st_mode):
        return _open_folder(path, options)
    return _open_files(path.parent, {"visits": [path]}, options)


def _refuse_irregular(path: Path, status: os.stat_result) -> None:
    """Refuse a pipe, a device or a folder where a file was needed: opening one may wait for ever."""
    if not str(path).isprintable() and os.fsencode(path).decode("utf-8", errors="replace") != str(path):
        raise ContractError(ascii(str(path)), "its name is not UTF-8", do="Rename it", code="FORMAT")
    if not stat.S_ISREG(status.st_mode):
        raise ContractError(
            str(path), "is no regular file", do="Give a regular file, or - for standard input", code="FORMAT"
        )


@contextmanager
def spooled(path: Path) -> Iterator[Path]:
    """Give a cohort's path; for ``-``, that of a private copy of standard input, a CSV."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "standard-input.csv"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield copy


def _status(path: Path) -> os.stat_result:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise MissingInput(str(path), "no such file or folder", do="Check the path") from None
    except OSError as error:
        raise MissingInput(str(path), f"cannot be opened: {os.strerror(error.errno or 0)}") from None
    if not os.access(path, os.R_OK):
        raise MissingInput(str(path), "no permission to read it")
    return status


def _open_folder(folder: Path, options: Options) -> Source:
    parts = {table: _parts(folder, table) for table in TABLES}
    parts = {table: found for table, found in parts.items() if found}
    if "visits" not in parts:
        packets = sorted(path for path in folder.iterdir() if path.suffix in _PACKETS)
        if not packets:
            raise ContractError(
                str(folder),
                "holds neither visits.csv, visits.parquet nor phenopackets",
                do="Name the file, or give --mapping",
                code="NO_TABLE",
            )
        return _open_files(folder, {"visits": packets}, options)
    source = _open_files(folder, parts, options)
    return replace(source, synthetic=_marked_synthetic(folder))


def _parts(folder: Path, table: str) -> list[Path]:
    """Files of a table: ``visits.csv``, ``visits.parquet`` or the parts in ``visits/``."""
    found = [path for suffix in ("parquet", "csv") if (path := folder / f"{table}.{suffix}").is_file()]
    if (folder / table).is_dir():
        found += sorted(path for path in (folder / table).iterdir() if path.suffix in (".csv", ".parquet"))
    if len({path.parent for path in found}) > 1 or len([path for path in found if path.parent == folder]) > 1:
        raise ContractError(str(folder), f"table '{table}' stands there twice", do="Keep one of them", code="AMBIGUOUS")
    return found


def _marked_synthetic(folder: Path) -> bool:
    try:
        return json.loads((folder / _MARK).read_text(encoding="utf-8")).get("synthetic") is True
    except (OSError, ValueError, AttributeError):
        return False


def _open_files(root: Path, parts: dict[str, list[Path]], options: Options) -> Source:
    files: dict[str, str] = {}
    tables: dict[str, tuple[Batches, ...]] = {}
    for table, paths in parts.items():
        for path in paths:
            _refuse_irregular(path, _status(path))
            files[path.relative_to(root).as_posix()] = _digest(path)
        tables[table] = tuple(
            partial(_reader(path), path, path.relative_to(root).as_posix(), options) for path in paths
        )
    acted = [path for path in parts["visits"] if path.suffix in _PACKETS and phenopackets.holds_treatments(path)]
    if acted:
        tables["treatments"] = tuple(
            partial(phenopackets.read_treatments, path, path.relative_to(root).as_posix()) for path in acted
        )
    excluding: tuple[Callable[[], int], ...] = ()
    if options.mapping is not None:
        their = tables["visits"]
        excluding = tuple(partial(mapped.count_excluded, part, options.mapping.tables["visits"]) for part in their)
        tables = {
            table: tuple(partial(mapped.read, part, rule, options.decimal) for part in their)
            for table, rule in options.mapping.tables.items()
        }
    visit_files = tuple(path.relative_to(root).as_posix() for path in parts["visits"])
    files |= _signal_files(root, tables.get("recordings", ()))
    return Source(root, files, visit_files, tables, excluding=excluding)


def _signal_files(root: Path, parts: tuple[Batches, ...]) -> dict[str, str]:
    """Digests of the signal files that a table of recordings names and that are there, and of the cohort's mark."""
    named = {str(name) for part in parts for batch in part() if "file" in batch.column_names for name in _cells(batch)}
    there = {name: samples.resolve(root, name) for name in sorted(named)}
    mark = root / _MARK
    marked = {_MARK: _digest(mark)} if mark.is_file() and _marked_synthetic(root) else {}
    return marked | {name: _digest(path) for name, path in there.items() if path is not None and samples.is_there(path)}


def _cells(batch: pa.Table) -> list[object]:
    return batch.column("file").unique().to_pylist()


def _reader(path: Path) -> Callable[[Path, str, Options], Iterator[pa.Table]]:
    if path.stat().st_size == 0:
        needed = "one phenopacket at least is needed" if path.suffix in _PACKETS else "a header at least is needed"
        raise ContractError(path.name, "the file is empty", needed=needed, code="EMPTY_INPUT")
    if path.suffix == ".csv":
        return _read_csv
    if path.suffix == ".parquet":
        return _read_parquet
    if path.suffix in _PACKETS:
        return _read_phenopackets
    raise ContractError(
        path.name,
        f"unknown kind of file '{path.suffix}'",
        needed=".csv, .parquet, .json and .jsonl are read",
        do="Rename or convert it",
        code="FORMAT",
    )


def _read_csv(path: Path, name: str, options: Options) -> Iterator[pa.Table]:
    return delimited.read(path, name, options.delimiter)


def _read_parquet(path: Path, name: str, options: Options) -> Iterator[pa.Table]:
    del options  # a Parquet file declares its own layout
    return columnar.read(path, name)


def _read_phenopackets(path: Path, name: str, options: Options) -> Iterator[pa.Table]:
    del options  # phenopackets are a standard
    return phenopackets.read(path, name)


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError as error:
        raise IoFailed(path.name, f"reading failed: {os.strerror(error.errno or 0)}") from None
