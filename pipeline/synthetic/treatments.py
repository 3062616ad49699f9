"""What patients are given, from what was found at their visits, and how long it acts.

Who gets what depends on the recorded regions and answers only. Toxin is given again when it has worn off, until the
patient stops; drugs begin at the first visit, operations are done at the second.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.epidemiology import load_epidemiology, value
from pipeline.synthetic.form import ITEMS
from pipeline.synthetic.person import People
from pipeline.synthetic.relief import draw_responses
from pipeline.synthetic.streams import Streams
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS, RESPONSES


@dataclass(frozen=True)
class Use:
    """How toxin is used where a region is the first one held.

    Attributes
    ----------
    given : float
        Share that gets it.
    dose : float
        Usual dose in units of onabotulinum toxin.
    weeks, sd_weeks : float
        How long a session acts.
    stops : float
        Share that stops after a session.
    """

    given: float
    dose: float
    weeks: float
    sd_weeks: float
    stops: float


def _use(place: str) -> Use:
    group = f"toxin_use.{place}"
    acts = load_epidemiology().figure(f"{group}.weeks")
    return Use(value(f"{group}.given"), value(f"{group}.dose"), acts.value, acts.sd or 0.0, value(f"{group}.stops"))


TOXIN: dict[str, Use] = {
    place: _use(place)
    for place in ("upper_face", "lower_face", "jaw", "tongue", "larynx", "neck", "hand_left", "hand_right", "trunk")
}
_ELSEWHERE, _NOWHERE = _use("elsewhere"), Use(0.0, 0.0, 1.0, 0.0, 0.0)
_SHORTEST_WEEKS = 3.0
"""No session is given sooner."""

_COLUMNS = ("patient", "kind", "week", "dose_toxin_units", "region")


@dataclass(frozen=True)
class Given:
    """Treatments, and how well each kind works in each patient.

    Attributes
    ----------
    table : DataFrame
        Columns ``patient`` (position in `People`), ``kind``, ``week``, ``dose_toxin_units``, ``region`` and
        ``acts_weeks``, in order of patient and time.
    responses : dict of str to ndarray
        By kind, one level a patient: 0, 1 or 2, as in `RESPONSES`.
    """

    table: pd.DataFrame
    responses: dict[str, np.ndarray]


def draw_treatments(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> Given:
    """Draw the treatments from the regions that were found at each visit, shape (visits, REGIONS), and the answers."""
    given = [*_injections(people, visits, held, streams), *_others(people, visits, held, streams)]
    table = pd.concat([pd.DataFrame(part) for part in given], ignore_index=True)
    table = table.sort_values(["patient", "week", "kind"], kind="stable", ignore_index=True)
    return Given(table, draw_responses(people, streams))


def treatments_table(people: People, given: Given) -> pd.DataFrame:
    """Return the table of treatments as the schema has it."""
    table = given.table
    patient, week = table["patient"].to_numpy(int), table["week"].to_numpy(int)
    day = people.enrolled[patient] + (7 * week).astype("timedelta64[D]")
    kind = table["kind"].to_numpy(object)
    level = np.select([kind == name for name in given.responses], [each[patient] for each in given.responses.values()])
    return pd.DataFrame(
        {
            "patient_id": pd.Series(people.patient_id[patient], dtype=object),
            "kind": table["kind"].astype(object),
            "treatment_date": pd.Series(np.datetime_as_string(day), dtype=object),
            "weeks_since_enrolment": week.astype(float),
            "age_at_visit_y": np.round(people.enrolment_y[patient] + week / WEEKS_PER_YEAR, 2),
            "dose_toxin_units": table["dose_toxin_units"].astype(float),
            "region": table["region"].astype(object),
            "wear_off_weeks": np.round(np.where(level > 0, table["acts_weeks"].to_numpy(float), np.nan), 1),
            "response": pd.Series(np.array(RESPONSES, dtype=object)[level], dtype=object),
        }
    )


def _injections(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> list[dict[str, object]]:
    """Injections at the first visit and again until the last, each when the one before has worn off.

    Cycle by cycle, for all who still come: the last visit is the last day that anybody knows of.
    """
    names = np.array([*REGIONS, ""], dtype=object)
    first_visit = np.flatnonzero(visits.number == 0)
    first = np.where(held.any(axis=1), held.argmax(axis=1), len(REGIONS))[first_visit]
    uses = [*(TOXIN.get(region, _ELSEWHERE) for region in REGIONS), _NOWHERE]
    given, dose, weeks, sd_weeks, stops = np.array([astuple(use) for use in uses])[first].T
    last = np.zeros(len(people), dtype=int)
    np.maximum.at(last, visits.patient, visits.week)
    here = np.flatnonzero(streams.uniform("toxin", 1)[:, 0] < given)
    week = np.zeros(len(people), dtype=int)
    parts: list[dict[str, object]] = []
    cycle = 0
    while len(here):
        uniform = streams.uniform(f"injection {cycle}", 3)[here]
        # a dose of 60 to 140 % of the usual one, in steps of 2.5 units (A)
        units = 2.5 * np.maximum(np.rint(dose[here] * (0.6 + 0.8 * uniform[:, 0]) / 2.5), 1)
        acts = np.maximum(weeks[here] + sd_weeks[here] * ndtri(uniform[:, 1]), _SHORTEST_WEEKS)
        row = (here, "botulinum_toxin", week[here], units, names[first[here]])
        parts.append(dict(zip(_COLUMNS, row, strict=True)) | {"acts_weeks": acts})
        week[here] += np.rint(acts).astype(int)
        here = here[(uniform[:, 2] >= stops[here]) & (week[here] <= last[here])]
        cycle += 1
    return parts


def _others(people: People, visits: Visits, held: np.ndarray, streams: Streams) -> list[dict[str, object]]:
    """Drugs begin at the first visit, operations are done at the second (A)."""
    wide, any_region = held.sum(axis=1) >= 3, held.any(axis=1)
    neck = held[:, REGIONS.index("neck")]
    young = (people.onset_y < 21)[visits.patient]

    def says(item: str) -> np.ndarray:
        return visits.answers[:, ITEMS.index(item)] == 1

    slow_only = says("slowness") & ~any_region
    cases = {
        "anticholinergic": (0, {"_wide_young": wide & young, "_wide": wide, "": any_region}),
        "clonazepam": (0, {"_with_jerks": says("jerks") & any_region, "": any_region}),
        "baclofen": (0, {"_wide_stiff": wide & says("stiffness"), "": any_region}),
        "levodopa": (0, {"_slow_without_dystonia": slow_only, "_wide_young": wide & young, "": any_region}),
        "denervation": (1, {"_neck": neck}),
        "dbs": (1, {"_wide": wide, "_slow_without_dystonia": slow_only, "": any_region}),
    }
    shares = {
        kind: (at_visit, np.select(list(among.values()), [value(f"given.{kind}{whom}") for whom in among], 0.0))
        for kind, (at_visit, among) in cases.items()
    }
    uniform = visit_uniform(visits, streams, "other treatments", len(shares))
    parts = []
    for number, (kind, (at_visit, share)) in enumerate(shares.items()):
        rows = np.flatnonzero((visits.number == at_visit) & (uniform[:, number] < share))
        row = (visits.patient[rows], kind, visits.week[rows], np.nan, "")
        parts.append(dict(zip(_COLUMNS, row, strict=True)) | {"acts_weeks": np.nan})
    return parts
