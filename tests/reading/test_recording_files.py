"""The table of faults for recordings: files that are missing, damaged or too long, or lead elsewhere."""

import errno
import io
import os
import socket
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.errors import ContractError, IoFailed, MissingInput
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import measure
from pipeline.reading import below
from pipeline.reading.recordings import open_recording
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_layout import SignalLayout
from pipeline.reading.signal_quality import judge
from pipeline.records import Recording
from tests.reading.recordings_on_disk import AXES, ROW, csv_of, cut, movement, npz_of, rows_of, table_of


def test_R1_a_recording_that_is_missing_costs_itself_only(taken):
    """The visit is there without it, and the note says which."""
    assert taken() == (None, ["NO_RECORDING"])
    assert taken(file="folder/none.parquet") == (None, ["NO_RECORDING"])
    assert taken(file="visits.csv/none.csv") == (None, ["NO_RECORDING"])


@pytest.mark.parametrize("count", [0, 1, 2, 350])
@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_R2_a_recording_shorter_than_a_window_is_too_short(taken, count, kind):
    """Down to no sample at all; four seconds are enough."""
    time, values = movement()
    for end, expected in ((count, (None, ["TOO_SHORT"])), (400, None)):
        content = {
            "csv": csv_of(time[:end], values[:, :end]),
            "parquet": table_of(time[:end], values[:, :end]),
            "npz": npz_of(time_s=time[:end], **dict(zip(AXES, values[:, :end], strict=True))),
        }[kind]
        found = taken(content, file=f"s.{kind}")
        if expected:
            assert found == expected
        else:
            assert found[1] == []
            assert len(cut(found[0]).begins) == 1


def test_R15_samples_that_two_recordings_name_are_flagged(read):
    """They are read; the two sensors of one file, with columns of their own, are no case of it."""
    time, values = movement()
    names = ("time_s", *AXES, "u", "v", "w")
    six = csv_of(time, np.vstack([values, 50 * values]), names)
    turned = {"sensor": "gyroscope", "unit": "deg/s", "columns": "u|v|w"}

    def flags(*rows, **files):
        visits = "patient_id,visit_id\na,1\nb,1\n"
        table = rows_of(*({**ROW, "columns": "x|y|z", **row} for row in rows))
        cohort = read({"visits.csv": visits, "recordings.csv": table, "s.csv": six} | files)
        assert len(cohort.recordings) == len(rows)
        return [recording.flags for recording in cohort.recordings], sorted(cohort.notes["reason"])

    assert flags({}, turned) == ([(), ()], [])
    assert flags({}, {"recording_id": "q"}) == ([("SAME_FILE",)] * 2, ["SAME_FILE"] * 2)
    assert flags({}, {"task": "posture", "file": "./s.csv"}) == ([("SAME_FILE",)] * 2, ["SAME_FILE"] * 2)
    assert flags({}, {"file": "l.csv"}, **{"l.csv": Path("s.csv")})[1] == ["SAME_FILE"] * 2
    assert flags({}, {**turned, "patient_id": "b"})[1] == ["SAME_FILE"] * 2
    assert flags({}, {"file": "t.csv"}, **{"t.csv": six})[1] == []


@pytest.mark.parametrize(
    "name",
    [
        "../s.csv",
        "a/../../s.csv",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "http://x/s.csv",
        "\\\\server\\s.csv",
        "C:\\s.csv",
        "c:s.csv",
        "out/hostname",
        "link",
        "circle",
        "../COHORT/s.csv",
    ],
)
def test_R16_no_name_leads_out_of_the_folder(taken, monkeypatch, name):
    """What lies outside is never opened, not even to see what it is."""
    links = {"out": Path("/etc"), "link": Path("/etc/hostname"), "circle": Path("circle")}
    opened = []
    really = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(path) or really(path, *rest, **more))
    assert taken(files=links, file=name) == (None, ["PATH_ESCAPE"])
    assert not any("hostname" in str(path) or "passwd" in str(path) for path in opened)


def test_R16_a_link_that_is_put_in_the_way_after_the_check_is_not_followed(monkeypatch, tmp_path):
    """The way is gone step by step, and none of the steps may be a link."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s.csv").write_text("secret")
    (tmp_path / "cohort" / "sub").mkdir(parents=True)
    root = tmp_path / "cohort"
    (root / "sub" / "s.csv").write_text("own")
    checked = below.resolve(root, "sub/s.csv")
    with below.open_below(root, "sub/s.csv", "r") as file:
        assert file.read() == b"own"
    (root / "sub" / "s.csv").unlink()
    (root / "sub").rmdir()
    (root / "sub").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(below, "resolve", lambda *_: checked)
    with pytest.raises((ContractError, MissingInput), match=r"link|not there"):
        below.open_below(root, "sub/s.csv", "r")


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_R16_only_a_regular_file_is_opened(taken, monkeypatch, kind):
    """A pipe would keep the reader waiting for ever."""
    folder = Path(mkdtemp(dir="/tmp"))
    if kind == "pipe":
        os.mkfifo(folder / "s.csv")
    elif kind == "folder":
        (folder / "s.csv").mkdir()
    else:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(folder / "s.csv"))
    row = ROW | {"source": "recordings.csv", "row": 1}
    found, remarks = open_recording(row, folder, shared=False, sort=False)
    assert found is None
    assert [reason for _, reason, _ in remarks] in (["BAD_RECORDING"], ["IO_ERROR"])


EMG_FEATURES = [each for each in CATALOGUE if each.spec.level == "window" and each.spec.sensor == "emg"]


def peak_of(rows: int) -> int:
    """Return the peak of memory that judging, reading and measuring a recording of 8 channels takes."""
    folder = Path(mkdtemp(dir=Path.cwd()))
    names = [f"c{number}" for number in range(8)]
    stream = np.random.default_rng(1)
    with papq.ParquetWriter(
        folder / "s.parquet", pa.schema([(name, pa.float64()) for name in ("time_s", *names)])
    ) as out:
        for start in range(0, rows, 50_000):
            time = np.arange(start, start + 50_000) / 1000
            out.write_table(table_of(time, stream.normal(size=(8, 50_000)), ("time_s", *names)))
    layout = SignalLayout("emg", "uV", 1000.0, tuple(names), ("muscle", "antagonist", *names[2:]))
    file = SignalFile(folder, "s.parquet", layout, "a recording")
    visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})
    before = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        verdict = judge(file)
        assert verdict.quality.samples == rows
        assert sum(len(each.time_s) for each in file.pieces()) == rows
        emg = Recording("r", "a", "1", "wrist_left", "action", "emg", 1000.0, file, channels=verdict.channels)
        measured = measure(visits, [replace(emg, pieces=file.pieces)], EMG_FEATURES, map=map)
        assert len(measured.values) == rows // 2000 - 1
        assert np.isfinite(measured.values).any()
        return tracemalloc.get_traced_memory()[1] + pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)


def test_R20_a_long_recording_takes_no_more_memory_than_a_short_one():
    """Eight channels at 1 kHz, read and measured piece by piece: three times the length, the same peak."""
    short, long = peak_of(600_000), peak_of(1_800_000)
    assert long < 1.1 * short
    assert long < 1_800_000 * 9 * 8


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes files of some names fail: on opening, or after some bytes."""

    def fail(names, *, number=errno.EIO, after=None):
        really, really_as_file = os.open, os.fdopen
        broken = set()

        def opening(path, *rest, **more):
            if Path(os.fsdecode(path)).name in names and after is None:
                raise OSError(number, os.strerror(number))
            found = really(path, *rest, **more)
            if Path(os.fsdecode(path)).name in names:
                broken.add(found)
            return found

        class Broken(io.FileIO):
            def readinto(self, buffer):
                if self.tell() >= after:
                    raise OSError(number, os.strerror(number))
                return super().readinto(memoryview(buffer)[: max(1, after - self.tell())])

        def as_file(descriptor, mode="r", *rest, **more):
            if descriptor in broken:
                broken.discard(descriptor)
                return io.BufferedReader(Broken(descriptor, "rb"), 4096)
            return really_as_file(descriptor, mode, *rest, **more)

        monkeypatch.setattr(os, "open", opening)
        monkeypatch.setattr(os, "fdopen", as_file)

    return fail


@pytest.mark.parametrize(
    ("number", "after"), [(errno.EACCES, None), (errno.EIO, None), (errno.EIO, 20_000), (errno.ESTALE, 0)]
)
@pytest.mark.parametrize("kind", ["csv", "parquet", "npz"])
def test_R21_a_file_that_the_system_does_not_give_costs_its_recording(read, failing, number, after, kind):
    """Also in the middle; the recordings beside it are read."""
    time, values = movement()
    content = {
        "csv": csv_of(time, values),
        "parquet": table_of(time, values),
        "npz": npz_of(time_s=time, **dict(zip(AXES, values, strict=True))),
    }[kind]
    rows = [ROW | {"recording_id": str(n), "task": "posture", "file": f"{n}.{kind}"} for n in range(4)]
    failing({f"1.{kind}"}, number=number, after=after)
    files = {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(*rows)}
    cohort = read(files | {f"{n}.{kind}": content for n in range(4)})
    assert [recording.recording_id for recording in cohort.recordings] == ["0", "2", "3"]
    assert cohort.notes[["row", "reason"]].to_numpy().tolist() == [[2, "IO_ERROR"]]


def test_R21_more_than_a_few_are_the_disk(read, failing):
    """The run ends then, and says by which option more are allowed."""
    content = csv_of(*movement())
    rows = [ROW | {"recording_id": str(n), "file": f"{n}.csv"} for n in range(4)]
    files = {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(*rows)}
    files |= {f"{n}.csv": content for n in range(4)}
    failing({"0.csv", "1.csv", "2.csv"})
    assert len(read(files, max_io_errors=3).recordings) == 1
    with pytest.raises(IoFailed, match="--max-io-errors allows 2"):
        read(files, max_io_errors=2)


def test_an_npz_whose_header_is_no_text_of_python_is_a_bad_recording(taken):
    """Found by the fuzzer: numpy takes the header of old files apart as Python, and raises what that raises."""
    time, values = movement()
    sound = npz_of(time_s=time, **dict(zip(AXES, values, strict=True)))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b",), }", b",   }", 1))
    assert taken(made.getvalue(), file="s.npz") == (None, ["BAD_RECORDING"])


def test_an_npz_of_a_type_that_numpy_gives_up_is_a_bad_recording(taken):
    """Found by the fuzzer: numpy warned of an old name of a type, where an array of text has to be refused alone."""
    time, values = movement()
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(npz_of(time_s=time, x=values[0]))) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"'<f8'", b"'<a8'", 1))
    assert taken(made.getvalue(), file="s.npz", columns="x") == (None, ["BAD_RECORDING"])


@pytest.mark.parametrize("named", [{}, {"columns": "x|y|z"}])
def test_a_misspelt_sensor_costs_its_recording_only(taken, named):
    """Found by the fuzzer: a word that is no sensor has no usual channels, and nothing else comes of it."""
    assert taken(csv_of(*movement()), sensor="acelerometer", **named) == (None, ["UNKNOWN_CATEGORY"])


def test_numbers_that_a_damaged_file_holds_give_no_warning(taken):
    """Found by the fuzzer: a NaN that signals is one that is lost, as any other."""
    time, values = movement()
    values[0, 7] = np.array([0x7FF0000000000001], dtype=np.uint64).view(np.float64)[0]
    recording, reasons = taken(npz_of(time_s=time, **dict(zip(AXES, values, strict=True))), file="s.npz")
    assert recording is not None
    assert np.isnan(recording.open().values).sum() <= 3
    assert reasons == []
