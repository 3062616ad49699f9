"""One run of a training in an MLflow store, with a run below it for each target and each candidate."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.bundle import ModelBundle
from pipeline.tracking.form_files import write_form_files
from pipeline.tracking.registered import BUNDLE
from pipeline.tracking.store import answering, connect, experiment_named

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

_BATCH = 100
_LONGEST_PARAM = 500
_LONGEST_DIGEST = 36
_PARENT, _SOURCE, _COMMIT = "mlflow.parentRunId", "mlflow.source.type", "mlflow.source.git.commit"


@dataclass(frozen=True)
class RunRecord:
    """What is logged of one training, or of a part of it.

    Attributes
    ----------
    name : str
        The model, the target, or the candidate.
    params : dict
        Study, versions, data digest: names and settings, never a value of a patient.
    metrics : dict
        Scores; one with an interval has ``_low`` and ``_high`` beside it.
    parts : tuple of RunRecord
        Runs below this one.
    """

    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[RunRecord, ...] = ()


@dataclass(frozen=True)
class Artefacts:
    """The files of a run.

    Attributes
    ----------
    folder : Path
        The saved bundle, logged at ``bundle/``.
    bundle : ModelBundle
        The same, for the files that make it a model of MLflow's.
    page : Path, optional
        The report to read, logged at the top, where the store's own pages show it.
    figures : dict
        File name to figure.
    """

    folder: Path
    bundle: ModelBundle
    page: Path | None = None
    figures: Mapping[str, Figure] = field(default_factory=dict)


def log_run(experiment: str, record: RunRecord, files: Artefacts, *, data_digest: str) -> str:
    """Log a training; the store is made if it is not there.

    Parameters
    ----------
    experiment : str
        The study.
    record : RunRecord
    files : Artefacts
    data_digest : str
        Of the cohort's files; nothing else of the cohort is logged.

    Returns
    -------
    str
        The id of the run.

    Raises
    ------
    Unavailable
        If the store does not answer; the bundle is saved all the same.
    """
    with answering("The model is saved; check MLFLOW_TRACKING_URI"):
        client = connect()
        place = experiment_named(client, experiment)
        with started(client, place, record.name) as run:
            log_numbers(client, run, record.params, record.metrics)
            _log_dataset(client, run, data_digest)
            log_files(client, run, files)
            _log_parts(client, place, run, record.parts)
    return run


@contextmanager
def started(client: MlflowClient, experiment: str, name: str, *, parent: str = "") -> Iterator[str]:
    """Give the id of a new run, which is marked as finished at the end of the block, or as failed."""
    tags = {_SOURCE: "LOCAL", **({_PARENT: parent} if parent else {})}
    commit = _commit()
    run = client.create_run(experiment, run_name=name, tags=tags | ({_COMMIT: commit} if commit else {})).info.run_id
    try:
        yield run
    except BaseException:
        with suppress(Exception):  # a store that is gone cannot be told; what went wrong is raised
            client.set_terminated(run, "FAILED")
        raise
    client.set_terminated(run)


def _commit() -> str | None:
    """Return the commit of the folder in which the user works, where it is one of git's."""
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # a machine without git needs no advice
    from mlflow.utils.git_utils import get_git_commit

    return get_git_commit(str(Path.cwd()))


def log_numbers(client: MlflowClient, run: str, params: Mapping[str, str], metrics: Mapping[str, float]) -> None:
    """Log parameters and metrics, in as many batches as the store takes."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    named = [Param(key, value[:_LONGEST_PARAM]) for key, value in params.items()]
    scored = [Metric(key, value, now, 0) for key, value in metrics.items()]
    for start in range(0, max(len(named), len(scored)), _BATCH):
        stop = start + _BATCH
        client.log_batch(run, metrics=scored[start:stop], params=named[start:stop])


def _log_dataset(client: MlflowClient, run: str, digest: str) -> None:
    """Log which data a run was trained on: a digest, no path and no value."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    data = Dataset("cohort", digest[:_LONGEST_DIGEST], "local", "{}")
    client.log_inputs(run, datasets=[DatasetInput(data, [InputTag("mlflow.data.context", "training")])])


def log_files(client: MlflowClient, run: str, files: Artefacts) -> None:
    """Log a bundle, the files that make it a model of MLflow's, and what shows how good it is."""
    for name, figure in files.figures.items():
        client.log_figure(run, figure, f"figures/{name}.png")
    if files.page is not None:
        client.log_artifact(run, str(files.page))
    client.log_artifacts(run, str(files.folder), BUNDLE)
    with tempfile.TemporaryDirectory() as beside:
        write_form_files(files.bundle, Path(beside))
        client.log_artifacts(run, beside)


def _log_parts(client: MlflowClient, experiment: str, parent: str, parts: tuple[RunRecord, ...]) -> None:
    for part in parts:
        with started(client, experiment, part.name, parent=parent) as run:
            log_numbers(client, run, part.params, part.metrics)
            _log_parts(client, experiment, run, part.parts)


def flat_metrics(scores: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Flatten nested scores to metric names: ``value, low, high`` become ``name``, ``name_low``, ``name_high``.

    Examples
    --------
    >>> flat_metrics({"auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "events": 16})
    {'auc': 0.8, 'auc_low': 0.7, 'auc_high': 0.9, 'events': 16.0}
    """
    flat: dict[str, float] = {}
    for key, value in scores.items():
        name = prefix if key == "value" else f"{prefix}_{key}" if key in ("low", "high") else _dotted(prefix, key)
        if isinstance(value, Mapping):
            flat |= flat_metrics(value, name)
        elif isinstance(value, (int, float)) and value == value:  # noqa: PLR0124 (a NaN is no score)
            flat[name] = float(value)
    return flat


def _dotted(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key
