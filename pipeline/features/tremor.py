"""Tremor: how fast, how strong, how narrow its line is, and when it comes.

Bands follow Bhatia 2018 and Elble 2013: tremors of dystonia 3-7 Hz, of Parkinson's disease 3-8, essential 4-12; the
slowest, after brain injury, 2.5. Lines are looked for from 2 Hz on: below lie sway and voluntary movement, which in a
held posture are stronger than the tremor (pdkit 2458: sway at 1.3 Hz beside a tremor of 7.75 Hz). Shares are of the
power between 0.5 and 12 Hz, so that sensors of 25 Hz have them too.
"""

from __future__ import annotations

import numpy as np

from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, RATE, ROTATION, SCALE, Values, visit_feature, window_feature
from pipeline.features.spectrum import band_power, band_weights, half_power_width, ratio, strongest_line
from pipeline.features.views import VisitsView
from pipeline.units import Unit

_TASKS = ("rest", "posture", "action")
_OUTPUTS = on(["wrist_worse", "head"], _TASKS, "median")
_ALL_OUTPUTS = (*_OUTPUTS, *on(["ankle_worse"], ["rest"], "median"))
_LINE = (2.0, 20.0)
_WHOLE = (0.5, 12.0)
_TREMOR = (3.0, 12.0)


@window_feature(
    unit=Unit.HERTZ,
    outputs=_ALL_OUTPUTS,
    bounds=_LINE,
    source="Luft 2019; Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def tremor_peak_hz(signal: Signal) -> Values:
    """Frequency at which the limb shakes most.

    The strongest line between 2 and 20 Hz of the power spectrum, summed over axes, so that turning the sensor leaves it
    unchanged.

    Examples
    --------
    >>> time = np.arange(400) / 100
    >>> wave = np.stack([np.sin(2 * np.pi * 5.6 * time), np.zeros(400), np.ones(400)])
    >>> tremor_peak_hz(Signal(wave[None], np.array([100.0]))).round(2).tolist()
    [5.6]
    """
    return strongest_line(signal, *_LINE)


@window_feature(
    unit=Unit.G,
    outputs=_ALL_OUTPUTS,
    bounds=(0.0, np.inf),
    source="Elble 2013",
    invariant_to=(ROTATION, MIRROR, RATE),
    equivariant_to=(SCALE,),
)
def tremor_rms_g(signal: Signal) -> Values:
    """Strength of shaking between 3 and 12 Hz, as root mean square."""
    return np.sqrt(band_power(signal, *_TREMOR))


@window_feature(
    unit=Unit.SHARE,
    outputs=_OUTPUTS,
    bounds=(0.0, 1.0),
    source="di Biase 2017",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def tremor_peak_power_share(signal: Signal) -> Values:
    """Share of the power between 2 and 20 Hz that lies within half a hertz of the strongest line."""
    peak = strongest_line(signal, *_LINE)
    near = np.abs(signal.frequency - peak[:, None])
    # a bin half inside counts half, so that the share does not jump with the peak
    weight = np.clip(0.5 + (0.5 - near) / signal.bin_hz[:, None], 0.0, 1.0)
    power = signal.power * band_weights(signal, *_LINE)
    return ratio((power * weight).sum(axis=1), power.sum(axis=1))


@window_feature(
    unit=Unit.HERTZ,
    outputs=_OUTPUTS,
    bounds=(0.0, 10_000.0),
    source="Panyakaew 2020: dystonic tremor is the more irregular",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
    missing_when="the power falls to half on neither side of the line: none stands out of the noise",
)
def tremor_width_hz(signal: Signal) -> Values:
    """Width of the strongest line at half its power: narrow in a regular tremor."""
    return half_power_width(signal, *_LINE)


@window_feature(
    unit=Unit.SHARE,
    outputs=_OUTPUTS,
    bounds=(0.0, 1.0),
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def power_2_to_4_hz_share(signal: Signal) -> Values:
    """Share of power between 2 and 4 Hz."""
    return ratio(band_power(signal, 2.0, 4.0), band_power(signal, *_WHOLE))


@window_feature(
    unit=Unit.SHARE,
    outputs=_OUTPUTS,
    bounds=(0.0, 1.0),
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def power_4_to_7_hz_share(signal: Signal) -> Values:
    """Share of power between 4 and 7 Hz."""
    return ratio(band_power(signal, 4.0, 7.0), band_power(signal, *_WHOLE))


@window_feature(
    unit=Unit.SHARE,
    outputs=_OUTPUTS,
    bounds=(0.0, 1.0),
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR, RATE),
)
def power_7_to_12_hz_share(signal: Signal) -> Values:
    """Share of power between 7 and 12 Hz."""
    return ratio(band_power(signal, 7.0, 12.0), band_power(signal, *_WHOLE))


@visit_feature(
    unit=Unit.RATIO,
    outputs=[f"{site}__{task}_over_rest__tremor_ratio" for site in ("wrist_worse", "head") for task in _TASKS[1:]],
    bounds=(-1.0, 1.0),
    needs=[tremor_rms_g],
    source="Bhatia 2018, axis 1: rest against action tremor",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_over_rest_ratio(visits: VisitsView) -> Values:
    """How much stronger tremor is in posture or action than at rest: 1 only there, -1 only at rest, 0 alike."""
    pairs = [(site, task) for site in ("wrist_worse", "head") for task in _TASKS[1:]]
    columns = [
        contrast(visits.of(tremor_rms_g, site, task), visits.of(tremor_rms_g, site, "rest")) for site, task in pairs
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
    """How unequal the tremor of the two wrists is: 0 alike, 1 on one side only."""
    sides = [[visits.of(tremor_rms_g, f"wrist_{side}", task) for side in ("left", "right")] for task in _TASKS]
    return np.stack([np.abs(contrast(left, right)) for left, right in sides], axis=1)


def contrast(one: Values, other: Values) -> Values:
    """Return the difference of two amplitudes over their sum, from -1 to 1; NaN where both are zero."""
    return ratio(one - other, one + other)
