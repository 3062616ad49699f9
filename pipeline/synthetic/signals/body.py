"""From tremor, jerks and posture of a limb to what a sensor tied to it is subject to: gravity, acceleration, turning.

The body's axes at rest: x to the front, z up. A limb turns about a joint; its sensor sits at the end of a lever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.devices import Device
from pipeline.synthetic.signals.battery import Take
from pipeline.synthetic.signals.habits import Habits
from pipeline.synthetic.signals.rhythm import corrections, since_nearest, turns, wandering
from pipeline.synthetic.signals.shown import Shown, Tremor
from pipeline.synthetic.signals.tasks import voluntary
from pipeline.units import STANDARD_GRAVITY

_LEVERS_M = {
    "wrist": (0.25, 0.0, 0.0),
    "head": (0.1, 0.0, 0.12),
    "ankle": (0.0, 0.0, -0.4),
    "lower_back": (0.0, 0.0, 0.3),
}
"""A: from the joint to the sensor."""

_UP = np.array([0.0, 0.0, 1.0])
_SWELLS, _SWELLS_S = 0.2, 0.7
_SWAY_DEG, _SWAY_S = 0.25, 1.5
_BREATH_DEG, _BREATH_HZ = 0.15, 0.25
_UNSTEADY_DEG, _UNSTEADY_S, _SUPPORTED = 0.08, 0.5, 0.25
"""A: a hand that is held corrects its posture twice a second, less where it is supported. Rhythm and rest are those of
the recorded hands of one person with Parkinson's disease, who was off by 0.25 degrees (docs/beside-real.md); most are
steadier, since the line of 8 to 12 Hz of the healthy stands out. Of heads we have no recording: theirs only sway."""

_JERK_S = 0.02
_JERK_G, _JERK_OF_TREMOR, _JERK_LOG = 0.02, 4.0, 0.2
"""A: a jerk stands out of the tremor and the corrections beside it, so that it can be told from them; the least of them
moves the sensor by a tenth of a millimetre."""

_FILTER_SAMPLES = 0.6
"""A: how long the answer of a device's filter is, as the spread of a Gaussian in samples."""

_HELD_FREE = ("posture", "trick", "action", "writing", "tapping")
"""Tasks in which nothing supports the limb, so that its posture shows."""

_EASED = "trick"


@dataclass(frozen=True)
class Subject:
    """What a sensor is subject to, in its own axes.

    Attributes
    ----------
    acceleration : ndarray, shape (3, n)
        In g, with gravity.
    rate : ndarray, shape (3, n)
        In deg/s.
    """

    acceleration: np.ndarray
    rate: np.ndarray


def moved(
    told: Shown, take: Take, time_s: np.ndarray, *, habits: Habits, device: Device, random: np.random.Generator
) -> Subject:
    """Move a limb in a task.

    Parameters
    ----------
    told : Shown
    take : Take
    time_s : ndarray, shape (n,)
        When the sensor samples.
    habits : Habits
    device : Device
        For what its filter lets through.
    random : Generator
    """
    site = take.site(habits.side)
    tremor = tremor_in(told, take, habits)
    eased = habits.trick if take.task == _EASED else 1.0
    wills = voluntary(take.place, take.task, time_s, habits=habits, offset_deg=told.offset_deg, random=random)
    gravity, rate = _held(told, take, time_s, heading=habits.leans[site], eased=eased, lean=wills.lean, random=random)
    lever = np.array(_LEVERS_M[take.place])
    shaken = _Shaking(tremor, lever, habits.axes[site])
    acceleration = gravity + wills.acceleration
    rate += wills.rate
    if take.place == "wrist":
        size = np.radians(_UNSTEADY_DEG) * habits.unsteady * (1.0 if take.task in _HELD_FREE else _SUPPORTED)
        corrected = _corrected(time_s, size, lever, random)
        acceleration += corrected[0]
        rate += corrected[1]
    for vectors, waves in (
        (shaken.linear, shaken.tremor(time_s, habits.overtone, device, random)),
        (shaken.across, shaken.jerks(time_s, told.jerks_hz, device, random)),
    ):
        acceleration += vectors[0][:, None] * waves[0]
        rate += vectors[1][:, None] * waves[1]
    mount = habits.mounts[site]
    return Subject(mount @ acceleration, np.degrees(mount @ rate))


def tremor_in(told: Shown, take: Take, habits: Habits) -> Tremor:
    """Return the tremor of a take: less of it on the other side, and with the trick."""
    found = told.tremor(take.place, take.task)
    factor = (habits.less if take.other else 1.0) * (habits.trick if take.task == _EASED else 1.0)
    return Tremor(found.hertz, factor * found.amplitude_g, found.stability_hz, found.harmonic)


def _held(
    told: Shown,
    take: Take,
    time_s: np.ndarray,
    *,
    heading: float,
    eased: float,
    lean: np.ndarray,
    random: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return gravity as the limb feels it, of length 1, and how fast its posture turns, in rad/s."""
    offset = told.offset_deg * eased if take.task in _HELD_FREE else 0.0
    sway = np.radians(_SWAY_DEG) * wandering(time_s, _SWAY_S, random)
    breath = np.radians(_BREATH_DEG) * np.sin(2 * np.pi * (_BREATH_HZ * time_s + random.random()))
    angle = np.radians(offset) + sway + breath
    ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
    gravity = np.sin(angle) * ahead[:, None] + np.cos(angle) * _UP[:, None]
    rate = np.gradient(angle, time_s) * np.cross(ahead, _UP)[:, None]
    if lean.any():
        sine, cosine = np.sin(lean), np.cos(lean)
        x, _, z = gravity
        gravity = np.stack([cosine * x + sine * z, gravity[1], cosine * z - sine * x])
        rate[1] -= np.gradient(lean, time_s)
    return gravity, rate


def _corrected(
    time_s: np.ndarray, size: float, lever_m: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return what corrections of the posture add to the acceleration, in g, and to the turning, in rad/s.

    Both ways across the lever a turn tilts gravity and hurries the lever's end; faster than 1 Hz the latter is more.
    """
    acceleration, rate = np.zeros((2, 3, len(time_s)))
    for axis in _across(lever_m):
        turned, hurried = (size * each for each in corrections(time_s, _UNSTEADY_S, random))
        acceleration += np.cross(_UP, axis)[:, None] * turned
        acceleration += np.cross(axis, lever_m)[:, None] * hurried / STANDARD_GRAVITY
        rate += axis[:, None] * np.gradient(turned, time_s)
    return acceleration, rate


def _across(lever_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two directions of length 1, at right angles to a lever and to each other."""
    along = lever_m / np.linalg.norm(lever_m)
    side = np.cross(_UP if abs(along[2]) < 0.5 else np.array([1.0, 0.0, 0.0]), along)
    return side, np.cross(along, side)


class _Shaking:
    """Tremor about one axis and jerks about the other, both across the lever.

    A turn by an angle t moves the sensor by the lever's length times t, and tilts gravity by t: together they are the
    acceleration that the tremor's amplitude is told in.
    """

    def __init__(self, tremor: Tremor, lever_m: np.ndarray, angle: float) -> None:
        self._of = tremor
        self._turning = 2 * np.pi * tremor.hertz
        length = float(np.linalg.norm(lever_m))
        along = lever_m / length
        side, up = _across(lever_m)
        first = np.cos(angle) * side + np.sin(angle) * up
        self.linear = self._vectors(first, along, length, self._turning)
        second = np.cross(along, first)
        self.across = self._vectors(second, along, length, np.sqrt(3) / _JERK_S)

    @staticmethod
    def _vectors(axis: np.ndarray, along: np.ndarray, length_m: float, turning: float) -> tuple[np.ndarray, np.ndarray]:
        """Return direction of the acceleration, and the rad/s about the axis of one g of it times its own turning."""
        in_g = turning**2 * length_m / STANDARD_GRAVITY
        both = in_g * np.cross(axis, along) + np.cross(axis, _UP)
        size = float(np.linalg.norm(both))
        return both / size, -axis * turning / size

    def tremor(
        self, time_s: np.ndarray, overtone: float, device: Device, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return acceleration in g and its integral times the turning, of amplitude alike."""
        tremor = self._of
        angle = 2 * np.pi * turns(time_s, tremor.hertz, tremor.stability_hz, random)
        swell = np.exp(_SWELLS * wandering(time_s, _SWELLS_S, random) - _SWELLS**2)
        size = device.passes(tremor.hertz) * tremor.amplitude_g * swell
        harmonic = tremor.harmonic * device.passes(2 * tremor.hertz)
        twice = 2 * angle + overtone
        return (
            size * (np.sin(angle) + harmonic * np.sin(twice)),
            size * (np.cos(angle) + harmonic / 2 * np.cos(twice)),
        )

    def jerks(
        self, time_s: np.ndarray, hertz: float, device: Device, random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return acceleration in g of pulses that end where they began, and its integral in units of its turning.

        The device's filter makes a pulse, which is the second derivative of a Gaussian, longer and so much lower.
        """
        seconds, number = since_nearest(time_s, hertz, random)
        sizes = np.exp(_JERK_LOG * random.standard_normal(int(number[-1]) + 1))[number]
        size = (_JERK_G + _JERK_OF_TREMOR * self._of.amplitude_g) * sizes
        lasts = np.hypot(_JERK_S, _FILTER_SAMPLES / device.rate_hz)
        place = seconds / lasts
        bell = size * (_JERK_S / lasts) ** 3 * np.exp(-(place**2) / 2)
        # a tremor's integral has the opposite sign of its angle's; so has this one
        return bell * (1 - place**2), -np.sqrt(3) * (lasts / _JERK_S) * bell * place
