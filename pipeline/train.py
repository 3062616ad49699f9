"""Train a study on a cohort: fit, validate, calibrate, save a bundle, log the run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from pipeline.arguments import (
    FOLDER,
    cluster_options,
    cohort_argument,
    jobs_option,
    overwrite_option,
    quiet_option,
    reading_options,
)
from pipeline.bundle import ModelBundle
from pipeline.bundle.layout import REPORT_PAGE
from pipeline.bundle.save import members_of
from pipeline.command import Say, run, say_on_error, teller
from pipeline.config import load_study, study_options
from pipeline.engine import Cluster, workers
from pipeline.errors import Unavailable
from pipeline.external import visit_digests
from pipeline.fitting import fit_study, in_short
from pipeline.partition import read_whole
from pipeline.publish import publishing
from pipeline.reading.options import Options
from pipeline.reading.source import open_source, spooled
from pipeline.report import figures_of
from pipeline.steps import Steps
from pipeline.study import Study
from pipeline.synthetic.canaries import canaries
from pipeline.tracking import runs
from pipeline.tracking.store import where_to_look
from pipeline.versions import package_versions


def train(
    path: Path,
    study: Study,
    out: Path,
    *,
    options: Options | None = None,
    jobs: int = 1,
    cluster: Cluster | None = None,
    overwrite: bool = False,
    require_tracking: bool = False,
    say: Say = lambda _: None,
    warn: Say = lambda _: None,
) -> dict[str, Any] | None:
    """Fit and validate every target of a study, save the bundle, then log the run.

    Parameters
    ----------
    path : Path
        The cohort.
    study : Study
    out : Path
        The bundle's folder; it appears whole.
    options : Options, optional
        How the cohort is read; the study's own mapping and outcome columns are added.
    jobs : int
        Processes that share the work; 0 for all cores.
    cluster : Cluster, optional
        A Dask cluster that does it.
    overwrite : bool
    require_tracking : bool
        Fail (after saving) if the run can't be logged.
    say, warn : callable
        Are told of progress, and of what may be wrong, a line at a time.

    Returns
    -------
    dict or None
        Scores by target; None where the folder already held the model of this very training.

    Raises
    ------
    PipelineError
        With the exit code of what went wrong; nothing is published then.
    Unavailable
        If the run had to be logged and could not be; the bundle is published all the same.
    """
    options = study_options(study, options or Options())
    source = open_source(path, options)
    source.refuse_output(out)
    plan = {
        "command": "train",
        "inputs": source.files,
        "options": repr(options),
        "study": asdict(study),
        "synthetic": source.synthetic,
        "versions": package_versions(),
    }
    with publishing(out, plan, overwrite=overwrite) as staging:
        if staging is None:
            say(f"{out} already holds this model: same data, same study, same versions")
            return None
        if staging.members:
            say("going on where an earlier run was cut off")
        say(f"reading {path}")
        with (
            tempfile.TemporaryDirectory(dir=staging.path) as spill,
            workers(jobs, cluster) as spread,
        ):
            share = spread if spread.width > 1 else map
            cohort = read_whole(source, options, Path(spill).resolve(), map=share)
            source.verify_unchanged()
            steps = Steps(share, staging)
            bundle, report = fit_study(cohort, study, out.name, steps=steps, say=say)
        bundle = replace(
            bundle,
            mapping=options.mapping,
            provenance={
                **bundle.provenance,
                "training_digest": source.digest,
                "training_visits": visit_digests(source),
            },
        )
        steps.discard()
        members_of(bundle, canaries(), report)(staging)
    # the model is safe by now: a store that fails costs a warning only, unless it is required
    try:
        say(f"logged as run {_log(out, study, bundle, report)}: {where_to_look()}")
    except Unavailable as error:
        if require_tracking:
            raise
        warn(f"warning: {error}")
    return report


def _log(folder: Path, study: Study, bundle: ModelBundle, report: Mapping[str, Any]) -> str:
    digest = str(bundle.provenance["training_digest"])
    short = in_short(report)
    record = runs.RunRecord(
        name=folder.name,
        params={
            "study": study.name,
            "group_by": report["group_by"],
            "folds": str(study.folds),
            "seed": str(study.seed),
            "features": str(len(bundle.features)),
            "synthetic": str(bundle.synthetic).lower(),
            "training_digest": digest,
            **{f"version.{name}": number for name, number in package_versions().items()},
        },
        metrics=runs.flat_metrics({**short["targets"], "rows": report["rows"]}),
        parts=tuple(
            _target_record(study, name, report["targets"][name], scores) for name, scores in short["targets"].items()
        ),
    )
    files = runs.Artefacts(folder, bundle, folder / REPORT_PAGE, figures_of(report))
    return runs.log_run(study.name, record, files, data_digest=digest)


def _target_record(study: Study, name: str, found: Mapping[str, Any], short: Mapping[str, Any]) -> runs.RunRecord:
    """Return the run of one target, with one for each candidate that its model was chosen from."""
    kind = next(target.kind for target in study.targets if target.name == name)
    candidates = found.get("candidates", {}).items()
    return runs.RunRecord(
        name=name,
        params={"target": name, "kind": kind, **({"chosen": found["chosen"]} if "chosen" in found else {})},
        metrics=runs.flat_metrics(short),
        parts=tuple(
            runs.RunRecord(each, {"target": name, "candidate": each}, {"log_loss": loss}) for each, loss in candidates
        ),
    )


@click.command("train")
@cohort_argument
@click.option("--study", default="dystonia-intake", show_default=True, metavar="NAME|FILE", help="What to learn.")
@click.option("--out", type=FOLDER, help="The model's folder; models/NAME of the study if left out.")
@jobs_option
@cluster_options
@click.option("--require-tracking", is_flag=True, help="Exit with 69 if the run can't be logged.")
@overwrite_option
@quiet_option
@reading_options
def command(
    cohort: Path,
    study: str,
    out: Path | None,
    options: Options,
    *,
    quiet: bool,
    **flags: Any,
) -> None:
    r"""Fit and validate a study on COHORT, save the model, log the run.

    \b
    dystonia train movement_phenopackets.jsonl --study phenopackets
    dystonia show models/phenopackets
    """
    chosen = load_study(study)
    if out is None:
        Path("models").mkdir(exist_ok=True)
        out = Path("models") / chosen.name
    say = teller(quiet=quiet)
    with spooled(cohort) as path:
        train(path, chosen, out, options=options, say=say, warn=say_on_error, **flags)
    click.echo(f"{out}: see it with\n  dystonia show {out}\nor open {out / REPORT_PAGE}")


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.train"))
