"""What a record feature may see: each visit with what was known up to it, never with what came after.

Visits of a patient are ordered by `clock.visit_weeks`. Visits at the same time are one moment, whatever the order of
the rows; the previous visit is one at a strictly earlier moment. Visits that no clock times stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.clock import treatment_weeks, visit_weeks


@dataclass(frozen=True)
class Given:
    """Treatments of one kind up to each visit, that day included.

    Attributes
    ----------
    sessions : ndarray, shape (visits,)
        Distinct times at which it was given; NaN where there is no table of treatments, or the visit has no time.
    weeks_since_last : ndarray, shape (visits,)
        Weeks from the last of them to the visit.
    last_dose_toxin_units : ndarray, shape (visits,)
        Units given that time, over all regions; NaN where none was recorded.
    """

    sessions: np.ndarray
    weeks_since_last: np.ndarray
    last_dose_toxin_units: np.ndarray


@dataclass(frozen=True)
class _Moments:
    """Distinct times of each patient, in order; -1 stands for no such moment."""

    of_visit: np.ndarray
    first: np.ndarray
    previous: np.ndarray


@dataclass(frozen=True, eq=False)
class History:
    """The past and present of every visit, for record features.

    Every accessor gives one value a visit, in the order of the rows; a column that the cohort lacks is NaN, or ``""``.

    Parameters
    ----------
    _visits, _treatments : DataFrame
        The cohort's tables, which no feature reads directly.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["a", "a"], "age_at_visit_y": [41, 40], "gdrs_total_points": [7, 9]})
    >>> history = History(visits, pd.DataFrame())
    >>> history.first("gdrs_total_points").tolist(), history.previous("gdrs_total_points").tolist()
    ([9.0, 9.0], [9.0, nan])
    """

    _visits: pd.DataFrame
    _treatments: pd.DataFrame

    def __len__(self) -> int:
        return len(self._visits)

    def value(self, column: str) -> np.ndarray:
        """Return a flag or number as recorded at this visit."""
        if column not in self._visits:
            return np.full(len(self), np.nan)
        return self._visits[column].to_numpy(dtype=float, na_value=np.nan)

    def text(self, column: str) -> np.ndarray:
        """Return a text as recorded at this visit, ``""`` where it is not."""
        if column not in self._visits:
            return np.full(len(self), "", dtype=object)
        return self._visits[column].fillna("").to_numpy(dtype=object)

    def first(self, column: str) -> np.ndarray:
        """Return the value at the patient's first visit, which may be this one; NaN without a clock."""
        moments = self._moments
        return self._by_moment(column)[moments.first[moments.of_visit]]

    def previous(self, column: str) -> np.ndarray:
        """Return the value at the last strictly earlier visit; NaN where there is none."""
        moments = self._moments
        return self._by_moment(column)[moments.previous[moments.of_visit]]

    @cached_property
    def weeks(self) -> np.ndarray:
        """Time of each visit on its patient's own clock; comparable within a patient only."""
        return visit_weeks(self._visits) if len(self) else np.empty(0)

    @cached_property
    def weeks_since_first(self) -> np.ndarray:
        """Weeks since the patient's first visit; NaN without a clock."""
        moments = self._moments
        return self.weeks - self._moment_weeks[moments.first[moments.of_visit]]

    @cached_property
    def weeks_since_previous(self) -> np.ndarray:
        """Weeks since the last strictly earlier visit; NaN where there is none."""
        moments = self._moments
        return self.weeks - self._moment_weeks[moments.previous[moments.of_visit]]

    @cached_property
    def visit_number(self) -> np.ndarray:
        """Which of the patient's distinct visit times this is, from 1; NaN without a clock."""
        moments = self._moments
        first = moments.first[moments.of_visit]
        return np.where(first < 0, np.nan, moments.of_visit - first + 1.0)

    def given(self, kind: str) -> Given:
        """Return the treatments of a kind up to each visit.

        Treatments of one time are one session. A treatment that the patient's clock does not time is left out, since it
        may lie in the future.
        """
        if "kind" not in self._treatments or "patient_id" not in self._treatments:
            return Given(*(np.full(len(self), np.nan) for _ in range(3)))
        patient, weeks, dose = self._sessions(kind)
        seen, before = self._sessions_up_to_visit(patient, weeks)
        timed = ~np.isnan(self.weeks)
        last = np.where(timed & (seen > before), seen - 1, -1)
        return Given(
            sessions=np.where(timed, (seen - before).astype(float), np.nan),
            weeks_since_last=self.weeks - np.append(weeks, np.nan)[last],
            last_dose_toxin_units=np.append(dose, np.nan)[last],
        )

    @cached_property
    def _doses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Kind, patient, weeks and dose of each treatment that is timed and of a patient with visits."""
        table = self._treatments
        kind = table["kind"].to_numpy(dtype=object)
        patient = self._patients[1].get_indexer(table["patient_id"].to_numpy(dtype=object))
        weeks = treatment_weeks(table, self._visits) if len(table) and len(self) else np.full(len(table), np.nan)
        dose = np.full(len(table), np.nan)
        if "dose_toxin_units" in table:
            dose = table["dose_toxin_units"].to_numpy(dtype=float, na_value=np.nan)
        known = (patient >= 0) & ~np.isnan(weeks)
        return kind[known], patient[known], weeks[known], dose[known]

    @cached_property
    def _patients(self) -> tuple[np.ndarray, pd.Index]:
        codes, ids = pd.factorize(self._visits["patient_id"].to_numpy(dtype=object))
        return codes, pd.Index(ids, dtype=object)

    @cached_property
    def _moments(self) -> _Moments:
        patient, weeks = self._patients[0], self.weeks
        order = np.lexsort((weeks, patient))
        starts_patient = _changes(patient[order])
        # NaN differs from NaN, so that visits without a clock never share a moment
        starts = starts_patient | _changes(weeks[order])
        of_visit = np.empty(len(order), dtype=int)
        of_visit[order] = np.cumsum(starts) - 1
        rows, begins = np.flatnonzero(starts), starts_patient[starts]
        number = np.arange(len(rows))
        first = np.maximum.accumulate(np.where(begins, number, 0)) if len(rows) else number
        previous = np.where(begins, -1, number - 1)
        clocked = ~np.isnan(weeks[order][rows])
        return _Moments(of_visit, np.where(clocked, first, -1), np.where(clocked, previous, -1))

    @cached_property
    def _moment_weeks(self) -> np.ndarray:
        return self._gather(self.weeks)

    def _by_moment(self, column: str) -> np.ndarray:
        return self._gather(self.value(column))

    def _gather(self, values: np.ndarray) -> np.ndarray:
        """Value of each moment, with a NaN at the end for "no such moment"; the median of visits at the same time.

        The median of any number of values has the same bits in whatever order they come.
        """
        moment = self._moments.of_visit
        count = moment.max() + 1 if len(moment) else 0
        if count == len(moment):
            held = np.empty(count)
            held[moment] = values
        else:
            held = pd.Series(values).groupby(moment).median().to_numpy()
        return np.append(held, np.nan)

    def _sessions(self, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Patient, weeks and summed dose of each session of a kind, ordered by patient and time."""
        kinds, patient, weeks, dose = self._doses
        rows = np.flatnonzero(kinds == kind)
        # sorted by dose too, so that a sum has the same bits in whatever order the rows come
        rows = rows[np.lexsort((dose[rows], weeks[rows], patient[rows]))]
        patient, weeks, dose = patient[rows], weeks[rows], dose[rows]
        starts = _changes(patient) | _changes(weeks)
        session, known = np.cumsum(starts) - 1, ~np.isnan(dose)
        total = np.bincount(session, np.where(known, dose, 0.0), minlength=int(starts.sum()))
        doses_known = np.bincount(session, known, minlength=int(starts.sum()))
        return patient[starts], weeks[starts], np.where(doses_known > 0, total, np.nan)

    def _sessions_up_to_visit(self, patient: np.ndarray, weeks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Count the sessions up to each visit, ordered by patient and time, and those before its patient."""
        visitor, is_visit = self._patients[0], np.repeat([False, True], [len(patient), len(self)])
        order = np.lexsort((is_visit, np.append(weeks, self.weeks), np.append(patient, visitor)))
        seen = np.empty(len(order), dtype=int)
        seen[order] = np.cumsum(~is_visit[order])
        return seen[len(patient) :], np.searchsorted(patient, visitor, side="left")


def _changes(ordered: np.ndarray) -> np.ndarray:
    """Whether each element differs from the one before it; the first does."""
    if not len(ordered):
        return np.empty(0, dtype=bool)
    return np.append(True, ordered[1:] != ordered[:-1])
