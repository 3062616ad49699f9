"""What no feature of a sensor may depend on: mounting, units, rates, clocks, sides, gaps elsewhere."""

from functools import partial
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import measure_windows
from pipeline.features.signal import Signal
from pipeline.features.spec import ROTATION
from pipeline.testing import signals
from pipeline.units import ACCELERATION_TO_G
from pipeline.vocabulary import SENSORS
from tests.features.made_visits import POSTURE, RATES, row, shaking

WINDOW = [feature for feature in CATALOGUE if feature.spec.level == "window"]

MOUNTINGS = [
    np.diag(signs) @ np.eye(3)[list(order)] for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
]

COUNTS = {"zero_crossings_hz", "turning_points_hz", "strokes_hz", "jerks_hz", "twitches_hz", "bursts_hz"}


@given(signals(max_windows=3), st.sampled_from(MOUNTINGS))
def test_how_a_sensor_is_mounted_changes_nothing_that_says_so(signal, mounting):
    """Axes swapped or upside down, as makers differ, or mirrored as the other hand is."""
    features = [feature for feature in WINDOW if ROTATION in feature.spec.invariant_to]
    turned = Signal(np.einsum("ij,njt->nit", mounting, signal.values), signal.fs)
    np.testing.assert_allclose(
        measure_windows(features, turned), measure_windows(features, signal), rtol=1e-6, atol=1e-9
    )


@given(signals(max_windows=3), st.sampled_from(sorted(ACCELERATION_TO_G)))
def test_the_unit_of_the_file_does_not_show(signal, unit):
    features = [feature for feature in WINDOW if feature.spec.sensor == "accelerometer"]
    read = Signal(signal.values / ACCELERATION_TO_G[unit] * ACCELERATION_TO_G[unit], signal.fs)
    np.testing.assert_allclose(measure_windows(features, read), measure_windows(features, signal), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("sensor", SENSORS)
@given(data=st.data())
def test_single_precision_is_enough(sensor, data):
    """A file of 32-bit numbers gives the same features to a thousandth; what is counted may differ by one."""
    signal = data.draw(signals(max_windows=3, sensor=sensor))
    features = [feature for feature in WINDOW if feature.spec.sensor == sensor]
    short, full = (
        measure_windows(features, Signal(values, signal.fs, signal.channels))
        for values in (signal.values.astype(np.float32), signal.values)
    )
    for column, feature in enumerate(features):
        # twitches are counted in three fifths of a window
        loose = 1.7 / signal.seconds.min() if feature.spec.name in COUNTS else 1e-5
        if feature.spec.name not in {"jerk_length_s", "jerk_spacing_s", "turning_arc_length", "pen_arc_length"}:
            np.testing.assert_allclose(short[:, column], full[:, column], rtol=1e-3, atol=loose)


def motion(seed, rate):
    """Make voluntary movement, a tremor and their overtones below 9 Hz, the same at every rate."""
    stream = np.random.default_rng(seed)
    time = np.arange(round(4 * rate)) / rate
    bands = [(0.3, 1.5, 0.3), (3.0, 5.5, 0.4), (4.0, 6.0, 0.1), (6.0, 9.0, 0.05)]
    waves = [
        (size * stream.normal(size=3))[:, None]
        * np.sin(2 * np.pi * stream.uniform(low, high) * time + stream.uniform(0, 6))
        for low, high, size in bands
    ]
    return sum(waves) + np.array([0.0, 0.6, 0.8])[:, None]


EXACT = {
    "tremor_rms_g", "tremor_line_rms_g", "tremor_peak_hz", "tremor_peak_power_share", "tremor_width_hz",
    "power_0_to_2_hz_share", "power_2_to_4_hz_share", "power_4_to_7_hz_share", "power_7_to_12_hz_share",
    "slow_against_fast_tremor_ratio", "tremor_harmonic_ratio", "tremor_stability_hz", "tremor_modulation_ratio",
    "main_line_hz", "movement_rms_g", "jerk_rms_g_per_s", "spectral_entropy_ratio", "regularity_ratio",
    "one_line_share", "swing_mean_deviation_g", "repetition_hz", "steps_hz", "rotation_rms_deg_per_s", "gravity_g",
    "zero_crossings_hz", "turning_points_hz", "jerks_hz", "tilt_deg", "tilt_drift_deg", "peakedness_ratio",
    "upright_x_ratio", "upright_y_ratio", "upright_z_ratio",
    "one_sidedness_ratio", "swing_quartile_range_g", "frequency_spread_ratio",
}  # fmt: skip

LOOSE = {
    "permutation_entropy_ratio",
    "line_length_g_per_s",
    "mean_frequency_hz",
    "turning_log_jerk",
    "turning_arc_length",
}


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate != 100.0])
def test_the_sampling_rate_does_not_decide_a_feature(rate):
    """Half of all movements differ by less than a tenth of the spread between people, a quarter in those that can't.

    A tenth of a standard deviation: less than a clinic sees from one day to the next. The looser ones take differences
    of samples or follow a single kink, and are named.
    """
    names = sorted(EXACT | LOOSE)
    features = [feature for feature in WINDOW if feature.spec.name in names]
    assert len(features) == len(names)
    there, here = (
        measure_windows(features, Signal(np.stack([motion(seed, hz) for seed in range(60)]), np.full(60, hz)))
        for hz in (rate, 100.0)
    )
    for column, feature in enumerate(features):
        bar = 0.1 if feature.spec.name in EXACT else 0.3
        moved = np.nanmedian(np.abs(there[:, column] - here[:, column]))
        assert moved <= bar * np.nanstd(here[:, column]) + 1e-12, (feature.spec.name, rate)


NOT_COMPARED = {
    "power_12_to_20_hz_share": "no movement up there; below 40 Hz missing, as the next test says",
    "below_40_hz_state": "says what the rate is",
    "clipped_share": "counts samples at one reading",
    "jerk_length_s": "these movements have no jerks",
    "jerk_spacing_s": "these movements have no jerks",
    "twitches_hz": "these movements have no twitches; the test of twitches goes through all rates",
}


def test_every_feature_is_compared_between_rates_or_says_why_not():
    of_movement = {each.spec.name for each in WINDOW if each.spec.sensor in ("accelerometer", "gyroscope")}
    assert of_movement == EXACT | LOOSE | set(NOT_COMPARED)


def pull(seed, rate):
    """Make the activity of two muscles from lines between 60 and 300 Hz, in bursts, the same at every rate."""
    stream = np.random.default_rng(seed)
    time = np.arange(round(4 * rate)) / rate
    hertz, shift = stream.uniform(60, 300, (2, 30, 1)), stream.uniform(0, 6, (2, 30, 1))
    gates = 1 / (1 + np.exp(-60 * (np.sin(2 * np.pi * stream.uniform(3, 6) * time + np.array([[0.0], [2.0]])) - 0.3)))
    return stream.uniform(20, 60) * np.sin(2 * np.pi * hertz * time + shift).sum(axis=1) * (gates + 0.02)


def script(seed, rate):
    """Make a line of writing with a tremor of tenths of a millimetre and a pen that is pressed and lifted."""
    stream = np.random.default_rng(seed)
    time = np.arange(round(4 * rate)) / rate
    hertz, tremor = stream.uniform(1.5, 4), stream.uniform(0.05, 0.3)
    x = 8 * time + 2 * np.sin(2 * np.pi * hertz * time)
    y = 3 * np.cos(2 * np.pi * hertz * time) + tremor * np.sin(2 * np.pi * stream.uniform(5, 8) * time)
    return np.stack([x, y, np.maximum(0.4 + np.sin(2 * np.pi * stream.uniform(0.3, 0.8) * time), 0.0)])


@pytest.mark.parametrize(
    ("sensor", "make", "usual", "rate"),
    [("emg", pull, 1000.0, 2000.0), ("pen", script, 200.0, 100.0), ("pen", script, 200.0, 128.0)],
)
def test_muscles_and_pens_are_the_same_at_their_rates(sensor, make, usual, rate):
    """As for movement: half of all differ by less than a tenth of the spread between people."""
    features = [feature for feature in WINDOW if feature.spec.sensor == sensor]
    there, here = (
        measure_windows(
            features, Signal(np.stack([make(seed, hz) for seed in range(40)]), np.full(40, hz), SENSORS[sensor].all)
        )
        for hz in (rate, usual)
    )
    for column, feature in enumerate(features):
        moved = np.nanmedian(np.abs(there[:, column] - here[:, column]))
        assert moved <= 0.1 * np.nanstd(here[:, column]) + 1e-12, feature.spec.name


@pytest.mark.parametrize(("rate", "missing"), [(25.0, True), (31.25, True), (40.0, False), (200.0, False)])
def test_a_band_above_half_the_rate_is_missing_and_flagged(rate, missing):
    """A shorter band would look like less tremor."""
    features = [each for each in WINDOW if each.spec.name in {"power_12_to_20_hz_share", "below_40_hz_state"}]
    band, flag = measure_windows(features, Signal(motion(1, rate)[None], np.array([rate])))[0]
    assert np.isnan(band) == missing
    assert flag == float(missing)


@given(begin=st.floats(-1e6, 1e6))
def test_when_the_clock_began_does_not_show(begin):
    """Seconds since start-up, or since 1970."""
    make = partial(lambda time: shaking(5.1 * time, 0.1 + 0.05 * np.sin(time), 3 * time))
    there, here = row("posture", make, begin=begin, seconds=13.0), row("posture", make, seconds=13.0)
    assert there.isna().equals(here.isna())
    np.testing.assert_allclose(there.dropna(), here.dropna(), rtol=1e-5, atol=1e-6)


def test_left_and_right_are_mirror_images():
    """The worse side's features do not tell which side it is."""
    make = partial(lambda time: shaking(4.7 * time, 0.1, 20.0))
    mirrored = partial(lambda time: np.diag([-1.0, 1.0, 1.0]) @ make(time))
    left, right = row("posture", make), row("posture", mirrored, site="wrist_right")
    # to the right is to the left there
    right[POSTURE + "median__upright_x_ratio"] *= -1
    pd.testing.assert_series_equal(left, right, rtol=1e-9)


@pytest.mark.parametrize("kind", sorted(SENSORS))
def test_a_window_with_a_gap_spoils_nothing_else(kind):
    """Values that are not finite cost their own window; the others' values are as without."""
    values = np.random.default_rng(5).normal(size=(8, len(SENSORS[kind].all), 400)) * 100 + 1
    features = [each for each in WINDOW if each.spec.sensor == kind]
    whole = measure_windows(features, Signal(values, np.full(8, 100.0), SENSORS[kind].all))
    values[3, 0, 7], values[5, 1, 9] = np.nan, np.inf
    holed = measure_windows(features, Signal(values, np.full(8, 100.0), SENSORS[kind].all))
    assert np.isnan(holed[[3, 5]]).all()
    kept = [0, 1, 2, 4, 6, 7]
    np.testing.assert_array_equal(holed[kept], whole[kept])


@pytest.mark.parametrize(
    "feature",
    [each for each in CATALOGUE if each.spec.level != "record" and each.spec.kind == "model"],
    ids=lambda each: each.spec.name,
)
def test_every_sensor_feature_says_its_formula(feature):
    """A reader can compute it again: the formula stands with it, and where it departs from its source."""
    assert "\n    Formula: " in feature.__doc__
