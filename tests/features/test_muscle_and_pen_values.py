"""Features of muscles and pens, on bursts and loops of which the answer is known."""

from functools import partial

import numpy as np
import pytest

from tests.features.made_visits import ACTION, increasing, row, visit


def muscles(time, *, length=0.1, rate=5.0, shift=0.0, size=100.0, tonic=0.0):
    """Make bursts of a length and rate in a muscle, and in its antagonist by a part of a cycle later."""
    noise = np.random.default_rng(1).normal(size=(2, len(time)))
    on = [(rate * time - late) % 1 < length * rate for late in (0.0, shift)]
    return size * noise * (np.stack(on) + tonic + 0.01)


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
