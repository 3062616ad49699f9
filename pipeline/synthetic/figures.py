"""Figures about people and the course of their disease, looked up for a class; they stand in ``epidemiology.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pipeline.synthetic.classes import Pair
from pipeline.synthetic.epidemiology import Figure, load_epidemiology, value


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


@dataclass(frozen=True)
class Remission:
    """A cure model of remission.

    Attributes
    ----------
    share : float
        Share that ever remits.
    rate_per_y : float
        Hazard of those, from onset.
    """

    share: float
    rate_per_y: float


DURATION_MEDIAN_Y = value("enrolment.duration_median")
DURATION_LOG_SD = value("enrolment.duration_log_sd")
ACUTE_DURATION_FACTOR = value("enrolment.acute_duration_factor")
OLDEST_Y = value("enrolment.oldest")
SEVERITY_RISE_Y = value("severity_course.tau_years")
FEMALE_LOGIT_PER_DECADE = value("anyone.female_logit_per_decade")
BURDEN_FOLLOWS_SEVERITY = value("anyone.burden_follows_severity")
PARTIAL_AMONG_RESPONDERS = value("anyone.partial_among_responders")

SPREAD_RATIO_FAMILY = value("spread_ratio.family_history_dystonia")
SPREAD_RATIO_ALCOHOL = value("spread_ratio.alcohol_responsive")
SPREAD_RATIO_SEVERITY = value("spread_ratio.blepharospasm_severity_per_sd")
YOUTH_ENDS_Y = value("spread_young.until_age")

RELAPSE_SHARE = value("cervical.relapse")
RELAPSE_RATE_PER_Y = value("anyone.relapse_rate")

GENERALIZATION_RATES_PER_Y: tuple[tuple[float, float], ...] = (
    (13.0, value("generalization.rate_onset_to_13")),
    (YOUTH_ENDS_Y, value("generalization.rate_onset_to_21")),
    (value("primary.onset_age_without_generalization"), value("generalization.rate_onset_to_32")),
    (200.0, value("generalization.rate_later")),
)
"""Hazard after the first spread up to each age at onset."""

GENERALIZATION_RATIO_SEVERITY = value("generalization.ratio_severity")

_CURVES = {
    "blepharospasm": "blepharospasm",
    "cervical": "cervical",
    "laryngeal": "laryngeal",
    "oromandibular": "oromandibular",
    "writers_cramp": "writers_cramp",
    "musicians": "writers_cramp",
    "upper_limb_non_task": "writers_cramp",
    "lower_limb": "lower_limb",
    "functional": "functional",
}
_CURVES_OF_YOUTH = {
    "cervical": "neck_childhood",
    "writers_cramp": "arm_childhood",
    "musicians": "arm_childhood",
    "upper_limb_non_task": "arm_childhood",
    "lower_limb": "leg_childhood",
}


def curve(site: str) -> SpreadCurve:
    """Return the curve of spread of a site.

    Examples
    --------
    >>> curve("cervical").rate_per_y
    0.019
    """
    return SpreadCurve(*(value(f"spread.{site}.{name}") for name in ("early_share", "shape", "scale_y", "rate_per_y")))


SPREAD_BY_PHENOTYPE: dict[str, SpreadCurve] = {phenotype: curve(site) for phenotype, site in _CURVES.items()}
"""Focal phenotypes; the others hold several regions, or none, from the beginning."""

SPREAD_IN_YOUTH: dict[str, SpreadCurve] = {phenotype: curve(site) for phenotype, site in _CURVES_OF_YOUTH.items()}
"""Instead of the above where onset was at `YOUTH_ENDS_Y` or before."""


@cache
def onset_ages(pair: Pair) -> tuple[float, OnsetAge, OnsetAge]:
    """Return the share that begins in childhood, that part's ages, and the ages of the rest."""
    figures = load_epidemiology()
    phenotype, aetiology = pair
    child = f"lower_limb.child_share_{aetiology}"
    if phenotype == "lower_limb" and child in figures:
        young, grown = (figures.figure(f"lower_limb.onset_age_{part}") for part in ("child", "adult"))
        return value(child), _ages(young), _ages(grown)
    of_class = figures.of_class("onset_age", pair) or figures.figure("lower_limb.onset_age_adult")
    return 0.0, _ages(of_class), _ages(of_class)


def _ages(figure: Figure) -> OnsetAge:
    if figure.sd is None or figure.bounds is None:
        raise ValueError(f"figure '{figure.name}' needs an sd and bounds")
    return OnsetAge(figure.value, figure.sd, *figure.bounds)


@cache
def female_share(pair: Pair) -> float:
    """Return the share of women in a class, at its mean onset age; the aetiology's figure before the phenotype's."""
    figures = load_epidemiology()
    phenotype, aetiology = pair
    for word in (aetiology, phenotype):
        if f"{word}.prop_female" in figures:
            return value(f"{word}.prop_female")
        if f"{word}.prop_male" in figures:
            return 1 - value(f"{word}.prop_male")
    raise ValueError(f"no share of women for {phenotype}")


def spread_curve(pair: Pair, *, young: bool) -> SpreadCurve | None:
    """Return the curve of first spread of a class; None where it does not arise."""
    grown = SPREAD_BY_PHENOTYPE.get(pair[0])
    return SPREAD_IN_YOUTH.get(pair[0], grown) if young else grown


def early_share(pair: Pair, *, young: bool) -> float:
    """Return the share of a class that is at the early risk of spread."""
    found = spread_curve(pair, young=young)
    return found.early if found else 0.0


def responders(pair: Pair) -> float:
    """Return the share of a class that treatment helps."""
    found = load_epidemiology().of_class("bont_responder", pair)
    return found.value if found else 0.0


def remission(pair: Pair) -> Remission:
    """Return how a class remits."""
    figures = load_epidemiology()
    share, rate = (figures.of_class(name, pair) for name in ("remission_ever", "remission_rate"))
    return Remission(share.value, rate.value) if share and rate else Remission(0.0, 1.0)
