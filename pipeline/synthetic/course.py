"""When patients are seen, and what is then known about their spread.

Times of visits, drop-out and treatment depend on what has been recorded, never on what is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.figures import OLDEST_Y
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams
from pipeline.units import WEEKS_PER_YEAR

_GAP_LOW_Y, _GAP_HIGH_Y = 1.0, 4.0
"""V years between visits, Berman 2020."""

_DROP_OUT, _DROP_OUT_TREATED = 0.25, 0.12
"""A: share that does not come again; treated patients do so more often."""

_SEEN_ONCE = {"healthy": 0.85, "acquired_acute_drug": 1.0, "essential_tremor": 0.35, "parkinson_disease": 0.35}
"""A: share that does not come again where the clinic has nothing more to do."""

_LAST_DAY = np.datetime64("2025-12-31")
"""A: the follow-up of everybody ends, so that no visit lies in the future."""


@dataclass(frozen=True)
class Visits:
    """Visits in order of patient and time, one element each.

    Attributes
    ----------
    patient : ndarray of int
        Position of the patient in `People`.
    number : ndarray of int
        0 at enrolment.
    week : ndarray of int
        Weeks since enrolment.
    """

    patient: np.ndarray
    number: np.ndarray
    week: np.ndarray

    def __len__(self) -> int:
        return len(self.patient)

    @property
    def is_last(self) -> np.ndarray:
        """Whether the patient was not seen again."""
        return np.append(self.patient[1:] != self.patient[:-1], True)


def draw_visits(people: People, treated: np.ndarray, max_visits: int, streams: Streams) -> Visits:
    """Draw the visits of each patient: one to `max_visits`, one to four years apart."""
    leaves = _drop_out(people, treated)
    week = np.zeros(len(people), dtype=int)
    here = np.ones(len(people), dtype=bool)
    found = [(np.flatnonzero(here), np.zeros(len(people), dtype=int), week)]
    for number in range(1, max_visits):
        uniform = streams.uniform(f"visit {number}", 2)
        gap_y = _GAP_LOW_Y + (_GAP_HIGH_Y - _GAP_LOW_Y) * uniform[:, 0]
        week = week + np.rint(gap_y * WEEKS_PER_YEAR).astype(int)
        day = people.enrolled + (7 * week).astype("timedelta64[D]")
        too_late = (day > _LAST_DAY) | (people.enrolment_y + week / WEEKS_PER_YEAR > OLDEST_Y)
        here = here & (uniform[:, 1] >= leaves) & ~too_late
        if not here.any():
            break
        seen = np.flatnonzero(here)
        found.append((seen, np.full(len(seen), number), week[seen]))
    patient, numbers, weeks = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((numbers, patient))
    return Visits(patient[order], numbers[order], weeks[order])


def _drop_out(people: People, treated: np.ndarray) -> np.ndarray:
    once = people.mix.figure(lambda pair: max(_SEEN_ONCE.get(word, 0.0) for word in pair))[people.pair]
    return np.maximum(once, np.where(treated, _DROP_OUT_TREATED, _DROP_OUT))


def has_spread(visits: Visits, people: People, spread_y: np.ndarray) -> np.ndarray:
    """Whether the spread has come by the time of each visit; never for who cannot have it."""
    return visits.week / WEEKS_PER_YEAR + people.duration_y[visits.patient] >= spread_y[visits.patient]


def spread_interval(
    visits: Visits, people: People, spread_y: np.ndarray, spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the years from each visit to the last one without spread and to the first one with it.

    Returns
    -------
    left, right : ndarray
        Both NaN once the spread has come and for who cannot have it; `right` NaN if it was not seen.
    """
    at_risk = ~spread & ~np.isnan(spread_y)[visits.patient]
    last_free = np.full(len(people), -1)
    np.maximum.at(last_free, visits.patient[at_risk], visits.week[at_risk])
    first_spread = np.full(len(people), np.inf)
    np.minimum.at(first_spread, visits.patient[spread], visits.week[spread].astype(float))
    first_spread[np.isinf(first_spread)] = np.nan
    left = np.where(at_risk, last_free[visits.patient] - visits.week, np.nan)
    right = np.where(at_risk, first_spread[visits.patient] - visits.week, np.nan)
    return np.round(left / WEEKS_PER_YEAR, 4), np.round(right / WEEKS_PER_YEAR, 4)


def visit_uniform(visits: Visits, streams: Streams, purpose: str, width: int) -> np.ndarray:
    """Return uniform numbers for each visit, from its patient's own stream; shape (visits, width)."""
    drawn = np.empty((len(visits), width))
    for number in range(int(visits.number.max(initial=-1)) + 1):
        rows = visits.number == number
        drawn[rows] = streams.uniform(f"{purpose} {number}", width)[visits.patient[rows]]
    return drawn
