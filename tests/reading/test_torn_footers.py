"""Footers of Parquet files that contradict themselves: pyarrow ends the process if it is asked about such a column."""

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.reading.row_groups import column_sizes

COUNTS = b"\x29\x06\x19\x26"
"""How a footer begins its counts of a column of cells, some of them missing: none of where lists begin, then two."""


def parquet(columns: dict) -> bytes:
    file = io.BytesIO()
    papq.write_table(pa.table(columns), file, row_group_size=2, compression="none")
    return file.getvalue()


def torn(content: bytes, which: int = -1) -> bytes:
    """Give one column's counts of missing cells out as counts of where lists begin: it has no lists."""
    at = [at for at in range(len(content)) if content.startswith(COUNTS, at)][which]
    return content[:at] + b"\x29\x26" + content[at + 4 : at + 6] + b"\x19\x06" + content[at + 6 :]


def check(folder) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "check", str(folder)], capture_output=True, text=True, check=False
    )


def test_S34_a_torn_footer_of_a_table_is_refused(tmp_path):
    """It is told as damage, by a process that is still there to tell."""
    (tmp_path / "visits.parquet").write_bytes(torn(parquet({"patient_id": ["a", "b"], "age_at_visit_y": [45.0, None]})))
    done = check(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (65, 1), done.stderr
    assert "visits.parquet: damaged, or not Parquet" in done.stderr


def test_a_torn_footer_of_a_recording_costs_the_recording(tmp_path):
    """The rest of the cohort is checked as ever."""
    times = [n / 50 for n in range(400)]
    content = parquet({"time_s": times, "x": times, "y": times, "z": [*times[:-1], None]})
    (tmp_path / "signal.parquet").write_bytes(torn(content))
    (tmp_path / "visits.csv").write_text("patient_id,visit_id\na,1\n")
    (tmp_path / "recordings.csv").write_text(
        "recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file\n"
        "r,a,1,wrist_left,rest,accelerometer,g,50,signal.parquet\n"
    )
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 x BAD_RECORDING" in done.stdout


@pytest.mark.parametrize("group", range(3))
def test_every_row_group_is_looked_at(group):
    """Also where only a later one is torn; and what is sound is told as pyarrow tells it."""
    content = parquet({"age_y": [1.0, None, 2.0, None, 3.0, None]})
    sizes = list(column_sizes(papq.ParquetFile(io.BytesIO(content)).metadata, len(content)))
    assert [list(each) for each in sizes] == [["age_y"]] * 3
    assert all(each["age_y"] > 0 for each in sizes)
    content = torn(content, group - 3)
    about = papq.ParquetFile(io.BytesIO(content)).metadata
    with pytest.raises(OSError, match="histogram"):
        list(column_sizes(about, len(content)))
