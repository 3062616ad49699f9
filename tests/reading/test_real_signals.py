"""Real recordings read as their makers describe them: units and clocks declared, one g where it should be."""

import numpy as np
import pytest

from pipeline.errors import ContractError
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_layout import layout_of
from pipeline.reading.signal_quality import judge

pytestmark = pytest.mark.real

ROW = {"body_site": "head", "task": "free", "sensor": "accelerometer", "rate_hz": 100.0}
PDKIT = {"unit": "m/s^2", "header": 0.0, "columns": "2|3|4", "time_column": "1", "time_unit": "ns"}
MOBGAP = {"unit": "g", "columns": "acc_x|acc_y|acc_z", "time_column": "samples", "clock": "counter"}
TURNING = MOBGAP | {"sensor": "gyroscope", "unit": "deg/s", "columns": "gyr_x|gyr_y|gyr_z"}
ARRAYS = {"unit": "g", "columns": "accel", "time_column": "time", "clock": "unix", "time_unit": "s", "rate_hz": 128.0}

PHONE, BACK, NPZ = "pdkit/2458/T_-_*.csv", "mobgap/*/001/*.csv", "devices/skdh_recordings/*.npz"


def files(real_data, pattern):
    found = sorted(real_data.glob(pattern))
    if not found:
        pytest.skip(f"DYSTONIA_REAL_DATA has no {pattern}")
    return found


def judged(path, declared):
    row = ROW | declared | {"file": path.name}
    return judge(SignalFile(path.parent, path.name, layout_of(row), "a recording"))


def refusal(path, declared):
    """Return the reason why a recording is not used."""
    try:
        return judged(path, declared).unfit
    except ContractError as error:
        return error.code


@pytest.mark.parametrize(
    ("pattern", "declared", "low", "high"),
    [
        (PHONE, PDKIT, 0.93, 1.13),
        ("pdkit/2458/T_-_REST_*.csv", PDKIT, 0.97, 1.03),
        (BACK, MOBGAP, 0.975, 0.985),
        (NPZ, ARRAYS, 0.97, 1.01),
    ],
)
def test_one_g_is_where_it_should_be(real_data, pattern, declared, low, high):
    """Each is usable, unflagged, at the rate that its maker gives; a limb that is thrown about strays further."""
    for path in files(real_data, pattern):
        found = judged(path, declared)
        assert (path.name, found.unfit, found.flags) == (path.name, "", ())
        assert low <= found.quality.size <= high
        assert found.quality.rate_hz == pytest.approx(declared.get("rate_hz", 100.0), rel=0.005)
        assert found.quality.lost_share < 0.01


@pytest.mark.parametrize(
    ("pattern", "declared"),
    [
        (PHONE, PDKIT | {"unit": "g"}),
        (BACK, MOBGAP | {"unit": "m/s^2"}),
        (BACK, MOBGAP | {"unit": "mg"}),
        (NPZ, ARRAYS | {"unit": "m/s^2"}),
    ],
)
def test_another_unit_is_found_out_by_gravity(real_data, pattern, declared):
    assert {refusal(path, declared) for path in files(real_data, pattern)} == {"UNITS"}


@pytest.mark.parametrize(
    ("pattern", "declared"),
    [
        (PHONE, PDKIT | {"time_unit": "us"}),
        (PHONE, PDKIT | {"clock": "unix"}),
        (NPZ, ARRAYS | {"time_unit": "ms"}),
    ],
)
def test_another_clock_is_found_out_by_the_rate_or_the_year(real_data, pattern, declared):
    """Microseconds for nanoseconds, time since the phone was switched on for time since 1970."""
    assert {refusal(path, declared) for path in files(real_data, pattern)} == {"TIMESTAMP"}


def test_a_walk_turns_as_a_walk_does(real_data):
    """The lower back turns by some to tens of degrees a second, at the same samples as it accelerates."""
    for path in files(real_data, BACK):
        found = judged(path, TURNING)
        assert (found.unfit, found.flags) == ("", ())
        assert 3 < found.quality.size < 100
        np.testing.assert_array_equal(found.file().time_s, judged(path, MOBGAP).file().time_s)


def test_other_files_of_the_phone_are_not_taken_for_samples(real_data):
    """Entries and finger taps lie in the same folder: none has three axes at 100 Hz."""
    for path in files(real_data, "pdkit/2458/*.csv"):
        if not path.name.startswith("T_-_"):
            assert refusal(path, PDKIT) != ""
