"""What follows from a record by rule: columns as arrays, totals, where dystonia is, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd

from pipeline.finding_marks import Marks, marks_of
from pipeline.ontology import load_ontology
from pipeline.records import Arrays
from pipeline.schema.distribution import AREAS, distribution_of
from pipeline.schema.scales import ALL_SCALES
from pipeline.schema.scoring import score
from pipeline.vocabulary import AETIOLOGIES, ONSET_AGE_BINS, REGIONS

Table = pd.DataFrame | Arrays | Mapping[str, np.ndarray]
"""Visits, or columns of theirs; a plain mapping has to hold all that are asked for."""

_OTHER_MOVEMENT_DISORDERS = ("HP:0001336", "HP:0002072", "HP:0002305", "HP:0100033", "HP:0001300", "HP:0001251")
"""Myoclonus, chorea, athetosis, tics, parkinsonism, ataxia; tremor goes with isolated dystonia."""


def number(visits: Table, name: str) -> np.ndarray:
    """Return a number or flag column as float64; all NaN where the visits have no such column."""
    return np.asarray(visits[name], np.float64) if name in visits else np.full(len(visits), np.nan)


def text(visits: Table, name: str) -> np.ndarray:
    """Return a text column; ``""`` all through where the visits have no such column."""
    return np.asarray(visits[name], object) if name in visits else np.full(len(visits), "", dtype=object)


def affected_regions(visits: Table) -> np.ndarray:
    """Count the regions that dystonia holds; NaN where no region was recorded."""
    flags = region_flags(visits)
    recorded = ~np.isnan(flags)
    return np.where(recorded.any(axis=0), np.where(recorded, flags, 0.0).sum(axis=0), np.nan)


def region_flags(visits: Table) -> np.ndarray:
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
    flags = region_flags(visits)
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


def observed(visits: pd.DataFrame, *terms: str) -> np.ndarray:
    """Whether one of these HPO terms, or a kind of it, was observed at the visit."""
    return observed_among(marks_of(text(visits, "findings")), *terms)


def observed_among(marks: Marks, *terms: str) -> np.ndarray:
    """Whether one of these HPO terms, or a kind of it, is among a visit's marks."""
    kinds, listed = _kinds(terms), marks.observed
    decisive = np.array([term in kinds for term in listed.terms], dtype=bool)
    found = np.zeros(marks.cells, dtype=bool)
    found[listed.row[decisive[listed.term]]] = True
    return found


@cache
def _kinds(terms: tuple[str, ...]) -> frozenset[str]:
    return load_ontology().descendants(terms)


def one_sided(visits: Table) -> np.ndarray:
    """Whether dystonia holds arm and leg of one side, and nothing of the other."""
    sides = {}
    for side in ("left", "right"):
        flags = {region: number(visits, f"dystonia_{region}") == 1 for region in REGIONS if region.endswith(side)}
        arm = np.any([flags[region] for region in flags if "arm" in region or "hand" in region], axis=0)
        leg = np.any([flags[region] for region in flags if "leg" in region], axis=0)
        sides[side] = (arm & leg, arm | leg)
    left, right = sides["left"], sides["right"]
    return (left[0] & ~right[1]) | (right[0] & ~left[1])
