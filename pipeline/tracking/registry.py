"""Registered models: which version an alias points to, and how it is moved to another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.bundle import ModelBundle
from pipeline.errors import OutputBusy, UsageError
from pipeline.tracking.registered import MANIFEST_TAG, NOT_THERE, is_registered
from pipeline.tracking.runs import Artefacts, RunRecord, log_files, log_numbers, started
from pipeline.tracking.store import answering, connect, experiment_named

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True)
class Version:
    """A registered version of a model.

    Attributes
    ----------
    number : str
    manifest : str
        Digest of the manifest of its bundle, as it was registered.
    """

    number: str
    manifest: str


def holder(name: str, alias: str) -> Version | None:
    """Return the version to which an alias points; None where there is none yet.

    Raises
    ------
    Unavailable
        If the store does not answer.
    """
    with answering():
        client = connect()
        from mlflow.exceptions import MlflowException

        if not is_registered(client, name):
            return None
        try:
            version = client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code not in NOT_THERE:
                raise
            return None
    return Version(str(version.version), version.tags.get(MANIFEST_TAG, ""))


@dataclass(frozen=True)
class Promotion:
    """What is asked of the registry.

    Attributes
    ----------
    name, alias : str
    before : Version, optional
        The version that the alias is to be taken from: the one that was judged beside the new one.
    """

    name: str
    alias: str
    before: Version | None


def log_judgement(
    promotion: Promotion,
    experiment: str,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    accepted: tuple[Path, ModelBundle] | None,
) -> str:
    """Log how a model was judged, and, if it is accepted, register it and move the alias to it.

    Parameters
    ----------
    promotion : Promotion
    experiment : str
        The study.
    params, metrics : mapping
        Of the judgement.
    accepted : tuple of Path and ModelBundle, optional
        Folder and content of the bundle to register; None leaves the registry as it is.

    Returns
    -------
    str
        Number of the new version; empty without one.

    Raises
    ------
    OutputBusy
        If the alias was moved meanwhile: nothing is moved then.
    Unavailable
        If the store does not answer.
    """
    with answering("The alias was not moved; check MLFLOW_TRACKING_URI"):
        client = connect()
        place = experiment_named(client, experiment)
        record = RunRecord(f"promote {promotion.name}", params, metrics)
        with started(client, place, record.name) as run:
            log_numbers(client, run, record.params, record.metrics)
            if accepted is None:
                return ""
            folder, bundle = accepted
            log_files(client, run, Artefacts(folder, bundle))
        source = str(client.get_run(run).info.artifact_uri)
        _make_name(client, promotion.name)
        tags = {MANIFEST_TAG: bundle.digest, "dystonia.synthetic": str(bundle.synthetic).lower()}
        version = client.create_model_version(promotion.name, source, run_id=run, tags=tags)
        if holder(promotion.name, promotion.alias) != promotion.before:
            raise OutputBusy(
                f"models:/{promotion.name}@{promotion.alias}",
                "was moved to another model meanwhile",
                do="Run again: the new model is then judged beside that one",
            )
        client.set_registered_model_alias(promotion.name, promotion.alias, str(version.version))
    return str(version.version)


def _make_name(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def refuse_names(name: str, alias: str) -> None:
    """Refuse names that MLflow does not take, before any work is done.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse_names("dystonia-type", "champion")
    """
    for option, text in (("--name", name), ("--alias", alias)):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", text) or re.fullmatch(r"v\d+|latest", text):
            raise UsageError(
                option,
                f"'{text[:50]}' is no name for a model",
                needed="letters, digits, '.', '_' and '-' are taken, but no version such as v1, and not 'latest'",
            )
