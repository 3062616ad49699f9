"""What the patient was given up to this visit, that day included, and what was known of its effect by then."""

from __future__ import annotations

import numpy as np

from pipeline.features.columns import side_by_side
from pipeline.features.spec import LATER, Values, record_feature
from pipeline.features.spectrum import ratio
from pipeline.features.timeline import History
from pipeline.features.words import EASED
from pipeline.units import Unit
from pipeline.vocabulary import DBS_TARGETS, TREATMENT_KINDS

_TOXIN, _DBS, _DENERVATION = "botulinum_toxin", "dbs", "denervation"
_JUDGED = tuple(kind for kind in TREATMENT_KINDS if kind not in ("placebo", _TOXIN))
_DRUGS = ("anticholinergic", "clonazepam", "baclofen", "levodopa")
_TARGETS = DBS_TARGETS[:3]
_SOURCE = "treatment record"


@record_feature(
    unit=Unit.TOXIN_UNITS,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    invariant_to=(LATER,),
    titles=["Last dose of botulinum toxin"],
)
def last_dose_toxin_units(history: History) -> Values:
    """Units of botulinum toxin given at the last session, over all regions, as its product counts them."""
    return history.given(_TOXIN).last_dose_toxin_units


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    equivariant_to=(LATER,),
)
def since_toxin_weeks(history: History) -> Values:
    """Weeks since the last session of botulinum toxin."""
    return history.given(_TOXIN).weeks_since_last


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    invariant_to=(LATER,),
    titles=["Sessions of botulinum toxin"],
)
def toxin_sessions_count(history: History) -> Values:
    """Count the sessions of botulinum toxin so far."""
    return history.given(_TOXIN).sessions


@record_feature(unit=Unit.RATIO, bounds=(0.0, np.inf), source=f"{_SOURCE}; a cycle lasts 12.8 weeks on average (CD)")
def toxin_cycle_ratio(history: History) -> Values:
    """Place in the botulinum cycle: 0 on the day of a session, 1 when the next is due.

    Weeks since the last session over the interval planned then, or else over the last completed interval. NaN where
    neither is known: no usual length is assumed.
    """
    toxin = history.given(_TOXIN)
    planned = toxin.planned_interval_weeks
    length = np.where(planned > 0, planned, toxin.intervals_weeks.last)
    return ratio(toxin.weeks_since_last, length)


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    invariant_to=(LATER,),
)
def toxin_interval_weeks(history: History) -> Values:
    """Weeks between the last two sessions of botulinum toxin."""
    return history.given(_TOXIN).intervals_weeks.last


@record_feature(
    unit=Unit.WEEKS,
    bounds=(-np.inf, np.inf),
    source=_SOURCE,
    invariant_to=(LATER,),
)
def toxin_interval_trend_weeks(history: History) -> Values:
    """Weeks by which the interval grows from one cycle to the next: slope over all so far, at least three."""
    return history.given(_TOXIN).intervals_weeks.trend


@record_feature(unit=Unit.WEEKS, bounds=(0.0, 520.0), source=f"{_SOURCE}; benefit lasts about 12 weeks")
def toxin_wear_off_weeks(history: History) -> Values:
    """Weeks after which the effect of the last session wore off whose wear-off lies before the visit.

    The date of a session says when it was given, not when its effect was seen to end: a wear-off that lies after the
    visit is not known at it.
    """
    return history.given(_TOXIN).wear_offs_weeks.last


@record_feature(unit=Unit.WEEKS, bounds=(-520.0, 520.0), source="secondary non-response: the effect lasts ever shorter")
def toxin_wear_off_trend_weeks(history: History) -> Values:
    """Weeks by which the effect lasts longer from one cycle to the next: slope over all known, at least three."""
    return history.given(_TOXIN).wear_offs_weeks.trend


@record_feature(
    unit=Unit.STATE,
    bounds=(0.0, 1.0),
    source=_SOURCE,
    levels=EASED,
)
def toxin_response_state(history: History) -> Values:
    """How much the last judged session of botulinum toxin eased the movement: 0 not, 0.5 partly, 1 markedly.

    A response is judged after the day of the session: one that is dated on the day of the visit is not known at it.
    """
    return history.given(_TOXIN).responses.last


@record_feature(unit=Unit.STATE, bounds=(-1.0, 1.0), source="secondary non-response")
def toxin_response_trend_state(history: History) -> Values:
    """How much the response to botulinum toxin grows from one session to the next: slope over at least three."""
    return history.given(_TOXIN).responses.trend


@record_feature(
    unit=Unit.STATE,
    outputs=[f"treated_{kind}_state" for kind in TREATMENT_KINDS],
    bounds=(0.0, 1.0),
    source=_SOURCE,
    invariant_to=(LATER,),
    titles=[f"Ever given {kind.replace('_', ' ')}" for kind in TREATMENT_KINDS],
)
def treated_state(history: History) -> Values:
    """Whether the patient was ever given a kind of treatment up to this visit."""
    sessions = side_by_side(history.given(kind).sessions for kind in TREATMENT_KINDS)
    return np.where(np.isnan(sessions), np.nan, sessions > 0)


@record_feature(
    unit=Unit.STATE,
    outputs=[f"best_response_{kind}_state" for kind in _JUDGED],
    bounds=(0.0, 1.0),
    source=f"{_SOURCE}; trihexyphenidyl helps 71 %, levodopa tells DYT/PARK-GCH1",
    titles=[f"Best response to {kind.replace('_', ' ')}" for kind in _JUDGED],
    levels=EASED,
)
def best_response_state(history: History) -> Values:
    """How much a drug or an operation eased it at best so far: 0 not, 0.5 partly, 1 markedly; NaN where not judged."""
    return side_by_side(history.given(kind).responses.largest for kind in _JUDGED)


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    titles=["Drug trials stopped for side effects"],
)
def drugs_stopped_count(history: History) -> Values:
    """Count the drug trials that were stopped for side effects; NaN where none is known to have run its course."""
    stops = [history.given(kind).stops for kind in _DRUGS]
    total, known = np.zeros(len(history)), np.zeros(len(history), dtype=bool)
    for each in stops:
        total += each.total
        known |= each.count > 0
    return np.where(known, total, np.nan)


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source=_SOURCE,
    equivariant_to=(LATER,),
)
def since_denervation_weeks(history: History) -> Values:
    """Weeks since the first selective denervation."""
    return history.given(_DENERVATION).weeks_since_first


@record_feature(
    unit=Unit.WEEKS,
    bounds=(0.0, np.inf),
    source="Moro 2017: the effect of pallidal DBS grows over months",
    equivariant_to=(LATER,),
)
def since_dbs_weeks(history: History) -> Values:
    """Weeks since deep brain stimulation began."""
    return history.given(_DBS).weeks_since_first


@record_feature(
    unit=Unit.STATE,
    outputs=[f"dbs_{target}_state" for target in _TARGETS],
    bounds=(0.0, 1.0),
    source="Moro 2017",
    titles=["Target of deep brain stimulation"],
    answers=["internal pallidum", "subthalamic nucleus", "ventral intermediate nucleus"],
)
def dbs_target_state(history: History) -> Values:
    """Whether electrodes lie in the internal pallidum, the subthalamic nucleus or the ventral intermediate nucleus."""
    stimulation = history.given(_DBS)
    return side_by_side(
        stimulation.at("dbs_target", {each: float(each == target) for each in DBS_TARGETS}) for target in _TARGETS
    )


@record_feature(
    unit=Unit.POINTS,
    outputs=["bfmdrs_movement_change_since_dbs_points", "bfmdrs_disability_change_since_dbs_points"],
    bounds=(-120.0, 120.0),
    source="Moro 2017: movement score -65 %, disability -59 %",
    titles=[f"Burke-Fahn-Marsden {part}, change since stimulation began" for part in ("movement", "disability")],
)
def change_since_dbs_points(history: History) -> Values:
    """Change of a score since the last visit before stimulation began, or of that very day."""
    begun = history.given(_DBS).first_weeks
    names = ("bfmdrs_movement_points", "bfmdrs_disability_points")
    return side_by_side(history.value(name) - history.by_then(name, begun) for name in names)


@record_feature(unit=Unit.POINTS, bounds=(-85.0, 85.0), source="TWSTRS -30 % at 12 months after denervation")
def twstrs_total_change_since_denervation_points(history: History) -> Values:
    """Change of the TWSTRS total since the last visit before the first denervation, or of that very day."""
    done = history.given(_DENERVATION).first_weeks
    return history.value("twstrs_total_points") - history.by_then("twstrs_total_points", done)


@record_feature(unit=Unit.POINTS, bounds=(-85.0, 85.0), source="CD PROBE: TWSTRS 39.2 to 27.1 four weeks after toxin")
def twstrs_total_change_since_toxin_points(history: History) -> Values:
    """Change of the TWSTRS total since the last visit before the last session of toxin, or of that very day."""
    given = history.given(_TOXIN).last_weeks
    return history.value("twstrs_total_points") - history.by_then("twstrs_total_points", given)
