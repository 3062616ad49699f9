"""One run of a training in an MLflow store: an embedded one in ``mlruns/``, or what ``MLFLOW_TRACKING_URI`` names."""

from __future__ import annotations

import logging
import os
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from pipeline.errors import Unavailable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

_STORE = Path("mlruns")
_PASSWORD = re.compile(r"//[^@/]*@")
_BATCH = 100
_LONGEST_PARAM = 500


@dataclass(frozen=True)
class RunRecord:
    """What is logged of one training.

    Attributes
    ----------
    experiment, name : str
        The study, and the model.
    params : dict
        Study, versions, data digest: names and settings, never a value of a patient.
    metrics : dict
        Scores; one with an interval has ``_low`` and ``_high`` beside it.
    figures : dict
        File name to figure.
    bundle : Path
        The saved bundle, logged at ``bundle/``.
    page : Path
        The report to read, logged at the top, where the store's own pages show it.
    """

    experiment: str
    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    bundle: Path
    page: Path
    figures: Mapping[str, Figure] = field(default_factory=dict)


def tracking_uri() -> str:
    """Return where runs go: ``MLFLOW_TRACKING_URI``, else a database file in ``mlruns/`` of this folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{quote(str(_STORE.resolve() / 'mlflow.db'))}"


def ask_store() -> str:
    """Say where runs go, after the store has answered; a database file that is not there yet is not made.

    Raises
    ------
    Unavailable
        If the store does not answer.
    """
    uri = tracking_uri()
    where = f"{_PASSWORD.sub('//…@', uri)}, telemetry {'off' if _quiet() else 'ON'}"
    if uri.startswith("sqlite:///") and _could_be_made(Path(unquote(uri.removeprefix("sqlite:///")))):
        return f"{where}, made by the first training"
    try:
        _client().search_experiments(max_results=1)
    except Exception as error:  # a store fails in many ways: a database, a network, a disk
        raise Unavailable(
            "the tracking store", f"does not answer ({type(error).__name__})", do="Check MLFLOW_TRACKING_URI"
        ) from error
    return where


def _could_be_made(file: Path) -> bool:
    """Say whether a database is not there yet, in a folder that takes it; our own folder is made with it."""
    folder = file.parent
    if folder == _STORE.resolve() and not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK) and not file.exists()


def ui_command() -> str:
    """Return the command that shows the runs in a browser; a password stays in the environment."""
    uri = tracking_uri()
    if "@" in uri:
        return 'mlflow ui --backend-store-uri "$MLFLOW_TRACKING_URI"'
    return f"mlflow ui --backend-store-uri {shlex.quote(uri)}"


def log_run(record: RunRecord) -> str:
    """Log a training; the store is made if it is not there.

    Returns
    -------
    str
        The id of the run.

    Raises
    ------
    Unavailable
        If the store does not answer; the bundle is saved all the same.
    """
    try:
        client = _client()
        experiment = _experiment(client, record.experiment)
        run = client.create_run(experiment, run_name=record.name, tags={"mlflow.source.type": "PROJECT"})
        _log(client, run.info.run_id, record)
        client.set_terminated(run.info.run_id)
    except Exception as error:  # a store fails in many ways: a database, a network, a disk
        raise Unavailable(
            "the tracking store",
            f"does not answer ({type(error).__name__})",
            do="The model is saved; check MLFLOW_TRACKING_URI",
        ) from error
    return run.info.run_id


def _quiet() -> bool:
    """Import mlflow with telemetry off and its log quiet; return whether it says so."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY

    return bool(MLFLOW_DISABLE_TELEMETRY.get())


def _client() -> MlflowClient:
    """Connect to the store."""
    _quiet()
    from mlflow import MlflowClient

    if "MLFLOW_TRACKING_URI" not in os.environ:
        _STORE.mkdir(exist_ok=True)
        _STORE.chmod(0o700)
    return MlflowClient(tracking_uri=tracking_uri(), registry_uri=tracking_uri())


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    embedded = "MLFLOW_TRACKING_URI" not in os.environ
    location = (_STORE.resolve() / "artifacts").as_uri() if embedded else None
    return client.create_experiment(name, artifact_location=location)


def _log(client: MlflowClient, run: str, record: RunRecord) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    params = [Param(key, value[:_LONGEST_PARAM]) for key, value in record.params.items()]
    metrics = [Metric(key, value, now, 0) for key, value in record.metrics.items()]
    for start in range(0, max(len(params), len(metrics)), _BATCH):
        stop = start + _BATCH
        client.log_batch(run, metrics=metrics[start:stop], params=params[start:stop])
    for name, figure in record.figures.items():
        client.log_figure(run, figure, f"figures/{name}.png")
    client.log_artifact(run, str(record.page))
    client.log_artifacts(run, str(record.bundle), "bundle")


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
