"""Columns of a record, and labels, that can't all be true."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.rules import affected_regions, body_distribution, number, one_sided, region_flags, text
from pipeline.schema.scales import ALL_SCALES
from pipeline.schema.scoring import score
from pipeline.vocabulary import pair_is_allowed


class Contradiction(NamedTuple):
    """Visits in which columns contradict each other."""

    where: np.ndarray
    column: str
    message: str


def contradictions(visits: pd.DataFrame) -> list[Contradiction]:
    """Find visits whose columns can't all be true.

    What was not recorded contradicts nothing.

    Examples
    --------
    >>> visits = pd.DataFrame({"age_at_onset_y": [40.0, 50.0], "age_at_visit_y": [45.0, 45.0]})
    >>> [found.where.tolist() for found in contradictions(visits)]
    [[False, True], [False, False]]
    """
    onset, visit = number(visits, "age_at_onset_y"), number(visits, "age_at_visit_y")
    enrolment = number(visits, "age_at_enrolment_y")
    return [
        Contradiction(onset > visit, "age_at_onset_y", "the onset lies after the visit"),
        Contradiction(enrolment > visit, "age_at_enrolment_y", "the enrolment lies after the visit"),
        *_of_history(visits),
        *_of_examination(visits),
        *_of_totals(visits),
    ]


def _of_history(visits: pd.DataFrame) -> list[Contradiction]:
    found = []
    if {"onset_date", "visit_date"} <= set(visits):
        # dates as ISO 8601 writes them sort as text
        began, seen = text(visits, "onset_date").astype(str), text(visits, "visit_date").astype(str)
        found.append(Contradiction((began > seen) & (seen != ""), "onset_date", "the onset lies after the visit"))
    if "head_injury_before_onset_y" in visits:
        later = (number(visits, "head_injury") == 1) & (number(visits, "head_injury_before_onset_y") < 0)
        message = "a head injury before the onset is dated after the onset"
        found.append(Contradiction(later, "head_injury_before_onset_y", message))
    if "task_affected" in visits:
        no_task = (number(visits, "task_specific") == 1) & (text(visits, "task_affected") == "none")
        found.append(Contradiction(no_task, "task_affected", "task-specific, but no task brings it on"))
    return found


def _of_examination(visits: pd.DataFrame) -> list[Contradiction]:
    found = []
    if "body_distribution" in visits:
        message = "another distribution follows from the regions"
        found.append(Contradiction(_distribution_differs(visits), "body_distribution", message))
    if "onset_region" in visits:
        never = _never_affected(visits) & (number(visits, "in_remission") != 1)
        message = "it began in a region, but no region was ever affected"
        found.append(Contradiction(never & (text(visits, "onset_region") != ""), "onset_region", message))
    return found


def _distribution_differs(visits: pd.DataFrame) -> np.ndarray:
    """Whether the recorded distribution can't be, where every region was examined."""
    recorded, derived = text(visits, "body_distribution"), body_distribution(visits)
    # whether regions touch is an assumption of ours: segmental and multifocal never contradict each other
    spread = np.isin(recorded, ["segmental", "multifocal"]) & np.isin(derived, ["segmental", "multifocal"])
    # the trunk may be affected on one side only, which the form does not ask
    half = (recorded == "hemidystonia") & one_sided(visits)
    whole = ~np.isnan(region_flags(visits)).any(axis=0)
    return whole & (recorded != "") & (recorded != derived) & ~spread & ~half


def _never_affected(visits: pd.DataFrame) -> np.ndarray:
    """Whether every region was examined and found free at every visit of the patient."""
    free = pd.Series((region_flags(visits) == 0).all(axis=0), index=visits.index)
    return (free.groupby(visits["patient_id"]).transform("all") if "patient_id" in visits else free).to_numpy(bool)


def _of_totals(visits: pd.DataFrame) -> list[Contradiction]:
    found = []
    for scale in ALL_SCALES:
        name = scale.total.name
        if name in visits and not set(scale.inputs).isdisjoint(visits):
            away = np.abs(number(visits, name) - score(scale, partial(number, visits)))
            found.append(Contradiction(away > scale.tolerance, name, "the total is not that of the items"))
    return found


def label_contradictions(outcomes: pd.DataFrame, visits: pd.DataFrame) -> list[Contradiction]:
    """Find labels that contradict each other, or what the patient's visits tell.

    A drug or an injury that any visit of the patient tells of is known at all of them. What was not recorded
    contradicts nothing. Which of the two is wrong can't be told from here.

    Parameters
    ----------
    outcomes, visits : DataFrame
        Both with ``patient_id`` and ``visit_id``; an outcome with no visit is of all visits of its patient.

    Returns
    -------
    list of Contradiction
        By rows of the outcomes.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["a", "b"], "visit_id": "1", "neuroleptic_exposure": [0.0, 1.0]})
    >>> outcomes = pd.DataFrame({"patient_id": ["a", "b"], "visit_id": "", "aetiology": "acquired_tardive"})
    >>> [found.where.tolist() for found in label_contradictions(outcomes, visits) if found.where.any()]
    [[True, False]]
    """
    phenotype, aetiology = text(outcomes, "phenotype"), text(outcomes, "aetiology")
    drug = _is_one_of(aetiology, "acquired_tardive", "acquired_acute_drug")
    injury, task = aetiology == "acquired_tbi", _is_one_of(phenotype, "writers_cramp", "musicians")
    healthy = phenotype == "healthy"
    told = partial(_most_told, outcomes, visits)
    exposed, injured = told(drug, _took_dopamine_blocker), told(injury, _injured_before_onset)
    with_task, held = told(task, partial(number, name="task_specific")), told(healthy, affected_regions, at_visit=True)
    return [
        Contradiction(_is_no_pair(phenotype, aetiology), "aetiology", "the phenotype can't have this aetiology"),
        Contradiction(exposed == 0, "aetiology", "no dopamine-blocking drug was taken"),
        Contradiction(injured == 0, "aetiology", "no head injury before the onset"),
        Contradiction(with_task == 0, "phenotype", "it does not come with one task only"),
        Contradiction(held > 0, "phenotype", "dystonia holds a region"),
    ]


def _is_one_of(labels: np.ndarray, *names: str) -> np.ndarray:
    return np.logical_or.reduce([labels == name for name in names])


def _is_no_pair(phenotype: np.ndarray, aetiology: np.ndarray) -> np.ndarray:
    """Whether both are recorded, and the one can't have the other."""
    codes, pairs = pd.factorize(phenotype + "|" + aetiology)
    found = [pair.split("|") for pair in pairs]
    apart = [bool(one and other) and not pair_is_allowed(one, other) for one, other in found]
    return np.array(apart, dtype=bool)[codes]


def _took_dopamine_blocker(visits: pd.DataFrame) -> np.ndarray:
    """1.0 where any column tells of such a drug, 0.0 where it was asked and denied, else NaN."""
    asked = number(visits, "neuroleptic_exposure")
    told = (
        (number(visits, "dopamine_blocker_at_onset") == 1)
        | (number(visits, "dopamine_blocker_use_y") > 0)
        | (text(visits, "dopamine_blocker") != "")
    )
    return np.where(told, 1.0, asked)


def _injured_before_onset(visits: pd.DataFrame) -> np.ndarray:
    """1.0 where the head was injured before the onset, 0.0 where it was not, or later, else NaN."""
    before = number(visits, "head_injury_before_onset_y")
    return np.where(before < 0, 0.0, np.where(before >= 0, 1.0, number(visits, "head_injury")))


def _most_told(
    outcomes: pd.DataFrame,
    visits: pd.DataFrame,
    which: np.ndarray,
    tell: Callable[[pd.DataFrame], np.ndarray],
    *,
    at_visit: bool = False,
) -> np.ndarray:
    """Return for these outcomes the largest value that their patient's visits tell, or their own; NaN elsewhere."""
    found = np.full(len(outcomes), np.nan)
    if not which.any():
        return found
    asked = outcomes[which]
    near = visits[visits["patient_id"].isin(set(asked["patient_id"])).to_numpy()]
    told = pd.Series(tell(near), dtype=np.float64)
    by_patient = told.groupby(near["patient_id"].to_numpy()).max()
    found[which] = asked["patient_id"].map(by_patient).to_numpy(np.float64)
    if at_visit:
        key = ["patient_id", "visit_id"]
        by_visit = told.groupby(pd.MultiIndex.from_frame(near[key])).max()
        own = by_visit.reindex(pd.MultiIndex.from_frame(asked[key])).to_numpy(np.float64)
        found[which] = np.where(asked["visit_id"].to_numpy(dtype=object) == "", found[which], own)
    return found
