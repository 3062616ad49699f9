"""What a COHORT argument is: which files hold which table, and how each is read as raw batches."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path

import pyarrow as pa

from pipeline import spill
from pipeline.errors import ContractError, IoFailed, MissingInput, UsageError
from pipeline.publish import digest_of
from pipeline.reading import columnar, delimited, mapped, phenopackets
from pipeline.reading.below import resolve
from pipeline.reading.options import Options
from pipeline.reading.raw import EVERYTHING, THEIRS, Wanted
from pipeline.reading.recordings import DESCRIBES, Key, named_files, shared_samples
from pipeline.schema import TABLES

_PACKETS = (".json", ".jsonl")
_NO_DIGEST = "unreadable"

_MARK = "cohort.json"
"""Says of a folder of tables that all in it is synthetic."""


@dataclass(frozen=True)
class Part:
    """A file's rows of a table.

    Attributes
    ----------
    name : str
        What the file is called in tables and messages.
    read : callable
        Gives them a batch at a time, one batch at least.
    quick : bool
        Whether reading some columns costs little beside reading all, so that the file may be read more than once.
    """

    name: str
    read: Callable[[Wanted], Iterator[pa.Table]]
    quick: bool = False


@dataclass(frozen=True)
class Source:
    """Where a cohort comes from.

    Attributes
    ----------
    root : Path
        Folder that holds it; recordings are opened only below.
    states : dict
        Each file that was looked at, relative to the root, with what tells whether it changed since.
    visit_files : tuple of str
        Those of them that hold visits.
    tables : dict
        Our name of each table with functions that read its parts.
    synthetic : bool
        Whether the cohort is marked as synthetic.
    excluding : tuple of callable
        Count, for each file of a mapped cohort, the rows that are no visit records.
    max_io_errors : int
        How many signal files the system may fail to read.
    unreadable : set of str
        Those that it did fail to read.
    """

    root: Path
    states: dict[str, tuple[int, ...]]
    visit_files: tuple[str, ...]
    tables: dict[str, tuple[Part, ...]]
    synthetic: bool = False
    excluding: tuple[Callable[[], int], ...] = ()
    max_io_errors: int = Options.max_io_errors
    unreadable: set[str] = field(default_factory=set)

    @cached_property
    def files(self) -> dict[str, str]:
        """SHA-256 of each file: of the tables, of the signals that they name, and of the cohort's mark.

        A signal file that the system does not let us read has none.
        """
        signals = named_files(self.batches("recordings", Wanted(only=("file",))), self.root)
        for name in signals:
            self.states.setdefault(name, _state(self.root / name))
        if self.synthetic:
            self.states.setdefault(_MARK, _state(self.root / _MARK))
        found: dict[str, str] = {}
        for name in self.states:
            try:
                found[name] = _digest(self.root / name)
            except IoFailed:
                if name not in signals:
                    raise
                self.count_unreadable(name)
                found[name] = _NO_DIGEST
        return found

    @property
    def digest(self) -> str:
        """One digest of all files, by which a cohort can be told from another; it gives nothing of them away."""
        return hashlib.sha256(
            "".join(f"{name}:{self.files[name]};" for name in sorted(self.files)).encode()
        ).hexdigest()

    @cached_property
    def shared_samples(self) -> frozenset[Key]:
        """Keys of the recordings that name samples which another one names too."""
        return shared_samples(self.batches("recordings", Wanted(only=DESCRIBES)), self.root)

    def for_workers(self) -> Source:
        """Return what another process needs to put partitions together; the folder is a full path."""
        light = replace(self, root=self.root.resolve(), states={}, tables={}, excluding=())
        vars(light)["shared_samples"] = self.shared_samples  # found once, here
        return light

    def count_unreadable(self, name: str) -> None:
        """Remember that a signal file could not be read.

        Raises
        ------
        IoFailed
            If these are more than are allowed: then it is the disk, not the file.
        """
        self.unreadable.add(name)
        if len(self.unreadable) > self.max_io_errors:
            raise IoFailed(
                "recordings",
                f"{len(self.unreadable)} signal files could not be read",
                needed=f"--max-io-errors allows {self.max_io_errors}",
                do="Check the disk and the permissions",
                code="IO_ERROR",
            )

    def count_all_unreadable(self, names: Iterable[str]) -> None:
        """Remember signal files that a worker could not read, as `count_unreadable` does those that we could not."""
        for name in sorted(set(names) - self.unreadable):
            self.count_unreadable(name)

    def batches(self, table: str, wanted: Wanted = EVERYTHING) -> Iterator[pa.Table]:
        """Read a table, a batch at a time; nothing where the cohort has no such table."""
        for part in self.tables.get(table, ()):
            yield from part.read(wanted)

    def count_excluded(self) -> int:
        """Count the rows that are no visit records, as the ``where`` of a mapping says."""
        return sum(count() for count in self.excluding)

    def refuse_output(self, out: Path) -> None:
        """Refuse to write where the cohort itself lies, or to a folder that holds it."""
        place = out.resolve()
        files = [(self.root / name).resolve() for name in self.states]
        if any(place == file or place in file.parents for file in files):
            raise UsageError(
                "--out", "is where the cohort lies", needed="it would be replaced", do="Choose another --out"
            )

    def verify_unchanged(self) -> None:
        """Refuse to go on where a file has changed since it was first read."""
        for name, state in self.states.items():
            if _state(self.root / name) != state:
                raise IoFailed(name, "changed while it was read", do="Run again when nothing writes to it")


def open_source(path: Path, options: Options, *, outcomes: bool = True) -> Source:
    """Find out what a path holds.

    Parameters
    ----------
    path : Path
    options : Options
    outcomes : bool
        Whether what became of the patients is read too: what speaks of the future is no input of a prediction.

    Raises
    ------
    MissingInput
        If there is nothing at the path, or it may not be read.
    ContractError
        If it is nothing that we read.
    """
    wanted = [table for table in TABLES if outcomes or table != "outcomes"]
    if stat.S_ISDIR(_status(path).st_mode):
        source = _open_folder(path, options, wanted)
    else:
        source = _open_files(path.parent, {"visits": [path]}, options)
    # one file may hold several, by its mapping
    return replace(source, tables={table: parts for table, parts in source.tables.items() if table in wanted})


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
    with spill.folder() as folder:
        copy = folder / "standard-input.csv"
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


def _refuse_links_out(folder: Path, path: Path) -> None:
    """Refuse a link to a file that nobody has put into the folder: a supplier may have named any that we can read."""
    if resolve(folder, path.relative_to(folder).as_posix()) is None:
        raise ContractError(
            path.relative_to(folder).as_posix(),
            "is a link that leads out of the cohort's folder",
            do="Put the file there, or a link to the whole folder",
            code="PATH_ESCAPE",
        )


def _open_folder(folder: Path, options: Options, tables: Iterable[str]) -> Source:
    parts = {table: _parts(folder, table) for table in tables}
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
        parts = {"visits": packets}
    for path in chain.from_iterable(parts.values()):
        _refuse_links_out(folder, path)
    source = _open_files(folder, parts, options)
    return replace(source, synthetic=parts["visits"][0].suffix not in _PACKETS and _marked_synthetic(folder))


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
    states: dict[str, tuple[int, ...]] = {}
    tables: dict[str, tuple[Part, ...]] = {}
    for table, paths in parts.items():
        for path in paths:
            _refuse_irregular(path, _status(path))
            states[path.relative_to(root).as_posix()] = _state(path)
        tables[table] = tuple(_reader(path, path.relative_to(root).as_posix(), options) for path in paths)
    acted = [path for path in parts["visits"] if path.suffix in _PACKETS and phenopackets.holds_treatments(path)]
    if acted:
        tables["treatments"] = tuple(
            _whole(name, partial(phenopackets.read_treatments, path, name))
            for path, name in ((path, path.relative_to(root).as_posix()) for path in acted)
        )
    excluding: tuple[Callable[[], int], ...] = ()
    if options.mapping is not None:
        their = tables["visits"]
        excluding = tuple(
            partial(mapped.count_excluded, partial(part.read, THEIRS), options.mapping.tables["visits"])
            for part in their
        )
        tables = {
            table: tuple(
                _whole(part.name, partial(mapped.read, partial(part.read, THEIRS), rule, options.decimal))
                for part in their
            )
            for table, rule in options.mapping.tables.items()
        }
    visit_files = tuple(path.relative_to(root).as_posix() for path in parts["visits"])
    return Source(root, states, visit_files, tables, excluding=excluding, max_io_errors=options.max_io_errors)


def _reader(path: Path, name: str, options: Options) -> Part:
    if path.stat().st_size == 0:
        needed = "one phenopacket at least is needed" if path.suffix in _PACKETS else "a header at least is needed"
        raise ContractError(path.name, "the file is empty", needed=needed, code="EMPTY_INPUT")
    if path.suffix == ".csv":
        return Part(name, partial(delimited.read, path, name, options.delimiter))
    if path.suffix == ".parquet":
        return Part(name, partial(columnar.read, path, name), quick=True)
    if path.suffix in _PACKETS:
        return _whole(name, partial(phenopackets.read, path, name))
    raise ContractError(
        path.name,
        f"unknown kind of file '{path.suffix}'",
        needed=".csv, .parquet, .json and .jsonl are read",
        do="Rename or convert it",
        code="FORMAT",
    )


def _whole(name: str, read: Callable[[], Iterator[pa.Table]]) -> Part:
    """Make a part of a reader that always gives all columns, as text."""
    return Part(name, partial(_read_all, read))


def _read_all(read: Callable[[], Iterator[pa.Table]], wanted: Wanted) -> Iterator[pa.Table]:
    del wanted  # all that there is
    return read()


def _state(path: Path) -> tuple[int, ...]:
    """Return what tells whether a file was written or replaced; nothing where it is gone."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError as error:
        raise IoFailed(path.name, f"reading failed: {os.strerror(error.errno or 0)}") from None
