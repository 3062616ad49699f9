"""The shares of labels where a model is used: from a file, to a model that reckons with them."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.bundle import ModelBundle, TargetModel
from pipeline.bundle.target import margin, parts_of_labels
from pipeline.errors import MissingInput, UsageError, did_you_mean
from pipeline.learners.types import TypeClassifier

_TOLERANCE = 0.01
"""By how much shares may fail to add up to 1: people round them."""

_LARGEST = 2**20
_ROUNDS = 10_000
_CLOSE = 1e-9


def with_prior(bundle: ModelBundle, path: Path) -> tuple[ModelBundle, str]:
    """Return a model that reckons with the shares of labels in a file, and the file's digest.

    Parameters
    ----------
    bundle : ModelBundle
    path : Path
        TOML: a table a label column, with the share of each of its labels. Of a column that is not named, the shares
        are those that follow from the others.

    Raises
    ------
    MissingInput
        If there is no such file.
    UsageError
        If a label column or label is not known, a label is missing, a share is no share, shares of a column do not add
        up to 1, or those of two columns cannot go together.
    """
    where = f"--prior {path}"
    content = _content(path, where)
    shares = _shares(content, where)
    known = {
        name: margin(np.zeros((1, len(model.estimator.classes_))), model.estimator.classes_, part)[0]
        for model in bundle.models
        if isinstance(model.estimator, TypeClassifier)
        for part, name in enumerate(model.target.label_columns)
    }
    for name, given in shares.items():
        if name not in known:
            raise UsageError(where, f"no label column '{name}' in the model", do=did_you_mean(name, known))
        _refuse(given, known[name], f"{where}, [{name}]")
    models = tuple(_shifted(model, shares, where) for model in bundle.models)
    return replace(bundle, models=models), hashlib.sha256(content).hexdigest()


def _content(path: Path, where: str) -> bytes:
    if not path.is_file():
        raise MissingInput(str(path), "no such file", do="Check the path")
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UsageError(where, f"over {_LARGEST:,} bytes", do="Give the shares of the labels only")
    return content


def _shares(content: bytes, where: str) -> dict[str, Any]:
    try:
        shares = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise UsageError(where, "not UTF-8", do="Save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(where, f"not valid TOML: {error}") from None
    if not shares or not all(isinstance(table, dict) for table in shares.values()):
        raise UsageError(where, "no table of shares", do="Write [LABEL COLUMN], and below it a line LABEL = SHARE each")
    return shares


def _refuse(given: Mapping[str, Any], labels: tuple[str, ...], where: str) -> None:
    """Refuse what are not shares of these labels."""
    for label, share in given.items():
        if label not in labels:
            raise UsageError(where, f"the model has no label '{label}'", do=did_you_mean(label, labels))
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 <= share <= 1.0:
            raise UsageError(where, f"'{label}' has no share", needed="a number from 0 to 1 was needed")
    missing = [label for label in labels if label not in given]
    if missing:
        raise UsageError(where, f"no share of '{missing[0]}'", needed="every label needs one", do="Write 0 for none")
    total = sum(given.values())
    if abs(total - 1.0) > _TOLERANCE:
        raise UsageError(where, f"shares that add up to {total:g}", needed="they must add up to 1")


def _shifted(model: TargetModel, shares: Mapping[str, Mapping[str, float]], where: str) -> TargetModel:
    """Return a model with the weights of its labels, if shares of one of its label columns are given."""
    estimator, columns = model.estimator, model.target.label_columns
    if not isinstance(estimator, TypeClassifier) or not set(columns) & set(shares):
        return model
    known = np.maximum(estimator.prior_, estimator.floors_)
    wanted = {part: shares[name] for part, name in enumerate(columns) if name in shares}
    now = known / known.sum()
    for _ in range(_ROUNDS):
        furthest = 0.0
        for part, given in wanted.items():
            labels, (found,) = margin(now[None], estimator.classes_, part)
            share = np.array([given[label] for label in labels]) / sum(given.values())
            furthest = max(furthest, float(np.abs(found - share).max()))
            factor = dict(
                zip(labels, np.divide(share, found, out=np.zeros_like(share), where=found > 0.0), strict=True)
            )
            now = now * [factor[label] for label in parts_of_labels(estimator.classes_, part)]
        if furthest < _CLOSE:
            return replace(model, prior_weights=now / known)
    raise UsageError(
        where,
        f"shares of {' and '.join(columns)} that cannot go together",
        needed="each pair of labels has a share that both follow from",
        do="Give the shares of one of them only",
    )
