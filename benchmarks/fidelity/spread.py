"""Curves of spread: on latent times, and as an estimator recovers them from what the visits saw.

Only patients still free of spread when they enrol say anything about spread to come, from their age at enrolment on
(delayed entry), and an event is seen to lie between two visits. The estimator is the likelihood of the progression
learner, a hazard in steps of years since onset, with no hazard before a patient's own entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from pipeline.learners.periods import log_likelihood, snap
from pipeline.synthetic.epidemiology import values
from pipeline.synthetic.figures import SpreadCurve
from pipeline.synthetic.spread import free_of_spread

from .judge import ERRORS
from .patients import population_table
from .plan import Curve, Plan
from .statistics import narrowed

HORIZONS_Y = np.array([1.0, 2.0, 5.0, 10.0, 20.0])
_PERIOD_Y = 0.25
_STEPS_Y = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
_NO_HAZARD = -60.0
_JUMP_SD = 1.0
"""How much the log hazard may change from one step to the next: intervals as wide as the gap between visits say little
of where in them an event came, and without this a step may end at no hazard at all, with no error.
"""


@dataclass(frozen=True)
class JudgedCurve:
    """A curve of spread at `HORIZONS_Y`.

    Attributes
    ----------
    curve : Curve
    published, latent, latent_error : ndarray
        Share with spread: of the figures, and among the generated latent times.
    estimated, estimated_error : ndarray
        From observed data; NaN beyond what any patient was followed for, or where the plan does not ask for it.
    n : int
        Patients.
    at_risk : int
        Patients still free of spread at enrolment.
    """

    curve: Curve
    published: np.ndarray
    latent: np.ndarray
    latent_error: np.ndarray
    estimated: np.ndarray
    estimated_error: np.ndarray
    n: int
    at_risk: int

    @property
    def latent_holds(self) -> bool:
        """Whether every horizon lies within three standard errors."""
        return bool((np.abs(self.latent - self.published) <= ERRORS * self.latent_error).all())

    @property
    def estimate_holds(self) -> bool:
        """Whether every horizon that can be estimated lies within three standard errors."""
        off = np.abs(self.estimated - self.published) - ERRORS * self.estimated_error
        return bool((off[np.isfinite(off)] <= 0).all())


def judge_curves(plan: Plan, tables: dict[str, pd.DataFrame]) -> list[JudgedCurve]:
    """Measure every curve of the plan."""
    return [
        _judged(curve, narrowed(population_table(plan, curve.population, tables), curve.where)) for curve in plan.curves
    ]


def _judged(curve: Curve, table: pd.DataFrame) -> JudgedCurve:
    row = values(curve.figures)
    published = 1 - free_of_spread(
        SpreadCurve(row["early_share"], row["shape"], row["scale_y"], row["rate_per_y"]), HORIZONS_Y
    )
    came = table["spread_from_onset_y"].to_numpy()[:, None] <= HORIZONS_Y
    at_risk = table[table["spread_left_y"].notna()]
    nothing = np.full(len(HORIZONS_Y), np.nan)
    estimated, error = estimate(at_risk) if curve.observed else (nothing, nothing)
    return JudgedCurve(
        curve,
        published,
        came.mean(axis=0),
        np.sqrt(published * (1 - published) / len(table)),
        estimated,
        error,
        len(table),
        len(at_risk),
    )


def estimate(at_risk: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the share with spread at `HORIZONS_Y`, and its standard error, from observed intervals.

    Parameters
    ----------
    at_risk : DataFrame
        One row a patient free of spread at enrolment: ``entered_y`` (years from onset to enrolment), ``spread_left_y``
        and ``spread_right_y`` (years from enrolment; NaN on the right if no spread was seen).
    """
    entry = at_risk["entered_y"].to_numpy()
    left = entry + at_risk["spread_left_y"].to_numpy()
    right = entry + at_risk["spread_right_y"].fillna(np.inf).to_numpy()
    periods = int(_STEPS_Y[-1] / _PERIOD_Y)
    intervals = snap(left, right, _PERIOD_Y, periods)
    entered = np.minimum(np.rint(entry / _PERIOD_Y).astype(int), intervals.start)
    before = np.arange(periods) < entered[:, None]
    step = np.searchsorted(_STEPS_Y, np.arange(periods) * _PERIOD_Y, side="right") - 1
    basis = np.eye(len(_STEPS_Y) - 1)[step]
    # patients with the same entry and interval count as one
    kinds, first, count = np.unique(
        np.column_stack([entered, intervals.start, intervals.end]), axis=0, return_index=True, return_counts=True
    )
    del kinds
    intervals, before = intervals[first], before[first]

    jumps = np.diff(np.eye(basis.shape[1]), axis=0) / _JUMP_SD

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = log_likelihood(np.where(before, _NO_HAZARD, basis @ theta), intervals)
        slope = np.where(before, 0.0, slope) * count[:, None]
        jump = jumps @ theta
        return 0.5 * jump @ jump - float(count @ value), jumps.T @ jump - basis.T @ slope.sum(axis=0)

    theta = minimize(loss, np.full(basis.shape[1], -5.0), jac=True, method="L-BFGS-B", options={"maxiter": 2000}).x
    return _shares(theta, basis, _covariance(loss, theta))


def _covariance(loss: object, theta: np.ndarray) -> np.ndarray:
    """Inverse of the curvature at the maximum; a step that the data say nothing of has the widest error."""
    step = 1e-4
    slopes = [
        (loss(theta + step * unit)[1] - loss(theta - step * unit)[1]) / (2 * step)  # pyright: ignore
        for unit in np.eye(len(theta))
    ]
    curvature = np.array(slopes)
    return np.linalg.pinv((curvature + curvature.T) / 2 + 1e-6 * np.eye(len(theta)))


def _shares(theta: np.ndarray, basis: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share with the event at each horizon, and its standard error by the delta method."""
    odds = np.exp(basis @ theta)
    exits = np.cumsum(np.log1p(odds))
    slopes = np.cumsum((odds / (1 + odds))[:, None] * basis, axis=0)
    at = np.rint(HORIZONS_Y / _PERIOD_Y).astype(int) - 1
    free = np.exp(-exits[at])
    gradient = free[:, None] * slopes[at]
    return 1 - free, np.sqrt(np.einsum("ij,jk,ik->i", gradient, covariance, gradient))
