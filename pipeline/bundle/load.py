"""A bundle from a folder, or a refusal: layout, digests, versions, types, shapes and what it says of its canaries.

Nothing in the folder is trusted before it is checked, and nothing that is in it is ever run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from pipeline.bundle.allowed import AGAIN, ALLOWED_TYPES, LARGEST_MEMBER, refuse_foreign
from pipeline.bundle.layout import CANARIES, FORMAT, MANIFEST, REPORT, REPORT_PAGE, STANDINGS
from pipeline.bundle.model import ModelBundle
from pipeline.bundle.signature import SIGNATURE, SIGNATURE_BYTES, refuse_unsigned
from pipeline.bundle.standing import Standing, read_standings
from pipeline.bundle.target import TargetModel
from pipeline.errors import BundleRefused, MissingInput, UsageError
from pipeline.features.catalogue import fingerprints
from pipeline.features.plugins import features_with, load_plugin
from pipeline.features.spec import Feature
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.sets import PredictionSets
from pipeline.learners.trees import Forest
from pipeline.learners.types import TypeClassifier
from pipeline.mapping import Mapping
from pipeline.publish import SUCCESS
from pipeline.reading.rules_of_mappings import refuse_mapping
from pipeline.records import Cohort
from pipeline.study import Study
from pipeline.study_checks import check_study
from pipeline.versions import version_of

_LARGEST_MANIFEST = 2**20
_TRAIN_AGAIN = "Train the model again with this version"
_LONGEST_NAME = 200
CANARY_VISITS = 32
VECTOR_TOLERANCE = 1e-6
PREDICTION_TOLERANCE = 1e-9


def load_bundle(
    folder: Path, *, allow_version: bool = False, trusted_key: Path | None = None, sensors: bool = True
) -> ModelBundle:
    """Load a bundle after checking all of it.

    Parameters
    ----------
    folder : Path
    allow_version : bool
        Accept a bundle of another scikit-learn version, if it still says the same of its canaries.
    trusted_key : Path, optional
        Public key without whose signature a bundle is refused.
    sensors : bool
        Whether features of recordings are tried too, which takes longest. Without, `refuse_changed_sensors` has to
        come before the first recording.

    Raises
    ------
    MissingInput
        If there is nothing at the path.
    BundleRefused
        If anything in the bundle is not as it must be.
    """
    content = _manifest_content(folder)
    if trusted_key is not None:
        signed = (folder / SIGNATURE).exists()
        signature = _content(folder, SIGNATURE, SIGNATURE_BYTES) if signed else b""
        refuse_unsigned(folder, content, signature, trusted_key)
    manifest = _manifest(folder, content)
    try:
        bundle = _load(folder, manifest, allow_version=allow_version, sensors=sensors)
    except (BundleRefused, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (whatever a hostile manifest provokes, it is refused)
        raise _refusal(folder, f"something that can't be loaded ({type(error).__name__})", "CORRUPT") from None
    return replace(bundle, digest=hashlib.sha256(content).hexdigest())


def refuse_changed_sensors(folder: Path, bundle: ModelBundle) -> None:
    """Refuse a bundle that was loaded from a folder where a feature of recordings has changed since the training."""
    content = _manifest_content(folder)
    if hashlib.sha256(content).hexdigest() != bundle.digest:
        raise _refusal(folder, f"'{MANIFEST}' was replaced while the bundle was loaded", "TAMPERED")
    manifest = _manifest(folder, content)
    _refuse_changed(folder, manifest, sensors=True)


def exposed(folder: Path) -> str:
    """Name what of a bundle any user of the machine could replace; empty where there is nothing."""
    for path in (folder, *sorted(folder.iterdir())):
        if path.lstat().st_mode & stat.S_IWOTH and not path.is_symlink():
            return str(path)
    parent = folder.resolve().parent
    mode = parent.stat().st_mode
    return str(parent) if mode & stat.S_IWOTH and not mode & stat.S_ISVTX else ""


def tell_exposed(folder: Path, *, strict: bool, warn: Callable[[str], None]) -> None:
    """Warn of a model that anybody on the machine could replace by another; refuse it if told to be strict."""
    found = exposed(folder)
    if not found:
        return
    open_to_all = BundleRefused(found, "anybody may write there", do="Take the right away: chmod o-w", code="EXPOSED")
    if strict:
        raise open_to_all
    warn(f"warning: {open_to_all}")


def _load(folder: Path, manifest: dict[str, Any], *, allow_version: bool, sensors: bool) -> ModelBundle:
    members = _members(folder, manifest)
    _refuse_versions(folder, manifest, allow_version=allow_version)
    _refuse_changed(folder, manifest, sensors=sensors)
    study, mapping = _study(folder, manifest)
    models = tuple(
        _target_model(folder, study, at, members, len(manifest["columns"])) for at in range(len(study.targets))
    )
    columns, provenance = tuple(manifest["columns"]), manifest["provenance"]
    standings = _standings(folder, members[STANDINGS], columns)
    bundle = ModelBundle(study, models, columns, provenance, manifest["synthetic"], mapping, standings=standings)
    _refuse_changed_answers(folder, bundle, members[CANARIES])
    return bundle


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a bundle; its form is checked, nothing else."""
    return _manifest(folder, _manifest_content(folder))


def _manifest_content(folder: Path) -> bytes:
    if not folder.exists():
        raise MissingInput(str(folder), "no such bundle", do="Check the path")
    if not folder.is_dir() or not (folder / MANIFEST).is_file():
        raise _refusal(folder, f"no {MANIFEST}", "LAYOUT")
    return _content(folder, MANIFEST, _LARGEST_MANIFEST)


def _content(folder: Path, name: str, most: int) -> bytes:
    """Read a member once: what is checked is what is used, whoever replaces the file meanwhile."""
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise _refusal(folder, f"'{name}' is a link, or cannot be read", "LAYOUT") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refusal(folder, f"'{name}' is no regular file", "LAYOUT")
        content = file.read(most + 1)
    if len(content) > most:
        raise _refusal(folder, f"'{name}' is over {most:,} bytes", "LAYOUT")
    return content


def _manifest(folder: Path, content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        raise _refusal(folder, f"a damaged {MANIFEST}", "CORRUPT") from None
    kinds = {"format": int, "synthetic": bool, "study": dict, "columns": list, "features": dict}
    kinds |= {"versions": dict, "provenance": dict, "members": dict, "mapping": dict}
    wrong = [key for key, kind in kinds.items() if not isinstance(_get(manifest, key), kind)]
    wrong += [] if isinstance(_get(_get(manifest, "provenance"), "name"), str) else ["provenance.name"]
    if isinstance(_get(manifest, "format"), int) and manifest["format"] > FORMAT:
        raise BundleRefused(
            str(folder),
            f"format {manifest['format']}",
            needed=f"this version reads up to {FORMAT}",
            do="It was made by a newer version: upgrade dystonia-pipeline",
            code="FORMAT",
        )
    if wrong:
        raise _refusal(folder, f"a {MANIFEST} without '{wrong[0]}'", "CORRUPT")
    if manifest["format"] is True or manifest["format"] < FORMAT:
        raise _refusal(folder, "a format that this version can't read", "FORMAT", _TRAIN_AGAIN)
    return manifest


def _get(manifest: Any, key: str) -> Any:
    return manifest.get(key) if isinstance(manifest, dict) else None


def _refusal(folder: Path, found: str, code: str, do: str = AGAIN) -> BundleRefused:
    return BundleRefused(str(folder), found, do=do, code=code)


def _members(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """Read all members; refuse a folder with others than the manifest names, or with other bytes in them."""
    members: dict[str, str] = manifest["members"]
    targets = {f"{_get(target, 'name')}.skops" for target in manifest["study"].get("targets", [])}
    if set(members) != targets | {CANARIES, STANDINGS, REPORT, REPORT_PAGE}:
        raise _refusal(folder, "other members than the study's targets", "LAYOUT")
    there = {path.name for path in folder.iterdir()}
    extra = sorted(there - set(members) - {MANIFEST, SIGNATURE, SUCCESS})
    missing = sorted(set(members) - there)
    if extra or missing:
        found = f"a member that does not belong: '{extra[0]}'" if extra else f"no '{missing[0]}'"
        raise _refusal(folder, found, "LAYOUT")
    contents = {name: _content(folder, name, LARGEST_MEMBER) for name in members}
    for name, digest in members.items():
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise _refusal(folder, f"'{name}' has other bytes than the manifest says", "TAMPERED")
    return contents


def _refuse_versions(folder: Path, manifest: dict[str, Any], *, allow_version: bool) -> None:
    theirs, ours = str(manifest["versions"].get("scikit-learn")), version_of("scikit-learn")
    if theirs.split(".")[:2] != ours.split(".")[:2] and not allow_version:
        raise BundleRefused(
            str(folder),
            f"made with scikit-learn {theirs}",
            needed=f"{ours} is installed",
            do=f"Install scikit-learn {theirs}, or give --allow-version",
            code="VERSION",
        )


def _refuse_changed(folder: Path, manifest: dict[str, Any], *, sensors: bool) -> None:
    """Refuse a bundle whose features are not exactly those of this version and of the plugins that it names.

    What features of recordings give is only tried if ``sensors`` says so.
    """
    features, of_plugin = _known_features(folder, manifest)
    owners = {column: feature for feature in features for column in feature.spec.columns}
    unknown = [name for name in manifest["columns"] if name not in owners]
    if unknown:
        raise _refusal(folder, f"feature column '{unknown[0]}' is not in this version", "FEATURES", _TRAIN_AGAIN)
    used = {owners[column].spec.name: owners[column] for column in manifest["columns"]}
    if set(manifest["features"]) != set(used):
        raise _refusal(folder, "fingerprints of other features than its columns", "FEATURES")
    for name, now in fingerprints([each for each in used.values() if sensors or not each.spec.sensor]).items():
        stored = manifest["features"][name]
        if (now.version, now.digest) != (_get(stored, "version"), _get(stored, "digest")):
            cure = of_plugin.get(name, _TRAIN_AGAIN)
            raise _refusal(folder, f"feature '{name}' has changed since the training", "FEATURES", cure)


def _known_features(folder: Path, manifest: dict[str, Any]) -> tuple[tuple[Feature, ...], dict[str, str]]:
    """Return the catalogue with the plugins of the bundle's study, and for each of their features how to get it."""
    names, cures = _get(_get(manifest["study"], "features"), "plugins") or [], {}
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _refusal(folder, "plugins that are no names", "STUDY", _TRAIN_AGAIN)
    for name in names:
        cure = f"Run: pip install {_pinned(name, _get(manifest.get('plugins'), name))}"
        try:
            cures |= {feature.spec.name: cure for feature in load_plugin(name).features}
        except UsageError as error:
            raise _refusal(folder, f"plugin '{name[:_LONGEST_NAME]}', {error.found}", "PLUGIN", cure) from None
    try:
        return features_with(names), cures
    except UsageError as error:
        raise _refusal(folder, f"{error.where}: {error.found}", "PLUGIN", _TRAIN_AGAIN) from None


def _pinned(name: str, stored: Any) -> str:
    """Return what pip is asked for: the distribution in the version of the training, of plain characters only."""
    told = str(_get(stored, "version") or "")
    wanted = name.partition(":")[0] + (f"=={told}" if told else "")
    return re.sub(r"[^A-Za-z0-9._+=-]", "", wanted)[:_LONGEST_NAME]


def _study(folder: Path, manifest: dict[str, Any]) -> tuple[Study, Mapping | None]:
    """Return the study and the mapping; both must hold what is asked of those that are typed."""
    try:
        study = TypeAdapter(Study).validate_python(manifest["study"])
        check_study(study, "the bundle's study")
        mapping = TypeAdapter(Mapping).validate_python(manifest["mapping"]) if manifest["mapping"] else None
        if mapping is not None:
            refuse_mapping(mapping, "the bundle's mapping")
    except (ValidationError, UsageError):
        raise _refusal(folder, "a study or mapping that this version can't read", "STUDY", _TRAIN_AGAIN) from None
    return study, mapping


def _standings(folder: Path, content: bytes, columns: tuple[str, ...]) -> dict[str, Standing]:
    """Return how the people of the training lie in the columns."""
    try:
        found = read_standings(content)
    except (ValueError, RecursionError):
        raise _refusal(folder, f"'{STANDINGS}' that can't be read", "STATE") from None
    if set(found) - set(columns):
        raise _refusal(folder, f"'{STANDINGS}' of other columns than the model's", "STATE")
    return found


def _target_model(folder: Path, study: Study, at: int, members: dict[str, bytes], features: int) -> TargetModel:
    import skops.io

    target = study.targets[at]
    name = f"{target.name}.skops"
    refuse_foreign(name, members[name])
    try:
        content = skops.io.loads(members[name], trusted=sorted(ALLOWED_TYPES))
        model = TargetModel(target, content["estimator"], content["sets"], tuple(content["group_cuts"]))
    except Exception as error:  # noqa: BLE001 (whatever a hostile file provokes, it is refused)
        raise _refusal(folder, f"'{name}' can't be loaded ({type(error).__name__})", "CORRUPT") from None
    _refuse_state(folder, model, features)
    return model


def _refuse_state(folder: Path, model: TargetModel, features: int) -> None:
    """Refuse an estimator of another class, width or with numbers that are not finite."""
    wanted = TypeClassifier if model.target.kind == "classification" else ProgressionHazard
    name = model.target.name
    if not isinstance(model.estimator, wanted) or getattr(model.estimator, "n_features_in_", None) != features:
        raise _refusal(folder, f"an estimator of '{name}' that does not fit the features", "STATE")
    labels = set(model.target.label_columns) if model.target.kind == "classification" else set()
    if set(model.sets) != labels or not all(isinstance(each, PredictionSets) for each in model.sets.values()):
        raise _refusal(folder, f"sets of '{name}' that do not fit its labels", "STATE")
    waiting: list[Any] = [model.estimator, *model.sets.values(), np.array(model.group_cuts, dtype=float)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, np.ndarray) and value.dtype.kind not in "fiubU":
            raise _refusal(folder, f"an array of '{name}' of type {value.dtype}", "STATE")
        if isinstance(value, (np.ndarray, float)) and not _finite(value):
            raise _refusal(folder, f"numbers of '{name}' that are not finite", "STATE")
        if isinstance(value, Forest) and not value.is_sound():
            raise _refusal(folder, f"trees of '{name}' that lead nowhere", "STATE")
        if isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif hasattr(value, "__dict__"):
            waiting.extend(vars(value).values())


def _finite(value: np.ndarray | float) -> bool:
    return np.asarray(value).dtype.kind != "f" or bool(np.isfinite(value).all())


def _refuse_changed_answers(folder: Path, bundle: ModelBundle, canaries: bytes) -> None:
    """Ask the bundle of its canaries again: from their records, and from their stored vectors."""
    try:
        stored = json.loads(canaries)
        cohort = Cohort(_table(stored["visits"]), _table(stored["treatments"]), synthetic=True)
        vectors = np.array(stored["vectors"], dtype=np.float64)
        same_vectors = _close(bundle.vectors(cohort), vectors, VECTOR_TOLERANCE)
        with np.errstate(all="ignore"):  # a spoilt model may overflow: its answers show it
            said = {model.target.name: model.columns(vectors) for model in bundle.models}
        same_answers = all(_same(said[target], stored["predictions"].get(target)) for target in said)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError) as error:
        raise _refusal(folder, f"canaries that can't be asked ({type(error).__name__})", "CANARY") from None
    if not same_vectors:
        raise _refusal(folder, "canaries whose features come out otherwise", "CANARY", _TRAIN_AGAIN)
    if not same_answers or len(vectors) != CANARY_VISITS or set(stored["predictions"]) != set(said):
        raise _refusal(folder, "canaries whose predictions come out otherwise", "CANARY")


def _same(said: dict[str, np.ndarray], stored: dict[str, list[Any]]) -> bool:
    """Whether every column comes out as it was: numbers within the tolerance, labels, sets and groups to the letter."""
    if set(said) != set(stored):
        return False
    return all(
        _close(values, np.array(stored[name], dtype=np.float64), PREDICTION_TOLERANCE)
        if values.dtype.kind == "f"
        else values.tolist() == stored[name]
        for name, values in said.items()
    )


def _close(now: np.ndarray, then: np.ndarray, tolerance: float) -> bool:
    return now.shape == then.shape and bool(np.allclose(now, then, rtol=tolerance, atol=tolerance, equal_nan=True))


def _table(columns: dict[str, list[Any]]) -> pd.DataFrame:
    """Rebuild a table: a column of numbers and None is float64, any other is text."""
    return pd.DataFrame(
        {
            name: np.array(values, dtype=np.float64 if _numeric(values) and name != "row" else object)
            for name, values in columns.items()
        }
    )


def _numeric(values: list[Any]) -> bool:
    return not any(isinstance(value, str) for value in values)
