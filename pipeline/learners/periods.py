"""Time to an event, cut into periods: the likelihood of events that were only seen to lie between two visits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from pipeline.errors import UsageError

_WHERE = "training of the progression risk"
_LEAST = 1e-300
_LEAST_EXPECTED = 1e-9


@dataclass(frozen=True)
class Intervals:
    """What is known of each person's event, in periods.

    Attributes
    ----------
    start : ndarray of int, shape (n,)
        Periods that were certainly survived.
    end : ndarray of int, shape (n,)
        The event lies in one of the periods ``start`` to ``end - 1`` (counted from 0); equal to `start` where no event
        was seen.
    entry : ndarray of int, shape (n,), optional
        Periods before a person came under observation, which count for nothing: who had the event in them would not be
        here (left truncation). None if all came at the beginning.
    """

    start: np.ndarray
    end: np.ndarray
    entry: np.ndarray | None = None

    @property
    def event_indicator(self) -> np.ndarray:
        """Whether an event was seen; bool, shape (n,)."""
        return self.end > self.start

    def __getitem__(self, rows: np.ndarray) -> Intervals:
        return Intervals(self.start[rows], self.end[rows], None if self.entry is None else self.entry[rows])


def checked_interval(left: np.ndarray, right: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends as float64 arrays.

    Raises
    ------
    UsageError
        Unless ``0 <= left <= right`` and ``right > 0`` in each of n rows, left finite.
    """
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    for name, values in (("left", left), ("right", right)):
        if values.shape != (n,):
            raise UsageError(_WHERE, f"{name} of shape {values.shape}", needed=f"X has {n} rows")
    wrong = int((~(np.isfinite(left) & (left >= 0.0) & (right >= left) & (right > 0.0))).sum())
    if wrong:
        raise UsageError(
            _WHERE,
            f"{wrong} of {n} rows whose interval is empty, negative or not a number",
            needed="0 <= left <= right and right > 0 must hold, in years",
            do="Leave out people who are not at risk; set right to infinity where no event was seen",
        )
    return left, right


def checked_entry(entry: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return the times of entry as a float64 array.

    Raises
    ------
    UsageError
        Unless ``0 <= entry <= left`` in each row.
    """
    entry = np.asarray(entry, dtype=np.float64)
    wrong = len(left) if entry.shape != left.shape else int((~((entry >= 0.0) & (entry <= left))).sum())
    if wrong:
        raise UsageError(
            _WHERE,
            f"{wrong} of {len(left)} rows that enter late",
            needed="0 <= entry <= left must hold: who had the event before observation began cannot be in the data",
            do="Leave those rows out",
            code="EVENT_BEFORE_ENTRY",
        )
    return entry


def entered(intervals: Intervals, entry: np.ndarray, period: float) -> Intervals:
    """Return the intervals with what is known of entry, in periods; it is no later than what was surely survived."""
    periods = np.rint(entry / period).astype(np.int64)
    return Intervals(intervals.start, intervals.end, np.minimum(periods, intervals.start))


def snap(left: np.ndarray, right: np.ndarray, period: float, periods: int) -> Intervals:
    """Round interval ends to the grid.

    Both ends go to the *nearest* grid point, whether the visit found an event or not: rounding that depends on what was
    found (outward, to be safe) would remove people without an event from risk earlier than those with one. Where both
    ends meet, among them exact events (left = right), the event lies in the period that holds the middle. An event
    that may lie beyond the grid counts as not seen from its left end on.

    Parameters
    ----------
    left, right : ndarray, shape (n,)
        Years.
    period : float
        Years in a period.
    periods : int

    Examples
    --------
    >>> snap(np.array([0.9, 0.6, 1.2]), np.array([2.1, 0.7, np.inf]), 0.5, 8)
    Intervals(start=array([2, 1, 2]), end=array([4, 2, 2]), entry=None)
    """
    seen = np.isfinite(right)
    finite = np.where(seen, right, left)
    start = np.rint(left / period)
    end = np.rint(finite / period)
    # a middle on a grid point belongs to the period that it ends
    middle = np.maximum(np.ceil((left + finite) / 2.0 / period) - 1.0, 0.0)
    meet = seen & (start >= end)
    start, end = np.where(meet, middle, start), np.where(meet, middle + 1.0, end)
    seen &= end <= periods
    start = np.minimum(start, periods).astype(np.int64)
    return Intervals(start, np.where(seen, np.minimum(end, periods).astype(np.int64), start))


def log_likelihood(eta: np.ndarray, intervals: Intervals) -> tuple[np.ndarray, np.ndarray]:
    """Return each person's log-likelihood and its derivative by the logits of the hazard.

    A person contributes log(S(start) - S(end)), or log S(start) without an event, less log S(entry), where S is the
    product of 1 - hazard. With D the sum of -log(1 - hazard) over the periods that may hold the event, the first is
    log S(start) + log(1 - exp(-D)), and its derivative by the logit of period t is the hazard of t times -1 before the
    interval and times 1 / (exp(D) - 1) inside.

    This derivative is the one that EM's weighted person-period regression sees (expected events less expected hazard
    among those expected at risk): the maximum is EM's fixed point, reached in tens of steps rather than hundreds of
    regressions (Louis 1982, J R Stat Soc B 44:226).

    Parameters
    ----------
    eta : ndarray, shape (n, periods)
    intervals : Intervals

    Returns
    -------
    value : ndarray, shape (n,)
    slope : ndarray, shape (n, periods)
    """
    odds = np.exp(np.minimum(eta, 500.0))
    exits = np.log1p(odds)
    hazard = odds / (1.0 + odds)
    period = np.arange(eta.shape[1])
    before = period < intervals.start[:, None]
    entered = True if intervals.entry is None else period >= intervals.entry[:, None]
    inside = (period < intervals.end[:, None]) & (period >= intervals.start[:, None])
    before &= entered
    event = intervals.event_indicator
    total = np.maximum(np.einsum("ij,ij->i", exits, inside), _LEAST)
    value = np.where(event, np.log(-np.expm1(-total)), 0.0) - np.einsum("ij,ij->i", exits, before)
    share = np.where(event, 1.0 / np.expm1(np.minimum(total, 500.0)), 0.0)
    return value, hazard * (inside * share[:, None] - before)


@dataclass(frozen=True)
class PersonPeriods:
    """People, periods and what is known of their events: all that the likelihood takes.

    Attributes
    ----------
    Z : ndarray, shape (n, k)
        Covariates.
    basis : ndarray, shape (periods, m)
        Functions of time.
    intervals : Intervals
    weight : ndarray, shape (n,)
    offset : ndarray, shape (n,), or 0
        Added to each person's logits.
    """

    Z: np.ndarray
    basis: np.ndarray
    intervals: Intervals
    weight: np.ndarray
    offset: np.ndarray | float = 0.0

    def __getitem__(self, rows: np.ndarray) -> PersonPeriods:
        offset = self.offset[rows] if isinstance(self.offset, np.ndarray) else self.offset
        return PersonPeriods(self.Z[rows], self.basis, self.intervals[rows], self.weight[rows], offset)

    def eta(self, theta: np.ndarray) -> np.ndarray:
        """Return the logit of the hazard, shape (n, periods), at m coefficients of time and k of covariates."""
        size = self.basis.shape[1]
        return self.basis @ theta[:size] + (self.Z @ theta[size:] + self.offset)[:, None]

    def log_likelihood(self, theta: np.ndarray) -> float:
        """Return the weighted log-likelihood."""
        return float(self.weight @ self.log_likelihoods(theta))

    def log_likelihoods(self, theta: np.ndarray) -> np.ndarray:
        """Return each person's log-likelihood, shape (n,)."""
        return log_likelihood(self.eta(theta), self.intervals)[0]

    def by_person(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how each person's log-likelihood grows with the logits, and the events expected, both (n,)."""
        eta = self.eta(theta)
        slope = log_likelihood(eta, self.intervals)[1].sum(axis=1)
        last = np.maximum(self.intervals.start, self.intervals.end)[:, None]
        entry = 0 if self.intervals.entry is None else self.intervals.entry[:, None]
        period = np.arange(eta.shape[1])
        expected = (expit(eta) * ((period < last) & (period >= entry))).sum(axis=1)
        return slope, np.maximum(expected, _LEAST_EXPECTED)


def fit_hazard(
    people: PersonPeriods,
    ridge: np.ndarray,
    start: np.ndarray,
    *,
    centre: np.ndarray | float = 0.0,
    steps: int = 500,
) -> np.ndarray:
    """Return the coefficients of greatest penalised likelihood.

    Parameters
    ----------
    people : PersonPeriods
    ridge : ndarray, shape (m + k,)
        The penalty is half the sum of ridge times the squared distance of the coefficient from the centre.
    start : ndarray, shape (m + k,)
        Where the search begins.
    centre : ndarray, shape (m + k,), or 0
    steps : int
        Most steps of L-BFGS.

    Returns
    -------
    ndarray, shape (m + k,)
        Of the functions of time, then of the covariates.
    """
    scale = people.weight.sum()

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = log_likelihood(people.eta(theta), people.intervals)
        slope *= people.weight[:, None]
        gradient = np.concatenate([people.basis.T @ slope.sum(axis=0), people.Z.T @ slope.sum(axis=1)])
        distance = theta - centre
        penalty = ridge * distance
        return (0.5 * penalty @ distance - people.weight @ value) / scale, (penalty - gradient) / scale

    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "gtol": 1e-6}).x
