"""Signal files: what is declared is read, the same from every kind of file, and nothing that a file holds is a bug."""

import io
import pickle
import zipfile
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config import load_mapping
from pipeline.errors import ContractError, PipelineError
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_files import BLOCK
from pipeline.reading.signal_layout import SignalLayout, layout_of
from pipeline.reading.signal_quality import judge
from pipeline.vocabulary import CLOCKS_OF_RECORDINGS, REASONS

AXES = ("x", "y", "z")
ROW = {"body_site": "head", "task": "rest", "sensor": "accelerometer", "unit": "g", "rate_hz": 100.0}


def written(content: bytes, name: str) -> Path:
    folder = Path(mkdtemp(dir=Path.cwd()))
    (folder / name).write_bytes(content)
    return folder


def opened(content, kind, **row):
    folder = written(content.encode() if isinstance(content, str) else content, f"s.{kind}")
    return SignalFile(folder, f"s.{kind}", layout_of(ROW | {"file": f"s.{kind}"} | row), "a recording")


def movement(count, channels=3, seed=0):
    values = np.random.default_rng(seed).normal(size=(channels, count)).round(6)
    values[-1] += 1
    return np.arange(count) / 100, values


def csv_of(rows, names=None, *, sep=",", mark="."):
    lines = [sep.join(repr(float(number)).replace(".", mark) for number in row) for row in rows]
    return "\n".join(([sep.join(names)] if names else []) + lines) + "\n"


def parquet_of(columns, **how):
    file = io.BytesIO()
    papq.write_table(pa.table(columns), file, write_page_checksum=True, **how)
    return file.getvalue()


def npz_of(*, packed=True, **arrays):
    file = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(file, **arrays)
    return file.getvalue()


@given(
    seed=st.integers(0, 99),
    count=st.integers(400, 2_500),
    stuck=st.integers(0, 300),
    lost=st.booleans(),
)
@example(seed=1, count=BLOCK, stuck=0, lost=False)
@example(seed=1, count=BLOCK + 107, stuck=BLOCK - 100, lost=True)
def test_all_kinds_of_files_give_the_same_bits(seed, count, stuck, lost):
    """CSV, Parquet and npz, whole or piece by piece, however the rows are grouped in the file."""
    time, values = movement(count, seed=seed)
    values[:, stuck : stuck + 150] = values[:, stuck : stuck + 1]
    if lost:
        values[1, 5:50] = np.nan
    columns = dict(zip(("time_s", *AXES), [time, *values], strict=True))
    files = [
        opened(csv_of(np.vstack([time, values]).T, columns), "csv"),
        opened(parquet_of(columns, row_group_size=1_000), "parquet"),
        opened(npz_of(**columns), "npz"),
        opened(npz_of(packed=False, time_s=time, acc=values.T), "npz", columns="acc"),
        opened(npz_of(time_s=time, acc=np.ascontiguousarray(values.T)), "npz", columns="acc"),
    ]
    first = files[0]()
    assert first.values.shape == (3, count)
    for file in files:
        whole, pieces = file(), list(file.pieces())
        np.testing.assert_array_equal(whole.time_s, first.time_s)
        np.testing.assert_array_equal(whole.values, first.values)
        np.testing.assert_array_equal(np.concatenate([each.values for each in pieces], axis=1), first.values)
        assert all(len(each.time_s) <= BLOCK for each in pieces)
    found = [judge(file) for file in files]
    assert all(
        repr((each.quality, each.unfit, each.flags)) == repr((found[0].quality, "", found[0].flags)) for each in found
    )


@pytest.mark.parametrize(("delimiter", "sep"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
@pytest.mark.parametrize(("decimal", "mark"), [("point", "."), ("comma", ",")])
def test_a_csv_without_a_header_is_read_by_numbers(delimiter, sep, decimal, mark):
    """With lines before it, another delimiter, another decimal mark, another scale: all declared."""
    if sep == mark:
        return
    time, values = movement(500)
    rows = np.vstack([values * 1000, np.full((1, 500), 7.0), 1000 * time]).T
    content = "Device 1\nSerial; none, 2\n" + csv_of(rows, sep=sep, mark=mark)
    row = {"columns": "1|2|3", "time_column": "5", "time_unit": "ms", "header": 0.0, "skipped_lines_count": 2.0}
    found = opened(content, "csv", delimiter=delimiter, decimal=decimal, scale_ratio=0.001, **row)()
    np.testing.assert_allclose(found.time_s, time, atol=1e-9)
    np.testing.assert_allclose(found.values, values, rtol=1e-12)


@pytest.mark.parametrize(
    "header", [{"columns": "x|y|z"}, {"columns": "0|1|2"}, {"time_column": "when", "columns": "1|2|3"}]
)
def test_names_need_a_header(header):
    row = {"header": 0.0, "time_column": "4", "time_unit": "s"} | header
    with pytest.raises(ContractError, match="by its number from 1"):
        layout_of(ROW | row)


@given(scale=st.floats(0.5, 1.5), unit=st.sampled_from(["g", "m/s^2", "mg"]))
def test_a_unit_and_its_conversion_give_the_same_samples(scale, unit):
    """The samples are in g, whatever was declared."""
    factor = {"g": 1.0, "m/s^2": 9.80665, "mg": 1000.0}[unit]
    time, values = movement(400)
    columns = dict(zip(("time_s", *AXES), [time, *(scale * factor * values)], strict=True))
    found = opened(parquet_of(columns), "parquet", unit=unit)()
    np.testing.assert_allclose(found.values, scale * values, rtol=1e-12)


@pytest.mark.parametrize(
    ("arrays", "code"),
    [
        ({"time_s": np.arange(9), "acc": np.array([{}, 1], dtype=object)}, "BAD_RECORDING"),
        ({"time_s": np.arange(9), "acc": np.zeros((9, 3), dtype=complex)}, "BAD_RECORDING"),
        ({"time_s": np.arange(9), "acc": np.array(["a"] * 9)}, "BAD_RECORDING"),
        ({"time_s": np.arange(9), "acc": np.zeros((3, 3, 3))}, "BAD_RECORDING"),
        ({"time_s": np.arange(9), "acc": np.zeros((3, 9))}, "CHANNEL"),
        ({"time_s": np.arange(9), "acc": np.zeros((9, 2))}, "CHANNEL"),
        ({"time_s": np.zeros((9, 2)), "acc": np.zeros((9, 3))}, "CHANNEL"),
        ({"time_s": np.arange(9)}, "CHANNEL"),
    ],
)
def test_an_npz_holds_numbers_of_samples_by_channels(arrays, code):
    """Objects are never loaded, whatever else the file holds."""
    with pytest.raises(ContractError) as found:
        opened(npz_of(**arrays), "npz", columns="acc")()
    assert found.value.code == code


def test_an_object_in_an_npz_runs_no_code():
    """A pickle that would leave a file behind leaves none."""

    class Hostile:
        def __reduce__(self):
            return (Path.touch, (Path("owned"),))

    for name in ("acc", "beside"):
        arrays = {"time_s": np.arange(500) / 100, "acc": movement(500)[1].T}
        file = opened(npz_of(**arrays | {name: np.array([Hostile()], dtype=object)}), "npz", columns="acc")
        if name == "acc":
            with pytest.raises(ContractError, match="no samples of numbers"):
                file()
        else:
            assert file().values.shape == (3, 500)
    assert not Path("owned").exists()


def test_an_npz_that_lies_about_its_size_is_refused_before_memory_is_taken():
    """A header that says 10^12 samples beside a kilobyte of them."""
    file = io.BytesIO()
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("time_s", *AXES):
            archive.writestr(f"{name}.npy", head.getvalue() + bytes(1024))
    with pytest.raises(ContractError, match="another size than it says"):
        opened(file.getvalue(), "npz")()


def sound(kind):
    time, values = movement(600)
    columns = dict(zip(("time_s", *AXES), [time, *values], strict=True))
    return {
        "csv": lambda: csv_of(np.vstack([time, values]).T, columns).encode(),
        "parquet": lambda: parquet_of(columns),
        "npz": lambda: npz_of(**columns),
    }[kind]()


SOUND = {kind: sound(kind) for kind in ("csv", "parquet", "npz")}
FIELDS = ["1", "-1e300", "1e999", "nan", "inf", "", '"', "x", "\ufeff", "\0", "9" * 400, "1e-320"]


@st.composite
def hostile(draw):
    """Draw a file that is random, cut, flipped, or a table of odd cells."""
    kind = draw(st.sampled_from(sorted(SOUND)))
    how = draw(st.sampled_from(["random", "cut", "flipped", "cells", "spliced"]))
    if how == "random":
        return kind, draw(st.binary(max_size=300))
    if how == "cells":
        rows = draw(st.lists(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=6), max_size=12))
        return "csv", "\n".join(["time_s,x,y,z", *(",".join(row) for row in rows)]).encode()
    content = bytearray(SOUND[kind])
    place = draw(st.integers(0, len(content) - 1))
    if how == "cut":
        return kind, bytes(content[:place])
    if how == "spliced":
        return kind, bytes(content[:place]) + draw(st.binary(min_size=1, max_size=40)) + bytes(content[place:])
    for each in draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[each] ^= draw(st.integers(1, 255))
    return kind, bytes(content)


def judged(signal, sort):
    try:
        return judge(signal, sort=sort)
    except PipelineError as error:
        return error


@given(file=hostile(), sort=st.booleans(), clock=st.sampled_from(CLOCKS_OF_RECORDINGS))
def test_whatever_a_file_holds_is_read_or_refused(file, sort, clock):
    """By a reason that is known, in one line, with nothing of the file in it; never by a bug."""
    kind, content = file
    verdict = judged(opened(content, kind, clock=clock), sort)
    if isinstance(verdict, PipelineError):
        assert verdict.exit_code == 65
        assert verdict.code in REASONS
        assert "\n" not in str(verdict)
        return
    assert verdict.unfit in {"", *REASONS}
    assert set(verdict.flags) <= set(REASONS)
    if not verdict.unfit:
        samples = verdict.file()
        assert (np.diff(samples.time_s) > 0).all()
        assert not np.isinf(samples.values).any()
        assert samples.values.shape == (3, len(samples.time_s))


def test_a_flipped_bit_is_found_where_there_are_checksums():
    """A value that is silently another one would be a movement that nobody made."""
    stream, wrong = np.random.default_rng(1), 0
    for kind in ("parquet", "npz"):
        true = opened(SOUND[kind], kind)()
        for _ in range(60):
            content = bytearray(SOUND[kind])
            content[int(stream.integers(len(content)))] ^= 1 << int(stream.integers(8))
            try:
                found = opened(bytes(content), kind)()
            except PipelineError:
                continue
            same = found.values.shape == true.values.shape and np.array_equal(found.values, true.values)
            wrong += not same
    assert wrong == 0


def test_the_layout_of_an_emg_has_to_name_its_channels():
    with pytest.raises(ContractError, match="name each channel once"):
        layout_of(ROW | {"sensor": "emg", "unit": "uV"})
    assert SignalLayout("emg", "mV", 1000.0, ("a",), scale=0.5).factors(1).tolist() == [[500.0]]


MAPPING = """
name = "clinic"
title = "An export that names its files"
[tables.visits.columns]
patient_id = { source = "pid" }
[tables.recordings.columns]
patient_id = { source = "pid" }
task = { constant = "rest" }
sensor = { constant = "accelerometer" }
unit = { constant = "m/s^2" }
rate_hz = { constant = "100" }
header = { constant = "no" }
columns = { constant = "2|3|4" }
time_column = { constant = "1" }
time_unit = { constant = "ms" }
[[tables.recordings.each]]
where = { left = "yes" }
columns.recording_id = { source = ["pid", "left"] }
columns.body_site = { constant = "wrist_left" }
columns.file = { source = "left_file" }
[[tables.recordings.each]]
where = { right = "yes" }
columns.recording_id = { source = ["pid", "right"] }
columns.body_site = { constant = "wrist_right" }
columns.file = { source = "right_file" }
"""


def test_a_mapping_makes_the_table_of_recordings(read):
    """An export with a column for each wrist's file: how the files are laid out is said once."""
    Path("clinic.toml").write_text(MAPPING)
    time, values = movement(600)
    content = csv_of(np.vstack([1000 * time, 9.80665 * values]).T)
    export = "pid,left,left_file,right,right_file\na,yes,a-l.csv,yes,a-r.csv\nb,no,,yes,b-r.csv\n"
    files = {"export.csv": export, "a-l.csv": content, "a-r.csv": content}
    cohort = read(files, name="export.csv", mapping=load_mapping("./clinic.toml"))
    found = [(each.patient_id, each.body_site) for each in cohort.recordings]
    assert found == [("a", "wrist_left"), ("a", "wrist_right")]
    assert cohort.notes[["row", "reason"]].to_numpy().tolist() == [[2, "NO_RECORDING"]]
    for recording in cohort.recordings:
        np.testing.assert_allclose(recording.open().values, values, rtol=1e-9)
        np.testing.assert_allclose(recording.open().time_s, time, atol=1e-9)


def test_a_handle_pickles_and_opens_to_the_same_samples(read):
    """It goes to the workers of a pool, with its pieces."""
    named = ROW | {"recording_id": "r", "patient_id": "a", "visit_id": "1", "file": "s.csv"}
    rows = ",".join(named) + "\n" + ",".join(map(str, named.values())) + "\n"
    time, values = movement(600)
    content = csv_of(np.vstack([time, values]).T, ("time_s", *AXES))
    files = {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows, "s.csv": content}
    recording = read(files).recordings[0]
    again = pickle.loads(pickle.dumps(recording))
    assert again.quality == recording.quality
    np.testing.assert_array_equal(again.open().values, recording.open().values)
    np.testing.assert_array_equal(next(iter(again.pieces())).values, recording.open().values)
