"""The cut of a cohort into patient partitions: histories, joins and duplicates need the patient whole.

Files are not sorted by patient. Every row of every table goes to partition ``blake2b(patient_id) mod P``, with P from
the number of visit rows alone, so that the same input is always cut the same way.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc

from pipeline.reading.assemble import assemble, columns_of, refuse_layout, unknown_columns
from pipeline.reading.decimals import OtherMarks
from pipeline.reading.source import Options, Source
from pipeline.records import Cohort

VISITS_PER_PARTITION = 50_000


@dataclass(frozen=True)
class Partition:
    """Whole patients, with all rows of theirs.

    Attributes
    ----------
    index, count : int
        Number of the partition, from 0, and how many there are.
    tables : dict
        Raw rows by table, in memory or in a spill file each.
    """

    index: int
    count: int
    tables: dict[str, pa.Table | Path]

    def cohort(self, source: Source, options: Options) -> Cohort:
        """Check the partition's rows and put them together."""
        raw = {name: _load(table) for name, table in self.tables.items()}
        return assemble(raw, source, options)


@dataclass(frozen=True)
class Overview:
    """What pass 1 found: visit rows by source, and the columns that are not ours."""

    rows: dict[str, int]
    unknown_columns: tuple[str, ...]

    @property
    def total(self) -> int:
        """Visit rows in all."""
        return sum(self.rows.values())


def survey(source: Source, options: Options) -> Overview:
    """Read the visits once, count them by source and check the layout of every table.

    Raises
    ------
    ContractError
        If a table lacks a required column, or a file can't be read.
    """
    rows = dict.fromkeys(source.visit_files, 0)
    unknown: dict[str, None] = {}
    marks = OtherMarks(options.decimal, mapped=options.mapping is not None)
    for table in source.tables:
        for batch in source.batches(table):
            refuse_layout(table, batch, options)
            unknown |= dict.fromkeys(f"{table}.{name}" for name in unknown_columns(table, batch, options))
            marks.count(table, columns_of(table, options), batch)
            if table == "visits":
                for name, count in Counter(batch.column("source").to_pylist()).items():
                    rows[name] += count
    marks.refuse()
    return Overview(rows, tuple(unknown))


def partitions(
    source: Source, overview: Overview, spill: Path, *, visits_per_partition: int = VISITS_PER_PARTITION
) -> Iterator[Partition]:
    """Cut a cohort into partitions.

    Parameters
    ----------
    source : Source
    overview : Overview
        From `survey`.
    spill : Path
        An existing private folder; used only where there is more than one partition.
    visits_per_partition : int
        About how many visits a partition holds.

    Yields
    ------
    Partition
    """
    count = max(1, -(-overview.total // visits_per_partition))
    if count == 1:
        yield Partition(0, 1, {name: _whole(source, name) for name in source.tables})
        return
    paths = {name: _spill(source, name, spill, count) for name in source.tables}
    for index in range(count):
        yield Partition(index, count, {name: paths[name][index] for name in paths})


def read_whole(source: Source, overview: Overview, spill: Path, options: Options) -> Cohort:
    """Read a cohort into memory as one, for training."""
    cohorts = [part.cohort(source, options) for part in partitions(source, overview, spill)]
    if len(cohorts) == 1:
        return cohorts[0]
    tables = ("visits", "treatments", "outcomes", "rejects", "notes")
    joined = {name: pd.concat([getattr(cohort, name) for cohort in cohorts], ignore_index=True) for name in tables}
    for name in ("visits", "rejects", "notes"):
        joined[name] = joined[name].sort_values(["source", "row"], kind="stable", ignore_index=True)
    recordings = tuple(recording for cohort in cohorts for recording in cohort.recordings)
    return Cohort(**joined, recordings=recordings, synthetic=source.synthetic)


def _whole(source: Source, name: str) -> pa.Table:
    batches = list(source.batches(name))
    schema = _common([batch.schema for batch in batches])
    return pa.concat_tables([_fitted(batch, schema) for batch in batches])


def _load(table: pa.Table | Path) -> pa.Table:
    if isinstance(table, pa.Table):
        return table
    with pa.OSFile(str(table)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def _spill(source: Source, name: str, folder: Path, count: int) -> list[Path]:
    """Write each row of a table to its partition's Arrow file."""
    paths = [folder / f"{name}-{index:05d}.arrow" for index in range(count)]
    schema = _common([batch.schema for batch in source.batches(name)])
    with ExitStack() as files:
        writers = [files.enter_context(pa.ipc.new_file(_private(path), schema)) for path in paths]
        for batch in source.batches(name):
            home = _home(batch, count)
            for index in np.unique(home).tolist():
                writers[index].write_table(_fitted(batch.filter(pa.array(home == index)), schema))
    return paths


def _private(path: Path) -> str:
    path.touch(mode=0o600)
    return str(path)


def _common(schemas: list[pa.Schema]) -> pa.Schema:
    """Return one schema for all parts of a table; text where a column is text in one part and a number in another."""
    schema = schemas[0]
    for other in schemas[1:]:
        try:
            schema = pa.unify_schemas([schema, other], promote_options="permissive")
        except pa.ArrowException:
            torn = {name for name in set(schema.names) & set(other.names) if not _go_together(schema, other, name)}
            schema = pa.unify_schemas([_texted(schema, torn), _texted(other, torn)], promote_options="permissive")
    return schema


def _go_together(one: pa.Schema, other: pa.Schema, name: str) -> bool:
    try:
        pa.unify_schemas([pa.schema([one.field(name)]), pa.schema([other.field(name)])], promote_options="permissive")
    except pa.ArrowException:
        return False
    return True


def _texted(schema: pa.Schema, names: set[str]) -> pa.Schema:
    return pa.schema([field.with_type(pa.string()) if field.name in names else field for field in schema])


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    if table.schema.equals(schema):
        return table
    there = set(table.column_names)
    columns = [
        _cast(table.column(field.name), field.type) if field.name in there else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _cast(cells: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_floating(cells.type) and pa.types.is_string(kind):
        # as text, a missing number is an empty cell and no "nan"
        cells = pc.if_else(pc.is_nan(cells), None, cells)  # pyright: ignore[reportAttributeAccessIssue]
    return cells.cast(kind)


def _home(batch: pa.Table, count: int) -> np.ndarray:
    """Partition of each row: by patient, or by place for a row without one."""
    if "patient_id" in batch.column_names:
        ids = batch.column("patient_id").cast(pa.string()).fill_null("").to_numpy()
    else:
        ids = np.full(batch.num_rows, "", dtype=object)
    places = pc.binary_join_element_wise(  # pyright: ignore[reportAttributeAccessIssue]
        batch.column("source"), batch.column("row").cast(pa.string()), ":"
    ).to_numpy()
    keys = np.where(ids == "", places, ids)
    codes, distinct = pd.factorize(keys)
    homes = np.array([_hash(str(key)) % count for key in distinct], dtype=np.int64)
    return homes[codes] if len(codes) else np.zeros(0, dtype=np.int64)


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
