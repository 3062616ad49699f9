"""The time of visits and treatments in weeks on each patient's own clock.

A clinic dates its visits, a trial counts weeks since enrolment, a case report gives ages. The clock is chosen patient
by patient, so that no patient's times depend on who else is in the table.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.units import WEEKS_PER_YEAR

_CLOCKS = ("date", "weeks_since_enrolment", "age_at_visit_y")
"""Columns that can time a visit, most exact first."""


def visit_weeks(visits: pd.DataFrame) -> np.ndarray:
    """Time of each visit in weeks: by the first clock that all visits of the patient have; NaN where there is none.

    Returns
    -------
    ndarray, shape (visits,)
        Comparable within a patient only.

    Examples
    --------
    >>> visit_weeks(pd.DataFrame({"patient_id": ["a", "a"], "weeks_since_enrolment": [0.0, 4.0]})).tolist()
    [0.0, 4.0]
    """
    return _choose(visits, _chosen_clock(visits).to_numpy())


def treatment_weeks(treatments: pd.DataFrame, visits: pd.DataFrame) -> np.ndarray:
    """Time of each treatment in weeks on the clock of its patient's visits; NaN where it is not timed by that clock."""
    clock_of = _chosen_clock(visits).groupby(visits["patient_id"]).first()
    return _choose(treatments, treatments["patient_id"].map(clock_of).fillna(-1).to_numpy())


def _times(table: pd.DataFrame) -> np.ndarray:
    """Weeks by each clock, shape (clocks, rows)."""
    weeks = np.full((len(_CLOCKS), len(table)), np.nan)
    for name in ("visit_date", "treatment_date"):
        if name in table:
            days = pd.to_datetime(table[name].replace("", None), format="%Y-%m-%d").to_numpy("datetime64[D]")
            weeks[0] = np.where(np.isnat(days), np.nan, days.astype(float) / 7)
    if "weeks_since_enrolment" in table:
        weeks[1] = table["weeks_since_enrolment"].to_numpy(float)
    if "age_at_visit_y" in table:
        weeks[2] = table["age_at_visit_y"].to_numpy(float) * WEEKS_PER_YEAR
    return weeks


def _chosen_clock(visits: pd.DataFrame) -> pd.Series:
    """Return the number of the clock of each visit's patient; the number of clocks where none will do."""
    timed = pd.DataFrame(~np.isnan(_times(visits).T))
    whole = timed.groupby(visits["patient_id"].to_numpy()).transform("all").to_numpy(bool)
    return pd.Series(np.where(whole.any(axis=1), whole.argmax(axis=1), len(_CLOCKS)), index=visits.index)


def _choose(table: pd.DataFrame, clock: np.ndarray) -> np.ndarray:
    weeks = np.vstack([_times(table), np.full((1, len(table)), np.nan)])
    return weeks[np.asarray(clock, dtype=int), np.arange(len(table))]
