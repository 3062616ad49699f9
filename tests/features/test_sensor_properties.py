"""What must not change a sensor's feature, what it is at other sampling rates, and that it follows what it measures."""

from functools import partial
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pipeline.features.catalogue import CATALOGUE
from pipeline.features.extract import extract
from pipeline.features.measure import measure_windows
from pipeline.features.signal import Signal
from pipeline.features.spec import ROTATION
from pipeline.records import Cohort, Recording, Samples
from pipeline.testing import signals
from pipeline.units import ACCELERATION_TO_G
from pipeline.vocabulary import SENSORS

WINDOW = [feature for feature in CATALOGUE if feature.spec.level == "window"]
RATES = (25.0, 31.25, 50.0, 64.0, 100.0, 128.0, 200.0)
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


def row(task, make, *, site="wrist_left", sensor="accelerometer", rate=100.0, seconds=20.0, begin=0.0):
    """Return one visit's features of one recording, made by a function of time."""
    return visit((site, task, sensor, make), rate=rate, seconds=seconds, begin=begin)


def visit(*takes, rate=100.0, seconds=20.0, begin=0.0):
    time = np.arange(round(seconds * rate)) / rate
    recordings = tuple(
        Recording(f"r{number}", "a", "1", site, task, sensor, rate, partial(Samples, begin + time, make(time)))
        for number, (site, task, sensor, make) in enumerate(takes)
    )
    return extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), recordings=recordings)).iloc[0]


def shaking(phase, size=0.1, tilt=0.0):
    """Swing along one axis by a phase in turns, with gravity tilted by degrees."""
    tilt = np.radians(np.broadcast_to(tilt, phase.shape))
    return np.stack([np.sin(tilt) + size * np.sin(2 * np.pi * phase), np.zeros_like(phase), np.cos(tilt)])


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


POSTURE = "wrist_worse__posture__"


def increasing(values):
    assert (np.diff(values) > 0).all(), values


def test_more_jitter_is_less_stable_and_wider():
    """Cycles of a clock have no spread; the more they differ, the larger the index and the wider the line."""
    noise = np.cumsum(np.random.default_rng(2).normal(size=3000))
    rows = [
        row("posture", lambda time, by=by: shaking(5 * time + by * noise[: len(time)])) for by in (0, 0.01, 0.02, 0.04)
    ]
    stability = [each[POSTURE + "strong__tremor_stability_hz"] for each in rows]
    assert stability[0] < 0.01
    increasing(stability)
    increasing([each[POSTURE + "strong__tremor_width_hz"] for each in rows])


def test_the_stability_index_of_a_frequency_that_swings_is_known():
    """Of f + d sin(2 pi m t) each cycle's mean changes by up to 2 d sin(pi m / f) sinc(m / f), as a sine does."""
    centre, depth, rate = 6.0, 0.5, 1.25
    make = partial(lambda time: shaking(centre * time - depth / (2 * np.pi * rate) * np.cos(2 * np.pi * rate * time)))
    expected = np.sqrt(2) * 2 * depth * np.sin(np.pi * rate / centre) * np.sinc(rate / centre)
    found = row("posture", make, seconds=60.0)[POSTURE + "strong__tremor_stability_hz"]
    assert abs(found / expected - 1) < 0.15


@pytest.mark.parametrize("depth", [0.0, 0.2, 0.5])
def test_the_modulation_of_a_swelling_tone_is_known(depth):
    """A tone that swells by a share m has a modulation of m / sqrt(2)."""
    make = partial(lambda time: shaking(6 * time, 0.1 * (1 + depth * np.sin(2 * np.pi * time))))
    assert abs(row("posture", make)[POSTURE + "strong__tremor_modulation_ratio"] - depth / np.sqrt(2)) < 0.03


@pytest.mark.parametrize("over", [0.0, 0.1, 0.5])
def test_the_overtone_of_two_tones_is_their_ratio_of_amplitude(over):
    make = partial(lambda time: shaking(4.5 * time) + over * shaking(9 * time))
    assert abs(row("posture", make)[POSTURE + "strong__tremor_harmonic_ratio"] - over) < 0.003


def test_what_does_not_keep_twice_the_phase_is_no_overtone():
    """Noise as strong as the overtone changes it little; a tone that is a hertz off is none."""
    noise = np.random.default_rng(0).normal(size=100_000)

    def make(time, over, loud, off):
        return shaking(4.5 * time, 0.1) + over * shaking((9 + off) * time, 0.1) + loud * noise[: len(time)]

    name = POSTURE + "strong__tremor_harmonic_ratio"
    plain, noisy, foreign = (
        row("posture", partial(make, over=0.3, loud=loud, off=off))[name]
        for loud, off in ((0.0, 0.0), (0.02, 0.0), (0.0, 1.0))
    )
    assert abs(noisy / plain - 1) < 0.1
    assert foreign < 0.2 * plain


def test_the_overtone_of_an_uneven_tremor_is_that_of_an_even_one():
    """A frequency that swings by half a hertz takes its overtone along."""

    def make(time):
        turns = 5 * time - 0.5 / (2 * np.pi * 0.7) * np.cos(2 * np.pi * 0.7 * time)
        return shaking(turns) + 0.3 * shaking(2 * turns)

    assert abs(row("posture", make)[POSTURE + "strong__tremor_harmonic_ratio"] - 0.3) < 0.03


def test_a_larger_tremor_has_a_larger_amplitude_and_is_found_in_every_window():
    rows = [row("posture", lambda time, by=by: shaking(5 * time, by)) for by in (0.01, 0.05, 0.2)]
    for column in ("median__tremor_rms_g", "median__tremor_line_rms_g", "median__movement_rms_g"):
        increasing([each[POSTURE + column] for each in rows])
    assert [each[POSTURE + "whole__tremor_windows_share"] for each in rows] == [1.0] * 3


def test_tremor_that_comes_and_goes_is_there_for_its_share():
    make = partial(lambda time: shaking(5 * time, np.where(time < 10, 0.05, 0.0)) + 1e-5 * np.sin(7 * time))
    assert 0.45 <= row("posture", make)[POSTURE + "whole__tremor_windows_share"] <= 0.65


def test_a_tremor_that_speeds_up_drifts_up():
    rows = [row("posture", lambda time, by=by: shaking(5 * time + by * time**2)) for by in (-0.02, 0.0, 0.02)]
    drift = [each[POSTURE + "whole__tremor_drift_hz"] for each in rows]
    increasing(drift)
    # frequency grows by 2 * 0.02 Hz a second, over the 16 s between the first window's middle and the last one's
    np.testing.assert_allclose(drift, [-0.64, 0.0, 0.64], atol=0.02)


def test_smaller_and_slower_taps_are_a_larger_decrement():
    repeated = "wrist_worse__repeated__"
    smaller = [row("tapping", lambda time, by=by: shaking(3 * time, np.exp(-by * time))) for by in (0.1, 0.05, 0.0)]
    increasing([each[repeated + "whole__amplitude_drift_ratio"] for each in smaller])
    slower = [row("tapping", lambda time, by=by: shaking(4 * time - by * time**2)) for by in (0.06, 0.03, 0.0)]
    increasing([each[repeated + "whole__rate_drift_ratio"] for each in slower])
    assert abs(slower[-1][repeated + "strong__repetition_hz"] - 4) < 0.02


def test_a_held_head_that_wanders_has_its_range_and_time():
    """A head at 0 degrees that stands at 25 for ten seconds of thirty."""
    make = partial(lambda time: shaking(5 * time, 0.001, np.where((time > 10) & (time < 20), 25.0, 0.0)))
    found = row("posture", make, site="head", seconds=30.0)
    assert abs(found["head__posture__whole__tilt_range_deg"] - 25) < 2
    assert 6 <= found["head__posture__whole__sustained_deviation_s"] <= 12


def test_a_trick_that_halves_the_tremor_says_so():
    strong, weak = (partial(lambda time, by: shaking(5 * time, by, 30 * by * 10), by=by) for by in (0.1, 0.05))
    found = visit(("head", "posture", "accelerometer", strong), ("head", "trick", "accelerometer", weak))
    assert abs(found["head__trick_over_posture__tremor_ratio"] - -1 / 3) < 0.01
    assert abs(found["head__trick_over_posture__turned_deg"] - 15) < 0.5


def test_steps_have_their_cadence_and_uneven_ones_vary():
    def walk(time, wander):
        phase = 1.8 * time + wander * np.sin(2 * np.pi * time / 12)
        return shaking(phase) + 0.4 * shaking(2 * phase)

    rows = [row("gait", partial(walk, wander=by), site="lower_back", seconds=30.0) for by in (0.0, 0.3, 0.6)]
    assert abs(rows[0]["trunk__gait__strong__steps_hz"] - 1.8) < 0.02
    increasing([each["trunk__gait__whole__steps_variability_ratio"] for each in rows])


def test_jerks_are_counted_with_their_length_and_spacing():
    """A jerk every second and a half over a faint tremor."""

    def jerk(time):
        return shaking(6 * time, 0.01) + 0.5 * np.exp(-(((time % 1.5) - 0.75) ** 2) / 0.005)

    found = row("posture", jerk, site="head")
    assert abs(found["head__posture__median__jerks_hz"] - 1 / 1.5) < 0.15
    assert abs(found["head__posture__median__jerk_spacing_s"] - 1.5) < 0.02
    assert 0.1 < found["head__posture__median__jerk_length_s"] < 0.7


@pytest.mark.parametrize("rate", [each for each in RATES if each >= 50])
@pytest.mark.parametrize("size", [0.1, 0.3])
def test_twitches_are_counted_beside_a_larger_tremor(rate, size):
    """Pulses of 50 ms, 0.1 g high, 1.1 s apart, across a tremor as large or three times as large."""

    def make(time):
        place = (np.mod(time, 1.1) - 0.5) / 0.02
        noise = 0.001 * np.random.default_rng(1).normal(size=(3, len(time)))
        across = np.array([0.0, 0.1, 0.0])[:, None] * np.exp(-(place**2) / 2) * (1 - place**2)
        return shaking(5 * time, size) + across + noise

    found = row("posture", make, site="head", rate=rate)
    assert abs(found["head__posture__whole__twitch_rate_hz"] - 1 / 1.1) < 0.1


@given(st.integers(0, 1_000), st.floats(1.0, 60.0))
def test_the_offset_of_a_posture_does_not_depend_on_how_the_sensor_is_tied(seed, degrees):
    """By the tilt of one axis it would: a sensor that is tied askew sees half of a lean, or the opposite."""
    tie = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    rest, held = (partial(lambda time, by: tie @ shaking(5 * time, 1e-3, by), by=by) for by in (0.0, degrees))
    found = visit(*(("wrist_left", task, "accelerometer", make) for task, make in (("rest", rest), ("posture", held))))
    assert abs(found["wrist_worse__posture_over_rest__turned_deg"] - degrees) < 0.2


def test_tremor_makes_turning_less_smooth():
    def turn(time, by):
        speed = 90 * np.abs(np.sin(2 * np.pi * 0.25 * time)) + by * (1 + np.sin(2 * np.pi * 4 * time))
        return np.stack([speed, np.zeros_like(time), np.zeros_like(time)])

    rows = [row("action", partial(turn, by=by), sensor="gyroscope") for by in (20.0, 5.0, 1.0)]
    increasing([each["wrist_worse__action__median__turning_arc_length"] for each in rows[::2]])
    increasing([each["wrist_worse__action__median__turning_log_jerk"] for each in rows])


def muscles(time, *, length=0.1, rate=5.0, shift=0.0, size=100.0, tonic=0.0):
    """Make bursts of a length and rate in a muscle, and in its antagonist by a part of a cycle later."""
    noise = np.random.default_rng(1).normal(size=(2, len(time)))
    on = [(rate * time - late) % 1 < length * rate for late in (0.0, shift)]
    return size * noise * (np.stack(on) + tonic + 0.01)


ACTION = "wrist_worse__action__median__"


@pytest.mark.parametrize("rate", [1000.0, 2000.0])
def test_bursts_have_their_length_and_rate(rate):
    rows = [
        row("action", partial(muscles, length=length), sensor="emg", rate=rate, seconds=8.0)
        for length in (0.05, 0.08, 0.12)
    ]
    found = [each[ACTION + "burst_length_s"] for each in rows]
    increasing(found)
    # the envelope's 10 ms on each side, at three tenths of the height, make bursts up to 20 ms longer
    assert all(0 <= seen - made < 0.02 for seen, made in zip(found, (0.05, 0.08, 0.12), strict=True))
    assert all(abs(each[ACTION + "bursts_hz"] - 5) < 0.26 for each in rows)
    assert all(each[ACTION + "tonic_share"] == 0 for each in rows)


def test_a_muscle_that_never_rests_is_tonic_and_a_silent_one_has_nothing():
    steady = row("action", partial(muscles, length=0.0, tonic=1.0), sensor="emg", rate=1000.0, seconds=8.0)
    silent = row("action", partial(muscles, size=1.0), sensor="emg", rate=1000.0, seconds=8.0)
    assert steady[ACTION + "tonic_share"] > 0.95
    assert silent[ACTION + "tonic_share"] == silent[ACTION + "bursts_hz"] == 0.0
    assert np.isnan(silent[ACTION + "burst_length_s"])


def test_antagonists_that_pull_together_co_contract():
    rows = [
        row("action", partial(muscles, shift=shift), sensor="emg", rate=1000.0, seconds=8.0)
        for shift in (0.5, 0.25, 0.1, 0.0)
    ]
    increasing([each[ACTION + "co_contraction_share"] for each in rows])


def test_bursts_at_5_hz_are_a_slow_drive_and_those_at_10_are_not():
    slow, fast = (
        row("posture", partial(muscles, length=0.05, rate=rate), site="head", sensor="emg", rate=1000.0, seconds=8.0)
        for rate in (5.0, 10.0)
    )
    column = "head__posture__median__slow_drive_share"
    assert slow[column] > 0.3 > fast[column] + 0.2


def test_an_idle_arm_that_tenses_up_overflows():
    def made(by):
        return [
            (f"wrist_{side}", task, "emg", partial(muscles, size=size))
            for side, task, size in (
                ("left", "action", 200.0),
                ("left", "rest", 10.0),
                ("right", "action", by),
                ("right", "rest", 10.0),
            )
        ]

    rows = [visit(*made(by), rate=1000.0, seconds=8.0) for by in (10.0, 30.0, 90.0)]
    found = [each["wrist__action_over_rest__overflow_ratio"] for each in rows]
    increasing(found)
    np.testing.assert_allclose(found, [0.0, 0.5, 0.8], atol=1e-9)


@pytest.mark.parametrize("side", ["left", "right"])
def test_of_one_arm_alone_nobody_can_say_that_it_is_the_idle_one(side):
    made = [
        (f"wrist_{side}", task, "emg", partial(muscles, size=size))
        for task, size in (("action", 200.0), ("rest", 10.0))
    ]
    found = visit(*made, rate=1000.0, seconds=8.0)
    assert np.isnan(found["wrist__action_over_rest__overflow_ratio"])


def loops(time, *, rate=3.0, tremor=0.0, lifted=0.0):
    """Write loops, a stroke up and one down each, with a tremor of millimetres, and the pen lifted for a share."""
    x = 8 * time + 2 * np.sin(2 * np.pi * rate * time)
    y = 3 * np.cos(2 * np.pi * rate * time) + tremor * np.sin(2 * np.pi * 7 * time)
    return np.stack([x, y, np.where(time % 1 < lifted, 0.0, 0.5)])


def test_a_pen_has_its_strokes_smoothness_and_time_in_the_air():
    rows = [row("writing", partial(loops, rate=rate), sensor="pen", rate=200.0) for rate in (1.0, 2.0, 3.0)]
    np.testing.assert_allclose([each[ACTION + "strokes_hz"] for each in rows], [1, 2, 3], atol=0.13)
    increasing([each[ACTION + "pen_speed_mm_per_s"] for each in rows])
    trembling = [
        row("writing", partial(loops, rate=1.5, tremor=by), sensor="pen", rate=200.0) for by in (1.0, 0.3, 0.1)
    ]
    increasing([each[ACTION + "pen_log_jerk"] for each in trembling])
    increasing([each[ACTION + "pen_arc_length"] for each in trembling])
    lifted = [row("writing", partial(loops, lifted=by), sensor="pen", rate=200.0) for by in (0.0, 0.2, 0.5)]
    np.testing.assert_allclose([each[ACTION + "pen_in_air_share"] for each in lifted], [0, 0.2, 0.5], atol=0.01)


def test_a_swing_along_one_line_is_told_from_one_all_round():
    def circle(time, by):
        return np.stack([np.sin(10 * np.pi * time), by * np.cos(10 * np.pi * time), np.ones_like(time)])

    rows = [row("posture", partial(circle, by=by)) for by in (1.0, 0.5, 0.0)]
    found = [each[POSTURE + "median__one_line_share"] for each in rows]
    increasing(found)
    np.testing.assert_allclose(found, [0.5, 0.8, 1.0], atol=1e-6)


def test_noise_is_unpredictable_and_uneven():
    """White noise has all orders alike; a slow swing has few."""

    def swinging(time, by):
        noise = np.random.default_rng(3).normal(size=(3, len(time)))
        return shaking(1.0 * time, 1.0) + by * noise

    rows = [row("posture", partial(swinging, by=by)) for by in (0.001, 0.1, 3.0)]
    increasing([each[POSTURE + "median__permutation_entropy_ratio"] for each in rows])
    increasing([each[POSTURE + "median__spectral_entropy_ratio"] for each in rows])
    assert rows[-1][POSTURE + "median__permutation_entropy_ratio"] > 0.98


@pytest.mark.parametrize(
    "feature",
    [each for each in CATALOGUE if each.spec.level != "record" and each.spec.kind == "model"],
    ids=lambda each: each.spec.name,
)
def test_every_sensor_feature_says_its_formula(feature):
    """A reader can compute it again: the formula stands with it, and where it departs from its source."""
    assert "\n    Formula: " in feature.__doc__
