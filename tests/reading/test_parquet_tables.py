"""Faults of symptom tables (rows S of the table): Parquet that is damaged, swollen, or of other types."""

import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.reading import columnar
from tests.reading.table_files import reasons, refused


@given(at=st.integers(0, 10_000), how=st.sampled_from(["cut", "flip", "zero"]), bit=st.integers(0, 7))
def test_S34_S35_a_damaged_parquet_is_refused_or_reads_as_it_was(read, at, how, bit):
    """Cut off or with a flipped bit, a file with checksums never gives other values; and it never crashes us."""
    columns = {"patient_id": [f"p{n}" for n in range(50)], "age_at_visit_y": [float(n) for n in range(50)]}
    files = {}
    papq.write_table(pa.table(columns), "whole.parquet", write_page_checksum=True, compression="none")
    content = bytearray(Path("whole.parquet").read_bytes())
    at %= len(content)
    if how == "cut":
        content = content[:at]
    elif how == "zero":
        content[at : at + 8] = bytes(len(content[at : at + 8]))
    else:
        content[at] ^= 1 << bit
    files["visits.parquet"] = bytes(content)
    try:
        cohort = read(files)
    except ContractError:
        return
    assert len(cohort) + len(cohort.rejects) <= 50
    for name in set(columns) & set(cohort.visits):
        now = dict(zip(cohort.visits["row"], cohort.visits[name], strict=True))
        assert all(value == columns[name][row - 1] or value != value for row, value in now.items())  # noqa: PLR0124


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" * 100, b"patient_id\na\n", b"PK\x03\x04" + bytes(100)])
def test_S34_what_is_no_parquet(read, content):
    """A file with the wrong ending is told, not guessed at."""
    refused(read, {"visits.parquet": content}, "CORRUPT", "not Parquet")


def test_S36_columns_of_other_types_read_alike(read):
    """Dictionaries, decimals, large strings and narrow numbers are the same cells in other clothes."""
    plain = pa.table({"patient_id": ["a", "b"], "age_at_visit_y": [45.0, 46.0], "sex": ["male", None]})
    dressed = pa.table(
        {
            "patient_id": plain["patient_id"].dictionary_encode(),
            "age_at_visit_y": pa.array([45, 46], pa.int8()),
            "sex": plain["sex"].cast(pa.large_string()),
        }
    )
    decimal = plain.set_column(1, "age_at_visit_y", plain["age_at_visit_y"].cast(pa.decimal128(5, 2)))
    views = plain.set_column(0, "patient_id", plain["patient_id"].cast(pa.string_view()))
    views = views.set_column(2, "sex", plain["sex"].cast(pa.binary()).cast(pa.binary_view()))
    for other in (dressed, decimal, views):
        pd.testing.assert_frame_equal(read({"visits.parquet": plain}).visits, read({"visits.parquet": other}).visits)
    refused(read, {"visits.parquet": pa.table({"patient_id": ["a"], "sex": [["male"]]})}, "TYPE", "one value a cell")


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([1], pa.timestamp("s", "UTC")),
        pa.array([1], pa.timestamp("s")),
        pa.array([1], pa.time32("s")),
        pa.array([1], pa.duration("s")),
        pa.array([{"a": 1}]),
    ],
)
def test_S36_what_would_be_cut_to_a_date_is_refused(read, cells):
    """A time of day or a zone would be lost in silence. In a column that is not ours, it may be."""
    refused(read, {"visits.parquet": pa.table({"patient_id": ["a"], "visit_date": cells})}, "TYPE", "'visit_date'")
    assert len(read({"visits.parquet": pa.table({"patient_id": ["a"], "uploaded": cells})})) == 1


def test_S36_dates_and_flags_in_other_clothes(read):
    """Whole days are dates in whatever unit; a flag may be a number or a truth value, if it is 0 or 1."""
    days = pa.array([0, 19_000], pa.date32())
    plain = read({"visits.parquet": pa.table({"patient_id": ["a", "b"], "visit_date": days, "tremor": ["yes", "no"]})})
    kinds = pa.timestamp("ns"), pa.timestamp("s"), pa.date64(), pa.string()
    for kind in kinds:
        for flags in (pa.array([1, 0]), pa.array([1.0, 0.0]), pa.array([True, False]), pa.array(["1.0", "No"])):
            table = pa.table({"patient_id": ["a", "b"], "visit_date": days.cast(kind), "tremor": flags})
            pd.testing.assert_frame_equal(read({"visits.parquet": table}).visits, plain.visits)
    decimals = pa.array([1, 0]).cast(pa.decimal128(20, 0))
    assert (
        read({"visits.parquet": pa.table({"patient_id": ["a", "b"], "tremor": decimals})}).visits["tremor"].sum() == 1
    )
    table = pa.table({"patient_id": ["a", "b", "c"], "tremor": [0.5, 1, None]})
    assert reasons(read({"visits.parquet": table})) == {1: "NOT_A_FLAG"}


def test_S36_parts_of_a_table_that_differ_in_their_types(read):
    """Each part is read for what it is: a date as text in one and as a date in another, a number as either."""
    one = pa.table({"patient_id": ["a"], "visit_date": ["2024-04-03"], "age_at_visit_y": ["45.5"]})
    other = pa.table({"patient_id": ["b"], "visit_date": pa.array([19_816], pa.date32()), "age_at_visit_y": [45.5]})
    cohort = read({"visits/1.parquet": one, "visits/2.parquet": other, "visits/3.parquet": one.select([0, 1])})
    assert cohort.visits["visit_date"].tolist() == ["2024-04-03"] * 3
    assert cohort.visits["age_at_visit_y"].dropna().tolist() == [45.5, 45.5]


def test_S37_an_integer_that_a_float_cannot_hold(read):
    """It would silently become another number."""
    for kind in (pa.int64(), pa.uint64()):
        table = pa.table({"patient_id": ["a", "b"], "age_at_visit_y": pa.array([2**53 + 1, 45], kind)})
        assert reasons(read({"visits.parquet": table})) == {1: "PRECISION"}


@pytest.mark.parametrize("column", ["patient_id", "centre"])
def test_S38_a_bomb_of_repeated_cells(read, column):
    """A large cell, named by a million rows: the file has 20 kB, its table a terabyte. Nobody waits for it."""
    cells = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, dtype=np.int32)), ["x" * 1_000_000])
    table = pa.table({"patient_id": pa.repeat("a", 1_000_000), column: cells})
    before = pa.total_allocated_bytes()
    refused(read, {"visits.parquet": table}, "TOO_LARGE", f"'{column}' decodes to more than 512 MiB")
    assert pa.total_allocated_bytes() - before < 1 << 26


def test_S38_a_bomb_in_somebody_elses_column_is_not_touched(read):
    """What is not read need not be refused."""
    cells = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000, dtype=np.int32)), ["x" * 1_000_000])
    before = pa.total_allocated_bytes()
    assert len(read({"visits.parquet": pa.table({"patient_id": pa.repeat("a", 50_000), "theirs": cells})})) == 50_000
    assert pa.total_allocated_bytes() - before < 1 << 26


def test_S38_a_bomb_of_compressed_pages(read):
    """The same in one cell that compresses well: the page is never inflated."""
    cells = pa.array(np.zeros(80_000_000, dtype=np.float64))
    papq.write_table(
        pa.table({"age_at_visit_y": cells}),
        "bomb.parquet",
        compression="zstd",
        use_dictionary=False,
        row_group_size=80_000_000,
    )
    content = Path("bomb.parquet").read_bytes()
    assert len(content) < 1_000_000
    refused(read, {"visits.parquet": content}, "TOO_LARGE")


def test_S36_ids_as_databases_write_them(read):
    """A UUID is its text; a column of one that is not ours refuses nothing."""
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    column = pa.array([each.bytes for each in ids], pa.uuid())
    table = pa.table({"patient_id": column, "upload": column})
    assert read({"visits.parquet": table}).visits["patient_id"].tolist() == [str(each) for each in ids]


def test_what_was_read_of_a_long_file_is_not_kept():
    """A cohort may be larger than the memory: of a file in many groups, no more than a few are there at a time."""
    numbers = np.random.default_rng(1).random(1_000_000)
    table = pa.table({"patient_id": [f"p{n // 10}" for n in range(len(numbers))], "bfmdrs_movement_points": numbers})
    papq.write_table(table, "visits.parquet", row_group_size=20_000, write_page_checksum=True)
    del table
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() - before for _ in columnar.read(Path("visits.parquet"), "visits.parquet")]
    assert max(held) < Path("visits.parquet").stat().st_size / 4
