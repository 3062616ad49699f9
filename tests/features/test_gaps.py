"""What is missing of a recording costs what was not seen, and neither moves nor makes up anything else."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.extract import extract
from pipeline.records import Cohort, Recording, Samples

HELD = "wrist_worse__posture__whole__"
WRITTEN = "wrist_worse__action__median__"


def row(time, values, *, sensor="accelerometer", rate=100.0, task="posture"):
    """Return the features of one recording of a wrist."""
    recording = Recording("r", "a", "1", "wrist_left", task, sensor, rate, partial(Samples, time, values))
    return extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), recordings=(recording,))).iloc[0]


def clock(seconds, rate=100.0):
    return np.arange(round(seconds * rate)) / rate


def shaking(phase, tilt=0.0):
    tilt = np.radians(np.broadcast_to(tilt, phase.shape))
    return np.stack([np.sin(tilt) + 0.05 * np.sin(2 * np.pi * phase), np.zeros_like(phase), np.cos(tilt)])


@given(begin=st.floats(8.0, 14.0), length=st.floats(0.5, 15.0))
def test_a_gap_does_not_change_by_how_much_a_tremor_drifts(begin, length):
    """0.02 Hz a second over the 36 s from the first window to the last, wherever a part of them is missing."""
    time = clock(40.0)
    kept = (time < begin) | (time > begin + length)
    drift = row(time[kept], shaking(5 * time + 0.01 * time**2)[:, kept])[HELD + "tremor_drift_hz"]
    assert abs(drift - 0.02 * 36) < 0.03


def test_what_nobody_saw_is_no_sustained_posture():
    """An arm that was away for 8 s before a gap of 20 s and for 12 s after it may have come back in between."""
    time = clock(60.0)
    tilt = np.where((time > 12) & (time < 52), 25.0, 0.0)
    kept = (time < 20) | (time > 40)
    whole, holed = row(time, shaking(5 * time, tilt)), row(time[kept], shaking(5 * time, tilt)[:, kept])
    assert 34 <= whole[HELD + "sustained_deviation_s"] <= 40
    assert 6 <= holed[HELD + "sustained_deviation_s"] <= 12


def writing(time):
    """Write loops with a pressure that swells."""
    pressure = np.where(time % 1 < 0.3, 0.0, 1 + 0.2 * np.sin(7 * time))
    return np.stack([10 * time + 3 * np.sin(12 * time), 4 * np.sin(12 * time + 1), pressure])


@pytest.mark.parametrize("lost", [np.nan, np.inf])
@given(share=st.floats(0.001, 1.0))
def test_a_lost_pressure_costs_no_stroke(lost, share):
    time, values = clock(12.0), writing(clock(12.0))
    holed = values.copy()
    holed[2, : max(int(share * len(time)), 1)] = lost
    whole, found = (row(time, each, sensor="pen", task="writing") for each in (values, holed))
    assert whole.filter(like=WRITTEN).filter(like="pen_in_air").notna().all()
    for name in ("strokes_hz", "pen_speed_mm_per_s", "pen_arc_length", "pen_log_jerk"):
        np.testing.assert_array_equal(found[WRITTEN + name], whole[WRITTEN + name])
    # the last window that starts before the end begins at 8 s: what it has of pressure is read
    assert np.isnan(found[WRITTEN + "pen_in_air_share"]) == (share > 8 / 12)
    holed[0] = lost
    assert row(time, holed, sensor="pen", task="writing")[[WRITTEN + "strokes_hz"]].isna().all()


def pulling(time, sizes):
    """Make bursts in a muscle and, at the same time, in its antagonist, in microvolts."""
    noise = np.random.default_rng(1).normal(size=(2, len(time)))
    return noise * ((5 * time) % 1 < 0.4) * np.array(sizes)[:, None]


@pytest.mark.parametrize(("sizes", "together"), [((100.0, 100.0), 0.8), ((100.0, 2.0), 0.0), ((2.0, 2.0), None)])
def test_an_amplifier_s_noise_is_no_pull(sizes, together):
    """Under 5 microvolts a muscle is silent: it pulls against nothing, and has no rhythm."""
    found = row(clock(8.0, 1000.0), pulling(clock(8.0, 1000.0), sizes), sensor="emg", rate=1000.0, task="writing")
    shared = found[WRITTEN + "co_contraction_share"]
    assert np.isnan(shared) if together is None else shared == 0 if not together else shared > together


def test_noise_has_no_slow_drive():
    time = clock(8.0, 1000.0)
    rows = []
    for size in (2.0, 100.0):
        values = pulling(time, (size, size))
        made = Recording("r", "a", "1", "head", "posture", "emg", 1000.0, partial(Samples, time, values))
        visit = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})
        rows.append(extract(Cohort(visit, recordings=(made,))).iloc[0]["head__posture__median__slow_drive_share"])
    assert np.isnan(rows[0])
    assert rows[1] > 0.3
