"""Real recordings with a tremor that is known: one person with Parkinson's disease, recorded by phone (pdkit 2458)."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from pipeline.features.extract import extract
from pipeline.features.movement import repetition_hz
from pipeline.features.signal import Signal
from pipeline.features.tremor import tremor_peak_hz
from pipeline.features.windows import cut
from pipeline.records import Cohort, Recording, Samples
from pipeline.units import ACCELERATION_TO_G

pytestmark = pytest.mark.real

SIDES = ("left", "right")
TASKS = {
    "rest": "REST_TREMOR_AMPLITUDE",
    "posture": "POSTURAL_TREMOR_OF_THE_HANDS",
    "pronation_supination": "PRONATION_SUPINATION",
}


def read(path):
    """Read a phone's file: nanoseconds, then m/s^2 with gravity."""
    table = pd.read_csv(path, header=None).to_numpy(dtype=float)
    return Samples((table[:, 0] - table[0, 0]) * 1e-9, table[:, 1:4].T * ACCELERATION_TO_G["m/s^2"])


@pytest.fixture(scope="module")
def recordings(real_data):
    """Return the recordings of both hands by side and task; each side is a visit, so that each speaks for itself."""
    folder = real_data / "pdkit" / "2458"
    if not folder.is_dir():
        pytest.skip("DYSTONIA_REAL_DATA has no pdkit/2458")
    return {
        (side, task): Recording(
            f"{side} {task}", "a", side, f"wrist_{side}", task, "accelerometer", 100.0, partial(read, path)
        )
        for side in SIDES
        for task, title in TASKS.items()
        for path in folder.glob(f"T_-_{title}_-_{side.upper()}_HAND_*.csv")
    }


@pytest.fixture(scope="module")
def row(recordings):
    visits = pd.DataFrame({"patient_id": "a", "visit_id": SIDES})
    return extract(Cohort(visits, recordings=tuple(recordings.values()))).set_axis(list(SIDES))


def whole(recording):
    """Take a recording as one long window, as those did who published the peaks."""
    samples = recording.open()
    rate = (len(samples.time_s) - 1) / (samples.time_s[-1] - samples.time_s[0])
    return Signal(samples.values[None], np.array([rate]))


@pytest.mark.parametrize(
    ("side", "task", "low", "high"),
    [
        ("left", "rest", 5.6, 5.6),
        ("left", "posture", 7.5, 7.75),
        ("right", "posture", 7.5, 7.75),
        ("left", "pronation_supination", 3.25, 3.9),
        ("right", "pronation_supination", 3.25, 3.9),
    ],
)
def test_the_whole_recording_peaks_where_it_is_known_to(recordings, side, task, low, high):
    """The published peaks are found, to the tenth of a hertz or so that they were read to."""
    peak = tremor_peak_hz(whole(recordings[side, task]))[0]
    assert low - 0.15 <= peak <= high + 0.15


def test_rest_tremor_in_the_table(row):
    """The median of 4 s windows finds the steady tremor at rest as well: 5.6 Hz."""
    assert abs(row.loc["left", "wrist_worse__rest__median__tremor_peak_hz"] - 5.6) <= 0.1


@pytest.mark.parametrize("side", SIDES)
def test_postural_tremor_in_the_table(row, side):
    """A weak tremor wanders from window to window, so that their median lies up to half a hertz off the whole."""
    assert 7.0 <= row.loc[side, "wrist_worse__posture__median__tremor_peak_hz"] <= 8.0


@pytest.mark.parametrize("side", SIDES)
def test_the_hand_turns_at_its_known_rate_while_it_turns(recordings, side):
    """The movement dwindles within seconds; while it is at least half as strong as at first, its rate is known."""
    found = cut(recordings[side, "pronation_supination"])
    signal = Signal(np.stack([found.values[:, begin : begin + found.samples] for begin in found.begins]), found.fs)
    strong = signal.rms >= signal.rms.max() / 2
    assert strong.sum() >= 2
    assert 3.25 - 0.15 <= np.median(repetition_hz(signal)[strong]) <= 3.9 + 0.15


@pytest.mark.parametrize("side", SIDES)
def test_the_dwindling_is_seen_in_the_table(row, side):
    assert row.loc[side, "wrist_worse__repeated__whole__amplitude_drift_ratio"] < 0.8


@pytest.mark.parametrize("side", SIDES)
def test_most_of_a_phones_recording_is_usable(row, side):
    assert row.loc[side, "wrist_worse__rest__whole__usable_share"] > 0.8
