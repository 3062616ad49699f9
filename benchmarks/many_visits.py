"""A cohort of any size, at once: a few thousand synthetic patients, again and again under other ids."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from pipeline.config import load_recipe
from pipeline.generate import generate

_PATIENTS = 4_000
_ROWS = 100_000
"""Of a row group."""
_TABLES = ("visits", "treatments", "outcomes")


def write_many(folder: Path, form: str, visits: int, columns: int = 0) -> None:
    """Write the tables of about so many visits, patient by patient, to a new folder.

    Parameters
    ----------
    folder : Path
    form : {"parquet", "csv"}
    visits : int
    columns : int
        Of the visits at least, filled up with a clinic's own, which no table of ours has: numbers, counts and codes.
    """
    folder.mkdir()
    with tempfile.TemporaryDirectory() as root:
        few = Path(root) / "few"
        generate(few, load_recipe("demo"), patients=_PATIENTS, seed=1)
        shutil.copy(few / "cohort.json", folder)
        tables = {name: pa.concat_tables(map(papq.read_table, _parts(few, name))) for name in _TABLES}
    tables["visits"] = _with_others(tables["visits"], columns)
    times = max(1, round(visits / tables["visits"].num_rows))
    for name, table in tables.items():
        _repeat(table, times, folder / f"{name}.{form}", form)


def _with_others(table: pa.Table, columns: int) -> pa.Table:
    stream = np.random.default_rng(2)
    for number in range(columns - table.num_columns):
        kind, name = number % 4, f"clinic_{number:03d}"
        if kind == 2:
            cells = pa.array(stream.integers(0, 100, table.num_rows))
        elif kind == 3:
            cells = pa.array(np.array([f"code {code}" for code in range(12)])[stream.integers(0, 12, table.num_rows)])
        else:
            cells = pa.array(stream.normal(size=table.num_rows).round(2), mask=stream.random(table.num_rows) < 0.2)
        table = table.append_column(name, cells)
    return table


def _parts(folder: Path, name: str) -> list[Path]:
    return sorted((folder / name).glob("*.parquet")) or [folder / f"{name}.parquet"]


def _repeat(table: pa.Table, times: int, path: Path, form: str) -> None:
    texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
    place = table.schema.get_field_index("patient_id")
    with ExitStack() as opened:
        if form == "csv":
            writer = opened.enter_context(
                pacsv.CSVWriter(path, table.schema, write_options=pacsv.WriteOptions(quoting_style="needed"))
            )
        else:
            writer = opened.enter_context(
                papq.ParquetWriter(path, table.schema, use_dictionary=texts, write_page_checksum=True)
            )
        held: list[pa.Table] = []
        for number in range(times):
            ids = pc.binary_join_element_wise(f"{number:04d}-", table.column("patient_id"), "")
            held.append(table.set_column(place, "patient_id", ids))
            if number == times - 1 or sum(each.num_rows for each in held) >= _ROWS:
                writer.write_table(pa.concat_tables(held))
                held = []
