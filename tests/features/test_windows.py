"""Recordings cut into windows by their own clock."""

from dataclasses import replace
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.features import windows
from pipeline.features.windows import STEP_S, cuts
from pipeline.records import WINDOW_S, Recording, Samples
from pipeline.testing import recordings


def recording(time, values, rate_hz=100.0):
    opened = partial(Samples, np.asarray(time, dtype=float), np.asarray(values, dtype=float))
    return Recording("r", "p", "v", "head", "rest", "accelerometer", rate_hz, opened)


def cut(given):
    """Return the windows of a recording that is not long."""
    (found,) = cuts(given)
    return found


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


@given(recordings(form="dirty", max_seconds=30.0), st.integers(150, 2000), st.integers(1, 700))
def test_a_long_recording_is_cut_like_a_short_one(drawn, stretch, piece):
    """However it comes in pieces, and however many samples are looked at together: the same windows."""

    def pieces():
        samples = drawn.open()
        for start in range(0, len(samples.time_s), piece):
            at = slice(start, start + piece)
            yield Samples(samples.time_s[at], samples.values[:, at])

    whole = cut(drawn)
    with patch.object(windows, "STRETCH", stretch):
        found = list(cuts(replace(drawn, pieces=pieces)))
    # a clock that jitters has another median in its first stretch than in all: a window may come or go at the edge
    if drawn.open.fault != "jitter":
        assert {each.samples for each in found} == {whole.samples}
        np.testing.assert_allclose(np.concatenate([each.start_s for each in found]), whole.start_s, atol=1e-9)
        np.testing.assert_allclose(np.concatenate([each.fs for each in found]), whole.fs, rtol=1e-12)
        np.testing.assert_allclose(found[-1].usable_share, whole.usable_share)
        np.testing.assert_allclose(found[-1].duration_s, whole.duration_s, rtol=1e-9)
        shown = [each.values[:, at : at + each.samples] for each in found for at in each.begins]
        for one, at in zip(shown, whole.begins, strict=True):
            np.testing.assert_array_equal(one, whole.values[:, at : at + whole.samples])


@pytest.mark.parametrize("piece", [100, 250, 1000])
def test_a_long_recording_holds_no_more_than_a_stretch_and_a_window(piece):
    """A day of samples takes no more memory than an hour, and its windows' samples are there."""
    time, values = np.arange(20_000) / 100, noise(20_000)
    drawn = recording(time, values)

    def pieces():
        for start in range(0, len(time), piece):
            yield Samples(time[start : start + piece], values[:, start : start + piece])

    with patch.object(windows, "STRETCH", 1000):
        found = list(cuts(replace(drawn, pieces=pieces)))
    assert len(found) == 20
    assert max(each.values.shape[1] for each in found) <= 1000 + 400 + 1
    assert sum(len(each.begins) for each in found) == 99


@pytest.mark.parametrize("declared", [104.17, 31.26, 99.62])
def test_a_rate_that_the_clock_bears_out_sets_the_windows_length(declared):
    """A sensor of 104.17 Hz is not rounded to 104: the declared rate counts if the clock is within 0.5 %."""
    for off in (-0.0045, 0.0045):
        time = np.arange(1300) / (declared * (1 + off))
        assert cut(recording(time, noise(1300), declared)).samples == round(WINDOW_S * declared)
    for off in (-0.0065, 0.0065):
        measured = declared * (1 + off)
        found = cut(recording(np.arange(1300) / measured, noise(1300), declared))
        assert found.samples == round(WINDOW_S * float(f"{measured:.3g}"))


@given(st.sampled_from([25.0, 31.25, 40.0, 50.0, 64.0, 128.0, 200.0, 2000.0]), st.integers(1, 345_600_000))
def test_the_same_clock_read_days_later_has_the_same_rate(rate, seconds):
    """Its times are rounded otherwise; a frequency or a burst sharp at a threshold must not change sides for that."""
    time = np.arange(round(10 * rate)) / rate
    later = time + seconds
    assert (cut(recording(time, noise(len(time)), rate)).fs == rate).all()
    assert (cut(recording(later, noise(len(time)), rate)).fs == rate).all()


def test_a_clock_that_stands_still_between_two_samples_counts_by_its_steps_forward():
    """Times written in too few digits: the rate is that of the times that are there, and no window is made up."""
    found = cut(recording(np.repeat(np.arange(500) / 50, 2), noise(1000), 50.0))
    assert (found.samples, len(found.begins)) == (200, 0)


@pytest.mark.parametrize(("late", "used"), [(32, 1), (33, 0)])
def test_a_sample_may_be_late_by_half_a_period_and_no_more(late, used):
    """A period is 64 ticks of this clock; one sample comes late, and the next in time."""
    ticks = 64 * np.arange(256)
    ticks[100] += late
    assert len(cut(recording(ticks / 4096, noise(256), 64.0)).begins) == used


@pytest.mark.parametrize(("early", "used"), [(31, 1), (33, 0)])
def test_a_window_whose_last_sample_is_early_by_half_a_period_is_whole(early, used):
    """Four seconds end with the last sample's period, give or take the clock's jitter."""
    ticks = 64 * np.arange(256)
    ticks[-1] -= early
    assert len(cut(recording(ticks / 4096, noise(256), 64.0)).begins) == used


def test_one_change_is_no_stuck_sensor():
    values = np.zeros((3, 400))
    values[1, 250:] = 1.0
    assert len(cut(recording(np.arange(400) / 100, values)).begins) == 1


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


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_value_that_one_axis_lost_costs_its_windows(axis):
    values = noise(1000)
    values[axis, 500] = np.nan
    assert cut(recording(np.arange(1000) / 100, values)).start_s.tolist() == [0.0, 6.0]


def test_a_file_without_a_single_piece_is_a_recording_without_windows():
    found = cut(replace(recording([], np.empty((3, 0))), pieces=lambda: iter(())))
    assert (len(found.begins), found.duration_s) == (0, 0.0)


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
    assert len(found.begins) == len(found.start_s) == len(found.fs) == 0
    assert np.isnan(found.usable_share)
    np.testing.assert_allclose(found.duration_s, count / 100 if count > 1 else 0.0)
    assert found.samples == (400 if count > 1 else 0)


def test_a_recording_whose_clock_has_no_begin_has_no_length():
    found = cut(recording([np.nan, *np.arange(1, 500) / 100], noise(500)))
    assert (found.duration_s, len(found.begins)) == (0.0, 0)


def test_exactly_one_window_is_one_window():
    assert len(cut(recording(np.arange(400) / 100, noise(400))).begins) == 1


@pytest.mark.parametrize("shape", [(3, 99), (100,)])
def test_samples_without_their_times_are_refused(shape):
    """An error says where and what, and no id."""
    with pytest.raises(ContractError, match=r"recording of head, task 'rest': values of shape .* \[BAD_RECORDING\]"):
        cut(recording(np.arange(100) / 100, np.zeros(shape)))
