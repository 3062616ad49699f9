"""Real recordings with a tremor that is known: one person with Parkinson's disease, recorded by phone (pdkit 2458)."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.features.extract import extract
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
def row():
    """Extract one visit for each side, so that each side speaks for itself."""
    root = os.environ.get("DYSTONIA_REAL_DATA")
    if not root:
        pytest.skip("DYSTONIA_REAL_DATA is not set: no folder with real records")
    folder = Path(root) / "pdkit" / "2458"
    if not folder.is_dir():
        pytest.skip("DYSTONIA_REAL_DATA has no pdkit/2458")
    recordings = [
        Recording(f"{side} {task}", "a", side, f"wrist_{side}", task, "accelerometer", 100.0, partial(read, path))
        for side in SIDES
        for task, title in TASKS.items()
        for path in folder.glob(f"T_-_{title}_-_{side.upper()}_HAND_*.csv")
    ]
    visits = pd.DataFrame({"patient_id": "a", "visit_id": SIDES})
    return extract(Cohort(visits, recordings=tuple(recordings))).set_axis(list(SIDES))


def test_rest_tremor_of_the_left_hand(row):
    """The known peak is 5.6 Hz."""
    assert abs(row.loc["left", "wrist_worse__rest__median__tremor_peak_hz"] - 5.6) <= 0.1


@pytest.mark.parametrize("side", SIDES)
def test_postural_tremor(row, side):
    """The known peaks are 7.5 to 7.75 Hz."""
    found = row.loc[side, "wrist_worse__posture__median__tremor_peak_hz"]
    assert np.isnan(found) or 7.5 - 0.1 <= found <= 7.75 + 0.1


@pytest.mark.parametrize("side", SIDES)
def test_pronation_and_supination(row, side):
    """The known rates are 3.25 to 3.9 Hz."""
    assert 3.25 - 0.1 <= row.loc[side, "wrist_worse__repeated__median__repetition_hz"] <= 3.9 + 0.1
