"""What the patient was given up to this visit, that day included."""

from __future__ import annotations

import numpy as np

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.units import Unit
from pipeline.vocabulary import TREATMENT_KINDS

_TOXIN = "botulinum_toxin"
_SOURCE = "treatment record"


@record_feature(unit=Unit.TOXIN_UNITS, bounds=(0.0, np.inf), source=_SOURCE)
def last_dose_toxin_units(history: History) -> Values:
    """Units of botulinum toxin given at the last session, over all regions."""
    return history.given(_TOXIN).last_dose_toxin_units


@record_feature(unit=Unit.WEEKS, bounds=(0.0, np.inf), source=_SOURCE)
def since_toxin_weeks(history: History) -> Values:
    """Weeks since the last session of botulinum toxin."""
    return history.given(_TOXIN).weeks_since_last


@record_feature(unit=Unit.COUNT, bounds=(0.0, np.inf), source=_SOURCE)
def toxin_sessions_count(history: History) -> Values:
    """Count the sessions of botulinum toxin so far."""
    return history.given(_TOXIN).sessions


@record_feature(
    unit=Unit.STATE, outputs=[f"treated_{kind}_state" for kind in TREATMENT_KINDS], bounds=(0.0, 1.0), source=_SOURCE
)
def treated_state(history: History) -> Values:
    """Whether the patient was ever given a kind of treatment up to this visit."""
    sessions = np.stack([history.given(kind).sessions for kind in TREATMENT_KINDS], axis=1)
    return np.where(np.isnan(sessions), np.nan, (sessions > 0).astype(float))
