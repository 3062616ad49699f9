"""Writing on a tablet: how fast, how smooth, how hard, how often the pen is lifted."""

from __future__ import annotations

import numpy as np

from pipeline.features import shape
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.smoothness import log_dimensionless_jerk, smoothed, spectral_arc_length
from pipeline.features.spec import SCALE, Values, window_feature
from pipeline.features.spectrum import ratio
from pipeline.units import Unit

_OUTPUTS = on(["wrist_worse"], ["action"], "median")
_SMOOTH_S = 0.02


@window_feature(
    unit=Unit.HERTZ,
    outputs=_OUTPUTS,
    bounds=(0.0, 100.0),
    source="Zeuner 2007; Schneider 2010: stroke frequency and inversions of velocity in writer's cramp",
    sensor="pen",
    invariant_to=(SCALE,),
)
def strokes_hz(signal: Signal) -> Values:
    """How many up and down strokes the pen makes a second; two a second and slower is laboured writing.

    Formula: turns of the vertical position, averaged with a Gaussian of 0.02 s, over twice the duration. Differs from
    the sources: strokes in the air count too.
    """
    turns = shape.turning_points(_position(signal)[1])
    return np.where(_length(signal) > 0, turns / (2 * signal.seconds), np.nan)


@window_feature(
    unit=Unit.MILLIMETRES_PER_SECOND,
    outputs=_OUTPUTS,
    bounds=(0.0, np.inf),
    source="Zeuner 2007",
    sensor="pen",
)
def pen_speed_mm_per_s(signal: Signal) -> Values:
    """Mean speed of the pen.

    Formula: length of the pen's way, averaged with a Gaussian of 0.02 s, over the duration.
    """
    return _length(signal) / signal.seconds


@window_feature(
    unit=Unit.NONE,
    outputs=_OUTPUTS,
    bounds=(-np.inf, 0.0),
    version=2,
    source="Balasubramanian 2015: SPARC",
    sensor="pen",
    invariant_to=(SCALE,),
)
def pen_arc_length(signal: Signal) -> Values:
    """Smoothness of the pen's speed (SPARC): lower the more the writing falls to pieces.

    Formula: SPARC of the speed, padded by level 4, up to 10 Hz, threshold 0.05.
    """
    return np.where(_length(signal) > 0, spectral_arc_length(_speed(signal), signal.fs), np.nan)


@window_feature(
    unit=Unit.NONE,
    outputs=_OUTPUTS,
    bounds=(-np.inf, np.inf),
    source="Balasubramanian 2012: LDLJ",
    sensor="pen",
    invariant_to=(SCALE,),
)
def pen_log_jerk(signal: Signal) -> Values:
    """Smoothness of the pen's speed by its jerk (LDLJ): lower the jerkier.

    Formula: - ln(T^3 / v^2 times the integral of jerk squared), v the top speed, of the position averaged with a
    Gaussian of 0.02 s.
    """
    return np.where(_length(signal) > 0, log_dimensionless_jerk(_speed(signal), signal.fs), np.nan)


@window_feature(
    unit=Unit.SHARE,
    outputs=_OUTPUTS,
    bounds=(0.0, 1.0),
    source="Schneider 2010: time in the air and on paper",
    sensor="pen",
    channels=("pressure",),
)
def pen_in_air_share(signal: Signal) -> Values:
    """Share of time in which the pen is lifted.

    Formula: samples without pressure among all.
    """
    return np.where(signal.valid, (_pressure(signal) <= 0).mean(axis=1), np.nan)


@window_feature(
    unit=Unit.RATIO,
    outputs=_OUTPUTS,
    bounds=(0.0, np.inf),
    source="Schneider 2010: grip and pen pressure",
    sensor="pen",
    channels=("pressure",),
    missing_when="the pen never presses",
)
def pen_pressure_variation_ratio(signal: Signal) -> Values:
    """How unevenly the pen is pressed down while it writes.

    Formula: standard deviation over mean of the pressure of samples with any.
    """
    pressure = _pressure(signal)
    down = pressure > 0
    count = down.sum(axis=1)
    mean = ratio(np.where(down, pressure, 0.0).sum(axis=1), count)
    square = ratio(np.where(down, (pressure - mean[:, None]) ** 2, 0.0).sum(axis=1), count)
    return ratio(np.sqrt(square), mean)


def _pressure(signal: Signal) -> np.ndarray:
    return signal.values[:, signal.place("pressure")]


def _position(signal: Signal) -> tuple[np.ndarray, np.ndarray]:
    return signal.held(_smooth_position)


def _smooth_position(signal: Signal) -> tuple[np.ndarray, np.ndarray]:
    x, y = (smoothed(signal.movement[:, signal.place(axis)], signal.fs, _SMOOTH_S) for axis in ("x", "y"))
    return x, y


def _speed(signal: Signal) -> np.ndarray:
    x, y = _position(signal)
    return np.hypot(np.diff(x, axis=1), np.diff(y, axis=1)) * signal.fs[:, None]


def _length(signal: Signal) -> np.ndarray:
    return _speed(signal).sum(axis=1) / signal.fs
