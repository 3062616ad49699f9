"""How often each item of the form is answered with yes, by phenotype and by cause.

Marks as in `figures`. A figure without a mark is an assumption of ours (A). Items are kept between 2 and 95 %, so that
no single answer tells two classes apart, except where the class is defined by it (`ALWAYS`). Where an item is an
ancestor of another in the ontology (a head tremor is a tremor), the figure of the ancestor is for its other kinds.
"""

from __future__ import annotations

from pipeline.synthetic.classes import Pair

BACKGROUND: dict[str, float] = {
    # early signs
    "penmanship_decline": 0.15,
    "dropped_items": 0.12,
    "cramping_with_use": 0.15,
    "diaphragm_trembling": 0.04,
    "holds_hands_still": 0.08,
    # symptoms
    "tremor": 0.06,
    "head_tremor": 0.06,
    "hand_tremor": 0.12,
    "tremor_at_rest": 0.04,
    "voice_tremor": 0.05,
    "jerks": 0.12,
    "frequent_blinking": 0.10,
    "light_sensitivity": 0.12,
    "neck_pulling": 0.08,
    "voice_breaks": 0.08,
    "speech_slurred": 0.06,
    "swallowing_trouble": 0.08,
    "jaw_clenching": 0.10,
    "foot_inversion": 0.04,
    "gait_trouble": 0.08,
    "slowness": 0.12,
    "stiffness": 0.20,
    "pain": 0.15,
    "neck_pain": 0.15,
    "sensory_trick": 0.10,
    "task_specific": 0.03,
    "depression": 0.24,
    "anxiety": 0.28,
    "fatigue": 0.35,
    # history
    "family_history_dystonia": 0.05,
    "family_history_tremor": 0.08,
    "sudden_onset": 0.08,
    "alcohol_response": 0.10,
    "neuroleptic_exposure": 0.06,
    "head_injury": 0.04,
    "birth_asphyxia": 0.03,
    "diurnal_fluctuation": 0.12,
}
"""Every item of the form, in anyone without a reason for it."""

_WRITING = {"penmanship_decline": 0.88, "cramping_with_use": 0.70, "dropped_items": 0.22, "holds_hands_still": 0.20}

BY_PHENOTYPE: dict[str, dict[str, float]] = {
    "blepharospasm": {
        "frequent_blinking": 0.85,
        "light_sensitivity": 0.42,  # V 35.5 % at onset, 25-60 elsewhere, Scorr 2022
        "sensory_trick": 0.55,  # V Eur J Neurol 2013;20:704, Soni 2017
        "pain": 0.30,  # with neck pain near the V 38.7 % of eye soreness, Scorr 2022
        "tremor": 0.12,  # with its kinds near the V 33 % of cranial dystonia, Pandey 2017
        "depression": 0.25,  # V Scorr 2022
        "anxiety": 0.34,  # V Scorr 2022
        "family_history_dystonia": 0.08,  # V 2-20 %, Greene 1995
        "jaw_clenching": 0.18,
    },
    "oromandibular": {
        "jaw_clenching": 0.75,
        "speech_slurred": 0.50,
        "swallowing_trouble": 0.40,
        "sensory_trick": 0.50,  # M
        "task_specific": 0.25,  # M
        "frequent_blinking": 0.20,
        "anxiety": 0.25,  # V meta-analysis 2021 (cranial)
        "family_history_dystonia": 0.08,
    },
    "cervical": {
        "neck_pulling": 0.90,
        "head_tremor": 0.52,  # V Col-Cap 2020, Rubio-Agusti 2013
        "hand_tremor": 0.23,  # V Chan 1991
        "jerks": 0.45,  # V 40-70 %, Chan 1991
        "neck_pain": 0.68,
        "pain": 0.20,  # with neck pain near the V 75 %, Chan 1991
        "sensory_trick": 0.80,  # V Patel 2014 and others, 35-90 %
        "stiffness": 0.45,
        "depression": 0.315,  # V meta-analysis 2021
        "anxiety": 0.40,  # V meta-analysis 2021
        "family_history_dystonia": 0.12,  # V Chan 1991, Heinen 1996
    },
    "laryngeal": {
        "voice_breaks": 0.90,
        "voice_tremor": 0.21,  # D Laryngoscope 2019 (98 of 475)
        "hand_tremor": 0.18,  # with others near the V 26 % outside the voice, Schweinfurth 2002
        "task_specific": 0.80,  # M 95 %, on examination
        "speech_slurred": 0.25,
        "swallowing_trouble": 0.15,
        "anxiety": 0.26,  # V meta-analysis 2021
        "family_history_dystonia": 0.08,  # V Schweinfurth 2002
    },
    "writers_cramp": _WRITING
    | {
        "task_specific": 1.0,  # by definition
        "hand_tremor": 0.33,  # with others near the V 37 %, Datta 2022
        "sensory_trick": 0.20,  # V Eur J Neurol 2013;20:704
        "pain": 0.18,  # M 25 % with neck pain
        "neck_pain": 0.10,
        "anxiety": 0.32,  # V meta-analysis 2021
        "family_history_dystonia": 0.108,  # V Jedynak 2001
    },
    "musicians": {
        "task_specific": 1.0,  # by definition
        "cramping_with_use": 0.45,
        "penmanship_decline": 0.22,
        "dropped_items": 0.15,
        "hand_tremor": 0.15,
        "sensory_trick": 0.25,
        "pain": 0.05,  # M
        "neck_pain": 0.08,
        "family_history_dystonia": 0.20,  # M 10-36 %
    },
    "upper_limb_non_task": {
        "penmanship_decline": 0.60,
        "dropped_items": 0.45,
        "cramping_with_use": 0.50,
        "holds_hands_still": 0.35,
        "hand_tremor": 0.45,
        "jerks": 0.25,
        "stiffness": 0.35,
        "task_specific": 0.12,
        "sensory_trick": 0.20,
        "family_history_dystonia": 0.12,
    },
    "lower_limb": {
        "foot_inversion": 0.78,
        "gait_trouble": 0.45,
        "cramping_with_use": 0.40,
        "stiffness": 0.40,
        "task_specific": 0.15,
        "diurnal_fluctuation": 0.25,
        "family_history_dystonia": 0.25,
    },
    "meige_segmental_cranial": {
        "frequent_blinking": 0.78,
        "light_sensitivity": 0.42,
        "jaw_clenching": 0.62,
        "speech_slurred": 0.38,
        "swallowing_trouble": 0.28,
        "sensory_trick": 0.50,
        "tremor": 0.25,  # with its kinds near the V 68 % of segmental dystonia, Pandey 2017
        "head_tremor": 0.28,
        "hand_tremor": 0.22,
        "voice_tremor": 0.18,
        "neck_pulling": 0.22,
        "depression": 0.292,  # V meta-analysis 2021 (cranial)
        "family_history_dystonia": 0.10,
    },
    "segmental_other": {
        "neck_pulling": 0.72,
        "neck_pain": 0.50,
        "head_tremor": 0.42,
        "hand_tremor": 0.42,  # with its kinds near the V 68 % of segmental dystonia, Pandey 2017
        "jerks": 0.40,
        "voice_breaks": 0.22,
        "penmanship_decline": 0.40,
        "dropped_items": 0.30,
        "sensory_trick": 0.50,
        "stiffness": 0.45,
        "family_history_dystonia": 0.18,
    },
    "hemidystonia": {
        "dropped_items": 0.60,
        "penmanship_decline": 0.50,
        "cramping_with_use": 0.40,
        "foot_inversion": 0.50,
        "gait_trouble": 0.50,
        "hand_tremor": 0.30,
        "slowness": 0.40,
        "stiffness": 0.55,
        "speech_slurred": 0.25,
    },
    "generalized": {
        "foot_inversion": 0.60,
        "gait_trouble": 0.65,
        "penmanship_decline": 0.50,
        "dropped_items": 0.45,
        "cramping_with_use": 0.35,
        "neck_pulling": 0.45,
        "speech_slurred": 0.30,
        "swallowing_trouble": 0.22,
        "jerks": 0.28,
        "stiffness": 0.55,
        "slowness": 0.30,
        "family_history_dystonia": 0.45,  # V almost half with onset at 21 or before, Greene 1995
    },
    "essential_tremor": {
        "hand_tremor": 0.88,
        "head_tremor": 0.30,
        "voice_tremor": 0.20,
        "tremor_at_rest": 0.12,
        "penmanship_decline": 0.50,
        "dropped_items": 0.35,
        "holds_hands_still": 0.38,
        "diaphragm_trembling": 0.07,
        "alcohol_response": 0.60,  # M
        "family_history_tremor": 0.50,  # M
    },
    "parkinson_disease": {
        "tremor_at_rest": 0.70,  # M
        "hand_tremor": 0.55,
        "slowness": 0.85,
        "stiffness": 0.68,
        "penmanship_decline": 0.60,
        "dropped_items": 0.35,
        "gait_trouble": 0.50,
        "foot_inversion": 0.12,
        "speech_slurred": 0.25,
        "depression": 0.35,
        "fatigue": 0.52,
    },
    "functional": {
        "sudden_onset": 0.60,  # M; the direction is V, Ercoli 2021
        "tremor": 0.20,
        "hand_tremor": 0.30,
        "jerks": 0.40,
        "gait_trouble": 0.40,
        "foot_inversion": 0.32,
        "stiffness": 0.50,
        "neck_pulling": 0.22,
        "pain": 0.50,
        "neck_pain": 0.32,
        "anxiety": 0.41,  # V Ibrahim 2009
        "depression": 0.40,
        "fatigue": 0.60,
        "head_injury": 0.10,
        "neuroleptic_exposure": 0.12,
    },
    "healthy": {
        "stiffness": 0.15,
        "fatigue": 0.25,
        "depression": 0.15,
        "anxiety": 0.25,
    },
}

BY_AETIOLOGY: dict[str, dict[str, float]] = {
    "inherited_isolated": {"family_history_dystonia": 0.50, "alcohol_response": 0.15},
    "inherited_combined": {
        "jerks": 0.80,
        "alcohol_response": 0.50,
        "anxiety": 0.48,
        "depression": 0.38,
        "diurnal_fluctuation": 0.30,
        "family_history_dystonia": 0.42,
    },
    "wilson": {
        "speech_slurred": 0.88,  # V 80-97 %, Arch Neurol 1987, Eur Neurol 2007
        "hand_tremor": 0.30,  # with others near the V 40 %
        "gait_trouble": 0.25,  # with tiptoe gait near the V 43 %
        "foot_inversion": 0.22,
        "stiffness": 0.52,  # V as rigidity
        "swallowing_trouble": 0.40,
        "depression": 0.38,
        "family_history_dystonia": 0.10,
    },
    "acquired_tardive": {
        "depression": 0.50,
        "anxiety": 0.45,
        "sensory_trick": 0.45,
        "jerks": 0.15,
        "head_tremor": 0.20,
        "family_history_dystonia": 0.04,
    },
    "acquired_acute_drug": {
        "sudden_onset": 0.85,
        "neck_pulling": 0.40,
        "anxiety": 0.50,
        "sensory_trick": 0.10,
        "family_history_dystonia": 0.04,
    },
    "acquired_tbi": {"hand_tremor": 0.50, "sudden_onset": 0.20, "family_history_dystonia": 0.04},
    "acquired_perinatal": {
        "birth_asphyxia": 0.85,
        "speech_slurred": 0.60,
        "gait_trouble": 0.70,
        "stiffness": 0.70,
        "family_history_dystonia": 0.05,
    },
    "acquired_vascular": {"sudden_onset": 0.40, "slowness": 0.50, "family_history_dystonia": 0.04},
}
"""Where the cause changes an answer; it goes before the phenotype's figure."""

ALWAYS: dict[str, tuple[str, ...]] = {
    "neuroleptic_exposure": ("acquired_tardive", "acquired_acute_drug"),
    "head_injury": ("acquired_tbi",),
}
"""History without which a cause would not have been recorded."""

SEVERITY_LOGIT: dict[str, float] = {
    "tremor": 0.4,
    "head_tremor": 0.4,
    "hand_tremor": 0.4,
    "jerks": 0.4,
    "neck_pulling": 0.4,
    "frequent_blinking": 0.4,
    "voice_breaks": 0.4,
    "jaw_clenching": 0.4,
    "penmanship_decline": 0.5,
    "dropped_items": 0.6,
    "cramping_with_use": 0.5,
    "holds_hands_still": 0.4,
    "speech_slurred": 0.5,
    "swallowing_trouble": 0.6,
    "gait_trouble": 0.6,
    "stiffness": 0.6,
    "pain": 0.7,
    "neck_pain": 0.7,
    "depression": 0.4,
    "anxiety": 0.3,
    "fatigue": 0.6,
}
"""A: log odds a standard deviation of severity."""

OF_BURDEN = ("pain", "neck_pain", "depression", "anxiety", "fatigue")
"""Items that follow what the illness weighs, not how severe the movement is."""

_HARD_TO_RATE = ("frequent_blinking", "light_sensitivity", "jaw_clenching", "speech_slurred", "voice_breaks")
_DEFINING = ("task_specific",)


def rater_errors(item: str) -> tuple[float, float]:
    """Return how often a rater misses what is there, and sees what is not.

    V that eyes, jaw, face and larynx are rated worst (Comella 2003); the shares are A. Nobody errs in what defines a
    class.
    """
    if item in _DEFINING:
        return 0.0, 0.0
    return (0.10, 0.04) if item in _HARD_TO_RATE else (0.05, 0.02)


SPREAD_LOGIT = 1.6
"""A: log odds that the spread adds to the items of the region it reached."""

ITEMS_OF_REGION: dict[str, tuple[str, ...]] = {
    "upper_face": ("frequent_blinking", "light_sensitivity"),
    "jaw": ("jaw_clenching", "speech_slurred"),
    "larynx": ("voice_breaks",),
    "neck": ("neck_pulling", "head_tremor"),
    "trunk": ("gait_trouble", "stiffness"),
    "hand_left": ("hand_tremor", "cramping_with_use", "dropped_items"),
    "hand_right": ("hand_tremor", "cramping_with_use", "penmanship_decline"),
    "lower_leg_left": ("foot_inversion", "gait_trouble"),
    "lower_leg_right": ("foot_inversion", "gait_trouble"),
}


def share_of_yes(item: str, pair: Pair) -> float:
    """Return how often patients of a class, of all severities together, have what the item asks for."""
    phenotype, aetiology = pair
    if aetiology in ALWAYS.get(item, ()):
        return 1.0
    for table in (BY_AETIOLOGY.get(aetiology, {}), BY_PHENOTYPE[phenotype]):
        if item in table:
            return table[item]
    return BACKGROUND[item]
