"""The cache of window values: what it gives is what was measured, or nothing; and it is its owner's alone."""

import hashlib
import os
import pickle
import stat
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from pipeline.errors import UsageError
from pipeline.features.cache import SignalCache, key_of
from pipeline.features.extract import extract
from pipeline.features.measure import CHUNK
from pipeline.features.movement import movement_rms_g
from pipeline.features.posture import tilt_deg
from pipeline.features.windows import cuts
from pipeline.records import Cohort, Recording
from pipeline.testing.recordings import Wave

TABLES = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=5))
KEYS = st.text("0123456789abcdef", min_size=64, max_size=64)


def recorded(count):
    visits = pd.DataFrame({"patient_id": "a", "visit_id": [str(number) for number in range(count)]})
    takes = (Wave("swell", number, 9.0, 50.0) for number in range(count))
    return Cohort(
        visits,
        recordings=tuple(
            Recording(f"r{n}", "a", str(n), "head", "rest", "accelerometer", 50.0, take) for n, take in enumerate(takes)
        ),
    )


@given(kept=st.dictionaries(KEYS, TABLES, max_size=3), other=KEYS)
def test_what_was_stored_is_loaded_to_the_last_bit_and_nothing_else_is(tmp_path_factory, kept, other):
    """Under its key and of its shape; another key or another shape has nothing."""
    cache = SignalCache(tmp_path_factory.mktemp("cache") / "cache")
    for key, values in kept.items():
        cache.store(key, values)
        cache.store(key[:2] + key[:1:-1], values)
    for key, values in kept.items():
        loaded = cache.load(key, values.shape)
        assert loaded is not None
        assert loaded.tobytes() == values.tobytes()
        assert cache.load(key, (values.shape[0] + 1, values.shape[1])) is None
    assert other in kept or cache.load(other, (1, 1)) is None


def test_what_was_measured_once_is_not_measured_again(tmp_path, monkeypatch):
    """A second run gives the bits of the first without measuring; recordings that are new to it are measured."""
    cache = SignalCache(tmp_path / "cache")
    first = extract(recorded(3), cache=cache)
    pd.testing.assert_frame_equal(extract(recorded(3)), first, check_exact=True)
    pd.testing.assert_frame_equal(extract(recorded(4), cache=cache).iloc[:3], first, check_exact=True)

    def measured_again(*_):
        raise AssertionError

    monkeypatch.setattr("pipeline.features.measure.measure_windows", measured_again)
    pd.testing.assert_frame_equal(extract(recorded(3), cache=cache), first, check_exact=True)
    with pytest.raises(AssertionError):
        extract(recorded(5), cache=cache)


@pytest.mark.parametrize("damage", [b"", b"\x80\x04", None])
def test_a_damaged_entry_is_measured_again(tmp_path, damage):
    """Cut off, overwritten with a pickle, one bit flipped: none of them is believed, and none of them is loaded."""
    cache, cohort = SignalCache(tmp_path / "cache"), recorded(3)
    before = extract(cohort, cache=cache)
    entries = sorted((tmp_path / "cache").rglob("*.npy"))
    assert len(entries) == 3
    for entry in entries:
        content = bytearray(entry.read_bytes())
        content[len(content) // 2] ^= 1
        entry.write_bytes(bytes(content) if damage is None else damage)
    pd.testing.assert_frame_equal(extract(cohort, cache=cache), before)
    np.load(entries[0], allow_pickle=False)


class _Opened:
    def __reduce__(self):
        return (os.mkdir, ("opened",))


def test_a_pickle_is_neither_written_nor_read(tmp_path, monkeypatch):
    """Whoever can lay a file into the folder, with its digest right, still runs no code."""
    monkeypatch.chdir(tmp_path)
    cache, hostile = SignalCache(tmp_path / "cache"), np.array([[_Opened()]], dtype=object)
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        cache.store("ab" * 32, hostile)
    cache.store("ab" * 32, np.zeros((1, 1)))
    (entry,) = (tmp_path / "cache").rglob("*.npy")
    content = BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "|O", "fortran_order": False, "shape": (1, 1)})
    array = content.getvalue() + pickle.dumps(hostile)
    entry.write_bytes(array + hashlib.sha256(array).digest())
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        cache.load("ab" * 32, (1, 1))
    assert not (tmp_path / "opened").exists()


def test_another_version_or_another_signal_is_not_found(tmp_path, monkeypatch):
    """What a value depends on is in its name: stale values can't be taken for new ones."""
    cache = SignalCache(tmp_path / "cache")
    extract(recorded(CHUNK + 1), cache=cache)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == CHUNK + 1
    monkeypatch.setattr("pipeline.features.cache._environment", lambda: "another machine")
    extract(recorded(2), cache=cache)
    assert len(list((tmp_path / "cache").rglob("*.npy"))) == CHUNK + 3


def test_everything_that_a_value_depends_on_is_in_its_key():
    """Samples, clock, where windows lie, which channel is which, the sensor, and the features with their order."""
    (cut,) = cuts(recorded(1).recordings[0])
    other = cut.values.copy()
    other[0, 7] += 1e-9
    changed = [
        replace(cut, values=other),
        replace(cut, values=cut.values.astype(np.float32)),
        replace(cut, begins=cut.begins + 1),
        replace(cut, fs=cut.fs * 1.001),
        replace(cut, channels=("y", "x", "z")),
    ]
    features = [movement_rms_g, tilt_deg]
    keys = [key_of(each, "accelerometer", features) for each in (cut, *changed)]
    keys += [key_of(cut, "gyroscope", features), key_of(cut, "accelerometer", features[::-1])]
    keys += [key_of(cut, "accelerometer", features[:1])]
    assert len(set(keys)) == len(keys)
    same = replace(cut, values=np.asfortranarray(cut.values))
    assert key_of(same, "accelerometer", features) == keys[0]


def test_a_cache_is_for_its_owner_only(tmp_path):
    """Window values are a patient's: nobody else reads them, or lays others into the folder."""
    cache = SignalCache(tmp_path / "deep" / "cache")
    cache.store("ab" * 32, np.zeros((1, 1)))
    for folder in (tmp_path / "deep" / "cache", tmp_path / "deep" / "cache" / "ab"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert SignalCache(tmp_path / "deep" / "cache").load("ab" * 32, (1, 1)) is not None
    for number, mode in enumerate((0o755, 0o701, 0o710, 0o740)):
        (tmp_path / f"open{number}").mkdir()
        (tmp_path / f"open{number}").chmod(mode)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "cache")
    for name in ("open0", "open1", "open2", "open3", "link"):
        with pytest.raises(UsageError, match="closed to others"):
            SignalCache(tmp_path / name)


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    """However closed it looks: they could have filled it."""
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UsageError, match="no folder of your own"):
        SignalCache(tmp_path / "cache")
