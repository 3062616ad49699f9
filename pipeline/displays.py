"""The figures of the report for figures of one's own, after the manner of scikit-learn's ``Display`` classes.

Each is made from predictions, from an estimator, or from what stands in ``report.json``, and draws what the report
draws: counts of 1 to 4 people are hidden here too.

>>> rng = np.random.default_rng(0)
>>> risk = rng.uniform(size=300)
>>> display = CalibrationDisplay.from_predictions(rng.uniform(size=300) < risk, risk)
>>> display.ax_.get_ylabel()
'observed share'
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.errors import ContractError
from pipeline.evaluation.answers import selective_accuracy
from pipeline.evaluation.calibration import reliability_points
from pipeline.evaluation.confusion import confusion
from pipeline.evaluation.decisions import decision_curve
from pipeline.evaluation.summary import label_codes, one_against_rest
from pipeline.report import drawing
from pipeline.report.figures import by_horizon, predicted_of

_SEED = 0


class Classifier(Protocol):
    """What `from_estimator` asks: a fitted classifier of scikit-learn is one."""

    classes_: np.ndarray

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, shape (n, K)."""
        ...


@dataclass
class Display(ABC):
    """Numbers of a figure, and the axes on which they were drawn last.

    Attributes
    ----------
    ax_ : Axes
        Set by `plot`.
    figure_ : Figure
        That of the axes.
    """

    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on axes, or on those of a new figure.

        Parameters
        ----------
        ax : Axes, optional

        Returns
        -------
        Display
            This very one, with ``ax_`` and ``figure_``.
        """
        with mpl.rc_context(drawing.STYLE):
            if ax is None:
                _, ax = plt.subplots(figsize=(drawing.WIDE, self._height()), layout="constrained")
            self._draw(ax)
        self.ax_ = ax
        self.figure_ = ax.get_figure(root=True)  # pyright: ignore[reportAttributeAccessIssue] (axes have a figure)
        return self

    def _height(self) -> float:
        return 4.2

    @abstractmethod
    def _draw(self, ax: Axes) -> None: ...


@dataclass
class CalibrationDisplay(Display):
    """Observed shares against predicted probabilities, in groups of people by prediction.

    Parameters
    ----------
    points : sequence of mapping
        As `pipeline.evaluation.calibration.reliability_points` gives them.
    what : str
        Below the predictions.
    """

    points: Sequence[Mapping[str, float]]
    what: str = "predicted probability"

    @classmethod
    def from_predictions(
        cls,
        y_true: np.ndarray,
        y_prob: np.ndarray,
        *,
        groups: np.ndarray | None = None,
        bins: int = 10,
        ax: Axes | None = None,
    ) -> Self:
        """Draw probabilities of an outcome.

        Parameters
        ----------
        y_true : array-like of bool, shape (n,)
        y_prob : array-like, shape (n,)
        groups : array-like, shape (n,), optional
            Whose row each is; every row stands for somebody else if left out.
        bins : int
            Groups by probability; neighbours are joined until no cell has 1 to 4 people.
        ax : Axes, optional

        Raises
        ------
        ContractError
            If the arrays do not fit each other, or a probability is none.
        """
        y_true, y_prob, groups = _checked(y_true, y_prob, groups)
        return cls(reliability_points(y_prob, y_true, groups, bins=bins)).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Classifier,
        X: Any,
        y: np.ndarray,
        *,
        label: object,
        groups: np.ndarray | None = None,
        bins: int = 10,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what a fitted classifier says of one label, for rows that it has not seen.

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(200, 1)), np.repeat(["cervical", "laryngeal"], 100)
        >>> fitted = LogisticRegression().fit(X, y)
        >>> CalibrationDisplay.from_estimator(fitted, X, y, label="laryngeal").ax_.get_xlabel()
        'predicted probability'
        """
        outcome, probability = _of_label(estimator, X, y, label)
        return cls.from_predictions(outcome, probability, groups=groups, bins=bins, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, ax: Axes | None = None) -> Self:
        """Draw the calibration of a target of ``report.json``."""
        found = _target(report, target, "calibration")
        what = predicted_of(found, is_risk=bool(by_horizon(report["targets"][target])))
        return cls(found["points"], what).plot(ax)

    def _draw(self, ax: Axes) -> None:
        drawing.calibration(ax, self.points, self.what)


@dataclass
class NetBenefitDisplay(Display):
    """Net benefit of acting on a model, beside acting on everybody, on nobody (0) and by a simple comparator.

    Parameters
    ----------
    points : sequence of mapping
        As `pipeline.evaluation.decisions.decision_curve` gives them.
    title : str
    """

    points: Sequence[Mapping[str, Any]]
    title: str = ""

    @classmethod
    def from_predictions(
        cls,
        y_true: np.ndarray,
        y_prob: np.ndarray,
        *,
        simple: np.ndarray | None = None,
        groups: np.ndarray | None = None,
        title: str = "",
        seed: int = _SEED,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the net benefit of probabilities of an outcome.

        Parameters
        ----------
        y_true : array-like of bool, shape (n,)
        y_prob : array-like, shape (n,)
        simple : array-like, shape (n,), optional
            Probabilities by a simple comparator.
        groups : array-like, shape (n,), optional
            Whose row each is; they are resampled whole for the band.
        title : str
        seed : int
        ax : Axes, optional

        Raises
        ------
        ContractError
            If the arrays do not fit each other, or a probability is none.
        """
        y_true, y_prob, groups = _checked(y_true, y_prob, groups)
        compared = None if simple is None else _checked(y_true, simple, groups)[1]
        outcomes = y_true.astype(np.float64)
        points = decision_curve(y_prob, outcomes.__getitem__, y_true, groups, groups, simple=compared, seed=seed)
        return cls(points, title).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Classifier,
        X: Any,
        y: np.ndarray,
        *,
        label: object,
        groups: np.ndarray | None = None,
        seed: int = _SEED,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the net benefit of acting on one label, by a fitted classifier, for rows that it has not seen."""
        outcome, probability = _of_label(estimator, X, y, label)
        return cls.from_predictions(outcome, probability, groups=groups, title=str(label), seed=seed, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, of: str, ax: Axes | None = None) -> Self:
        """Draw the curve of a label, or of a horizon, of ``report.json``."""
        return cls(_named(_target(report, target, "decisions"), of, "decisions")["points"], of).plot(ax)

    def _height(self) -> float:
        return 2.6

    def _draw(self, ax: Axes) -> None:
        drawing.net_benefit(ax, self.points, self.title)
        ax.set_xlabel("probability from which one acts")


@dataclass
class ConfusionDisplay(Display):
    """Which recorded labels are taken for which; unlike scikit-learn's, small counts are hidden.

    Parameters
    ----------
    rows : mapping
        As `pipeline.evaluation.confusion.confusion` gives them.
    column : str
        What the labels are.
    """

    rows: Mapping[str, Any]
    column: str = "label"

    @classmethod
    def from_predictions(
        cls, y_true: np.ndarray, y_prob: np.ndarray, classes: Sequence[object], *, ax: Axes | None = None
    ) -> Self:
        """Draw the most probable label of each person, who has one row.

        Parameters
        ----------
        y_true : array-like, shape (n,)
        y_prob : array-like, shape (n, K)
        classes : sequence, length K
        ax : Axes, optional

        Raises
        ------
        ContractError
            If the arrays do not fit each other, or a probability is none.
        """
        names, y_prob, truth = _checked_labels(y_true, y_prob, classes)
        return cls(confusion(y_prob, label_codes(truth, names), names)).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Classifier, X: Any, y: np.ndarray, *, ax: Axes | None = None) -> Self:
        """Draw what a fitted classifier holds most probable, for people whom it has not seen."""
        return cls.from_predictions(y, estimator.predict_proba(X), list(estimator.classes_), ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, column: str, ax: Axes | None = None) -> Self:
        """Draw the confusion of a label column of ``report.json``."""
        return cls(_named(_target(report, target, "confusion"), column, "confusion"), column).plot(ax)

    def _height(self) -> float:
        return drawing.height_of_confusion(self.rows)

    def _draw(self, ax: Axes) -> None:
        drawing.confusion(ax, self.rows, self.column)


@dataclass
class DiscriminationDisplay(Display):
    """AUC of each label against all others, or of risks by each horizon, with 95 % intervals.

    Parameters
    ----------
    scores : mapping
        By name, ``value``, ``low`` and ``high``, or a text where it may not be told.
    what : str
    """

    scores: Mapping[str, Any]
    what: str = "AUC against all others"

    @classmethod
    def from_predictions(
        cls,
        y_true: np.ndarray,
        y_prob: np.ndarray,
        classes: Sequence[object],
        *,
        groups: np.ndarray | None = None,
        seed: int = _SEED,
        ax: Axes | None = None,
    ) -> Self:
        """Draw how well each label is told from all others.

        Parameters
        ----------
        y_true : array-like, shape (n,)
        y_prob : array-like, shape (n, K)
        classes : sequence, length K
        groups : array-like, shape (n,), optional
            Whose row each is; they are resampled whole for the intervals.
        seed : int
        ax : Axes, optional

        Raises
        ------
        ContractError
            If the arrays do not fit each other, or a probability is none.
        """
        names, y_prob, truth = _checked_labels(y_true, y_prob, classes)
        people = np.arange(len(truth)) if groups is None else np.asarray(groups)
        return cls(one_against_rest(y_prob, truth, names, people, seed)).plot(ax)

    @classmethod
    def from_estimator(
        cls, estimator: Classifier, X: Any, y: np.ndarray, *, groups: np.ndarray | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw how well a fitted classifier tells each label, for rows that it has not seen."""
        return cls.from_predictions(y, estimator.predict_proba(X), list(estimator.classes_), groups=groups, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, ax: Axes | None = None) -> Self:
        """Draw the discrimination of a target of ``report.json``."""
        horizons = by_horizon(report["targets"].get(target, {"scores": {}}))
        if horizons:
            return cls({name: each["auc"] for name, each in horizons.items() if "auc" in each}, "AUC").plot(ax)
        return cls(_target(report, target, "one_against_rest")).plot(ax)

    def _height(self) -> float:
        return drawing.height_of_rows(len(self.scores))

    def _draw(self, ax: Axes) -> None:
        drawing.intervals(ax, self.scores, self.what, right=0.5, to=1.0)


@dataclass
class SelectiveAccuracyDisplay(Display):
    """How often the most probable label is right, if only the surest people are answered.

    Parameters
    ----------
    points : sequence of mapping
        As `pipeline.evaluation.answers.selective_accuracy` gives them.
    title : str
    """

    points: Sequence[Mapping[str, float]]
    title: str = ""

    @classmethod
    def from_predictions(
        cls, y_true: np.ndarray, y_prob: np.ndarray, classes: Sequence[object], *, ax: Axes | None = None
    ) -> Self:
        """Draw right answers of each person, who has one row, against the share of people who are answered.

        Parameters
        ----------
        y_true : array-like, shape (n,)
        y_prob : array-like, shape (n, K)
        classes : sequence, length K
        ax : Axes, optional

        Raises
        ------
        ContractError
            If the arrays do not fit each other, or a probability is none.
        """
        names, y_prob, truth = _checked_labels(y_true, y_prob, classes)
        return cls(selective_accuracy(y_prob, label_codes(truth, names))).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Classifier, X: Any, y: np.ndarray, *, ax: Axes | None = None) -> Self:
        """Draw right answers of a fitted classifier, for people whom it has not seen."""
        return cls.from_predictions(y, estimator.predict_proba(X), list(estimator.classes_), ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, column: str, ax: Axes | None = None) -> Self:
        """Draw the curve of a label column of ``report.json``."""
        return cls(_named(_target(report, target, "answered"), column, "answered")["points"], column).plot(ax)

    def _height(self) -> float:
        return 2.6

    def _draw(self, ax: Axes) -> None:
        drawing.answered(ax, self.points, self.title)
        ax.set_xlabel("share of people who are answered")


@dataclass
class ReasonsDisplay(Display):
    """What a model goes by: how far each part of the record moves the log-odds, on average.

    Parameters
    ----------
    parts : mapping
        Name to mean change of the log-odds.
    title : str
    """

    parts: Mapping[str, float]
    title: str = ""

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, of: str, ax: Axes | None = None) -> Self:
        """Draw the reasons of a label column, or of a horizon, of ``report.json``."""
        return cls(_named(_target(report, target, "reasons"), of, "reasons")["parts"], of).plot(ax)

    def _height(self) -> float:
        return drawing.height_of_rows(len(self.parts))

    def _draw(self, ax: Axes) -> None:
        drawing.bars(ax, self.parts, "change of the log-odds", title=self.title)


def _checked(
    y_true: np.ndarray, y_prob: np.ndarray, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outcome, probability = np.asarray(y_true), np.asarray(y_prob, dtype=np.float64)
    people = np.arange(len(outcome)) if groups is None else np.asarray(groups)
    if not outcome.shape == probability.shape == people.shape or outcome.ndim != 1:
        shapes = f"shapes {outcome.shape}, {probability.shape} and {people.shape}"
        raise ContractError("y_true, y_prob and groups", f"have the {shapes}", needed="three of shape (n,) are needed")
    if not np.isin(outcome, (0, 1)).all():
        raise ContractError("y_true", "holds something else than 0 and 1", do="Compare it with the label: y == label")
    _refuse_no_probabilities(probability)
    return outcome.astype(bool), probability, people


def _checked_labels(
    y_true: np.ndarray, y_prob: np.ndarray, classes: Sequence[object]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
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


def _of_label(estimator: Classifier, X: Any, y: np.ndarray, label: object) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each row has a label, and its probability."""
    place = np.flatnonzero(np.asarray(estimator.classes_) == label)
    if len(place) != 1:
        known = ", ".join(str(each) for each in estimator.classes_)
        raise ContractError("label", f"'{label}' is no class of the estimator", needed=f"it knows {known}")
    return np.asarray(y) == label, np.asarray(estimator.predict_proba(X))[:, int(place[0])]


def _target(report: Mapping[str, Any], target: str, figure: str) -> Mapping[str, Any]:
    return _named(_named(report["targets"], target, "the report"), figure, f"target '{target}'")


def _named(found: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in found:
        raise ContractError(where, f"has no '{name}'", needed=f"it has {', '.join(found) or 'nothing'}")
    return found[name]
