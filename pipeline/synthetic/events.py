"""Later events of the illness: generalization, remission and relapse, as times since onset.

Each has a hazard of its own, constant given what is known of the patient: generalization after the first spread in
those who were young at onset, remission in the share that is cured of the illness, relapse in a share of those.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic import figures
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams

_ALREADY_WIDE = ("generalized", "hemidystonia")
_SEGMENTAL = ("segmental_other", "meige_segmental_cranial")
_NOT_DYSTONIA = ("essential_tremor", "parkinson_disease", "healthy")


@dataclass(frozen=True)
class Events:
    """Years from onset, one element a patient: infinite if it never comes, NaN for who cannot have it."""

    spread: np.ndarray
    generalization: np.ndarray
    remission: np.ndarray
    relapse: np.ndarray

    def in_remission(self, patient: np.ndarray, years: np.ndarray) -> np.ndarray:
        """Whether these patients are free of the illness at these years since onset."""
        return (self.remission[patient] <= years) & ~(self.relapse[patient] <= years)


def draw_events(people: People, spread_y: np.ndarray, streams: Streams) -> Events:
    """Draw the later events of people whose first spread is known."""
    u = streams.uniform("later events", 5)
    phenotype = people.phenotype
    ill = ~np.isin(phenotype, _NOT_DYSTONIA)
    generalization = np.where(ill & ~np.isin(phenotype, (*_ALREADY_WIDE, "functional")), np.inf, np.nan)
    rate = _generalization_rate(people.onset_y) * figures.GENERALIZATION_RATIO_SEVERITY**people.severity
    start = np.where(np.isin(phenotype, _SEGMENTAL), 0.0, spread_y)
    with np.errstate(divide="ignore", invalid="ignore"):
        wait = -np.log(u[:, 0]) / rate
        generalization = np.where(np.isnan(generalization), np.nan, start + wait)
    table = [figures.remission(pair) for pair in people.mix.pairs]
    share = np.array([each.share for each in table])[people.pair]
    remission_rate = np.array([each.rate_per_y for each in table])[people.pair]
    remits, relapses = u[:, 1] < share, u[:, 3] < figures.RELAPSE_SHARE
    remission = np.where(remits, -np.log(u[:, 2]) / remission_rate, np.inf)
    relapse = np.where(remits & relapses, remission - np.log(u[:, 4]) / figures.RELAPSE_RATE_PER_Y, np.inf)
    return Events(spread_y, generalization, np.where(ill, remission, np.nan), np.where(ill & remits, relapse, np.nan))


def _generalization_rate(onset_y: np.ndarray) -> np.ndarray:
    ages = np.array([age for age, _ in figures.GENERALIZATION_RATES_PER_Y])
    rates = np.array([rate for _, rate in figures.GENERALIZATION_RATES_PER_Y])
    return rates[np.searchsorted(ages, onset_y, side="right")]
