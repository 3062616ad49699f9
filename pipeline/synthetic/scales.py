"""Totals of the rating scales that fit a phenotype, lower while a treatment acts or the illness has remitted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import ndtri

from pipeline.schema.scales import SCALES
from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.findings import NOT_DONE
from pipeline.synthetic.latents import risen_log
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams


def _alike(phenotypes: Iterable[str], mean: float, sd: float) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(phenotypes, (mean, sd))


_FOCAL = (
    "blepharospasm",
    "oromandibular",
    "cervical",
    "laryngeal",
    "writers_cramp",
    "musicians",
    "upper_limb_non_task",
    "lower_limb",
)
_WIDE = ("hemidystonia", "generalized")

TOTALS: dict[str, dict[str, tuple[float, float]]] = {
    "twstrs_total_points": {"cervical": (41, 17)},  # V Dashtipour 2019 39.2, Espay 2018 43.4 +- 19.4
    "bfmdrs_movement_points": _alike(_WIDE, 42, 20) | {"segmental_other": (16, 8), "lower_limb": (10, 6)},  # A
    "bfmdrs_disability_points": _alike(_WIDE, 11, 6) | {"segmental_other": (4, 3), "lower_limb": (4, 2)},  # A
    "gdrs_total_points": _alike(_FOCAL, 8, 4)  # A; the skew to low scores is V (n = 3067, 2023)
    | _alike(_WIDE, 52, 22)
    | {"segmental_other": (18, 8), "meige_segmental_cranial": (17, 7), "functional": (16, 9)},
    "jrs_total_points": {"blepharospasm": (5, 1.6), "meige_segmental_cranial": (5, 1.6)},  # A
    "wcrs_total_points": {"writers_cramp": (12, 5), "musicians": (7, 4)},  # A
    "vhi10_total_points": {"laryngeal": (24, 7)},  # A; above 11 is abnormal (M)
}
"""Mean and standard deviation of a total in each phenotype that the scale is used for."""

_MEAN_RISE = 0.88
"""Mean of the severity curve over the visits of the demonstration's recipe."""

_SHARE_OF_PATIENT = 0.8
"""A: correlation of a total with the patient's severity, for a test-retest reliability of 0.64 or more."""


def draw_scales(people: People, visits: Visits, ill: np.ndarray, streams: Streams) -> dict[str, np.ndarray]:
    """Return each scale's total by visit; NaN where the scale was not used.

    Parameters
    ----------
    ill : ndarray, shape (visits,)
        Share of the illness's severity that treatment and remission leave on the day.
    """
    rise = np.exp(risen_log(visits.years(people))) / _MEAN_RISE * ill
    not_done = visit_uniform(visits, streams, "scale used", len(SCALES)) < NOT_DONE
    noise = ndtri(visit_uniform(visits, streams, "scale noise", len(SCALES)))
    severity = people.severity[visits.patient]
    totals = {}
    for number, column in enumerate(SCALES):
        used = TOTALS[column.name]
        mean = people.mix.figure(lambda pair, used=used: used.get(pair[0], (np.nan, 0))[0])[people.pair]
        sd = people.mix.figure(lambda pair, used=used: used.get(pair[0], (np.nan, 0))[1])[people.pair]
        own = _SHARE_OF_PATIENT * severity + np.sqrt(1 - _SHARE_OF_PATIENT**2) * noise[:, number]
        total = mean[visits.patient] * rise + sd[visits.patient] * own * ill
        totals[column.name] = np.where(not_done[:, number], np.nan, np.clip(np.rint(total), 1, column.high))
    return totals
