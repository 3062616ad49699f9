"""The table of faults for symptom tables, row by row, as far as the reader answers for it."""

import os
import socket
import threading
import uuid
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import ContractError, IoFailed, MissingInput, PipelineError
from pipeline.partition import partitions, survey
from pipeline.reading.source import Options, open_source, spooled


def reasons(cohort) -> dict[int, str]:
    return dict(zip(cohort.rejects["row"].tolist(), cohort.rejects["reasons"].tolist(), strict=True))


def rows(*lines: str, header: str = "patient_id,age_at_visit_y") -> dict[str, str]:
    return {"visits.csv": "\n".join([header, *lines]) + "\n"}


def refused(read, files: dict, code: str, words: str = ".", **options) -> ContractError:
    with pytest.raises(ContractError, match=words) as found:
        read(files, **options)
    assert found.value.code == code
    assert found.value.exit_code == 65
    assert "\n" not in str(found.value)
    return found.value


def test_S1_what_is_missing_is_named(tmp_path):
    """The path that is not there stands in the message, and the code is that of a missing input."""
    with pytest.raises(MissingInput, match=r"nowhere\.csv: no such file") as found:
        open_source(tmp_path / "nowhere.csv", Options())
    assert found.value.exit_code == 66


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_S1_what_may_not_be_read_is_named(tmp_path):
    """A file without the right to read it is a missing input, too."""
    (tmp_path / "visits.csv").write_text("patient_id\n")
    (tmp_path / "visits.csv").chmod(0)
    with pytest.raises(MissingInput, match="permission"):
        open_source(tmp_path / "visits.csv", Options())


@pytest.mark.parametrize("name", ["visits.csv", "visits.parquet", "x.json", "x.jsonl"])
def test_S2_an_empty_file(read, name):
    """A file of no bytes is a failed copy, not a cohort of nobody."""
    needed = "header" if name.startswith("visits") else "phenopacket"
    refused(read, {name: b""}, "EMPTY_INPUT", f"empty, but .*{needed}")


@pytest.mark.parametrize("content", ["\n", "\n\npatient_id\n", ",,\n", "\ufeff\n"])
def test_S2_a_file_without_a_header(read, content):
    """Blank lines name no columns."""
    refused(read, {"visits.csv": content}, "EMPTY_INPUT", "no header")


@pytest.mark.parametrize(
    "content",
    ["patient_id,sex\n", "patient_id,sex", "patient_id,sex\r\n", "\ufeffpatient_id,sex", "patient_id", '"patient_id"'],
)
def test_S3_a_header_alone_is_a_cohort_of_nobody(read, content):
    """A table without rows is read without complaint, with or without a line end."""
    cohort = read({"visits.csv": content})
    assert len(cohort) == len(cohort.rejects) == 0
    assert "patient_id" in cohort.visits


def test_S3_a_parquet_without_rows(read):
    """The same for Parquet."""
    assert len(read({"visits.parquet": pa.table({"patient_id": pa.array([], pa.string())})})) == 0


def test_S4_all_missing_columns_are_listed_with_the_nearest(read):
    """One run tells of every column that has to be added, and which column may have been meant."""
    files = rows("a") | {"recordings.csv": "recording_id,patient_id,bodysite,task,unit,file\n"}
    error = refused(read, files, "MISSING_COLUMN", "Did you mean 'bodysite'")
    assert all(f"'{name}'" in str(error) for name in ("body_site", "sensor", "rate_hz"))
    refused(read, {"visits.csv": "patientid,sex\nx,male\n"}, "MISSING_COLUMN", r"visits\.csv.*Did you mean 'patientid'")
    refused(read, {"visits.parquet": pa.table({"patient": ["a"]})}, "MISSING_COLUMN", "'patient_id'")


def test_S5_an_unknown_column_is_read_over_or_refused(read):
    """Columns of the user's own do no harm; --strict refuses them by name."""
    files = rows("a,45,x", header="patient_id,age_at_visit_y,shoe_size")
    assert len(read(files)) == 1
    refused(read, files, "UNKNOWN_COLUMN", "shoe_size", strict=True)


@pytest.mark.parametrize("header", ["a,a", "patient_id,sex,patient_id", "patient_id,,"])
def test_S7_a_column_name_twice(read, header):
    """It can't be told which of two columns was meant, so neither is taken."""
    refused(read, {"visits.csv": f"{header}\nx,y,z\n"}, "DUPLICATE_COLUMN")


def test_S7_a_column_name_twice_in_parquet(read):
    """Arrow allows it, we don't."""
    refused(
        read, {"visits.parquet": pa.Table.from_arrays([pa.array(["a"])] * 2, ["patient_id"] * 2)}, "DUPLICATE_COLUMN"
    )


def test_S8_a_bom_and_near_misses_of_a_name(read):
    """The mark that Excel writes is no part of a name; other near misses are named, not guessed."""
    assert read({"visits.csv": "\ufeffpatient_id\nx\n"}).visits["patient_id"].tolist() == ["x"]
    assert read({"visits.csv": '\ufeff"patient_id"\nx\n'}).visits["patient_id"].tolist() == ["x"]
    for header in ("Patient_ID", "PATIENT ID", " patient_id", "patient_id "):
        refused(read, {"visits.csv": f"{header}\nx\n"}, "MISSING_COLUMN", f"Did you mean '{header}'")
    refused(read, rows("x,1", header="patient_id,Sex"), "COLUMN_NAME", "it is called 'sex'")


def test_S9_a_row_with_too_many_fields(read):
    """Also the first one: no value moves to a neighbour's column."""
    cohort = read(rows("a,45,x", "b,46", "c,47,,"))
    assert reasons(cohort) == {1: "RAGGED", 3: "RAGGED"}
    assert cohort.visits[["patient_id", "age_at_visit_y"]].to_numpy().tolist() == [["b", 46.0]]


def test_S10_a_row_with_too_few_fields(read):
    """It is not filled up."""
    assert reasons(read(rows("a", "b,46"))) == {1: "RAGGED"}


def test_S11_a_quote_that_is_never_closed(read):
    """It would swallow every row after it, so the file is refused, with the line on which it opens."""
    refused(read, rows('a,"45', "b,46"), "UNTERMINATED_QUOTE", r"visits\.csv, line 2:")
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["patient_id,centre", 'a,"one ""two"" ', 'three"', 'b,"four', 'c,"five"', ""])
        refused(read, {"visits.csv": text}, "UNTERMINATED_QUOTE", r"line 4:")


def test_S12_S13_newlines_in_quotes_and_any_line_end(read):
    """The number of a row is that of its record; what ends a line is the user's own affair."""
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["patient_id,centre", f'a,"one{end}two, ""three"""', "", "b,", "c,,", ""])
        cohort = read({"visits.csv": text})
        assert cohort.visits["row"].tolist() == [1, 2]
        assert cohort.visits["centre"].tolist() == [f'one{end}two, "three"', ""]
        assert reasons(cohort) == {3: "RAGGED"}
    assert len(read({"visits.csv": "patient_id,sex\na,male\r\nb,male\rc,male\n"})) == 3


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_S14_another_delimiter_is_declared_not_guessed(read, mark):
    """The message says which option to give, and with it the file is read."""
    files = {"visits.csv": f"patient_id{mark}age_at_visit_y\na{mark}45\n"}
    refused(read, files, "DELIMITER", "--delimiter")
    assert read(files, delimiter=mark).visits["age_at_visit_y"].tolist() == [45.0]


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32"])
def test_S15_a_file_of_another_encoding(read, coding):
    """A spreadsheet's "Unicode text" is refused with the cure."""
    refused(read, {"visits.csv": "patient_id,sex\na,male\n".encode(coding)}, "ENCODING", "UTF-8")


def test_S15_cells_and_headers_in_latin_1(read):
    """A header is refused, since columns can't be found; a cell costs its own row only."""
    refused(read, {"visits.csv": "patient_id,größe\na,1\n".encode("latin-1")}, "ENCODING")
    content = "patient_id,centre\na,Köln\nb,Bonn\n".encode("latin-1")
    assert reasons(read({"visits.csv": content})) == {1: "ENCODING"}


def test_S15_text_of_a_parquet_that_is_not_utf_8(read):
    """Nor does it have to be in Parquet: columns of bytes and damaged text cost the rows that are none."""
    offsets, data = pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff")
    damaged = pa.Array.from_buffers(pa.string(), 2, [None, offsets, data])
    for cells in (pa.array([b"a", b"\xff"]), pa.array([b"a", b"\xff"], pa.large_binary()), damaged):
        for table in ({"patient_id": cells}, {"patient_id": ["x", "y"], "centre": cells}):
            assert reasons(read({"visits.parquet": pa.table(table)})) == {2: "ENCODING"}


def test_S16_a_nul_byte(read):
    """In either kind of file."""
    assert reasons(read({"visits.csv": "patient_id,centre\na,b\0c\nb,c\n"})) == {1: "NUL_BYTE"}
    table = pa.table({"patient_id": ["a", "b"], "centre": ["b\0c", "c"]})
    assert reasons(read({"visits.parquet": table})) == {1: "NUL_BYTE"}


def test_S16_a_nul_byte_before_a_quote_in_a_long_file(read):
    """It does not swallow the record after it, which pyarrow's parser lets it do in the last block of a file."""
    count = 300_000
    lines = ['"patient_id","centre"', *(f'"p{n}","{chr(0) * (n % 9 == 0)}"' for n in range(1, count + 1))]
    cohort = read({"visits.csv": "\n".join(lines)})
    assert set(reasons(cohort).values()) == {"NUL_BYTE"}
    assert cohort.rejects["row"].tolist() == list(range(9, count + 1, 9))
    assert len(cohort) == count - count // 9


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


@pytest.mark.parametrize("rows_there", [0, 1])
def test_S4_the_part_that_lacks_a_column_is_named(read, rows_there):
    """Among two hundred parts, a user has to know which."""
    table = pa.table({"patient_id": ["a"], "tremor": ["yes"]})
    files = {"visits/1.parquet": table, "visits/2.parquet": table.select(["tremor"]).slice(0, rows_there)}
    refused(read, files, "MISSING_COLUMN", r"visits/2\.parquet: no column 'patient_id'")


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


def test_S27_a_row_without_a_patient(read):
    """It keeps its number, and says nothing of other rows."""
    cohort = read(rows(",45", "a,46", ",45", header="patient_id,age_at_visit_y"))
    assert reasons(cohort) == {1: "MISSING_ID", 3: "MISSING_ID"}
    assert len(cohort.notes) == 0


def test_S28_the_same_visit_twice_with_equal_content(read):
    """Both rows come out: none is dropped because it looks like another."""
    assert len(read(rows("a,1,45", "a,1,45", header="patient_id,visit_id,age_at_visit_y"))) == 2


def test_S29_the_same_visit_twice_with_other_content(read):
    """Nobody can tell which is right, so neither is used; other visits of the patient are."""
    cohort = read(rows("a,1,45", "a,2,46", "a,1,44", "b,1,45", header="patient_id,visit_id,age_at_visit_y"))
    assert reasons(cohort) == {1: "DUPLICATE_ID_CONFLICT", 3: "DUPLICATE_ID_CONFLICT"}


def test_S29_across_the_parts_of_a_table(read):
    """Duplicates are found wherever they stand."""
    part = "patient_id,visit_id,age_at_visit_y\na,1,{}\n"
    cohort = read({"visits/a.csv": part.format(45), "visits/b.csv": part.format(44)})
    assert cohort.rejects[["source", "row"]].to_numpy().tolist() == [["visits/a.csv", 1], ["visits/b.csv", 1]]


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=210))
@example("00042")
@example("1e5")
@example("NaN")
@example("TRUE")
@example("A\u030a")
@example("x" * 4000)
@example("  x  ")
@example("\xa0x")
@example("\u202eevil")
@example("../../x")
@example("C:\\con")
@example('=HYPERLINK("http://x")')
@example("<script>")
def test_S30_an_id_comes_out_byte_for_byte_or_the_row_is_rejected(read, text):
    """Never trimmed, never a number, never normalised: what joins with the user's tables before, joins after."""
    quoted = '"' + text.replace('"', '""') + '"'
    cohort = read({"visits.csv": f'"patient_id","sex"\n{quoted},""\n'})
    found = [*cohort.visits["patient_id"], *cohort.rejects["patient_id"]]
    assert found == [text] or reasons(cohort) == {1: "NUL_BYTE"}
    bad = text != text.strip() or len(text) > 200 or any(ord(mark) < 32 or ord(mark) == 127 for mark in text)
    assert len(cohort.rejects) or not bad


def test_S31_an_id_is_never_a_path(read, tmp_path):
    """Ids that look like paths are ids: nothing is opened or written in their name."""
    before = sorted(tmp_path.iterdir())
    cohort = read(rows("../../x,45", "/etc/passwd,46", "C:\\con,47"))
    assert len(cohort) == 3
    assert not {"x", "passwd", "con"} & {path.name for path in tmp_path.rglob("*")}
    assert len(sorted(tmp_path.iterdir())) == len(before) + 2  # the input, and the reader's own folder


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


def test_S39_memory_does_not_grow_with_the_rows(tmp_path):
    """The most that is held at any time is the same for a table four times as long, in order or shuffled."""
    for shuffled in (False, True):
        most = []
        for patients in (60_000, 240_000):
            ids = np.repeat(np.arange(patients), 2)
            ids = np.random.default_rng(0).permutation(ids) if shuffled else ids
            text = "".join(f"p{patient:07d},45,yes,no,male\n" for patient in ids.tolist())
            (tmp_path / "visits.csv").write_text("patient_id,age_at_visit_y,tremor,head_tremor,sex\n" + text)
            spill = Path(mkdtemp(dir=tmp_path))
            source = open_source(tmp_path / "visits.csv", Options())
            held = []
            for part in partitions(survey(source, Options(), spill), spill, visits_per_partition=20_000):
                assert len(part.cohort(source, Options())) > 10_000
                held.append(pa.total_allocated_bytes())
            assert len(held) == patients // 10_000
            most.append(max(held))
        assert most[1] < 1.5 * most[0]


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


def test_S41_a_table_of_very_many_columns(read):
    """It is refused before it is decoded."""
    table = pa.table({"patient_id": ["a"]} | {f"c{n}": [0] for n in range(5_001)})
    refused(read, {"visits.parquet": table}, "TOO_MANY_COLUMNS")
    header = ",".join(["patient_id", *(f"c{n}" for n in range(20_000))])
    refused(read, {"visits.csv": f"{header}\n"}, "TOO_MANY_COLUMNS", "20001 columns: at most 5000|20001 columns")


@pytest.mark.parametrize("place", ["cohort", "visits/part.csv"])
def test_S42_a_pipe_is_refused_at_once(tmp_path, place):
    """A named pipe would be waited for; standard input is read through `-` only."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    found: list[BaseException] = []

    def open_it() -> None:
        try:
            open_source(path if place == "cohort" else tmp_path, Options())
        except PipelineError as error:
            found.append(error)

    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    thread.join(10)
    assert [error.exit_code for error in found] == [65]


def test_S42_a_device_a_socket_a_circle_of_links_a_folder_as_a_part(tmp_path):
    """None of them is read."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "visits" / "part.csv").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
        cases = [(Path("/dev/zero"), 65), (Path("s"), 65), (tmp_path / "a", 66), (tmp_path, 65)]
        for path, code in cases:
            with pytest.raises(PipelineError) as found:
                open_source(path, Options())
            assert found.value.exit_code == code


def test_S43_an_input_that_changes_while_it_is_read(tmp_path):
    """Whether in place or replaced or removed: nothing is published from half of one file and half of another."""
    path = tmp_path / "visits.csv"
    path.write_text("patient_id\na\n")
    source = open_source(path, Options())
    source.verify_unchanged()
    path.write_text("patient_id\nb\n")
    with pytest.raises(IoFailed, match="changed while it was read") as found:
        source.verify_unchanged()
    assert found.value.exit_code == 74
    path.unlink()
    with pytest.raises(IoFailed):
        source.verify_unchanged()


def test_standard_input_is_read_once_from_a_private_copy(tmp_path, monkeypatch):
    """`-` reads a CSV from standard input, so that a pipe can be read twice; the copy is gone afterwards."""
    (tmp_path / "in.csv").write_text("patient_id\na\n")
    with (tmp_path / "in.csv").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with spooled(Path("-")) as path:
            assert path.read_text() == "patient_id\na\n"
            assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()


@given(content=st.binary(max_size=300) | st.text('ab,"\n\r;\0\u2028\x0c', max_size=30).map(str.encode))
@example(b"patient_id,a\x0cb,c\n1,2,3\n")
@example(b'"patient_id\n",c\n1,\xff\n')
@example(b'patient_id,"a\n')
@example(b"patient_id," + b"x" * 200_000 + b"\n1,2\n")
def test_whatever_bytes_a_csv_holds_it_is_read_or_refused(read, content):
    """A broken file is never a crash: each record is accounted for, or one line says why the file was refused."""
    for header in (b"", b"patient_id,centre\n"):
        try:
            cohort = read({"visits.csv": header + content})
        except ContractError:
            continue
        numbers = sorted([*cohort.visits["row"], *cohort.rejects["row"]])
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("link", ["visits.csv", "visits/part.csv", "treatments.csv", "packet.json"])
def test_S42_a_link_out_of_the_folder(read, link):
    """A supplier may have linked any file that the operator can read: what lies elsewhere is no part of a cohort."""
    Path("elsewhere.csv").write_text("patient_id\nSECRET\n")
    there = {} if link.endswith("json") or link.startswith("visits") else {"visits.csv": "patient_id\na\n"}
    found = refused(read, {**there, link: Path.cwd() / "elsewhere.csv"}, "PATH_ESCAPE", "leads out of the cohort")
    assert "SECRET" not in str(found)


def test_S42_a_link_within_the_folder_and_to_it(read, tmp_path):
    """Links of a user's own order are followed: to the folder, or to a file beside."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "2026.csv").write_text("patient_id\na\n")
    (tmp_path / "real" / "visits.csv").symlink_to("2026.csv")
    (tmp_path / "link").symlink_to("real")
    assert open_source(tmp_path / "link", Options()).visit_files == ("visits.csv",)


def test_S36_ids_as_databases_write_them(read):
    """A UUID is its text; a column of one that is not ours refuses nothing."""
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    column = pa.array([each.bytes for each in ids], pa.uuid())
    table = pa.table({"patient_id": column, "upload": column})
    assert read({"visits.parquet": table}).visits["patient_id"].tolist() == [str(each) for each in ids]


def test_S5_a_strict_refusal_fits_a_line(read):
    """All of the hundreds of columns would bury the one that is to be mended."""
    found = refused(read, rows("a,45", header="patient_id,zzz"), "UNKNOWN_COLUMN", "'zzz'", strict=True)
    assert len(str(found)) < 1500
