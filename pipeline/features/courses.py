"""Treatments so far: sessions of each kind, and what had become known of them by a visit.

A treatment row tells of more than its own day: a response, a trial's length, the week in which an effect wore off. What
lies after a visit is not known at it, however early the row is dated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.clock import treatment_weeks
from pipeline.features.moments import Moments, changes
from pipeline.vocabulary import RESPONSES

RESPONSE = {word: number / (len(RESPONSES) - 1) for number, word in enumerate(RESPONSES)}
"""How much a treatment eased the movement: none 0, partial 0.5, marked 1."""

_LEAST_FOR_TREND = 3
"""Two sessions have a difference, no trend."""


@dataclass(frozen=True, eq=False)
class Known:
    """Values of patients in the order in which they became known.

    Parameters
    ----------
    patient, values : ndarray, shape (k,)
        Ordered by patient and time.
    start, end : ndarray, shape (visits,)
        Where each visit's patient begins, and after the last value that is known at the visit.
    """

    patient: np.ndarray
    values: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """How many are known, shape (visits,)."""
        return np.maximum(self.end - self.start, 0)

    @property
    def last(self) -> np.ndarray:
        """The one that became known last; NaN where none is, shape (visits,)."""
        return self._at_last(self.values)

    @property
    def first(self) -> np.ndarray:
        """The one that became known first; NaN where none is, shape (visits,)."""
        return np.append(self.values, np.nan)[np.where(self.count > 0, self.start, len(self.values))]

    @property
    def largest(self) -> np.ndarray:
        """The largest of those known, for values from 0 to 1; NaN where none is, shape (visits,)."""
        # patients ascend by 2, so that the largest so far starts anew with each
        so_far = np.maximum.accumulate(2.0 * self.patient + self.values) if len(self.values) else self.values
        return self._at_last(so_far - 2.0 * self.patient)

    @property
    def total(self) -> np.ndarray:
        """Sum of whole numbers over those known, 0 where none is, shape (visits,)."""
        so_far = np.append(0.0, np.cumsum(self.values))  # whole numbers: exact, whoever else is in the batch
        return np.where(self.count > 0, so_far[self.end] - so_far[self.start], 0.0)

    @property
    def trend(self) -> np.ndarray:
        """Slope of a line through those known, one step apart; NaN for fewer than three, shape (visits,)."""
        return self._at_last(_slopes(self.patient, self.values))

    def _at_last(self, values: np.ndarray) -> np.ndarray:
        return np.append(values, np.nan)[np.where(self.count > 0, self.end - 1, len(values))]


def _slopes(patient: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Least-squares slope over each patient's values so far, against 0, 1, 2, ...

    Sums run value by value within a patient, so that they have the same bits whoever else is in the batch.
    """
    begins = changes(patient)
    number = np.arange(len(values))
    step = number - np.maximum.accumulate(np.where(begins, number, 0)) if len(values) else number
    total, crossed = values.copy(), np.zeros(len(values))
    by_step = np.split(np.argsort(step, kind="stable"), np.cumsum(np.bincount(step))[:-1]) if len(values) else []
    for at, rows in enumerate(by_step[1:], start=1):
        total[rows] += total[rows - 1]
        crossed[rows] = crossed[rows - 1] + at * values[rows]
    n = step + 1.0
    steps, squares = n * (n - 1) / 2, (n - 1) * n * (2 * n - 1) / 6
    with np.errstate(invalid="ignore"):
        slope = (n * crossed - steps * total) / (n * squares - steps**2)
    return np.where(n >= _LEAST_FOR_TREND, slope, np.nan)


@dataclass(frozen=True, eq=False)
class Course:
    """Sessions of one kind of treatment: all rows of a patient at one time.

    Every property gives one value a visit; NaN where there is no table of treatments, or the visit has no time.
    """

    _rows: _Rows
    _moments: Moments
    _recorded: bool

    @cached_property
    def sessions(self) -> np.ndarray:
        """Count the sessions up to the visit, that day included."""
        return np.where(np.isnan(self._moments.weeks) | (not self._recorded), np.nan, self._when.count)

    @property
    def weeks_since_last(self) -> np.ndarray:
        """Weeks from the last session to the visit."""
        return self._moments.weeks - self._when.last

    @property
    def weeks_since_first(self) -> np.ndarray:
        """Weeks from the first session to the visit."""
        return self._moments.weeks - self.first_weeks

    @property
    def first_weeks(self) -> np.ndarray:
        """Time of the first session, on the patient's clock."""
        return self._when.first

    @property
    def last_weeks(self) -> np.ndarray:
        """Time of the last session, on the patient's clock."""
        return self._when.last

    @property
    def last_dose_toxin_units(self) -> np.ndarray:
        """Units given at the last session, over all rows of it; NaN where none was recorded."""
        return self._each(self._by_session(self._rows.number("dose_toxin_units"), np.add, missing=0.0)).last

    @property
    def planned_interval_weeks(self) -> np.ndarray:
        """Weeks to the next session, as planned at the last one: the shortest of its rows."""
        return self._each(self._by_session(self._rows.number("interval_weeks"), np.minimum, missing=np.inf)).last

    @property
    def intervals_weeks(self) -> Known:
        """Weeks between two sessions, each known from the later one on."""
        return self._known(np.diff(self._weeks, prepend=np.nan), ~changes(self._patient))

    @property
    def wear_offs_weeks(self) -> Known:
        """Weeks after which the effect of a session wore off, known once it has: the shortest of its rows."""
        weeks = self._by_session(self._rows.number("wear_off_weeks"), np.minimum, missing=np.inf)
        return self._known(weeks, ~np.isnan(weeks), delay=weeks)

    @property
    def responses(self) -> Known:
        """How much a session eased the movement, from 0 to 1: the best of its rows.

        Known at visits after the session, and after the trial of a drug has run its course.
        """
        return self._judged(self._rows.coded("response", RESPONSE))

    @property
    def stops(self) -> Known:
        """Whether a trial was stopped for side effects, 1 or 0; known as its response is."""
        return self._judged(self._rows.number("stopped_for_side_effects"))

    def at(self, column: str, numbers: Mapping[str, float]) -> np.ndarray:
        """Return the largest of the numbers, 0 to 1, that the categories of the sessions so far stand for."""
        values = self._by_session(self._rows.coded(column, numbers), np.maximum, missing=-np.inf)
        return self._known(values, ~np.isnan(values)).largest

    def _judged(self, values: np.ndarray) -> Known:
        value = self._by_session(values, np.maximum, missing=-np.inf)
        trial = self._by_session(self._rows.number("trial_weeks"), np.maximum, missing=-np.inf)
        return self._known(value, ~np.isnan(value), delay=np.where(np.isnan(trial), 0.0, trial))

    def _known(self, values: np.ndarray, chosen: np.ndarray, *, delay: np.ndarray | None = None) -> Known:
        """Put values of some sessions into the order in which they become known; no delay is "after that day"."""
        if not chosen.any():
            nowhere = np.zeros(len(self._moments.weeks), dtype=int)
            return Known(self._patient[:0], values[:0], nowhere, nowhere)
        values, patient, weeks = values[chosen], self._patient[chosen], self._weeks[chosen]
        if delay is None:
            return self._ordered(patient, values, self._when_keys[chosen])
        delay = delay[chosen]
        keys = self._moments.keys(patient, weeks + delay, strictly_after=delay == 0)
        order = np.lexsort((weeks, weeks + delay, keys))
        return self._ordered(patient[order], values[order], keys[order])

    def _ordered(self, patient: np.ndarray, values: np.ndarray, keys: np.ndarray) -> Known:
        end = np.searchsorted(keys, self._moments.visit_keys, side="right")
        return Known(patient, values, self._moments.starts(keys), end)

    def _each(self, values: np.ndarray) -> Known:
        """Give one value for every session, known on its day."""
        return replace(self._when, values=values)

    @cached_property
    def _when(self) -> Known:
        """Time of every session."""
        return self._ordered(self._patient, self._weeks, self._when_keys)

    @cached_property
    def _when_keys(self) -> np.ndarray:
        return self._moments.keys(self._patient, self._weeks)

    @cached_property
    def _patient(self) -> np.ndarray:
        return self._rows.patient[self._starts]

    @cached_property
    def _weeks(self) -> np.ndarray:
        return self._rows.weeks[self._starts]

    @cached_property
    def _starts(self) -> np.ndarray:
        """Whether a session starts at each row."""
        return changes(self._rows.patient) | changes(self._rows.weeks)

    def _by_session(self, values: np.ndarray, combine: np.ufunc, *, missing: float) -> np.ndarray:
        """Combine the rows of each session; NaN where none of them tells."""
        if not len(values):
            return np.empty(0)
        known, first = ~np.isnan(values), np.flatnonzero(self._starts)
        combined = combine.reduceat(np.where(known, values, missing), first)
        return np.where(np.logical_or.reduceat(known, first), combined, np.nan)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Treatment rows of one kind that are timed and of a patient with visits, ordered by patient, time and dose.

    By dose too, so that a sum has the same bits in whatever order the rows come.
    """

    table: pd.DataFrame
    at: np.ndarray
    patient: np.ndarray
    weeks: np.ndarray

    def number(self, column: str) -> np.ndarray:
        """Return a flag or number of each row."""
        return _number(self.table, column)[self.at]

    def coded(self, column: str, numbers: Mapping[str, float]) -> np.ndarray:
        """Return the number that each row's category stands for; NaN for one that is not listed."""
        if column not in self.table:
            return np.full(len(self.at), np.nan)
        codes, words = pd.factorize(self.table[column].to_numpy(dtype=object)[self.at])
        return np.array([*(numbers.get(word, np.nan) for word in words), np.nan])[codes]


def _number(table: pd.DataFrame, column: str) -> np.ndarray:
    if column not in table:
        return np.full(len(table), np.nan)
    return table[column].to_numpy(dtype=float, na_value=np.nan)


@dataclass(frozen=True, eq=False)
class Treatments:
    """The table of treatments, on the clock of the visits.

    Parameters
    ----------
    table, visits : DataFrame
    patients : Index
        Patient of each number in `moments`.
    moments : Moments
    """

    table: pd.DataFrame
    visits: pd.DataFrame
    patients: pd.Index
    moments: Moments
    _courses: dict[str, Course] = field(default_factory=dict)

    def course(self, kind: str) -> Course:
        """Return the sessions of a kind; one course a kind, since several features read it."""
        if kind not in self._courses:
            self._courses[kind] = Course(self._rows(kind), self.moments, self._recorded)
        return self._courses[kind]

    @property
    def _recorded(self) -> bool:
        return {"kind", "patient_id"} <= set(self.table)

    def _rows(self, kind: str) -> _Rows:
        if not self._recorded:
            return _Rows(self.table, np.empty(0, dtype=int), np.empty(0, dtype=int), np.empty(0))
        patient, weeks = self._timed
        rows = self._of_kind.get(kind, np.empty(0, dtype=int))
        rows = rows[patient[rows] >= 0]
        rows = rows[np.lexsort((_number(self.table, "dose_toxin_units")[rows], weeks[rows], patient[rows]))]
        return _Rows(self.table, rows, patient[rows], weeks[rows])

    @cached_property
    def _of_kind(self) -> dict[str, np.ndarray]:
        """Rows of each kind."""
        return pd.Series(0, index=self.table.index).groupby(self.table["kind"].to_numpy(dtype=object)).indices

    @cached_property
    def _timed(self) -> tuple[np.ndarray, np.ndarray]:
        """Patient and weeks of every row; no patient (-1) for one without visits or a time."""
        patient = self.patients.get_indexer(self.table["patient_id"].to_numpy(dtype=object))
        none = not len(self.table) or not len(self.visits)
        weeks = np.full(len(patient), np.nan) if none else treatment_weeks(self.table, self.visits)
        return np.where(np.isnan(weeks), -1, patient), weeks
