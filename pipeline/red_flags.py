"""Red flags: what must not be missed, whatever a model says.

They stand beside the models and independent of them: a red flag is never silenced by a model's answer or abstention.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from pipeline.finding_marks import Marks, marks_of
from pipeline.records import Arrays
from pipeline.rules import Table, number, observed_among, one_sided, text
from pipeline.vocabulary import REGIONS

_KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER = "HP:0200032", "HP:0010837", "HP:0010839"
_HEMIDYSTONIA = "HP:0032005"
_EARLY_ONSET_Y = 21.0
_LEAST_CERULOPLASMIN_MG_PER_DL, _MOST_COPPER_UG_PER_DAY, _LATEST_WILSON_Y = 20.0, 100.0, 55.0
"""Recalled from the guidelines on Wilson's disease (AASLD 2008), to be signed off by a clinician."""

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
        "wilson": observed_among(marks, _KAYSER_FLEISCHER, _LOW_CERULOPLASMIN, _HIGH_COPPER)
        | _tested_for_copper(visits),
        "acute_drug_reaction": drug & sudden,
        "levodopa_responsive": child & (leg | diurnal),
        "structural": observed_among(marks, _HEMIDYSTONIA) | one_sided(visits),
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
