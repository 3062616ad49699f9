"""The distinct times of each patient's visits, and what lies before them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Moments:
    """Distinct visit times of patients, ordered by patient and time.

    Parameters
    ----------
    patient : ndarray, shape (visits,)
        Number of each visit's patient, from 0.
    weeks : ndarray, shape (visits,)
        Time of each visit; NaN where none is known: such a visit is a moment of its own without a past.

    Examples
    --------
    >>> moments = Moments(np.array([0, 0, 1]), np.array([4.0, 2.0, 3.0]))
    >>> moments.number.tolist(), moments.at_previous(np.array([7.0, 9.0, 5.0])).tolist()
    ([2.0, 1.0, 1.0], [9.0, nan, nan])
    """

    patient: np.ndarray
    weeks: np.ndarray

    @cached_property
    def number(self) -> np.ndarray:
        """Which of the patient's moments each visit is, from 1; NaN without a clock, shape (visits,)."""
        first = self._first[self._of_visit]
        return np.where(first < 0, np.nan, self._of_visit - first + 1.0)

    def at_first(self, values: np.ndarray) -> np.ndarray:
        """Return what a value, one a visit, was at the patient's first moment, shape (visits,)."""
        return self._by_moment(values)[self._first[self._of_visit]]

    def at_previous(self, values: np.ndarray) -> np.ndarray:
        """Return what a value, one a visit, was at the last strictly earlier moment, shape (visits,)."""
        return self._by_moment(values)[self._previous[self._of_visit]]

    def by_then(self, values: np.ndarray, weeks: np.ndarray) -> np.ndarray:
        """Return what a value, one a visit, was at the patient's last moment at or before some weeks."""
        last = np.searchsorted(self._moment_keys, self.keys(self.patient, weeks, strictly_after=True), side="left") - 1
        # who has no moment by then lands on another patient's
        own = (last >= 0) & ~np.isnan(weeks) & (self._moment_patient[last] == self.patient)
        return self._by_moment(values)[np.where(own, self._moment_order[last], -1)]

    def mean_before(self, values: np.ndarray) -> np.ndarray:
        """Return the means of values, one a visit, over the strictly earlier moments that have them.

        Sums of flags, and of halves of them, are exact, so that the result has the same bits whoever else is there.

        Parameters
        ----------
        values : ndarray, shape (columns, visits)

        Returns
        -------
        ndarray, shape (columns, visits)
        """
        held = self._by_moment(values)[:, :-1]
        known = ~np.isnan(held)
        total, count = self._sum_before(np.where(known, held, 0.0)), self._sum_before(known)
        with np.errstate(invalid="ignore"):
            mean = total / count
        return np.where(np.isnan(self.number), np.nan, mean)

    def _sum_before(self, held: np.ndarray) -> np.ndarray:
        """Sum what each moment holds, shape (columns, moments), over the strictly earlier ones of each visit."""
        sums = np.zeros((len(held), held.shape[1] + 1))
        np.cumsum(held, axis=1, out=sums[:, 1:])
        return sums[:, self._of_visit] - sums[:, self._first[self._of_visit]]

    def keys(self, patient: np.ndarray, weeks: np.ndarray, *, strictly_after: bool | np.ndarray = False) -> np.ndarray:
        """Return whole numbers that are ordered as patients and visit times are, to compare other times with visits.

        What happened at a time is known at a visit of the same patient if its key is at most the visit's: at or after
        that time, or strictly after it.
        """
        times, span = self._times
        rank = np.searchsorted(times, weeks, side="left")
        if np.any(strictly_after):
            rank = np.where(strictly_after, np.searchsorted(times, weeks, side="right"), rank)
        return patient * span + rank

    @cached_property
    def visit_keys(self) -> np.ndarray:
        """Key of each visit; -1 for one without a time, so that nothing is known at it, shape (visits,)."""
        return np.where(np.isnan(self.weeks), -1, self.keys(self.patient, self.weeks))

    def starts(self, keys: np.ndarray) -> np.ndarray:
        """Return where each visit's patient begins among sorted keys, shape (visits,)."""
        patients = self.patient.max() + 1 if len(self.patient) else 0
        return np.searchsorted(keys, np.arange(patients) * self._times[1], side="left")[self.patient]

    @cached_property
    def _times(self) -> tuple[np.ndarray, int]:
        """Distinct times of all visits, and how far the keys of two patients lie apart."""
        times = np.unique(self.weeks[~np.isnan(self.weeks)])
        return times, len(times) + 1

    @cached_property
    def _order(self) -> np.ndarray:
        return np.lexsort((self.weeks, self.patient))

    @cached_property
    def _starts(self) -> np.ndarray:
        """Whether a moment starts at each visit in order."""
        # NaN differs from NaN, so that visits without a clock never share a moment
        return changes(self.patient[self._order]) | changes(self.weeks[self._order])

    @cached_property
    def _of_visit(self) -> np.ndarray:
        of_visit = np.empty(len(self.patient), dtype=int)
        of_visit[self._order] = np.cumsum(self._starts) - 1
        return of_visit

    @cached_property
    def _begins(self) -> np.ndarray:
        """Whether each moment is its patient's first."""
        return changes(self.patient[self._order])[self._starts]

    @cached_property
    def _clocked(self) -> np.ndarray:
        return ~np.isnan(self.weeks[self._order][self._starts])

    @cached_property
    def _first(self) -> np.ndarray:
        number = np.arange(len(self._begins))
        first = np.maximum.accumulate(np.where(self._begins, number, 0)) if len(number) else number
        return np.where(self._clocked, first, -1)

    @cached_property
    def _previous(self) -> np.ndarray:
        number = np.arange(len(self._begins))
        return np.where(self._begins | ~self._clocked, -1, number - 1)

    @cached_property
    def _moment_order(self) -> np.ndarray:
        """Moments that have a time, and -1 at the end for none."""
        return np.append(np.flatnonzero(self._clocked), -1)

    @cached_property
    def _moment_patient(self) -> np.ndarray:
        return np.append(self.patient[self._order][self._starts][self._clocked], -1)

    @cached_property
    def _moment_keys(self) -> np.ndarray:
        return self.visit_keys[self._order][self._starts][self._clocked]

    def _by_moment(self, values: np.ndarray) -> np.ndarray:
        """Value of each moment, with a NaN at the end for "no such moment"; the median of visits at the same time.

        The median of any number of values has the same bits in whatever order they come. Values of several columns,
        shape (columns, visits), give those of each.
        """
        moments = len(self._begins)
        held = np.full((*values.shape[:-1], moments + 1), np.nan)
        if moments == len(self.patient):
            held[..., self._of_visit] = values
        else:
            held[..., :-1] = pd.DataFrame(values.T).groupby(self._of_visit).median().to_numpy().T
        return held


def changes(ordered: np.ndarray) -> np.ndarray:
    """Whether each element differs from the one before it; the first does."""
    if not len(ordered):
        return np.empty(0, dtype=bool)
    return np.append(True, ordered[1:] != ordered[:-1])
