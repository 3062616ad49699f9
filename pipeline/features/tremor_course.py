"""Tremor over a recording and between recordings: when it is there, whether it changes, what brings it on."""

from __future__ import annotations

import numpy as np

from pipeline.features.places import on
from pipeline.features.shape import slope
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, recording_feature, visit_feature
from pipeline.features.spectrum import contrast, ratio
from pipeline.features.tremor import main_line_hz, tremor_peak_hz, tremor_peak_power_share, tremor_rms_g
from pipeline.features.views import RecordingView, VisitsView
from pipeline.units import Unit

_TASKS = ("rest", "posture", "action")
_LEAST_HZ, _LEAST_SHARE, _LEAST_G = 3.0, 0.2, 0.002
_ACTIVE = [(site, task) for site in ("wrist_worse", "head") for task in ("posture", "action")]
_HELD = ("wrist_worse", "head")


@recording_feature(
    unit=Unit.SHARE,
    outputs=(*on(["wrist_worse"], _TASKS), *on(["head"], ["posture"])),
    bounds=(0.0, 1.0),
    needs=[main_line_hz, tremor_peak_power_share, tremor_rms_g],
    source="Sensors 2019: windows by the relative power of their peak",
    invariant_to=(ROTATION, MIRROR),
)
def tremor_windows_share(recording: RecordingView) -> float:
    """Share of the windows in which there is tremor.

    Formula: windows whose strongest rhythm from 0.5 to 12 Hz lies at 3 Hz or above, whose line holds a fifth of the
    power between 2 and 12 Hz or more, and whose shaking is at least 2 mg, four times a cheap sensor's noise. Differs
    from the source: the first rule is ours, since steps and voluntary movement have overtones above 3 Hz; the
    thresholds are ours too.
    """
    line, share, strength = (recording.of(each) for each in (main_line_hz, tremor_peak_power_share, tremor_rms_g))
    known = np.isfinite(strength)
    shaking = (line >= _LEAST_HZ) & (share >= _LEAST_SHARE) & (strength >= _LEAST_G)
    return float(shaking[known].mean()) if known.any() else np.nan


@recording_feature(
    unit=Unit.HERTZ,
    outputs=on(["wrist_worse"], ["posture"]),
    bounds=(-10.0, 10.0),
    version=2,
    needs=[tremor_peak_hz, tremor_rms_g],
    min_s=12.0,
    source="Panyakaew 2020: variability of the peak; functional tremor wanders (Deuschl 1998)",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="a window without a line, or under four windows",
)
def tremor_drift_hz(recording: RecordingView) -> float:
    """By how much the tremor grows faster or slower from the recording's begin to its end.

    Formula: slope over time of the straight line through the windows' peak frequencies, by least squares, times the
    time from the first window to the last. NaN under four windows or where one of them has no line.
    """
    peak, start = recording.of(tremor_peak_hz), recording.start_s
    if len(peak) < 4 or not np.isfinite(peak).all():
        return np.nan
    return float(np.clip(slope(peak[None], start)[0] * np.ptp(start), -10.0, 10.0))


@recording_feature(
    unit=Unit.RATIO,
    outputs=on(["head"], ["posture"]),
    bounds=(0.0, 1.0),
    needs=[tremor_rms_g],
    min_s=12.0,
    source="Albanese 2013; facts on head tremor: a null point at which the tremor stops",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under four windows",
)
def null_point_ratio(recording: RecordingView) -> float:
    """How nearly the shaking stops at its quietest: 0 is a true null point, 1 none.

    Formula: 10th percentile over 90th percentile of the windows' shaking.
    """
    strength = recording.of(tremor_rms_g)
    strength = strength[np.isfinite(strength)]
    if len(strength) < 4:
        return np.nan
    quiet, loud = np.quantile(strength, [0.1, 0.9])
    return float(ratio(quiet, loud))


@visit_feature(
    unit=Unit.RATIO,
    outputs=[f"{site}__{task}_over_rest__tremor_ratio" for site, task in _ACTIVE],
    bounds=(-1.0, 1.0),
    needs=[tremor_rms_g],
    source="Bhatia 2018, axis 1: rest against action tremor",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_over_rest_ratio(visits: VisitsView) -> Values:
    """How much stronger tremor is in posture or action than at rest: 1 only there, -1 only at rest, 0 alike.

    Formula: (a - b) / (a + b) of the median shaking a in the task and b at rest.
    """
    columns = [
        contrast(visits.of(tremor_rms_g, site, task), visits.of(tremor_rms_g, site, "rest")) for site, task in _ACTIVE
    ]
    return np.stack(columns, axis=1)


@visit_feature(
    unit=Unit.RATIO,
    outputs=[f"wrist__{task}__tremor_asymmetry_ratio" for task in _TASKS],
    bounds=(0.0, 1.0),
    needs=[tremor_rms_g],
    source="MDS-UPDRS III: the worse side",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_asymmetry_ratio(visits: VisitsView) -> Values:
    """How unequal the tremor of the two wrists is: 0 alike, 1 on one side only.

    Formula: |a - b| / (a + b) of the median shaking of both sides.
    """
    sides = [[visits.of(tremor_rms_g, f"wrist_{side}", task) for side in ("left", "right")] for task in _TASKS]
    return np.stack([np.abs(contrast(left, right)) for left, right in sides], axis=1)


@visit_feature(
    unit=Unit.RATIO,
    outputs=[f"{site}__trick_over_posture__tremor_ratio" for site in _HELD],
    bounds=(-1.0, 1.0),
    needs=[tremor_rms_g],
    source="Albanese 2013; Patel 2014: a touch eases dystonia",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_trick_ratio(visits: VisitsView) -> Values:
    """How the sensory trick changes the shaking: below 0 it eases, 0 does nothing.

    Formula: (a - b) / (a + b) of the median shaking a with the trick and b in the same posture without.
    """
    columns = [
        contrast(visits.of(tremor_rms_g, site, "trick"), visits.of(tremor_rms_g, site, "posture")) for site in _HELD
    ]
    return np.stack(columns, axis=1)
