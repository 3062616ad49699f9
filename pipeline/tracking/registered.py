"""The bundle of a registered model, by its name and alias, as a folder to open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline import spill
from pipeline.bundle.layout import MANIFEST
from pipeline.errors import BundleRefused, MissingInput, UsageError
from pipeline.publish import digest_of
from pipeline.tracking.store import STORE, answering, connect, is_embedded

if TYPE_CHECKING:
    from mlflow import MlflowClient

BUNDLE = "bundle"
"""Folder of the bundle among the files of a run, beside ``MLmodel``."""

MANIFEST_TAG = "dystonia.manifest"
"""Tag of a version: the digest of the manifest of its bundle, as it was registered."""

NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What a store says of a name or an alias that it does not have."""

_REGISTERED = "models:/"
_ADDRESS = re.compile(r"models:/(?P<name>[^/@']+)(?:@(?P<alias>[^/@]+)|/(?P<version>\d+))")


def is_address(bundle: Path) -> bool:
    """Whether this is the address of a registered model instead of a folder."""
    return str(bundle).startswith(_REGISTERED)


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
    if not is_address(bundle):
        yield bundle
        return
    address = str(bundle)
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
    with answering():
        client = connect()
        with _there(address):
            if not is_registered(client, found["name"]):
                raise _unknown(address)
            version = (
                client.get_model_version_by_alias(found["name"], found["alias"])
                if found["alias"]
                else client.get_model_version(found["name"], found["version"])
            )
            if not version.run_id or not client.list_artifacts(version.run_id, BUNDLE):
                raise MissingInput(address, "was not registered by 'dystonia promote'", do="Promote its bundle")
            client.download_artifacts(version.run_id, BUNDLE, str(folder))
    manifest = folder / BUNDLE / MANIFEST
    if not manifest.is_file() or digest_of(manifest) != version.tags.get(MANIFEST_TAG):
        raise BundleRefused(address, "is not the bundle that was registered", do="Promote it again", code="TAMPERED")


def is_registered(client: MlflowClient, name: str) -> bool:
    """Say whether there is a model of this name that the user may see.

    Whoever asks a server with users for a model that is not there is told that the right is missing, even to make it.
    """
    return bool(client.search_registered_models(f"name='{name}'", max_results=1))


def _unknown(address: str) -> MissingInput:
    return MissingInput(address, "no such model is registered", do="Check the name, the alias and MLFLOW_TRACKING_URI")


@contextmanager
def _there(address: str) -> Iterator[None]:
    """Turn the answer of a store that is connected that it has no such thing into one line."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code not in NOT_THERE:
            raise
        raise _unknown(address) from None
