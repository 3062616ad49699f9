"""Repeated movement: tapping, turning the hand, steps. Its rate, its evenness, and whether it dwindles."""

from __future__ import annotations

import numpy as np

from pipeline.features.movement import movement_rms_g
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, recording_feature, window_feature
from pipeline.features.spectrum import ratio, strongest_line
from pipeline.features.views import RecordingView
from pipeline.units import Unit

_LIMBS = on(["wrist_worse", "ankle_worse"], ["repeated"])
_STRONG = on(["wrist_worse", "ankle_worse"], ["repeated"], "strong")
_STEPS_HZ = (1.0, 2.8)
_ROUNDING_S = 1e-3
"""A thousandth of a second is less than a sample, and more than what adding a start time leaves of rounding."""


@window_feature(
    unit=Unit.HERTZ,
    outputs=_STRONG,
    bounds=(0.5, 8.0),
    version=2,
    source="MDS-UPDRS III items 4 to 8",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="no rhythm between 0.5 and 8 Hz",
)
def repetition_hz(signal: Signal) -> Values:
    """Rate of a repeated movement, such as taps.

    Formula: highest local maximum of the power spectrum, summed over axes, from 0.5 to 8 Hz, interpolated. The
    recording's is the median of its windows weighted by power: the rate while the movement lasts.
    """
    return strongest_line(signal, 0.5, 8.0)


@recording_feature(
    unit=Unit.RATIO,
    outputs=_LIMBS,
    bounds=(0.0, np.inf),
    version=2,
    needs=[movement_rms_g],
    min_s=12.0,
    source="MDS-UPDRS III item 4: decrement",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under two windows in a half",
)
def amplitude_drift_ratio(recording: RecordingView) -> float:
    """Decrement of amplitude: below 1 where movement dwindles.

    Formula: median strength of the windows of the recording's second half over that of its first.
    """
    return _late_over_early(recording, recording.of(movement_rms_g))


@recording_feature(
    unit=Unit.RATIO,
    outputs=_LIMBS,
    bounds=(0.0, np.inf),
    needs=[repetition_hz],
    min_s=12.0,
    source="MDS-UPDRS III item 4: slowing",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under two windows in a half",
)
def rate_drift_ratio(recording: RecordingView) -> float:
    """Decrement of the rate: below 1 where taps grow slower.

    Formula: median rate of the windows of the recording's second half over that of its first.
    """
    return _late_over_early(recording, recording.of(repetition_hz))


@window_feature(
    unit=Unit.HERTZ,
    outputs=on(["trunk"], ["gait"], "strong"),
    bounds=_STEPS_HZ,
    source="Zijlstra 2003: steps from the trunk's acceleration",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="no rhythm between 1 and 2.8 Hz",
)
def steps_hz(signal: Signal) -> Values:
    """Cadence: steps a second in gait.

    Formula: highest local maximum of the power spectrum of the trunk, summed over axes, from 1 to 2.8 Hz. Every step
    lifts the trunk once; strides lie below and overtones above.
    """
    return strongest_line(signal, *_STEPS_HZ)


@recording_feature(
    unit=Unit.RATIO,
    outputs=on(["trunk"], ["gait"]),
    bounds=(0.0, np.inf),
    needs=[steps_hz],
    min_s=8.0,
    source="Hausdorff 2005: variability of gait",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under three windows with steps",
)
def steps_variability_ratio(recording: RecordingView) -> float:
    """Variability of cadence over the walk.

    Formula: quartile range of the windows' cadence over 1.349 (that of a normal distribution of standard deviation 1),
    over their median. Differs from the source: from windows of 4 s, not single strides, so it is smaller.
    """
    cadence = recording.of(steps_hz)
    cadence = cadence[np.isfinite(cadence)]
    if len(cadence) < 3:
        return np.nan
    low, middle, high = np.quantile(cadence, [0.25, 0.5, 0.75])
    return float((high - low) / 1.349 / middle)


def _late_over_early(recording: RecordingView, values: Values) -> float:
    # a hair less than half, so that a window that starts there is late wherever the clock begins
    half = 0.5 * recording.duration_s - _ROUNDING_S
    early, late = np.split(values, [np.searchsorted(recording.start_s, half)])
    if min(np.isfinite(early).sum(), np.isfinite(late).sum()) < 2:
        return np.nan
    return float(ratio(np.nanmedian(late), np.nanmedian(early)))
