"""What a batch operator relies on: every visit once, the right exit code, nothing half-written, nothing given away."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as papq

from pipeline.cli import main

CANARY = "Zanzibar-4711"


def _visits_csv(line, path, change=lambda table: table):
    """The cohort's visits as a CSV that is not marked as synthetic."""
    visits = line.cohort.visits.drop(columns=["source", "row"]).head(40)
    change(visits.astype(object).where(visits.notna(), "")).to_csv(path, index=False)
    return path


def _predict(line, cohort, *options):
    return main(["predict", str(line.bundle_folder), str(cohort), "--out", "out", "--quiet", *options])


def _success():
    return json.loads(Path("out/_SUCCESS").read_text())


def _table(kind):
    return pd.concat([papq.read_table(path).to_pandas() for path in Path("out").glob(f"{kind}-*.parquet")])


def test_each_visit_record_is_predicted_or_rejected_once(line, capsys):
    """Bad rows are set aside with their reason, the rest is predicted, and the counts add up."""

    def spoil(table):
        table.loc[table.index[3], "age_at_visit_y"] = "310"
        table.loc[table.index[5], "patient_id"] = ""
        table.loc[table.index[7], "sex"] = CANARY
        return table

    assert _predict(line, _visits_csv(line, "visits.csv", spoil), "--research-only") == 0
    success, rejects = _success(), _table("rejects")
    assert success["rows"] == {"visits.csv": 40}
    assert (success["predicted"], success["rejected"]) == (37, 3)
    assert success["reasons"] == {"MISSING_ID": 1, "OUT_OF_RANGE": 1, "UNKNOWN_CATEGORY": 1}
    assert rejects.set_index("row")["reasons"].to_dict() == {4: "OUT_OF_RANGE", 6: "MISSING_ID", 8: "UNKNOWN_CATEGORY"}
    assert sorted([*_table("predictions")["row"], *rejects["row"]]) == list(range(1, 41))
    assert CANARY not in rejects.drop(columns="patient_id").to_csv() + "".join(capsys.readouterr())


def test_too_many_rejects_exit_with_3_and_are_published_all_the_same(line):
    """The operator is warned, and still gets what could be predicted."""
    spoiled = _visits_csv(line, "visits.csv", lambda table: table.assign(sex=CANARY))
    assert _predict(line, spoiled, "--research-only") == 3
    assert _success()["predicted"] == 0
    assert _predict(line, spoiled, "--research-only", "--max-rejected", "1", "--overwrite") == 0


def test_S3_a_header_without_rows(line):
    """An empty night gives empty tables with full headers, and success."""
    empty = _visits_csv(line, "visits.csv", lambda table: table.head(0))
    assert _predict(line, empty, "--research-only") == 0
    assert (_success()["predicted"], _success()["rejected"]) == (0, 0)
    assert list(_table("predictions")) == list(line.bundle.empty())


def test_S25_a_visit_with_nothing_recorded(line):
    """It is predicted, with an abstention and a warning."""

    def blank(table):
        kept = ("patient_id", "visit_id", "visit_date", "weeks_since_enrolment")
        table.loc[table.index[0], [name for name in table if name not in kept]] = ""
        return table

    assert _predict(line, _visits_csv(line, "visits.csv", blank), "--research-only") == 0
    first = _table("predictions").sort_values("row").iloc[0]
    assert "ALL_MISSING" in first["warnings"]
    assert first["phenotype_abstained"]


def test_S28_the_same_visit_twice(line):
    """Both are predicted, and both say so."""
    twice = _visits_csv(line, "visits.csv", lambda table: pd.concat([table, table.head(1)]))
    assert _predict(line, twice, "--research-only") == 0
    marked = _table("predictions").set_index("row")["warnings"].str.contains("duplicate_id")
    assert sorted(marked.index[marked]) == [1, 41]


def test_a_model_of_synthetic_data_refuses_records_that_are_not_marked_synthetic(line, capsys):
    """Nobody takes a demonstration for a diagnosis: it needs a flag, and then every row says what it is."""
    visits = _visits_csv(line, "visits.csv")
    assert _predict(line, visits) == 64
    assert "--research-only" in capsys.readouterr().err
    assert not Path("out").exists()
    assert _predict(line, visits, "--research-only") == 0
    assert _table("predictions")["warnings"].str.contains("RESEARCH_ONLY").all()


def test_D9_the_same_command_again_does_nothing(line):
    """A command that is run twice by a scheduler costs nothing and changes nothing."""
    assert _predict(line, line.cohort_folder) == 0
    before = {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}
    assert _predict(line, line.cohort_folder) == 0
    assert before == {path.name: path.stat().st_mtime_ns for path in Path("out").iterdir()}


def test_D10_other_content_is_not_touched_without_overwrite(line, capsys):
    """Yesterday's predictions are safe from today's typing error."""
    assert _predict(line, line.cohort_folder) == 0
    before = Path("out/_SUCCESS").read_bytes()
    assert _predict(line, line.cohort_folder, "--format", "csv") == 73
    assert "--overwrite" in capsys.readouterr().err
    assert Path("out/_SUCCESS").read_bytes() == before
    assert _predict(line, line.cohort_folder, "--format", "csv", "--overwrite") == 0
    assert list(Path("out").glob("predictions-*.csv"))


def test_D13_a_run_that_was_cut_off_ends_with_the_bytes_of_one_that_was_not(line, monkeypatch):
    """What an earlier run left is used again only if its digest proves it."""
    _predict(line, line.cohort_folder)
    whole = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    shutil.rmtree("out")
    with monkeypatch.context() as broken:
        broken.setattr("pipeline.predict._account", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
        assert _predict(line, line.cohort_folder) == 74
    assert not Path("out").exists()
    left = next(Path(".out.partial").glob("predictions-*"))
    left.write_bytes(left.read_bytes()[:-1])
    assert _predict(line, line.cohort_folder) == 0
    assert whole == {path.name: path.read_bytes() for path in Path("out").iterdir()}
