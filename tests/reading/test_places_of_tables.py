"""Faults of symptom tables (rows S of the table): what lies at the place of a table, how much, and whether it stays."""

import os
import socket
import threading
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import IoFailed, PipelineError
from pipeline.partition import partitions, survey
from pipeline.reading.source import Options, open_source, spooled
from tests.reading.table_files import refused


def test_S39_memory_does_not_grow_with_the_rows(tmp_path):
    """The most that is held at any time is the same for a table four times as long, in order or shuffled."""
    for shuffled in (False, True):
        most = []
        for patients in (60_000, 240_000):
            ids = np.repeat(np.arange(patients), 2)
            ids = np.random.default_rng(0).permutation(ids) if shuffled else ids
            text = "".join(f"p{patient:07d},45,yes,no,male\n" for patient in ids.tolist())
            (tmp_path / "visits.csv").write_text("patient_id,age_at_visit_y,tremor,head_tremor,sex\n" + text)
            spill = Path(mkdtemp(dir=tmp_path))
            source = open_source(tmp_path / "visits.csv", Options())
            held = []
            for part in partitions(survey(source, Options(), spill), spill, visits_per_partition=20_000):
                assert len(part.cohort(source, Options())) > 10_000
                held.append(pa.total_allocated_bytes())
            assert len(held) == patients // 10_000
            most.append(max(held))
        assert most[1] < 1.5 * most[0]


def test_S41_a_table_of_very_many_columns(read):
    """It is refused before it is decoded."""
    table = pa.table({"patient_id": ["a"]} | {f"c{n}": [0] for n in range(5_001)})
    refused(read, {"visits.parquet": table}, "TOO_MANY_COLUMNS")
    header = ",".join(["patient_id", *(f"c{n}" for n in range(20_000))])
    refused(read, {"visits.csv": f"{header}\n"}, "TOO_MANY_COLUMNS", "20001 columns: at most 5000|20001 columns")


@pytest.mark.parametrize("place", ["cohort", "visits/part.csv"])
def test_S42_a_pipe_is_refused_at_once(tmp_path, place):
    """A named pipe would be waited for; standard input is read through `-` only."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    found: list[BaseException] = []

    def open_it() -> None:
        try:
            open_source(path if place == "cohort" else tmp_path, Options())
        except PipelineError as error:
            found.append(error)

    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    thread.join(10)
    assert [error.exit_code for error in found] == [65]


def test_S42_a_device_a_socket_a_circle_of_links_a_folder_as_a_part(tmp_path):
    """None of them is read."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "visits" / "part.csv").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        cases = [(Path("/dev/zero"), 65), (Path("s"), 65), (tmp_path / "a", 66), (tmp_path, 65)]
        for path, code in cases:
            with pytest.raises(PipelineError) as found:
                open_source(path, Options())
            assert found.value.exit_code == code


def test_S43_an_input_that_changes_while_it_is_read(tmp_path):
    """Whether in place or replaced or removed: nothing is published from half of one file and half of another."""
    path = tmp_path / "visits.csv"
    path.write_text("patient_id\na\n")
    source = open_source(path, Options())
    source.verify_unchanged()
    path.write_text("patient_id\nb\n")
    with pytest.raises(IoFailed, match="changed while it was read") as found:
        source.verify_unchanged()
    assert found.value.exit_code == 74
    path.unlink()
    with pytest.raises(IoFailed):
        source.verify_unchanged()


def test_standard_input_is_read_once_from_a_private_copy(tmp_path, monkeypatch):
    """`-` reads a CSV from standard input, so that a pipe can be read twice; the copy is gone afterwards."""
    (tmp_path / "in.csv").write_text("patient_id\na\n")
    with (tmp_path / "in.csv").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with spooled(Path("-")) as path:
            assert path.read_text() == "patient_id\na\n"
            assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()


@pytest.mark.parametrize("link", ["visits.csv", "visits/part.csv", "treatments.csv", "packet.json"])
def test_S42_a_link_out_of_the_folder(read, link):
    """A supplier may have linked any file that the operator can read: what lies elsewhere is no part of a cohort."""
    Path("elsewhere.csv").write_text("patient_id\nSECRET\n")
    there = {} if link.endswith("json") or link.startswith("visits") else {"visits.csv": "patient_id\na\n"}
    found = refused(read, {**there, link: Path.cwd() / "elsewhere.csv"}, "PATH_ESCAPE", "leads out of the cohort")
    assert "SECRET" not in str(found)


def test_S42_a_link_within_the_folder_and_to_it(read, tmp_path):
    """Links of a user's own order are followed: to the folder, or to a file beside."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "2026.csv").write_text("patient_id\na\n")
    (tmp_path / "real" / "visits.csv").symlink_to("2026.csv")
    (tmp_path / "link").symlink_to("real")
    assert open_source(tmp_path / "link", Options()).visit_files == ("visits.csv",)
