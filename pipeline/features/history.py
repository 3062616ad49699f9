"""The person and the course: ages, sex, family, exposures, early signs, and the visits so far."""

from __future__ import annotations

import numpy as np

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.schema import VISITS
from pipeline.schema.regions import REGION_FLAGS
from pipeline.schema.symptoms import EARLY_SIGNS
from pipeline.units import WEEKS_PER_YEAR, Unit

_REGIONS = {column.name for column in REGION_FLAGS}
_UNCODED = [c.name for c in VISITS if c.kind == "flag" and not c.code.startswith("HP:") and c.name not in _REGIONS]
"""Flags that no HPO term stands for; the others are findings, and the regions have a family of their own."""


@record_feature(unit=Unit.YEARS, bounds=(0.0, 220.0), source="intake form")
def age_at_visit_y(history: History) -> Values:
    """Age at the visit: as recorded, else the age at enrolment and the time since."""
    age = history.value("age_at_visit_y")
    since = history.value("age_at_enrolment_y") + history.value("weeks_since_enrolment") / WEEKS_PER_YEAR
    return np.where(np.isnan(age), since, age)


@record_feature(unit=Unit.YEARS, bounds=(0.0, 120.0), source="intake form; Albanese 2013, axis I")
def age_at_onset_y(history: History) -> Values:
    """Age at the first symptom."""
    return history.value("age_at_onset_y")


@record_feature(unit=Unit.YEARS, bounds=(0.0, 220.0), source="intake form")
def duration_since_onset_y(history: History) -> Values:
    """Years from the first symptom to the visit; NaN where the ages contradict each other."""
    years = age_at_visit_y(history) - history.value("age_at_onset_y")
    return np.where(years >= 0, years, np.nan)


@record_feature(unit=Unit.STATE, bounds=(0.0, 1.0), source="intake form")
def sex_male_state(history: History) -> Values:
    """Whether the sex recorded at birth is male (1) or female (0)."""
    sex = history.text("sex")
    return np.select([sex == "male", sex == "female"], [1.0, 0.0], np.nan)


@record_feature(
    unit=Unit.STATE, outputs=[f"{name}_state" for name in _UNCODED], bounds=(0.0, 1.0), source="intake form"
)
def form_flag_state(history: History) -> Values:
    """Answer to a question of the form that no HPO term stands for: family, onset, exposure, early sign, trick."""
    return np.stack([history.value(name) for name in _UNCODED], axis=1)


@record_feature(
    unit=Unit.COUNT, bounds=(0.0, float(len(EARLY_SIGNS))), source="intake form; early signs of hand dystonia"
)
def early_signs_count(history: History) -> Values:
    """Count the early signs present at this visit; NaN where none was asked for."""
    flags = np.stack([history.value(sign.name) for sign in EARLY_SIGNS], axis=1)
    return np.where(np.isnan(flags).all(axis=1), np.nan, (flags == 1.0).sum(axis=1))


@record_feature(unit=Unit.WEEKS, bounds=(0.0, np.inf), source="visit times")
def since_first_visit_weeks(history: History) -> Values:
    """Weeks since the patient's first visit."""
    return history.weeks_since_first


@record_feature(unit=Unit.WEEKS, bounds=(0.0, np.inf), source="visit times")
def since_previous_visit_weeks(history: History) -> Values:
    """Weeks since the patient's previous visit."""
    return history.weeks_since_previous


@record_feature(unit=Unit.COUNT, bounds=(1.0, np.inf), source="visit times")
def visit_number_count(history: History) -> Values:
    """Which of the patient's visits this is, from 1."""
    return history.visit_number
