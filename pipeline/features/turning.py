"""Turning, from a gyroscope: how strong and how smooth."""

from __future__ import annotations

import numpy as np

from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.smoothness import log_dimensionless_jerk, smoothed, spectral_arc_length
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, window_feature
from pipeline.units import Unit

_OUTPUTS = on(["wrist_worse", "head"], ["action"], "median")
_SMOOTH_S = 0.04


@window_feature(
    unit=Unit.DEGREES_PER_SECOND,
    outputs=(
        *on(["wrist_worse"], ["posture", "action"], "median"),
        *on(["trunk"], ["gait"], "median"),
        *on(["head"], ["posture"], "median"),
    ),
    bounds=(0.0, np.inf),
    source="Chan 1991: rotation in cervical dystonia",
    sensor="gyroscope",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def rotation_rms_deg_per_s(signal: Signal) -> Values:
    """Strength of turning: root mean square of angular rate without its mean, which holds the sensor's offset.

    Formula: square root of the mean over time of the squares, summed over axes.
    """
    return signal.rms


@window_feature(
    unit=Unit.NONE,
    outputs=_OUTPUTS,
    bounds=(-np.inf, 0.0),
    version=2,
    source="Balasubramanian 2015: SPARC",
    sensor="gyroscope",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def turning_arc_length(signal: Signal) -> Values:
    """Smoothness of turning (SPARC): -1.4 for one smooth turn, lower the more it falls to pieces.

    Formula: SPARC of the angular speed, padded by level 4, up to 10 Hz, threshold 0.05. Differs from the source: of
    windows of 4 s, not of one movement, so pauses and several turns lower it.
    """
    return np.where(signal.rms > 0, spectral_arc_length(signal.magnitude, signal.fs), np.nan)


@window_feature(
    unit=Unit.NONE,
    outputs=_OUTPUTS,
    bounds=(-np.inf, np.inf),
    source="Balasubramanian 2012: LDLJ; the most sensitive measure of head turns in cervical dystonia",
    sensor="gyroscope",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def turning_log_jerk(signal: Signal) -> Values:
    """Smoothness of turning by its jerk (LDLJ): lower the jerkier.

    Formula: - ln(T^3 / v^2 times the integral of jerk squared), v the top of the angular speed. Differs from the
    source: speed is averaged with a Gaussian of 0.04 s first, since its second difference would otherwise measure the
    sensor's noise and the sampling rate.
    """
    speed = smoothed(signal.magnitude, signal.fs, _SMOOTH_S)
    return np.where(signal.rms > 0, log_dimensionless_jerk(speed, signal.fs), np.nan)
