"""The shipped mapping of published case sheets, on rows made up here with the dirt that such sheets have."""

import csv
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_mapping
from pipeline.reading.headers import Headers, term_of
from pipeline.reading.yes_no import columns_by_term

ONE = [
    "PMID", "Author, year", "family_ID", "individual_ID", "sex", "famhx", "aae", "aao", "gene1",
    "dystonia_HP:0001332", "focal_dystonia_HP:0004373", "craniofacial_dystonia_HP:0012179",
    "cervical_dystonia_HP:0000473", "torticollis_HP:0000473", "tremor_HP:0001337", "dystonic_tremor_HP:0030185",
    "blepharospasm_sympt", "dyst_arm_sympt", "alc_response_sympt", "botulinum_toxin_treatment",
    "anticholinergics_treatment",
]  # fmt: skip
OTHER = [
    "pmid", "author, year", "year", "family_id", "individual_id ", "sex", "consanguinity", "famhx", "aae", "aao",
    "gene1", "dystonia_hp:0001332", "dyst_upper_limb_sympt", "cervical_dystonia_hp:0000473", "tremor_ HP:0001337 ",
    "postural_instability_sympt",
]  # fmt: skip
PERSON = {"PMID": "111", "family_ID": "A", "individual_ID": "II-1", "sex": "F", "aae": "40", "aao": "12"}
DIRTY = ("yes", " Yes ", "YES", "yes ", "no", "No ", "NO", "-99", "-98", " -99 ", "", " ")


@pytest.fixture(scope="module")
def sheets():
    return load_mapping("mdsgene")


def told(cell):
    return {"yes": 1.0, "no": 0.0}.get(cell.strip().lower())


def test_a_person_is_read(read, table, sheets):
    """Ages, sex, flags, regions, findings and treatments, whatever the letter case and the blanks."""
    person = PERSON | {
        "sex": " f ", "famhx": "YES", "dystonia_HP:0001332": "Yes ", "tremor_HP:0001337": " no", "gene1": "THAP1",
        "torticollis_HP:0000473": "yes", "cervical_dystonia_HP:0000473": "-99", "dyst_arm_sympt": "no ",
        "blepharospasm_sympt": "YES", "alc_response_sympt": "-98", "botulinum_toxin_treatment": "Yes",
        "anticholinergics_treatment": "no",
    }  # fmt: skip
    cohort = read(table([person], ONE), sheets)
    assert cohort.rejects.empty
    assert cohort.notes.empty
    row = cohort.visits.iloc[0]
    assert row[["patient_id", "publication", "sex", "gene"]].tolist() == ["111-A-II%2D1", "111", "female", "THAP1"]
    assert row[["age_at_visit_y", "age_at_onset_y", "family_history_dystonia", "tremor"]].tolist() == [40, 12, 1, 0]
    assert row["dystonia_upper_face"] == 1
    assert row[["alcohol_response", "dystonia_neck"]].isna().all()
    assert set(row["findings"].split("|")) == {
        "HP:0001332", "!HP:0001337", "HP:0000473", "!HP:0031960", "HP:0000643"
    }  # fmt: skip
    assert cohort.treatments["kind"].tolist() == ["botulinum_toxin"]


def test_the_other_sheet_is_read_by_the_same_mapping(read, table, sheets):
    """Lower case throughout, other columns, blanks inside names."""
    person = {"pmid": "222 ", "individual_id ": "1", "family_id": "-99", "sex": "m", "aao": "-99"}
    person |= {"tremor_ HP:0001337 ": "yes", "dyst_upper_limb_sympt": "Yes", "postural_instability_sympt": "no"}
    cohort = read(table([person | {"consanguinity": "no"}], OTHER), sheets)
    assert cohort.rejects.empty
    row = cohort.visits.iloc[0]
    assert row[["patient_id", "sex", "consanguinity", "tremor"]].tolist() == ["222--1", "male", 0.0, 1.0]
    assert set(row["findings"].split("|")) == {"HP:0001337", "HP:0031960", "!HP:0002172"}
    assert cohort.treatments.empty


@given(cells=st.lists(st.sampled_from(DIRTY), min_size=5, max_size=5))
def test_yes_no_and_the_missing_codes_are_read_however_they_are_written(read, table, sheets, cells):
    """Flags are 1, 0 or not recorded; findings observed, excluded or absent."""
    names = ["famhx", "alc_response_sympt", "tremor_HP:0001337", "dystonia_HP:0001332", "focal_dystonia_HP:0004373"]
    cohort = read(table([PERSON | dict(zip(names, cells, strict=True))], ONE), sheets)
    contradiction = told(cells[3]) == 0 and told(cells[4]) == 1  # no dystonia, but a focal one
    assert cohort.rejects["reasons"].tolist() == (["INCONSISTENT"] if contradiction else [])
    if contradiction:
        return
    row = cohort.visits.iloc[0]
    for name, cell in zip(("family_history_dystonia", "alcohol_response"), cells[:2], strict=True):
        assert (None if math.isnan(row[name]) else row[name]) == told(cell)
    terms = dict(zip(("HP:0001337", "HP:0001332"), map(told, cells[2:4]), strict=True))
    wanted = {("" if said else "!") + term for term, said in terms.items() if said is not None}
    wanted |= {"HP:0004373"} if told(cells[4]) else set()
    assert set(filter(None, row["findings"].split("|"))) == wanted


@given(
    people=st.lists(
        st.tuples(st.sampled_from(["1", "2", "1-2"]), st.sampled_from(["A", "-99", "A-1"]), st.sampled_from("12")),
        unique=True,
        min_size=1,
    )
)
def test_ids_that_repeat_between_papers_and_families_stay_different_people(read, table, sheets, people):
    rows = [PERSON | dict(zip(("PMID", "family_ID", "individual_ID"), person, strict=True)) for person in people]
    cohort = read(table(rows, ONE), sheets)
    assert cohort.rejects.empty
    assert len(set(cohort.groups)) == len(people)


def test_a_person_without_an_id_is_rejected(read, table, sheets):
    """Two of them would be taken for one."""
    rows = [PERSON | {"individual_ID": "-99"}, PERSON | {"PMID": " "}, PERSON]
    cohort = read(table(rows, ONE), sheets)
    assert cohort.rejects[["row", "reasons"]].to_numpy().tolist() == [[1, "MISSING_ID"], [2, "MISSING_ID"]]


def test_one_person_told_twice_with_different_content_is_rejected(read, table, sheets):
    cohort = read(table([PERSON, PERSON | {"aao": "13"}, PERSON | {"individual_ID": "II-2"}], ONE), sheets)
    assert cohort.rejects["reasons"].tolist() == ["DUPLICATE_ID_CONFLICT"] * 2
    assert len(cohort) == 1


def test_a_finding_that_is_neither_yes_nor_no_is_named_by_its_column(read, table, sheets):
    """All of them, as they are called in the file: whoever keeps the sheet has to find the cells."""
    wrong = {"dystonia_HP:0001332": "maybe", "tremor_HP:0001337": "often"}
    cohort = read(table([PERSON | wrong, PERSON | {"individual_ID": "II-2", "tremor_HP:0001337": "3"}], ONE), sheets)
    named = [set(cell.split("|")) for cell in cohort.rejects["column"]]
    # the sheet's column of tremor is our own flag, too, which is named beside
    assert named == [{*wrong, "tremor"}, {"tremor_HP:0001337", "tremor"}]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("sex", "3", "UNKNOWN_CATEGORY"),
        ("aao", "childhood", "NOT_A_NUMBER"),
        ("aao", "199", "OUT_OF_RANGE"),
        ("famhx", "maybe", "NOT_A_FLAG"),
        ("dystonia_HP:0001332", "maybe", "NOT_A_FLAG"),
    ],
)
def test_an_unknown_code_rejects_its_row(read, table, *, sheets, column, cell, reason):
    """And no other row; nothing is guessed."""
    cohort = read(table([PERSON | {column: cell}, PERSON | {"individual_ID": "II-2"}], ONE), sheets)
    assert cohort.rejects[["row", "reasons"]].to_numpy().tolist() == [[1, reason]]
    assert len(cohort) == 1


@pytest.mark.real
def test_the_columns_of_both_real_sheets_are_found(real_data, read, table, sheets):
    """Every column named by a term is read but the one that is left out; a made-up person goes through."""
    with (real_data / "mdsgene_schema" / "columns.csv").open(encoding="utf-8", newline="") as file:
        columns = list(csv.DictReader(file))
    for sheet in ("THAP1", "TAF1"):
        header = [row["column"] for row in columns if row["file"] == sheet]
        named = {name for name in header if term_of(name)}
        rule = sheets.tables["visits"]
        by_term = columns_by_term(rule, Headers(header, loose=True, where=sheet))
        used = {name for names in by_term.values() for name in names}
        assert named - used == {name for name in named if "dystonic_tremor" in name}
        person = {name: PERSON.get(name.replace("_id", "_ID").replace("pmid", "PMID"), "-99") for name in header}
        cohort = read(table([person | dict.fromkeys(named, "yes")], header), sheets)
        assert cohort.rejects.empty
        assert cohort.notes.empty
        assert len(set(cohort.visits["findings"][0].split("|"))) == len(
            {term_of(name) for name in named} - {"HP:0030185"}
        )
