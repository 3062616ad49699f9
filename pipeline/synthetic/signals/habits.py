"""What is a person's own, or a visit's, and tells nothing of the class: sides, axes, gait, hand, a sensor's tie."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from pipeline.vocabulary import BODY_SITES

_LESS_AFFECTED_LOG = (1.0, 0.5)
_TIED_DEG = 6.0
_TRICK = (0.3, 0.8)
_RIGHT = 0.6
_UNSTEADY_LOG = 0.7


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """Return a stream of random numbers for a purpose, whatever else is drawn."""
    text = " ".join(map(str, (seed, "signals", *purpose)))
    key = int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


@dataclass(frozen=True)
class Habits:
    """A person at a visit.

    Attributes
    ----------
    side : {"left", "right"}
        The worse one, which also writes.
    less : float
        Factor on the tremor of the other side.
    axes, leans : dict of str to float
        By body site: the angle of the tremor's axis about the limb, and the heading of a lean, in radians.
    overtone : float
        Phase of the second harmonic.
    trick : float
        What a touch leaves of tremor and posture.
    steps_hz, taps_hz, strokes_hz, turns_hz : float
    dwindles : float
        Log by which taps shrink over a recording.
    unsteady : float
        Factor on how much a held hand is off its posture.
    mounts : dict of str to ndarray, shape (3, 3)
        By body site, how the sensor is tied at this visit.
    """

    side: str
    less: float
    axes: dict[str, float]
    leans: dict[str, float]
    overtone: float
    trick: float
    steps_hz: float
    taps_hz: float
    strokes_hz: float
    turns_hz: float
    dwindles: float
    unsteady: float
    mounts: dict[str, np.ndarray]


def draw_habits(seed: int, patient: str, visit: str) -> Habits:
    """Draw the habits of a patient at a visit."""
    own, today = generator(seed, patient), generator(seed, patient, visit)
    angles = 2 * np.pi * own.random((2, len(BODY_SITES)))
    mean, sd = _LESS_AFFECTED_LOG
    return Habits(
        side="right" if own.random() < _RIGHT else "left",
        less=float(np.exp(-abs(mean + sd * own.standard_normal()))),
        axes=dict(zip(BODY_SITES, angles[0].tolist(), strict=True)),
        leans=dict(zip(BODY_SITES, angles[1].tolist(), strict=True)),
        overtone=2 * np.pi * own.random(),
        trick=own.uniform(*_TRICK),
        steps_hz=own.uniform(1.5, 2.0),
        taps_hz=own.uniform(2.0, 4.0),
        strokes_hz=own.uniform(1.4, 2.2),
        turns_hz=own.uniform(0.3, 0.5),
        dwindles=own.uniform(0.0, 0.6),
        unsteady=float(np.exp(_UNSTEADY_LOG * own.standard_normal())),
        mounts={site: _turned(np.radians(_TIED_DEG) * today.standard_normal(3)) for site in BODY_SITES},
    )


def _turned(vector: np.ndarray) -> np.ndarray:
    """Return the rotation about a vector by its length (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
