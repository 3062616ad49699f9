"""What a device makes of what it is subject to: its clock, noise, range and steps, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.records import Samples
from pipeline.synthetic.devices import Device
from pipeline.synthetic.signals.body import Subject

TICK_S = 1e-6
_CLOCK_OFF, _CLOCK_JITTER = 0.002, 0.01
"""A: how far a clock is off its rate, and the jitter of a sample in periods."""

_STEPS = 32_767
"""Largest reading of 16 bits."""

_SCALE_OFF, _ZERO_OFF = 0.003, {"accelerometer": 0.01, "gyroscope": 0.3}
"""A: error of the scale, and of zero in g and deg/s; makers of small sensors promise zero to some 20 mg."""


@dataclass(frozen=True)
class Errors:
    """How far a sensor of three axes is off, in whatever it records on a day.

    Attributes
    ----------
    scale, zero : ndarray, shape (3, 1)
    """

    scale: np.ndarray
    zero: np.ndarray


def draw_errors(random: np.random.Generator) -> dict[str, Errors]:
    """Draw the errors of an accelerometer and of a gyroscope."""
    return {
        sensor: Errors(1 + _SCALE_OFF * random.standard_normal((3, 1)), zero * random.standard_normal((3, 1)))
        for sensor, zero in _ZERO_OFF.items()
    }


@dataclass(frozen=True)
class Faults:
    """What goes wrong with a recording.

    Attributes
    ----------
    gap_s : tuple of float
        Begin and end of a stretch that is lost, in shares of the recording; of no length: none.
    lost_share : float
        Share of single samples that are lost.
    remounted : int
        From 0, not, to 23: which of the 24 right-angled turns of the sensor nobody wrote down.
    """

    gap_s: tuple[float, float] = (0.0, 0.0)
    lost_share: float = 0.0
    remounted: int = 0


_GAP, _LOST, _REMOUNTED = 0.04, 0.03, 0.01
"""A: shares of recordings with each fault."""


def draw_faults(random: np.random.Generator) -> Faults:
    """Draw what goes wrong: in most recordings nothing."""
    chance = random.random(3)
    start, length, lost = random.random(3)
    return Faults(
        (start, start + 0.1 * length) if chance[0] < _GAP else (0.0, 0.0),
        0.03 * lost if chance[1] < _LOST else 0.0,
        int(random.integers(1, 24)) if chance[2] < _REMOUNTED else 0,
    )


@dataclass(frozen=True)
class Track:
    """Samples of one instrument as whole numbers, as a device has them.

    Attributes
    ----------
    ticks : ndarray of int, shape (n,)
        Times in `TICK_S`.
    counts : dict of str to ndarray of int, shape (n,)
        By channel.
    sensors : dict of str to tuple
        Sensor to its channels, in the order of `vocabulary.SENSORS`.
    steps : dict of str to float
        Sensor to one count in our unit; a pen's pressure is in counts.
    rate_hz : float
        Nominal.
    """

    ticks: np.ndarray
    counts: dict[str, np.ndarray]
    sensors: dict[str, tuple[str, ...]]
    steps: dict[str, float]
    rate_hz: float

    def samples(self, sensor: str) -> Samples:
        """Return the samples of one sensor in our units."""
        steps = [1.0 if name == "pressure" else self.steps[sensor] for name in self.sensors[sensor]]
        values = [step * self.counts[name] for step, name in zip(steps, self.sensors[sensor], strict=True)]
        return Samples((self.ticks - self.ticks[0]) * TICK_S, np.stack(values))


def clock(rate_hz: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """Return the times at which a device samples in whole ticks, shape (n,): off its rate, and not quite even."""
    off = 1 + random.uniform(-_CLOCK_OFF, _CLOCK_OFF)
    jitter = np.clip(_CLOCK_JITTER * random.standard_normal(round(seconds * rate_hz)), -0.2, 0.2)
    return np.rint((np.arange(len(jitter)) + jitter + 1) * (off / (rate_hz * TICK_S))).astype(np.int32)


def sensed(
    subject: Subject,
    ticks: np.ndarray,
    device: Device,
    *,
    errors: dict[str, Errors],
    faults: Faults,
    random: np.random.Generator,
) -> Track:
    """Return what an accelerometer and a gyroscope read."""
    turn = _right_angles()[faults.remounted]
    counts, steps = {}, {}
    for sensor, true in (("accelerometer", subject.acceleration), ("gyroscope", subject.rate)):
        noise = device.noise(sensor) * random.standard_normal(true.shape)
        steps[sensor] = device.full_scale(sensor) / _STEPS
        read = (errors[sensor].scale * (turn @ true) + errors[sensor].zero + noise) / steps[sensor]
        read = np.clip(np.rint(read), -_STEPS, _STEPS).astype(np.int16)
        counts |= {f"{sensor[:4]}_{axis}": read[number] for number, axis in enumerate("xyz")}
    sensors = {sensor: tuple(f"{sensor[:4]}_{axis}" for axis in "xyz") for sensor in steps}
    return dropped(Track(ticks, counts, sensors, steps, device.rate_hz), faults, random)


def dropped(track: Track, faults: Faults, random: np.random.Generator) -> Track:
    """Leave out the samples that a recording lost."""
    count = len(track.ticks)
    place = np.arange(count) / count
    begin, end = faults.gap_s
    kept = ~((place >= begin) & (place < end))
    if faults.lost_share:
        kept &= random.random(count) >= faults.lost_share
    if kept.all():
        return track
    counts = {name: values[kept] for name, values in track.counts.items()}
    return Track(track.ticks[kept], counts, track.sensors, track.steps, track.rate_hz)


@cache
def _right_angles() -> list[np.ndarray]:
    """Return the 24 turns that lay axes on axes, the first of them none."""
    found = []
    for first in np.vstack([np.eye(3), -np.eye(3)]):
        for second in np.vstack([np.eye(3), -np.eye(3)]):
            if not first @ second:
                found.append(np.stack([first, second, np.cross(first, second)]))
    return sorted(found, key=lambda turn: -float(np.trace(turn)))
