"""The columns of our tables, each declared once."""

from itertools import chain

from pipeline.records import Column
from pipeline.schema.coded import CODED
from pipeline.schema.identity import IDENTITY, PERSON, TIME
from pipeline.schema.origin import BIRTH, EXPOSURES, FAMILY, ONSET
from pipeline.schema.outcomes import EVENTS, LABELS, OUTCOMES, SPREAD
from pipeline.schema.phenomenology import CHARACTER, COURSE, PAIN, TREMOR
from pipeline.schema.recordings import RECORDINGS
from pipeline.schema.regions import REGION_FLAGS
from pipeline.schema.scales import SCALE_DETAILS, SCALES, UNUSED_ITEMS
from pipeline.schema.scales_reported import MOOD, TWSTRS_2
from pipeline.schema.symptoms import EARLY_SIGNS, FINDINGS, SYMPTOMS
from pipeline.schema.treatments import DRUG, GIVEN, STIMULATION, TOXIN, TREATMENTS
from pipeline.schema.workup import TESTS, WILSON

_VISIT_GROUPS: dict[str, tuple[Column, ...]] = {
    "identity": IDENTITY,
    "time": TIME,
    "person": PERSON,
    "early_signs": EARLY_SIGNS,
    "symptoms": SYMPTOMS,
    "regions": REGION_FLAGS,
    "scales": SCALES,
    "findings": FINDINGS,
    "onset": ONSET,
    "birth": BIRTH,
    "exposures": EXPOSURES,
    "family": FAMILY,
    "tremor": TREMOR,
    "character": CHARACTER,
    "course": COURSE,
    "pain": PAIN,
    "mood": MOOD,
    "wilson": WILSON,
    "tests": TESTS,
    "coded": CODED,
    **SCALE_DETAILS,
    "scale_twstrs2": TWSTRS_2,
}

_GROUPS_OF_DETAILS = ("tests", "coded", "scale_twstrs2")
_DETAILS = {
    "onset_date",
    "onset_region",
    "onset_trigger",
    "diagnosis_delay_y",
    "in_remission",
    "tremor_before_dystonia",
    "dopamine_blocker",
    "toxin_agent",
    "limb_injury_before_onset_y",
    "family_history_other",
    "isometric_tremor",
    "task_tremor",
    "tongue_tremor",
    "lip_tremor",
    "task_described",
    "sensory_trick_described",
    "trismus",
    "body_distribution",
    "combined_with",
    "voice_type",
    "pain_region",
}
"""Columns without a feature in groups that have some."""

VISITS: tuple[Column, ...] = tuple(
    column
    for group, columns in _VISIT_GROUPS.items()
    for column in columns
    if group not in _GROUPS_OF_DETAILS and column.name not in _DETAILS and column.name not in UNUSED_ITEMS
)
"""Columns of visits that features are made of, and that `visible` guards."""

_MODELLED = {column.name for column in VISITS}

VISIT_DETAILS: tuple[Column, ...] = tuple(
    column for columns in _VISIT_GROUPS.values() for column in columns if column.name not in _MODELLED
)
"""Columns of visits that are kept and checked, and that rules read, but no feature: the catalogue has a fixed width.

A flag with an HPO code among them is no finding for the features either.
"""

GROUPS: dict[str, dict[str, tuple[Column, ...]]] = {
    "visits": _VISIT_GROUPS,
    "treatments": {"given": GIVEN, "toxin": TOXIN, "drug": DRUG, "stimulation": STIMULATION},
    "recordings": {"recordings": RECORDINGS},
    "outcomes": {"outcome_ids": IDENTITY, "labels": LABELS, "spread": SPREAD, "events": EVENTS},
}
"""Every table with its columns by group, in order: a group is a section of the data dictionary, a form of a clinic."""

TABLES: dict[str, tuple[Column, ...]] = {
    table: tuple(chain.from_iterable(groups.values())) for table, groups in GROUPS.items()
}
"""Every table of a cohort with its columns, in order."""

__all__ = ["GROUPS", "OUTCOMES", "RECORDINGS", "TABLES", "TREATMENTS", "VISITS", "VISIT_DETAILS"]
