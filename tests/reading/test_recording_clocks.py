"""The table of faults for recordings: clocks, rates and gaps."""

import numpy as np
import pytest

from tests.reading.recordings_on_disk import csv_of, cut, movement, table_of


@pytest.mark.parametrize("spoil", ["swapped", "repeated", "reversed"])
def test_R3_a_clock_that_does_not_increase_is_noted_and_sorted_on_request_only(taken, spoil):
    """Sorted, the samples are those of the recording as it was; a repeated sample is taken once."""
    time, values = movement()
    order = np.arange(len(time))
    if spoil == "swapped":
        order[[500, 900]] = order[[900, 500]]
    elif spoil == "repeated":
        order = np.insert(order, 700, 700)
    else:
        order = order[::-1]
    content = csv_of(time[order], values[:, order])
    assert taken(content) == (None, ["TIMESTAMP_ORDER"])
    recording, notes = taken(content, options={"sort_timestamps": True})
    assert notes == ["TIMESTAMP_ORDER"]
    np.testing.assert_allclose(recording.open().time_s, time, atol=1e-9)
    np.testing.assert_allclose(recording.open().values, values, rtol=1e-8)
    assert taken(csv_of(time, values), options={"sort_timestamps": True})[1] == []


def test_R4_windows_with_gaps_are_left_out_and_many_lost_samples_noted(taken):
    """A gap is measured; a third of the samples lost says GAPS; windows that are whole are used all the same."""
    time, values = movement(seconds=60)
    kept = (time < 20) | (time >= 23)
    recording, notes = taken(csv_of(time[kept], values[:, kept]))
    assert notes == []
    assert recording.quality.gaps == 1
    assert recording.quality.longest_gap_s == pytest.approx(3.01)
    assert recording.quality.lost_share == pytest.approx(3 / 60, rel=1e-6)
    found = cut(recording)
    assert not any(begin + 4 > 20 and begin < 23 for begin in found.start_s)
    assert 0 < found.usable_share < 1
    kept = (time < 20) | (time >= 40)
    recording, notes = taken(csv_of(time[kept], values[:, kept]))
    assert notes == ["GAPS"]
    assert recording.flags == ("GAPS",)
    assert len(cut(recording).begins) > 10
    few = np.random.default_rng(1).random(len(time)) < 0.65
    recording, notes = taken(csv_of(time[few], values[:, few]))
    assert notes == ["GAPS"]
    assert recording.quality.lost_share == pytest.approx(0.35, abs=0.03)
    assert not len(cut(recording).begins)


@pytest.mark.parametrize(("rate", "noted"), [(50.0, []), (50.4, []), (51.2, ["RATE"]), (48.0, ["RATE"])])
def test_R5_the_measured_rate_is_used_and_more_than_two_percent_noted(taken, rate, noted):
    """Nothing is resampled: the samples are as many as there were, on their own clock."""
    time, values = movement(rate=rate)
    recording, notes = taken(csv_of(time, values), rate_hz=50)
    assert notes == noted
    assert recording.quality.rate_hz == pytest.approx(rate, rel=1e-6)
    np.testing.assert_allclose(recording.open().time_s, time, atol=1e-8)
    np.testing.assert_allclose(cut(recording).fs, rate, rtol=1e-6)


def test_R5_a_clock_that_drifts_is_noted(taken):
    """It is right on average, and five percent off at both ends."""
    steps = np.linspace(0.95, 1.05, 200_000) / 100
    time = np.cumsum(steps)
    values = movement(seconds=2000)[1]
    recording, notes = taken(table_of(time, values), file="s.parquet")
    assert notes == ["RATE"]
    assert recording.quality.rate_hz == pytest.approx(100, rel=0.02)


START = 1_700_000_000.0


"""In November 2023."""


@pytest.mark.parametrize(
    ("clock", "unit", "times", "expected"),
    [
        ("unix", "s", lambda t: START + t, []),
        ("unix", "ms", lambda t: (START + t) * 1e3, []),
        ("unix", "s", lambda t: (START + t) * 1e3, ["TIMESTAMP"]),
        ("unix", "ms", lambda t: START + t, ["TIMESTAMP"]),
        ("unix", "s", lambda t: t, ["TIMESTAMP"]),
        ("elapsed", "s", lambda t: (START + t) * 1e3, ["TIMESTAMP"]),
        ("elapsed", "ms", lambda t: START + t, ["TIMESTAMP"]),
        ("elapsed", "ns", lambda t: 4e15 + t * 1e9, []),
        ("deltas", "ms", lambda t: np.full(len(t), 10.0), []),
        ("deltas", "s", lambda t: np.full(len(t), 10.0), ["TIMESTAMP"]),
        ("counter", "", lambda t: 77 + np.arange(len(t)), []),
        ("local", "", lambda t: t, ["TIMESTAMP"]),
    ],
)
def test_R17_a_clock_is_what_it_is_declared_to_be(taken, clock, unit, times, expected):
    """Milliseconds for seconds, a counter for a date: no rate and no year makes sense of them."""
    time, values = movement()
    written = [f"{number:.6f}" for number in times(time)]
    lines = [",".join([moment, *(f"{v:.9g}" for v in line)]) for moment, line in zip(written, values.T, strict=True)]
    content = "\n".join(["when,x,y,z", *lines]) + "\n"
    recording, notes = taken(content, time_column="when", time_unit=unit, clock=clock)
    assert notes == expected
    if not expected:
        np.testing.assert_allclose(recording.open().time_s, time, atol=1e-6)


@pytest.mark.parametrize(("hours", "used"), [(1, True), (-1, False)])
@pytest.mark.parametrize("sort", [False, True])
def test_R17_summer_time_begins_or_ends(taken, hours, used, sort):
    """The hour that is given twice cannot be told apart, and is never sorted; one that is skipped is noted."""
    time, values = movement(seconds=60)
    moment = np.datetime64("2023-03-26T01:59:30", "ms") + (1000 * time).round().astype("timedelta64[ms]")
    moment[3000:] += np.timedelta64(hours, "h")
    lines = [f"{when},{x:.9g},{y:.9g},{z:.9g}" for when, x, y, z in zip(moment, *values, strict=True)]
    content = "\n".join(["when,x,y,z", *lines]) + "\n"
    found = taken(content, time_column="when", clock="local", options={"sort_timestamps": sort})
    assert (found[0] is not None) is used
    assert found[1][0] == "TIMESTAMP"


def test_R17_written_times_need_the_zone_that_is_declared(taken):
    time, values = movement()
    moment = np.datetime64("2023-07-01T12:00:00", "ms") + (1000 * time).round().astype("timedelta64[ms]")

    def content(zone):
        lines = [f"{when}{zone},{x:.9g},{y:.9g},{z:.9g}" for when, x, y, z in zip(moment, *values, strict=True)]
        return "\n".join(["when,x,y,z", *lines]) + "\n"

    assert taken(content("Z"), time_column="when", clock="utc")[1] == []
    assert taken(content("+02:00"), time_column="when", clock="utc")[1] == []
    assert taken(content(""), time_column="when", clock="local")[1] == []
    assert taken(content(""), time_column="when", clock="utc") == (None, ["TIMESTAMP"])
    assert taken(content("Z"), time_column="when", clock="local") == (None, ["TIMESTAMP"])
    for clock in ("elapsed", "unix"):
        assert taken(content("Z"), time_column="when", clock=clock) == (None, ["BAD_RECORDING"])


def test_R3_a_clock_with_a_step_as_long_as_numbers_go_is_judged(taken):
    """Found by the fuzzer: more lost samples than an integer holds are many lost samples, not a bug of ours."""
    time, values = movement()
    time[-1] = 1e308
    time[1:-1] = np.arange(1, len(time) - 1) * 1e-10
    _, notes = taken(csv_of(time, values))
    assert notes
