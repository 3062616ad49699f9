"""CSV of any mess: every record is taken or rejected, once, under its own number, for the right reasons."""

from collections import Counter
from dataclasses import dataclass, field
from unittest.mock import patch

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reading import delimited
from pipeline.vocabulary import REASONS

VALID, WIDE = "", "RAGGED"


def cells(valid: list[str], **wrong: list[str]) -> st.SearchStrategy[tuple[str, str]]:
    """Draw a cell with the reason against it; as often valid as not."""
    bad = [(text, reason) for reason, texts in wrong.items() for text in texts]
    return st.sampled_from([(text, VALID) for text in valid]) | st.sampled_from(bad)


FREE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
AGE = cells(
    ["", "45", "4.5e1", "+45", ".5", "45.", "0", "120"],
    NOT_A_NUMBER=["abc", "NA", " 45", "1,,5", "45 y", "0x10", "1_0", "٤٥", "nan", "null", ".", "-", "1e", "--1"],
    NOT_FINITE=["inf", "-Infinity", "1e999", "-1e999"],
    OUT_OF_RANGE=["310", "-1", "-999", "9999", "120.001"],
)
COLUMNS = {
    "patient_id": cells(
        ["p1", "p1", "p2", "00042", "1e5", "NA", "NaN", "TRUE", "A\u030a", "a b", "=1+1", "../x", '"q"', "x,y;z", "-1"],
        MISSING_ID=[""],
        BAD_ID=[" p", "p ", "a\nb", "a\tb", "x\u202ey", "x\u200by", "\ufeffx", "x" * 201],
    ),
    "visit_id": cells(["", "v1", "v2", "1.0"], BAD_ID=["v\r", " "]),
    "visit_date": cells(
        ["", "2024-04-03", "2024-02-29", "1999-12-31"],
        DATE_FORMAT=["03/04/2024", "2024-13-01", "2024-4-3", "2023-02-29", "20240403", "2024-04-03T10:00", "x"],
    ),
    "age_at_visit_y": AGE,
    "age_at_onset_y": AGE,
    "sex": cells(["", "male", "female"], UNKNOWN_CATEGORY=["M", "Male", "männlich", " male", "NA"]),
    "tremor": cells(["", "yes", "No", "TRUE", "false", "0", "1", "1.0"], NOT_A_FLAG=["ja", "2", "y", "NA", "0.5"]),
    "findings": cells(
        ["", "HP:0001337", "!HP:0001250", "HP:1|HP:0001337"],
        INCONSISTENT=["HP:0002346|!HP:0001337", "HP:0001337|!HP:0001337"],
    ),
    "centre": FREE_TEXT.map(lambda text: (text, VALID)),
    "not ours": FREE_TEXT.map(lambda text: (text, VALID)),
}


@dataclass
class Record:
    """A record in the making: its cells, and what is wrong with it."""

    texts: list[str]
    reasons: set[str]
    raw: list[bytes] = field(default_factory=list)


@st.composite
def records(draw, names: list[str]) -> Record:
    drawn = [draw(COLUMNS[name]) for name in names]
    texts, reasons = [text for text, _ in drawn], {reason for _, reason in drawn} - {VALID}
    ages = {name: drawn[names.index(name)] for name in ("age_at_onset_y", "age_at_visit_y") if name in names}
    if len(ages) == 2 and all(text and not reason for text, reason in ages.values()):
        onset, visit = (float(text) for text, _ in ages.values())
        reasons |= {"INCONSISTENT"} if onset > visit else set()
    raw = [text.encode() for text in texts]
    damage = draw(st.sampled_from(["", "", "", "", "wide", "narrow", "latin", "latin and wide", "nul"]))
    at = draw(st.integers(0, len(names) - 1))
    if damage == "wide":
        raw += [b"more"] * draw(st.integers(1, 3))
        reasons = {"RAGGED"}
    elif damage == "narrow" and len(names) > 1:
        raw = raw[:at] or [b"x"]
        reasons = {"RAGGED"}
    elif damage == "latin and wide":
        raw += [b"M\xe4rz"]
        reasons = {"RAGGED"}
    elif damage == "latin":
        raw[at] = b"M\xe4rz"
        reasons = {"ENCODING"}
    elif damage == "nul":
        raw[at] += b"\0"
        reasons = {"NUL_BYTE"}
    return Record(texts, reasons, raw)


@dataclass
class Drawn:
    """A CSV file, and what every record of it should come to."""

    names: list[str]
    records: list[Record]
    content: bytes


def quoted(cell: bytes, always: bool) -> bytes:
    special = always or any(mark in cell for mark in (b",", b'"', b"\n", b"\r")) or not cell
    return b'"' + cell.replace(b'"', b'""') + b'"' if special else cell


@st.composite
def files(draw, *, damaged: bool = True) -> Drawn:
    names = ["patient_id", *draw(st.lists(st.sampled_from(list(COLUMNS)[1:]), unique=True, max_size=6))]
    names = draw(st.permutations(names))
    drawn = draw(st.lists(records(names), max_size=8)) * draw(st.sampled_from([1, 1, 1, 40]))
    if not damaged:
        drawn = [
            record
            for record in drawn
            if len(record.raw) == len(names) and record.raw == [t.encode() for t in record.texts]
        ]
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    always = draw(st.booleans())
    blank = draw(st.integers(0, 3))
    lines = [b",".join(quoted(name.encode(), always) for name in names)]
    for number, record in enumerate(drawn):
        lines += [b""] * (number % 4 == blank)
        lines.append(b",".join(quoted(cell, always) for cell in record.raw))
    content = end.join(lines) + (end if draw(st.booleans()) else b"")
    return Drawn(names, drawn, draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + content)


def by_row(table: pd.DataFrame, column: str) -> dict[int, str]:
    return dict(zip(table["row"].tolist(), table[column].tolist(), strict=True))


@given(drawn=files(), block=st.sampled_from([1 << 11, 1 << 22]))
def test_every_record_is_taken_or_rejected_once_under_its_own_number(read, drawn, block):
    """A user finds each record of the file again, in one of two tables, by its number, with all that is wrong with it.

    Whatever the quoting, line ends, blank lines and damage; and wherever the reader's blocks happen to end.
    """
    with patch.object(delimited, "_BLOCK_BYTES", block):
        cohort = read({"visits.csv": drawn.content})
    rows = Counter(cohort.visits["row"].tolist() + cohort.rejects["row"].tolist())
    assert rows == Counter(range(1, len(drawn.records) + 1))
    assert set(cohort.visits["source"]) | set(cohort.rejects["source"]) <= {"visits.csv"}
    reasons = {row: set(words.split("|")) for row, words in by_row(cohort.rejects, "reasons").items()}
    for row, record in enumerate(drawn.records, start=1):
        found = reasons.get(row, set())
        assert record.reasons <= found or (record.reasons and found & {"RAGGED", "ENCODING", "NUL_BYTE"})
        if not record.reasons:
            assert found <= {"DUPLICATE_ID_CONFLICT"}
        assert found <= set(REASONS)


@given(drawn=files())
def test_ids_come_out_byte_for_byte(read, drawn):
    """An id is a name, not a number: `00042`, `1e5`, `NA` and `TRUE` join with the user's other tables afterwards."""
    cohort = read({"visits.csv": drawn.content})
    at = drawn.names.index("patient_id")
    for table in (cohort.visits, cohort.rejects):
        for row, found in by_row(table, "patient_id").items():
            record = drawn.records[row - 1]
            assert found == record.texts[at] or record.reasons & {"RAGGED", "ENCODING", "NUL_BYTE"}


@given(drawn=files())
def test_values_come_out_as_they_stand(read, drawn):
    """What is taken is neither rounded nor trimmed: numbers to the last digit, text byte for byte."""
    cohort = read({"visits.csv": drawn.content})
    for name in set(drawn.names) & {"centre", "age_at_visit_y"}:
        at = drawn.names.index(name)
        for row, found in by_row(cohort.visits, name).items():
            text = drawn.records[row - 1].texts[at]
            assert found == (text if name == "centre" else float(text or "nan")) or text == ""


@given(drawn=files(damaged=False), data=st.data())
def test_the_order_of_the_columns_does_not_matter(read, drawn, data):
    """S6: columns are found by name, so a file with its columns in another order gives the same cohort, bit for bit."""
    order = data.draw(st.permutations(range(len(drawn.names))))

    def written(places) -> bytes:
        rows = [drawn.names, *(record.texts for record in drawn.records)]
        return b"".join(b",".join(quoted(row[at].encode(), True) for at in places) + b"\n" for row in rows)

    one, other = (read({"visits.csv": written(places)}) for places in (range(len(drawn.names)), order))
    for name in ("rejects", "notes"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    pd.testing.assert_frame_equal(one.visits, other.visits[list(one.visits)], check_exact=True)
    assert list(other.visits) == list(one.visits)


@given(drawn=files(damaged=False))
def test_csv_and_parquet_of_one_table_read_equal(read, drawn):
    """The kind of file is the user's choice: the same table of text gives the same visits, rejects and notes."""
    rows = [[text.encode() for text in record.texts] for record in drawn.records]
    csv = b"".join(
        b",".join(quoted(c, True) for c in row) + b"\n" for row in [[n.encode() for n in drawn.names], *rows]
    )
    columns = {name: [record.texts[at] for record in drawn.records] for at, name in enumerate(drawn.names)}
    table = pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
    from_csv, from_parquet = read({"visits.csv": csv}), read({"visits.parquet": table})
    for name in ("visits", "rejects", "notes"):
        one, other = (getattr(cohort, name).drop(columns="source") for cohort in (from_csv, from_parquet))
        pd.testing.assert_frame_equal(one, other, check_exact=True)


@given(
    ages=st.lists(st.none() | st.floats(0, 120) | st.integers(-5, 200).map(float), max_size=6),
    flags=st.lists(st.none() | st.booleans(), min_size=6, max_size=6),
    days=st.lists(st.none() | st.dates(), min_size=6, max_size=6),
    numbers=st.lists(st.integers(0, 10**12), min_size=6, max_size=6, unique=True),
)
def test_typed_parquet_reads_as_the_csv_of_the_same_values(read, ages, flags, days, numbers):
    """Numbers, truth values and dates may be stored as such: the cohort is that of the same values in a CSV."""
    count = len(ages)
    table = pa.table(
        {
            "patient_id": pa.array(numbers[:count], pa.int64()),
            "age_at_visit_y": pa.array(ages, pa.float64()),
            "tremor": pa.array(flags[:count], pa.bool_()),
            "visit_date": pa.array(days[:count], pa.date32()),
        }
    )
    lines = ["patient_id,age_at_visit_y,tremor,visit_date"]
    for row in table.to_pylist():
        lines.append(",".join("" if value is None else str(value) for value in row.values()))
    from_csv = read({"visits.csv": "\n".join(lines) + "\n"})
    from_parquet = read({"visits.parquet": table})
    for name in ("visits", "rejects", "notes"):
        one, other = (getattr(cohort, name).drop(columns="source") for cohort in (from_csv, from_parquet))
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_a_large_file_keeps_its_numbers(read):
    """Across the reader's blocks, too, a ragged record and what follows it keep the number that an editor counts."""
    lines = ["patient_id,centre", *(f"p{n},{'x' * 80}" + (",more" if n % 997 == 0 else "") for n in range(1, 120_001))]
    cohort = read({"visits.csv": "\n".join(lines)})
    assert cohort.rejects["row"].tolist() == list(range(997, 120_001, 997))
    taken = cohort.visits
    assert (taken["patient_id"] == "p" + taken["row"].astype(str)).all()
