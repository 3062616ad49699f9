"""The MLflow store: an embedded one in ``mlruns/``, or what ``MLFLOW_TRACKING_URI`` names."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from pipeline.errors import PipelineError, Unavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE = Path("mlruns")
_PASSWORD = re.compile(r"//[^/]*@")
_WITHOUT_RIGHT = (401, 403)


def tracking_uri() -> str:
    """Return where runs go: ``MLFLOW_TRACKING_URI``, else a database file in ``mlruns/`` of this folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{quote(str(STORE.resolve() / 'mlflow.db'))}"


def is_embedded() -> bool:
    """Whether runs go to our own database file."""
    return not os.environ.get("MLFLOW_TRACKING_URI")


def ask_store() -> str:
    """Say where runs go, after the store has answered; a database file that is not there yet is not made.

    Raises
    ------
    Unavailable
        If the store does not answer.
    """
    uri = tracking_uri()
    where = f"{_without_password(uri)}, telemetry {'off' if _quiet() else 'ON'}"
    if uri.startswith("sqlite:///") and _could_be_made(Path(unquote(uri.removeprefix("sqlite:///")))):
        return f"{where}, made by the first training"
    with answering():
        connect().search_experiments(max_results=1)
    return where


def _without_password(uri: str) -> str:
    return _PASSWORD.sub("//…@", uri)


def _could_be_made(file: Path) -> bool:
    """Say whether a database is not there yet, in a folder that takes it; our own folder is made with it."""
    folder = file.parent
    if folder == STORE.resolve() and not folder.exists():
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK) and not file.exists()


def where_to_look() -> str:
    """Say how the runs are seen in a browser; a password stays in the environment."""
    uri = tracking_uri()
    if uri.startswith(("http://", "https://")):
        return f"see it at {_without_password(uri)}"
    shown = '"$MLFLOW_TRACKING_URI"' if "@" in uri else shlex.quote(uri)
    return f"see it with\n  mlflow ui --backend-store-uri {shown}"


@contextmanager
def answering(do: str = "Check MLFLOW_TRACKING_URI") -> Iterator[None]:
    """Turn whatever a store fails with into one line that holds nothing of its message: it may quote a password.

    Raises
    ------
    Unavailable
    """
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:  # a store fails in many ways: a database, a network, a disk
        if _status_of(error) in _WITHOUT_RIGHT:
            found = "refuses this user or password"
            do = do.replace("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
        else:
            found = f"does not answer ({type(error).__name__})"
        raise Unavailable("the tracking store", found, do=do) from error


def _status_of(error: Exception) -> int | None:
    """Return the HTTP status that an error of mlflow stands for, or that of the response that it carries."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    asked = getattr(error, "get_http_status_code", None)
    return status if status is not None else asked() if asked else None


def _quiet() -> bool:
    """Import mlflow with telemetry off and its log quiet; return whether it says so."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # it would be among the results of a command, and with the password if the address holds one
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    from mlflow.environment_variables import MLFLOW_DISABLE_TELEMETRY

    return bool(MLFLOW_DISABLE_TELEMETRY.get())


def connect() -> MlflowClient:
    """Connect to the store; our own folder is made if it is not there."""
    _quiet()
    from mlflow import MlflowClient

    if not is_embedded():
        return MlflowClient(tracking_uri=tracking_uri(), registry_uri=tracking_uri())
    STORE.mkdir(exist_ok=True)
    STORE.chmod(0o700)
    # two that make the database at once would each find the other's half
    lock = os.open(STORE / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client = MlflowClient(tracking_uri=tracking_uri(), registry_uri=tracking_uri())
        client.search_experiments(max_results=1)
    finally:
        os.close(lock)
    return client


def experiment_named(client: MlflowClient, name: str) -> str:
    """Return the id of an experiment, which is made if it is not there."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    location = (STORE.resolve() / "artifacts").as_uri() if is_embedded() else None
    return client.create_experiment(name, artifact_location=location)
