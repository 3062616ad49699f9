"""Any valid cohort, written and read back, is the same cohort; what a format can't carry is said."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cohort_files import not_carried, write_phenopackets, write_tables
from pipeline.errors import UsageError
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.records import Cohort
from pipeline.schema import TABLES
from pipeline.testing import cohorts

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
ANY_COHORT = cohorts(outcomes=True)


def written_and_read(cohort: Cohort, format: str, **options) -> Cohort:
    """Write a cohort to a new place, and read it as anybody's."""
    folder = Path(mkdtemp(dir=Path.cwd()))
    if format == "phenopackets":
        write_phenopackets(cohort, folder / "cases.jsonl", created=WHEN)
        place = folder / "cases.jsonl"
    else:
        write_tables(cohort, folder, format)
        place = folder
    chosen = Options(strict=True, **options)
    source = open_source(place, chosen)
    return read_whole(source, chosen, Path(mkdtemp(dir=Path.cwd())))


def same(one: pd.DataFrame, other: pd.DataFrame, columns: list[str], *, in_order: bool = True) -> None:
    """Check that two tables hold the same in these columns; one that a table lacks is one without values."""

    def chosen(table: pd.DataFrame) -> pd.DataFrame:
        kinds = {column.name: column.kind for columns in TABLES.values() for column in columns}
        numbers = {name for name in columns if kinds.get(name) in ("number", "flag")}
        table = table.reindex(columns=pd.Index(columns, dtype=object))
        for name in columns:
            cells = table[name].astype(float if name in numbers else object)
            table[name] = cells if name in numbers else cells.where(cells.notna(), "")
        if not in_order and len(columns):
            table = table.sort_values(columns, kind="stable")
        return table.reset_index(drop=True)

    pd.testing.assert_frame_equal(chosen(one), chosen(other), check_exact=True)


def sound(cohort: Cohort) -> Cohort:
    """Return the visits that our reader would take; findings drawn at random may contradict each other."""
    read = written_and_read(replace(cohort, treatments=pd.DataFrame(), outcomes=pd.DataFrame()), "parquet")
    taken = cohort[np.sort(read.visits["row"].to_numpy(dtype=int) - 1)]
    of_visits = pd.MultiIndex.from_frame(taken.visits[["patient_id", "visit_id"]])
    if taken.outcomes.empty:
        return taken
    told = pd.MultiIndex.from_frame(taken.outcomes[["patient_id", "visit_id"]]).isin(of_visits)
    return replace(taken, outcomes=taken.outcomes[told].reset_index(drop=True))


@pytest.mark.parametrize("format", ["csv", "parquet"])
@given(cohort=ANY_COHORT)
def test_tables_read_back_equal(cohort, format):
    """A folder of CSV or Parquet carries all of visits, treatments and outcomes, to the last bit and in order."""
    cohort = sound(cohort)
    assert not_carried(cohort, format) == []
    read = written_and_read(cohort, format)
    assert read.rejects.empty
    for name in ("visits", "treatments", "outcomes"):
        made, found = getattr(cohort, name), getattr(read, name)
        columns = [column for column in made if column not in ("source", "row")]
        assert {column for column in found if column not in ("source", "row")} == set(columns)
        same(made, found, columns)


@given(cohort=ANY_COHORT)
def test_phenopackets_read_back_equal_in_what_they_carry(cohort):
    """Exactly the columns that `not_carried` does not name come back, and no others with values."""
    cohort = sound(cohort)
    left = set(not_carried(cohort, "phenopackets"))
    read = written_and_read(cohort, "phenopackets")
    assert read.rejects.empty
    assert not (read.notes["reason"] == "NOT_CARRIED").any()
    assert ("kind" in read.treatments) == ("kind" in cohort.treatments)
    for name in ("visits", "treatments"):
        made, found = getattr(cohort, name), getattr(read, name)
        carried = [column for column in made if (name, column) not in left and column not in ("source", "row")]
        others = [column for column in found if column not in (*carried, "source", "row")]
        same(made, found, carried, in_order=name == "visits")
        if name == "visits":
            same(found, pd.DataFrame(index=found.index), others)


@given(cohort=cohorts(treatments=True))
def test_doses_of_toxin_are_carried_and_nothing_is_left_of_plain_treatments(cohort):
    """What clinics write of an injection goes through: which drug, day, region and units."""
    cohort = sound(cohort)
    plain = ["patient_id", "kind", "treatment_date", "region", "dose_toxin_units"] if len(cohort.treatments) else []
    given_ = cohort.treatments.reindex(columns=plain)
    if len(given_):
        given_["dose_toxin_units"] = given_["dose_toxin_units"].where(given_["kind"] == "botulinum_toxin")
    cohort = replace(cohort, treatments=given_)
    assert not [column for table, column in not_carried(cohort, "phenopackets") if table == "treatments"]
    same(given_, written_and_read(cohort, "phenopackets").treatments, plain, in_order=False)


def test_what_phenopackets_carry_of_the_schema_does_not_shrink():
    """Every flag, number and category of a visit goes through; free text and a second clock do not."""
    columns = {column.name: ["" if column.kind not in ("flag", "number") else np.nan] for column in TABLES["visits"]}
    visits = pd.DataFrame(columns | {"patient_id": ["a"], "visit_id": ["1"]})
    left = {column for _, column in not_carried(Cohort(visits), "phenopackets")}
    kinds = {column.name: column.kind for column in TABLES["visits"]}
    assert {kinds[name] for name in left} <= {"text", "date"}
    assert "visit_date" in left
    assert not left & {"publication", "findings_onset", "findings_severity", "findings_modifiers", "onset_described"}


@given(cells=st.lists(TEXTS, min_size=1, max_size=5), format=st.sampled_from(["csv", "parquet"]))
def test_any_text_reads_back(cells, format):
    """Commas, quotes, line breaks, padding and formulas of a spreadsheet are data, in CSV too."""
    visits = pd.DataFrame({"patient_id": [f"p{n}" for n in range(len(cells))], "visit_id": "1", "centre": cells})
    same(visits, written_and_read(Cohort(visits.astype(object)), format).visits, list(visits))


@given(years=st.lists(st.floats(0, 120), min_size=1, max_size=5), format=st.sampled_from(["csv", "phenopackets"]))
def test_any_age_keeps_its_bits(years, format):
    """A number is spelled so that it reads back to the last bit, as an ISO 8601 duration too."""
    ids = {"patient_id": [f"p{n}" for n in range(len(years))], "visit_id": ["1"] * len(years)}
    visits = pd.DataFrame(ids | {"age_at_visit_y": years, "age_at_onset_y": years})
    same(visits, written_and_read(Cohort(visits), format).visits, list(visits))


def test_details_of_findings_go_through_phenopackets():
    """Onset of any kind, severity and modifiers come back with the finding that they are told of."""
    rows = {
        "findings": "HP:0001337|!HP:0001250|HP:0000473",
        "findings_onset": "HP:0001337=P2Y5M|HP:0000473=HP:0003581",
        "findings_severity": "HP:0000473=HP:0012828",
        "findings_modifiers": "HP:0001337=HP:0012834|HP:0001337=HP:0025303",
        "onset_described": "P40Y/P49Y",
        "age_at_onset_y": 44.5,
        "vital_status": "alive",
    }
    visits = pd.DataFrame([{"patient_id": "a/b", "visit_id": "1/2"} | rows])
    cohort = Cohort(visits)
    assert not_carried(cohort, "phenopackets") == []
    same(visits, written_and_read(cohort, "phenopackets").visits, list(visits))


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("onset_described", "in the spring"),
        ("onset_described", "P4Y"),
        ("onset_described", "P40Y/P49Y"),
        ("findings_onset", "one"),
        ("findings_onset", "HP:0000473=P2Y"),
        ("findings_severity", "HP:0001337=a b"),
        ("findings_severity", "HP:0001337=HP:1|HP:0001337=HP:2"),
        ("findings", "HP:0001337 | HP:0000473"),
    ],
)
def test_words_that_no_packet_can_hold_are_named(column, cell):
    """A cell that would come back otherwise is not written at all."""
    visits = pd.DataFrame([{"patient_id": "a", "visit_id": "1", "findings": "HP:0001337"} | {column: cell}])
    assert not_carried(Cohort(visits), "phenopackets") == [("visits", column)]
    assert written_and_read(Cohort(visits), "phenopackets").visits.get(column, pd.Series([""])).tolist() == [""]


@given(cohort=cohorts(recordings=2, outcomes=True))
def test_what_is_left_out_is_said(cohort):
    """Recordings are handles, and labels are no phenotype."""
    for format in ("csv", "parquet", "phenopackets"):
        left = not_carried(cohort, format)
        assert bool(cohort.recordings) == any(table == "recordings" for table, _ in left)
        assert (format == "phenopackets") == any(table == "outcomes" for table, _ in left)
        assert len(set(left)) == len(left)


def test_a_study_s_own_outcome_columns_are_written():
    """A label that only a study names is written as it is, and read where the study asks for it."""
    visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})
    outcomes = visits.assign(responder=["yes"], relapse_y=[0.25])
    read = written_and_read(Cohort(visits, outcomes=outcomes), "csv", outcome_columns=("responder", "relapse_y"))
    assert read.outcomes[["responder", "relapse_y"]].to_numpy().tolist() == [["yes", 0.25]]


def test_a_formula_is_disarmed_where_asked_for(tmp_path):
    """The table is for people's spreadsheets then, and reads back with the mark."""
    cohort = Cohort(pd.DataFrame({"patient_id": ["=1+1"], "visit_id": ["1"]}))
    write_tables(cohort, tmp_path, "csv", csv_safe=True)
    assert (tmp_path / "visits.csv").read_text().splitlines()[1] == "'=1+1,1"


def test_a_synthetic_cohort_says_so(tmp_path):
    """In the folder, and in each packet; that packets don't carry the mark back is said."""
    cohort = Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), synthetic=True)
    write_tables(cohort, tmp_path, "csv")
    assert open_source(tmp_path, Options()).synthetic
    write_phenopackets(cohort, tmp_path / "cases.jsonl")
    assert "synthetic" in json.loads((tmp_path / "cases.jsonl").read_text())["metaData"]["submittedBy"]
    assert not_carried(cohort, "phenopackets") == [("cohort", "synthetic")]


def test_files_are_private_and_replace_nothing(tmp_path):
    """Patients' data is for the owner, and no file is overwritten."""
    cohort = Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}))
    write_phenopackets(cohort, tmp_path / "cases.jsonl")
    assert (tmp_path / "cases.jsonl").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_phenopackets(cohort, tmp_path / "cases.jsonl")
    with pytest.raises(UsageError, match="jsonl"):
        write_phenopackets(cohort, tmp_path / "cases.csv")


def test_other_tools_read_a_flag_as_its_hpo_term(tmp_path):
    """A form's answer is a feature that anybody understands; its name stands in the description."""
    visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "tremor": [0.0], "sensory_trick": [1.0]})
    write_phenopackets(Cohort(visits), tmp_path / "cases.jsonl", created=WHEN)
    packet = json.loads((tmp_path / "cases.jsonl").read_text())
    coded, own = packet["phenotypicFeatures"]
    assert coded["type"]["id"] == "HP:0001337"
    assert coded["excluded"] is True
    assert own["type"]["id"] == "dystonia-pipeline:sensory_trick"
    assert packet["metaData"]["created"] == "2026-01-02T00:00:00Z"
    assert {resource["namespacePrefix"] for resource in packet["metaData"]["resources"]} == {"HP", "dystonia-pipeline"}
