"""What a record feature may see: each visit with what was known up to it, never with what came after.

Visits of a patient are ordered by `clock.visit_weeks`. Visits at the same time are one moment, whatever the order of
the rows; the previous visit is one at a strictly earlier moment. Visits that no clock times stand alone. Treatments are
in `courses`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from pipeline.clock import visit_weeks
from pipeline.features.courses import Course, Treatments
from pipeline.features.moments import Moments
from pipeline.finding_marks import Marks, marks_of
from pipeline.records import Arrays


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

    def has(self, column: str) -> bool:
        """Whether the cohort has a column at all."""
        return column in self._visits

    def value(self, column: str) -> np.ndarray:
        """Return a flag or number as recorded at this visit."""
        if column not in self._numbers:
            numbers = self._visits[column].to_numpy(dtype=float, na_value=np.nan) if self.has(column) else self._nothing
            numbers = numbers.view()
            numbers.flags.writeable = False  # many features look at one column
            self._numbers[column] = numbers
        return self._numbers[column]

    def text(self, column: str) -> np.ndarray:
        """Return a text as recorded at this visit, ``""`` where it is not."""
        if column not in self._visits:
            return np.full(len(self), "", dtype=object)
        cells = self._visits[column].to_numpy(dtype=object)
        return np.where(pd.isna(cells), "", cells)

    def coded(self, column: str, values: Mapping[str, float]) -> np.ndarray:
        """Return the number that each category stands for; NaN for a word that is not listed."""
        if column not in self._visits:
            return self._nothing
        codes, words = pd.factorize(self._visits[column].to_numpy(dtype=object))
        # an empty cell that is None or NaN has the code -1, which takes the last number
        numbers = np.array([*(values.get(word, np.nan) for word in words), np.nan])
        return numbers[codes]

    def first(self, column: str) -> np.ndarray:
        """Return the value at the patient's first visit, which may be this one; NaN without a clock."""
        return self.first_of(self.value(column))

    def previous(self, column: str) -> np.ndarray:
        """Return the value at the last strictly earlier visit; NaN where there is none."""
        return self.previous_of(self.value(column))

    def first_of(self, values: np.ndarray) -> np.ndarray:
        """Return what a value, given for each visit, was at the patient's first visit."""
        return self._moments.at_first(values)

    def previous_of(self, values: np.ndarray) -> np.ndarray:
        """Return what a value, given for each visit, was at the last strictly earlier visit."""
        return self._moments.at_previous(values)

    def means_before(self, columns: Iterable[str]) -> np.ndarray:
        """Return each column's mean over the strictly earlier visits that have a value, shape (visits, columns).

        NaN where none has. For flags: of other numbers the last digit may depend on who else is in the table.
        """
        return self._moments.mean_before(np.stack([self.value(column) for column in columns])).T

    def by_then(self, column: str, weeks: np.ndarray) -> np.ndarray:
        """Return the value at the patient's last visit at or before a time; NaN where there is none.

        Parameters
        ----------
        column : str
        weeks : ndarray, shape (visits,)
            On the patient's own clock, as `weeks`; no later than the visit itself.
        """
        return self._moments.by_then(self.value(column), weeks)

    @cached_property
    def weeks(self) -> np.ndarray:
        """Time of each visit on its patient's own clock; comparable within a patient only."""
        return visit_weeks(self._visits) if len(self) else np.empty(0)

    @cached_property
    def weeks_since_first(self) -> np.ndarray:
        """Weeks since the patient's first visit; NaN without a clock."""
        return self.weeks - self._moments.at_first(self.weeks)

    @cached_property
    def weeks_since_previous(self) -> np.ndarray:
        """Weeks since the last strictly earlier visit; NaN where there is none."""
        return self.weeks - self._moments.at_previous(self.weeks)

    @cached_property
    def visit_number(self) -> np.ndarray:
        """Which of the patient's distinct visit times this is, from 1; NaN without a clock."""
        return self._moments.number

    def given(self, kind: str) -> Course:
        """Return the treatments of a kind up to each visit.

        Treatments of one time are one session. A treatment that the patient's clock does not time is left out, since it
        may lie in the future.
        """
        return self._given.course(kind)

    @cached_property
    def marks(self) -> Marks:
        """The visits' findings, mark by mark; a cell is split once, however many features read it."""
        if not self.has("findings"):
            none = np.empty(0, dtype=int)
            return Marks(len(self), none, none, [])
        return marks_of(self._visits["findings"])

    @cached_property
    def _numbers(self) -> dict[str, np.ndarray]:
        """Columns as numbers: those that are so in the table, and others once they were asked for."""
        return dict(Arrays(self._visits).numbers)

    @cached_property
    def _nothing(self) -> np.ndarray:
        nothing = np.full(len(self), np.nan)
        nothing.flags.writeable = False
        return nothing

    @cached_property
    def _patients(self) -> tuple[np.ndarray, pd.Index]:
        codes, ids = pd.factorize(self._visits["patient_id"].to_numpy(dtype=object))
        return codes, pd.Index(ids, dtype=object)

    @cached_property
    def _moments(self) -> Moments:
        return Moments(self._patients[0], self.weeks)

    @cached_property
    def _given(self) -> Treatments:
        return Treatments(self._treatments, self._visits, self._patients[1], self._moments)
