"""The cut of a cohort into patient partitions: histories, joins and duplicates need the patient whole.

Where patients stand together, and in the same order in all tables, partitions are cut in place: P runs of patients,
with P from the number of visit rows alone. Else every row of every table goes to partition ``blake2b(patient_id) mod
P``, through files on the disk. The same input is always cut the same way.
"""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from pipeline import spill as spilled
from pipeline.patient_order import PatientOrder
from pipeline.reading.assemble import assemble, columns_of, refuse_layout, unknown_columns, wanted
from pipeline.reading.decimals import numbers_in_text, refuse_other_marks
from pipeline.reading.options import Options
from pipeline.reading.raw import RAW_KEYS, keyed
from pipeline.reading.source import Source
from pipeline.records import Cohort, in_order

VISITS_PER_PARTITION = 20_000
RECORDINGS_PER_PARTITION = 2_000
"""A partition is what a run that was cut off has to do again, so that one with recordings holds less visits."""
_IDS = ("patient_id",)

Batches = list[pa.Table]


@dataclass(frozen=True)
class Partition:
    """Whole patients, with all rows of theirs.

    Attributes
    ----------
    index, count : int
        Number of the partition, from 0, and how many there are.
    tables : dict
        Raw batches by table, in memory or in a spill file each.
    span : tuple of int, optional
        Only the visit rows from the first to before the second are taken, in the order of the raw batches.
    deadly : tuple of int
        Places of visit rows that are rejected unread, because reading or predicting them ends the process.
    """

    index: int
    count: int
    tables: dict[str, Batches | Path]
    span: tuple[int, int] | None = None
    deadly: tuple[int, ...] = ()

    def cohort(self, source: Source, options: Options) -> Cohort:
        """Check the partition's rows and put them together."""
        raw = {name: self.raw(name) for name in self.tables}
        if self.span is not None or self.deadly:
            raw["visits"] = list(_chosen(raw["visits"], self.span, self.deadly))
        return assemble(raw, source, options)

    def raw(self, table: str) -> Batches:
        """Return the raw batches of a table."""
        found = self.tables[table]
        return _gathered(found) if isinstance(found, Path) else found

    def stored(self, folder: Path) -> Partition:
        """Put what is in memory into files of an existing private folder, for a worker to read."""
        paths: dict[str, Batches | Path] = {}
        for name, found in self.tables.items():
            paths[name] = found if isinstance(found, Path) else folder / f"{name}-{self.index:05d}.arrow"
            if not isinstance(found, Path):
                for _ in spilled.kept(iter(found), folder / f"{name}-{self.index:05d}.arrow"):
                    pass
        return replace(self, tables=paths)


@dataclass(frozen=True)
class Overview:
    """What pass 1 found: visit rows by source, the columns of each table, how the patients stand, and the parts.

    A table's columns are those of all its parts. What is slow to parse was parsed once: its part reads the copy that
    pass 1 has made of it.
    """

    rows: dict[str, int]
    columns: dict[str, tuple[str, ...]]
    unknown_columns: tuple[str, ...]
    order: PatientOrder
    parts: dict[str, list[Iterator[pa.Table]]]

    @property
    def total(self) -> int:
        """Visit rows in all."""
        return sum(self.rows.values())

    def partitions(self, visits_per_partition: int = VISITS_PER_PARTITION) -> int:
        """How many partitions the cohort is cut into: it depends on the input alone."""
        recordings = self.order.rows("recordings")
        return max(1, -(-self.total // visits_per_partition), -(-recordings // RECORDINGS_PER_PARTITION))


def survey(source: Source, options: Options, spill: Path) -> Overview:
    """Read the ids once, count visits by source, see how patients stand, and check the layout of every table.

    Parameters
    ----------
    source : Source
    options : Options
    spill : Path
        An existing private folder, which has to stay until the partitions are read.

    Raises
    ------
    ContractError
        If a table lacks a required column, or a file can't be read.
    """
    rows = dict.fromkeys(source.visit_files, 0)
    columns: dict[str, dict[str, None]] = {table: {} for table in source.tables}
    unknown: dict[str, None] = {}
    order = PatientOrder()
    parts: dict[str, list[Iterator[pa.Table]]] = {}
    for table, readers in source.tables.items():
        wants = wanted(table, options)
        parts[table] = []
        for number, part in enumerate(readers):
            if part.quick:
                first, again = next(part.read(wants)), part.read(wants)
                seen = part.read(replace(wants, only=(*_IDS, *numbers_in_text(first, columns_of(table, options)))))
            else:
                copy = spill / f"{table}-part-{number:05d}.arrow"
                seen, again = spilled.kept(part.read(wants), copy), spilled.read(copy)
                first = next(seen)
                seen = chain([first], seen)
            refuse_layout(table, first, part.name, options)
            columns[table] |= dict.fromkeys(first.column_names)
            unknown |= dict.fromkeys(f"{table}.{name}" for name in unknown_columns(table, first, options))
            judged = False
            for batch in seen:
                if batch.num_rows and not judged:
                    refuse_other_marks(batch, columns_of(table, options), options)
                    judged = True
                columns[table] |= dict.fromkeys(batch.column_names)
                order.add(table, _ids(batch))
                if table == "visits":
                    for name, count in _counted(batch.column("source")):
                        rows[name] += count
            parts[table].append(again)
    return Overview(rows, {table: tuple(names) for table, names in columns.items()}, tuple(unknown), order, parts)


def _counted(cells: pa.ChunkedArray) -> Iterator[tuple[str, int]]:
    for found in pc.value_counts(cells).to_pylist():  # pyright: ignore[reportAttributeAccessIssue]
        yield found["values"], found["counts"]


def partitions(
    overview: Overview, spill: Path, *, visits_per_partition: int = VISITS_PER_PARTITION
) -> Iterator[Partition]:
    """Cut a cohort into partitions, once.

    Parameters
    ----------
    overview : Overview
        From `survey`.
    spill : Path
        An existing private folder; used only where there is more than one partition, and patients do not stand
        together.
    visits_per_partition : int
        About how many visits a partition holds.

    Yields
    ------
    Partition
    """
    count = overview.partitions(visits_per_partition)
    batches = {name: chain.from_iterable(parts) for name, parts in overview.parts.items()}
    ends = overview.order.cut(count)
    overview.order.forget()  # it grows with the cohort, and the memory is needed from here on
    if ends is not None:
        cuts = {name: _cut(batches[name], ends.get(name, [])) for name in batches}
        for index in range(count):
            yield Partition(index, count, {name: _with_all(overview.columns[name], next(cuts[name])) for name in cuts})
        return
    paths = {name: _scattered(batches[name], name, spill, count) for name in batches}
    for index in range(count):
        yield Partition(index, count, {name: paths[name][index] for name in paths})


def read_whole(
    source: Source, options: Options, spill: Path, *, map: Callable[..., Iterable[Any]] = builtins.map
) -> Cohort:
    """Read a cohort into memory as one, for training.

    Parameters
    ----------
    source : Source
    options : Options
    spill : Path
        An existing private folder.
    map : callable
        Runs one function over many partitions, as the built-in does.
    """
    parts = partitions(survey(source, options, spill), spill)
    if map is not builtins.map:
        parts = (part.stored(spill) for part in parts)
    cohorts: list[Cohort] = []
    for cohort, unreadable in map(partial(_assembled, source=source.for_workers(), options=options), parts):
        source.count_all_unreadable(unreadable)
        cohorts.append(cohort)
    if len(cohorts) == 1:
        return cohorts[0]
    tables = ("visits", "treatments", "outcomes", "rejects", "notes")
    joined = {name: pd.concat([getattr(cohort, name) for cohort in cohorts], ignore_index=True) for name in tables}
    for name in ("visits", "rejects", "notes"):
        joined[name] = in_order(joined[name])
    recordings = tuple(recording for cohort in cohorts for recording in cohort.recordings)
    return Cohort(**joined, recordings=recordings, synthetic=source.synthetic)


def _assembled(part: Partition, source: Source, options: Options) -> tuple[Cohort, frozenset[str]]:
    return part.cohort(source, options), frozenset(source.unreadable)


def _cut(batches: Iterator[pa.Table], ends: Sequence[int]) -> Iterator[Batches]:
    """Give the rows up to each end, and the last cut all that are left; each cut has a batch, if an empty one."""
    held, first = next(batches), 0
    for end in ends:
        taken = [held.slice(0, max(end - first, 0))]
        while first + held.num_rows < end:
            first += held.num_rows
            held = next(batches)
            taken.append(held.slice(0, end - first))
        held, first = held.slice(max(end - first, 0)), max(end, first)
        yield taken
    yield [held, *batches]


def _with_all(columns: Sequence[str], batches: Batches) -> Batches:
    """Add a batch without rows that names the columns of parts that lie in other partitions: no reader may miss one."""
    if set(columns) <= {name for batch in batches for name in batch.column_names}:
        return batches
    cells = {name: pa.nulls(0, pa.string()) for name in columns if name not in RAW_KEYS}
    return [*batches, keyed(cells, "", np.zeros(0, dtype=np.int64))]


def _scattered(batches: Iterator[pa.Table], name: str, folder: Path, count: int) -> list[Path]:
    """Write each row of a table to its partition's file."""
    paths = [folder / f"{name}-{index:05d}.arrow" for index in range(count)]
    with ExitStack() as opened:
        files = [opened.enter_context(spilled.create(path)) for path in paths]
        for schema, group in spilled.layouts(batches):
            with ExitStack() as streams:
                writers = [streams.enter_context(pa.ipc.new_stream(file, schema)) for file in files]
                for batch in group:
                    home = _home(batch, count)
                    order = np.argsort(home, kind="stable")
                    ends = np.searchsorted(home[order], np.arange(count + 1))
                    rows = batch.take(pa.array(order))
                    for index in np.unique(home).tolist():
                        writers[index].write_table(rows.slice(ends[index], ends[index + 1] - ends[index]))
    return paths


def _gathered(path: Path) -> Batches:
    """Read a partition's file, with its many small batches put together."""
    groups = [list(group) for _, group in spilled.layouts(spilled.read(path))]
    return [pa.concat_tables(group).unify_dictionaries().combine_chunks() for group in groups]


def _chosen(batches: Batches, span: tuple[int, int] | None, deadly: Sequence[int]) -> Iterator[pa.Table]:
    """Give the rows of a span, with a problem put to those that are deadly; each batch stays, if an empty one."""
    before = 0
    for batch in batches:
        first, last = span or (before, before + batch.num_rows)
        problems = batch.column("problem").to_pylist()
        for at in deadly:
            if before <= at < before + batch.num_rows:
                problems[at - before] = "WORKER_DIED"
        place = batch.schema.get_field_index("problem")
        told = batch.set_column(place, "problem", pa.array(problems, pa.string()))
        start = min(max(first - before, 0), batch.num_rows)
        yield told.slice(start, max(min(last - before, batch.num_rows) - start, 0))
        before += batch.num_rows


def _ids(batch: pa.Table) -> pa.Array:
    if "patient_id" not in batch.column_names:
        return pa.repeat("", batch.num_rows)
    return batch.column("patient_id").cast(pa.string()).fill_null("").combine_chunks()


def _home(batch: pa.Table, count: int) -> np.ndarray:
    """Partition of each row: by patient, or by place for a row without one."""
    ids = _ids(batch).to_numpy(zero_copy_only=False)
    codes, distinct = pd.factorize(ids)
    homes = np.array([_hash(str(key)) % count for key in distinct], dtype=np.int64)
    home = homes[codes] if len(codes) else np.zeros(0, dtype=np.int64)
    for row in np.flatnonzero(ids == "").tolist():
        place = f"{batch.column('source')[row].as_py()}:{batch.column('row')[row].as_py()}"
        home[row] = _hash(place) % count
    return home


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
