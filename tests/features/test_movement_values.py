"""Features of movements and postures of which the answer is known."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.features.made_visits import RATES, increasing, row, shaking, visit


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
