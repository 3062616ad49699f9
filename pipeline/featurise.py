"""The feature table of a cohort, and the catalogue of features."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click
import pandas as pd

from pipeline.arguments import overwrite_option, reading_options
from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE, column_names
from pipeline.features.extract import extract
from pipeline.partition import read_whole
from pipeline.publish import publish_file
from pipeline.reading.source import Options, open_source, spooled
from pipeline.records import IDENTITY
from pipeline.writing import to_arrow, write_table


def featurise(path: Path, out: Path, options: Options, *, overwrite: bool = False) -> pd.DataFrame:
    """Write the feature table of a cohort: one row a visit, ids first, then the catalogue's columns.

    Raises
    ------
    UsageError
        If the file to write is neither ``.parquet`` nor ``.csv``.
    """
    if out.suffix not in (".parquet", ".csv"):
        raise UsageError("--out", f"unknown kind of file '{out.suffix}'", needed=".parquet and .csv are written")
    source = open_source(path, options)
    source.refuse_output(out)
    with tempfile.TemporaryDirectory() as spill:
        cohort = read_whole(source, options, Path(spill))
    table = pd.concat([cohort.visits[list(IDENTITY)], extract(cohort)], axis=1)
    arrow = to_arrow(table, {"synthetic": str(source.synthetic).lower()})
    publish_file(
        out, partial(write_table, arrow, format="csv" if out.suffix == ".csv" else "parquet"), overwrite=overwrite
    )
    return table


def catalogue() -> list[dict[str, Any]]:
    """Return every feature: name, kind, unit, version, meaning, source, columns."""
    return [
        {
            "name": feature.spec.name,
            "kind": feature.spec.kind,
            "unit": str(feature.spec.unit),
            "version": feature.spec.version,
            "meaning": feature.spec.meaning,
            "source": feature.spec.source,
            "columns": list(feature.spec.columns),
        }
        for feature in CATALOGUE
    ]


def _catalogue_text() -> str:
    lines = [f"{each['name']:<44} {each['kind']:<10} {each['meaning']}" for each in catalogue()]
    return "\n".join([*lines, f"{len(CATALOGUE)} features, {len(column_names())} columns"])


@click.command("features")
@click.argument("cohort", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--out", type=click.Path(path_type=Path), help="The table to write, .parquet or .csv.")
@click.option("--list", "listed", is_flag=True, help="List the catalogue instead.")
@click.option("--json", "as_json", is_flag=True, help="List it as JSON.")
@overwrite_option
@reading_options
def command(
    cohort: Path | None, out: Path | None, options: Options, *, listed: bool, as_json: bool, overwrite: bool
) -> None:
    r"""Write the feature table of COHORT, or list the catalogue.

    \b
    dystonia features visits.csv --out features.parquet
    dystonia features --list
    """
    if listed:
        click.echo(json.dumps(catalogue(), indent=2) if as_json else _catalogue_text())
        return
    if cohort is None or out is None:
        raise UsageError("features", "needs a cohort and --out", do="Give both, or --list")
    with spooled(cohort) as path:
        featurise(path, out, options, overwrite=overwrite)
