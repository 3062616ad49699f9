"""What patients are given: toxin again and again, drugs from the first visit, operations at the second."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.person import People
from pipeline.synthetic.regions import RegionSets
from pipeline.synthetic.streams import Streams
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import REGIONS

TOXIN: dict[str, tuple[float, float]] = {
    "blepharospasm": (0.85, 45),
    "oromandibular": (0.60, 70),
    "cervical": (0.80, 180),
    "laryngeal": (0.70, 5),
    "writers_cramp": (0.45, 40),
    "musicians": (0.30, 30),
    "upper_limb_non_task": (0.40, 80),
    "lower_limb": (0.40, 150),
    "meige_segmental_cranial": (0.80, 90),
    "segmental_other": (0.60, 180),
    "hemidystonia": (0.35, 200),
    "generalized": (0.35, 250),
}
"""A: share of a phenotype that gets toxin, and the usual dose in units of onabotulinum toxin (M)."""

DRUGS: dict[str, dict[str, float]] = {
    "anticholinergic": {"": 0.08, "generalized": 0.55, "hemidystonia": 0.35, "acquired_acute_drug": 0.9},
    "clonazepam": {"": 0.10, "blepharospasm": 0.05},
    "baclofen": {"": 0.05, "acquired_perinatal": 0.4},
    "levodopa": {"": 0.03, "parkinson_disease": 0.8, "inherited_combined": 0.4, "lower_limb": 0.25},
}
OPERATIONS: dict[str, dict[str, float]] = {
    "denervation": {"": 0.0, "cervical": 0.03},
    "dbs": {"": 0.01, "generalized": 0.25, "parkinson_disease": 0.08, "acquired_tbi": 0.1},
}
"""A: share of a class that gets the treatment; `""` for all the rest. Healthy and functional patients get none."""

_NOT_TREATED = ("healthy", "functional")
_CYCLES = 3
_CYCLE_WEEKS, _CYCLE_SPREAD_WEEKS = 12.5, 2.5
"""V a cycle of toxin, Poliziani 2016."""

_COLUMNS = ("patient", "kind", "week", "dose_toxin_units", "region")


def draw_toxin(people: People, streams: Streams) -> np.ndarray:
    """Whether a patient is treated with toxin, from the first visit on."""
    share = people.mix.figure(lambda pair: TOXIN.get(pair[0], (0.0, 0.0))[0])[people.pair]
    return streams.uniform("toxin", 1)[:, 0] < share


def draw_treatments(
    people: People, visits: Visits, regions: RegionSets, toxin: np.ndarray, streams: Streams
) -> pd.DataFrame:
    """Return the table of treatments, in order of patient and time."""
    given = [*_injections(people, visits, regions, toxin, streams), *_others(people, visits, streams)]
    table = pd.concat([pd.DataFrame(dict(zip(_COLUMNS, part, strict=True))) for part in given], ignore_index=True)
    table = table.sort_values(["patient", "week", "kind"], kind="stable", ignore_index=True)
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


def _injections(
    people: People, visits: Visits, regions: RegionSets, toxin: np.ndarray, streams: Streams
) -> list[tuple[object, ...]]:
    """Three cycles after each visit; only the first after the last, since nobody knows of the others."""
    names = np.array([*REGIONS, ""], dtype=object)
    first = np.where(regions.at_onset.any(axis=1), regions.at_onset.argmax(axis=1), len(REGIONS))
    usual = people.mix.figure(lambda pair: TOXIN.get(pair[0], (0.0, 0.0))[1])[people.pair]
    uniform = visit_uniform(visits, streams, "injections", 2 * _CYCLES)
    offset = np.zeros(len(visits))
    parts = []
    for cycle in range(_CYCLES):
        if cycle:
            offset = offset + _CYCLE_WEEKS + _CYCLE_SPREAD_WEEKS * (2 * uniform[:, 2 * cycle] - 1)
        rows = np.flatnonzero(toxin[visits.patient] & (~visits.is_last | (cycle == 0)))
        patient = visits.patient[rows]
        # a dose of 60 to 140 % of the usual one, in steps of 2.5 units (A)
        dose = 2.5 * np.maximum(np.rint(usual[patient] * (0.6 + 0.8 * uniform[rows, 2 * cycle + 1]) / 2.5), 1)
        week = visits.week[rows] + np.rint(offset[rows]).astype(int)
        parts.append((patient, "botulinum_toxin", week, dose, names[first[patient]]))
    return parts


def _others(people: People, visits: Visits, streams: Streams) -> list[tuple[object, ...]]:
    """Drugs begin at the first visit, operations are done at the second."""
    kinds = [(kind, shares, 0) for kind, shares in DRUGS.items()]
    kinds += [(kind, shares, 1) for kind, shares in OPERATIONS.items()]
    uniform = streams.uniform("other treatments", len(kinds))
    parts = []
    for number, (kind, shares, at_visit) in enumerate(kinds):
        share = people.mix.figure(lambda pair, shares=shares: _share(shares, pair))[people.pair]
        rows = np.flatnonzero((visits.number == at_visit) & (uniform[:, number] < share)[visits.patient])
        parts.append((visits.patient[rows], kind, visits.week[rows], np.nan, ""))
    return parts


def _share(shares: dict[str, float], pair: tuple[str, str]) -> float:
    phenotype, aetiology = pair
    if phenotype in _NOT_TREATED:
        return 0.0
    return shares.get(aetiology, shares.get(phenotype, shares[""]))
