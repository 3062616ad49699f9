"""Faults of symptom tables (rows S of the table): whose a row is, and what it repeats."""

from hypothesis import example, given
from hypothesis import strategies as st

from tests.reading.table_files import reasons, rows


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
