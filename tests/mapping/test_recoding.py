"""A mapping undoes what was done to a table of ours: other names, codes, units, dates, shapes."""

import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ContractError, UsageError
from pipeline.records import IDENTITY
from pipeline.schema import TABLES
from pipeline.testing.tables import visits

OURS = {column.name: column for column in TABLES["visits"]}
FLAGS = {1.0: "yes", 0.0: "no"}


def cells_of(table: pd.DataFrame) -> dict[str, list[str]]:
    """A table of visits as text, as it would stand in a CSV."""
    cells = {}
    for name in table.columns.drop(["source", "row"]):
        values = table[name].tolist()
        if OURS[name].kind == "flag":
            cells[name] = [FLAGS.get(value, "") for value in values]
        else:
            cells[name] = ["" if isinstance(value, float) and math.isnan(value) else str(value) for value in values]
    return cells


def csv_of(columns: dict[str, list[str]]) -> str:
    return pd.DataFrame(columns).to_csv(index=False)


def same_visits(one, other):
    pd.testing.assert_frame_equal(
        one.visits.drop(columns=["source", "row"]), other.visits.drop(columns=["source", "row"]), rtol=1e-9
    )
    names = [name for name in (*IDENTITY, "reasons") if name != "source"]
    assert one.rejects[names].to_numpy().tolist() == other.rejects[names].to_numpy().tolist()


def disguised(name: str, cells: list[str], code: int) -> tuple[list[str], dict[str, object]]:
    """Recode a column invertibly, with what the mapping has to say of it."""
    column = OURS[name]
    if column.kind in ("flag", "category") and code:
        words = [word for word in dict.fromkeys(cells) if word]
        codes = {word: f"K{place * code}" for place, word in enumerate(words)}
        return [codes.get(cell, ("", "-99")[code > 1]) for cell in cells], {
            "values": {theirs: word for word, theirs in codes.items()},
            "missing": ["-99"],
        }
    if column.kind == "date" and code:
        return [date.fromisoformat(cell).strftime("%d.%m.%Y") if cell else "" for cell in cells], {
            "date_format": "%d.%m.%Y"
        }
    if column.kind == "number" and column.unit == "y" and code:
        factor, unit = ((12.0, "months"), (365.25 / 7, "weeks"), (365.25, "days"))[code - 1]
        return [repr(float(cell) * factor) if cell else "" for cell in cells], {"unit": unit}
    return cells, {}


@given(table=visits(), codes=st.lists(st.integers(0, 3), min_size=7, max_size=7), order=st.randoms())
def test_a_renamed_and_recoded_table_reads_as_the_table_itself(read, mapped, table, codes, order):
    """Names, codes, missing tokens, dates and units come back; the order of their columns does not matter."""
    cells, theirs, lines = cells_of(table), {}, ["[tables.visits.columns]"]
    for place, (name, column) in enumerate(cells.items()):
        changed, how = disguised(name, column, codes[place % len(codes)])
        theirs[f"Their {place}"] = changed
        said = {"source": f"Their {place}"} | how
        inline = ", ".join(
            f"{key} = {{ {', '.join(f'{json.dumps(a)} = {json.dumps(b)}' for a, b in value.items())} }}"
            if isinstance(value, dict)
            else f"{key} = {json.dumps(value)}"
            for key, value in said.items()
        )
        lines.append(f"{name} = {{ {inline} }}")
    names = list(theirs)
    order.shuffle(names)
    plain = read(csv_of(cells))
    # a unit's rounding may push an age past the edge of a rule, never a row out of the cohort
    same_visits(read(csv_of({name: theirs[name] for name in names}), mapped("\n".join(lines))), plain)


@given(cells=st.lists(st.sampled_from(["yes", "no", "", "NO", " Yes"]), min_size=3, max_size=3), loose=st.booleans())
def test_yes_no_columns_make_findings(read, table, mapped, cells, loose):
    rule = f"""
    columns_match = "{"loose" if loose else "exact"}"
    strip = true
    [tables.visits.columns]
    patient_id = {{ source = "id" }}
    [tables.visits.findings]
    named_by_term = true
    columns = {{ fits = "HP:0001250" }}
    """
    names = [" Tremor_hp:0001337 ", "anxiety_HP:0000739", "Fits" if loose else "fits"]
    cohort = read(table([{"id": "p"} | dict(zip(names, cells, strict=True))]), mapped(rule))
    said = {"yes": "", "no": "!"}
    terms = zip(("HP:0001337", "HP:0000739", "HP:0001250"), (cell.strip().lower() for cell in cells), strict=True)
    assert set(cohort.visits["findings"][0].split("|")) - {""} == {said[cell] + term for term, cell in terms if cell}


def test_several_codes_in_a_cell_become_findings(read, table, mapped):
    rule = """
    [tables.visits.columns]
    patient_id = { source = "id" }
    findings = { source = "signs", split = ";", values = { tre = "HP:0001337", "no fits" = "!HP:0001250" } }
    """
    rows = [{"id": "1", "signs": "tre; no fits"}, {"id": "2", "signs": ""}, {"id": "3", "signs": "new"}]
    cohort = read(table(rows), mapped(rule))
    assert cohort.visits["findings"].tolist() == ["HP:0001337|!HP:0001250", "", "new"]
    assert cohort.notes[["row", "reason"]].to_numpy().tolist() == [[3, "UNKNOWN_TERM"]]


PIVOT = """
[tables.visits]
pivot = { key = "item", value = "result", by = ["id", "day"] }
[tables.visits.columns]
patient_id = { source = "id" }
visit_date = { source = "day", date_format = "%d.%m.%Y" }
age_at_onset_y = { source = "onset" }
sex = { source = "sex", values = { "1" = "female" } }
"""


@given(order=st.permutations(range(5)))
def test_rows_of_measurements_become_one_record(read, table, mapped, order):
    """In whatever order they stand; what is measured but not mapped is not read."""
    rows = [
        ("p", "1.2.2024", "onset", "30"),
        ("p", "1.2.2024", "sex", "1"),
        ("p", "1.2.2024", "shoe size", "40"),
        ("q", "1.2.2024", "onset", "20"),
        ("q", "3.2.2024", "onset", "20"),
    ]
    told = [dict(zip(("id", "day", "item", "result"), rows[place], strict=True)) for place in order]
    cohort = read(table(told), mapped(PIVOT))
    assert cohort.rejects.empty
    found = cohort.visits[["patient_id", "visit_date", "age_at_onset_y", "sex"]].to_numpy().tolist()
    assert sorted(found) == [
        ["p", "2024-02-01", 30.0, "female"],
        ["q", "2024-02-01", 20.0, ""],
        ["q", "2024-02-03", 20.0, ""],
    ]
    firsts = {row["id"] + row["day"]: place for place, row in reversed(list(enumerate(told, start=1)))}
    assert sorted(cohort.visits["row"]) == sorted(firsts.values())


def test_one_measurement_with_two_results_rejects_the_record(read, table, mapped):
    rows = [{"id": "p", "day": "1.2.2024", "item": "onset", "result": text} for text in ("30", "30", "31")]
    cohort = read(table([*rows, rows[0] | {"id": "q"}]) + "ragged\n", mapped(PIVOT))
    assert cohort.rejects[["row", "reasons"]].to_numpy().tolist() == [[1, "DUPLICATE_ID_CONFLICT"], [5, "RAGGED"]]
    assert cohort.visits["patient_id"].tolist() == ["q"]


def test_a_date_of_another_format_is_no_date(read, table, mapped):
    """Even one that is an ISO date: day and month are never guessed."""
    rule = """
    [tables.visits.columns]
    patient_id = { source = "id" }
    visit_date = { source = "day", date_format = "%Y-%d-%m" }
    """
    rows = [{"id": "1", "day": "2024-31-12"}, {"id": "2", "day": "2024-12-31"}]
    cohort = read(table(rows), mapped(rule))
    assert cohort.visits["visit_date"].tolist() == ["2024-12-31"]
    assert cohort.rejects[["row", "column", "reasons"]].to_numpy().tolist() == [[2, "visit_date", "DATE_FORMAT"]]


def test_a_pattern_reads_many_columns(read, table, mapped):
    rule = """
    columns_match = "loose"
    [tables.visits.columns]
    patient_id = { source = "id" }
    "dystonia_{}" = { source = "Dyst {} present", names = { throat = "pharynx", nape = "neck" } }
    """
    row = {"id": "1", "dyst_THROAT_present": "yes", "Dyst nape present ": "no", "Dyst knee present": "yes"}
    cohort = read(table([row]), mapped(rule))
    assert cohort.visits[["dystonia_pharynx", "dystonia_neck"]].to_numpy().tolist() == [[1.0, 0.0]]


@given(weeks=st.lists(st.sampled_from(["0", "2", "4"]), max_size=8))
def test_rows_are_taken_or_excluded_and_none_is_lost(read, table, mapped, weeks):
    """A ragged row is never excluded: it says nothing of its week."""
    from pipeline.reading.mapped import count_excluded
    from pipeline.reading.source import Options, open_source

    rule = mapped("""
    [tables.visits]
    where = { week = ["0", "2"] }
    [tables.visits.columns]
    patient_id = { source = "id" }
    """)
    rows = [{"id": f"p{place}", "week": week} for place, week in enumerate(weeks)]
    text = table(rows, ["id", "week"]) + "ragged\n"
    cohort = read(text, rule)
    assert cohort.rejects["row"].tolist() == [len(weeks) + 1]
    from pathlib import Path

    path = Path("theirs.csv")
    path.write_text(text)
    source = open_source(path, Options())
    excluded = count_excluded(lambda: source.batches("visits"), rule.tables["visits"])
    assert len(cohort) + len(cohort.rejects) + excluded == len(weeks) + 1
    assert excluded == weeks.count("4")


@given(ids=st.lists(st.tuples(*[st.text("ab-%", max_size=3)] * 2), unique=True, min_size=1))
def test_different_parts_never_make_one_id(ids):
    import pyarrow as pa

    from pipeline.reading.recode import joined

    parts = [pa.chunked_array([list(part)], pa.string()) for part in zip(*ids, strict=True)]
    made = joined(parts, [True, True]).to_pylist()
    assert len(set(made)) == len(ids)


def test_numbers_and_gaps_of_a_parquet_file_are_read(read, mapped):
    import io

    rule = mapped("""
    missing = ["-99"]
    [tables.visits.columns]
    patient_id = { source = "id" }
    age_at_onset_y = { source = "months", unit = "months" }
    tremor = { source = "t" }
    """)
    file = io.BytesIO()
    theirs = pd.DataFrame({"id": [1, 2, 3], "months": [18.0, np.nan, -99.0], "t": [1.0, np.nan, 0.0]})
    theirs.to_parquet(file)
    found = read(file.getvalue(), rule, ".parquet").visits[["patient_id", "age_at_onset_y", "tremor"]]
    assert found.fillna(-1).to_numpy().tolist() == [["1", 1.5, 1.0], ["2", -1, -1], ["3", -1, 0.0]]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ('sex = { sorce = "s" }', r"unknown key 'tables\.visits\.columns\.sex\.sorce'.*'source'"),
        ('sex = { source = "s", constant = "male" }', "'source' and 'constant' both make column 'sex'"),
        ('sexx = { source = "s" }', "unknown column 'sexx'. Did you mean 'sex'"),
        ('sex = { optional = true }', "nothing makes column 'sex'"),
        ('sex = { source = "s", unit = "years" }', "column 'sex' has a 'unit'"),
        ('sex = { source = "s", unit = "yeers" }', "key '.*unit' is wrong"),
        ('sex = { source = "s", date_format = "%Y" }', "'date_format' of column 'sex'"),
        ('sex = { source = "s", split = ";" }', "column 'sex' has a 'split'"),
        ('sex = { source = "s", ignore_case = true, values = { a = "male", A = "female" } }', "letter case only"),
        ('sex = { source = "s{}" }', "column 'sex' is no pattern"),
        ('"dystonia_{}" = { source = "d{}", names = { n = "nek" } }', "unknown column 'dystonia_nek'.*dystonia_neck"),
        ('findings = { source = "s", split = ";", values = { a = "HP:9999999" } }', "no current HPO term"),
    ],
)  # fmt: skip
def test_what_a_mapping_may_not_say_is_one_line(mapped, column, said):
    with pytest.raises(UsageError, match=said) as found:
        mapped(f'[tables.visits.columns]\npatient_id = {{ source = "id" }}\n{column}\n')
    assert "\n" not in str(found.value)


def test_two_columns_of_one_loose_name_are_refused(read, table, mapped):
    rule = mapped('columns_match = "loose"\n[tables.visits.columns]\npatient_id = { source = "id" }\n')
    with pytest.raises(ContractError, match="two columns are called 'id'"):
        read(table([{"ID": "1", "id ": "2"}]), rule)


def test_the_mapping_of_the_documentation_reads(read, table, tmp_path):
    """What the page shows can be copied."""
    import re
    from pathlib import Path

    from pipeline.config import load_mapping

    page = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "shown.toml").write_text(text, encoding="utf-8")
    row = {"form": "intake", "Clinic": "a", "record": "1", "Seen on": "3.4.2024", "SEX": " F", "fits": "no"}
    rows = [row | {"Tremor_hp:0001337": "Yes"}, row | {"form": "call"}]
    cohort = read(table(rows), load_mapping(str(tmp_path / "shown.toml")))
    assert cohort.rejects.empty
    found = cohort.visits[["patient_id", "visit_date", "sex", "findings"]].to_numpy().tolist()
    assert found == [["a-1", "2024-04-03", "female", "!HP:0001250|HP:0001337"]]


MOMENTS = """
[tables.visits.columns]
patient_id = { source = "id" }
visit_date = { source = "when" }
"""


def parquet_of(group: int = 1000, **columns) -> bytes:
    sink = pa.BufferOutputStream()
    papq.write_table(pa.table(columns), sink, row_group_size=group)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("group", [1, 3])
def test_a_time_of_day_costs_its_own_row_only(read, mapped, group):
    """Whichever rows lie in a batch with it: midnight is a date, and what is no date is rejected."""
    when = pa.array([0, 86_400, 86_401], pa.timestamp("s"))
    found = read(parquet_of(group, id=["a", "b", "c"], when=when), mapped(MOMENTS), ".parquet")
    assert found.visits["visit_date"].tolist() == ["1970-01-01", "1970-01-02"]
    assert found.rejects[["row", "reasons"]].to_numpy().tolist() == [[3, "DATE_FORMAT"]]


def test_lists_that_a_mapping_reads_are_refused(read, mapped):
    """Read as missing they would be lost in silence; a list that no mapping reads is let be."""
    content = parquet_of(id=["a"], when=[["2024-01-01"]], more=[["x"]])
    with pytest.raises(ContractError, match=r"column 'when' has type list.*one value a cell"):
        read(content, mapped(MOMENTS), ".parquet")
    fine = parquet_of(id=["a"], when=["2024-01-01"], more=[["x"]])
    assert read(fine, mapped(MOMENTS), ".parquet").visits["visit_date"].tolist() == ["2024-01-01"]
