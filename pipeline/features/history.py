"""The person and the onset: ages, sex, how it began, early signs, and the visits so far."""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side, yes_count
from pipeline.features.spec import LATER, Values, record_feature
from pipeline.features.timeline import History
from pipeline.schema.symptoms import EARLY_SIGNS, SYMPTOMS
from pipeline.units import WEEKS_PER_YEAR, Unit
from pipeline.vocabulary import ONSET_AGE_BINS

AGE_AT_ONSET = "Age at the first symptom"
_REPORTED = (*EARLY_SIGNS, *SYMPTOMS)
_PACE = {"hours_to_days": 0.0, "days_to_weeks": 1 / 3, "weeks_to_months": 2 / 3, "insidious": 1.0}


@record_feature(
    unit=Unit.YEARS,
    bounds=(0.0, 220.0),
    source="intake form",
    equivariant_to=(LATER,),
)
def age_at_visit_y(history: History) -> Values:
    """Age at the visit: as recorded, else the age at enrolment and the time since."""
    age = history.value("age_at_visit_y")
    since = history.value("age_at_enrolment_y") + history.value("weeks_since_enrolment") / WEEKS_PER_YEAR
    return np.where(np.isnan(age), since, age)


@record_feature(
    unit=Unit.YEARS,
    bounds=(0.0, 120.0),
    source="intake form; Albanese 2013, axis I",
    invariant_to=(LATER,),
    titles=[AGE_AT_ONSET],
)
def age_at_onset_y(history: History) -> Values:
    """Age at the first symptom."""
    return history.value("age_at_onset_y")


@record_feature(
    unit=Unit.YEARS,
    bounds=(0.0, 220.0),
    source="intake form",
    equivariant_to=(LATER,),
)
def duration_since_onset_y(history: History) -> Values:
    """Years from the first symptom to the visit; NaN where the ages contradict each other."""
    years = age_at_visit_y(history) - history.value("age_at_onset_y")
    return np.where(years >= 0, years, np.nan)


@record_feature(
    unit=Unit.STATE,
    bounds=(0.0, 1.0),
    source="intake form",
    invariant_to=(LATER,),
    titles=["Sex"],
    levels=[(0.0, "female"), (1.0, "male")],
)
def sex_male_state(history: History) -> Values:
    """Whether the sex recorded at birth is male (1) or female (0)."""
    sex = history.text("sex")
    return np.select([sex == "male", sex == "female"], [1.0, 0.0], np.nan)


@record_feature(
    unit=Unit.STATE,
    outputs=[f"onset_in_{name}_state" for name in ONSET_AGE_BINS],
    bounds=(0.0, 1.0),
    source="Albanese 2013, axis I; onset is bimodal with a nadir at 21 years",
    titles=[AGE_AT_ONSET],
    answers=[name.replace("_", " ") for name in ONSET_AGE_BINS],
)
def onset_age_bin_state(history: History) -> Values:
    """Whether the first symptom came in an age group, from the first bound up to but without the next."""
    age = history.value("age_at_onset_y")
    groups = [(age >= first) & (age < after) for first, after in ONSET_AGE_BINS.values()]
    return side_by_side(np.where(np.isnan(age), np.nan, group.astype(float)) for group in groups)


@record_feature(
    unit=Unit.STATE,
    bounds=(0.0, 1.0),
    source="intake form; acute drug reactions and functional dystonia",
    titles=["How fast symptoms came"],
    levels=[(value, word.replace("_", " ")) for word, value in _PACE.items()],
)
def onset_pace_state(history: History) -> Values:
    """How slowly symptoms came, in even steps: 0 within hours or days, 1/3 weeks, 2/3 months, 1 insidiously.

    Where the form does not say, a sudden onset, or the full extent within a week, counts as hours or days.
    """
    pace = history.coded("onset_mode", _PACE)
    fast = (history.value("sudden_onset") == 1.0) | (history.value("within_a_week") == 1.0)
    return np.where(np.isnan(pace) & fast, 0.0, pace)


@record_feature(
    unit=Unit.STATE,
    bounds=(0.0, 1.0),
    source="intake form; Parkinson's disease begins on one side",
    titles=["Began on one side of the body"],
)
def onset_one_sided_state(history: History) -> Values:
    """Whether it began on one side of the body."""
    return history.coded("onset_side", {"left": 1.0, "right": 1.0, "both": 0.0, "midline": 0.0})


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, float(len(EARLY_SIGNS))),
    source="intake form; early signs of hand dystonia",
    titles=["Early signs"],
)
def early_signs_count(history: History) -> Values:
    """Count the early signs present at this visit; NaN where none was asked for."""
    return yes_count(side_by_side(history.value(sign.name) for sign in EARLY_SIGNS))


@record_feature(
    unit=Unit.SHARE,
    outputs=[f"{symptom.name}_before_share" for symptom in _REPORTED],
    bounds=(0.0, 1.0),
    source="intake form; what patients report changes from visit to visit",
    invariant_to=(LATER,),
    titles=[f"{symptom.meaning.rstrip('.')}, share of earlier visits" for symptom in _REPORTED],
)
def reported_before_share(history: History) -> Values:
    """Share of the earlier visits at which a symptom was reported, of those at which it was asked for.

    NaN at a first visit. One form misses much of what a patient has; several tell more than the last alone.
    """
    return history.means_before(symptom.name for symptom in _REPORTED)


@record_feature(
    unit=Unit.COUNT,
    outputs=["hand_injuries_per_month_count", "items_dropped_per_month_count"],
    bounds=(0.0, 1000.0),
    source="intake form; early signs of hand dystonia",
    titles=["Small hand injuries a month", "Items dropped a month"],
)
def mishaps_per_month_count(history: History) -> Values:
    """How many small hand injuries, and dropped items, a month has."""
    return side_by_side(
        [history.value("hand_injuries_per_month_count"), history.value("items_dropped_per_month_count")]
    )


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source="visit times",
    equivariant_to=(LATER,),
)
def since_first_visit_weeks(history: History) -> Values:
    """Weeks since the patient's first visit."""
    return history.weeks_since_first


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source="visit times",
    equivariant_to=(LATER,),
)
def since_previous_visit_weeks(history: History) -> Values:
    """Weeks since the patient's previous visit."""
    return history.weeks_since_previous


@record_feature(
    unit=Unit.COUNT,
    bounds=(1.0, np.inf),
    source="visit times",
    invariant_to=(LATER,),
    titles=["Visits so far, with this one"],
)
def visit_number_count(history: History) -> Values:
    """Which of the patient's visits this is, from 1."""
    return history.visit_number
