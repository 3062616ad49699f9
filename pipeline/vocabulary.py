"""The words of the field: labels and which of them go together, the label tree, body regions, tasks, reason codes.

Sources: Albanese et al. 2013 (Mov Disord 28:863) for regions and axes. The label lists are ours: phenotypes that
clinics name, and causes grouped as that classification groups them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PHENOTYPES = (
    "blepharospasm",
    "oromandibular",
    "cervical",
    "laryngeal",
    "writers_cramp",
    "musicians",
    "upper_limb_non_task",
    "lower_limb",
    "meige_segmental_cranial",
    "segmental_other",
    "hemidystonia",
    "generalized",
    "essential_tremor",
    "parkinson_disease",
    "functional",
    "healthy",
)

AETIOLOGIES = (
    "idiopathic_isolated",
    "inherited_isolated",
    "inherited_combined",
    "wilson",
    "acquired_tardive",
    "acquired_acute_drug",
    "acquired_tbi",
    "acquired_perinatal",
    "acquired_vascular",
    "functional",
    "not_dystonia",
)

LABEL_TREE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "any": ("dystonia", "mimic"),
        "dystonia": ("cranial", "cervical", "laryngeal", "limb", "widespread"),
        "mimic": ("essential_tremor", "parkinson_disease", "functional", "healthy"),
        "cranial": ("blepharospasm", "oromandibular", "meige_segmental_cranial"),
        "limb": ("writers_cramp", "musicians", "upper_limb_non_task", "lower_limb"),
        "widespread": ("segmental_other", "hemidystonia", "generalized"),
    }
)
"""Each inner node of the phenotype tree with its children, from the root ``any``."""

_MIMICS = ("essential_tremor", "parkinson_disease", "healthy")
_TASK_SPECIFIC = ("writers_cramp", "musicians")


def pair_is_allowed(phenotype: str, aetiology: str) -> bool:
    """Whether a phenotype and an aetiology can stand in one diagnosis.

    Examples
    --------
    >>> pair_is_allowed("cervical", "idiopathic_isolated"), pair_is_allowed("healthy", "wilson")
    (True, False)
    """
    if phenotype in _MIMICS:
        return aetiology == "not_dystonia"
    if phenotype == "functional" or aetiology == "functional":
        return phenotype == aetiology
    if aetiology == "not_dystonia":
        return False
    return phenotype not in _TASK_SPECIFIC or aetiology in ("idiopathic_isolated", "inherited_isolated")


REGIONS = (
    "upper_face",
    "lower_face",
    "jaw",
    "tongue",
    "pharynx",
    "larynx",
    "neck",
    "shoulder_left",
    "shoulder_right",
    "upper_arm_left",
    "upper_arm_right",
    "forearm_left",
    "forearm_right",
    "hand_left",
    "hand_right",
    "trunk",
    "pelvis",
    "upper_leg_left",
    "upper_leg_right",
    "lower_leg_left",
    "lower_leg_right",
)
"""Body regions that dystonia may hold, as a registry's intake form lists them."""

BODY_DISTRIBUTIONS = ("none", "focal", "segmental", "multifocal", "hemidystonia", "generalized")
"""Where dystonia is, as a whole (Albanese et al. 2013, axis I); derived from the regions by `rules`."""

ONSET_AGE_BINS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "infancy": (0.0, 3.0),
        "childhood": (3.0, 13.0),
        "adolescence": (13.0, 21.0),
        "early_adulthood": (21.0, 41.0),
        "late_adulthood": (41.0, math.inf),
    }
)
"""Ages at onset in completed years, from the first bound up to but without the second (Albanese et al. 2013)."""

BODY_SITES = ("head", "trunk", "lower_back", "wrist_left", "wrist_right", "ankle_left", "ankle_right")
"""Where a sensor sits."""


@dataclass(frozen=True)
class Channels:
    """Channels of a kind of sensor, by name.

    Attributes
    ----------
    needed : tuple of str
        Without these there are no features of the sensor.
    further : tuple of str
        Without one of these, the features that need it are missing.
    """

    needed: tuple[str, ...]
    further: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every channel, in the order in which features see them."""
        return (*self.needed, *self.further)


SENSORS: Mapping[str, Channels] = MappingProxyType(
    {
        "accelerometer": Channels(("x", "y", "z")),
        "gyroscope": Channels(("x", "y", "z")),
        "emg": Channels(("muscle",), ("antagonist",)),
        "pen": Channels(("x", "y"), ("pressure",)),
    }
)
"""Kind of sensor to its channels: g, deg/s, microvolts, and millimetres with a pressure in a unit of its own.

A muscle belongs to the body site that it moves, a pen to the wrist of the hand that holds it. An EMG may have more
channels, of other names, which are checked, but that no feature reads.
"""

UNSIDED_SITES = ("wrist", "ankle")
"""Limbs of which a recording has to say the side, in another column."""

CLOCKS_OF_RECORDINGS = ("elapsed", "unix", "deltas", "counter", "local", "utc", "none")
"""What a recording's column of times holds: time since any moment, since 1970, or since the sample before; the number
of the sample; a written time of the place, or with its zone; or there is none.
"""

TASKS = (
    "rest",
    "posture",
    "trick",
    "action",
    "writing",
    "spiral",
    "tapping",
    "pronation_supination",
    "leg_agility",
    "gait",
    "free",
)
"""What the person does while the recording runs; ``trick`` is the same posture with the sensory trick."""

TREATMENT_KINDS = (
    "botulinum_toxin",
    "anticholinergic",
    "clonazepam",
    "baclofen",
    "levodopa",
    "denervation",
    "dbs",
    "placebo",
)

SIDES = ("left", "right", "both", "midline")

TASK_KINDS = ("none", "writing", "typing", "instrument", "sport", "speech", "other")
"""Tasks that bring dystonia on, after a registry's intake form; ``none`` is an answer, an empty cell is not."""

RESPONSES = ("none", "partial", "marked")
"""How much something eases the movement: a touch, a drug, an injection."""

CERTAINTIES = ("possible", "probable", "definite")

LABEL_SOURCES = ("general_neurologist", "movement_specialist", "consensus", "genetic_test", "chart_review", "registry")
"""Who or what a label comes from: it is right more often from some than from others."""

DBS_TARGETS = ("gpi", "stn", "vim", "other")
"""Internal pallidum, subthalamic nucleus, ventral intermediate nucleus of the thalamus."""

TOXIN_PRODUCTS = ("onabotulinum", "abobotulinum", "incobotulinum", "rimabotulinum", "other")
"""Units of one product are not those of another."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "RAGGED": "the row has more or fewer fields than the header",
        "ENCODING": "a cell is not valid UTF-8",
        "NUL_BYTE": "a cell holds a NUL byte",
        "MISSING_ID": "the row has no patient id",
        "BAD_ID": "an id is longer than 200 characters, padded, or holds control or direction characters",
        "NOT_A_NUMBER": "a number was needed",
        "NOT_FINITE": "a finite number was needed",
        "PRECISION": "an integer too large to be held exactly",
        "OUT_OF_RANGE": "the value lies outside the column's range",
        "UNKNOWN_CATEGORY": "the value is not in the column's vocabulary",
        "NOT_A_FLAG": "yes, no, true, false, 1 or 0 was needed",
        "DATE_FORMAT": "an ISO 8601 date (2024-04-03) was needed",
        "DURATION_FORMAT": "an ISO 8601 duration (P2Y5M) was needed",
        "INCONSISTENT": "values of the row contradict each other",
        "DUPLICATE_ID_CONFLICT": "the same visit stands there twice with different content",
        "WORKER_DIED": "reading or predicting the visit has killed its worker process every time",
        "MISSING_VISIT_TIME": "a patient with several visits needs a time for each",
        "UNKNOWN_VISIT": "the row belongs to no visit that was read",
        "UNKNOWN_TERM": "a term is not in the ontology, or obsolete",
        "NOT_CARRIED": "the record holds more than we have columns for",
        "AGE_RANGE": "a range of ages was read as its middle",
        "NOT_A_PHENOPACKET": "the record is not a GA4GH phenopacket",
        "PATH_ESCAPE": "a file name leads out of the cohort's folder",
        "NO_FILE_NAME": "the row names no file",
        "NO_RECORDING": "the recording's file is not there",
        "BAD_RECORDING": "the recording's file cannot be read as declared",
        "TOO_SHORT": "the recording is shorter than one window",
        "TOO_LARGE": "the recording's file holds more than is read at a time",
        "TIMESTAMP_ORDER": "the clock of the recording goes back or stands still",
        "TIMESTAMP": "the clock of the recording is not what it is declared to be",
        "GAPS": "many samples of the recording are lost",
        "RATE": "the measured sampling rate is not the declared one",
        "UNITS": "the size of the samples does not fit the declared unit",
        "CHANNEL": "channels of the recording are missing, or not as declared",
        "FLATLINE": "the sensor did not move its reading: it was stuck, or switched off",
        "CLIPPED": "the sensor reached the end of its range",
        "SAME_FILE": "another recording names the same samples",
        "LATERALITY": "the side of the limb is not given, or given in two ways",
        "IO_ERROR": "the recording's file could not be read by the system",
    }
)
"""Why a row is rejected or noted: code and meaning."""
