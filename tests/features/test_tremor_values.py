"""Features of tremor and of how even movement is, on swings of which the answer is known."""

from functools import partial

import numpy as np
import pytest

from tests.features.made_visits import POSTURE, increasing, row, shaking


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
