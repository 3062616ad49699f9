"""What a display is given, held against what it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from pipeline.errors import ContractError


class Classifier(Protocol):
    """What `from_estimator` asks: a fitted classifier of scikit-learn is one."""

    classes_: np.ndarray

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, shape (n, K)."""
        ...


def checked_outcome(
    y_true: np.ndarray, y_prob: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an outcome as bool, its probabilities, and whose row each is, all of shape (n,)."""
    outcome, probability = np.asarray(y_true), np.asarray(y_prob, dtype=np.float64)
    people = np.arange(len(outcome)) if groups is None else np.asarray(groups)
    if not outcome.shape == probability.shape == people.shape or outcome.ndim != 1:
        shapes = f"shapes {outcome.shape}, {probability.shape} and {people.shape}"
        raise ContractError("y_true, y_prob and groups", f"have the {shapes}", needed="three of shape (n,) are needed")
    if not np.isin(outcome, (0, 1)).all():
        raise ContractError("y_true", "holds something else than 0 and 1", do="Compare it with the label: y == label")
    _refuse_no_probabilities(probability)
    return outcome.astype(bool), probability, people


def checked_labels(
    y_true: np.ndarray, y_prob: np.ndarray, classes: Sequence[object]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Return the names of K classes, their probabilities, shape (n, K), and the recorded labels, shape (n,)."""
    truth, probability = np.asarray(y_true).astype(str), np.asarray(y_prob, dtype=np.float64)
    if probability.shape != (len(truth), len(classes)):
        needed = f"needed is ({len(truth)}, {len(classes)}): a row a person, a column a class"
        raise ContractError("y_prob", f"has the shape {probability.shape}", needed=needed)
    _refuse_no_probabilities(probability)
    return tuple(str(each) for each in classes), probability, truth


def _refuse_no_probabilities(values: np.ndarray) -> None:
    if not ((values >= 0.0) & (values <= 1.0)).all():
        raise ContractError(
            "y_prob", "holds something else than numbers from 0 to 1", needed="probabilities are needed"
        )


def of_label(estimator: Classifier, X: Any, y: np.ndarray, label: object) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each row has a label, and its probability."""
    place = np.flatnonzero(np.asarray(estimator.classes_) == label)
    if len(place) != 1:
        known = ", ".join(str(each) for each in estimator.classes_)
        raise ContractError("label", f"'{label}' is no class of the estimator", needed=f"it knows {known}")
    return np.asarray(y) == label, np.asarray(estimator.predict_proba(X))[:, int(place[0])]


def said_by(estimator: Classifier, X: Any) -> tuple[np.ndarray, list[object]]:
    """Return the probabilities that an estimator gives, shape (n, K), and what each column is of."""
    return estimator.predict_proba(X), list(estimator.classes_)


def of_target(report: Mapping[str, Any], target: str, figure: str) -> Mapping[str, Any]:
    """Return the numbers of a figure of a target of ``report.json``."""
    return named(named(report["targets"], target, "the report"), figure, f"target '{target}'")


def named(found: Mapping[str, Any], name: str, where: str) -> Any:
    """Return what stands under a name, or say which names there are."""
    if name not in found:
        raise ContractError(where, f"has no '{name}'", needed=f"it has {', '.join(found) or 'nothing'}")
    return found[name]
