"""Batch prediction: every visit record of the input comes out once, predicted or rejected."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from pipeline.arguments import (
    FOLDER,
    cohort_argument,
    format_option,
    max_rejected_option,
    overwrite_option,
    quiet_option,
    reading_options,
    rejection_exit_code,
)
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.bundle.save import MANIFEST, package_versions
from pipeline.command import Say, run, teller
from pipeline.errors import PipelineError, UsageError
from pipeline.partition import VISITS_PER_PARTITION, Overview, Partition, partitions, survey
from pipeline.publish import SUCCESS, Staging, digest_of, publishing
from pipeline.reading.options import Options
from pipeline.reading.source import Source, open_source, spooled
from pipeline.records import Cohort
from pipeline.writing import Format, to_arrow, write_table

RESEARCH_ONLY = "RESEARCH_ONLY"
KINDS = ("predictions", "rejects", "notes")


def predict(
    bundle_path: Path,
    path: Path,
    out: Path,
    *,
    options: Options | None = None,
    format: Format = "parquet",
    batch_size: int = 4096,
    visits_per_partition: int = VISITS_PER_PARTITION,
    overwrite: bool = False,
    research_only: bool = False,
    allow_version: bool = False,
    csv_safe: bool = True,
    say: Say = lambda _: None,
) -> dict[str, Any]:
    """Predict every visit of a cohort with a saved model.

    Parameters
    ----------
    bundle_path, path, out : Path
        The model, the cohort, and the folder that appears when all is done.
    options : Options, optional
        How the cohort is read; the model's own mapping is used if none is given.
    format : {"parquet", "csv"}
    batch_size : int
        About how many visits are predicted at once; never shows in the output.
    visits_per_partition : int
        About how many visits share an output file.
    overwrite : bool
        Whether other content at ``out`` may be replaced.
    research_only : bool
        Let a model of synthetic data predict input that is not marked synthetic; every row then says so.
    allow_version : bool
        Accept a model of another scikit-learn version.
    csv_safe : bool
        Neutralise text that a spreadsheet would execute.
    say : callable
        Is told of progress, a line at a time.

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
    bundle = load_bundle(bundle_path, allow_version=allow_version)
    options = options or Options()
    options = replace(options, mapping=options.mapping or bundle.mapping)
    source = open_source(path, options)
    source.refuse_output(out)
    _refuse_real(bundle, source, research_only=research_only)
    model_digest = digest_of(bundle_path / MANIFEST)
    plan = {
        "command": "predict",
        "inputs": source.files,
        "synthetic": source.synthetic,
        "model": model_digest,
        "options": [repr(options), format, visits_per_partition, research_only, csv_safe],
        "versions": package_versions(),
    }
    about = {"model": bundle.provenance["name"], "model_manifest": model_digest, "inputs": source.files}
    with publishing(out, plan, overwrite=overwrite) as staging:
        if staging is None:
            say(f"{out} already holds these predictions: same data, same model, same options")
            return json.loads((out / SUCCESS).read_text(encoding="utf-8"))
        write = partial(_write, format=format, csv_safe=csv_safe, synthetic=source.synthetic)
        with tempfile.TemporaryDirectory(dir=staging.path) as spill:
            overview = survey(source, options, Path(spill))
            for part in partitions(overview, Path(spill), visits_per_partition=visits_per_partition):
                names = {kind: f"{kind}-{part.index:05d}-of-{part.count:05d}.{format}" for kind in KINDS}
                if set(names.values()) <= set(staging.members):
                    continue  # an earlier run left this partition whole
                tables = _predicted(part, bundle, source, options, batch_size)
                for kind, name in names.items():
                    staging.write(name, partial(write, _marked(tables[kind], bundle, source)))
                say(f"partition {part.index + 1} of {part.count}: {len(tables['predictions'])} visits predicted")
        source.verify_unchanged()
        success = about | _account(staging, overview, format)
        success |= {"excluded": source.count_excluded(), "versions": package_versions()}
        staging.summary = success
    return success


def _refuse_real(bundle: ModelBundle, source: Source, *, research_only: bool) -> None:
    if bundle.synthetic and not source.synthetic and not research_only:
        raise UsageError(
            "the model",
            "was trained on synthetic data",
            needed="the input is not marked synthetic",
            do="Train on real records, or give --research-only: every row then carries the warning",
        )


def _predicted(
    part: Partition, bundle: ModelBundle, source: Source, options: Options, batch_size: int
) -> dict[str, pd.DataFrame]:
    cohort: Cohort = part.cohort(source, options)
    predictions = bundle.predict(cohort, batch_size=batch_size)
    return {"predictions": predictions, "rejects": cohort.rejects, "notes": cohort.notes}


def _marked(table: pd.DataFrame, bundle: ModelBundle, source: Source) -> pd.DataFrame:
    """Put the research-only warning into every prediction that a model of synthetic data makes of other data."""
    if "warnings" not in table or not bundle.synthetic or source.synthetic:
        return table
    return table.assign(
        warnings=[f"{words}|{RESEARCH_ONLY}" if words else RESEARCH_ONLY for words in table["warnings"]]
    )


def _write(table: pd.DataFrame, path: Path, *, format: Format, csv_safe: bool, synthetic: bool) -> None:
    arrow = to_arrow(table, {"synthetic": str(synthetic).lower()})
    write_table(arrow, path, format, csv_safe=csv_safe)


def _account(staging: Staging, overview: Overview, format: Format) -> dict[str, Any]:
    """Count what was written, from the files themselves: each visit record must be there exactly once."""
    seen: dict[str, list[np.ndarray]] = {name: [] for name in overview.rows}
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
                seen[source if source in seen else source.removeprefix("'")].append(rows[sources == source])
    for source, parts in seen.items():
        rows = np.sort(np.concatenate([*parts, np.zeros(0, dtype=np.int64)]))
        if len(rows) != overview.rows[source] or (np.diff(rows) == 0).any():
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
@click.argument("bundle", type=FOLDER)
@cohort_argument
@click.option("--out", type=FOLDER, required=True, help="The folder that appears when all is done.")
@format_option
@click.option(
    "--batch-size", type=click.IntRange(1), default=4096, show_default=True, help="Visits at once; bounds memory."
)
@click.option("--research-only", is_flag=True, help="Use a model of synthetic data on other data; every row says so.")
@click.option("--allow-version", is_flag=True, help="Accept a model of another scikit-learn version.")
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
    quiet: bool,
    **flags: Any,
) -> int:
    r"""Predict every visit of COHORT with the model in BUNDLE.

    \b
    dystonia predict models/phenopackets movement_phenopackets.jsonl --out predictions
    """
    with spooled(cohort) as path:
        done = predict(bundle, path, out, options=options, csv_safe=not no_csv_safe, say=teller(quiet=quiet), **flags)
    click.echo(f"{out}: {done['predicted']} visits predicted, {done['rejected']} rejected, {done['notes']} notes")
    return rejection_exit_code(done, max_rejected)


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.predict"))
