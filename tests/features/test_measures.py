"""What is read off windows, against plain loops; and where each rule begins to hold: at its threshold, not near it."""

import gc
import weakref
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter1d

from pipeline.features import spectrum
from pipeline.features.bursts import runs
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.emg import burst_length_s, bursts_hz, tonic_share
from pipeline.features.measure import measure_windows, quantile_by, strong_median_by
from pipeline.features.movement import movement_rms_g, regularity_ratio
from pipeline.features.posture import sustained_deviation_s, tilt_deg, tilt_range_deg
from pipeline.features.repetition import (
    amplitude_drift_ratio,
    rate_drift_ratio,
    repetition_hz,
    steps_hz,
    steps_variability_ratio,
)
from pipeline.features.shape import interquartile_range, permutation_entropy
from pipeline.features.signal import Signal
from pipeline.features.smoothness import log_dimensionless_jerk, spectral_arc_length
from pipeline.features.spectrum import band_power, half_power_width, strongest_bin, strongest_line, vertex
from pipeline.features.tremor import main_line_hz, tremor_peak_hz, tremor_peak_power_share, tremor_rms_g
from pipeline.features.tremor_course import null_point_ratio, tremor_drift_hz, tremor_windows_share
from pipeline.features.views import RecordingView
from pipeline.vocabulary import SENSORS

WINDOW = [feature for feature in CATALOGUE if feature.spec.level == "window"]
STILL = {
    "accelerometer": {
        "tremor_rms_g": 0.0, "movement_rms_g": 0.0, "jerk_rms_g_per_s": 0.0, "line_length_g_per_s": 0.0,
        "swing_quartile_range_g": 0.0, "swing_mean_deviation_g": 0.0, "tilt_deg": 60.0, "tilt_drift_deg": 0.0,
        "clipped_share": 0.0, "gravity_g": 0.5, "below_40_hz_state": 0.0,
        "upright_x_ratio": np.sin(np.pi / 3), "upright_y_ratio": 0.0, "upright_z_ratio": 0.5,
    },
    "gyroscope": {"rotation_rms_deg_per_s": 0.0},
    "emg": {"muscle_activity_uv": 0.0, "bursts_hz": 0.0, "tonic_share": 0.0},
    "pen": {"pen_speed_mm_per_s": 0.0, "pen_in_air_share": 0.0, "pen_pressure_variation_ratio": 0.0},
}  # fmt: skip
UNDIRECTED = {
    "upright_x_ratio",
    "upright_y_ratio",
    "upright_z_ratio",
    "tilt_deg",
    "tilt_drift_deg",
    "gravity_g",
    "pen_in_air_share",
    "pen_pressure_variation_ratio",
}


@pytest.mark.parametrize("sensor", SENSORS)
def test_what_does_not_move_has_sizes_of_zero_and_no_frequency_and_no_shape(sensor):
    """A limb at rest is no smooth one, nor a regular one: such a feature is missing, and a size is zero."""
    features = [each for each in WINDOW if each.spec.sensor == sensor]
    names = SENSORS[sensor].all
    held = np.array([0.5 * np.sin(np.pi / 3), 0.0, 0.25])[: len(names)]
    windows = np.tile(np.stack([held, np.zeros(len(names))])[:, :, None], 400)
    found, nothing = measure_windows(features, Signal(windows, np.full(2, 100.0), names))
    seen = {each.spec.name: value for each, value in zip(features, found, strict=True) if not np.isnan(value)}
    assert seen == pytest.approx(STILL[sensor])
    for each, value in zip(features, nothing, strict=True):
        if each.spec.name not in UNDIRECTED:
            np.testing.assert_equal(value, STILL[sensor].get(each.spec.name, np.nan))


def view(**values):
    """Make a recording whose windows have these values, one every two seconds."""
    count = len(next(iter(values.values())))
    return RecordingView(2.0 * np.arange(count), 2.0 * count + 2.0, 1.0, {k: np.array(v) for k, v in values.items()})


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.5, 2.99, 3.0, 3.01, 12.0]),
            st.sampled_from([0.0, 0.199, 0.2, 0.201, 1.0]),
            st.sampled_from([0.0, 0.0019, 0.002, 0.0021, 1.0]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_window_has_tremor_from_3_hz_a_fifth_of_the_power_and_2_mg_on(windows):
    line, share, strength = zip(*windows, strict=True)
    seen = view(main_line_hz=line, tremor_peak_power_share=share, tremor_rms_g=strength)
    expected = np.mean([hertz >= 3 and part >= 0.2 and size >= 0.002 for hertz, part, size in windows])
    np.testing.assert_allclose(tremor_windows_share(seen), expected)
    assert {main_line_hz, tremor_peak_power_share, tremor_rms_g} == set(tremor_windows_share.spec.needs)


@pytest.mark.parametrize(
    ("feature", "needed", "least"),
    [
        (tremor_drift_hz, tremor_peak_hz, 4),
        (null_point_ratio, tremor_rms_g, 4),
        (steps_variability_ratio, steps_hz, 3),
        (tilt_range_deg, tilt_deg, 2),
        (sustained_deviation_s, tilt_deg, 1),
        (amplitude_drift_ratio, movement_rms_g, 5),
        (rate_drift_ratio, repetition_hz, 5),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_recordings_feature_needs_so_many_windows_and_no_more(feature, needed, least):
    """Fewer would be a guess; to ask for more would lose short bedside recordings."""
    assert np.isfinite(feature(view(**{needed.spec.name: np.linspace(1, 2, least)})))
    assert np.isnan(feature(view(**{needed.spec.name: np.linspace(1, 2, least - 1)})))


@given(st.lists(st.one_of(st.just(np.nan), st.floats(0.1, 9)), min_size=1, max_size=9))
def test_late_over_early_halves_as_a_plain_loop_does(sizes):
    """Windows that start in the second half against those before; two of each at least."""
    seen = view(movement_rms_g=sizes)
    late = [size for at, size in enumerate(sizes) if 2 * at >= len(sizes) + 1 - 1e-6]
    early = sizes[: len(sizes) - len(late)]
    known = [[size for size in half if not np.isnan(size)] for half in (late, early)]
    expected = np.median(known[0]) / np.median(known[1]) if min(map(len, known)) > 1 else np.nan
    np.testing.assert_allclose(amplitude_drift_ratio(seen), expected)


@given(hertz=st.floats(0.05, 0.15), rate=st.sampled_from([25.0, 50.0, 100.0]))
def test_a_slow_drift_has_no_rhythm(hertz, rate):
    """What has not turned back within two seconds is like itself a moment later, and repeats nothing."""
    time = np.arange(round(4 * rate)) / rate
    sway = np.stack([np.cos(2 * np.pi * hertz * time), 0.1 * time, np.ones_like(time)])
    assert regularity_ratio(Signal(sway[None], np.array([rate]))) == 0.0


@pytest.mark.parametrize(("hertz", "found"), [(0.47, False), (0.55, True), (6.0, True)])
def test_a_rhythm_has_periods_of_up_to_two_seconds(hertz, found):
    time = np.arange(1600) / 100
    swing = np.stack([np.sin(2 * np.pi * hertz * time), 0 * time, 0 * time + 1])
    assert (regularity_ratio(Signal(swing[None], np.array([100.0])))[0] > 0.9) == found


@given(rate=st.sampled_from([25.0, 40.0, 100.0]), off=st.sampled_from([0.0, -0.004, 0.0045]))
def test_a_clock_that_is_a_hair_slow_reaches_the_band_of_its_nominal_rate(rate, off):
    """Up to half a per cent; what lies above half its own rate is not made up, and all below it counts."""
    noise = np.random.default_rng(1).normal(size=(1, 3, 400))
    signal = Signal(noise, np.array([rate * (1 - off)]))
    assert signal.reaches(rate / 2)
    high = band_power(signal, rate / 3, rate / 2)
    parts = band_power(signal, 0.0, rate / 3) + high
    within = signal.frequency[0] < rate / 2
    whole = signal.power[0, within].sum() * signal.bin_hz[0]
    np.testing.assert_allclose(parts, whole, rtol=0.01)
    assert high > 0.2 * whole


def test_the_highest_frequency_is_reached_and_none_above():
    signal = Signal(np.random.default_rng(1).normal(size=(2, 3, 100)), np.array([25.0, 31.0]))
    for window, hertz in enumerate(signal.highest_hz):
        assert signal.reaches(hertz)[window]
        assert not signal.reaches(np.nextafter(hertz, 99))[window]
        assert np.isfinite(band_power(signal, 2.0, hertz)[window])
        assert np.isnan(band_power(signal, 2.0, np.nextafter(hertz, 99))[window])


def lines(*bins, samples=200):
    """Return a signal whose power has the shape of these bins."""
    signal = Signal(np.random.default_rng(1).normal(size=(1, 1, samples)), np.array([2.0 * samples]), ("muscle",))
    power = np.full((1, samples + 1), 1e-3)
    power[0, : len(bins)] = bins
    signal.__dict__["power"] = power
    return signal


@pytest.mark.parametrize(("edge", "found"), [(0.2, 4), (0.26, -1), (0.3, -1), (-0.3, 4)])
def test_a_line_on_a_bands_edge_belongs_to_it_by_a_quarter_of_a_bin(edge, found):
    """Bins lie 1 Hz apart here: a clock that is a hair off moves no line out of its band, and none in from afar."""
    signal = lines(0.1, 0.2, 0.3, 0.4, 9.0, 0.4)
    assert strongest_bin(signal, 4.0 + edge, 20.0) == found
    assert strongest_bin(signal, 0.5, 4.0 - edge) == found


@given(st.lists(st.integers(1, 6).map(float), min_size=3, max_size=12))
def test_the_strongest_line_is_the_highest_local_maximum(bins):
    """Of neighbours alike, the first; a spectrum that only falls or rises has none."""
    bins = [*bins, 0.5, 0.25]
    tops = [at for at in range(1, len(bins) - 1) if bins[at - 1] < bins[at] >= bins[at + 1]]
    best = max(tops, key=lambda at: (bins[at], -at), default=-1)
    signal = lines(*bins)
    assert strongest_bin(signal, 0.5, 30.0) == best
    line = strongest_line(signal, 0.5, 30.0)[0]
    if best < 0:
        assert np.isnan(line)
        assert np.isnan(half_power_width(signal, 0.5, 30.0)[0])
    else:
        logs = np.log(bins[best - 1 : best + 2])
        top = np.polyfit([-1, 0, 1], logs, 2)
        expected = best - top[1] / (2 * top[0]) if top[0] < -1e-9 else best
        np.testing.assert_allclose(line, np.clip(expected, 0.5, 30.0), atol=1e-9)


@example([6.0, 7.0], [6.0, 7.0])
@given(st.lists(st.floats(1.0, 9.0), min_size=2, max_size=4), st.lists(st.floats(1.0, 9.0), min_size=2, max_size=4))
def test_the_width_at_half_power_is_that_of_a_plain_walk_down_both_sides(left, right):
    """From the top outwards to where a straight line between bins crosses half of it."""
    bins = np.array([0.5, *sorted(left), 10.0, *sorted(right)[::-1], 0.25])
    top = len(left) + 1

    def reach(step):
        at = top
        while bins[at] >= 5.0:
            at += step
        inner = bins[at - step]
        return abs(at - top) - (5.0 - bins[at]) / (inner - bins[at])

    np.testing.assert_allclose(half_power_width(lines(*bins), 0.5, 30.0), reach(-1) + reach(1), atol=1e-9)


def test_a_line_that_does_not_fall_to_half_has_no_width():
    assert np.isnan(half_power_width(lines(*([6.0] * 100 + [10.0] + [6.0] * 100)), 0.5, 190.0)[0])


def test_three_in_a_row_have_no_vertex_but_the_middle():
    ends = [np.array([value]) for value in (1.0, 2.0, 3.0)]
    assert vertex(*ends) == 0.0
    assert vertex(ends[0], ends[1], ends[0]) == 0.0
    assert vertex(ends[1], ends[0], ends[1]) == 0.0


def plain_sparc(speed, fs):
    """The published procedure, step by step (Balasubramanian 2015)."""
    size = int(2 ** (np.ceil(np.log2(len(speed))) + 4))
    height, hertz = np.abs(np.fft.rfft(speed, size)), np.arange(size // 2 + 1) * fs / size
    height = height / height.max()
    kept = np.flatnonzero((hertz <= 10.0) & (height >= 0.05))
    height, hertz = height[kept[0] : kept[-1] + 1], hertz[kept[0] : kept[-1] + 1]
    hertz = (hertz - hertz[0]) / (hertz[-1] - hertz[0])
    return -np.sum(np.sqrt(np.diff(hertz) ** 2 + np.diff(height) ** 2))


@given(
    arrays(np.float64, st.tuples(st.just(3), st.integers(40, 130)), elements=st.floats(0, 9)),
    st.lists(st.sampled_from([16.0, 20.0, 25.0, 50.0, 100.0]), min_size=3, max_size=3),
)
def test_arc_length_and_jerk_are_the_published_ones_at_every_rate(speed, rates):
    """Windows of several rates at once, slow ones too, whose spectrum ends below 10 Hz."""
    assume((np.ptp(speed, axis=1) > 1e-3).all())
    fs = np.array(rates)
    expected = [plain_sparc(one, rate) for one, rate in zip(speed, rates, strict=True)]
    np.testing.assert_allclose(spectral_arc_length(speed, fs), expected, rtol=1e-9)
    seconds = speed.shape[1] / fs
    jerk = (np.diff(speed, 2, axis=1) * fs[:, None] ** 2) ** 2
    cost = jerk.sum(axis=1) / fs * seconds**3 / speed.max(axis=1) ** 2
    assume((cost > 1e-9).all())
    np.testing.assert_allclose(log_dimensionless_jerk(speed, fs), -np.log(cost), rtol=1e-9)


def test_a_speed_that_never_changes_has_no_jerk():
    assert np.isnan(log_dimensionless_jerk(np.array([[2.0] * 50, [0.0] * 50]), np.full(2, 100.0))).all()
    assert np.isnan(spectral_arc_length(np.zeros((1, 50)), np.full(1, 100.0))).all()


@given(arrays(np.float64, st.tuples(st.just(2), st.integers(4, 30)), elements=st.floats(-9, 9)))
def test_quartiles_are_numpys(values):
    np.testing.assert_allclose(
        interquartile_range(values), np.subtract(*np.quantile(values, [0.75, 0.25], axis=1)), atol=1e-12
    )


@given(
    arrays(np.float64, st.integers(12, 40), elements=st.integers(-3, 3).map(float)), st.sampled_from([1.0, 2.0, 2.5])
)
def test_permutation_entropy_is_that_of_a_plain_loop(values, delay):
    """Orders of three values, equal ones in the order in which they come; between samples a straight line."""
    count = len(values) - int(np.ceil(2 * delay))
    at = [np.interp(np.arange(count) + step * delay, np.arange(len(values)), values) for step in range(3)]
    orders = [tuple(np.argsort(three, kind="stable")) for three in zip(*at, strict=True)]
    share = np.array([orders.count(order) for order in set(orders)]) / count
    expected = -(share * np.log(share)).sum() / np.log(6)
    np.testing.assert_allclose(permutation_entropy(values[None], delay), expected, atol=1e-12)
    values[len(values) // 2] = np.nan
    assert np.isnan(permutation_entropy(values[None], delay)).all()


@given(arrays(np.bool_, st.tuples(st.integers(1, 4), st.integers(4, 20))))
def test_stretches_are_those_of_a_plain_loop(on):
    """Count, total, mean and spacing of the stretches of each window."""
    fs = 10.0 + np.arange(len(on))
    found = runs(on, fs)
    every = np.ones(len(found.window), dtype=bool)
    for window, flags in enumerate(on):
        begins = [at for at in range(len(flags)) if flags[at] and not (at and flags[at - 1])]
        ends = [at + 1 for at in range(len(flags)) if flags[at] and not (at + 1 < len(flags) and flags[at + 1])]
        lengths = (np.array(ends) - begins) / fs[window]
        mine = found.window == window
        np.testing.assert_allclose(found.begin_s[mine], np.array(begins) / fs[window])
        np.testing.assert_allclose(found.length_s[mine], lengths)
        assert found.whole[mine].tolist() == [a > 0 and b < len(flags) for a, b in zip(begins, ends, strict=True)]
        assert found.count(every)[window] == len(begins)
        np.testing.assert_allclose(found.total_s(every)[window], lengths.sum())
        np.testing.assert_allclose(found.mean_s(every)[window], lengths.mean() if begins else np.nan)
        spacing = np.mean(np.diff(begins)) / fs[window] if len(begins) > 1 else np.nan
        np.testing.assert_allclose(found.spacing_s(every)[window], spacing)


SHORT = [(200 * at + 200, 1050.0 + 25.0 * at, 2) for at in range(18)]
"""Runs of 16 to 24 samples beside large bursts, some of 20: to the sample the shortest burst."""


@example(pulses=[(at, 300.0, 30) for at in range(100, 3900, 200)] + SHORT)
@example(pulses=[(at, 300.0, length) for at, length in ((500, 490), (2000, 488), (3000, 492))])
@given(
    pulses=st.lists(
        st.tuples(st.integers(0, 3999), st.floats(3, 3000), st.sampled_from([1, 10, 50, 800])), min_size=1, max_size=40
    )
)
def test_bursts_and_tonic_activity_are_those_of_a_plain_loop(pulses):
    """Above three tenths of the 95th percentile of the envelope; from 20 to 500 ms a burst, above that tonic."""
    raw = np.zeros(4000)
    for at, size, length in pulses:
        raw[at : at + length] += size * np.resize([1.0, -1.0], len(raw[at : at + length]))
    raw -= raw.mean()
    envelope = gaussian_filter1d(np.abs(raw), 10.0, mode="nearest", truncate=4.0)
    level = np.sort(envelope)[int(0.95 * 3999)]
    active = (envelope > 0.3 * level) if level >= 5.0 else np.zeros(4000, dtype=bool)
    ends = np.flatnonzero(np.diff(np.pad(active.astype(int), 1)))
    bursts, counted, tonic = [], 0, 0
    for begin, end in zip(ends[::2], ends[1::2], strict=True):
        inside = begin > 0 and end < 4000
        if inside and 20 <= end - begin <= 500:
            bursts.append((end - begin) / 1000)
        counted += (inside and 20 <= end - begin <= 500) or (begin > 0 and end == 4000 and end - begin <= 500)
        tonic += (end - begin) * (end - begin > 500)
    signal = Signal(raw[None, None], np.array([1000.0]), ("muscle",))
    np.testing.assert_allclose(burst_length_s(signal), np.mean(bursts) if bursts else np.nan)
    np.testing.assert_allclose(bursts_hz(signal), counted / 4)
    np.testing.assert_allclose(tonic_share(signal), tonic / 4000)


RUNS = st.lists(
    st.lists(st.tuples(st.one_of(st.just(np.nan), st.integers(0, 4).map(float)), st.sampled_from([0.0, 1.0, 2.0]))),
    max_size=4,
)


@given(RUNS)
def test_the_strong_median_is_the_value_at_which_half_of_the_weight_is_reached(given_runs):
    bounds = np.append(0, np.cumsum([len(run) for run in given_runs])).astype(int)
    values, strengths = (np.array([pair[at] for run in given_runs for pair in run], dtype=float) for at in (0, 1))
    found = strong_median_by(values, strengths, bounds)
    assert len(found) == len(quantile_by(values, bounds, 0.5)) == len(given_runs)
    for run, value in zip(given_runs, found, strict=True):
        known = sorted((each, strength**2) for each, strength in run if not np.isnan(each) and strength > 0)
        half, reached, expected = sum(weight for _, weight in known) / 2, 0.0, np.nan
        for each, weight in known:
            reached += weight
            expected = each
            if reached >= half:
                break
        np.testing.assert_equal(value, expected)


def test_what_several_features_ask_of_a_signal_is_computed_once():
    """The same spectrum serves them all: a feature more costs what it adds, not the whole again."""
    signal = Signal(np.random.default_rng(1).normal(size=(2, 3, 400)), np.full(2, 100.0))
    with patch.object(spectrum, "_strongest_bin", wraps=spectrum._strongest_bin) as computed:
        for _ in range(2):
            strongest_line(signal, 2.0, 12.0)
            half_power_width(signal, 2.0, 12.0)
    assert computed.call_count == 1


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_block_of_windows_is_gone_after_its_turn(sensor):
    """Nothing that is computed once holds the signal that holds it: memory would grow with the number of windows."""
    rate = 1000.0 if sensor == "emg" else 100.0
    values = np.random.default_rng(0).normal(size=(2, len(SENSORS[sensor].all), round(4 * rate)))
    features = [each for each in CATALOGUE if each.spec.level == "window" and each.spec.sensor == sensor]
    gc.disable()
    try:
        signal = Signal(values, np.full(2, rate), SENSORS[sensor].all)
        for feature in features:
            feature(signal)
        gone = weakref.ref(signal)
        del signal
        assert gone() is None
    finally:
        gc.enable()
