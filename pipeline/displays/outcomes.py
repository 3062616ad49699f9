"""Displays of probabilities of one outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes

from pipeline.displays.checked import Classifier, checked_outcome, named, of_label, of_target
from pipeline.displays.display import Display
from pipeline.evaluation.calibration import reliability_points
from pipeline.evaluation.decisions import decision_curve
from pipeline.report import drawing
from pipeline.report.figures import by_horizon, predicted_of


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
        y_true, y_prob, groups = checked_outcome(y_true, y_prob, groups)
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
        outcome, probability = of_label(estimator, X, y, label)
        return cls.from_predictions(outcome, probability, groups=groups, bins=bins, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, ax: Axes | None = None) -> Self:
        """Draw the calibration of a target of ``report.json``."""
        found = of_target(report, target, "calibration")
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
        seed: int = 0,
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
        y_true, y_prob, groups = checked_outcome(y_true, y_prob, groups)
        compared = None if simple is None else checked_outcome(y_true, simple, groups)[1]
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
        seed: int = 0,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the net benefit of acting on one label, by a fitted classifier, for rows that it has not seen."""
        outcome, probability = of_label(estimator, X, y, label)
        return cls.from_predictions(outcome, probability, groups=groups, title=str(label), seed=seed, ax=ax)

    @classmethod
    def from_report(cls, report: Mapping[str, Any], target: str, *, of: str, ax: Axes | None = None) -> Self:
        """Draw the curve of a label, or of a horizon, of ``report.json``."""
        return cls(named(of_target(report, target, "decisions"), of, "decisions")["points"], of).plot(ax)

    def _height(self) -> float:
        return 2.6

    def _draw(self, ax: Axes) -> None:
        drawing.net_benefit(ax, self.points, self.title)
        ax.set_xlabel("probability from which one acts")
