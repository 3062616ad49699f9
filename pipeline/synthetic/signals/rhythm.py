"""What comes again and again, but not quite: cycles of a tremor, jerks, slow wandering."""

from __future__ import annotations

import numpy as np

_STABILITY_OF_EARLY = 1.349 * np.sqrt(6)
"""Cycles end early or late by a normal share s of a cycle, so frequency changes from one to the next by f s sqrt(6)."""

_MOST_EARLY = 0.4
"""Cycles keep their order."""

_UNEVEN, _SHORTEST = 0.3, 0.4
"""A: jerks of a pattern come more evenly than by chance; spread and least of their spacing, in mean ones."""

_SMOOTH_SD = np.sqrt(181 / 231)
"""Standard deviation between two points that it goes through, averaged."""


def turns(time_s: np.ndarray, hertz: float, stability_hz: float, random: np.random.Generator) -> np.ndarray:
    """Return the phase of an uneven rhythm in turns; the rhythm keeps its mean frequency.

    Parameters
    ----------
    time_s : ndarray, shape (n,)
        Rising.
    hertz : float
    stability_hz : float
        Quartile range of the change of frequency from each cycle to the next, as long as cycles can keep their order.
    random : Generator

    Returns
    -------
    ndarray, shape (n,)

    Examples
    --------
    >>> phase = turns(np.arange(500) / 100, 4.0, 0.0, np.random.default_rng(1))
    >>> round(float(phase[-1] - phase[0]), 2)
    19.96
    """
    clock = time_s * hertz + random.random()
    number = np.arange(np.floor(clock[0]) - 2, np.ceil(clock[-1]) + 3)
    early = stability_hz / (_STABILITY_OF_EARLY * hertz) * random.standard_normal(len(number))
    return np.interp(clock, number + np.clip(early, -_MOST_EARLY, _MOST_EARLY), number)


def wandering(time_s: np.ndarray, every_s: float, random: np.random.Generator) -> np.ndarray:
    """Return something that wanders smoothly about 0 with standard deviation 1, anew every so many seconds."""
    return _moves(time_s / every_s, random)[0]


def corrections(time_s: np.ndarray, every_s: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return something that is corrected again and again, about every so many seconds, and its second derivative.

    It stays about 0 with standard deviation 1. Corrections come as unevenly as jerks, so that they have no frequency.

    Examples
    --------
    >>> held, _ = corrections(np.arange(40_000) / 100, 0.4, np.random.default_rng(1))
    >>> round(float(held.std()), 1)
    1.0
    """
    hertz = 1 / every_s
    place = turns(time_s, hertz, _STABILITY_OF_EARLY * _UNEVEN / np.sqrt(2) * hertz, random)
    held, bent = _moves(place, random)
    return held, bent * np.gradient(place, time_s) ** 2


def _moves(place: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return what goes through a new random point at each whole number, and its second derivative.

    Between two points it moves with the least jerk of all that begin and end at rest (Flash and Hogan 1985).
    """
    low = np.floor(place).astype(int)
    first = int(low[0])
    points = random.standard_normal(int(low[-1]) - first + 2) / _SMOOTH_SD
    share = place - low
    before = points[low - first]
    way = points[low - first + 1] - before
    return (
        before + way * share**3 * (10 - 15 * share + 6 * share**2),
        way * (60 * share - 180 * share**2 + 120 * share**3),
    )


def since_nearest(time_s: np.ndarray, hertz: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds since, or before, the nearest of a row of events, and the number of each one's event."""
    span, start = float(time_s[-1] - time_s[0]), float(time_s[0])
    count = int(2 * (span * hertz + 1)) + 3
    spacing = np.maximum(1 + _UNEVEN * random.standard_normal(count), _SHORTEST) / hertz
    events = start + np.cumsum(spacing) - random.random() / hertz - spacing[0]
    number = np.searchsorted((events[1:] + events[:-1]) / 2, time_s)
    return time_s - events[number], number
