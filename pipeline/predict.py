"""Batch prediction: every visit record of the input comes out once, predicted or rejected."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from pipeline.arguments import (
    FOLDER,
    allow_version_option,
    bundle_argument,
    cluster_options,
    cohort_argument,
    format_option,
    jobs_option,
    max_rejected_option,
    overwrite_option,
    quiet_option,
    reading_options,
    rejection_exit_code,
    research_only_option,
    trusted_key_option,
)
from pipeline.batch import Attempt, names_of, written
from pipeline.bundle import ModelBundle
from pipeline.bundle.model import VISITS_AT_ONCE
from pipeline.command import Say, run, say_on_error, teller
from pipeline.engine import Cluster, environment, workers
from pipeline.errors import PipelineError
from pipeline.opening import open_model_and_cohort
from pipeline.partition import VISITS_PER_PARTITION, Overview, Partition, partitions, survey
from pipeline.prior import with_prior
from pipeline.progress import Meter, Told, meter, no_progress
from pipeline.publish import SUCCESS, Staging, publishing
from pipeline.reading.options import Options
from pipeline.reading.source import spooled
from pipeline.row_tally import RowTally
from pipeline.tracking.registered import bundle_folder
from pipeline.versions import package_versions
from pipeline.writing import Format


def predict(
    bundle_path: Path,
    path: Path,
    out: Path,
    *,
    options: Options | None = None,
    format: Format = "parquet",
    jobs: int = 1,
    cluster: Cluster | None = None,
    batch_size: int = VISITS_AT_ONCE,
    visits_per_partition: int = VISITS_PER_PARTITION,
    explain: int = 0,
    prior: Path | None = None,
    overwrite: bool = False,
    research_only: bool = False,
    allow_version: bool = False,
    trusted_key: Path | None = None,
    csv_safe: bool = True,
    say: Say = lambda _: None,
    warn: Say = lambda _: None,
    progress: Meter = no_progress,
) -> dict[str, Any]:
    """Predict every visit of a cohort with a saved model.

    Parameters
    ----------
    bundle_path, path, out : Path
        The model, the cohort, and the folder that appears when all is done.
    options : Options, optional
        How the cohort is read; the model's own mapping is used if none is given.
    format : {"parquet", "csv"}
    jobs : int
        Processes that share the work; 0 for all cores. Never shows in the output.
    cluster : Cluster, optional
        A Dask cluster that does the work.
    batch_size : int
        About how many visits are predicted at once; never shows in the output.
    visits_per_partition : int
        About how many visits share an output file.
    explain : int
        Reasons at most for each prediction, the strongest; 0 for none.
    prior : Path, optional
        TOML with the shares of the labels where the model is used (`pipeline.prior`).
    overwrite : bool
        Whether other content at ``out`` may be replaced.
    research_only : bool
        Let a model of synthetic data predict input that is not marked synthetic; every row then says so.
    allow_version : bool
        Accept a model of another scikit-learn version.
    trusted_key : Path, optional
        Public key without whose signature a model is refused.
    csv_safe : bool
        Neutralise text that a spreadsheet would execute.
    say : callable
        Is told of what the operator should know, a line at a time.
    warn : callable
        Is told of what may be wrong.
    progress : callable
        Is given how many visits there are, and told of those that are done.

    Returns
    -------
    dict
        The content of ``_SUCCESS``: visit records by source, predicted, rejected by reason, rows that are no visits,
        digests, versions.

    Raises
    ------
    PipelineError
        With the exit code of what went wrong; nothing is published then.
    """
    bundle, source, options = open_model_and_cohort(
        bundle_path,
        path,
        options,
        research_only=research_only,
        allow_version=allow_version,
        trusted_key=trusted_key,
        warn=warn,
    )
    bundle, prior_digest = with_prior(bundle, prior) if prior else (bundle, "")
    source.refuse_output(out)
    plan = {
        "command": "predict",
        "inputs": source.files,
        "synthetic": source.synthetic,
        "model": bundle.digest,
        "options": [repr(options), format, visits_per_partition, research_only, csv_safe, explain],
        "prior": prior_digest,
        "versions": package_versions(),
        "environment": environment(),
    }
    about = {"model": bundle.provenance["name"], "model_manifest": bundle.digest, "inputs": source.files}
    about |= {"prior": prior_digest} if prior else {}
    with publishing(out, plan, overwrite=overwrite) as staging:
        if staging is None:
            say(f"{out} already holds these predictions: same data, same model, same options")
            return json.loads((out / SUCCESS).read_text(encoding="utf-8"))
        with (
            tempfile.TemporaryDirectory(dir=staging.path) as spill,
            workers(jobs, _probed(cluster, bundle), ahead=Attempt.__module__) as spread,
        ):
            overview = survey(source, options, Path(spill))
            attempt = Attempt(
                bundle, source.for_workers(), options, Path(spill).resolve(), format, batch_size, csv_safe, explain
            )
            with progress(overview.total) as told:
                parts = partitions(overview, Path(spill), visits_per_partition=visits_per_partition)
                for done in written(_open(parts, overview, staging, format, told), attempt, spread, told):
                    source.count_all_unreadable(done.unreadable)
                    for name, attempted in done.files.items():
                        staging.adopt(name, attempted)
        source.verify_unchanged()
        success = about | _account(staging, overview, format)
        success |= {"excluded": source.count_excluded(), "versions": package_versions()}
        staging.summary = success
    return success


def _open(
    parts: Iterator[Partition], overview: Overview, staging: Staging, format: Format, told: Told
) -> Iterator[Partition]:
    """Give the partitions that no earlier run has left whole."""
    for part in parts:
        if set(names_of(part.index, part.count, format)) <= set(staging.members):
            told(overview.total // part.count)
        else:
            yield part


def _probed(cluster: Cluster | None, bundle: ModelBundle) -> Cluster | None:
    """Let a cluster ask workers of other versions for what the model says of known visits."""
    return cluster and replace(cluster, probe=partial(_of_canaries, bundle))


def _of_canaries(bundle: ModelBundle) -> np.ndarray:
    """Return all numbers that a model gives for visits that every installation knows."""
    from pipeline.synthetic.canaries import canaries  # the generator, which nobody needs without a cluster

    return bundle.predict(canaries()).select_dtypes("float64").to_numpy()


def _account(staging: Staging, overview: Overview, format: Format) -> dict[str, Any]:
    """Count what was written, from the files themselves: each visit record must be there exactly once."""
    seen = {name: RowTally() for name in overview.rows}
    counts, reasons = Counter(), Counter()
    for name in sorted(staging.members):
        kind = name.split("-")[0]
        table = _read_back(staging.path / name, kind, format)
        counts[kind] += table.num_rows
        if kind == "rejects":
            reasons.update(word for words in table.column("reasons").to_pylist() for word in words.split("|"))
        if kind != "notes":
            sources, rows = table.column("source").to_numpy(), table.column("row").to_numpy()
            for source in set(sources.tolist()):
                seen[source if source in seen else source.removeprefix("'")].add(rows[sources == source])
    for source, found in seen.items():
        if found.doubled or found.count != overview.rows[source]:
            raise PipelineError(source, "visit records lost or doubled", do="Please report this bug")
    return {
        "rows": overview.rows,
        "predicted": counts["predictions"],
        "rejected": counts["rejects"],
        "notes": counts["notes"],
        "reasons": dict(sorted(reasons.items())),
        "unknown_columns": list(overview.unknown_columns),
    }


def _read_back(path: Path, kind: str, format: Format) -> pa.Table:
    columns = ["source", "row"] + (["reasons"] if kind == "rejects" else [])
    if format == "parquet":
        return papq.read_table(path, columns=columns)
    types = {"source": pa.string(), "row": pa.int64(), "reasons": pa.string()}
    options = pacsv.ConvertOptions(include_columns=columns, column_types=types)
    return pacsv.read_csv(path, parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=options)


@click.command("predict")
@bundle_argument
@cohort_argument
@click.option("--out", type=FOLDER, required=True, help="The folder that appears when all is done.")
@format_option
@jobs_option
@cluster_options
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=VISITS_AT_ONCE,
    show_default=True,
    help="Visits at once; bounds memory.",
)
@click.option(
    "--explain",
    type=click.IntRange(1),
    metavar="K",
    help="Add the K strongest reasons for each prediction, in words; takes much longer.",
)
@click.option(
    "--prior",
    type=FOLDER,
    metavar="FILE",
    help="Reckon with other shares of the labels than in the training: TOML, a table a label column.",
)
@research_only_option
@allow_version_option
@trusted_key_option
@click.option("--no-csv-safe", is_flag=True, help="Write text as it is, even where a spreadsheet would execute it.")
@overwrite_option
@quiet_option
@max_rejected_option
@reading_options
def command(
    bundle: Path,
    cohort: Path,
    out: Path,
    options: Options,
    max_rejected: float,
    *,
    no_csv_safe: bool,
    explain: int | None,
    quiet: bool,
    **flags: Any,
) -> int:
    r"""Predict every visit of COHORT with the model in BUNDLE.

    \b
    dystonia predict models/phenopackets movement_phenopackets.jsonl --out predictions
    dystonia predict models:/intake@champion clinic --out predictions
    """
    with spooled(cohort) as path, bundle_folder(bundle) as folder:
        chosen = {"say": teller(quiet=quiet), "warn": say_on_error, "progress": meter("visits", quiet=quiet)}
        chosen |= {"csv_safe": not no_csv_safe, "explain": explain or 0}
        done = predict(folder, path, out, options=options, **chosen, **flags)
    click.echo(f"{out}: {done['predicted']} visits predicted, {done['rejected']} rejected, {done['notes']} notes")
    return rejection_exit_code(done, max_rejected)


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.predict"))
