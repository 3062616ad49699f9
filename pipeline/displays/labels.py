"""Displays of probabilities of several labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from pipeline.displays.checked import Classifier, checked_labels, named, of_target, said_by
from pipeline.displays.display import Display
from pipeline.evaluation.answers import selective_accuracy
from pipeline.evaluation.confusion import confusion
from pipeline.evaluation.summary import label_codes, one_against_rest
from pipeline.report import drawing
from pipeline.report.figures import by_horizon


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
        names, y_prob, truth = checked_labels(y_true, y_prob, classes)
        return cls(confusion(y_prob, label_codes(truth, names), names)).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Classifier, X: Any, y: np.ndarray, *, ax: Axes | None = None) -> Self:
        """Draw what a fitted classifier holds most probable, for people whom it has not seen."""
        return cls.from_predictions(y, *said_by(estimator, X), ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, column: str, ax: Axes | None = None) -> Self:
        """Draw the confusion of a label column of ``report.json``."""
        return cls(named(of_target(report, target, "confusion"), column, "confusion"), column).plot(ax)

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
        seed: int = 0,
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
        names, y_prob, truth = checked_labels(y_true, y_prob, classes)
        people = np.arange(len(truth)) if groups is None else np.asarray(groups)
        return cls(one_against_rest(y_prob, truth, names, people, seed)).plot(ax)

    @classmethod
    def from_estimator(
        cls, estimator: Classifier, X: Any, y: np.ndarray, *, groups: np.ndarray | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw how well a fitted classifier tells each label, for rows that it has not seen."""
        return cls.from_predictions(y, *said_by(estimator, X), groups=groups, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, ax: Axes | None = None) -> Self:
        """Draw the discrimination of a target of ``report.json``."""
        horizons = by_horizon(report["targets"].get(target, {"scores": {}}))
        if horizons:
            return cls({name: each["auc"] for name, each in horizons.items() if "auc" in each}, "AUC").plot(ax)
        return cls(of_target(report, target, "one_against_rest")).plot(ax)

    def _height(self) -> float:
        return drawing.height_of_intervals(self.scores)

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
        names, y_prob, truth = checked_labels(y_true, y_prob, classes)
        return cls(selective_accuracy(y_prob, label_codes(truth, names))).plot(ax)

    @classmethod
    def from_estimator(cls, estimator: Classifier, X: Any, y: np.ndarray, *, ax: Axes | None = None) -> Self:
        """Draw right answers of a fitted classifier, for people whom it has not seen."""
        return cls.from_predictions(y, *said_by(estimator, X), ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, column: str, ax: Axes | None = None) -> Self:
        """Draw the curve of a label column of ``report.json``."""
        return cls(named(of_target(report, target, "answered"), column, "answered")["points"], column).plot(ax)

    def _height(self) -> float:
        return 2.6

    def _draw(self, ax: Axes) -> None:
        drawing.answered(ax, self.points, self.title)
        ax.set_xlabel("share of people who are answered")
