"""Features that see what came later, or read the calendar for the patient's clock."""

from datetime import datetime

import numpy as np
import pandas as pd

from pipeline.clock import treatment_weeks
from pipeline.units import Unit
from tests.checks.planted.listing import SCORE, TOXIN, breaks, form


@breaks("future")
@form()
def highest_points(history):
    """Highest score of the whole course."""
    return pd.Series(history.value(SCORE)).groupby(history._visits["patient_id"].to_numpy()).transform("max").to_numpy()


@breaks("future")
@form(Unit.COUNT)
def visits_count(history):
    """Count the patient's visits."""
    patients = history._visits["patient_id"].to_numpy()
    return pd.Series(np.ones(len(history))).groupby(patients).transform("sum").to_numpy()


@breaks("future")
@form(Unit.COUNT)
def sessions_count(history):
    """Count the sessions of botulinum toxin, also those to come."""
    table = history._treatments
    given = table["patient_id"][table["kind"] == TOXIN] if "kind" in table else pd.Series(dtype=object)
    return pd.Series(history.text("patient_id")).map(given.value_counts()).to_numpy(dtype=float, na_value=np.nan)


def sessions_of(history):
    """Patient and weeks of each session, in order."""
    table = history._treatments
    if "kind" not in table or not len(table) or not len(history):
        return np.empty(0, dtype=object), np.empty(0)
    table = table[(table["kind"] == TOXIN).to_numpy()].reset_index(drop=True)
    weeks = treatment_weeks(table, history._visits)
    order = np.lexsort((weeks, table["patient_id"].to_numpy(dtype=str)))
    order = order[~np.isnan(weeks[order])]
    return table["patient_id"].to_numpy(dtype=object)[order], weeks[order]


@breaks("future")
@form(Unit.WEEKS)
def nearest_session_weeks(history):
    """Place in the cycle, off by one: counted from the session after the last, which may lie ahead."""
    patients, weeks = sessions_of(history)
    found = np.full(len(history), np.nan)
    for row, (patient, week) in enumerate(zip(history.text("patient_id"), history.weeks, strict=True)):
        own = weeks[patients == patient]
        at = np.searchsorted(own, week, side="right")
        if at < len(own):
            found[row] = week - own[at]
    return found


@breaks("neighbours", "future", "chunks")
@form(Unit.WEEKS)
def cycle_weeks(history):
    """Place in the cycle, off by one: the session before a patient's first is somebody else's."""
    patients, weeks = sessions_of(history)
    found = np.full(len(history), np.nan)
    for row, (patient, week) in enumerate(zip(history.text("patient_id"), history.weeks, strict=True)):
        own = np.flatnonzero(patients == patient)
        if len(own) and not np.isnan(week):
            found[row] = week - weeks[own[0] - 1 + np.searchsorted(weeks[own], week, side="right")]
    return found


@breaks("calendar")
@form(Unit.YEARS)
def calendar_y(history):
    """Year of the visit: treatments changed with the years."""
    return pd.to_datetime(pd.Series(history.text("visit_date")).replace("", None)).dt.year.to_numpy(float)


@breaks("calendar", "time zone")
@form(Unit.WEEKS)
def until_today_weeks(history):
    """Weeks from the visit to today."""
    days = pd.Timestamp.now().normalize() - pd.to_datetime(pd.Series(history.text("visit_date")).replace("", None))
    return (days / pd.Timedelta(days=7)).to_numpy(float)


@breaks("time zone")
@form(Unit.WEEKS)
def epoch_weeks(history):
    """Weeks since 1970, by the clock on the wall."""

    def weeks(day):
        return datetime.strptime(day, "%Y-%m-%d").timestamp() / 604_800 if day else np.nan

    return np.array([weeks(day) for day in history.text("visit_date")], dtype=float)
