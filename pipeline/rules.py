"""What follows from a record by rule: contradictions between columns, derived counts, and red flags.

Rules stand beside the models and independent of them: a red flag is never silenced by a model's answer or abstention.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.finding_marks import Marks, marks_of
from pipeline.ontology import load_ontology
from pipeline.records import Arrays
from pipeline.schema.distribution import AREAS, distribution_of
from pipeline.schema.scales import ALL_SCALES
from pipeline.schema.scoring import score
from pipeline.vocabulary import AETIOLOGIES, ONSET_AGE_BINS, REGIONS, pair_is_allowed

Table = pd.DataFrame | Arrays | Mapping[str, np.ndarray]
"""Visits, or columns of theirs; a plain mapping has to hold all that are asked for."""

_KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER = "HP:0200032", "HP:0010837", "HP:0010839"
_HEMIDYSTONIA = "HP:0032005"
_OTHER_MOVEMENT_DISORDERS = ("HP:0001336", "HP:0002072", "HP:0002305", "HP:0100033", "HP:0001300", "HP:0001251")
"""Myoclonus, chorea, athetosis, tics, parkinsonism, ataxia; tremor goes with isolated dystonia."""

_EARLY_ONSET_Y = 21.0
_LEAST_CERULOPLASMIN_MG_PER_DL, _MOST_COPPER_UG_PER_DAY, _LATEST_WILSON_Y = 20.0, 100.0, 55.0
"""Recalled from the guidelines on Wilson's disease (AASLD 2008), to be signed off by a clinician."""


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
    one_sided = (recorded == "hemidystonia") & _one_sided(visits)
    whole = ~np.isnan(_region_flags(visits)).any(axis=0)
    return whole & (recorded != "") & (recorded != derived) & ~spread & ~one_sided


def _never_affected(visits: pd.DataFrame) -> np.ndarray:
    """Whether every region was examined and found free at every visit of the patient."""
    free = pd.Series((_region_flags(visits) == 0).all(axis=0), index=visits.index)
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


def derived_totals(visits: pd.DataFrame) -> pd.DataFrame:
    """Fill each scale's total that was left blank though all of its items, or of its parts, were recorded.

    A total that the table has no column for is added at its end if there is a column for each of the items. That looks
    at the columns and never at the cells, so that all partitions of a cohort have the same columns.

    Examples
    --------
    >>> visits = pd.DataFrame({"jrs_severity_points": [3.0, 4.0], "jrs_frequency_points": [2.0, np.nan]})
    >>> derived_totals(visits)["jrs_total_points"].tolist()
    [5.0, nan]
    """
    filled: dict[str, np.ndarray] = {}

    def values(column: str) -> np.ndarray:
        return filled[column] if column in filled else number(visits, column)

    for scale in ALL_SCALES:
        needed = [part.total.name for part in scale.parts] or [scale.column_name(item) for item in scale.items]
        if needed and all(column in visits or column in filled for column in needed):
            recorded = values(scale.total.name)
            filled[scale.total.name] = np.where(np.isnan(recorded), score(scale, values), recorded)
    return visits.assign(**filled)


def number(visits: Table, name: str) -> np.ndarray:
    """Return a number or flag column as float64; all NaN where the visits have no such column."""
    return np.asarray(visits[name], np.float64) if name in visits else np.full(len(visits), np.nan)


def text(visits: Table, name: str) -> np.ndarray:
    """Return a text column; ``""`` all through where the visits have no such column."""
    return np.asarray(visits[name], object) if name in visits else np.full(len(visits), "", dtype=object)


def affected_regions(visits: Table) -> np.ndarray:
    """Count the regions that dystonia holds; NaN where no region was recorded."""
    flags = _region_flags(visits)
    recorded = ~np.isnan(flags)
    return np.where(recorded.any(axis=0), np.where(recorded, flags, 0.0).sum(axis=0), np.nan)


def _region_flags(visits: Table) -> np.ndarray:
    """Return the flags of the regions, shape (regions, visits)."""
    return np.stack([number(visits, f"dystonia_{region}") for region in REGIONS])


def body_distribution(visits: Table) -> np.ndarray:
    """Say where dystonia is as a whole, by the rules of 2013; ``""`` where no region was recorded.

    A region that was not recorded counts as free.

    Returns
    -------
    ndarray of str, shape (visits,)
        From `vocabulary.BODY_DISTRIBUTIONS`.

    Examples
    --------
    >>> visits = pd.DataFrame({"dystonia_neck": [1.0, 1.0, np.nan], "dystonia_hand_left": [0.0, 1.0, np.nan]})
    >>> body_distribution(visits).tolist()
    ['focal', 'segmental', '']
    """
    flags = _region_flags(visits)
    held = np.stack([(flags[[REGIONS.index(each) for each in area]] == 1).any(axis=0) for area in AREAS.values()])
    which = (held * (1 << np.arange(len(AREAS)))[:, None]).sum(axis=0)
    recorded = ~np.isnan(flags).all(axis=0)
    return np.where(recorded, _distributions()[which], "").astype(object)


@cache
def _distributions() -> np.ndarray:
    """Distribution of every subset of the areas; bit n of the position stands for area n."""
    names = list(AREAS)
    subsets = [{name for bit, name in enumerate(names) if number >> bit & 1} for number in range(1 << len(names))]
    return np.array([distribution_of(subset) for subset in subsets], dtype=object)


def onset_age_bin(visits: pd.DataFrame) -> np.ndarray:
    """Name the age group of the onset, from `vocabulary.ONSET_AGE_BINS`; ``""`` where the age is not known.

    Examples
    --------
    >>> onset_age_bin(pd.DataFrame({"age_at_onset_y": [2.9, 3.0, 41.0, np.nan]})).tolist()
    ['infancy', 'childhood', 'late_adulthood', '']
    """
    age = number(visits, "age_at_onset_y")
    groups = [(age >= first) & (age < after) for first, after in ONSET_AGE_BINS.values()]
    return np.select(groups, list(ONSET_AGE_BINS), "").astype(object)


def duration_y(visits: pd.DataFrame) -> np.ndarray:
    """Return years from the onset to the visit; NaN where an age is missing, or they contradict each other."""
    years = number(visits, "age_at_visit_y") - number(visits, "age_at_onset_y")
    return np.where(years >= 0, years, np.nan)


def primary_or_secondary(aetiology: np.ndarray) -> np.ndarray:
    """Translate a cause into the older terms; ``""`` for what is no dystonia, functional, or not known.

    Primary is isolated dystonia, idiopathic or inherited; the rest of dystonia is secondary.

    Examples
    --------
    >>> primary_or_secondary(np.array(["idiopathic_isolated", "wilson", "not_dystonia"], dtype=object)).tolist()
    ['primary', 'secondary', '']
    """
    primary = np.isin(aetiology.astype(str), [cause for cause in AETIOLOGIES if cause.endswith("_isolated")])
    neither = np.isin(aetiology.astype(str), ["functional", "not_dystonia", ""])
    return np.select([primary, neither], ["primary", ""], "secondary").astype(object)


def isolated_or_combined(visits: pd.DataFrame) -> np.ndarray:
    """Say whether dystonia stands alone, tremor aside, or beside another movement disorder (Albanese et al. 2013).

    The examiner's own answer counts before the findings. That no other disorder was found is not that there is none,
    so *isolated* is only what an examiner has said. Empty where dystonia holds no region, or nothing was told.

    Returns
    -------
    ndarray of str, shape (visits,)
        ``isolated``, ``combined`` or ``""``.

    Examples
    --------
    >>> told = pd.DataFrame({"combined_with": ["none", "", ""], "findings": ["", "HP:0001336", "HP:0001337"]})
    >>> isolated_or_combined(told).tolist()
    ['isolated', 'combined', '']
    """
    answer = text(visits, "combined_with").astype(str)
    beside = (answer == "") & observed(visits, *_OTHER_MOVEMENT_DISORDERS)
    combined = beside | ~np.isin(answer, ["", "none"])
    free = body_distribution(visits) == "none"
    return np.select([free, combined, answer == "none"], ["", "combined", "isolated"], "").astype(object)


RED_FLAG_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "wilson": (
            "kayser_fleischer_ring",
            "ceruloplasmin_mg_per_dl",
            "urinary_copper_ug_per_day",
            "liver_disease",
            "cirrhosis",
            "age_at_onset_y",
        ),
        "acute_drug_reaction": ("neuroleptic_exposure", "dopamine_blocker_at_onset", "sudden_onset", "onset_mode"),
        "levodopa_responsive": ("age_at_onset_y", "foot_inversion", "gait_trouble", "diurnal_fluctuation"),
        "structural": tuple(f"dystonia_{region}" for region in REGIONS),
    }
)
"""Each red flag with the columns that its rule reads beside the findings."""


def raised_flags(visits: Table, marks: Marks) -> dict[str, np.ndarray]:
    """Say of each visit whether each red flag is raised; what was not recorded raises none.

    ``wilson``: a Kayser-Fleischer ring, low ceruloplasmin, high urinary copper, or a liver disease with onset before 55
    years. ``acute_drug_reaction``: sudden onset after a dopamine-blocking drug. ``levodopa_responsive``: onset before
    21 years with foot or gait signs, or worse towards evening. ``structural``: hemidystonia.

    Parameters
    ----------
    visits : Table
        A plain mapping holds all of `RED_FLAG_COLUMNS`.
    marks : Marks
        The visits' findings.

    Returns
    -------
    dict of str to ndarray of bool, shape (visits,)
    """
    child = number(visits, "age_at_onset_y") < _EARLY_ONSET_Y
    leg = (number(visits, "foot_inversion") == 1) | (number(visits, "gait_trouble") == 1)
    diurnal = number(visits, "diurnal_fluctuation") == 1
    drug = (number(visits, "neuroleptic_exposure") == 1) | (number(visits, "dopamine_blocker_at_onset") == 1)
    sudden = (number(visits, "sudden_onset") == 1) | (text(visits, "onset_mode") == "hours_to_days")
    return {
        "wilson": _observed(marks, _KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER) | _tested_for_copper(visits),
        "acute_drug_reaction": drug & sudden,
        "levodopa_responsive": child & (leg | diurnal),
        "structural": _observed(marks, _HEMIDYSTONIA) | _one_sided(visits),
    }


def red_flags(visits: pd.DataFrame | Arrays) -> np.ndarray:
    """Name what must not be missed, whatever the model says; several joined with ``|``.

    Returns
    -------
    ndarray of str, shape (visits,)
        Of the names in `RED_FLAG_COLUMNS`.
    """
    names = np.array([""] * len(visits), dtype=object)
    for name, where in raised_flags(visits, marks_of(text(visits, "findings"))).items():
        names[where] = [f"{before}|{name}" if before else name for before in names[where]]
    return names


def _tested_for_copper(visits: Table) -> np.ndarray:
    """Signs of Wilson's disease among the columns, beside those among the findings."""
    liver = (number(visits, "liver_disease") == 1) | (number(visits, "cirrhosis") == 1)
    # of an unknown age at onset the worse is assumed
    early = ~(number(visits, "age_at_onset_y") >= _LATEST_WILSON_Y)
    return (
        (number(visits, "kayser_fleischer_ring") == 1)
        | (number(visits, "ceruloplasmin_mg_per_dl") < _LEAST_CERULOPLASMIN_MG_PER_DL)
        | (number(visits, "urinary_copper_ug_per_day") > _MOST_COPPER_UG_PER_DAY)
        | (liver & early)
    )


def observed(visits: pd.DataFrame, *terms: str) -> np.ndarray:
    """Whether one of these HPO terms, or a kind of it, was observed at the visit."""
    return _observed(marks_of(text(visits, "findings")), *terms)


def _observed(marks: Marks, *terms: str) -> np.ndarray:
    kinds, listed = _kinds(terms), marks.observed
    decisive = np.array([term in kinds for term in listed.terms], dtype=bool)
    found = np.zeros(marks.cells, dtype=bool)
    found[listed.row[decisive[listed.term]]] = True
    return found


@cache
def _kinds(terms: tuple[str, ...]) -> frozenset[str]:
    return load_ontology().descendants(terms)


def _one_sided(visits: Table) -> np.ndarray:
    """Arm and leg of one side, and nothing of the other."""
    sides = {}
    for side in ("left", "right"):
        flags = {region: number(visits, f"dystonia_{region}") == 1 for region in REGIONS if region.endswith(side)}
        arm = np.any([flags[region] for region in flags if "arm" in region or "hand" in region], axis=0)
        leg = np.any([flags[region] for region in flags if "leg" in region], axis=0)
        sides[side] = (arm & leg, arm | leg)
    left, right = sides["left"], sides["right"]
    return (left[0] & ~right[1]) | (right[0] & ~left[1])
