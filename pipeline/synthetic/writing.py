"""A synthetic cohort as files: its tables, what made it, and the truth in a folder of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from pipeline.records import Column
from pipeline.schema import TABLES
from pipeline.synthetic.cohort import SyntheticCohort

FORMAT_VERSION = 1

Format = Literal["parquet", "csv"]

_TRUE_LABELS = ("patient_id", "phenotype", "aetiology")
_HIDDEN = ("severity", "spread_from_onset_y")
_TRUTH = (
    *(column for column in TABLES["outcomes"] if column.name in _TRUE_LABELS),
    *(Column(name, "number", "What the generator drew.") for name in _HIDDEN),
)


def write_cohort(synthetic: SyntheticCohort, directory: Path, format: Format) -> None:
    """Write the tables of a synthetic cohort into a folder that is there.

    Flags are written as yes and no, what is missing as an empty cell. No file is overwritten, and all are for the owner
    only.

    Parameters
    ----------
    synthetic : SyntheticCohort
    directory : Path
        Gets ``visits``, ``treatments`` and ``outcomes``, ``cohort.json`` and the folder ``truth``.
    format : {"parquet", "csv"}

    Raises
    ------
    OSError
        If a file is there already, or cannot be written.
    """
    cohort = synthetic.cohort
    tables = {"visits": cohort.visits, "treatments": cohort.treatments, "outcomes": cohort.outcomes}
    for name, table in tables.items():
        _write_table(_arrow(table, TABLES[name]), directory / f"{name}.{format}", format)
    (directory / "truth").mkdir(mode=0o700)
    _write_table(_arrow(synthetic.truth, _TRUTH), directory / "truth" / f"truth.{format}", format)
    with _create(directory / "cohort.json") as file:
        file.write(json.dumps(_description(synthetic), indent=2).encode() + b"\n")


def _description(synthetic: SyntheticCohort) -> dict[str, object]:
    return {
        "synthetic": True,
        "recipe": synthetic.recipe.name,
        "seed": synthetic.seed,
        "first": synthetic.first,
        "patients": len(synthetic.truth),
        "visits": len(synthetic.cohort),
        "format_version": FORMAT_VERSION,
    }


def _arrow(table: pd.DataFrame, columns: Iterable[Column]) -> pa.Table:
    """Turn the columns of a table that the schema knows into Arrow, with nothing where a value is missing."""
    there = [column for column in columns if column.name in table]
    arrays = {column.name: _array(table[column.name], column) for column in there}
    return pa.table(arrays).replace_schema_metadata({"synthetic": "true"})


def _array(values: pd.Series, column: Column) -> pa.Array:
    if column.kind == "number":
        return pa.array(values.to_numpy(float), from_pandas=True)
    if column.kind == "flag":
        flags = values.to_numpy(float)
        numbers = pa.array(np.nan_to_num(flags).astype(np.int8), mask=np.isnan(flags))
        return pa.DictionaryArray.from_arrays(numbers, pa.array(["no", "yes"])).cast(pa.string())
    texts = values.to_numpy(dtype=object)
    return pa.array(texts, pa.string(), mask=texts == "")


def _write_table(table: pa.Table, path: Path, format: Format) -> None:
    with _create(path) as file:
        if format == "csv":
            # no cell of ours holds a comma, a quote or a line break; Arrow fails if one ever does
            options = csv.WriteOptions(quoting_style="none", quoting_header="none")
            csv.write_csv(table, file, options)
        else:
            texts = [field.name for field in table.schema if pa.types.is_string(field.type)]
            # the stubs of Arrow know a flag only, Arrow itself also the names of columns
            parquet.write_table(table, file, use_dictionary=texts, write_page_checksum=True)  # pyright: ignore[reportArgumentType]


def _create(path: Path) -> BinaryIO:
    """Open a new file for the owner only; a file or a link that is there already is an error."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")
