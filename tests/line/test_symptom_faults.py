"""The table of faults for symptom tables, as far as a batch operator sees it: through the commands."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.clock import CLOCKS

FORMULAS = ['=HYPERLINK("http://x","y")', "+1", "@SUM(A1)", "-2+3", "=1+1"]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def visits(line):
    """Forty visits of the small cohort, without a mark that they are synthetic; every column as text."""
    table = line.cohort.visits.drop(columns=["source", "row"]).head(40)
    return table.astype(object).where(table.notna(), "").map(str)


@pytest.fixture
def predicted(line):
    """Return a function that writes visits, predicts them by the command, and gives a table of what came out."""

    def run(table, *options, kind="predictions", out="out", ending="csv"):
        Path(out).mkdir(exist_ok=True)
        path = Path(out) / f"visits.{ending}"
        if ending == "csv":
            table.to_csv(path, index=False)
        else:
            papq.write_table(table, path)
        done = f"{out}/done"
        code = main(
            ["predict", str(line.bundle_folder), str(path), "--out", done, "--quiet", "--research-only", "--overwrite",
             "--max-rejected", "1", *options]
        )  # fmt: skip
        assert code == 0
        return contents(Path(done), kind)

    return run


def contents(folder: Path, kind: str) -> pd.DataFrame:
    files = sorted(folder.glob(f"{kind}-*"))
    tables = [
        papq.read_table(path).to_pandas()
        if path.suffix == ".parquet"
        else pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in files
    ]
    return pd.concat(tables).sort_values("row", key=lambda rows: rows.astype(int), ignore_index=True)


def test_S5_unknown_columns_are_counted_in_the_account_of_predict_and_check(line, visits, predicted, capsys):
    """They change no prediction; whoever runs the batch can see what was not read, and --strict refuses it."""
    plain = predicted(visits, out="plain")
    pd.testing.assert_frame_equal(predicted(visits.assign(shoe_size="41", hat="7"), out="more"), plain)
    assert json.loads(Path("plain/done/_SUCCESS").read_text())["unknown_columns"] == []
    unknown = ["visits.shoe_size", "visits.hat"]
    assert json.loads(Path("more/done/_SUCCESS").read_text())["unknown_columns"] == unknown
    capsys.readouterr()
    assert main(["check", "more/visits.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unknown_columns"] == unknown
    for command in (["check"], ["predict", str(line.bundle_folder), "--out", "x", "--research-only"]):
        assert main([*command, "more/visits.csv", "--strict"]) == 65
        assert "shoe_size" in capsys.readouterr().err
    assert not Path("x").exists()


@pytest.mark.parametrize("seed", range(3))
def test_S6_columns_in_another_order_give_the_same_bytes(visits, predicted, seed):
    """Columns are found by name: predictions, rejects and notes don't show in which order they stood."""
    visits.loc[3, "age_at_visit_y"] = "310"
    visits.loc[5, ["sex", "tremor"]] = "?"
    order = np.random.default_rng(seed).permutation(list(visits))
    predicted(visits, out="one")
    predicted(visits[list(order)], out="other")
    for kind in ("predictions", "rejects", "notes"):
        one, other = (next(Path(out, "done").glob(f"{kind}-*")).read_bytes() for out in ("one", "other"))
        assert one == other


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_S26_a_column_that_is_empty_in_this_batch_counts_for_each_row_as_in_any_other(visits, predicted, data):
    """Whether the other rows have the column, have it empty, or the file lacks it: a row's prediction is its own.

    A file without a clock is timed by the next one, by design: that is another question than an empty column.
    """
    columns = [name for name in visits if name not in ("patient_id", "visit_id")]
    empty = data.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=8, unique=True))
    some = visits["patient_id"].isin(visits["patient_id"].unique()[::2])
    mixed = visits.copy()
    mixed.loc[some, empty] = ""
    among_others = predicted(mixed, out="mixed")[some.to_numpy()].drop(columns=["source", "row"])
    alone = mixed[some]
    null = pa.table({name: pa.nulls(len(alone)) if name in empty else pa.array(alone[name]) for name in alone})
    for table, ending in ((alone, "csv"), (alone.drop(columns=sorted({*empty} - {*CLOCKS})), "csv"), (null, "parquet")):
        by_itself = predicted(table, "--batch-size", "7", out="alone", ending=ending).drop(columns=["source", "row"])
        pd.testing.assert_frame_equal(by_itself, among_others.reset_index(drop=True))


def test_S32_ids_that_a_spreadsheet_would_execute_are_disarmed_in_csv_only(visits, predicted):
    """In every table that is written; the ids are whole in Parquet, and in CSV on request."""
    visits = visits.head(2 * len(FORMULAS)).assign(patient_id=FORMULAS * 2, visit_id=[str(n) for n in range(10)])
    visits.loc[len(FORMULAS) :, "age_at_visit_y"] = "310"
    for kind, rows in (("predictions", FORMULAS), ("rejects", FORMULAS)):
        safe = predicted(visits, "--format", "csv", kind=kind)
        assert safe["patient_id"].tolist() == [f"'{cell}" for cell in rows]
        assert predicted(visits, "--format", "csv", "--no-csv-safe", kind=kind)["patient_id"].tolist() == rows
        assert predicted(visits, kind=kind)["patient_id"].tolist() == rows


def test_S33_an_id_that_is_markup_is_whole_in_tables_and_nowhere_else(line, visits, predicted, capsys):
    """No page, figure or text that a command leaves carries an id, so that none has to be escaped."""
    visits["patient_id"] = [SCRIPT + patient for patient in visits["patient_id"]]
    table = predicted(visits)
    assert table["patient_id"].tolist() == visits["patient_id"].tolist()
    assert main(["check", "out/visits.csv"]) == 0
    assert main(["check", "out/visits.csv", "--json"]) == 0
    assert main(["check", "out/visits.csv", "--draft-mapping", "draft.toml"]) == 0
    assert main(["features", "out/visits.csv", "--out", "features.parquet"]) == 0
    assert SCRIPT in papq.read_table("features.parquet").column("patient_id").to_pylist()[0]
    texts = [path for path in Path.cwd().rglob("*") if path.is_file() and path.suffix not in (".csv", ".parquet")]
    assert {"_SUCCESS", "draft.toml"} <= {path.name for path in texts}
    assert not [path for path in texts if b"script" in path.read_bytes()]
    assert "script" not in "".join(capsys.readouterr())
