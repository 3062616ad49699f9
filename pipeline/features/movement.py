"""Movement: how much, how jerky, how regular, how it is distributed; and how good the recording is."""

from __future__ import annotations

import numpy as np

from pipeline.features import shape
from pipeline.features.bursts import Runs, runs
from pipeline.features.oscillation import LINE, besides
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.smoothness import smoothed
from pipeline.features.spec import MIRROR, ROTATION, SCALE, Values, recording_feature, window_feature
from pipeline.features.spectrum import band_weights, ratio, spectral_entropy, vertex
from pipeline.features.views import RecordingView
from pipeline.units import Unit

_BAND = (0.5, 12.0)
_HEAD = on(["head"], ["posture"], "median")
_WRIST = on(["wrist_worse"], ["posture", "action"], "median")
_GAIT = on(["trunk"], ["gait"], "median")
_PERIODS_S = (0.15, 2.0)
_LEAST_LAGS = 400
_ORDER_S = 0.04
_SMOOTH_S = 0.04
_ENVELOPE_S = 0.1
_BURST_RATIO = 3.0
_TWITCH_S, _TWITCH_HZ, _TWITCH_RATIO = 0.03, 4.0, 2.5
_TWITCH_LEAST = 1e-4
"""Of the whole movement: what is smaller is what is left of an oscillation, or rounding."""


@window_feature(
    unit=Unit.G,
    outputs=(*_WRIST, *_HEAD, *_GAIT, *on(["wrist_worse", "ankle_worse"], ["repeated"], "median")),
    bounds=(0.0, np.inf),
    source="Elble 2013",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def movement_rms_g(signal: Signal) -> Values:
    """Strength of all movement: root mean square of acceleration without its mean.

    Formula: square root of the mean over time of the squares, summed over axes.
    """
    return signal.rms


@window_feature(
    unit=Unit.G_PER_SECOND,
    outputs=(_WRIST[1], *_GAIT),
    bounds=(0.0, np.inf),
    source="Balasubramanian 2015",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def jerk_rms_g_per_s(signal: Signal) -> Values:
    """Root mean square of the rate at which acceleration changes, from 0.5 to 12 Hz.

    Formula: square root of the sum over bins of (2 pi f)^2 times power. Differs from the source: taken from the
    spectrum, where a derivative is a factor, so it does not grow with the sampling rate.
    """
    weight = band_weights(signal, *_BAND) * (2 * np.pi * signal.frequency) ** 2
    return np.sqrt((signal.power * weight).sum(axis=1) * signal.bin_hz)


@window_feature(
    unit=Unit.RATIO,
    outputs=(_WRIST[0], *_HEAD, *_GAIT),
    bounds=(0.0, 1.0),
    source="Shannon 1948, of the power spectrum",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def spectral_entropy_ratio(signal: Signal) -> Values:
    """Evenness of the spectrum from 0.5 to 12 Hz: low for a single line, 1 where all are alike.

    Formula: - sum p ln p over ln of the number of bins, p each bin's share of power; a bin that an edge cuts counts in
    part.
    """
    return spectral_entropy(signal, *_BAND)


@window_feature(
    unit=Unit.RATIO,
    outputs=(*_HEAD, *_GAIT, *on(["wrist_worse", "ankle_worse"], ["repeated"], "median")),
    bounds=(0.0, 1.0),
    version=2,
    source="Moe-Nilssen 2004: regularity of gait",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def regularity_ratio(signal: Signal) -> Values:
    """How alike each cycle is to the next: 1 for a perfect rhythm, 0 for none.

    Formula: highest local maximum of the unbiased autocorrelation, summed over axes, at lags from 0.15 to 2 s,
    interpolated by a parabola; 0 where there is none. Differs from the source: all axes together, and the top
    instead of one at a lag chosen by hand.
    """
    steps = -(-_LEAST_LAGS // signal.samples)
    lags = np.arange(steps * signal.samples) / steps
    unbiased = signal.autocorrelation(steps) * (signal.samples / (signal.samples - lags))
    lag_s = lags / signal.fs[:, None]
    middle = unbiased[:, 1:-1]
    top = (middle > unbiased[:, :-2]) & (middle >= unbiased[:, 2:])
    top &= (lag_s[:, 1:-1] >= _PERIODS_S[0]) & (lag_s[:, 1:-1] <= _PERIODS_S[1])
    height = np.where(top, middle, -np.inf)
    best, rows = height.argmax(axis=1), np.arange(len(signal))
    left, peak, right = (unbiased[rows, best + step] for step in range(3))
    raised = peak - 0.25 * (left - right) * vertex(left, peak, right)
    found = np.where(height[rows, best] > 0, np.clip(raised, 0.0, 1.0), 0.0)
    return np.where(signal.rms > 0, found, np.nan)


@window_feature(
    unit=Unit.RATIO,
    outputs=(_WRIST[0], *_HEAD),
    bounds=(0.0, 1.0),
    source="Bandt 2002",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def permutation_entropy_ratio(signal: Signal) -> Values:
    """How unpredictable the order of three moments is: 0 always the same, 1 all orders alike.

    Formula: entropy of the order of three samples of the strongest swing, over ln 6. Differs from the source: samples
    lie 0.04 s apart, interpolated where that is no whole number, so that 25 and 200 Hz see the same movement.
    """
    # to a hundredth of a sample, so that clocks of one nominal rate are taken together
    delays = np.round(_ORDER_S * signal.fs, 2)
    entropy = np.empty(len(signal))
    for delay in np.unique(delays):
        entropy[delays == delay] = shape.permutation_entropy(signal.swing[delays == delay], float(delay))
    return np.where(signal.rms > 0, entropy, np.nan)


@window_feature(
    unit=Unit.HERTZ,
    outputs=(_WRIST[1],),
    bounds=(0.0, 10_000.0),
    version=3,
    source="tsfel zero_cross, per second and side",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def zero_crossings_hz(signal: Signal) -> Values:
    """How often a second the strongest swing goes through its mean, there and back.

    Formula: changes of sign over twice the duration: the frequency of a sine. Noise that crosses counts too.
    """
    return np.where(signal.rms > 0, shape.zero_crossings(signal.swing) / (2 * signal.seconds), np.nan)


@window_feature(
    unit=Unit.G_PER_SECOND,
    outputs=(_WRIST[1],),
    bounds=(0.0, np.inf),
    source="Esteller 2001; tsfel sum_abs_diff",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def line_length_g_per_s(signal: Signal) -> Values:
    """How far the strongest swing travels a second: strength and speed of the movement in one.

    Formula: sum of absolute differences of neighbours over the duration. Grows with the rate where there is noise.
    """
    return ratio(shape.line_length(signal.swing), signal.seconds)


@window_feature(
    unit=Unit.HERTZ,
    outputs=(_WRIST[1],),
    bounds=(0.0, 10_000.0),
    source="tsfel positive_turning and negative_turning",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def turning_points_hz(signal: Signal) -> Values:
    """How often a second the smoothed swing turns back: corrections of a movement.

    Formula: samples at which the swing, averaged with a Gaussian of 0.04 s, turns up or down, over twice the duration.
    """
    turns = shape.turning_points(smoothed(signal.swing, signal.fs, _SMOOTH_S))
    return np.where(signal.rms > 0, turns / (2 * signal.seconds), np.nan)


@window_feature(
    unit=Unit.RATIO,
    outputs=_HEAD,
    bounds=(-3.0, np.inf),
    source="scipy.stats.kurtosis",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def peakedness_ratio(signal: Signal) -> Values:
    """How much of the strongest swing is rare jerks: -1.5 for a sine, 0 for noise, high for single jerks.

    Formula: kurtosis of the population less 3.
    """
    return np.where(signal.rms > 0, shape.kurtosis(signal.swing), np.nan)


@window_feature(
    unit=Unit.RATIO,
    outputs=_HEAD,
    bounds=(0.0, np.inf),
    source="scipy.stats.skew",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def one_sidedness_ratio(signal: Signal) -> Values:
    """How much stronger jerks go one way than the other: 0 alike.

    Formula: absolute skewness of the population along the strongest swing, whose sign means nothing.
    """
    return np.where(signal.rms > 0, np.abs(shape.skewness(signal.swing)), np.nan)


@window_feature(
    unit=Unit.G,
    outputs=(_WRIST[1],),
    bounds=(0.0, np.inf),
    source="tsfel interq_range",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def swing_quartile_range_g(signal: Signal) -> Values:
    """Size of the usual movement, whatever single jerks do.

    Formula: quartile range of the strongest swing.
    """
    return shape.interquartile_range(signal.swing)


@window_feature(
    unit=Unit.G,
    outputs=_HEAD,
    bounds=(0.0, np.inf),
    source="tsfel mean_abs_deviation",
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
)
def swing_mean_deviation_g(signal: Signal) -> Values:
    """Mean size of the strongest swing.

    Formula: mean absolute deviation from the mean.
    """
    return shape.mean_absolute_deviation(signal.swing)


@window_feature(
    unit=Unit.HERTZ,
    outputs=(_WRIST[0],),
    bounds=(0.0, 10_000.0),
    source="Hjorth 1970",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def mean_frequency_hz(signal: Signal) -> Values:
    """Mean frequency of the strongest swing.

    Formula: Hjorth mobility times the rate over 2 pi. Noise above the movement raises it with the rate.
    """
    return shape.mobility(signal.swing) * signal.fs / (2 * np.pi)


@window_feature(
    unit=Unit.RATIO,
    outputs=(_WRIST[0],),
    bounds=(0.0, np.inf),
    source="Hjorth 1970",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def frequency_spread_ratio(signal: Signal) -> Values:
    """How many frequencies take part in the strongest swing: 1 for a sine, more for a mixture.

    Formula: Hjorth complexity of the swing, averaged with a Gaussian of 0.04 s so that noise does not decide it.
    """
    return shape.complexity(smoothed(signal.swing, signal.fs, _SMOOTH_S))


@window_feature(
    unit=Unit.SHARE,
    outputs=(_WRIST[0], *_HEAD),
    bounds=(0.0, 1.0),
    source="this package: principal axes of the movement",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def one_line_share(signal: Signal) -> Values:
    """How far the axes move together, along one line: 1 on a line, a third evenly in all directions.

    Formula: largest eigenvalue over the sum of those of the 3 x 3 matrix of mean products of axes.
    """
    sizes = signal.spread[0]
    return ratio(sizes[:, -1], sizes[:, 0] + sizes[:, 1] + sizes[:, 2])


@window_feature(
    unit=Unit.HERTZ,
    outputs=_HEAD,
    bounds=(0.0, 100.0),
    version=2,
    source="Albanese 2013: jerky dystonia; bursts of myoclonus",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def jerks_hz(signal: Signal) -> Values:
    """How many jerks a second stand out of the rest of the movement.

    Formula: stretches in which the length of the movement, averaged with a Gaussian of 0.1 s so that the beats of a
    tremor merge, is above three times its median.
    """
    found = signal.held(_jerks)
    return np.where(signal.rms > 0, found.count(found.length_s > 0) / signal.seconds, np.nan)


@window_feature(
    unit=Unit.SECONDS,
    outputs=_HEAD,
    bounds=(0.0, np.inf),
    source="Albanese 2013: jerky dystonia; bursts of myoclonus",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="no whole jerk",
    titles=["Mean length of the jerks"],
)
def jerk_length_s(signal: Signal) -> Values:
    """Mean length of the jerks that `jerks_hz` counts.

    Formula: mean over those that begin and end in the window; NaN without any.
    """
    found = signal.held(_jerks)
    return found.mean_s(found.whole)


@window_feature(
    unit=Unit.SECONDS,
    outputs=_HEAD,
    bounds=(0.0, np.inf),
    source="Albanese 2013: patterned and repetitive movement",
    invariant_to=(ROTATION, SCALE, MIRROR),
    missing_when="under two jerks",
)
def jerk_spacing_s(signal: Signal) -> Values:
    """Mean time from one jerk to the next.

    Formula: mean time between the begins of the jerks that `jerks_hz` counts; NaN under two.
    """
    found = signal.held(_jerks)
    return found.spacing_s(found.length_s > 0)


@window_feature(
    unit=Unit.HERTZ,
    outputs=_WRIST[1:],
    bounds=(0.0, 100.0),
    source="Albanese 2013: jerky dystonia; myoclonus lasts 31 to 57 ms",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def twitches_hz(signal: Signal) -> Values:
    """How many twitches a second there are beside a tremor, which may be larger than they are.

    Formula: how often the length of the movement, averaged with a Gaussian of 0.03 s, rises above 2.5 times its median,
    a second; without what is slower than 4 Hz and the tremor, which are the bins within 2 Hz of the strongest
    line, and in the middle three fifths of the window. `jerks_hz` counts what stands out of the whole movement.
    """
    square = besides(signal, *LINE, _TWITCH_HZ) ** 2
    envelope = smoothed(np.sqrt(square[:, 0] + square[:, 1] + square[:, 2]), signal.fs, _TWITCH_S)
    level = _TWITCH_RATIO * np.median(envelope, axis=1) + _TWITCH_LEAST * signal.rms
    found = runs(envelope > level[:, None], signal.fs)
    seconds = envelope.shape[1] / signal.fs
    return np.where(signal.rms > 0, found.count(found.begin_s > 0) / seconds, np.nan)


@recording_feature(
    unit=Unit.HERTZ,
    outputs=on(["head", "wrist_worse"], ["posture"]),
    bounds=(0.0, 100.0),
    needs=[twitches_hz],
    source="Albanese 2013: jerky dystonia; myoclonus lasts 31 to 57 ms",
    invariant_to=(ROTATION, SCALE, MIRROR),
)
def twitch_rate_hz(recording: RecordingView) -> float:
    """How many twitches a second there are in the whole recording, since most windows hold one or none.

    Formula: mean of `twitches_hz` over the windows.
    """
    found = recording.of(twitches_hz)
    found = found[np.isfinite(found)]
    return float(found.mean()) if len(found) else np.nan


def _jerks(signal: Signal) -> Runs:
    square = signal.movement**2
    envelope = smoothed(np.sqrt(square[:, 0] + square[:, 1] + square[:, 2]), signal.fs, _ENVELOPE_S)
    # a level that is rounding only must not make jerks of it
    level = _BURST_RATIO * np.median(envelope, axis=1) + 1e-9 * envelope.max(axis=1)
    return runs(envelope > level[:, None], signal.fs)


@recording_feature(
    unit=Unit.SHARE,
    outputs=on(["wrist_worse", "head"], ["posture"]),
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
    outputs=on(["wrist_worse", "head"], ["posture"], "median"),
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


@window_feature(
    unit=Unit.G,
    outputs=on(["wrist_worse"], ["posture"], "median"),
    bounds=(0.0, np.inf),
    source="this package",
    min_s=1.0,
    invariant_to=(ROTATION, MIRROR),
    equivariant_to=(SCALE,),
    kind="quality",
)
def gravity_g(signal: Signal) -> Values:
    """Gravity as the sensor reads it while the part is held still: 1, or the unit or the calibration is wrong."""
    x, y, z = signal.gravity.T
    return np.sqrt(x**2 + y**2 + z**2)


@window_feature(
    unit=Unit.STATE,
    outputs=on(["wrist_worse"], ["posture"], "median"),
    bounds=(0.0, 1.0),
    source="this package",
    min_s=1.0,
    invariant_to=(ROTATION, SCALE, MIRROR),
    kind="quality",
)
def below_40_hz_state(signal: Signal) -> Values:
    """Whether the sampling rate is too low for the band from 12 to 20 Hz, whose columns are then empty."""
    return (~signal.reaches(20.0)).astype(float)
