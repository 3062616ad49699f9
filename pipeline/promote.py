"""Register a model and let an alias point to it, if it passes every gate on people whom neither model saw."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np

from pipeline import spill
from pipeline.arguments import (
    NOT_GOOD_ENOUGH,
    allow_version_option,
    bundle_argument,
    cohort_argument,
    jobs_option,
    quiet_option,
    reading_options,
    research_only_option,
    trusted_key_option,
)
from pipeline.bundle import ModelBundle, load_bundle
from pipeline.command import Say, run, say_on_error, teller
from pipeline.engine import workers
from pipeline.errors import BundleRefused, UsageError
from pipeline.evaluation.gates import Gate
from pipeline.external import shares_training
from pipeline.judgement import judge
from pipeline.opening import open_model_and_cohort
from pipeline.partition import read_whole
from pipeline.reading.options import Options
from pipeline.reading.source import Source, spooled
from pipeline.tracking.registered import bundle_folder
from pipeline.tracking.registry import Promotion, Version, holder, log_judgement, refuse_names


def promote(
    bundle_path: Path,
    path: Path,
    name: str,
    alias: str,
    *,
    options: Options | None = None,
    jobs: int = 1,
    research_only: bool = False,
    allow_version: bool = False,
    trusted_key: Path | None = None,
    say: Say = lambda _: None,
    warn: Say = lambda _: None,
) -> dict[str, Any]:
    """Judge a model beside the one that an alias points to, and move the alias if every gate is passed.

    Parameters
    ----------
    bundle_path, path : Path
        The model, and a cohort with outcomes of people whom neither model was trained on.
    name, alias : str
        Of the registered model.
    options : Options, optional
        How the cohort is read; the model's own mapping is used if none is given.
    jobs : int
        Processes that read recordings and extract features; 0 for all cores.
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
    dict
        ``promoted``; ``version``, the number to which the alias points now, empty if it points to none; ``champion``,
        the number of the version that it was judged beside, empty if there was none; ``gates``, each as a dict.

    Raises
    ------
    PipelineError
        With the exit code of what went wrong; the alias is where it was.
    """
    refuse_names(name, alias)
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
    address = f"models:/{name}@{alias}"
    before = holder(name, alias)
    if before is not None and before.manifest == bundle.digest:
        say(f"{address} is this very model already: version {before.number}")
        return {"promoted": True, "version": before.number, "champion": before.number, "gates": []}
    champion = None
    if before is not None:
        champion = _champion(address, allow_version=allow_version, trusted_key=trusted_key)
    _refuse_seen("the model", bundle, source)
    if champion is not None:
        _refuse_seen(address, champion, source)
    say(f"reading {path}")
    with spill.folder() as folder, workers(jobs, None) as spread:
        share = spread if spread.width > 1 else map
        cohort = read_whole(source, options, folder, map=share)
        source.verify_unchanged()
        gates = judge(bundle, champion, cohort, map=share, say=say)
    passed = all(gate.passed for gate in gates)
    number = log_judgement(
        Promotion(name, alias, before),
        bundle.study.name,
        _params(bundle, source, address, before, promoted=passed),
        _metrics(gates),
        (bundle_path, bundle) if passed else None,
    )
    known = before.number if before else ""
    return {
        "promoted": passed,
        "version": number or known,
        "champion": known,
        "gates": [asdict(gate) for gate in gates],
    }


def _champion(address: str, *, allow_version: bool, trusted_key: Path | None) -> ModelBundle:
    """Load the model that is to be replaced."""
    try:
        with bundle_folder(Path(address)) as folder:
            return load_bundle(folder, allow_version=allow_version, trusted_key=trusted_key)
    except BundleRefused as error:
        # else nothing could ever take the place of a model of an older version
        do = "Promote with the version that trained it, or delete the alias: the model is then judged by itself"
        raise BundleRefused(error.where, error.found, needed=error.needed, do=do, code=error.code) from None


def _refuse_seen(who: str, bundle: ModelBundle, source: Source) -> None:
    if shares_training(bundle, source):
        raise UsageError(
            who,
            "was trained on visits of this cohort",
            needed="the gates need people whom neither model saw",
            do="Keep a cohort apart for this",
            code="SEEN",
        )


def _params(
    bundle: ModelBundle, source: Source, address: str, before: Version | None, *, promoted: bool
) -> dict[str, str]:
    return {
        "promote": address,
        "promoted": str(promoted).lower(),
        "model": bundle.digest,
        "champion": before.manifest if before else "",
        "champion_version": before.number if before else "",
        "cohort_digest": source.digest,
        "training_digest": str(bundle.provenance.get("training_digest", "")),
    }


def _metrics(gates: Sequence[Gate]) -> dict[str, float]:
    """Return the value of each gate under a name that MLflow takes; of several subgroups the worst, which is first."""
    found: dict[str, float] = {}
    for gate in gates:
        if np.isfinite(gate.value):
            found.setdefault(re.sub(r"[^\w.-]+", "_", f"{gate.name}.{gate.of}", flags=re.ASCII), gate.value)
    return found


def as_text(result: Mapping[str, Any], address: str) -> str:
    """Set what was judged, a line a gate, and what became of the alias.

    Examples
    --------
    >>> gate = asdict(Gate("calibration", "spread 5y", 0.5, 0.8, False, "observed over expected 0.50"))
    >>> print(as_text({"promoted": False, "version": "3", "champion": "3", "gates": [gate]}, "models:/m@champion"))
    FAILED  calibration  spread 5y: observed over expected 0.50
    not promoted: 1 of 1 gates failed; models:/m@champion stays at version 3
    """
    gates = [Gate(**each) for each in result["gates"]]
    failed = sum(not gate.passed for gate in gates)
    if result["promoted"]:
        after = f" instead of version {result['champion']}" if result["champion"] not in ("", result["version"]) else ""
        last = f"{address} is version {result['version']}{after}"
    else:
        stays = f"stays at version {result['version']}" if result["version"] else "still points to no model"
        last = f"not promoted: {failed} of {len(gates)} gates failed; {address} {stays}"
    return "\n".join([*(gate.line for gate in gates), last])


@click.command("promote")
@bundle_argument
@cohort_argument
@click.option("--name", required=True, help="Of the registered model.")
@click.option("--alias", default="champion", show_default=True, help="What is to point to it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@jobs_option
@research_only_option
@allow_version_option
@trusted_key_option
@quiet_option
@reading_options
def command(
    bundle: Path, cohort: Path, name: str, alias: str, options: Options, *, as_json: bool, quiet: bool, **flags: Any
) -> int:
    r"""Register the model in BUNDLE and let an alias point to it, if it passes every gate.

    COHORT holds outcomes of people whom neither this model nor the present champion was trained on. The exit code is 3
    if a gate failed.

    \b
    dystonia promote models/intake another-clinic --name intake
    dystonia predict models:/intake@champion new-patients --out predictions
    """
    with spooled(cohort) as path, bundle_folder(bundle) as folder:
        shown = {"say": teller(quiet=quiet), "warn": say_on_error}
        result = promote(folder, path, name, alias, options=options, **shown, **flags)
    click.echo(json.dumps(result, indent=2) if as_json else as_text(result, f"models:/{name}@{alias}"))
    return 0 if result["promoted"] else NOT_GOOD_ENOUGH


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.promote"))
