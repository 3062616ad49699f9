"""Movement: how much, how jerky, how regular; and how good the recording is."""

from __future__ import annotations

import numpy as np

from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, RATE, ROTATION, SCALE, Values, recording_feature, window_feature
from pipeline.features.spectrum import band_weights, ratio, strongest_line
from pipeline.features.views import RecordingView
from pipeline.units import Unit

_LIMBS = ("wrist_worse", "ankle_worse")
_MOVED = (
    *on(["wrist_worse"], ["action", "repeated"], "median"),
    *on(["ankle_worse"], ["repeated", "gait"], "median"),
    *on(["trunk"], ["gait"], "median"),
    *on(["head"], ["posture"], "median"),
)
_BAND = (0.5, 12.0)
_ROUNDING_S = 1e-3
"""A thousandth of a second is less than a sample, and more than what adding a start time leaves of rounding."""


@window_feature(
    unit=Unit.G,
    outputs=(*on(["wrist_worse", "head"], ["rest", "posture"], "median", "p90"), *_MOVED[:-1]),
    bounds=(0.0, np.inf),
    source="Elble 2013",
    invariant_to=(ROTATION, MIRROR, RATE),
    equivariant_to=(SCALE,),
)
def movement_rms_g(signal: Signal) -> Values:
    """Strength of all movement: root mean square of acceleration without its mean."""
    return signal.rms


@window_feature(
    unit=Unit.G_PER_SECOND,
    outputs=_MOVED,
    bounds=(0.0, np.inf),
    source="Balasubramanian 2015",
    invariant_to=(ROTATION, MIRROR, RATE),
    equivariant_to=(SCALE,),
)
def jerk_rms_g_per_s(signal: Signal) -> Values:
    """Root mean square of the rate at which acceleration changes, from 0.5 to 12 Hz.

    Taken from the spectrum, where a derivative is a factor: so it does not grow with the sampling rate.
    """
    weight = band_weights(signal, *_BAND) * (2 * np.pi * signal.frequency) ** 2
    return np.sqrt((signal.power * weight).sum(axis=1) * signal.bin_hz)


@window_feature(
    unit=Unit.RATIO,
    outputs=(*_MOVED, *on(["wrist_worse"], ["posture"], "median")),
    bounds=(0.0, 1.0),
    source="Shannon 1948, of the power spectrum",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def spectral_entropy_ratio(signal: Signal) -> Values:
    """Evenness of the spectrum from 0.5 to 12 Hz: low for a single line, 1 where all are alike."""
    weight = band_weights(signal, *_BAND)
    whole = (signal.power * weight).sum(axis=1)
    share = ratio(signal.power, whole[:, None])
    surprise = np.where(share > 0, -share * np.log(np.where(share > 0, share, 1.0)), share)
    entropy = (surprise * weight).sum(axis=1) / np.log(weight.sum(axis=1))
    return np.clip(entropy, 0.0, 1.0)


@window_feature(
    unit=Unit.HERTZ,
    outputs=_MOVED,
    bounds=(0.0, 10_000.0),
    source="tsfel zero_cross, per second and side",
    invariant_to=(SCALE, MIRROR),
    version=2,
)
def zero_crossings_hz(signal: Signal) -> Values:
    """How often a second the strongest axis swings through its mean, there and back."""
    rows = np.arange(len(signal))
    swing = signal.movement[rows, (signal.movement**2).mean(axis=2).argmax(axis=1)]
    through = ((swing[:, :-1] < 0) != (swing[:, 1:] < 0)).sum(axis=1)
    return np.where(signal.rms > 0, through / (2 * signal.seconds), np.nan)


@window_feature(
    unit=Unit.HERTZ,
    outputs=on(_LIMBS, ["repeated"], "median"),
    bounds=(0.5, 8.0),
    source="MDS-UPDRS III items 4 to 8",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def repetition_hz(signal: Signal) -> Values:
    """Rate of a repeated movement: the strongest line between 0.5 and 8 Hz."""
    return strongest_line(signal, 0.5, 8.0)


@window_feature(
    unit=Unit.DEGREES_PER_SECOND,
    outputs=(
        *on(["wrist_worse"], ["posture", "action", "repeated"], "median"),
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
    """Strength of turning: root mean square of angular rate without its mean, which holds the sensor's offset."""
    return signal.rms


@recording_feature(
    unit=Unit.RATIO,
    outputs=(*on(_LIMBS, ["repeated"]), *on(["wrist_worse"], ["posture"])),
    bounds=(0.0, np.inf),
    needs=[movement_rms_g],
    min_s=12.0,
    source="MDS-UPDRS III item 4: decrement",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def amplitude_drift_ratio(recording: RecordingView) -> float:
    """Median strength of the recording's second half over that of its first: below 1 where movement dwindles."""
    # a hair less than half, so that a window that starts there is late wherever the clock begins
    strength, half = recording.of(movement_rms_g), 0.5 * recording.duration_s - _ROUNDING_S
    early, late = strength[recording.start_s < half], strength[recording.start_s >= half]
    if min(np.isfinite(early).sum(), np.isfinite(late).sum()) < 2:
        return np.nan
    return float(ratio(np.nanmedian(late), np.nanmedian(early)))


@recording_feature(
    unit=Unit.SHARE,
    outputs=on(["wrist_worse", "head"], ["rest", "posture"]),
    bounds=(0.0, 1.0),
    source="this package",
    invariant_to=(ROTATION, SCALE, MIRROR),
    kind="quality",
)
def usable_share(recording: RecordingView) -> float:
    """Share of the recording's windows that have no gap, no missing sample and no flat line."""
    return recording.usable_share


@window_feature(
    unit=Unit.SHARE,
    outputs=on(["wrist_worse", "head"], ["rest", "posture"], "median"),
    bounds=(0.0, 1.0),
    source="this package",
    min_s=1.0,
    kind="quality",
)
def clipped_share(signal: Signal) -> Values:
    """Share of samples that stand at an axis's extreme value twice running, beyond 1.5 g.

    A still sensor reads at most 1 g, so repeats below 1.5 g are rest, not clipping.
    """
    size = np.abs(signal.values)
    extreme = (size == size.max(axis=2, keepdims=True)) & (size > 1.5)
    repeated = extreme[:, :, 1:] & extreme[:, :, :-1]
    return np.where(signal.valid, repeated.mean(axis=(1, 2)), np.nan)
