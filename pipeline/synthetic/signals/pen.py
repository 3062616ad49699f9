"""What a pen draws on a tablet: a line of writing, or a spiral, with tremor and jerks on it."""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.signals.battery import Take
from pipeline.synthetic.signals.body import tremor_in
from pipeline.synthetic.signals.habits import Habits
from pipeline.synthetic.signals.rhythm import since_nearest, turns, wandering
from pipeline.synthetic.signals.sensor import TICK_S, Faults, Track, clock, dropped
from pipeline.synthetic.signals.shown import Shown, Tremor
from pipeline.units import STANDARD_GRAVITY

# all of it our assumption
_RATE_HZ = 133.0
_STEP_MM, _NOISE_MM = 0.01, 0.02
_LINE_MM, _LINE_S = 120.0, 12.0
_LETTER_MM = 3.0
_WORD_S, _IN_AIR = 2.4, 0.15
_SPIRAL_MM, _TURN_S = 50.0, 3.0
_PRESSURE, _PRESSURE_VARIES = 500.0, 0.15
_JERK_MM, _JERK_S = 2.0, 0.05


def drawn(
    told: Shown, take: Take, seconds: float, *, habits: Habits, faults: Faults, random: np.random.Generator
) -> Track:
    """Return the way of a pen in a take."""
    ticks = clock(_RATE_HZ, seconds, random)
    time_s = ticks * TICK_S
    way, air = _spiral(time_s) if take.task == "spiral" else _line(time_s, habits, random)
    way += _shaken(tremor_in(told, take, habits), time_s, habits, random)
    way[1] += _jerks(time_s, told.jerks_hz, random)
    way += _NOISE_MM * random.standard_normal(way.shape)
    pressure = _PRESSURE * np.exp(_PRESSURE_VARIES * wandering(time_s, 0.3, random)) * ~air
    counts = {
        "x": np.rint(way[0] / _STEP_MM).astype(np.int16),
        "y": np.rint(way[1] / _STEP_MM).astype(np.int16),
        "pressure": np.rint(pressure).astype(np.int16),
    }
    return dropped(Track(ticks, counts, {"pen": tuple(counts)}, {"pen": _STEP_MM}, _RATE_HZ), faults, random)


def _line(time_s: np.ndarray, habits: Habits, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * turns(time_s, habits.strokes_hz, 0.1, random)
    along = _LINE_MM * (time_s / _LINE_S % 1.0)
    air = time_s / _WORD_S % 1.0 > 1 - _IN_AIR
    return np.stack([along + 1.5 * np.cos(angle), _LETTER_MM * np.sin(angle)]), air


def _spiral(time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * time_s / _TURN_S
    radius = _SPIRAL_MM * (time_s / time_s[-1])
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)]), np.zeros(len(time_s), dtype=bool)


def _shaken(tremor: Tremor, time_s: np.ndarray, habits: Habits, random: np.random.Generator) -> np.ndarray:
    """Return the tremor's way: its acceleration integrated twice."""
    angle = 2 * np.pi * turns(time_s, tremor.hertz, tremor.stability_hz, random)
    size_mm = 1e3 * STANDARD_GRAVITY * tremor.amplitude_g / (2 * np.pi * tremor.hertz) ** 2
    wave = size_mm * (np.sin(angle) + tremor.harmonic / 4 * np.sin(2 * angle + habits.overtone))
    heading = habits.axes[f"wrist_{habits.side}"]
    return np.stack([np.cos(heading) * wave, np.sin(heading) * wave])


def _jerks(time_s: np.ndarray, hertz: float, random: np.random.Generator) -> np.ndarray:
    seconds, _ = since_nearest(time_s, hertz, random)
    return _JERK_MM * np.exp(-((seconds / _JERK_S) ** 2) / 2)
