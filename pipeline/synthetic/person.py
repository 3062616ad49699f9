"""The people of a cohort: class, severity, sex, ages, history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from pipeline.schema.identity import PERSON
from pipeline.synthetic import figures
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.streams import Streams

HISTORY = tuple(column.name for column in PERSON if column.kind == "flag")
"""Facts about a person that no visit changes."""

_CENTRES = 4
_FIRST_DAY = np.datetime64("2005-01-03")
_ENROLMENT_DAYS = 5479
"""Patients enrol within fifteen years of the first day (A)."""


@dataclass(frozen=True)
class People:
    """Patients, one element each.

    Attributes
    ----------
    mix : Mix
    pair : ndarray of int
        Class number in `mix`.
    patient_id : ndarray of str
    severity : ndarray
        Standard normal patient effect.
    onset_y, enrolment_y : ndarray
        Ages in years.
    female : ndarray of bool
    centre : ndarray of int
        Counted from 1.
    enrolled : ndarray of datetime64
        Day of enrolment.
    history : dict of str to ndarray of bool
        `HISTORY`.
    """

    mix: Mix
    pair: np.ndarray
    patient_id: np.ndarray
    severity: np.ndarray
    onset_y: np.ndarray
    enrolment_y: np.ndarray
    female: np.ndarray
    centre: np.ndarray
    enrolled: np.ndarray
    history: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.pair)

    @property
    def phenotype(self) -> np.ndarray:
        """True phenotype of each patient."""
        return np.array([phenotype for phenotype, _ in self.mix.pairs], dtype=object)[self.pair]

    @property
    def aetiology(self) -> np.ndarray:
        """True aetiology of each patient."""
        return np.array([aetiology for _, aetiology in self.mix.pairs], dtype=object)[self.pair]

    @property
    def duration_y(self) -> np.ndarray:
        """Years from onset to enrolment."""
        return self.enrolment_y - self.onset_y


def draw_people(mix: Mix, streams: Streams) -> People:
    """Draw the people that the streams stand for."""
    u = streams.uniform("person", 8)
    pair = mix.draw(u[:, 0])
    onset, usual_onset = _onset(mix, pair, u[:, 1], u[:, 2])
    numbers = range(streams.first + 1, streams.first + streams.patients + 1)
    return People(
        mix=mix,
        pair=pair,
        patient_id=np.array([f"P{number:06d}" for number in numbers], dtype=object),
        severity=ndtri(u[:, 3]),
        onset_y=onset,
        enrolment_y=np.minimum(onset + _duration(mix, pair, u[:, 4]), figures.OLDEST_Y),
        female=u[:, 5] < _female_share(mix, pair, onset - usual_onset),
        centre=1 + (u[:, 6] * _CENTRES).astype(int),
        enrolled=_FIRST_DAY + (u[:, 7] * _ENROLMENT_DAYS).astype("timedelta64[D]"),
        history=_history(mix, pair, streams.uniform("history", len(HISTORY))),
    )


def _onset(mix: Mix, pair: np.ndarray, which: np.ndarray, quantile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the age at onset and the mean age of the group that the patient belongs to."""
    rows = [figures.onset_ages(name) for name in mix.pairs]
    child = which < np.array([share for share, _, _ in rows])[pair]
    young = np.array([[a.mean, a.sd, a.low, a.high] for _, a, _ in rows])[pair]
    grown = np.array([[a.mean, a.sd, a.low, a.high] for _, _, a in rows])[pair]
    mean, sd, low, high = np.where(child[:, None], young, grown).T
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    age = mean + sd * ndtri(below + quantile * (above - below))
    return np.clip(age, low, high), mean


def _duration(mix: Mix, pair: np.ndarray, quantile: np.ndarray) -> np.ndarray:
    acute = mix.figure(lambda name: figures.ACUTE_DURATION_FACTOR if name[1] == "acquired_acute_drug" else 1.0)
    return acute[pair] * figures.DURATION_MEDIAN_Y * np.exp(figures.DURATION_LOG_SD * ndtri(quantile))


def _female_share(mix: Mix, pair: np.ndarray, years_later_than_usual: np.ndarray) -> np.ndarray:
    """Share of women: more of them the later the onset, and the class's figure at its mean age."""
    usual = logit(mix.figure(figures.female_share))[pair]
    return expit(usual + figures.FEMALE_LOGIT_PER_DECADE * years_later_than_usual / 10)


def _history(mix: Mix, pair: np.ndarray, uniform: np.ndarray) -> dict[str, np.ndarray]:
    return {
        name: uniform[:, number] < mix.figure(lambda key, name=name: share_of_yes(name, key))[pair]
        for number, name in enumerate(HISTORY)
    }
