"""What a clinic sends is read by the declarations: a REDCap export as it is, and a wrong total by its name."""

import csv
import io
from pathlib import Path
from tempfile import mkdtemp

import pytest

from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.schema import TABLES
from pipeline.schema.dictionary import redcap


@pytest.fixture
def read(tmp_path):
    def read_visits(text):
        (tmp_path / "visits.csv").write_text(text, encoding="utf-8")
        chosen = Options()
        source = open_source(tmp_path / "visits.csv", chosen)
        (tmp_path / "spill").mkdir()
        return read_whole(source, chosen, Path(mkdtemp(dir=tmp_path)))

    return read_visits


def raw_value(field):
    """Answer a field as REDCap exports it raw: 1 for yes, the code of a choice, a date of its own format."""
    if field["Field Type"] == "yesno":
        return "1"
    if field["Field Type"] == "dropdown":
        return field["Choices, Calculations, OR Slider Labels"].split(",")[0]
    validation = field["Text Validation Type OR Show Slider Number"]
    if validation == "number":
        return field["Text Validation Min"]
    return {"date_ymd": "2024-04-03"}.get(validation, "")


def test_a_raw_export_of_redcap_is_read_as_it_is(read):
    """Every field of the visits that can be filled in comes back as a value of the column, and none is refused."""
    names = {column.name for column in TABLES["visits"]}
    fields = [field for field in csv.DictReader(io.StringIO(redcap())) if field["Variable / Field Name"] in names]
    row = {field["Variable / Field Name"]: raw_value(field) for field in fields}
    row |= {"patient_id": "a", "findings": "HP:0001337", "head_injury_before_onset_y": "1"}
    row |= {"task_affected": "writing", "body_distribution": "generalized", "onset_region": "neck"}
    cohort = read(",".join(row) + "\n" + ",".join(row.values()) + "\n")
    assert cohort.rejects["message"].tolist() == []
    empty = [name for name, value in row.items() if value and cohort.visits[name][0] in ("", None)]
    assert empty == []


def test_a_visit_whose_total_is_wrong_is_rejected_with_the_column_named(read):
    head = "patient_id,jrs_severity_points,jrs_frequency_points,jrs_total_points\n"
    cohort = read(head + "a,3,2,5\nb,3,2,6\nc,3,,6\nd,9,2,5\n")
    assert cohort.visits["patient_id"].tolist() == ["a", "c"]
    wrong = cohort.rejects.set_index("patient_id")
    assert (wrong.loc["b", "reasons"], wrong.loc["b", "column"]) == ("INCONSISTENT", "jrs_total_points")
    assert (wrong.loc["d", "reasons"], wrong.loc["d", "column"]) == ("OUT_OF_RANGE", "jrs_severity_points")
