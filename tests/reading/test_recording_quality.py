"""The table of faults for recordings: what a sensor could not have seen, or did not see."""

import numpy as np
import pytest

from pipeline.features.extract import extract
from tests.reading.recordings_on_disk import ROW, csv_of, cut, movement, rows_of


def test_R8_what_is_stuck_is_missing_and_not_zero(taken):
    """A sensor that stands still throughout, or one axis of it, is left out; a stretch costs its windows."""
    time, values = movement(seconds=40)
    zeros, held, axis = np.zeros_like(values), np.repeat(values[:, :1], len(time), axis=1), values.copy()
    axis[1] = 0.25
    for dead in (zeros, held, axis):
        assert taken(csv_of(time, dead)) == (None, ["FLATLINE"])
    values[:, 1000:2000] = values[:, 1000:1001]
    recording, notes = taken(csv_of(time, values))
    assert notes == ["FLATLINE"]
    assert recording.quality.flat_share == pytest.approx(0.25, abs=0.001)
    assert np.isnan(recording.open().values[:, 1000:2000]).all()
    assert np.isfinite(recording.open().values[:, 2000:]).all()
    assert not any(begin + 4 > 10 and begin < 20 for begin in cut(recording).start_s)
    # a pen rests
    written = csv_of(time, values * 100, ("time_s", "x", "y", "pressure"))
    pen, notes = taken(written, sensor="pen", unit="mm", channels="x|y|pressure")
    assert notes == []
    assert np.isfinite(pen.open().values).all()


def test_R8_all_zeros_give_no_features(read):
    """Every feature of movement is missing: none is 0."""
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW),
        "s.csv": csv_of(movement()[0], np.zeros((3, 2000))),
    }
    table = extract(read(files))
    assert table.filter(like="wrist_").isna().all(axis=None)


@pytest.mark.parametrize("full_scale", ["", 2])
def test_R9_clipping_is_measured_and_noted(taken, full_scale):
    """At the declared end of the range, or else where the largest reading comes again and again."""
    time, values = movement()
    wide = np.clip(values + [[3], [0], [0]] * np.sin(2 * np.pi * time), -2, 2)
    recording, notes = taken(csv_of(time, wide), full_scale_ratio=full_scale)
    assert notes == ["CLIPPED"]
    at_end = (np.abs(wide) >= 2).any(axis=0).mean()
    assert recording.quality.clipped_share == pytest.approx(at_end, abs=0.02)
    assert recording.flags == ("CLIPPED",)
    assert taken(csv_of(time, values), full_scale_ratio=full_scale)[1] == []


def test_R9_the_clipped_share_is_a_feature(read):
    """Quality stands beside the features that it may spoil."""
    time, values = movement()
    wide = np.clip(values + [[3], [0], [0]] * np.sin(2 * np.pi * time), -2, 2)
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW | {"task": "posture"}),
        "s.csv": csv_of(time, wide),
    }
    assert extract(read(files))["wrist_worse__posture__median__clipped_share"][0] > 0.1


@pytest.mark.parametrize("written", ["NaN", "nan", "", "NA"])
def test_R10_runs_of_nan_are_gaps(taken, written):
    """They count as lost, cost the windows that they touch, and the others are as they were."""
    time, values = movement(seconds=40)
    lines = csv_of(time, values).splitlines()
    for number in range(1500, 1800):
        lines[1 + number] = f"{time[number]:.9g},{written},{written},{written}"
    recording, notes = taken("\n".join(lines) + "\n")
    assert notes == []
    assert recording.quality.lost_share == pytest.approx(300 / 4000)
    assert recording.quality.gaps == 1
    assert recording.quality.longest_gap_s == pytest.approx(3.01)
    found = cut(recording)
    whole = cut(taken(csv_of(time, values))[0])
    kept = [begin for begin in whole.start_s.tolist() if begin + 4 <= 15 or begin >= 18]
    assert found.start_s.tolist() == pytest.approx(kept)


@pytest.mark.parametrize("hum_hz", [50, 60])
def test_R11_hum_and_heartbeat_in_an_emg_are_read_and_stop_nothing(read, hum_hz):
    """Whatever an EMG holds, the visit has its row, and the accelerometer beside it the features that it has alone."""
    time = np.arange(20_000) / 1000
    stream = np.random.default_rng(1)
    hum = 300 * np.sin(2 * np.pi * hum_hz * time)
    heart = 1500 * np.exp(-0.5 * (((time % 0.8) - 0.4) / 0.01) ** 2)
    muscle = 50 * stream.normal(size=(2, len(time)))
    emg = ROW | {"recording_id": "e", "sensor": "emg", "unit": "uV", "rate_hz": 1000, "file": "e.csv"}
    emg |= {"columns": "flexor|extensor", "channels": "muscle|antagonist"}
    files = {
        "visits.csv": "patient_id,visit_id\na,1\n",
        "recordings.csv": rows_of(ROW | {"columns": ""}, emg),
        "s.csv": csv_of(*movement()),
        "e.csv": csv_of(time, muscle + hum + heart, ("time_s", "flexor", "extensor")),
    }
    cohort = read(files)
    assert cohort.notes.empty
    assert [recording.sensor for recording in cohort.recordings] == ["accelerometer", "emg"]
    assert cohort.recordings[1].open().values.shape == (2, 20_000)
    alone = read({name: text for name, text in files.items() if name != "e.csv"})
    assert alone.notes["reason"].tolist() == ["NO_RECORDING"]
    both, one = extract(cohort), extract(alone)
    moved = [name for name in one if one[name].notna().all()]
    assert any(name.startswith("wrist_") for name in moved)
    np.testing.assert_array_equal(both[moved], one[moved])


@pytest.mark.parametrize("spike", ["1e30", "-1e300", "inf", "-inf", "1e999"])
def test_R12_a_spike_that_no_sensor_reads_is_missing_and_noted(taken, spike):
    """It costs the windows that it is in; all other values are as they were."""
    time, values = movement()
    lines = csv_of(time, values).splitlines()
    lines[1001] = f"{time[1000]:.9g},{spike},0,1"
    recording, notes = taken("\n".join(lines) + "\n")
    assert notes == ["NOT_FINITE"]
    opened = recording.open().values
    assert np.isnan(opened[0, 1000])
    assert np.isnan(opened).sum() == 1
    plain = np.delete(np.asarray(opened), 1000, axis=1)
    np.testing.assert_allclose(plain, np.delete(values, 1000, axis=1), rtol=1e-8)


def test_R12_nothing_but_infinities_is_refused(taken):
    time, values = movement()
    assert taken(csv_of(time, values * np.inf)) == (None, ["NOT_FINITE"])
    assert taken(csv_of(time, values * np.nan)) == (None, ["GAPS"])
