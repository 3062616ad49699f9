"""A cohort as a folder of tables that our reader takes back as they were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.records import Cohort, Column, Kind
from pipeline.schema import TABLES
from pipeline.writing import Format, create_private, write_table


def write_tables(
    cohort: Cohort,
    folder: Path,
    format: Format,
    *,
    about: Mapping[str, object] | None = None,
    csv_safe: bool = False,
) -> None:
    """Write visits, treatments and outcomes into a folder that is there.

    Flags are written as yes and no, what is missing as an empty cell. A table without columns is left out. No file is
    overwritten, and all are for the owner only. What can't be written, `not_carried` names.

    Parameters
    ----------
    cohort : Cohort
    folder : Path
    format : {"parquet", "csv"}
    about : mapping, optional
        Goes into ``cohort.json``; that the cohort is synthetic is always said there, and in every Parquet file.
    csv_safe : bool
        Put ``'`` before text that a spreadsheet would execute: the table then reads back with it.

    Raises
    ------
    OSError
        If a file is there already, or cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "tremor": [1.0], "centre": [""]})
    >>> write_tables(Cohort(visits), folder, "csv")
    >>> print((folder / "visits.csv").read_text().strip())
    patient_id,visit_id,centre,tremor
    a,1,,yes
    """
    for name, table in tables_of(cohort).items():
        arrow = arrow_of(table, written_columns(name, table), synthetic=cohort.synthetic)
        if arrow.num_columns:
            write_table(arrow, folder / f"{name}.{format}", format, csv_safe=csv_safe)
    if about is not None or cohort.synthetic:
        described = {"synthetic": cohort.synthetic, **(about or {})}
        with create_private(folder / "cohort.json") as file:
            file.write(json.dumps(described, indent=2).encode() + b"\n")


def tables_of(cohort: Cohort) -> dict[str, pd.DataFrame]:
    """Return the tables of a cohort that are data frames, by name."""
    return {"visits": cohort.visits, "treatments": cohort.treatments, "outcomes": cohort.outcomes}


def written_columns(name: str, table: pd.DataFrame) -> list[Column]:
    """Return the columns of a table that are written: those of the schema, and of outcomes a study's own."""
    declared = [column for column in TABLES[name] if column.name in table]
    if name != "outcomes":
        return declared
    known = {column.name for column in declared}
    own = [str(column) for column in table if column not in known and column not in ("source", "row")]
    return declared + [Column(column, _kind(table[column]), "Named by a study.") for column in own]


def _kind(values: pd.Series) -> Kind:
    return "number" if values.dtype.kind in "fiu" else "text"


def arrow_of(table: pd.DataFrame, columns: Iterable[Column], *, synthetic: bool) -> pa.Table:
    """Return the columns of a table that are there in Arrow, with nothing where a value is missing.

    Examples
    --------
    >>> flags = pd.DataFrame({"tremor": [1.0, 0.0, float("nan")]})
    >>> arrow_of(flags, [Column("tremor", "flag", "Shakes.")], synthetic=False).column("tremor").to_pylist()
    ['yes', 'no', None]
    """
    arrays = {column.name: _array(table[column.name], column) for column in columns if column.name in table}
    return pa.table(arrays).replace_schema_metadata({"synthetic": str(synthetic).lower()})


def _array(values: pd.Series, column: Column) -> pa.Array:
    if column.kind == "number":
        return pa.array(values.to_numpy(float), from_pandas=True)
    if column.kind == "flag":
        flags = values.to_numpy(float)
        numbers = pa.array(np.nan_to_num(flags).astype(np.int8), mask=np.isnan(flags))
        return pa.DictionaryArray.from_arrays(numbers, pa.array(["no", "yes"])).cast(pa.string())
    texts = values.to_numpy(dtype=object)
    return pa.array(texts, pa.string(), mask=texts == "")
