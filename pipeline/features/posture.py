"""Posture: how the part is held, and whether it wanders."""

from __future__ import annotations

from functools import partial

import numpy as np

from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, recording_feature, visit_feature, window_feature
from pipeline.features.spectrum import ratio
from pipeline.features.views import RecordingView, VisitsView
from pipeline.features.windows import STEP_S
from pipeline.units import Unit

_DEVIATION_DEG = 10.0


@window_feature(
    unit=Unit.DEGREES,
    outputs=(*on(["head"], ["posture"], "median"), *on(["trunk"], ["gait"], "median")),
    bounds=(0.0, 180.0),
    version=2,
    source="TWSTRS item I.A",
    min_s=1.0,
    invariant_to=(SCALE, MIRROR),
)
def tilt_deg(signal: Signal) -> Values:
    """Angle between the sensor's z axis and the vertical.

    Formula: arc tangent of the horizontal over the z part of the mean acceleration. Differs from the source: one angle
    against gravity; turning about the vertical (torticollis) is not seen by an accelerometer.

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
    outputs=on(["head", "wrist_worse"], ["posture"], "median"),
    bounds=(0.0, 180.0),
    version=2,
    source="Albanese 2013: sustained or intermittent postures",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tilt_drift_deg(signal: Signal) -> Values:
    """Angle by which the part turns against gravity from the window's first quarter to its last.

    Formula: angle between the mean accelerations of both quarters.
    """
    quarter = signal.samples // 4
    return _angle_deg(signal.values[:, :, :quarter].mean(axis=2), signal.values[:, :, -quarter:].mean(axis=2))


@recording_feature(
    unit=Unit.DEGREES,
    outputs=on(["head", "wrist_worse"], ["posture"]),
    bounds=(0.0, 180.0),
    needs=[tilt_deg],
    source="TWSTRS item I.E: range of motion",
    invariant_to=(SCALE, MIRROR),
)
def tilt_range_deg(recording: RecordingView) -> float:
    """Range of tilt over the recording: how far the held part wanders.

    Formula: 90th less 10th percentile of the windows' tilt.
    """
    tilt = recording.of(tilt_deg)
    tilt = tilt[np.isfinite(tilt)]
    return float(np.ptp(np.quantile(tilt, [0.1, 0.9]))) if len(tilt) > 1 else np.nan


@recording_feature(
    unit=Unit.SECONDS,
    outputs=on(["head", "wrist_worse"], ["posture"]),
    bounds=(0.0, np.inf),
    version=2,
    needs=[tilt_deg],
    source="TWSTRS item I.A duration factor; Albanese 2013: sustained postures",
    invariant_to=(SCALE, MIRROR),
)
def sustained_deviation_s(recording: RecordingView) -> float:
    """Longest time for which the part stays away from where it was held at first.

    Formula: longest run of windows whose tilt differs by 10 degrees or more from the first one's, from the first one's
    start to the last one's; where windows are missing a run ends, since nobody saw it go on. 10 degrees are our
    choice: more than breathing and drift of a relaxed posture move a head.
    """
    tilt, start = recording.of(tilt_deg), recording.start_s
    if not len(tilt) or np.isnan(tilt[0]):
        return np.nan
    away = np.abs(tilt - tilt[0]) >= _DEVIATION_DEG
    goes_on = away[1:] & away[:-1] & (np.diff(start) < 1.5 * STEP_S)
    # time away so far at each window: what has passed since the last one from which nothing went on
    since = np.maximum.accumulate(np.where(np.append(False, goes_on), start[0], start))
    return float((start - since).max())


def _upright(signal: Signal, axis: int) -> Values:
    x, y, z = signal.gravity.T
    return np.clip(ratio(signal.gravity[:, axis], np.sqrt(x**2 + y**2 + z**2)), -1.0, 1.0)


_quality_of_held = partial(
    window_feature,
    unit=Unit.RATIO,
    outputs=on(["wrist_worse"], ["posture"], "median"),
    bounds=(-1.0, 1.0),
    source="this package",
    min_s=1.0,
    kind="quality",
)


@_quality_of_held(invariant_to=(SCALE,), equivariant_to=(MIRROR,))
def upright_x_ratio(signal: Signal) -> Values:
    """How far the sensor's x axis points up: 1 straight up, -1 straight down.

    Formula: x part of the mean acceleration over its length. With y and z it tells a sensor that was tied otherwise.
    """
    return _upright(signal, 0)


@_quality_of_held(invariant_to=(SCALE, MIRROR))
def upright_y_ratio(signal: Signal) -> Values:
    """How far the sensor's y axis points up: 1 straight up, -1 straight down.

    Formula: y part of the mean acceleration over its length.
    """
    return _upright(signal, 1)


@_quality_of_held(invariant_to=(SCALE, MIRROR))
def upright_z_ratio(signal: Signal) -> Values:
    """How far the sensor's z axis points up: 1 straight up, -1 straight down.

    Formula: z part of the mean acceleration over its length.
    """
    return _upright(signal, 2)


_UPRIGHT = (upright_x_ratio, upright_y_ratio, upright_z_ratio)


@visit_feature(
    unit=Unit.DEGREES,
    outputs=[f"{site}__posture_over_rest__turned_deg" for site in ("head", "wrist_worse")],
    bounds=(0.0, 180.0),
    version=2,
    needs=_UPRIGHT,
    source="TWSTRS item I.A: deviation from neutral",
    invariant_to=(SCALE, MIRROR),
)
def posture_offset_deg(visits: VisitsView) -> Values:
    """Posture offset: by how much the part turns against gravity from rest to being held; of wrists, the larger.

    Formula: angle between the directions of gravity, median by axis, in posture and at rest. How the sensor is tied
    does not matter, as long as it is tied alike in both.
    """
    left, right = (_turned_deg(visits, f"wrist_{side}", "posture", "rest") for side in ("left", "right"))
    return np.stack([_turned_deg(visits, "head", "posture", "rest"), np.fmax(left, right)], axis=1)


@visit_feature(
    unit=Unit.DEGREES,
    outputs=["head__trick_over_posture__turned_deg"],
    bounds=(0.0, 180.0),
    version=2,
    needs=_UPRIGHT,
    source="TWSTRS item I.C: effect of sensory tricks",
    invariant_to=(SCALE, MIRROR),
)
def trick_offset_deg(visits: VisitsView) -> Values:
    """How far the sensory trick turns the head against gravity.

    Formula: angle between the directions of gravity, median by axis, with the trick and in the same posture without.
    """
    return _turned_deg(visits, "head", "trick", "posture")


def _turned_deg(visits: VisitsView, site: str, task: str, other: str) -> Values:
    one, two = (np.stack([visits.of(axis, site, each) for axis in _UPRIGHT], axis=1) for each in (task, other))
    return _angle_deg(one, two)


def _angle_deg(one: np.ndarray, two: np.ndarray) -> Values:
    """Angle between vectors of shape (n, 3); NaN where one has no length."""
    across, product = np.cross(one, two), one * two
    sine = np.sqrt(across[:, 0] ** 2 + across[:, 1] ** 2 + across[:, 2] ** 2)
    cosine = product[:, 0] + product[:, 1] + product[:, 2]
    return np.where((sine > 0) | (cosine != 0), np.degrees(np.arctan2(sine, cosine)), np.nan)
