"""The data dictionary: up to date, whole, and such that REDCap takes it."""

import csv
import io
import re
from pathlib import Path

import pytest

from pipeline.schema import TABLES
from pipeline.schema.dictionary import PAGES, as_csv, main, markdown, redcap
from pipeline.schema.redcap import REDCAP_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


FIELDS = rows_of(redcap())


@pytest.mark.parametrize("name", PAGES)
def test_the_documentation_is_up_to_date(name):
    found = (DOCS / name).read_text(encoding="utf-8")
    assert found == PAGES[name](), "rewrite it: python -m pipeline.schema.dictionary docs"


def test_files_are_written_into_the_folder_that_is_named(tmp_path):
    assert main([str(tmp_path)]) == ""
    assert {path.name for path in tmp_path.iterdir()} == set(PAGES)
    assert "usage" in main([])
    assert "usage" in main([str(tmp_path / "nowhere")])


def test_every_column_stands_in_the_dictionary():
    listed = [(row["table"], row["column"]) for row in rows_of(as_csv())]
    assert listed == [(table, column.name) for table, columns in TABLES.items() for column in columns]
    assert all(f"| `{name}`" in markdown() for _, name in listed)


def test_every_line_of_a_table_has_as_many_cells():
    lines = [line for line in markdown().splitlines() if line.startswith("|")]
    assert {len(re.split(r"(?<!\\)\|", line)) for line in lines} == {11}


def test_redcap_has_its_18_columns_in_their_order():
    """Headings as REDCap's own export writes them; it refuses a file with any other."""
    header = next(csv.reader(io.StringIO(redcap())))
    assert header == list(REDCAP_COLUMNS)
    assert len(header) == 18
    assert header[0] == "Variable / Field Name"
    assert header[5] == "Choices, Calculations, OR Slider Labels"
    assert header[17] == "Field Annotation"


def test_redcap_names_are_valid_and_stand_once():
    names = [field["Variable / Field Name"] for field in FIELDS]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z](?:_?[a-z0-9])*", name) or len(name) > 100] == []
    assert names[0] == "patient_id"
    assert {name for name in names if name.endswith("_complete")} == set()


def test_redcap_forms_stand_together():
    """Fields of a form follow one another, or REDCap refuses the file."""
    forms = [field["Form Name"] for field in FIELDS]
    changes = [form for before, form in zip(["", *forms], forms, strict=False) if form != before]
    assert len(changes) == len(set(changes))
    assert [form for form in changes if not re.fullmatch(r"[a-z][a-z0-9_]{0,49}", form)] == []


@pytest.mark.parametrize("field", FIELDS, ids=[field["Variable / Field Name"] for field in FIELDS])
def test_a_redcap_field_is_valid(field):
    assert field["Field Label"]
    assert field["Field Type"] in ("text", "notes", "yesno", "dropdown")
    choices = field["Choices, Calculations, OR Slider Labels"]
    assert (field["Field Type"] == "dropdown") == bool(choices)
    codes = [choice.split(",")[0].strip() for choice in choices.split("|") if choice]
    assert len(set(codes)) == len(codes)
    assert [code for code in codes if not re.fullmatch(r"[A-Za-z0-9_]+", code)] == []
    validation = field["Text Validation Type OR Show Slider Number"]
    assert validation in ("", "number", "date_ymd")
    assert not validation or field["Field Type"] == "text"
    for end in ("Text Validation Min", "Text Validation Max"):
        assert not field[end] or (validation == "number" and float(field[end]) is not None)
    assert field["Identifier?"] in ("", "y")
    assert field["Required Field?"] in ("", "y")


def test_whatever_may_point_at_a_person_is_marked():
    marked = {field["Variable / Field Name"] for field in FIELDS if field["Identifier?"]}
    assert {"patient_id", "visit_id", "visit_date", "rater_id", "centre", "onset_date", "label_date"} <= marked
    free = {f["Variable / Field Name"] for f in FIELDS if f["Field Type"] in ("text", "notes")}
    numbers = {
        f["Variable / Field Name"] for f in FIELDS if f["Text Validation Type OR Show Slider Number"] == "number"
    }
    assert marked == free - numbers
