"""Window features on signals whose answer is known; what they declare is checked in tests/checks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import measure_windows
from pipeline.features.movement import (
    clipped_share,
    jerk_rms_g_per_s,
    movement_rms_g,
    spectral_entropy_ratio,
    zero_crossings_hz,
)
from pipeline.features.posture import tilt_deg, tilt_drift_deg
from pipeline.features.repetition import repetition_hz
from pipeline.features.signal import Signal
from pipeline.features.tremor import (
    power_2_to_4_hz_share,
    power_4_to_7_hz_share,
    power_7_to_12_hz_share,
    tremor_peak_hz,
    tremor_peak_power_share,
    tremor_rms_g,
    tremor_width_hz,
)

FEATURES = [feature for feature in CATALOGUE if feature.spec.level == "window"]
RATES = st.sampled_from([40.0, 50.0, 64.0, 100.0, 128.0])


def named(features):
    return pytest.mark.parametrize("feature", features, ids=lambda feature: feature.spec.name)


def tone(hertz, rate, *, size=0.1, phase=0.3, seconds=4.0):
    """Make one window of a sine on one axis, with gravity on another."""
    time = np.arange(round(seconds * rate)) / rate
    wave = size * np.sin(2 * np.pi * hertz * time + phase)
    return Signal(np.stack([wave, np.zeros_like(wave), np.ones_like(wave)])[None], np.array([rate]))


def still(direction, seconds=4.0, rate=50.0):
    values = np.tile(np.array(direction, dtype=float)[:, None], (1, round(seconds * rate)))
    return Signal(values[None], np.array([rate]))


@given(hertz=st.floats(2.1, 11.9), rate=RATES, phase=st.floats(0, 6.2))
def test_a_pure_tone_peaks_at_its_frequency_at_any_rate(hertz, rate, phase):
    """The same shaking gives the same frequency on every device."""
    found = tremor_peak_hz(tone(hertz, rate, phase=phase))[0]
    assert abs(found - hertz) < 0.02


@given(hertz=st.floats(1.0, 7.5), rate=RATES)
def test_a_repeated_movement_has_its_rate(hertz, rate):
    assert abs(repetition_hz(tone(hertz, rate))[0] - hertz) < 0.02


@given(hertz=st.floats(4.0, 11.0), rate=RATES, size=st.floats(0.001, 1.0))
def test_a_pure_tone_has_the_strength_jerk_and_width_of_a_sine(hertz, rate, size):
    """Strengths are in g: a sine of 0.1 g amplitude has 0.0707 g root mean square."""
    signal = tone(hertz, rate, size=size)
    expected = size / np.sqrt(2)
    np.testing.assert_allclose(tremor_rms_g(signal), expected, rtol=0.01)
    np.testing.assert_allclose(jerk_rms_g_per_s(signal), 2 * np.pi * hertz * expected, rtol=0.01)
    np.testing.assert_allclose(movement_rms_g(signal), expected, rtol=0.05)
    # a Hann window of 4 s is 1.44 / 4 Hz = 0.36 Hz wide at half power; interpolation between bins adds up to 0.03
    assert 0.34 < tremor_width_hz(signal)[0] < 0.40
    assert tremor_peak_power_share(signal)[0] > 0.95
    assert abs(zero_crossings_hz(signal)[0] - hertz) <= 0.5


@pytest.mark.parametrize(
    ("hertz", "home"),
    [(3.0, power_2_to_4_hz_share), (5.5, power_4_to_7_hz_share), (9.5, power_7_to_12_hz_share)],
)
def test_a_tone_lies_in_its_own_band(hertz, home):
    bands = (power_2_to_4_hz_share, power_4_to_7_hz_share, power_7_to_12_hz_share)
    shares = {band: band(tone(hertz, 100.0))[0] for band in bands}
    assert shares[home] > 0.99
    assert sum(shares.values()) <= 1.0


def test_white_noise_fills_bands_by_their_width_and_is_even():
    """No band is favoured, and a spectrum without a line is more even than one with it."""
    noise = Signal(np.random.default_rng(3).normal(size=(300, 3, 400)), np.full(300, 100.0))
    assert abs(power_4_to_7_hz_share(noise).mean() - 3 / 12) < 0.01
    assert abs(power_7_to_12_hz_share(noise).mean() - 5 / 12) < 0.01
    assert spectral_entropy_ratio(noise).min() > 0.85
    assert spectral_entropy_ratio(tone(5.0, 100.0))[0] < 0.5


@given(st.floats(1.0, 179.0))
def test_a_still_sensor_has_its_tilt_and_no_tremor(degrees):
    """Stillness is zero movement, and no frequency at all rather than one of rounding errors."""
    angle = np.radians(degrees)
    signal = still([np.sin(angle), 0.0, np.cos(angle)])
    np.testing.assert_allclose(tilt_deg(signal), degrees, rtol=1e-9)
    assert movement_rms_g(signal)[0] == 0.0
    assert tremor_rms_g(signal)[0] == 0.0
    assert np.isnan(tremor_peak_hz(signal)[0])
    assert np.isnan(spectral_entropy_ratio(signal)[0])
    assert np.isnan(zero_crossings_hz(signal)[0])
    assert clipped_share(signal)[0] == 0.0


@given(st.floats(0.5, 170.0))
def test_a_step_of_posture_is_the_angle_turned(degrees):
    """A head that drops by so many degrees has drifted by as many."""
    after = still([np.sin(np.radians(degrees)), 0.0, np.cos(np.radians(degrees))]).values
    values = np.where(np.arange(200) < 100, still([0.0, 0.0, 1.0]).values, after)
    np.testing.assert_allclose(tilt_drift_deg(Signal(values, np.array([50.0]))), degrees, rtol=1e-9)


def test_a_slow_turn_is_no_tremor():
    """An arm that sinks moves much and shakes little."""
    time = np.arange(400) / 100
    signal = Signal(np.stack([0.2 * time, 0.1 * time, 1 - 0.1 * time])[None], np.array([100.0]))
    assert movement_rms_g(signal)[0] > 0.2
    assert tremor_rms_g(signal)[0] < 0.001


def test_clipping_is_counted_only_where_a_sensor_can_clip():
    """A sine of 3 g cut at 2 g stands at the limit for 54 % of one axis; a still sensor does not clip."""
    wave = tone(2.0, 100.0, size=3.0).values
    share = clipped_share(Signal(np.clip(wave, -2.0, 2.0), np.array([100.0])))[0]
    assert 0.15 < share < 0.18
    assert clipped_share(tone(2.0, 100.0, size=3.0))[0] < 0.01
    assert clipped_share(tone(2.0, 100.0, size=0.3))[0] == 0.0


@named(FEATURES)
def test_a_window_that_is_too_short_has_no_value(feature):
    """Too little signal is missing, never a value that means something else."""
    seconds = feature.spec.min_s / 2
    short = tone(5.0, 100.0, seconds=max(seconds, 0.1))
    assert np.isnan(measure_windows([feature], short)).all()
