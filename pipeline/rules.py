"""What follows from a record by rule: contradictions between columns, derived counts, and red flags.

Rules stand beside the models and independent of them: a red flag is never silenced by a model's answer or abstention.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.ontology import load_ontology
from pipeline.vocabulary import REGIONS

_KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER = "HP:0200032", "HP:0010837", "HP:0010839"
_HEMIDYSTONIA = "HP:0032005"
_EARLY_ONSET_Y = 21.0


class Contradiction(NamedTuple):
    """Visits in which columns contradict each other."""

    where: np.ndarray
    column: str
    message: str


def contradictions(visits: pd.DataFrame) -> list[Contradiction]:
    """Find visits whose columns can't all be true.

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
    ]


def number(visits: pd.DataFrame, name: str) -> np.ndarray:
    """Return a number or flag column as float64; all NaN where the table has no such column."""
    return visits[name].to_numpy(np.float64) if name in visits else np.full(len(visits), np.nan)


def affected_regions(visits: pd.DataFrame) -> np.ndarray:
    """Count the regions that dystonia holds; NaN where no region was recorded."""
    flags = np.stack([number(visits, f"dystonia_{region}") for region in REGIONS])
    recorded = ~np.isnan(flags)
    return np.where(recorded.any(axis=0), np.where(recorded, flags, 0.0).sum(axis=0), np.nan)


def red_flags(visits: pd.DataFrame) -> np.ndarray:
    """Name what must not be missed, whatever the model says; several joined with ``|``.

    ``wilson``: a Kayser-Fleischer ring, low ceruloplasmin or high urinary copper. ``acute_drug_reaction``: sudden onset
    after a dopamine-blocking drug. ``levodopa_responsive``: onset before 21 years with foot or gait signs, or worse
    towards evening. ``structural``: hemidystonia.

    Returns
    -------
    ndarray of str, shape (visits,)
    """
    child = number(visits, "age_at_onset_y") < _EARLY_ONSET_Y
    leg = (number(visits, "foot_inversion") == 1) | (number(visits, "gait_trouble") == 1)
    diurnal = number(visits, "diurnal_fluctuation") == 1
    sudden = (number(visits, "neuroleptic_exposure") == 1) & (number(visits, "sudden_onset") == 1)
    found = {
        "wilson": observed(visits, _KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER),
        "acute_drug_reaction": sudden,
        "levodopa_responsive": child & (leg | diurnal),
        "structural": observed(visits, _HEMIDYSTONIA) | _one_sided(visits),
    }
    names = np.array([""] * len(visits), dtype=object)
    for name, where in found.items():
        names[where] = [f"{before}|{name}" if before else name for before in names[where]]
    return names


def observed(visits: pd.DataFrame, *terms: str) -> np.ndarray:
    """Whether one of these HPO terms, or a kind of it, was observed at the visit."""
    if "findings" not in visits:
        return np.zeros(len(visits), dtype=bool)
    kinds = load_ontology().descendants(terms)
    codes, cells = pd.factorize(visits["findings"].to_numpy(dtype=object))
    found = np.array([_observes(str(cell), kinds) for cell in cells], dtype=bool)
    return found[codes] if len(codes) else np.zeros(0, dtype=bool)


def _observes(cell: str, kinds: frozenset[str]) -> bool:
    return any(term in kinds for excluded, term in load_ontology().findings(cell) if not excluded)


def _one_sided(visits: pd.DataFrame) -> np.ndarray:
    """Arm and leg of one side, and nothing of the other."""
    sides = {}
    for side in ("left", "right"):
        flags = {region: number(visits, f"dystonia_{region}") == 1 for region in REGIONS if region.endswith(side)}
        arm = np.any([flags[region] for region in flags if "arm" in region or "hand" in region], axis=0)
        leg = np.any([flags[region] for region in flags if "leg" in region], axis=0)
        sides[side] = (arm & leg, arm | leg)
    left, right = sides["left"], sides["right"]
    return (left[0] & ~right[1]) | (right[0] & ~left[1])
