"""Features beside other packages and published formulas, each within its tolerance.

A package that is missing is an error here, never a skip.
"""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.signal import periodogram

from pipeline.features import shape
from pipeline.features.signal import Signal
from pipeline.features.smoothness import log_dimensionless_jerk, spectral_arc_length
from pipeline.features.spectrum import band_power, band_weights, spectral_entropy, strongest_bin
from pipeline.testing.recordings import WAVES, Wave

pytestmark = [
    pytest.mark.references,
    # other packages' own warnings are not ours
    pytest.mark.filterwarnings("ignore"),
]

RATE = 100.0
CASES = [(kind, seed) for kind in WAVES for seed in range(4)]


@pytest.fixture(scope="module")
def signal():
    """Return windows of every kind, 4 s at 100 Hz."""
    values = np.stack([Wave(kind, seed=seed, seconds=4.0, rate_hz=RATE)().values for kind, seed in CASES])
    return Signal(values, np.full(len(CASES), RATE))


@pytest.fixture(scope="module")
def courses(signal):
    """Return one channel of each window, shape (windows, samples)."""
    return np.ascontiguousarray(signal.movement[:, 0])


def close(ours, reference, tolerance):
    np.testing.assert_allclose(ours, np.array(reference, dtype=float), rtol=tolerance, atol=tolerance)


def test_permutation_entropy_is_that_of_antropy_and_tsfresh(courses):
    import antropy
    from tsfresh.feature_extraction.feature_calculators import permutation_entropy

    for delay in (1, 4):
        ours = shape.permutation_entropy(courses, delay)
        close(ours, [antropy.perm_entropy(each, order=3, delay=delay, normalize=True) for each in courses], 1e-12)
        if delay == 1:
            close(ours, [permutation_entropy(each, 1, 3) / math.log(6) for each in courses], 1e-12)


def published_arc_length(movement, fs, padlevel=4, fc=10.0, amp_th=0.05):
    """Compute SPARC as it was published, one movement at a time."""
    nfft = int(2 ** (math.ceil(math.log2(len(movement))) + padlevel))
    f = np.arange(0, nfft) * fs / nfft
    height = np.abs(np.fft.fft(movement, nfft))
    height = height / height.max()
    low = np.flatnonzero(f <= fc)
    f, height = f[low], height[low]
    loud = np.flatnonzero(height >= amp_th)
    f, height = f[loud[0] : loud[-1] + 1], height[loud[0] : loud[-1] + 1]
    return -sum(
        math.sqrt(((f[i + 1] - f[i]) / (f[-1] - f[0])) ** 2 + (height[i + 1] - height[i]) ** 2)
        for i in range(len(f) - 1)
    )


def gaussian_speed(seconds=4.0, rate=RATE):
    time = np.arange(round(seconds * rate)) / rate
    return np.exp(-((time - seconds / 2) ** 2) / (2 * 0.3**2))


def test_sparc_is_the_published_formula(signal):
    speeds = signal.magnitude
    close(spectral_arc_length(speeds, signal.fs), [published_arc_length(each, RATE) for each in speeds], 1e-12)


def test_sparc_of_a_gaussian_speed_is_known():
    """One smooth movement of the shape that is used as an example with the formula has -1.414."""
    speed = gaussian_speed()
    assert abs(spectral_arc_length(speed[None], np.array([RATE]))[0] - -1.414) < 0.002


def test_sparc_is_that_of_scikit_digital_health(signal):
    from skdh.features import SPARC

    theirs = [
        float(SPARC(padlevel=4, fc=10.0, amplitude_threshold=0.05).compute(each, RATE)) for each in signal.magnitude
    ]
    close(spectral_arc_length(signal.magnitude, signal.fs), theirs, 1e-6)


def test_no_speed_has_no_sparc():
    """Where the reference raises, ours is missing."""
    assert np.isnan(spectral_arc_length(np.zeros((1, 400)), np.array([RATE])))[0]


def published_log_jerk(speed, fs):
    """Compute LDLJ as it was published, one movement at a time."""
    dt = 1 / fs
    duration, peak = len(speed) * dt, max(abs(v) for v in speed)
    jerk = [(speed[i + 2] - 2 * speed[i + 1] + speed[i]) / dt**2 for i in range(len(speed) - 2)]
    return -math.log(duration**3 / peak**2 * sum(j**2 for j in jerk) * dt)


def test_log_dimensionless_jerk_is_the_published_formula(signal):
    speeds = signal.magnitude
    close(log_dimensionless_jerk(speeds, signal.fs), [published_log_jerk(each, RATE) for each in speeds], 1e-12)


def density(signal):
    """Return scipy's density of all windows, summed over axes: frequencies, and power of shape (windows, bins)."""
    hertz, power = periodogram(signal.values, RATE, window="hann", detrend="constant", nfft=2 * signal.samples)
    return hertz, power.sum(axis=1)


def test_density_band_power_and_peak_are_those_of_scipy(signal):
    hertz, theirs = density(signal)
    scale = theirs.max(axis=1)
    assert (np.abs(signal.power - theirs).max(axis=1) <= 1e-10 * scale).all()
    for low, high in [(0.0, 2.0), (2.0, 4.0), (4.0, 7.0), (7.0, 12.0), (12.0, 20.0)]:
        # these edges stand on bins, each of which then lies half inside
        inside = np.where((hertz > low) & (hertz < high), 1.0, np.where((hertz == low) | (hertz == high), 0.5, 0.0))
        whole = theirs.sum(axis=1) * hertz[1]
        difference = np.abs(band_power(signal, low, high) - (theirs * inside).sum(axis=1) * hertz[1])
        assert (difference <= 1e-10 * whole).all()
    best = strongest_bin(signal, 2.0, 12.0)
    assert (best > 0).all()
    close(signal.power[np.arange(len(best)), best], theirs[np.arange(len(best)), best], 1e-10)


def test_spectral_entropy_is_that_of_scipys_density(signal):
    """Beside an even spectrum of the same bins: 1 less their divergence over its entropy."""
    weight = band_weights(signal, 0.5, 12.0)[0]
    kept = weight > 0
    theirs = density(signal)[1][:, kept] * weight[kept]
    expected = [1 - stats.entropy(each, weight[kept]) / math.log(weight.sum()) for each in theirs]
    close(spectral_entropy(signal, 0.5, 12.0), expected, 1e-12)


def test_moments_are_those_of_scipy(courses):
    close(shape.skewness(courses), stats.skew(courses, axis=1), 1e-12)
    close(shape.kurtosis(courses), stats.kurtosis(courses, axis=1), 1e-12)


def test_the_shape_of_a_course_is_that_of_tsfel(courses, signal):
    import tsfel

    def of(function):
        return [function(each) for each in courses]

    close(shape.zero_crossings(courses), of(tsfel.zero_cross), 1e-10)
    close(shape.line_length(courses), of(tsfel.sum_abs_diff), 1e-10)
    close(shape.mean_absolute_deviation(courses), of(tsfel.mean_abs_deviation), 1e-10)
    close(shape.turning_points(courses), np.add(of(tsfel.positive_turning), of(tsfel.negative_turning)), 1e-10)
    close(shape.interquartile_range(courses), of(tsfel.interq_range), 1e-10)
    close(shape.slope(courses, np.arange(courses.shape[1])), of(tsfel.slope), 1e-10)
    one = signal.only("x")
    close(one.rms, of(tsfel.rms), 1e-10)
    close(one.rms**2 * one.samples, of(tsfel.abs_energy), 1e-10)


def test_autocorrelation_is_that_of_numpy_and_tsfresh(signal):
    from tsfresh.feature_extraction.feature_calculators import autocorrelation

    one = signal.only("x")
    for lag in (1, 7, 150):
        by_hand = [(each[:-lag] * each[lag:]).sum() / (each**2).sum() for each in one.movement[:, 0]]
        close(one.autocorrelation(1)[:, lag], by_hand, 1e-10)
        theirs = [autocorrelation(each, lag) for each in one.movement[:, 0]]
        close(one.autocorrelation(1)[:, lag] * one.samples / (one.samples - lag), theirs, 1e-10)


def test_mobility_and_complexity_are_those_of_antropy(courses):
    import antropy

    theirs = np.array([antropy.hjorth_params(each) for each in courses])
    close(shape.mobility(courses), theirs[:, 0], 1e-10)
    close(shape.complexity(courses), theirs[:, 1], 1e-10)
