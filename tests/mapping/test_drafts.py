"""`dystonia check FILE --draft-mapping OUT.toml` proposes, marks what it guesses, and never shows a cell."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.config import load_mapping
from pipeline.records import Column
from pipeline.schema import TABLES
from pipeline.testing.tables import visits

VISITS = TABLES["visits"]
OURS = {column.name: column for column in VISITS}
DRESSES = (str.upper, str.title, lambda name: f" {name} ", lambda name: name.replace("_", " "), str.swapcase)
CANARY = "Zyxw"


def drafted(content: str, *, name: str = "draft.toml"):
    """Draft a mapping of a table; the text and the mapping that is read from it."""
    Path("theirs.csv").write_text(content, encoding="utf-8")
    Path(name).unlink(missing_ok=True)
    assert main(["check", "theirs.csv", "--draft-mapping", name]) == 0
    text = Path(name).read_text(encoding="utf-8")
    return text, load_mapping(f"./{name}")


def as_csv(table: pd.DataFrame) -> str:
    flags = [name for name in table if OURS[name].kind == "flag"]
    return table.assign(**{name: table[name].map({1.0: "yes", 0.0: "no"}) for name in flags}).to_csv(index=False)


def filled(column: Column) -> str:
    """A valid cell of a column."""
    if column.kind == "number":
        return str(min(max(column.low, 1.0), column.high))
    return {"flag": "yes", "date": "2024-04-03", "findings": "HP:0001337", "category": (*column.categories, "")[0]}.get(
        column.kind, "x1"
    )


@given(table=visits())
def test_the_draft_of_a_table_of_ours_changes_nothing(read, table):
    """Every column is matched to itself, and what is read is the same."""
    text = as_csv(table.drop(columns=["source", "row"]))
    _, mapping = drafted(text)
    columns = mapping.tables["visits"].columns
    assert {name: how.source for name, how in columns.items()} == {name: name for name in table.columns[2:]}
    one, other = read(text, mapping), read(text)
    pd.testing.assert_frame_equal(one.visits, other.visits)
    assert one.rejects["row"].tolist() == other.rejects["row"].tolist()


@given(
    columns=st.lists(st.sampled_from(VISITS), min_size=1, max_size=12, unique_by=lambda column: column.name),
    dress=st.sampled_from(DRESSES),
)
def test_obvious_names_are_recovered(table, columns, dress):
    """Letter case, blanks and underscores hide no column of ours, and none is taken for another."""
    names = {dress(column.name): column for column in columns}
    row = {name: filled(column) for name, column in names.items()}
    text, mapping = drafted(table([row]))
    found = {how.source: ours for ours, how in mapping.tables["visits"].columns.items()}
    assert found == {name: column.name for name, column in names.items()}
    assert "# certain" in text


def test_synonyms_codes_units_and_formats_are_proposed_and_marked(table, capsys):
    """What the cells suggest is a guess; what the name says is certain."""
    rows = [
        {
            "Record ID": f"p{day}", "Gender": "F", "onset_age_months": "400", "Visit Date": f"{day}.02.2024",
            "shaking_HP:0001337": "yes ", "Seizures_hp:0001250": "-99", "shoe": "41",
        }
        for day in (3, 29)
    ]  # fmt: skip
    text, mapping = drafted(table(rows))
    columns = mapping.tables["visits"].columns
    assert columns["patient_id"].source == "Record ID"
    assert columns["sex"].values["f"] == "female"
    assert (columns["age_at_onset_y"].source, columns["age_at_onset_y"].unit) == ("onset_age_months", "months")
    assert columns["visit_date"].date_format == "%d.%m.%Y"
    assert columns["tremor"].source == "shaking_HP:0001337"
    assert mapping.tables["visits"].findings.named_by_term
    assert '#   "shoe": 2 filled, 2 like a number' in text
    assert "# guess: the numbers are months" in text
    assert "guesses; nothing was applied" in capsys.readouterr().out


def test_the_draft_reads_the_table_that_it_was_made_of(read, table):
    rows = [{"Subject": f"p{n}", "GENDER": "M", "AAO": "40", "Exam Date": "13/02/2024", "Tremor": "YES"} for n in "12"]
    _, mapping = drafted(table(rows))
    cohort = read(table(rows), mapping)
    assert cohort.rejects.empty
    wanted = ["p1", "2024-02-13", 40.0, "male", 1.0]
    assert cohort.visits[["patient_id", "visit_date", "age_at_onset_y", "sex", "tremor"]].iloc[0].tolist() == wanted


def test_day_and_month_are_not_guessed(table):
    text, mapping = drafted(table([{"id": "1", "visit date": "03/04/2024"}]))
    assert mapping.tables["visits"].columns["visit_date"].date_format == ""
    assert "%d/%m/%Y and %m/%d/%Y both fit" in text


@given(names=st.lists(st.text(min_size=1, max_size=8), unique_by=str.strip, min_size=1, max_size=5))
def test_any_names_of_columns_make_a_mapping_that_loads(names):
    """Quotes, line breaks, control characters: a name stands in the draft as a TOML string or not at all."""
    kept = [f"n{name}" for name in names if "\0" not in name]
    text = pd.DataFrame([["x"] * len(kept)], columns=kept).to_csv(index=False, quoting=1)
    Path("theirs.csv").write_text(text, encoding="utf-8", newline="")
    Path("draft.toml").unlink(missing_ok=True)
    if main(["check", "theirs.csv", "--draft-mapping", "draft.toml"]) == 0:
        load_mapping("./draft.toml")


@pytest.mark.parametrize("cell", ["Zyxw 1", "Zyxw.2", "1987Zyxw", "Zyxw@x", " Zyxw", "-99 Zyxw", "yes Zyxw", ";Zyxw"])
def test_no_cell_stands_in_a_draft_or_a_message(table, capsys, cell):
    """Neither where a column is matched nor where it isn't; not in what a mapping refuses either."""
    names = ("patient_id", "sex", "Visit Date", "note", "tremor", "age", "x_HP:0001250")
    text, _ = drafted(table([dict.fromkeys(names, cell)]))
    assert CANARY not in text
    for options in (["--mapping", "./draft.toml"], ["--mapping", "mdsgene"], []):
        main(["check", "theirs.csv", *options])
    told = capsys.readouterr()
    assert CANARY not in told.out + told.err


def test_a_first_line_of_values_is_refused_without_showing_it(capsys):
    Path("theirs.csv").write_text("Zyxw,45,2024-04-03,yes\nQuux,46,2024-04-03,no\n")
    assert main(["check", "theirs.csv", "--draft-mapping", "draft.toml"]) == 65
    told = capsys.readouterr().err
    assert "the first line holds values" in told
    assert CANARY not in told
    assert not Path("draft.toml").exists()


def test_labels_and_treatments_of_the_same_rows_are_proposed_with_their_ids(table, read):
    """A clinic's one wide table becomes visits, treatments and outcomes."""
    row = {
        "Subject": "p1",
        "week": "4",
        "Etiology": "wilson",
        "treatment": "dbs",
        "region": "neck",
        "TWSTRS total": "30",
    }
    text, mapping = drafted(table([row, row | {"Subject": "p2"}]))
    found = {name: {how.source: ours for ours, how in each.columns.items()} for name, each in mapping.tables.items()}
    assert found["outcomes"] == {"Subject": "patient_id", "Etiology": "aetiology"}
    assert found["treatments"] == {
        "Subject": "patient_id", "week": "weeks_since_enrolment", "treatment": "kind", "region": "region",
    }  # fmt: skip
    assert found["visits"]["TWSTRS total"] == "twstrs_total_points"
    assert text.count("# guess: a row tells of") == 2
    cohort = read(table([row, row | {"Subject": "p2"}]), mapping)
    assert cohort.outcomes["aetiology"].tolist() == ["wilson"] * 2
    assert cohort.treatments["kind"].tolist() == ["dbs"] * 2


def test_a_column_of_treatments_alone_makes_no_treatment(table):
    """A region or a response may be said of anything."""
    _, mapping = drafted(table([{"patient_id": "p1", "region": "neck", "response": "marked"}]))
    assert set(mapping.tables) == {"visits"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--draft-mapping", "there.toml"], 73), (["--draft-mapping", "d.txt"], 64),
     (["--mapping", "mdsgene", "--draft-mapping", "d.toml"], 64), (["--draft-mapping", "no/folder/d.toml"], 74)],
)  # fmt: skip
def test_what_is_there_stays(capsys, arguments, code):
    """One line says why."""
    Path("theirs.csv").write_text("patient_id\np\n")
    Path("there.toml").write_text("mine")
    assert main(["check", "theirs.csv", *arguments]) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert Path("there.toml").read_text() == "mine"


def test_rows_that_are_no_visits_are_counted(capsys):
    Path("rule.toml").write_text(
        'name = "r"\ntitle = "t"\n[tables.visits]\nwhere = { kind = "visit" }\n'
        '[tables.visits.columns]\npatient_id = { source = "id" }\n'
    )
    Path("theirs.csv").write_text("id,kind\np,visit\nq,call\nr,call\n")
    assert main(["check", "theirs.csv", "--mapping", "./rule.toml"]) == 0
    assert "2 rows are no visits" in capsys.readouterr().out


def test_rows_that_are_no_visits_stand_in_the_account_of_a_prediction(line):
    """Whoever compares the rows of the file with the account finds all of them."""
    Path("rule.toml").write_text(
        'name = "r"\ntitle = "t"\n[tables.visits]\nwhere = { kind = "visit" }\n'
        '[tables.visits.columns]\npatient_id = { source = "id" }\n'
    )
    Path("theirs.csv").write_text("id,kind\np,visit\nq,call\nr,call\n")
    arguments = ["--mapping", "./rule.toml", "--out", "out", "--research-only", "--quiet"]
    assert main(["predict", str(line.bundle_folder), "theirs.csv", *arguments]) == 0
    account = json.loads(Path("out/_SUCCESS").read_text())
    assert (account["rows"], account["predicted"], account["excluded"]) == ({"theirs.csv": 1}, 1, 2)


def test_columns_that_are_no_cells_hinder_no_draft():
    """An unknown table may hold a time of upload, or lists: nothing is proposed for them, nor is all refused."""
    uploaded = pa.array([0], pa.timestamp("s", "UTC"))
    table = pa.table(
        {"patient_id": ["a"], "uploaded": uploaded, "more": [["x"]], "took_s": pa.array([1], pa.duration("s"))}
    )
    papq.write_table(table, "theirs.parquet")
    assert main(["check", "theirs.parquet", "--draft-mapping", "draft.toml"]) == 0
    assert list(load_mapping("./draft.toml").tables["visits"].columns) == ["patient_id"]


def test_a_part_may_lack_a_column_of_the_first():
    """A draft is made of all parts, whatever each of them has."""
    Path("folder/visits").mkdir(parents=True)
    Path("folder/visits/1.csv").write_text("patient_id,Gender\na,F\n")
    Path("folder/visits/2.csv").write_text("patient_id,AAO\nb,45\n")
    assert main(["check", "folder", "--draft-mapping", "draft.toml"]) == 0
    drafted = load_mapping("./draft.toml").tables["visits"].columns
    assert sorted(drafted) == ["age_at_onset_y", "patient_id", "sex"]


def test_a_table_of_another_layout_is_told_of_drafts(capsys):
    """Who checks a table of their own first learns what to do next; a mapping that is there already needs no draft."""
    Path("theirs.csv").write_text("patient,treat\n1,Placebo\n", encoding="utf-8")
    assert main(["check", "theirs.csv"]) == 65
    said = capsys.readouterr().err
    assert "have a mapping drafted: --draft-mapping FILE" in said
    assert said.count("\n") == 1
    assert main(["check", "theirs.csv", "--mapping", "cervical-trial"]) == 65
    assert "--draft-mapping" not in capsys.readouterr().err
