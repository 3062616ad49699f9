"""Treatments, recordings and outcomes: what belongs to nobody, or can't be used, is noted and costs no visit."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from pipeline.reading.below import resolve

VISITS = "patient_id,visit_id,age_at_visit_y\na,1,45\na,2,46\nb,1,50\n"
RECORDINGS = "recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file"
SAMPLES = "time_s,x,y,z\n" + "".join(f"{n * 0.02:.2f},{n % 2},{n % 3},{9.80665 + n % 5}\n" for n in range(300))


def notes(cohort) -> list[tuple]:
    return sorted(map(tuple, cohort.notes[["table", "row", "column", "reason"]].to_numpy().tolist()))


def with_recordings(*rows: str, **files) -> dict:
    return {"visits.csv": VISITS, "recordings.csv": "\n".join([RECORDINGS, *rows]) + "\n", "s.csv": SAMPLES} | files


def test_treatments_of_patients_who_were_read_are_taken(read):
    """Others are noted, each under its own number, with its reason."""
    treatments = (
        "patient_id,kind,treatment_date\na,dbs,2024-01-01\nc,dbs,\na,surgery,\n,dbs,\nb,levodopa,soon\nb,baclofen,\n"
    )
    cohort = read({"visits.csv": VISITS, "treatments.csv": treatments})
    assert cohort.treatments["kind"].tolist() == ["dbs", "baclofen"]
    assert notes(cohort) == [
        ("treatments", 2, "patient_id", "UNKNOWN_VISIT"),
        ("treatments", 3, "kind", "UNKNOWN_CATEGORY"),
        ("treatments", 4, "patient_id", "MISSING_ID"),
        ("treatments", 5, "treatment_date", "DATE_FORMAT"),
    ]
    assert len(cohort) == 3


def test_a_recording_is_opened_in_its_unit(read):
    """Samples come in g, whatever unit was declared."""
    cohort = read(with_recordings("r,a,1,head,rest,accelerometer,m/s^2,50,s.csv"))
    samples = cohort.recordings[0].open()
    number = np.arange(300)
    expected = np.stack([number % 2, number % 3, 9.80665 + number % 5]) / 9.80665
    np.testing.assert_allclose(samples.values, expected)
    np.testing.assert_allclose(samples.time_s, 0.02 * number)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("r,a,1,head,rest,accelerometer,g,50,none.csv", "file", "NO_RECORDING"),
        (f"r,a,1,head,rest,accelerometer,g,50,{'x' * 300}.csv", "file", "NO_RECORDING"),
        ("r,a,1,head,rest,accelerometer,g,50,", "file", "NO_FILE_NAME"),
        ("r,a,1,head,rest,accelerometer,g,50,../s.csv", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,g,50,/etc/passwd", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,g,50,file:///etc/passwd", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,g,50,\\\\server\\x", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,g,50,circle", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,g,50,outside", "file", "PATH_ESCAPE"),
        ("r,a,1,head,rest,accelerometer,,50,s.csv", "unit", "BAD_RECORDING"),
        ("r,a,1,head,rest,accelerometer,g,,s.csv", "rate_hz", "BAD_RECORDING"),
        ("r,a,1,,rest,accelerometer,g,50,s.csv", "body_site", "BAD_RECORDING"),
        ("r,a,1,nose,rest,accelerometer,g,50,s.csv", "body_site", "UNKNOWN_CATEGORY"),
        ("r,a,9,head,rest,accelerometer,g,50,s.csv", "patient_id", "UNKNOWN_VISIT"),
        ("r,c,1,head,rest,accelerometer,g,50,s.csv", "patient_id", "UNKNOWN_VISIT"),
    ],
)
def test_a_recording_that_cannot_be_used_is_noted(read, row, column, reason):
    """The visit is predicted without it, and the note says which row of the table to mend, and why."""
    links = {"outside": Path("/etc/hostname"), "circle": Path("circle")}
    cohort = read(with_recordings(row, **links))
    assert notes(cohort) == [("recordings", 1, column, reason)]
    assert len(cohort) == 3
    assert cohort.recordings == ()


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["..", ".", "a/../..", "a/.."])
)
def test_no_name_leads_out_of_the_folder(name):
    """Whatever stands in the cell, a file is looked for below the cohort's folder, or not at all."""
    root = Path.cwd() / "cohort"
    found = resolve(root, name)
    assert found is None or found.is_relative_to(root.resolve())


def test_outcomes_belong_to_a_visit_or_to_a_patient(read):
    """An outcome that names a visit which is not there is noted: it would be learned from nowhere."""
    outcomes = (
        "patient_id,visit_id,phenotype,aetiology\na,1,cervical,wilson\na,7,cervical,wilson\nb,,cervical,wilson\nc,,,\n"
    )
    cohort = read({"visits.csv": VISITS, "outcomes.csv": outcomes})
    assert cohort.outcomes[["patient_id", "visit_id"]].to_numpy().tolist() == [["a", "1"], ["b", ""]]
    assert [row for _, row, _, _ in notes(cohort)] == [2, 4]


def test_a_studys_own_outcome_columns_are_read(read):
    """A label of the study's own is text, and a column that ends in a unit of time a number."""
    outcomes = "patient_id,visit_id,responded,relapse_weeks\na,1,yes,4.5\nb,,no,x\n"
    files = {"visits.csv": VISITS, "outcomes.csv": outcomes}
    cohort = read(files, outcome_columns=("responded", "relapse_weeks"))
    assert cohort.outcomes[["responded", "relapse_weeks"]].to_numpy().tolist() == [["yes", 4.5]]
    assert notes(cohort) == [("outcomes", 2, "relapse_weeks", "NOT_A_NUMBER")]


def test_the_parts_of_a_table_are_one_table(read):
    """In a folder of parts, text and numbers, other columns and other kinds of file go together."""
    parts = {
        "visits/1.csv": "patient_id,visit_id,age_at_visit_y\n007,1,45\n",
        "visits/2.parquet": pa.table({"patient_id": [7, 8], "visit_id": ["1", "2"], "age_at_visit_y": [45.5, None]}),
        "visits/3.csv": "sex,patient_id\nmale,9\n",
    }
    cohort = read(parts)
    assert cohort.rejects.empty
    assert cohort.visits["patient_id"].tolist() == ["007", "7", "8", "9"]
    assert cohort.visits["source"].tolist() == ["visits/1.csv", "visits/2.parquet", "visits/2.parquet", "visits/3.csv"]
    np.testing.assert_array_equal(cohort.visits["age_at_visit_y"], [45, 45.5, np.nan, np.nan])


def test_a_table_that_stands_there_twice_is_refused(read):
    """Nobody can tell which copy counts."""
    with pytest.raises(ContractError, match="'visits' stands there twice"):
        read({"visits.csv": VISITS, "visits.parquet": pa.table({"patient_id": ["a"]})})
    with pytest.raises(ContractError, match="neither visits"):
        read({"other.csv": VISITS})


@pytest.mark.parametrize(
    ("mark", "synthetic"), [('{"synthetic": true}', True), ('{"synthetic": "no"}', False), ("[]", False), ("{", False)]
)
def test_a_cohort_is_synthetic_only_if_it_is_marked(read, mark, synthetic):
    """A model of synthetic data refuses what is not marked; junk in the mark is no mark."""
    assert read({"visits.csv": VISITS, "cohort.json": mark}).synthetic is synthetic
    assert read({"visits.csv": VISITS}).synthetic is False


def test_a_label_against_the_record_is_noted_and_kept(read):
    """Which of the two is wrong only the clinic can tell; the note has no value, and names the row of the outcomes."""
    cohort = read(
        {
            "visits.csv": "patient_id,neuroleptic_exposure\na,no\nb,yes\n",
            "outcomes.csv": "patient_id,aetiology\nb,acquired_tardive\na,acquired_tardive\n",
        }
    )
    assert notes(cohort) == [("outcomes", 2, "aetiology", "INCONSISTENT")]
    assert cohort.notes["message"].tolist() == ["no dopamine-blocking drug was taken"]
    assert len(cohort.outcomes) == 2
