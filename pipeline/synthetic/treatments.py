"""What patients are given, from what was found at their visits, and how long it acts.

Who gets what depends on the recorded regions and answers only. Toxin is given again when it has worn off, until the
patient stops; drugs begin at the first visit, operations are done at the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.form import ITEMS
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS

_LIMB = (0.40, 100.0, 12.5)
TOXIN: dict[str, tuple[float, float, float]] = {
    "upper_face": (0.85, 45, 12.5),
    "lower_face": (0.60, 70, 13),
    "jaw": (0.60, 70, 13),
    "tongue": (0.40, 25, 13),
    "larynx": (0.70, 5, 15.1),  # V 15.1 weeks, Blitzer 1998
    "neck": (0.80, 180, 12.5),
    "hand_left": (0.42, 40, 12),
    "hand_right": (0.42, 40, 12),
    "trunk": (0.35, 200, 12.5),
}
"""A: share that gets toxin where this is the first region held; usual dose in units of onabotulinum toxin (M); weeks
that it acts (V about 12.5, Poliziani 2016, Jankovic 1987).
"""

_CYCLE_SPREAD_WEEKS = 2.5
_STOPS = 0.04
"""A: share that stops after an injection; half are still treated after four years."""

_RISE_WEEKS, _PLATEAU, _GONE = 2.0, 0.6, 1.15
"""A: full effect after two weeks, until 60 % of the usual time, none after 115 %; V 5-week plateau, Whurr 1993."""

EASES = np.array([0.0, 0.25, 0.55])
"""A: how much toxin takes from the severity at each level of response; V 31 % on average (Dashtipour 2019)."""

_OTHER_EFFECT = {"anticholinergic": 0.20, "clonazepam": 0.08, "baclofen": 0.08, "denervation": 0.30, "dbs": 0.60}
"""Share of severity taken from who responds at all: V denervation 30 %, DBS about 60-65 %; the drugs A."""

_COLUMNS = ("patient", "kind", "week", "dose_toxin_units", "region")
_LONGEST_WEEKS = 5200


@dataclass(frozen=True)
class Given:
    """Treatments, one element each, in order of patient and time."""

    table: pd.DataFrame
    """Columns `_COLUMNS` and ``acts_weeks``; `patient` is the position in `People`."""

    def relief(self, people: People, visits: Visits) -> np.ndarray:
        """Return the share of severity that treatment takes away on the day of each visit."""
        left = np.ones(len(visits))
        table, last = self.table, int(visits.week.max(initial=0)) + 1
        toxin = table[table["kind"] == "botulinum_toxin"]
        key = toxin["patient"].to_numpy(int) * last + toxin["week"].to_numpy(int)
        # an injection on the day of the visit is given after it
        before = np.searchsorted(key, visits.patient * last + visits.week, side="left") - 1
        found = np.flatnonzero((before >= 0) & (toxin["patient"].to_numpy(int)[before] == visits.patient))
        since = visits.week[found] - toxin["week"].to_numpy(int)[before[found]]
        acts = acting(since, toxin["acts_weeks"].to_numpy(float)[before[found]])
        left[found] *= 1 - EASES[people.response[visits.patient[found]]] * acts
        for kind, effect in _OTHER_EFFECT.items():
            first = np.full(len(people), _LONGEST_WEEKS)
            rows = table[table["kind"] == kind]
            np.minimum.at(first, rows["patient"].to_numpy(int), rows["week"].to_numpy(int))
            on = (first[visits.patient] < visits.week) & (people.response[visits.patient] > 0)
            left *= np.where(on, 1 - effect, 1.0)
        return 1 - left


def acting(weeks: np.ndarray, lasts: np.ndarray) -> np.ndarray:
    """Return the share of its full effect that toxin has after some weeks.

    Examples
    --------
    >>> acting(np.array([0.0, 2.0, 7.0, 20.0]), np.array([12.5] * 4)).tolist()
    [0.0, 1.0, 1.0, 0.0]
    """
    rises = weeks / _RISE_WEEKS
    fades = (_GONE * lasts - weeks) / ((_GONE - _PLATEAU) * lasts)
    return np.clip(np.minimum(rises, fades), 0.0, 1.0)


def draw_treatments(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> Given:
    """Draw the treatments from the regions that were found at each visit, shape (visits, REGIONS), and the answers."""
    given = [*_injections(people, visits, held, streams), *_others(people, visits, held, streams)]
    table = pd.concat([pd.DataFrame(part) for part in given], ignore_index=True)
    return Given(table.sort_values(["patient", "week", "kind"], kind="stable", ignore_index=True))


def treatments_table(people: People, given: Given) -> pd.DataFrame:
    """Return the table of treatments as the schema has it."""
    table = given.table
    patient, week = table["patient"].to_numpy(int), table["week"].to_numpy(int)
    day = people.enrolled[patient] + (7 * week).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "patient_id": pd.Series(people.patient_id[patient], dtype=object),
            "kind": table["kind"].astype(object),
            "treatment_date": pd.Series(np.datetime_as_string(day), dtype=object),
            "weeks_since_enrolment": week.astype(float),
            "age_at_visit_y": np.round(people.enrolment_y[patient] + week / WEEKS_PER_YEAR, 2),
            "dose_toxin_units": table["dose_toxin_units"].astype(float),
            "region": table["region"].astype(object),
        }
    )


def _injections(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> list[dict[str, object]]:
    """Injections at the first visit and again until the last, each when the one before has worn off.

    Cycle by cycle, for all who still come: the last visit is the last day that anybody knows of.
    """
    names = np.array([*REGIONS, ""], dtype=object)
    first_visit = np.flatnonzero(visits.number == 0)
    first = np.where(held.any(axis=1), held.argmax(axis=1), len(REGIONS))[first_visit]
    figures = np.array([TOXIN.get(region, _LIMB) for region in REGIONS] + [(0.0, 0.0, 1.0)])[first]
    last = np.zeros(len(people), dtype=int)
    np.maximum.at(last, visits.patient, visits.week)
    here = np.flatnonzero(streams.uniform("toxin", 1)[:, 0] < figures[:, 0])
    week = np.zeros(len(people), dtype=int)
    parts: list[dict[str, object]] = []
    cycle = 0
    while len(here):
        uniform = streams.uniform(f"injection {cycle}", 3)[here]
        # a dose of 60 to 140 % of the usual one, in steps of 2.5 units (A)
        dose = 2.5 * np.maximum(np.rint(figures[here, 1] * (0.6 + 0.8 * uniform[:, 0]) / 2.5), 1)
        acts = figures[here, 2] + _CYCLE_SPREAD_WEEKS * (2 * uniform[:, 1] - 1)
        row = (here, "botulinum_toxin", week[here], dose, names[first[here]])
        parts.append(dict(zip(_COLUMNS, row, strict=True)) | {"acts_weeks": acts})
        week[here] += np.rint(acts).astype(int)
        here = here[(uniform[:, 2] >= _STOPS) & (week[here] <= last[here])]
        cycle += 1
    return parts


def _others(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> list[dict[str, object]]:
    """Drugs begin at the first visit, operations are done at the second (A)."""
    wide, any_region = held.sum(axis=1) >= 3, held.any(axis=1)
    neck = held[:, REGIONS.index("neck")]
    young = (people.onset_y < 21)[visits.patient]

    def says(item: str) -> np.ndarray:
        return visits.answers[:, ITEMS.index(item)] == 1

    shares = {
        "anticholinergic": (0, np.select([wide & young, wide, any_region], [0.6, 0.35, 0.08], 0.0)),
        "clonazepam": (0, np.select([says("jerks") & any_region, any_region], [0.18, 0.08], 0.0)),
        "baclofen": (0, np.select([wide & says("stiffness"), any_region], [0.3, 0.04], 0.0)),
        "levodopa": (0, np.select([says("slowness") & ~any_region, wide & young, any_region], [0.7, 0.35, 0.03], 0.0)),
        "denervation": (1, np.where(neck, 0.03, 0.0)),
        "dbs": (1, np.select([wide, says("slowness") & ~any_region, any_region], [0.25, 0.08, 0.01], 0.0)),
    }
    uniform = visit_uniform(visits, streams, "other treatments", len(shares))
    parts = []
    for number, (kind, (at_visit, share)) in enumerate(shares.items()):
        rows = np.flatnonzero((visits.number == at_visit) & (uniform[:, number] < share))
        row = (visits.patient[rows], kind, visits.week[rows], np.nan, "")
        parts.append(dict(zip(_COLUMNS, row, strict=True)) | {"acts_weeks": np.nan})
    return parts
