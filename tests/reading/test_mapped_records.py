"""Somebody else's layout, read by a mapping: the built-in one of the cervical trial, on rows made up here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_mapping
from pipeline.errors import ContractError

HEADER = "site,id,patient,week,treat,age,sex,twstrs"
ROWS = (
    "1,1,p1,0,5000U,65,F,32",
    "1,1,p1,2,5000U,65,F,30",
    "1,1,p1,4,5000U,65,F,24",
    "1,2,p2,0,Placebo,70,M,60",
    "2,3,p3,0,10000U,50,F,44",
)


@pytest.fixture(scope="module")
def mapping():
    return load_mapping("cervical-trial")


def test_the_built_in_mapping_makes_visits_and_treatments(read, mapping):
    """One row a patient and week becomes a visit; each patient's row of week 0 a treatment with its dose."""
    cohort = read({"trial.csv": "\n".join([HEADER, *ROWS])}, name="trial.csv", mapping=mapping)
    assert cohort.rejects.empty
    assert cohort.notes.empty
    first = cohort.visits.iloc[0]
    assert first[["patient_id", "visit_id", "centre", "sex"]].tolist() == ["p1", "p1-0", "1", "female"]
    assert first[["weeks_since_enrolment", "age_at_enrolment_y", "twstrs_total_points"]].tolist() == [0.0, 65.0, 32.0]
    assert cohort.treatments[["patient_id", "kind", "dose_toxin_units"]].to_numpy().tolist() == [
        ["p1", "botulinum_toxin", 5000.0],
        ["p2", "placebo", 0.0],
        ["p3", "botulinum_toxin", 10000.0],
    ]


def test_a_code_that_the_mapping_does_not_know_is_judged_as_it_stands(read, mapping):
    """Nothing is guessed: an unknown sex costs the visit, an unknown treatment the treatment."""
    cohort = read(
        {"t.csv": "\n".join([HEADER, *ROWS, "1,4,p4,0,5000U,65,X,32", "1,5,p5,0,900U,65,F,32"])},
        name="t.csv",
        mapping=mapping,
    )
    assert cohort.rejects[["row", "column", "reasons"]].to_numpy().tolist() == [[6, "sex", "UNKNOWN_CATEGORY"]]
    noted = cohort.notes[["table", "row", "reason"]].to_numpy().tolist()
    assert ["treatments", 7, "UNKNOWN_CATEGORY"] in noted
    assert ["treatments", 6, "UNKNOWN_VISIT"] in noted


def test_all_missing_columns_are_told_in_one_line(read, mapping):
    """With the nearest of those that are there."""
    with pytest.raises(ContractError, match=r"t\.csv: no column 'patient', 'twstrs'.*Did you mean 'patients'") as found:
        read({"t.csv": "site,patients,week,treat,age,sex\n1,p1,0,5000U,65,F\n"}, name="t.csv", mapping=mapping)
    assert "\n" not in str(found.value)
    assert found.value.exit_code == 65


def test_a_ragged_row_is_rejected_under_its_number(read, mapping):
    """A mapped file is as strict as one of our own."""
    cohort = read({"t.csv": "\n".join([HEADER, ROWS[0], "1,9", *ROWS[1:]])}, name="t.csv", mapping=mapping)
    assert cohort.rejects[["row", "reasons"]].to_numpy().tolist() == [[2, "RAGGED"]]
    assert len(cohort) == len(ROWS)


@given(order=st.permutations(ROWS))
def test_the_order_of_the_rows_does_not_matter(read, mapping, order):
    """Row by row, the same visits and treatments come out."""
    one, other = (read({"t.csv": "\n".join([HEADER, *rows])}, name="t.csv", mapping=mapping) for rows in (ROWS, order))
    for name in ("visits", "treatments"):
        tables = [getattr(cohort, name).drop(columns="row", errors="ignore") for cohort in (one, other)]
        first, second = (sorted(map(str, table.to_numpy().tolist())) for table in tables)
        assert first == second
