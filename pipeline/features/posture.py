"""Posture: how the part is held, and whether it wanders."""

from __future__ import annotations

import numpy as np

from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, window_feature
from pipeline.units import Unit

_OUTPUTS = (
    *on(["head", "trunk"], ["rest", "posture", "gait"], "median"),
    *on(["wrist_worse"], ["rest", "posture"], "median"),
)


@window_feature(
    unit=Unit.DEGREES,
    outputs=_OUTPUTS,
    bounds=(0.0, 180.0),
    source="TWSTRS item I.A",
    min_s=1.0,
    invariant_to=(SCALE, MIRROR),
)
def tilt_deg(signal: Signal) -> Values:
    """Angle between the sensor's z axis and the vertical.

    Examples
    --------
    >>> lying_on_its_side = np.stack([np.ones(400), np.zeros(400), np.zeros(400)])
    >>> tilt_deg(Signal(lying_on_its_side[None], np.array([100.0]))).tolist()
    [90.0]
    """
    x, y, z = signal.gravity.T
    # an arc tangent keeps its digits near 0 and 180, where an arc cosine loses half of them
    angle = np.degrees(np.arctan2(np.hypot(x, y), z))
    return np.where(np.abs(signal.gravity).max(axis=1) > 0, angle, np.nan)


@window_feature(
    unit=Unit.DEGREES,
    outputs=_OUTPUTS,
    bounds=(0.0, 180.0),
    source="Albanese 2013: sustained or intermittent postures",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tilt_drift_deg(signal: Signal) -> Values:
    """Angle by which the part turns against gravity from the window's first quarter to its last."""
    quarter = signal.samples // 4
    first = signal.values[:, :, :quarter].mean(axis=2)
    last = signal.values[:, :, -quarter:].mean(axis=2)
    across = np.cross(first, last)
    sine = np.sqrt(across[:, 0] ** 2 + across[:, 1] ** 2 + across[:, 2] ** 2)
    product = first * last
    cosine = product[:, 0] + product[:, 1] + product[:, 2]
    return np.where((sine > 0) | (cosine != 0), np.degrees(np.arctan2(sine, cosine)), np.nan)
