"""Totals of the rating scales that fit a phenotype, lower while a treatment acts or the illness has remitted."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtri

from pipeline.schema.scales import SCALES
from pipeline.synthetic.course import Visits, visit_uniform
from pipeline.synthetic.epidemiology import load_epidemiology, value, values
from pipeline.synthetic.figures import DURATION_LOG_SD, DURATION_MEDIAN_Y
from pipeline.synthetic.findings import NOT_DONE
from pipeline.synthetic.latents import risen_log
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams


def _totals(scale: str) -> dict[str, tuple[float, float]]:
    figures = load_epidemiology()
    rows = {phenotype: figures.figure(f"total.{scale}.{phenotype}") for phenotype in values(f"total.{scale}")}
    return {phenotype: (row.value, row.sd or 0.0) for phenotype, row in rows.items()}


TOTALS: dict[str, dict[str, tuple[float, float]]] = {column.name: _totals(column.name) for column in SCALES}
"""Mean and standard deviation of a total at the first visit, in each phenotype that the scale is used for."""

_SHARE_OF_PATIENT = value("total_follows.severity")
_NODES = 41


@cache
def _rise_at_enrolment() -> tuple[float, float]:
    """Return mean and standard deviation of the share of full severity that is reached at the first visit."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    rise = np.exp(risen_log(DURATION_MEDIAN_Y * np.exp(DURATION_LOG_SD * nodes)))
    mean = float(rise @ weights / weights.sum())
    return mean, float(np.sqrt((rise - mean) ** 2 @ weights / weights.sum()))


def _own_sd(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return what the course leaves of a standard deviation: early patients have lower totals already."""
    height, spread = _rise_at_enrolment()
    return np.sqrt(np.maximum(sd**2 - (mean * spread / height) ** 2, (sd / 2) ** 2))


def draw_scales(people: People, visits: Visits, ill: np.ndarray, streams: Streams) -> dict[str, np.ndarray]:
    """Return each scale's total by visit; NaN where the scale was not used.

    Parameters
    ----------
    ill : ndarray, shape (visits,)
        Share of the illness's severity that treatment and remission leave on the day.
    """
    rise = np.exp(risen_log(visits.years(people))) / _rise_at_enrolment()[0] * ill
    not_done = visit_uniform(visits, streams, "scale used", len(SCALES)) < NOT_DONE
    noise = ndtri(visit_uniform(visits, streams, "scale noise", len(SCALES)))
    severity = people.severity[visits.patient]
    totals = {}
    for number, column in enumerate(SCALES):
        used = TOTALS[column.name]
        mean = people.mix.figure(lambda pair, used=used: used.get(pair[0], (np.nan, 0))[0])[people.pair]
        sd = people.mix.figure(lambda pair, used=used: used.get(pair[0], (np.nan, 0))[1])[people.pair]
        own = _SHARE_OF_PATIENT * severity + np.sqrt(1 - _SHARE_OF_PATIENT**2) * noise[:, number]
        total = mean[visits.patient] * rise + _own_sd(mean, sd)[visits.patient] * own * ill
        totals[column.name] = np.where(not_done[:, number], np.nan, np.clip(np.rint(total), 1, column.high))
    return totals
