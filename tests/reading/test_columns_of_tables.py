"""Faults of symptom tables (rows S of the table): files and columns that are there or not."""

import os

import pyarrow as pa
import pytest

from pipeline.errors import MissingInput
from pipeline.reading.source import Options, open_source
from tests.reading.table_files import refused, rows


def test_S1_what_is_missing_is_named(tmp_path):
    """The path that is not there stands in the message, and the code is that of a missing input."""
    with pytest.raises(MissingInput, match=r"nowhere\.csv: no such file") as found:
        open_source(tmp_path / "nowhere.csv", Options())
    assert found.value.exit_code == 66


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_S1_what_may_not_be_read_is_named(tmp_path):
    """A file without the right to read it is a missing input, too."""
    (tmp_path / "visits.csv").write_text("patient_id\n")
    (tmp_path / "visits.csv").chmod(0)
    with pytest.raises(MissingInput, match="permission"):
        open_source(tmp_path / "visits.csv", Options())


@pytest.mark.parametrize("name", ["visits.csv", "visits.parquet", "x.json", "x.jsonl"])
def test_S2_an_empty_file(read, name):
    """A file of no bytes is a failed copy, not a cohort of nobody."""
    needed = "header" if name.startswith("visits") else "phenopacket"
    refused(read, {name: b""}, "EMPTY_INPUT", f"empty, but .*{needed}")


@pytest.mark.parametrize("content", ["\n", "\n\npatient_id\n", ",,\n", "\ufeff\n"])
def test_S2_a_file_without_a_header(read, content):
    """Blank lines name no columns."""
    refused(read, {"visits.csv": content}, "EMPTY_INPUT", "no header")


@pytest.mark.parametrize(
    "content",
    ["patient_id,sex\n", "patient_id,sex", "patient_id,sex\r\n", "\ufeffpatient_id,sex", "patient_id", '"patient_id"'],
)
def test_S3_a_header_alone_is_a_cohort_of_nobody(read, content):
    """A table without rows is read without complaint, with or without a line end."""
    cohort = read({"visits.csv": content})
    assert len(cohort) == len(cohort.rejects) == 0
    assert "patient_id" in cohort.visits


def test_S3_a_parquet_without_rows(read):
    """The same for Parquet."""
    assert len(read({"visits.parquet": pa.table({"patient_id": pa.array([], pa.string())})})) == 0


def test_S4_all_missing_columns_are_listed_with_the_nearest(read):
    """One run tells of every column that has to be added, and which column may have been meant."""
    files = rows("a") | {"recordings.csv": "recording_id,patient_id,bodysite,task,unit,file\n"}
    error = refused(read, files, "MISSING_COLUMN", "Did you mean 'bodysite'")
    assert all(f"'{name}'" in str(error) for name in ("body_site", "sensor", "rate_hz"))
    refused(read, {"visits.csv": "patientid,sex\nx,male\n"}, "MISSING_COLUMN", r"visits\.csv.*Did you mean 'patientid'")
    refused(read, {"visits.parquet": pa.table({"patient": ["a"]})}, "MISSING_COLUMN", "'patient_id'")


def test_S5_an_unknown_column_is_read_over_or_refused(read):
    """Columns of the user's own do no harm; --strict refuses them by name."""
    files = rows("a,45,x", header="patient_id,age_at_visit_y,shoe_size")
    assert len(read(files)) == 1
    refused(read, files, "UNKNOWN_COLUMN", "shoe_size", strict=True)


@pytest.mark.parametrize("header", ["a,a", "patient_id,sex,patient_id", "patient_id,,"])
def test_S7_a_column_name_twice(read, header):
    """It can't be told which of two columns was meant, so neither is taken."""
    refused(read, {"visits.csv": f"{header}\nx,y,z\n"}, "DUPLICATE_COLUMN")


def test_S7_a_column_name_twice_in_parquet(read):
    """Arrow allows it, we don't."""
    refused(
        read, {"visits.parquet": pa.Table.from_arrays([pa.array(["a"])] * 2, ["patient_id"] * 2)}, "DUPLICATE_COLUMN"
    )


def test_S8_a_bom_and_near_misses_of_a_name(read):
    """The mark that Excel writes is no part of a name; other near misses are named, not guessed."""
    assert read({"visits.csv": "\ufeffpatient_id\nx\n"}).visits["patient_id"].tolist() == ["x"]
    assert read({"visits.csv": '\ufeff"patient_id"\nx\n'}).visits["patient_id"].tolist() == ["x"]
    for header in ("Patient_ID", "PATIENT ID", " patient_id", "patient_id "):
        refused(read, {"visits.csv": f"{header}\nx\n"}, "MISSING_COLUMN", f"Did you mean '{header}'")
    refused(read, rows("x,1", header="patient_id,Sex"), "COLUMN_NAME", "it is called 'sex'")


@pytest.mark.parametrize("rows_there", [0, 1])
def test_S4_the_part_that_lacks_a_column_is_named(read, rows_there):
    """Among two hundred parts, a user has to know which."""
    table = pa.table({"patient_id": ["a"], "tremor": ["yes"]})
    files = {"visits/1.parquet": table, "visits/2.parquet": table.select(["tremor"]).slice(0, rows_there)}
    refused(read, files, "MISSING_COLUMN", r"visits/2\.parquet: no column 'patient_id'")


def test_S5_a_strict_refusal_fits_a_line(read):
    """All of the hundreds of columns would bury the one that is to be mended."""
    found = refused(read, rows("a,45", header="patient_id,zzz"), "UNKNOWN_COLUMN", "'zzz'", strict=True)
    assert len(str(found)) < 1500
