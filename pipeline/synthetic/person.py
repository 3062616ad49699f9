"""The people of a cohort: class, hidden effects, sex, ages, history; and how likely all that is in each class.

What is drawn and what the oracle expects stand side by side, from the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import expit, log_expit, logit, ndtr, ndtri

from pipeline.recipe import Recipe
from pipeline.schema.identity import PERSON
from pipeline.synthetic import figures
from pipeline.synthetic.absence import absent
from pipeline.synthetic.classes import Mix, draw_one
from pipeline.synthetic.figures import BURDEN_FOLLOWS_SEVERITY
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.logs import log_of
from pipeline.synthetic.streams import Streams

HISTORY = tuple(column.name for column in PERSON if column.kind == "flag")
"""Facts about a person that no visit changes."""

_FIRST_DAY = np.datetime64("2005-01-03")
_ENROLMENT_DAYS = 5479
"""Patients enrol within fifteen years of the first day (A)."""

_STEP_Y = 0.01
"""Ages are recorded to a hundredth of a year, and everything follows from the recorded ones."""


@dataclass(frozen=True)
class People:
    """Patients, one element each.

    Attributes
    ----------
    mix : Mix
    pair : ndarray of int
        Class number in `mix`.
    patient_id : ndarray of str
    severity, burden : ndarray
        Standard normal effects, correlated; burden is what the illness weighs on mood and pain.
    response : ndarray of int
        How much treatment does, from 0, position in `vocabulary.RESPONSES`.
    cured : ndarray of bool
        Never at the early risk of spread that its site has.
    onset_y, duration_y : ndarray
        Age at onset and years from it to enrolment, to a hundredth.
    female : ndarray of bool
    centre : ndarray of int
        Counted from 0.
    enrolled : ndarray of datetime64
        Day of enrolment.
    history : dict of str to ndarray of bool
        `HISTORY`, as it is.
    asked : ndarray of bool, shape (patients, HISTORY)
        Whether the answer was recorded, once for all visits.
    history_absent : ndarray of bool
        Whether the whole instrument was left out.
    """

    mix: Mix
    pair: np.ndarray
    patient_id: np.ndarray
    severity: np.ndarray
    burden: np.ndarray
    response: np.ndarray
    cured: np.ndarray
    onset_y: np.ndarray
    duration_y: np.ndarray
    female: np.ndarray
    centre: np.ndarray
    enrolled: np.ndarray
    history: dict[str, np.ndarray]
    asked: np.ndarray
    history_absent: np.ndarray

    def __len__(self) -> int:
        return len(self.pair)

    def part(self, rows: np.ndarray) -> People:
        """Return some of the patients."""
        chosen = {
            each.name: getattr(self, each.name)[rows] for each in fields(self) if each.name not in ("mix", "history")
        }
        return replace(self, history={name: values[rows] for name, values in self.history.items()}, **chosen)

    @property
    def enrolment_y(self) -> np.ndarray:
        """Age at enrolment."""
        return np.round(self.onset_y + self.duration_y, 2)

    @property
    def young(self) -> np.ndarray:
        """Whether the onset was in youth, where spread has other curves."""
        return self.onset_y <= figures.YOUTH_ENDS_Y

    @property
    def phenotype(self) -> np.ndarray:
        """True phenotype of each patient."""
        return np.array([phenotype for phenotype, _ in self.mix.pairs], dtype=object)[self.pair]

    @property
    def aetiology(self) -> np.ndarray:
        """True aetiology of each patient."""
        return np.array([aetiology for _, aetiology in self.mix.pairs], dtype=object)[self.pair]


def draw_people(mix: Mix, recipe: Recipe, streams: Streams) -> People:
    """Draw the people that the streams stand for."""
    u = streams.uniform("person", 12)
    centre = draw_one(mix.centre_shares, u[:, 6])
    pair = mix.draw(centre, u[:, 0])
    onset = _onset(mix, pair, u[:, 1], u[:, 2])
    severity = ndtri(u[:, 3])
    missing = recipe.missing * np.array([clinic.missing for clinic in recipe.centres])
    no_history = absent(mix, recipe, "history", pair, u[:, 9])
    empty = streams.uniform("history left empty", len(HISTORY)) < missing[centre][:, None]
    numbers = range(streams.first + 1, streams.first + streams.patients + 1)
    return People(
        mix=mix,
        pair=pair,
        patient_id=np.array([f"P{number:06d}" for number in numbers], dtype=object),
        severity=severity,
        burden=BURDEN_FOLLOWS_SEVERITY * severity + np.sqrt(1 - BURDEN_FOLLOWS_SEVERITY**2) * ndtri(u[:, 8]),
        response=_response(mix, pair, u[:, 10]),
        cured=u[:, 11] >= _early(mix, pair, onset <= figures.YOUTH_ENDS_Y),
        onset_y=onset,
        duration_y=_duration(mix, pair, onset, u[:, 4]),
        female=u[:, 5] < expit(female_logit(mix, onset)[np.arange(len(pair)), pair]),
        centre=centre,
        enrolled=_FIRST_DAY + (u[:, 7] * _ENROLMENT_DAYS).astype("timedelta64[D]"),
        history=_history(mix, pair, streams.uniform("history", len(HISTORY))),
        asked=~(empty | no_history[:, None]),
        history_absent=no_history,
    )


def log_likelihood(people: People) -> np.ndarray:
    """Return the log probability of what is known of each person, in each class: clinic, ages, sex and history.

    Returns
    -------
    ndarray, shape (patients, classes)
    """
    mix = people.mix
    total = log_of(mix.by_centre)[people.centre]
    total = total + log_of(_onset_mass(mix, people.onset_y)) + log_of(_duration_mass(mix, people))
    woman = female_logit(mix, people.onset_y)
    total = total + np.where(people.female[:, None], log_expit(woman), log_expit(-woman))
    for number, name in enumerate(HISTORY):
        yes = mix.figure(lambda pair, name=name: share_of_yes(name, pair))
        found = np.where(people.history[name][:, None], log_of(yes), log_of(1 - yes))
        total = total + np.where(people.asked[:, number][:, None], found, 0.0)
    return total


def _ages(mix: Mix) -> tuple[np.ndarray, np.ndarray]:
    """Share that begins in childhood, by class; mean, sd, low and high of both parts, shape (2, 4, classes)."""
    rows = [figures.onset_ages(name) for name in mix.pairs]
    parts = [[[a.mean, a.sd, a.low, a.high] for a in (young, grown)] for _, young, grown in rows]
    return np.array([share for share, _, _ in rows]), np.array(parts).transpose(1, 2, 0)


def _onset(mix: Mix, pair: np.ndarray, which: np.ndarray, quantile: np.ndarray) -> np.ndarray:
    child, parts = _ages(mix)
    mean, sd, low, high = np.where(which < child[pair], parts[0][:, pair], parts[1][:, pair])
    below, above = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.round(np.clip(mean + sd * ndtri(below + quantile * (above - below)), low, high), 2)


def _onset_mass(mix: Mix, onset_y: np.ndarray) -> np.ndarray:
    """Probability of an onset in the hundredth of a year around this one, shape (patients, classes)."""
    child, parts = _ages(mix)
    total = np.zeros((len(onset_y), len(child)))
    for share, (mean, sd, low, high) in zip((child, 1 - child), parts, strict=True):
        first, last = (np.clip(onset_y[:, None] + side, low, high) for side in (-_STEP_Y / 2, _STEP_Y / 2))
        inside = _between((first - mean) / sd, (last - mean) / sd)
        total += share * inside / _between((low - mean) / sd, (high - mean) / sd)
    return total


def _between(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the normal probability between two quantiles, exact in both tails."""
    upper = low > 0
    return ndtr(np.where(upper, -low, high)) - ndtr(np.where(upper, -high, low))


def log_median_duration(mix: Mix) -> np.ndarray:
    """Log of the median years from onset to enrolment, by class."""
    return np.log(
        figures.DURATION_MEDIAN_Y
        * mix.figure(lambda pair: figures.ACUTE_DURATION_FACTOR if pair[1] == "acquired_acute_drug" else 1.0)
    )


def _duration(mix: Mix, pair: np.ndarray, onset_y: np.ndarray, quantile: np.ndarray) -> np.ndarray:
    """Draw a log-normal time to enrolment, cut off where nobody is enrolled any more."""
    centre, sd = log_median_duration(mix)[pair], figures.DURATION_LOG_SD
    longest = np.round(figures.OLDEST_Y - onset_y, 2)
    years = np.exp(centre + sd * ndtri(quantile * ndtr((np.log(longest) - centre) / sd)))
    return np.clip(np.round(years, 2), 0.0, longest)


def _duration_mass(mix: Mix, people: People) -> np.ndarray:
    centre, sd = log_median_duration(mix), figures.DURATION_LOG_SD
    longest = np.round(figures.OLDEST_Y - people.onset_y, 2)[:, None]
    years = people.duration_y[:, None]
    last = np.where(years >= longest, longest, years + _STEP_Y / 2)
    with np.errstate(divide="ignore"):
        low, high, end = (
            (np.log(each) - centre) / sd for each in (np.maximum(years - _STEP_Y / 2, 0.0), last, longest)
        )
    return _between(low, high) / ndtr(end)


def female_logit(mix: Mix, onset_y: np.ndarray) -> np.ndarray:
    """Log odds of a woman: more of them the later the onset, and the class's figure at its mean age (Butler 2015).

    Returns
    -------
    ndarray, shape (patients, classes)
    """
    child, parts = _ages(mix)
    usual_age = child * parts[0][0] + (1 - child) * parts[1][0]
    usual = logit(mix.figure(figures.female_share))
    return usual + figures.FEMALE_LOGIT_PER_DECADE * (onset_y[:, None] - usual_age) / 10


def _early(mix: Mix, pair: np.ndarray, young: np.ndarray) -> np.ndarray:
    """Share of patients at the early risk of spread."""
    shares = [
        mix.figure(lambda name, young=young: figures.early_share(name, young=young))[pair] for young in (False, True)
    ]
    return np.where(young, shares[1], shares[0])


def _response(mix: Mix, pair: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    none = mix.figure(lambda name: 1 - figures.responders(name))[pair]
    return (uniform >= none).astype(int) + (uniform >= none + (1 - none) * figures.PARTIAL_AMONG_RESPONDERS)


def _history(mix: Mix, pair: np.ndarray, uniform: np.ndarray) -> dict[str, np.ndarray]:
    return {
        name: uniform[:, number] < mix.figure(lambda key, name=name: share_of_yes(name, key))[pair]
        for number, name in enumerate(HISTORY)
    }
