"""One run of a training in an MLflow store: an embedded one in ``mlruns/``, or what ``MLFLOW_TRACKING_URI`` names."""

from __future__ import annotations

import logging
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeline.errors import Unavailable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

_STORE = Path("mlruns")
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


def _client() -> MlflowClient:
    """Import mlflow with telemetry off and its log quiet, and connect to the store."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    logging.getLogger("alembic").setLevel(logging.ERROR)
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
