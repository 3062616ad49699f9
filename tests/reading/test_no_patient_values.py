"""Nothing that a person reads besides the tables holds a patient's value: no message, no account, no trace."""

import json
import traceback

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.command import run
from pipeline.errors import ContractError, PipelineError
from pipeline.schema import TABLES

CANARY = "Jane-CANARY-1961"
SPELLINGS = (
    CANARY,
    f'"{CANARY}"',
    f"{CANARY}\0",
    f"{CANARY}\xff",
    f"{CANARY},{CANARY}",
    f'"{CANARY}\n{CANARY}"',
    f'"{CANARY}',
)


def told(cohort) -> str:
    """Return all that the tables say besides ids and values."""
    rejects = cohort.rejects[["column", "reasons", "message"]]
    notes = cohort.notes[["table", "column", "reason", "message"]]
    return rejects.to_json() + notes.to_json()


def outcome(read, files, **options) -> str:
    """Return what a user is told: the tables' words, or the error with all that hangs on it."""
    try:
        return told(read(files, **options))
    except PipelineError as error:
        return "".join(traceback.format_exception_only(error)) + repr(error.__cause__)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_cell_of_any_column_is_never_quoted(read, table, ending):
    """A value in the wrong column, of the wrong kind or out of range is described, not shown."""
    names = [column.name for column in TABLES[table]]
    rows = [[CANARY if name == wrong else "a" * (name == "patient_id") for name in names] for wrong in names]
    content = pa.table([pa.array(cells) for cells in zip(*rows, strict=True)], names=names)
    if ending == "csv":
        content = "\n".join(",".join(cells) for cells in [names, *rows]) + "\n"
    files = {f"{table}.{ending}": content}
    if table != "visits":
        files["visits.csv"] = "patient_id\na\n"
    cohort = read(files)
    assert len(cohort.rejects) + len(cohort.notes) > len(names) / 2
    assert "CANARY" not in told(cohort)


@given(
    cells=st.lists(st.sampled_from([*SPELLINGS, "", "a"]), min_size=1, max_size=4),
    header=st.sampled_from(["patient_id,sex,tremor\n", "patient_id,age_at_visit_y\n", "", '"patient_id\n']),
    mark=st.sampled_from([",", ";"]),
    coding=st.sampled_from(["utf-8", "latin-1", "utf-16"]),
)
def test_a_csv_broken_in_any_way_quotes_nothing(read, cells, header, mark, coding):
    """Ragged rows, open quotes, foreign encodings, a file without a header: the message describes, it does not show."""
    content = (header + ",".join(cells) + "\n" + CANARY + "\n").encode(coding)
    assert "CANARY" not in outcome(read, {"visits.csv": content}, delimiter=mark)


def test_a_file_without_a_header_does_not_give_its_first_patient_away(read):
    """The first line is then a patient's: neither the hint nor the message lists it."""
    for content in (f"a,{CANARY}\n", f"{CANARY},{CANARY}\n", f"{CANARY};x\n"):
        with pytest.raises(ContractError) as found:
            read({"visits.csv": content})
        assert "CANARY" not in str(found.value)


@pytest.mark.parametrize(
    "content",
    [
        f'{{"id": "a", "subject": {{"sex": "{CANARY}", "timeAtLastEncounter": "{CANARY}"}}}}',
        f'{{"id": "a", "diseases": [{{"onset": {{"age": {{"iso8601duration": "{CANARY}"}}}}}}]}}',
        f'{{"id": "a", "phenotypicFeatures": [{{"type": {{"id": "{CANARY}"}}}}, {{"type": "{CANARY}"}}]}}',
        f'{{"id": "a", "phenotypicFeatures": [{{"type": {{"id": "{CANARY}"}}}}]}}',
        f'{{"id": ["{CANARY}"]}}',
        f'"{CANARY}',
        f'{{"id": "a", "metaData": {{"externalReferences": "{CANARY}"}}}}',
    ],
)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_a_phenopacket_is_never_quoted(read, content, ending):
    """Nor are names, ages or terms of a published case."""
    assert "CANARY" not in outcome(read, {f"case.{ending}": content})


def test_check_tells_counts_and_columns_only(tmp_path, capfd):
    """What `dystonia check` prints can be sent to a colleague: it holds no id and no value."""
    header = "patient_id,visit_id,centre,age_at_visit_y,findings,not_ours"
    rows = [f"{CANARY},{CANARY}{n},{CANARY},{age},{CANARY},{CANARY}" for n, age in enumerate(["45", "x", "310"])]
    (tmp_path / "visits.csv").write_text("\n".join([header, *rows, CANARY]) + "\n")
    for options in ([], ["--json"], ["--strict"], ["--debug"], ["--strict", "--debug"]):
        assert main(["check", str(tmp_path / "visits.csv"), *options]) in (3, 65)
    printed = capfd.readouterr()
    assert "CANARY" not in printed.out + printed.err
    assert "not_ours" in printed.out


def test_a_bug_of_ours_shows_no_value_even_with_debug(capfd):
    """Libraries quote cells in their messages: of an unforeseen error only kind and place are shown."""
    import click

    quoting = f"could not convert string to float: '{CANARY}'"

    @click.command()
    def broken() -> None:
        raise ValueError(quoting)

    assert run(broken, [], "broken") == 70
    assert run(broken, ["--debug"], "broken") == 70
    printed = capfd.readouterr()
    assert "CANARY" not in printed.err
    assert "ValueError" in printed.err
    assert "Traceback" not in printed.err.splitlines()[0]
    assert json.dumps(printed.out) == '""'
