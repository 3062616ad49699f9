"""Recordings cut into windows by their own clock."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.features.windows import STEP_S, WINDOW_S, cut
from pipeline.records import Recording, Samples
from pipeline.testing import recordings


def recording(time, values, rate_hz=100.0):
    opened = partial(Samples, np.asarray(time, dtype=float), np.asarray(values, dtype=float))
    return Recording("r", "p", "v", "head", "rest", "accelerometer", rate_hz, opened)


def noise(count, seed=1):
    return np.random.default_rng(seed).normal(size=(3, count))


@given(recordings())
def test_windows_lie_inside_the_recording_and_are_as_long_as_they_say(drawn):
    """Four seconds every two seconds, and nothing made up at the end."""
    samples, found = drawn.open(), cut(drawn)
    seconds = len(samples.time_s) / drawn.rate_hz
    expected = max(int((seconds - WINDOW_S + 0.5 / drawn.rate_hz) // STEP_S) + 1, 0)
    assert len(found.begins) == expected
    np.testing.assert_allclose(found.start_s, STEP_S * np.arange(expected), atol=0.5 / drawn.rate_hz)
    np.testing.assert_allclose(found.fs, drawn.rate_hz, rtol=1e-9)
    assert found.samples == round(WINDOW_S * drawn.rate_hz)
    np.testing.assert_equal(found.usable_share, 1.0 if expected else np.nan)


@given(start=st.floats(-1e6, 1e9), rate=st.sampled_from([25.0, 99.9, 100.0, 104.0]))
def test_a_clock_may_start_anywhere_and_declare_a_slightly_other_rate(start, rate):
    """Seconds since boot, since 1970 or since the start: the windows are the same."""
    time = start + np.arange(round(10 * rate)) / rate
    found = cut(recording(time, noise(len(time)), rate * 1.003))
    # a window has as many samples as the declared rate says, so the last one may miss its end by a sample
    assert len(found.begins) in (3, 4)
    assert found.usable_share == 1.0
    np.testing.assert_allclose(found.fs, rate, rtol=1e-6)


def test_a_wrongly_declared_rate_gives_way_to_the_clock():
    """The clock is measured, the declaration is not."""
    time = np.arange(500) / 50
    found = cut(recording(time, noise(500), 100.0))
    assert found.samples == 200
    np.testing.assert_allclose(found.fs, 50.0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda time, values: (np.delete(time, 500), np.delete(values, 500, axis=1)),
        lambda time, values: (np.where(time >= 5, time + 2.0, time), values),
        lambda time, values: (np.where(np.arange(1000) == 500, np.nan, time), values),
        lambda time, values: (np.where(np.arange(1000) == 500, time - 0.1, time), values),
        lambda time, values: (time, np.where(np.arange(1000) == 500, np.nan, values)),
        lambda time, values: (time, np.where(np.arange(1000) == 500, np.inf, values)),
    ],
    ids=["lost sample", "gap", "lost time", "clock goes back", "missing value", "infinite value"],
)
def test_a_window_with_a_break_is_not_used_and_the_others_are(spoil):
    """A break costs the windows that hold it, and the share of those left is told."""
    found = cut(recording(*spoil(np.arange(1000) / 100, noise(1000))))
    assert 0 < len(found.begins) < 4
    assert 0 < found.usable_share < 1
    assert len(set(found.begins)) == len(found.begins)
    for begin in found.begins:
        assert not begin < 500 < begin + found.samples


def test_no_window_starts_inside_a_gap_or_comes_twice():
    """Windows keep to every second second; those that a long gap swallows are lost, not gathered behind it."""
    time = np.arange(1000) / 100
    found = cut(recording(np.where(time >= 5, time + 5.0, time), noise(1000)))
    assert found.start_s.round(6).tolist() == [0.0, 10.0]
    assert found.usable_share == 2 / 6


def test_a_stuck_sensor_gives_no_windows():
    """A flat line is a fault, not a patient without tremor."""
    found = cut(recording(np.arange(1000) / 100, np.ones((3, 1000))))
    assert len(found.begins) == 0
    assert found.usable_share == 0.0


@pytest.mark.parametrize("count", [0, 1, 2, 399])
def test_a_recording_shorter_than_a_window_has_none(count):
    found = cut(recording(np.arange(count) / 100, noise(count)))
    assert len(found.begins) == 0
    assert np.isnan(found.usable_share)


def test_exactly_one_window_is_one_window():
    assert len(cut(recording(np.arange(400) / 100, noise(400))).begins) == 1


@pytest.mark.parametrize("shape", [(3, 99), (100,)])
def test_samples_without_their_times_are_refused(shape):
    """An error says where and what, and no id."""
    with pytest.raises(ContractError, match=r"recording of head, task 'rest': values of shape .* \[BAD_RECORDING\]"):
        cut(recording(np.arange(100) / 100, np.zeros(shape)))
