"""A synthetic cohort as files: its tables, what made it, and the truth in a folder of its own.

Patients are made and written some thousands at a time, so that memory does not grow with their number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pandas as pd
import pyarrow as pa

from pipeline.cohort_files import arrow_of, tables_of, written_columns
from pipeline.recipe import Recipe
from pipeline.schema import RECORDINGS
from pipeline.synthetic.classes import mix_of
from pipeline.synthetic.cohort import SyntheticCohort, check_counts, generate
from pipeline.synthetic.signals.files import write_signals
from pipeline.writing import Format, TableStream, create_private, to_arrow

FORMAT_VERSION = 2

PART = 8_192
"""Patients that are made at a time; shows in no value."""

_FORMATS: dict[str, Format] = {".parquet": "parquet", ".csv": "csv"}

_DECIMALS = 9
"""Of a probability of the oracle."""


def parts(recipe: Recipe, *, patients: int, seed: int) -> Iterator[SyntheticCohort]:
    """Make a cohort part by part.

    Raises
    ------
    UsageError
        If the recipe, the number or the seed cannot be; before anything is made.
    """
    check_counts(patients, seed)
    mix_of(recipe)
    return (
        generate(recipe, patients=min(PART, patients - first), seed=seed, first=first)
        for first in range(0, patients, PART)
    )


def write_cohort(
    made: SyntheticCohort | Iterable[SyntheticCohort], directory: Path, format: Format, *, signals: bool = False
) -> None:
    """Write the tables of a synthetic cohort into a folder that is there, and its recordings if they are wanted.

    Flags are written as yes and no, what is missing as an empty cell. No file is overwritten, and all are for the owner
    only.

    Parameters
    ----------
    made : SyntheticCohort or iterable of SyntheticCohort
        The parts of one cohort, in order.
    directory : Path
        Gets ``visits``, ``treatments`` and ``outcomes``, ``cohort.json`` and the folder ``truth``.
    format : {"parquet", "csv"}
    signals : bool
        Whether to write ``recordings`` and the folder ``signals`` too; nothing else depends on it.

    Raises
    ------
    OSError
        If a file is there already, or cannot be written.
    """
    (directory / "truth").mkdir(mode=0o700, exist_ok=True)
    about: dict[str, object] = {}
    patients = visits = 0
    with ExitStack() as stack:
        streams: dict[Path, TableStream] = {}
        for part in [made] if isinstance(made, SyntheticCohort) else made:
            for name, table in tables_of(part.cohort).items():
                arrow = arrow_of(table, written_columns(name, table), synthetic=True)
                _append(streams, stack, directory / f"{name}.{format}", arrow)
            if signals:
                arrow = arrow_of(write_signals(part, directory, format), RECORDINGS, synthetic=True)
                _append(streams, stack, directory / f"recordings.{format}", arrow)
            for name, table in _truth(part).items():
                arrow = to_arrow(table, {"synthetic": "true"})
                _append(streams, stack, directory / "truth" / f"{name}.{format}", arrow)
            about = about or {"recipe": part.recipe.name, "seed": part.seed, "first": part.first}
            patients, visits = patients + len(part.truth.patients), visits + len(part.cohort)
    described = {"synthetic": True, **about, "patients": patients, "visits": visits, "format_version": FORMAT_VERSION}
    described |= {"signals": True} if signals else {}
    with create_private(directory / "cohort.json") as file:
        file.write(json.dumps(described, indent=2).encode() + b"\n")


def _truth(part: SyntheticCohort) -> dict[str, pd.DataFrame]:
    truth = part.truth
    return {"patients": truth.patients, "visits": truth.visits, "oracle": truth.oracle.round(_DECIMALS)}


def _append(streams: dict[Path, TableStream], stack: ExitStack, path: Path, part: pa.Table) -> None:
    if path not in streams:
        streams[path] = stack.enter_context(closing(TableStream(path, _FORMATS[path.suffix], part.schema)))
    streams[path].write(part)
