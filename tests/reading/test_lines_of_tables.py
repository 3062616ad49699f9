"""Faults of symptom tables (rows S of the table): how lines are cut into cells, and bytes into letters."""

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import ContractError
from tests.reading.table_files import reasons, refused, rows


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
