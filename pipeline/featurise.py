"""The feature table of a cohort, and the catalogue of features."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.ipc

from pipeline.arguments import jobs_option, overwrite_option, quiet_option, reading_options
from pipeline.command import Say, teller
from pipeline.config import load_study
from pipeline.engine import Map, workers
from pipeline.errors import UsageError
from pipeline.features.cache import SignalCache
from pipeline.features.catalogue import CATALOGUE, column_names
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.features.spec import Feature
from pipeline.partition import VISITS_PER_PARTITION, Partition, partitions, survey
from pipeline.publish import publish_file
from pipeline.reading.options import Options
from pipeline.reading.source import Source, open_source, spooled
from pipeline.records import IDENTITY
from pipeline.remarks import Remarks
from pipeline.writing import Format, create_private, needs_quotes, to_arrow, write_batches


@dataclass
class Featurised:
    """What was made of a cohort.

    Attributes
    ----------
    visits, rejected : int
        Visit records of which features were written, and others.
    remarks : Remarks
        Why they were rejected, and what was noted of those that were not: a recording that is damaged costs its
        features only.
    """

    visits: int = 0
    rejected: int = 0
    remarks: Remarks = field(default_factory=Remarks)

    def add(self, other: Featurised) -> None:
        """Count another part of the cohort too."""
        self.visits += other.visits
        self.rejected += other.rejected
        self.remarks.add(other.remarks)


_Made = tuple[Path, Featurised, frozenset[str]]

_ROWS_AT_ONCE = 10_000


def featurise(
    path: Path,
    out: Path,
    options: Options,
    *,
    jobs: int = 1,
    cache: Path | None = None,
    features: Sequence[Feature] = CATALOGUE,
    overwrite: bool = False,
    visits_per_partition: int = VISITS_PER_PARTITION,
    say: Say = lambda _: None,
) -> Featurised:
    """Write the feature table of a cohort: one row a visit in the order of the input, ids first, then the catalogue.

    A cohort of any size is worked off in partitions of whole patients. The file has the same bytes whatever the number
    of jobs, and whether a cache is used.

    Parameters
    ----------
    path, out : Path
        The cohort, and the file that appears when all is done.
    options : Options
        How the cohort is read.
    jobs : int
        Processes that share the work; 0 for all cores.
    cache : Path, optional
        Folder that keeps what was measured of recordings.
    features : sequence of Feature
        The catalogue, and a study's plugins with it.
    overwrite : bool
        Whether a file that is there may be replaced.
    visits_per_partition : int
        About how many visits are in memory at once, in each process.
    say : callable
        Is told of progress, a line at a time.

    Returns
    -------
    Featurised

    Raises
    ------
    UsageError
        If the file to write is neither ``.parquet`` nor ``.csv``.
    PipelineError
        With the exit code of what went wrong; nothing is published then.
    """
    if out.suffix not in (".parquet", ".csv"):
        raise UsageError("--out", f"unknown kind of file '{out.suffix}'", needed=".parquet and .csv are written")
    source = open_source(path, options, outcomes=False)
    source.refuse_output(out)
    kept = SignalCache(cache) if cache else None
    counts = Featurised()

    def write(target: Path) -> None:
        # beside the output, as all that is in the making: a folder for temporary files may be small, or others' to read
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{out.name}.") as spill, workers(jobs) as map:
            overview = survey(source, options, Path(spill))
            parts = partitions(overview, Path(spill), visits_per_partition=visits_per_partition)
            light = source.for_workers()
            one = partial(
                _extracted, source=light, options=options, folder=Path(spill), cache=kept, features=tuple(features)
            )
            made = []
            for file, done, unreadable in _work_off(parts, one, map):
                source.count_all_unreadable(unreadable)
                made.append(file)
                counts.add(done)
                say(f"partition {len(made)}: features of {done.visits} visits")
            source.verify_unchanged()
            _merge(made, target, "csv" if out.suffix == ".csv" else "parquet")

    publish_file(out, write, overwrite=overwrite)
    return counts


def _work_off(parts: Iterator[Partition], one: Callable[..., _Made], map: Map) -> Iterator[_Made]:
    """Extract partition by partition: many go to the workers whole, a single one spreads its recordings over them."""
    first = next(parts)
    if first.count == 1:
        yield one(first, map=map)
    else:
        yield from map(one, chain([first], parts))


def _extracted(
    part: Partition,
    *,
    source: Source,
    options: Options,
    folder: Path,
    cache: SignalCache | None,
    features: tuple[Feature, ...],
    map: Map = map,
) -> _Made:
    """Write a partition's features to a file of their own, in order; return it, with counts and unread signal files."""
    cohort = part.cohort(source, options)
    table = pd.concat([cohort.visits[list(IDENTITY)], extract(cohort, features, map=map, cache=cache)], axis=1)
    arrow = to_arrow(table, {"synthetic": str(source.synthetic).lower()})
    path = folder / f"features-{part.index:05d}.arrow"
    with create_private(path) as file, pa.ipc.new_file(file, arrow.schema) as writer:
        writer.write_table(arrow)
    return path, Featurised(len(cohort), len(cohort.rejects), Remarks.of(cohort)), frozenset(source.unreadable)


def _merge(paths: Sequence[Path], target: Path, format: Format) -> None:
    """Put the rows of all partitions, each in order itself, into the order of the input, some at a time."""
    tables = [pa.ipc.open_file(pa.memory_map(str(path))).read_all() for path in paths]
    keys = pa.concat_tables([table.select(["source", "row"]) for table in tables])
    # a number for each name: as text, the names of a million rows would be most of what is held
    source = keys.column("source").combine_chunks().dictionary_encode()
    place = np.argsort(np.argsort(source.dictionary.to_numpy(zero_copy_only=False).astype(str)))
    ends = np.cumsum([table.num_rows for table in tables])
    order = np.lexsort((keys.column("row").to_numpy(), place[source.indices.to_numpy()]))
    part = np.searchsorted(ends, order, side="right")
    at = order - np.append(0, ends)[part]

    def batches() -> Iterator[pa.Table]:
        for start in range(0, len(order), _ROWS_AT_ONCE):
            parts, rows = part[start : start + _ROWS_AT_ONCE], at[start : start + _ROWS_AT_ONCE]
            taken = [tables[number].take(rows[parts == number]) for number in np.unique(parts)]
            back = np.argsort(np.argsort(parts, kind="stable"), kind="stable")
            yield pa.concat_tables(taken).take(back)

    write_batches(batches(), tables[0].schema, target, format, quotes=any(map(needs_quotes, tables)))


def catalogue(features: Sequence[Feature] = CATALOGUE) -> list[dict[str, Any]]:
    """Return every feature as it is declared, for JSON; no bound is None."""
    return [
        {
            "name": feature.spec.name,
            "kind": feature.spec.kind,
            "unit": str(feature.spec.unit),
            "bounds": [bound if np.isfinite(bound) else None for bound in feature.spec.bounds],
            "version": feature.spec.version,
            "meaning": feature.spec.meaning,
            "source": feature.spec.source,
            "sensor": feature.spec.sensor if feature.spec.level != "record" else None,
            "channels": list(feature.spec.channels) if feature.spec.level == "window" else [],
            "missing_when": feature.spec.missing_when,
            "columns": list(feature.spec.columns),
        }
        for feature in features
    ]


def _catalogue_text(features: Sequence[Feature]) -> str:
    lines = [
        f"{each['name']:<44} {each['kind']:<8} {each['sensor'] or 'tables':<14} {each['meaning']}"
        for each in catalogue(features)
    ]
    return "\n".join([*lines, f"{len(features)} features, {len(column_names(features))} columns"])


@click.command("features")
@click.argument("cohort", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--out", type=click.Path(path_type=Path), help="The table to write, .parquet or .csv.")
@click.option("--list", "listed", is_flag=True, help="List the catalogue instead.")
@click.option("--json", "as_json", is_flag=True, help="List it as JSON.")
@click.option("--study", metavar="NAME|FILE", help="Add the features of the plugins that this study names.")
@jobs_option
@click.option("--cache", type=click.Path(path_type=Path), help="A folder that keeps what is measured of recordings.")
@overwrite_option
@quiet_option
@reading_options
def command(
    cohort: Path | None,
    out: Path | None,
    options: Options,
    *,
    listed: bool,
    study: str | None,
    as_json: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    r"""Write the feature table of COHORT, or list the catalogue.

    \b
    dystonia features visits.csv --out features.parquet
    dystonia features --list
    """
    features = features_with(load_study(study).features.plugins) if study else CATALOGUE
    if listed:
        click.echo(json.dumps(catalogue(features), indent=2) if as_json else _catalogue_text(features))
        return
    if cohort is None or out is None:
        raise UsageError("features", "needs a cohort and --out", do="Give both, or --list")
    with spooled(cohort) as path:
        made = featurise(path, out, options, features=features, say=teller(quiet=quiet), **flags)
    lines = [f"{out}: features of {made.visits} visits, {made.rejected} rejected", *made.remarks.lines()]
    click.echo("\n  ".join(lines))
