"""Partitions: however a cohort is cut, the same rows come out, and no patient is torn."""

import stat
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.partition import partitions, survey
from pipeline.reading.source import Options, open_source
from pipeline.testing import cohorts

TABLES = ("visits", "treatments", "outcomes", "rejects", "notes")
HEADER = "patient_id,visit_id,visit_date,age_at_visit_y,findings"
CELLS = st.tuples(
    st.sampled_from(["a", "b", "c", "d", "e", "ü", "", " x"]),
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(["", "2024-01-01", "2024-02-01", "soon"]),
    st.sampled_from(["", "45", "46", "310"]),
    st.sampled_from(["", "HP:0001337", "HP:1", "HP:0001337|!HP:0001337"]),
)
LINES = st.lists(CELLS.map(",".join) | st.sampled_from(["a", "a,,,,,,", "\0,,,,"]), min_size=1, max_size=25)
TREATMENTS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "zz", ""]), st.sampled_from(["dbs", "levodopa", "x"])).map(",".join),
    max_size=8,
)


def files(lines, treatments=()) -> dict[str, str]:
    found = {"visits.csv": "\n".join([HEADER, *lines]) + "\n"}
    if treatments:
        found["treatments.csv"] = "\n".join(["patient_id,kind", *treatments]) + "\n"
    return found


def rows_of(parts, name: str, *, without: tuple[str, ...] = ()) -> Counter:
    """Return the rows of a table of all partitions, however often each."""
    rows: Counter = Counter()
    for part in parts:
        table = getattr(part, name)
        columns = sorted(set(table.columns) - set(without))
        rows.update(tuple(map(str, row)) for row in table[columns].to_numpy(dtype=object).tolist())
    return rows


@given(lines=LINES, treatments=TREATMENTS, size=st.integers(1, 30))
def test_any_size_of_partition_gives_the_same_rows(cut_into, lines, treatments, size):
    """How the work is cut is a matter of memory: visits, treatments, rejects and notes are those of the whole."""
    whole, parts = cut_into(files(lines, treatments), 10**6), cut_into(files(lines, treatments), size)
    for name in TABLES:
        assert rows_of(whole, name) == rows_of(parts, name)
    joined = cut_into(files(lines, treatments), 0)[0]
    pd.testing.assert_frame_equal(joined.visits, whole[0].visits)


RATED = st.tuples(st.sampled_from(["", "0", "3", "4"]), st.sampled_from(["", "2"]), st.sampled_from(["", "45"]))


@given(cells=st.lists(RATED, min_size=1, max_size=12), size=st.integers(1, 6))
def test_totals_are_derived_alike_however_the_work_is_cut(cut_into, cells, size):
    """Each partition has the same columns in the same order, though in some of them no total can be derived."""
    lines = ["patient_id,jrs_severity_points,jrs_frequency_points,age_at_visit_y"]
    lines += [f"p{number},{','.join(row)}" for number, row in enumerate(cells)]
    content = {"visits.csv": "\n".join(lines) + "\n"}
    whole, parts = cut_into(content, 10**6), cut_into(content, size)
    assert {tuple(part.visits) for part in parts} == {tuple(whole[0].visits)}
    assert rows_of(whole, "visits") == rows_of(parts, "visits")
    visits = whole[0].visits
    sums = visits["jrs_severity_points"] + visits["jrs_frequency_points"]
    np.testing.assert_array_equal(visits["jrs_total_points"], sums)


@given(lines=LINES, size=st.integers(1, 30))
def test_every_patient_is_whole_in_one_partition(cut_into, lines, size):
    """Histories and duplicates are found within a partition, so all of a patient's rows are in it, taken or not."""
    parts = cut_into(files(lines), size)
    patients = [({*part.visits["patient_id"], *part.rejects["patient_id"]} - {""}) for part in parts]
    assert sum(map(len, patients)) == len(set().union(*patients))
    rows = [row for part in parts for row in (*part.visits["row"], *part.rejects["row"])]
    assert sorted(rows) == list(range(1, len(lines) + 1))


@given(lines=LINES, treatments=TREATMENTS, size=st.integers(1, 30), data=st.data())
def test_the_order_of_the_rows_does_not_change_which_come_out(cut_into, lines, treatments, size, data):
    """A file that was sorted another way gives the same visits, rejects and notes, under their new numbers."""
    shuffled = data.draw(st.permutations(lines)), data.draw(st.permutations(treatments))
    one, other = cut_into(files(lines, treatments), size), cut_into(files(*shuffled), size)
    for name in TABLES:
        assert rows_of(one, name, without=("row",)) == rows_of(other, name, without=("row",))


@given(lines=LINES, at=st.integers(0, 25), size=st.integers(1, 30))
def test_a_table_in_parts_is_cut_like_the_table_in_one(cut_into, lines, at, size):
    """Splitting a large file into parts changes the file and number that a row is told by, and nothing else."""
    parts = {f"visits/{n}.csv": "\n".join([HEADER, *some]) + "\n" for n, some in enumerate((lines[:at], lines[at:]))}
    one, other = cut_into(files(lines), size), cut_into(parts, size)
    for name in ("visits", "rejects", "notes"):
        assert rows_of(one, name, without=("row", "source")) == rows_of(other, name, without=("row", "source"))


@given(cohort=cohorts(max_patients=6), size=st.integers(1, 8))
def test_what_is_written_reads_back_as_it_was(cut_into, cohort, size):
    """Any valid cohort, written as CSV and read in partitions, is the cohort: no value, visit or treatment changes."""
    tables = {"visits.csv": cohort.visits.drop(columns=["source", "row"])}
    if len(cohort.treatments):
        tables["treatments.csv"] = cohort.treatments
    found = cut_into({name: table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()}, size)
    # findings are drawn at random, and may contradict each other
    assert all(set(part.rejects["column"]) <= {"findings"} for part in found)
    back = pd.concat([part.visits for part in found])
    given_back = cohort.visits.iloc[back["row"].to_numpy(dtype=int) - 1]
    for name in set(cohort.visits) - {"source", "row"}:
        np.testing.assert_array_equal(back[name].to_numpy(), given_back[name].to_numpy())
    patients = set(back["patient_id"])
    kept = replace(
        cohort, treatments=cohort.treatments[[p in patients for p in cohort.treatments.get("patient_id", [])]]
    )
    assert rows_of(found, "treatments") == rows_of([kept], "treatments")


def test_spilled_rows_are_private_and_counted_before(tmp_path):
    """What lies on the disk in between is the owner's only; the number of partitions follows from the visits alone."""
    (tmp_path / "visits.csv").write_text("patient_id\n" + "".join(f"p{n % 9}\n" for n in range(10)))
    (tmp_path / "treatments.csv").write_text("patient_id,kind\n" + "p1,dbs\n" * 100)
    spill = tmp_path / "spill"
    spill.mkdir()
    source = open_source(tmp_path, Options())
    overview = survey(source, Options(), spill)
    assert (overview.total, overview.rows) == (10, {"visits.csv": 10})
    parts = list(partitions(overview, spill, visits_per_partition=3))
    assert [(part.index, part.count) for part in parts] == [(n, 4) for n in range(4)]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in Path(spill).iterdir()}
    assert modes == {0o600}


def test_the_survey_names_columns_that_are_not_ours(tmp_path):
    """Once each, with the table."""
    (tmp_path / "visits.csv").write_text("patient_id,shoe\na,1\n")
    (tmp_path / "treatments.csv").write_text("patient_id,kind,price\na,dbs,1\n")
    source = open_source(tmp_path, Options())
    assert survey(source, Options(), Path(mkdtemp(dir=tmp_path))).unknown_columns == ("visits.shoe", "treatments.price")


@given(size=st.integers(1, 6))
def test_every_partition_has_the_columns_of_all_parts(cut_into, size):
    """The clock is chosen by the columns: a part that lacks one must not be timed otherwise where it is cut off."""
    content = {
        "visits/1.csv": "patient_id,visit_id,visit_date,age_at_visit_y,findings\na,1,2024-01-01,45,HP:0001337\n",
        "visits/2.csv": "patient_id,visit_id,age_at_visit_y\nb,1,45\nb,2,46\nc,1,50\n",
        "treatments/1.csv": "patient_id,kind,treatment_date\na,dbs,2024-01-02\n",
        "treatments/2.csv": "patient_id,kind\nc,dbs\n",
    }
    whole, parts = cut_into(content, 10**6), cut_into(content, size)
    assert {frozenset(part.visits) for part in parts} == {frozenset(whole[0].visits)}
    assert {frozenset(part.treatments) for part in parts} == {frozenset(whole[0].treatments)}
    for name in TABLES:
        assert rows_of(whole, name) == rows_of(parts, name)


def test_a_patient_with_more_visits_than_fit_is_told(cut_into):
    """Most likely the column of patients holds something else: one line says so, before memory runs out."""
    with pytest.raises(ContractError, match=r"a patient with 100001 visits.*at most 100000") as found:
        cut_into({"visits.csv": "patient_id\n" + "a\n" * 100_001 + "b\n"}, 50_000)
    assert found.value.code == "PATIENT_TOO_LARGE"
    parts = cut_into({"visits.csv": "patient_id\n" + "a\n" * 100_000 + "\n".join("bcd")}, 50_000)
    assert sum(len(part) for part in parts) == 100_003
