"""Figures about people and the course of their disease, each with where it comes from.

V: read in the named source. M: from memory of the literature, unverified. D: derived from verified figures. A: an
assumption of ours. M and A are no evidence about patients.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.synthetic.classes import Pair


@dataclass(frozen=True)
class OnsetAge:
    """A normal distribution of the age at onset in years, cut off at both ends."""

    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True)
class SpreadCurve:
    """Share still free of spread `t` years after onset: `[p exp(-(t/scale)^shape) + 1 - p] exp(-rate t)`.

    Attributes
    ----------
    early : float
        Share `p` of the patients with an early hazard.
    shape, scale_y : float
        Weibull shape and scale of the early spread.
    rate_per_y : float
        Constant hazard of everybody.
    """

    early: float
    shape: float
    scale_y: float
    rate_per_y: float


ONSET_BY_PHENOTYPE: dict[str, OnsetAge] = {
    "blepharospasm": OnsetAge(55, 11, 20, 88),  # V "in the 50s", Scorr 2022; sd M
    "oromandibular": OnsetAge(54, 13, 18, 88),  # V "in the 50s", Scorr 2021; sd M
    "cervical": OnsetAge(41, 13, 15, 80),  # V mean and 70 % at 30-59, Chan 1991; sd M
    "laryngeal": OnsetAge(45, 13, 13, 80),  # V Schweinfurth 2002
    "writers_cramp": OnsetAge(38, 13, 10, 75),  # M; age at study 36-41 is V, Datta 2022
    "musicians": OnsetAge(34, 9, 16, 65),  # V study means 28-44, review 2014
    "upper_limb_non_task": OnsetAge(40, 18, 5, 80),  # M
    "lower_limb": OnsetAge(50, 11, 21, 80),  # M: the adult part, see LEG_IN_CHILDHOOD
    "meige_segmental_cranial": OnsetAge(56, 11, 25, 88),  # D Scorr 2022
    "segmental_other": OnsetAge(42, 16, 8, 80),  # A
    "hemidystonia": OnsetAge(25, 18, 0, 85),  # M
    "generalized": OnsetAge(13, 8, 1, 45),  # V mean of DYT-TOR1A, GeneReviews; sd A
    "essential_tremor": OnsetAge(45, 20, 8, 85),  # M
    "parkinson_disease": OnsetAge(61, 10, 25, 88),  # M
    "functional": OnsetAge(31, 12, 8, 75),  # D Ibrahim 2009
    "healthy": OnsetAge(45, 16, 10, 85),  # A: age at the complaint that led to the referral
}

ONSET_BY_AETIOLOGY: dict[str, OnsetAge] = {
    "wilson": OnsetAge(20, 5, 8, 72),  # V Arch Neurol 1987, Eur Neurol 2007
    "acquired_tardive": OnsetAge(38.3, 13.7, 13, 72),  # V Kiriakakis 1998
    "acquired_acute_drug": OnsetAge(25, 9, 10, 60),  # M young adults
    "acquired_tbi": OnsetAge(25, 12, 3, 75),  # A
    "acquired_perinatal": OnsetAge(2, 3, 0, 12),  # M
    "acquired_vascular": OnsetAge(55, 15, 10, 85),  # M
    "inherited_combined": OnsetAge(18, 12, 1, 60),  # A
}
"""Where the cause fixes the age more than the phenotype does."""

LEG_IN_CHILDHOOD = OnsetAge(8.4, 4, 2, 20)
"""V Greene 1995: leg dystonia of childhood."""

LEG_IN_CHILDHOOD_SHARE = {"idiopathic_isolated": 0.4, "inherited_isolated": 0.9}
"""A, so that about 0.6 of both together begin in childhood."""

FEMALE_BY_PHENOTYPE: dict[str, float] = {
    "blepharospasm": 0.73,  # V cranial F:M 2.7:1, n = 460, Eur J Neurol 2006
    "oromandibular": 0.70,  # V Scorr 2021
    "cervical": 0.655,  # V F:M 1.9:1, Chan 1991
    "laryngeal": 0.75,  # V Schweinfurth 2002, Sulica 2004
    "writers_cramp": 0.38,  # V M:F 2.2:1 to equal, Norris 2020
    "musicians": 0.18,  # V 8 to 33 %, Front Neurol 2017
    "upper_limb_non_task": 0.60,  # V Norris 2020
    "lower_limb": 0.75,  # V F:M 3:1, n = 460
    "meige_segmental_cranial": 0.73,  # V as cranial
    "segmental_other": 0.60,  # A
    "hemidystonia": 0.45,  # A
    "generalized": 0.50,  # M
    "essential_tremor": 0.44,  # V Song 2021
    "parkinson_disease": 0.40,  # M
    "functional": 0.83,  # V Ibrahim 2009
    "healthy": 0.55,  # A
}

FEMALE_BY_AETIOLOGY: dict[str, float] = {
    "acquired_tardive": 0.467,  # V Kiriakakis 1998
    "acquired_tbi": 0.30,  # V Bhidayasiri and Tarsy
    "acquired_acute_drug": 0.35,  # M young men
    "wilson": 0.55,  # M
}

FEMALE_LOGIT_PER_DECADE = 0.15
"""A: log odds of female a decade of later onset, within a phenotype; the direction is V (Butler 2015)."""

DURATION_MEDIAN_Y, DURATION_LOG_SD = 2.5, 0.8
"""A: years from onset to enrolment, log-normal; the Dystonia Coalition enrols within about 5 years (V Berman 2020)."""

ACUTE_DURATION_FACTOR = 0.01
"""A: an acute drug reaction is seen within days or weeks."""

OLDEST_Y = 95.0
"""A: nobody is enrolled, or seen again, at a higher age."""

SEVERITY_RISE_Y = 1.8
"""D: 95 % of the full severity is reached at 5 years (review 1995)."""

_HAND = SpreadCurve(0, 1, 1, 0.024)

SPREAD_BY_PHENOTYPE: dict[str, SpreadCurve] = {
    "blepharospasm": SpreadCurve(0.40, 1.26, 1.61, 0.015),  # D Italian group 1999, Abbruzzese 2008, Berman 2020
    "cervical": SpreadCurve(0, 1, 1, 0.019),  # D Weiss 2006, Svetel 2007
    "laryngeal": SpreadCurve(0, 1, 1, 0.017),  # D Berman 2020, Weiss 2006
    "oromandibular": SpreadCurve(0, 1, 1, 0.036),  # A
    "writers_cramp": _HAND,  # D Berman 2020, Weiss 2006
    "musicians": _HAND,  # A as writer's cramp
    "upper_limb_non_task": _HAND,  # A as writer's cramp
    "lower_limb": SpreadCurve(0, 1, 1, 0.030),  # A
    "functional": SpreadCurve(0, 1, 1, 0.030),  # A
}
"""Focal phenotypes; the others hold several regions, or none, from the beginning."""

SPREAD_IN_YOUTH: dict[str, SpreadCurve] = {
    "lower_limb": SpreadCurve(0.85, 1, 3, 0),  # A after Greene 1995
    "writers_cramp": SpreadCurve(0.50, 1, 6, 0),  # A after Greene 1995
    "musicians": SpreadCurve(0.50, 1, 6, 0),
    "upper_limb_non_task": SpreadCurve(0.50, 1, 6, 0),
}
"""Instead of the above where onset was at 21 or before."""

YOUTH_ENDS_Y = 21.0

SPREAD_RATIO_FAMILY = 2.18
"""V hazard ratio of a family history of dystonia, Berman 2020."""

SPREAD_RATIO_ALCOHOL = 2.59
"""V hazard ratio of a response to alcohol, Berman 2020."""

SPREAD_RATIO_SEVERITY = 1.3
"""M hazard ratio of one standard deviation of severity; the direction is V (Scorr 2022)."""


BURDEN_FOLLOWS_SEVERITY = 0.3
"""A: correlation of the two hidden effects."""

PARTIAL_AMONG_RESPONDERS = 0.55
"""A, so that toxin lowers the TWSTRS by V 31 % on average (Dashtipour 2019)."""

_RESPONDERS: dict[str, float] = {
    "cervical": 0.80,  # V 58-90 %, point M
    "blepharospasm": 0.90,  # V Jankovic 1987
    "meige_segmental_cranial": 0.85,  # A
    "oromandibular": 0.80,  # V Scorr 2021
    "laryngeal": 0.90,  # V as function, Blitzer 1998
    "writers_cramp": 0.70,  # V Kruisdijk 2007
    "functional": 0.20,  # A
}
_RESPONDERS_BY_AETIOLOGY: dict[str, float] = {"acquired_tbi": 0.3, "acquired_vascular": 0.3, "acquired_perinatal": 0.4}
_RESPONDERS_ELSEWHERE = 0.65
"""A."""


@dataclass(frozen=True)
class Remission:
    """A cure model of remission, and of relapse among those who remitted.

    Attributes
    ----------
    share : float
        Share that ever remits.
    rate_per_y : float
        Hazard of those, from onset.
    """

    share: float
    rate_per_y: float


_REMISSION_BY_PHENOTYPE: dict[str, Remission] = {
    "cervical": Remission(0.17, 0.408),  # D Jahanshahi 1990 and others; 87 % by year 5
    "blepharospasm": Remission(0.10, 0.3),  # M
    "writers_cramp": Remission(0.05, 0.3),  # M
    "functional": Remission(0.06, 0.1),  # V share, Ibrahim 2009
}
_REMISSION_BY_AETIOLOGY: dict[str, Remission] = {
    "acquired_tardive": Remission(0.14, 1 / 5.2),  # V Kiriakakis 1998
    "acquired_acute_drug": Remission(0.95, 50.0),  # M resolves with an anticholinergic
}
_NO_REMISSION = Remission(0.0, 1.0)

RELAPSE_SHARE, RELAPSE_RATE_PER_Y = 0.40, 0.3
"""V 6 of 15 relapsed, Jahanshahi 1990; rate A."""

GENERALIZATION_RATES_PER_Y: tuple[tuple[float, float], ...] = ((13.0, 0.20), (21.0, 0.08), (32.0, 0.015), (200.0, 0.0))
"""A: hazard after the first spread up to this age at onset; V that it is about none from 32 on (n = 460, 2006)."""

GENERALIZATION_RATIO_SEVERITY = 1.3
"""A: hazard ratio of one standard deviation of severity."""


def onset_ages(pair: Pair) -> tuple[float, OnsetAge, OnsetAge]:
    """Return the share that begins in childhood, that part's ages, and the ages of the rest."""
    phenotype, aetiology = pair
    if phenotype == "lower_limb" and aetiology in LEG_IN_CHILDHOOD_SHARE:
        return LEG_IN_CHILDHOOD_SHARE[aetiology], LEG_IN_CHILDHOOD, ONSET_BY_PHENOTYPE[phenotype]
    ages = ONSET_BY_AETIOLOGY.get(aetiology, ONSET_BY_PHENOTYPE[phenotype])
    return 0.0, ages, ages


def female_share(pair: Pair) -> float:
    """Return the share of women in a class, at its mean onset age."""
    return FEMALE_BY_AETIOLOGY.get(pair[1], FEMALE_BY_PHENOTYPE[pair[0]])


def spread_curve(pair: Pair, *, young: bool) -> SpreadCurve | None:
    """Return the curve of first spread of a class; None where it does not arise."""
    grown = SPREAD_BY_PHENOTYPE.get(pair[0])
    return SPREAD_IN_YOUTH.get(pair[0], grown) if young else grown


def early_share(pair: Pair, *, young: bool) -> float:
    """Return the share of a class that is at the early risk of spread."""
    curve = spread_curve(pair, young=young)
    return curve.early if curve else 0.0


def responders(pair: Pair) -> float:
    """Return the share of a class that treatment helps."""
    return _RESPONDERS_BY_AETIOLOGY.get(pair[1], _RESPONDERS.get(pair[0], _RESPONDERS_ELSEWHERE))


def remission(pair: Pair) -> Remission:
    """Return how a class remits."""
    return _REMISSION_BY_AETIOLOGY.get(pair[1], _REMISSION_BY_PHENOTYPE.get(pair[0], _NO_REMISSION))
