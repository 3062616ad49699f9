"""Voluntary movement in each task: slower than tremor, and of the latents only the posture shows in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.signals.habits import Habits
from pipeline.synthetic.signals.rhythm import corrections, turns

_STEADY_HZ = 0.1
_TURN = 2 * np.pi


@dataclass(frozen=True)
class Voluntary:
    """What a task asks of a limb.

    Attributes
    ----------
    acceleration : ndarray, shape (3, n)
        In g, without gravity.
    rate : ndarray, shape (3, n)
        In rad/s.
    lean : ndarray, shape (n,)
        Angle to the front, in radians; its rate is not in `rate`.
    """

    acceleration: np.ndarray
    rate: np.ndarray
    lean: np.ndarray


def voluntary(
    place: str, task: str, time_s: np.ndarray, *, habits: Habits, offset_deg: float, random: np.random.Generator
) -> Voluntary:
    """Return the voluntary movement of a place in a task; none where it is only held."""
    still = Voluntary(np.zeros((3, len(time_s))), np.zeros((3, len(time_s))), np.zeros(len(time_s)))
    moves = _MOVES.get((place, task))
    if moves:
        moves(still, time_s, habits, offset_deg, random)
    return still


def _reaches(out: Voluntary, time_s: np.ndarray, habits: Habits, _: float, random: np.random.Generator) -> None:
    angle = _TURN * turns(time_s, habits.turns_hz, 0.1 * habits.turns_hz, random)
    out.lean[:] = 0.4 * np.sin(angle)


def _turns_head(
    out: Voluntary, time_s: np.ndarray, habits: Habits, offset_deg: float, random: np.random.Generator
) -> None:
    """Look to the left and to the right; whose head is held askew turns it less, slower and falteringly."""
    reach = np.radians(55.0) * np.exp(-offset_deg / 60)
    angle = _TURN * turns(time_s, habits.turns_hz, 0.0, random)
    falters = 0.3 * offset_deg / (offset_deg + 8.0) * np.sin(_TURN * turns(time_s, 3.0, 0.5, random))
    out.rate[2] = reach * _TURN * habits.turns_hz * np.cos(angle) * (1 + falters)


def _writes(out: Voluntary, time_s: np.ndarray, habits: Habits, _: float, random: np.random.Generator) -> None:
    angle = _TURN * turns(time_s, habits.strokes_hz, _STEADY_HZ, random)
    out.acceleration[0] = 0.012 * np.sin(angle)
    out.acceleration[1] = 0.006 * np.sin(angle / 2)
    out.rate[2] = 0.1 * np.cos(angle)


def _taps(out: Voluntary, time_s: np.ndarray, habits: Habits, _: float, random: np.random.Generator) -> None:
    _repeats(out, time_s, habits, habits.taps_hz, size_g=0.9, random=random)


def _stamps(out: Voluntary, time_s: np.ndarray, habits: Habits, _: float, random: np.random.Generator) -> None:
    _repeats(out, time_s, habits, habits.taps_hz / 2, size_g=1.2, random=random)


def _repeats(
    out: Voluntary, time_s: np.ndarray, habits: Habits, hertz: float, *, size_g: float, random: np.random.Generator
) -> None:
    angle = _TURN * turns(time_s, hertz, _STEADY_HZ, random)
    size = size_g * np.exp(-habits.dwindles * time_s / time_s[-1])
    out.acceleration[2] = size * (np.sin(angle) + 0.4 * np.sin(2 * angle))
    out.rate[1] = 2 * size * np.cos(angle)


def _walks(out: Voluntary, time_s: np.ndarray, habits: Habits, _: float, random: np.random.Generator) -> None:
    angle = _TURN * turns(time_s, habits.steps_hz, 4 * _STEADY_HZ, random)
    size = random.uniform(0.6, 1.4)
    out.acceleration[2] = size * (0.18 * np.sin(angle) + 0.06 * np.sin(2 * angle))
    out.acceleration[0] = size * 0.1 * np.cos(angle)
    out.acceleration[1] = size * 0.08 * np.sin(angle / 2)
    # each foot's impact shakes the trunk, never twice alike
    impact = size * random.uniform(0.05, 0.4) * np.maximum(np.sin(angle), 0.0) ** 2
    for axis in range(3):
        out.acceleration[axis] += impact * corrections(time_s, 0.05, random)[0]
    out.rate[2] = 0.4 * np.cos(angle / 2)


_Moves = Callable[[Voluntary, np.ndarray, Habits, float, np.random.Generator], None]
_MOVES: dict[tuple[str, str], _Moves] = {
    ("wrist", "action"): _reaches,
    ("wrist", "writing"): _writes,
    ("wrist", "tapping"): _taps,
    ("head", "action"): _turns_head,
    ("ankle", "leg_agility"): _stamps,
    ("lower_back", "gait"): _walks,
}
