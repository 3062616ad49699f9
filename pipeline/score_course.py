"""What becomes of a score: a fall that lasts or not, a rise that is confirmed, a height that is reached.

Times are weeks on each patient's own clock. Visits of a patient at one time are one moment, with the mean of their
scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from pipeline.clock import visit_weeks
from pipeline.records import Cohort
from pipeline.rules import number
from pipeline.schema import VISITS
from pipeline.study import Target
from pipeline.units import WEEKS_PER_YEAR

_HALF_A_DAY = 0.5 / 7
"""Weeks counted from dates or ages are not exact."""

_HIGHEST = {column.name: column.high for column in VISITS}

Interval = tuple[np.ndarray, np.ndarray]
"""Years from each visit between which an event fell: left is NaN where nobody can say, right infinite where it was not
seen; each of shape (visits,)."""


@dataclass(frozen=True, eq=False)
class ScoreCourse:
    """A score's course in each patient of a cohort.

    Parameters
    ----------
    cohort : Cohort
    target : Target
        Says which score, and what counts as a change.
    """

    cohort: Cohort
    target: Target

    @cached_property
    def patient(self) -> np.ndarray:
        """Number of each visit's patient."""
        return pd.factorize(self.cohort.groups)[0]

    @cached_property
    def weeks(self) -> np.ndarray:
        """Time of each visit; an only visit is the first, whenever it was."""
        several = pd.Series(self.patient).duplicated(keep=False).to_numpy()
        return np.where(several, visit_weeks(self.cohort.visits), 0.0)

    @cached_property
    def score(self) -> np.ndarray:
        """Score at each visit, NaN where there is none."""
        return number(self.cohort.arrays, self.target.score)

    @cached_property
    def is_first(self) -> np.ndarray:
        """Whether each visit is its patient's first."""
        return self.weeks == self._of_patient(self.weeks, "min")

    @cached_property
    def baseline(self) -> np.ndarray:
        """Score at each patient's first visit."""
        return self._of_patient(np.where(self.is_first, self.score, np.nan), "mean")

    @cached_property
    def improved_at(self) -> np.ndarray:
        """Week at which each patient's score had first fallen by enough."""
        improved = ~self.is_first & (self.score <= self.baseline - self.target.improve_by)
        return self._of_patient(np.where(improved, self.weeks, np.nan), "min")

    @cached_property
    def reached_at(self) -> np.ndarray:
        """Week at which each patient's score first was as high as asked."""
        return self._of_patient(np.where(self.score >= self.target.reach, self.weeks, np.nan), "min")

    @cached_property
    def worse(self) -> np.ndarray:
        """Score from which on each visit's patient counts as worse than at it."""
        by_share = self.score * (1.0 + self.target.worsen_by_share)
        return np.maximum(self.score + self.target.worsen_by, by_share)

    @property
    def ineligible(self) -> np.ndarray:
        """Why the target can't be asked at each visit, ``""`` where it can; a visit and its past decide."""
        reasons = np.full(len(self.cohort), "", dtype=object)
        match self.target.derive:
            case "score_response":
                reasons[~self.is_first] = "not_first_visit"
                reasons[np.isnan(self.baseline)] = "no_score"
            case "score_relapse":
                reasons[self.weeks > self.improved_at] = "after_time_zero"
                reasons[~(self.weeks >= self.improved_at)] = "no_improvement_yet"
                reasons[np.isnan(self.baseline)] = "no_score"
            case "score_worsening":
                reasons[self.worse > _HIGHEST[self.target.score]] = "no_room_to_worsen"
                reasons[np.isnan(self.score)] = "no_present_score"
            case "score_reached":
                reasons[self.weeks >= self.reached_at] = "reached_before"
                reasons[np.isnan(self.score)] = "no_present_score"
        reasons[np.isnan(self.weeks)] = "no_visit_time"
        return reasons

    def response(self) -> np.ndarray:
        """Say of each first visit whether the score has fallen by enough at the week of judgement.

        Returns
        -------
        ndarray of str, shape (visits,)
            ``yes``, ``no``, or ``""`` where no score was taken then, and at later visits.
        """
        first_week = self._of_patient(self.weeks, "min")
        judged = np.abs(self.weeks - first_week - self.target.week) < _HALF_A_DAY
        fall = self._of_patient(np.where(judged, self.baseline - self.score, np.nan), "mean")
        said = np.where(fall >= self.target.improve_by, "yes", "no").astype(object)
        said[~self.is_first | np.isnan(fall)] = ""
        return said

    def relapse(self) -> Interval:
        """Find the interval from time zero that holds the score's return to within some points of the baseline.

        Time zero is the first visit at which the score has fallen by enough.
        """
        later = (self.weeks > self.improved_at) & ~np.isnan(self.score)
        relapsed = later & (self.score >= self.baseline - self.target.within)
        right = self._of_patient(np.where(relapsed, self.weeks, np.nan), "min")
        before = later & ~(self.weeks >= right)
        left = self._of_patient(np.where(before, self.weeks, np.nan), "max")
        start = np.where(self.weeks == self.improved_at, self.weeks, np.nan)
        return _years(np.where(np.isnan(left), start, left) - start), _years(_or_never(right - start))

    def worsening(self) -> Interval:
        """Find the interval from each visit that holds a rise of its score that the next score confirms.

        A rise at the last score, which nothing can confirm, is not seen: the patient counts as followed up to the score
        before it.
        """
        return self._first_above(self.worse, confirmed=True)

    def reached(self) -> Interval:
        """Find the interval from each visit in which the score first is as high as asked."""
        return self._first_above(np.full(len(self.cohort), self.target.reach), confirmed=False)

    def _first_above(self, bound: np.ndarray, *, confirmed: bool) -> Interval:
        """Find when each visit's patient first has a score of its bound or more, after the visit."""
        scored = ~np.isnan(self.score) & ~np.isnan(self.weeks)
        rows = pd.DataFrame({"patient": self.patient, "weeks": self.weeks, "score": self.score})[scored]
        of_moment = rows.groupby(["patient", "weeks"])
        moments, now = of_moment["score"].mean().reset_index(), of_moment.ngroup().to_numpy()
        patient, weeks, score = (moments[name].to_numpy() for name in ("patient", "weeks", "score"))
        # one moment more, of nobody, for what would come after the last
        patient, weeks, score = np.append(patient, -1), np.append(weeks, np.nan), np.append(score, -np.inf)
        asked = bound[scored]
        left, right = weeks[now], np.full(len(now), np.inf)
        open_, nobody = np.ones(len(now), dtype=bool), len(patient) - 1
        for ahead in range(1, int(np.bincount(patient[:-1]).max(initial=1))):
            then = np.minimum(now + ahead, nobody)
            following = np.minimum(then + 1, nobody)
            here = open_ & (patient[then] == patient[now])
            above = here & (score[then] >= asked)
            sure = above & (patient[following] == patient[now]) & (score[following] >= asked) if confirmed else above
            right[sure] = weeks[then[sure]]
            open_ = here & ~sure
            left = np.where(here & ~above, weeks[then], left)
        found_left, found_right = np.full(len(self.cohort), np.nan), np.full(len(self.cohort), np.inf)
        found_left[scored], found_right[scored] = left - weeks[now], right - weeks[now]
        return _years(found_left), _years(found_right)

    def _of_patient(self, values: np.ndarray, what: Literal["min", "max", "mean"]) -> np.ndarray:
        return pd.Series(values).groupby(self.patient).transform(what).to_numpy()


def _or_never(weeks: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(weeks), np.inf, weeks)


def _years(weeks: np.ndarray) -> np.ndarray:
    return weeks / WEEKS_PER_YEAR
