"""The time of visits and treatments in weeks on each patient's own clock.

A clinic dates its visits, a trial counts weeks since enrolment, a case report gives ages. The clock is chosen by which
columns the table of visits has, never by what is in them: else a visit that is added later could change how earlier
ones are timed. A visit without a time on that clock is untimed (NaN), and has no history.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.units import WEEKS_PER_YEAR

CLOCKS = ("visit_date", "weeks_since_enrolment", "age_at_visit_y")
"""Columns that can time a visit, most exact first."""


def clock_of(visits: pd.DataFrame) -> str:
    """Return the column that times these visits; empty where the table has none."""
    return next((name for name in CLOCKS if name in visits), "")


def visit_weeks(visits: pd.DataFrame) -> np.ndarray:
    """Return the time of each visit in weeks, NaN where it has none.

    Returns
    -------
    ndarray, shape (visits,)
        Comparable within a patient only.

    Examples
    --------
    >>> visit_weeks(pd.DataFrame({"patient_id": ["a", "a"], "weeks_since_enrolment": [0.0, 4.0]})).tolist()
    [0.0, 4.0]
    """
    return _weeks(visits, clock_of(visits))


def is_timed(visits: pd.DataFrame) -> np.ndarray:
    """Whether each visit has a time.

    Examples
    --------
    >>> is_timed(pd.DataFrame({"visit_date": ["2024-01-31", ""]})).tolist()
    [True, False]
    """
    clock = clock_of(visits)
    if not clock:
        return np.zeros(len(visits), dtype=bool)
    return (visits[clock] != "").to_numpy() if clock.endswith("_date") else visits[clock].notna().to_numpy()


def treatment_weeks(treatments: pd.DataFrame, visits: pd.DataFrame) -> np.ndarray:
    """Return the time of each treatment in weeks on the clock of the visits, NaN where that clock does not time it."""
    clock = clock_of(visits)
    return _weeks(treatments, "treatment_date" if clock == "visit_date" else clock)


def _weeks(table: pd.DataFrame, clock: str) -> np.ndarray:
    if clock not in table:
        return np.full(len(table), np.nan)
    if clock.endswith("_date"):
        # few days are distinct, and each is read once
        codes, texts = pd.factorize(table[clock].to_numpy(dtype=object))
        distinct = pa.array(np.where(texts == "", None, texts), pa.string()).cast(pa.date32())
        days = np.append(distinct.to_numpy(zero_copy_only=False), np.datetime64("NaT", "D"))[codes]
        return np.where(np.isnat(days), np.nan, days.astype(float) / 7)
    return table[clock].to_numpy(float) * (WEEKS_PER_YEAR if clock == "age_at_visit_y" else 1.0)
