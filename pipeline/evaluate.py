"""External validation: the report of a saved model on people whom it was not trained on."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from pipeline.arguments import (
    FOLDER,
    allow_version_option,
    bundle_argument,
    cohort_argument,
    jobs_option,
    overwrite_option,
    quiet_option,
    reading_options,
    research_only_option,
    trusted_key_option,
)
from pipeline.bundle import ModelBundle
from pipeline.bundle.save import report_members
from pipeline.command import Say, run, say_on_error, teller
from pipeline.engine import workers
from pipeline.errors import UsageError
from pipeline.external import SAME_COHORT, external_report, shares_training
from pipeline.opened_sets import note_opening, opened
from pipeline.opening import open_model_and_cohort
from pipeline.partition import read_whole
from pipeline.publish import publishing
from pipeline.reading.options import Options
from pipeline.reading.source import spooled
from pipeline.tracking.registered import bundle_folder, is_address
from pipeline.validation import locked_positions
from pipeline.versions import package_versions


def evaluate(
    bundle_path: Path,
    path: Path,
    out: Path,
    *,
    options: Options | None = None,
    jobs: int = 1,
    overwrite: bool = False,
    locked: bool = False,
    again: bool = False,
    research_only: bool = False,
    allow_version: bool = False,
    trusted_key: Path | None = None,
    say: Say = lambda _: None,
    warn: Say = lambda _: None,
) -> dict[str, Any] | None:
    """Judge a saved model on a cohort with outcomes.

    Parameters
    ----------
    bundle_path, path, out : Path
        The model, the cohort, and the folder that appears when all is done, with ``report.html`` and ``report.json``.
    options : Options, optional
        How the cohort is read; the model's own mapping is used if none is given.
    jobs : int
        Processes that read recordings and extract features; 0 for all cores.
    overwrite : bool
    locked : bool
        Judge on the people alone whom the model's study keeps apart (`Study.locked`), and write the opening down.
    again : bool
        Open their test set although it has been opened before; the report says so.
    research_only : bool
        Let a model of synthetic data be judged on input that is not marked synthetic.
    allow_version : bool
        Accept a model of another scikit-learn version.
    trusted_key : Path, optional
        Public key without whose signature a model is refused.
    say, warn : callable
        Are told of progress, and of what may be wrong, a line at a time.

    Returns
    -------
    dict or None
        The report; None where the folder already held it.

    Raises
    ------
    PipelineError
        With the exit code of what went wrong; nothing is published then.
    """
    bundle, source, options = open_model_and_cohort(
        bundle_path,
        path,
        options,
        outcomes=True,
        research_only=research_only,
        allow_version=allow_version,
        trusted_key=trusted_key,
        warn=warn,
    )
    if locked and not bundle.study.locked:
        raise UsageError(
            "--locked",
            f"study '{bundle.study.name}' keeps nobody apart",
            do="Write 'locked = 0.2' into the study before training",
        )
    source.refuse_output(out)
    plan = {
        "command": "evaluate",
        "inputs": source.files,
        "synthetic": source.synthetic,
        "model": bundle.digest,
        "options": repr(options),
        "versions": package_versions(),
        "locked": locked,
    }
    with publishing(out, plan, overwrite=overwrite) as staging:
        if staging is None:
            say(f"{out} already holds this report: same data, same model, same versions")
            return None
        if locked:
            warnings = _opened_before(bundle_path.parent, bundle, again=again)
        else:
            warnings = (SAME_COHORT,) if shares_training(bundle, source) else ()
        say(f"reading {path}")
        with tempfile.TemporaryDirectory(dir=staging.path) as spill, workers(jobs, None) as spread:
            share = spread if spread.width > 1 else map
            cohort = read_whole(source, options, Path(spill).resolve(), map=share)
            source.verify_unchanged()
            if locked:
                cohort = cohort[locked_positions(cohort, bundle.study, apart=True)]
            report = external_report(bundle, cohort, warnings, map=share, say=say)
        if locked:
            note_opening(bundle_path.parent, bundle.study, bundle.digest)
        report_members(report)(staging)
    return report


def _opened_before(folder: Path, bundle: ModelBundle, *, again: bool) -> tuple[str, ...]:
    """Refuse to open the test set of a model's study a second time, or return what to warn of."""
    days = opened(folder, bundle.study)
    if days and not again:
        raise UsageError(
            "--locked",
            f"the test set of study '{bundle.study.name}' was opened before, on {days[-1]}",
            needed="it tells the truth once",
            do="Keep to that report; or give --again, and the new one warns of it",
            code="OPENED",
        )
    return (f"this test set was opened before, {len(days)} times: what was changed since may fit it",) if days else ()


@click.command("evaluate")
@bundle_argument
@cohort_argument
@click.option("--out", type=FOLDER, required=True, help="The folder that appears when all is done.")
@click.option("--locked", is_flag=True, help="Judge on the people alone whom the study keeps apart; once.")
@click.option("--again", is_flag=True, help="With --locked: although their test set was opened before.")
@jobs_option
@research_only_option
@allow_version_option
@trusted_key_option
@overwrite_option
@quiet_option
@reading_options
def command(bundle: Path, cohort: Path, out: Path, options: Options, *, quiet: bool, **flags: Any) -> None:
    r"""Judge the model in BUNDLE on the people of COHORT, whom it was not trained on, and write the report.

    \b
    dystonia evaluate models/intake another-clinic --out report-another-clinic
    dystonia evaluate models/intake clinic --locked --out report-test-set
    """
    if flags["again"] and not flags["locked"]:
        raise UsageError("--again", "is about a test set", needed="--locked was not given", do="Give both, or neither")
    if flags["locked"] and is_address(bundle):
        needed = "openings are written down beside the model"
        raise UsageError("--locked", "a registered model", needed=needed, do="Name its folder")
    with spooled(cohort) as path, bundle_folder(bundle) as folder:
        evaluate(folder, path, out, options=options, say=teller(quiet=quiet), warn=say_on_error, **flags)
    click.echo(f"{out}: open {out / 'report.html'}")


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.evaluate"))
