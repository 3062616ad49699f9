"""Registered models: a bundle by its name and alias, and an alias that is moved to another version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import spill
from pipeline.bundle import ModelBundle
from pipeline.bundle.save import MANIFEST
from pipeline.errors import BundleRefused, MissingInput, OutputBusy, UsageError
from pipeline.publish import digest_of
from pipeline.tracking.form_model import BUNDLE
from pipeline.tracking.runs import Artefacts, RunRecord, log_files, log_numbers, started
from pipeline.tracking.store import STORE, answering, connect, experiment_named, is_embedded

if TYPE_CHECKING:
    from mlflow import MlflowClient

_REGISTERED = "models:/"
_ADDRESS = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
_MANIFEST_TAG = "dystonia.manifest"


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


@contextmanager
def bundle_folder(bundle: Path) -> Iterator[Path]:
    """Give the folder of a bundle; of ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``, that of a private copy.

    Only the ``bundle/`` of the version is fetched, and it is opened by nothing of mlflow's.

    Raises
    ------
    UsageError
        If the address is written otherwise.
    MissingInput
        If no such model is registered.
    Unavailable
        If the store does not answer.
    """
    address = str(bundle)
    if not address.startswith(_REGISTERED):
        yield bundle
        return
    with spill.folder() as folder:
        _fetch(address, folder)
        try:
            yield folder / BUNDLE
        except (BundleRefused, MissingInput) as error:
            if not error.where.startswith(str(folder)):
                raise
            # the copy is gone when this is read
            told = {"needed": error.needed, "do": error.do, "code": error.code}
            raise type(error)(address, error.found, **told) from None


def _fetch(address: str, folder: Path) -> None:
    """Download the bundle of a registered version; it has to be the one that was registered."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise UsageError(address, "is no address of a model", needed="models:/NAME@ALIAS or models:/NAME/VERSION")
    if is_embedded() and not STORE.is_dir():
        raise _unknown(address)
    with answering(), _there(address):
        client = connect()
        version = (
            client.get_model_version_by_alias(found["name"], found["alias"])
            if found["alias"]
            else client.get_model_version(found["name"], found["version"])
        )
        if not version.run_id or not client.list_artifacts(version.run_id, BUNDLE):
            raise MissingInput(address, "was not registered by 'dystonia promote'", do="Promote its bundle")
        client.download_artifacts(version.run_id, BUNDLE, str(folder))
    manifest = folder / BUNDLE / MANIFEST
    if not manifest.is_file() or digest_of(manifest) != version.tags.get(_MANIFEST_TAG):
        raise BundleRefused(address, "is not the bundle that was registered", do="Promote it again", code="TAMPERED")


def _unknown(address: str) -> MissingInput:
    return MissingInput(address, "no such model is registered", do="Check the name, the alias and MLFLOW_TRACKING_URI")


@contextmanager
def _there(address: str) -> Iterator[None]:
    """Turn the store's answer that it has no such thing into one line."""
    connect()  # sets mlflow up before it is imported
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in _NOT_THERE:
            raise
        raise _unknown(address) from None


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

        try:
            version = client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code not in _NOT_THERE:
                raise
            return None
    return Version(str(version.version), version.tags.get(_MANIFEST_TAG, ""))


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
        tags = {_MANIFEST_TAG: bundle.digest, "dystonia.synthetic": str(bundle.synthetic).lower()}
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
