"""Tremor in a window: how strong, how fast, how narrow its line is, how steady.

Bands follow Bhatia 2018 and Elble 2013: tremors of dystonia 3-7 Hz, of Parkinson's disease 3-8, essential 4-12; the
slowest, after brain injury, 2.5. Lines are looked for from 2 to 12 Hz: below lie sway and voluntary movement, which in
a held posture are stronger than the tremor (pdkit 2458: sway at 1.3 Hz beside a tremor of 7.75 Hz), and a sensor of
25 Hz does not see above. The faster tremor of standing has its own band. What describes the line is read off the
windows with most tremor: between two bouts it would describe noise.
"""

from __future__ import annotations

import numpy as np

from pipeline.features.oscillation import LINE, oscillation, overtone, stability
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, window_feature
from pipeline.features.spectrum import band_power, contrast, half_power_width, ratio, strongest_line
from pipeline.units import Unit

_TASKS = ("rest", "posture", "action")
_WHERE = (*on(["wrist_worse"], _TASKS, "median"), *on(["head"], _TASKS[:2], "median"))
_LINES = (*on(["wrist_worse"], _TASKS, "strong"), *on(["head"], _TASKS[:2], "strong"))
_HELD = on(["wrist_worse", "head"], ["posture"], "median")
_HELD_LINES = on(["wrist_worse", "head"], ["posture"], "strong")
_TREMOR = (3.0, 12.0)
_WHOLE = (0.0, 12.0)
_HALF_HZ = 0.5


@window_feature(
    unit=Unit.G,
    outputs=(*_WHERE, *on(["ankle_worse"], ["rest"], "median")),
    bounds=(0.0, np.inf),
    source="Elble 2013",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def tremor_rms_g(signal: Signal) -> Values:
    """Strength of shaking between 3 and 12 Hz, as root mean square.

    Formula: square root of the power between 3 and 12 Hz, summed over axes, under a Hann window.
    """
    return np.sqrt(band_power(signal, *_TREMOR))


@window_feature(
    unit=Unit.G,
    outputs=_HELD[:1],
    bounds=(0.0, np.inf),
    source="Elble 2013",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def tremor_line_rms_g(signal: Signal) -> Values:
    """Strength of the strongest line alone, which tells tremor from a restless limb.

    Formula: square root of the power within half a hertz of the strongest line between 2 and 12 Hz.
    """
    return np.sqrt(_line_power(signal))


@window_feature(
    unit=Unit.HERTZ,
    outputs=(*_LINES, *on(["ankle_worse"], ["rest"], "strong")),
    bounds=LINE,
    version=2,
    source="Luft 2019; Elble 2013",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_peak_hz(signal: Signal) -> Values:
    """Frequency at which the limb shakes most.

    Formula: highest local maximum of the power spectrum from 2 to 12 Hz, summed over axes, interpolated by a parabola
    through the logarithm of three bins. Differs from the source: not the highest bin, so that 4 s resolve 0.02 Hz.

    Examples
    --------
    >>> time = np.arange(400) / 100
    >>> wave = np.stack([np.sin(2 * np.pi * 5.6 * time), np.zeros(400), np.ones(400)])
    >>> tremor_peak_hz(Signal(wave[None], np.array([100.0]))).round(2).tolist()
    [5.6]
    """
    return strongest_line(signal, *LINE)


@window_feature(
    unit=Unit.SHARE,
    outputs=(*_LINES[:2], _LINES[-1]),
    bounds=(0.0, 1.0),
    version=2,
    source="Sensors 2019 (3 s windows): peak power relative to the whole tells tremor from movement",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_peak_power_share(signal: Signal) -> Values:
    """Share of the power between 2 and 12 Hz that lies within half a hertz of the strongest line.

    Formula: power from f - 0.5 to f + 0.5 Hz over power from 2 to 12 Hz, the former cut at the latter's ends.
    """
    return np.minimum(ratio(_line_power(signal), band_power(signal, *LINE)), 1.0)


@window_feature(
    unit=Unit.HERTZ,
    outputs=_HELD_LINES,
    bounds=(0.0, 10_000.0),
    version=2,
    source="Panyakaew 2020: dystonic tremor is the more irregular",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_width_hz(signal: Signal) -> Values:
    """Width of the strongest line at half its power: narrow in a regular tremor.

    Formula: distance of the two frequencies about the peak at which power has fallen to half, interpolated between
    bins. A pure tone gives the width of the Hann window, 1.44 / T: 0.36 Hz in 4 s.
    """
    return half_power_width(signal, *LINE)


@window_feature(
    unit=Unit.SHARE, outputs=_HELD, bounds=(0.0, 1.0), source="Elble 2013", invariant_to=(ROTATION, SCALE, MIRROR)
)
def power_0_to_2_hz_share(signal: Signal) -> Values:
    """Share of power below 2 Hz: sway, drift and voluntary movement.

    Formula: power from 0 to 2 Hz over power from 0 to 12 Hz.
    """
    return _share(signal, 0.0, 2.0)


@window_feature(
    unit=Unit.SHARE,
    outputs=_HELD,
    bounds=(0.0, 1.0),
    version=2,
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def power_2_to_4_hz_share(signal: Signal) -> Values:
    """Share of power between 2 and 4 Hz: slow tremor of the head, of rest, after brain injury.

    Formula: power from 2 to 4 Hz over power from 0 to 12 Hz.
    """
    return _share(signal, 2.0, 4.0)


@window_feature(
    unit=Unit.SHARE,
    outputs=(*_HELD, *on(["wrist_worse"], ["rest", "action"], "median")),
    bounds=(0.0, 1.0),
    version=2,
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def power_4_to_7_hz_share(signal: Signal) -> Values:
    """Share of power between 4 and 7 Hz: tremor of dystonia, of Parkinson's disease at rest, slow essential tremor.

    Formula: power from 4 to 7 Hz over power from 0 to 12 Hz.
    """
    return _share(signal, 4.0, 7.0)


@window_feature(
    unit=Unit.SHARE,
    outputs=(*_HELD, *on(["wrist_worse"], ["action"], "median")),
    bounds=(0.0, 1.0),
    version=2,
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def power_7_to_12_hz_share(signal: Signal) -> Values:
    """Share of power between 7 and 12 Hz: physiological and enhanced physiological tremor, fast essential tremor.

    Formula: power from 7 to 12 Hz over power from 0 to 12 Hz.
    """
    return _share(signal, 7.0, 12.0)


@window_feature(
    unit=Unit.SHARE,
    outputs=_HELD[:1],
    bounds=(0.0, 1.0),
    source="Bhatia 2018: orthostatic tremor 13-18 Hz",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="sampled below 40 Hz",
)
def power_12_to_20_hz_share(signal: Signal) -> Values:
    """Share of power between 12 and 20 Hz: orthostatic tremor, myoclonus, overtones.

    Formula: power from 12 to 20 Hz over power from 0 to 20 Hz. NaN below 40 samples a second, never a shorter band.
    """
    return np.minimum(ratio(band_power(signal, 12.0, 20.0), band_power(signal, 0.0, 20.0)), 1.0)


@window_feature(
    unit=Unit.RATIO,
    outputs=_HELD,
    bounds=(-1.0, 1.0),
    source="Shaikh 2021 by site; Bhatia 2018: dystonic below physiological and fast essential tremor",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def slow_against_fast_tremor_ratio(signal: Signal) -> Values:
    """How much the tremor lies below 7 Hz rather than above: 1 all below, -1 all above.

    Formula: (a - b) / (a + b) with the power a from 4 to 7 Hz and b from 7 to 12 Hz. Differs from a plain quotient: it
    is bounded, and swapping the bands only changes its sign.
    """
    return contrast(band_power(signal, 4.0, 7.0), band_power(signal, 7.0, 12.0))


@window_feature(
    unit=Unit.RATIO,
    outputs=_LINES[:2],
    bounds=(0.0, np.inf),
    version=2,
    source="Luft 2019: overtones of parkinsonian tremor",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="the overtone lies above half the sampling rate",
)
def tremor_harmonic_ratio(signal: Signal) -> Values:
    """Strength of the first overtone beside the tremor's own line: how far the shaking is from a sine.

    Formula: amplitude of what keeps twice the tremor's phase, in the bins within 0.9 f of 2 f, over the amplitude in
    those within 0.45 f of f, both along the direction of the strongest swing. NaN where the rate does not reach 2 f +
    0.5 Hz. Differs from a plain quotient of two bands: noise and other movement at 2 f do not count.
    """
    return overtone(signal, *LINE)


@window_feature(
    unit=Unit.HERTZ,
    outputs=(*_LINES[:3], _LINES[-1]),
    bounds=(0.0, 200.0),
    version=3,
    source="di Biase 2017; Panyakaew 2020: larger in dystonic tremor",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under four cycles",
)
def tremor_stability_hz(signal: Signal) -> Values:
    """Tremor stability index: how much the frequency changes from one cycle to the next; 0 is a clock.

    Formula: quartile range of the differences of successive cycles' frequencies, in the bins within 0.45 f of the
    strongest line f, along the direction of the strongest swing. Differs from the source: cycles end where the phase
    has turned once instead of at zero crossings, the band is cut in the spectrum instead of by a filter and grows with
    the tremor's frequency, so that fast tremors are not made steadier than slow ones, and it is taken in windows of 4
    s, whose median weighted by strength stands for the recording, instead of over 100 s.
    """
    found = oscillation(signal, *LINE)
    return np.array([stability(found.cycle_hz(window)) for window in range(len(signal))])


@window_feature(
    unit=Unit.RATIO,
    outputs=_HELD_LINES,
    bounds=(0.0, np.inf),
    version=2,
    source="Deuschl 1998: waxing and waning tremor",
    strength=tremor_line_rms_g,
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def tremor_modulation_ratio(signal: Signal) -> Values:
    """How much the tremor swells and fades within seconds: 0 for an even one.

    Formula: standard deviation over mean of the amplitude of the bins within 2 Hz of the strongest line, in the middle
    four fifths of the window. A tone that swells by a share m gives m / sqrt(2).
    """
    size = oscillation(signal, *LINE).size
    return ratio(size.std(axis=1), size.mean(axis=1))


@window_feature(
    unit=Unit.HERTZ,
    outputs=on(["wrist_worse"], ["action"], "strong"),
    bounds=(0.5, 12.0),
    source="Elble 2013",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def main_line_hz(signal: Signal) -> Values:
    """Frequency of the strongest rhythm, be it tremor, sway or a repeated movement.

    Formula: as `tremor_peak_hz`, from 0.5 to 12 Hz. Tremor is the main rhythm where this lies above 3 Hz.
    """
    return strongest_line(signal, 0.5, 12.0)


def _line_power(signal: Signal) -> Values:
    """Power within half a hertz of the strongest line, as far as it lies in the band of lines."""
    peak = strongest_line(signal, *LINE)
    return band_power(signal, np.maximum(peak - _HALF_HZ, LINE[0]), np.minimum(peak + _HALF_HZ, LINE[1]))


def _share(signal: Signal, low: float, high: float) -> Values:
    return np.minimum(ratio(band_power(signal, low, high), band_power(signal, *_WHOLE)), 1.0)
