"""When patients are seen, what they then say, and what is then known about events.

Who comes again depends on what was written down at the visit before, never on what is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.recipe import Recipe
from pipeline.synthetic import absence
from pipeline.synthetic.epidemiology import value
from pipeline.synthetic.figures import OLDEST_Y
from pipeline.synthetic.form import ITEMS, OF_BURDEN, FormModel, draw_answers, reached_items
from pipeline.synthetic.form_figures import SPREAD_LOGIT
from pipeline.synthetic.person import HISTORY, People
from pipeline.synthetic.regions import RegionSets
from pipeline.synthetic.streams import Streams
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS

_GAP_LOW_Y, _GAP_HIGH_Y = value("visits.shortest_gap"), value("visits.longest_gap")

_LEAVES, _LEAVES_WITH_FEW, _LEAVES_ACUTE = (
    value(f"visits.leaves{whom}") for whom in ("", "_with_few_complaints", "_after_acute_illness")
)
"""Share that does not come again; with few complaints; and after a sudden illness of days."""

_FEW_COMPLAINTS = 4
_ACUTE_Y = 0.25

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
    answers : ndarray, shape (visits, ITEMS)
        1, 0, or NaN where an item was left empty.
    absent : dict of str to ndarray of bool
        Whether each instrument of the form was left out.
    """

    patient: np.ndarray
    number: np.ndarray
    week: np.ndarray
    answers: np.ndarray
    absent: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.patient)

    @property
    def is_last(self) -> np.ndarray:
        """Whether the patient was not seen again."""
        return np.append(self.patient[1:] != self.patient[:-1], True)

    def years(self, people: People) -> np.ndarray:
        """Years from onset to each visit."""
        return people.duration_y[self.patient] + self.week / WEEKS_PER_YEAR

    def ids(self, people: People) -> dict[str, pd.Series]:
        """Return the columns that name each visit."""
        numbered = np.array([f"V{number + 1}" for number in range(self.number.max(initial=-1) + 1)], dtype=object)
        return {
            "patient_id": pd.Series(people.patient_id[self.patient], dtype=object),
            "visit_id": pd.Series(numbered[self.number], dtype=object),
        }


def draw_visits(
    people: People, regions: RegionSets, spread_y: np.ndarray, model: FormModel, *, recipe: Recipe, streams: Streams
) -> Visits:
    """Draw the visits of each patient, one to `max_visits`, one to four years apart, and fill in their forms."""
    week, here = np.zeros(len(people), dtype=int), np.arange(len(people))
    found = []
    for number in range(recipe.max_visits):
        spread = people.duration_y[here] + week[here] / WEEKS_PER_YEAR >= spread_y[here]
        logits = _logits(model, people, here, np.where(spread, regions.target[here], -1))
        absent, empty = _left_out(people, here, number, recipe, streams)
        uniform = streams.uniform(f"form {number}", len(ITEMS))[here]
        answers = draw_answers(model, logits, empty, uniform)
        found.append((here, np.full(len(here), number), week[here], answers, absent))
        chance = streams.uniform(f"visit {number + 1}", 2)[here]
        gap_y = _GAP_LOW_Y + (_GAP_HIGH_Y - _GAP_LOW_Y) * chance[:, 0]
        week[here] += np.rint(gap_y * WEEKS_PER_YEAR).astype(int)
        stays = chance[:, 1] >= _leaves(people, here, answers)
        here = here[stays & ~_too_late(people, here, week[here])]
        if not len(here):
            break
    patient, numbers, weeks, answers = (np.concatenate(parts) for parts in list(zip(*found, strict=True))[:4])
    order = np.lexsort((numbers, patient))
    absent = {name: np.concatenate([each[4][name] for each in found])[order] for name in absence.INSTRUMENTS}
    return Visits(patient[order], numbers[order], weeks[order], answers[order], absent)


def _logits(model: FormModel, people: People, here: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Logits of what is true, shape (patients here, ITEMS); `target` is the region that spread has reached, or -1."""
    effect = np.where(OF_BURDEN, people.burden[here, None], people.severity[here, None])
    logits = model.centre[people.pair[here]] + model.slope * effect
    for number, region in enumerate(REGIONS):
        rows = np.flatnonzero(target == number)
        if len(rows):
            logits[np.ix_(rows, reached_items(region))] += SPREAD_LOGIT
    return logits


def _left_out(
    people: People, here: np.ndarray, number: int, recipe: Recipe, streams: Streams
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Whether each instrument is left out at a visit, and whether each item is empty."""
    missing = (recipe.missing * np.array([centre.missing for centre in recipe.centres]))[people.centre[here]]
    empty = streams.uniform(f"left empty {number}", len(ITEMS))[here] < missing[:, None]
    uniform = streams.uniform(f"left out {number}", len(absence.INSTRUMENTS))[here]
    absent = {}
    for position, (name, items) in enumerate(absence.INSTRUMENTS.items()):
        absent[name] = absence.absent(people.mix, recipe, name, people.pair[here], uniform[:, position])
        empty[:, [ITEMS.index(item) for item in items]] |= absent[name][:, None]
    return absent, empty


def _leaves(people: People, here: np.ndarray, answers: np.ndarray) -> np.ndarray:
    sudden = HISTORY.index("sudden_onset")
    acute = people.history["sudden_onset"][here] & people.asked[here, sudden] & (people.duration_y[here] < _ACUTE_Y)
    few = (answers == 1).sum(axis=1) <= _FEW_COMPLAINTS
    return np.select([acute, few], [_LEAVES_ACUTE, _LEAVES_WITH_FEW], _LEAVES)


def _too_late(people: People, here: np.ndarray, week: np.ndarray) -> np.ndarray:
    day = people.enrolled[here] + (7 * week).astype("timedelta64[D]")
    return (day > _LAST_DAY) | (people.enrolment_y[here] + week / WEEKS_PER_YEAR > OLDEST_Y)


def interval_of(visits: Visits, people: People, event_y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the years from each visit to the last one without an event and to the first one with it.

    Returns
    -------
    left, right : ndarray
        Both NaN once the event has come and for who cannot have it; `right` NaN if it was not seen.
    """
    come = visits.years(people) >= event_y[visits.patient]
    at_risk = ~come & ~np.isnan(event_y)[visits.patient]
    last_free = np.full(len(people), -1)
    np.maximum.at(last_free, visits.patient[at_risk], visits.week[at_risk])
    first_seen = np.full(len(people), np.inf)
    np.minimum.at(first_seen, visits.patient[come], visits.week[come].astype(float))
    first_seen[np.isinf(first_seen)] = np.nan
    left = np.where(at_risk, last_free[visits.patient] - visits.week, np.nan)
    right = np.where(at_risk, first_seen[visits.patient] - visits.week, np.nan)
    return np.round(left / WEEKS_PER_YEAR, 4), np.round(right / WEEKS_PER_YEAR, 4)


def visit_uniform(visits: Visits, streams: Streams, purpose: str, width: int) -> np.ndarray:
    """Return uniform numbers for each visit, from its patient's own stream; shape (visits, width)."""
    drawn = np.empty((len(visits), width))
    for number in range(int(visits.number.max(initial=-1)) + 1):
        rows = visits.number == number
        drawn[rows] = streams.uniform(f"{purpose} {number}", width)[visits.patient[rows]]
    return drawn
