"""Faults of symptom tables (rows S of the table): what stands in a cell."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reading.table_files import reasons, refused, rows


def test_S17_S18_S20_S22_S23_S24_each_cell_costs_its_row_for_its_own_reason(read):
    """The reason names what was wrong, the column names where."""
    header = "patient_id,age_at_visit_y,visit_date,sex,tremor"
    cohort = read(
        rows(
            "a,abc,,,", "b,inf,,,", "c,1e999,,,", "d,310,,,", "e,-1,,,", "f,,03/04/2024,,", "g,,,M,", "h,,,,ja",
            "i,45,2024-04-03,male,Yes", "j,x,x,x,x", header=header,
        )
    )  # fmt: skip
    assert reasons(cohort) == {
        1: "NOT_A_NUMBER",
        2: "NOT_FINITE",
        3: "NOT_FINITE",
        4: "OUT_OF_RANGE",
        5: "OUT_OF_RANGE",
        6: "DATE_FORMAT",
        7: "UNKNOWN_CATEGORY",
        8: "NOT_A_FLAG",
        10: "DATE_FORMAT|NOT_A_NUMBER|UNKNOWN_CATEGORY|NOT_A_FLAG",
    }
    assert cohort.rejects["column"].iloc[-1] == "visit_date|age_at_visit_y|sex|tremor"
    assert cohort.visits[["age_at_visit_y", "tremor"]].to_numpy().tolist() == [[45.0, 1.0]]


@pytest.mark.parametrize("token", ["NA", "null", ".", "nan", "-999", "9999", "None", "#N/A"])
def test_S19_only_the_empty_cell_is_missing(read, token):
    """Nothing that might be a value is read as missing behind the user's back."""
    cohort = read(rows(f"a,{token}", "b,", 'c,""'))
    assert reasons(cohort) == {1: "OUT_OF_RANGE" if token.strip("-").isdigit() else "NOT_A_NUMBER"}
    assert np.isnan(cohort.visits["age_at_visit_y"]).all()


AGES = {",": '"45,5"', ".": "45.5"}


@pytest.mark.parametrize("mark", AGES)
def test_S14_the_decimal_mark_is_declared_not_guessed(read, mark):
    """A column that is full of the other mark refuses the file, with the option to give; with it, it is read."""
    files, other = rows(f"a,{AGES[mark]}", "b,46", "c,"), next(each for each in AGES if each != mark)
    refused(read, files, "DELIMITER", f"age_at_visit_y.*--decimal '{mark}'", decimal=other)
    assert read(files, decimal=mark).visits["age_at_visit_y"].tolist()[:2] == [45.5, 46.0]
    spreadsheet = {"visits.csv": "patient_id;age_at_visit_y\na;45,5\nb;46\n"}
    refused(read, spreadsheet, "DELIMITER", "--delimiter")
    refused(read, spreadsheet, "DELIMITER", "--decimal ','", delimiter=";")
    assert read(spreadsheet, delimiter=";", decimal=",").visits["age_at_visit_y"].tolist() == [45.5, 46.0]


def test_S14_numbers_as_text_in_parquet_are_held_to_the_mark_too(read):
    """A table that a tool wrote from such a CSV is refused with the option that it needs, not emptied row by row."""
    table = pa.table({"patient_id": ["a", "b", "c"], "age_at_visit_y": ["45,5", "46", None]})
    files = {"visits/1.parquet": table.slice(0, 0), "visits/2.parquet": table}
    refused(read, files, "DELIMITER", r"visits/2\.parquet.*age_at_visit_y.*--decimal ','")
    assert read(files, decimal=",").visits["age_at_visit_y"].tolist()[:2] == [45.5, 46.0]


def test_S14_a_few_numbers_with_the_other_mark_cost_their_rows(read):
    """A slip of one hand says nothing of the file; thousands are never read as a fraction, or the other way round."""
    lines = ["a,45", "b,46", 'c,"47,5"', "d,48"]
    assert reasons(read(rows(*lines))) == {3: "NOT_A_NUMBER"}
    lines[2] = "c,47.5"
    cohort = read(rows(*lines, 'e,"1.049,5"'), decimal=",")
    assert reasons(cohort) == {3: "NOT_A_NUMBER", 5: "NOT_A_NUMBER"}


@given(ages=st.lists(st.floats(0, 120), min_size=1, max_size=5))
def test_S14_a_declared_mark_changes_no_bit(read, ages):
    """The same numbers come out of either spelling; ids and words that look like numbers stay as they are."""
    header = "patient_id;centre;age_at_visit_y"
    found = [
        read(rows(*(f"{n},5;1.5;{str(age).replace('.', mark)}" for n, age in enumerate(ages)), header=header),
             delimiter=";", decimal=mark)
        for mark in AGES
    ]  # fmt: skip
    pd.testing.assert_frame_equal(found[0].visits, found[1].visits)
    assert found[0].visits["age_at_visit_y"].tolist() == ages
    assert found[0].visits["centre"].unique().tolist() == ["1.5"]


@pytest.mark.parametrize("column", ["visit_date", "onset_date"])
def test_S21_a_date_in_the_future(read, column):
    """A slip in the year costs the row; the day of the export tells the nearer future, and never today's clock."""
    files = rows("a,2999-01-01", "b,2027-02-03", "c,2024-02-03", "d,", header=f"patient_id,{column}")
    assert reasons(read(files)) == {1: "INCONSISTENT"}
    late = read(files, as_of="2026-11-22")
    assert reasons(late) == {1: "INCONSISTENT", 2: "INCONSISTENT"}
    assert set(late.rejects["message"]) == {"a date lies in the future"}
    assert reasons(read(files, as_of="2027-02-03")) == {1: "INCONSISTENT"}


def test_S21_a_treatment_or_a_label_in_the_future_is_noted(read):
    """It rejects no visit, and is not used."""
    cohort = read(
        rows("a,45")
        | {"treatments.csv": "patient_id,kind,treatment_date\na,dbs,2999-01-01\na,dbs,2024-01-01\n"}
        | {"outcomes.csv": "patient_id,phenotype,label_date\na,cervical,2999-01-01\n"}
    )
    assert cohort.notes[["table", "column", "reason"]].to_numpy().tolist() == [
        ["treatments", "treatment_date", "INCONSISTENT"],
        ["outcomes", "label_date", "INCONSISTENT"],
    ]
    assert (len(cohort), len(cohort.treatments), len(cohort.outcomes)) == (1, 1, 0)


def test_S21_an_onset_after_the_visit(read):
    """Values that can't both be true cost the row, with the reason in words."""
    cohort = read(rows("a,45,46", "b,45,45", header="patient_id,age_at_visit_y,age_at_onset_y"))
    assert reasons(cohort) == {1: "INCONSISTENT"}
    assert cohort.rejects["message"].tolist() == ["the onset lies after the visit"]


def test_S23_an_unknown_category_may_be_read_as_missing(read):
    """By option only."""
    cohort = read(rows("a,M", "b,male", header="patient_id,sex"), unknown_as_missing=True)
    assert cohort.visits["sex"].tolist() == ["", "male"]


def test_S40_a_cell_larger_than_any_of_a_form(read):
    """It is refused as that, but not in a Parquet column that is not ours and so not read; a long one of a form is."""
    for column in ("centre", "not ours"):
        text = {"visits.csv": f"patient_id,{column}\na,x\nb,{'x' * 3_000_000}\n"}
        refused(read, text, "CELL_TOO_LARGE", r"visits\.csv: a cell of more than 1048576 bytes")
        table = pa.table({"patient_id": ["a"], column: ["x" * 3_000_000]})
        if column == "centre":
            refused(read, {"visits.parquet": table}, "CELL_TOO_LARGE", r"visits\.parquet")
        else:
            assert len(read({"visits.parquet": table})) == 1
    refused(read, {"visits.csv": f"patient_id,{'x' * 3_000_000}\n"}, "CELL_TOO_LARGE")
    assert len(read({"visits.csv": f"patient_id,centre\na,{'x' * 1_000_000}\n"})) == 1
