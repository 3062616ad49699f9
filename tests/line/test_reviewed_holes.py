"""Holes that a review found, each kept closed by a test."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config import load_study
from pipeline.errors import ContractError
from pipeline.outcomes import derive
from pipeline.reading.source import Options, open_source
from pipeline.records import Cohort
from pipeline.study import Inputs, Study, Target
from pipeline.tracking.store import tracking_uri, where_to_look
from pipeline.visible import visible

SPREAD = Target("spread", "time_to_event", left="left_weeks", right="right_weeks", horizons=("1y",))


def _cohort(outcomes, visits=(("a", "1"), ("a", "2"), ("b", "1"))):
    table = pd.DataFrame(visits, columns=["patient_id", "visit_id"], dtype=object)
    return Cohort(table.assign(source="v.csv", row=np.arange(len(table))), outcomes=pd.DataFrame(outcomes))


def test_overwrite_replaces_only_what_a_run_of_ours_has_published(line, capsys):
    """A folder of somebody's work is never deleted by a typing error."""
    Path("precious").mkdir()
    Path("precious/thesis.txt").write_text("years of work")
    arguments = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "precious", "--overwrite"]
    assert main(arguments) == 73
    assert "no run of ours" in capsys.readouterr().err
    assert Path("precious/thesis.txt").read_text() == "years of work"


def test_S44_the_cohort_is_never_the_output(line, capsys):
    """Reading and replacing the same folder would lose the records."""
    cohort = str(line.cohort_folder)
    assert main(["predict", str(line.bundle_folder), cohort, "--out", cohort, "--overwrite"]) == 64
    assert "where the cohort lies" in capsys.readouterr().err
    assert (line.cohort_folder / "visits.parquet").exists()


def test_S44_the_feature_table_never_replaces_the_cohort():
    """Nor through a link, nor with --overwrite."""
    Path("visits.csv").write_text("patient_id\na\n")
    Path("link.csv").symlink_to("visits.csv")
    for out in ("visits.csv", "link.csv"):
        assert main(["features", "visits.csv", "--out", out, "--overwrite"]) == 64
    assert Path("visits.csv").read_text() == "patient_id\na\n"


@pytest.mark.parametrize("name", ["../escaped", "a/b", "", "-x", "a b"])
@pytest.mark.parametrize("part", ["study", "target"])
def test_a_name_in_a_study_never_becomes_a_path(line, name, part, capsys):
    """A study is a file that people pass around: what it names stays below the folder that the operator chose."""
    names = {"study": "fine", "target": "phenotype", part: name}
    Path("s.toml").write_text(
        f'name = "{names["study"]}"\ntitle = "t"\n[[targets]]\nname = "{names["target"]}"\nkind = "classification"\n'
    )
    assert main(["train", str(line.cohort_folder), "--study", "./s.toml", "--quiet"]) == 64
    assert "letters, digits" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["patient_id", "model", "warnings"])
def test_a_label_never_takes_the_place_of_a_column_of_the_predictions(line, label, capsys):
    """Nor can an id be learned as a label."""
    Path("s.toml").write_text(
        f'name = "x"\ntitle = "t"\n[[targets]]\nname = "t"\nkind = "classification"\nlabels = ["{label}"]\n'
    )
    assert main(["train", str(line.cohort_folder), "--study", "./s.toml", "--quiet"]) == 64
    assert f"'{label}' as a label" in capsys.readouterr().err


@pytest.mark.parametrize("label", ["focal/hand", "a|b"])
def test_a_label_with_a_separator_is_refused_without_quoting_it(label):
    """It would be cut in two without a word; the message names the column, not the label."""
    cohort = _cohort({"patient_id": ["a", "b"], "visit_id": ["", ""], "kind": ["plain", label]})
    with pytest.raises(ContractError, match="column 'kind'") as caught:
        derive(cohort, Target("kind", "classification"))
    assert label not in str(caught.value)


def test_the_finding_that_is_the_label_is_hidden_though_the_study_forgets_to_say_so():
    """Whoever copies a study and changes its finding gets no perfect score by accident."""
    study = Study(
        "x", "t", (Target("chorea", "classification", derive="finding", finding="HP:0002072"),), inputs=Inputs()
    )
    cohort = _cohort({})
    cohort = Cohort(cohort.visits.assign(findings=["HP:0002072|HP:0001337", "!HP:0100022", "HP:0001337"]))
    assert visible(cohort, study).visits["findings"].tolist() == ["HP:0001337", "", "HP:0001337"]


def test_weeks_are_weeks():
    """An interval in weeks is read in weeks, by the name of its column."""
    truth = derive(
        _cohort({"patient_id": ["a"], "visit_id": ["1"], "left_weeks": [0.0], "right_weeks": [52.1785714]}), SPREAD
    )
    assert truth.visits.tolist() == [0]
    assert truth.right[0] == pytest.approx(1.0, abs=1e-3)


def test_a_time_without_a_visit_is_that_of_an_only_visit():
    """Years from a visit mean nothing for a patient's other visits."""
    outcomes = {"patient_id": ["a", "b"], "visit_id": ["", ""], "left_weeks": [1.0, 1.0], "right_weeks": [2.0, 2.0]}
    assert derive(_cohort(outcomes), SPREAD).visits.tolist() == [2]


def test_an_event_with_nothing_known_before_it_came_after_the_visit():
    """It is kept, with the visit as its left end."""
    truth = derive(
        _cohort({"patient_id": ["b"], "visit_id": ["1"], "left_weeks": [np.nan], "right_weeks": [4.0]}), SPREAD
    )
    assert truth.left.tolist() == [0.0]
    assert truth.event_indicator.tolist() == [True]


def test_options_and_signal_files_are_part_of_what_a_run_is_made_of(tmp_path):
    """A changed recording is another input, though the tables are the same."""
    (tmp_path / "visits.csv").write_text("patient_id,visit_id\na,1\n")
    (tmp_path / "recordings.csv").write_text(
        "recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file\n"
        "r,a,1,wrist_left,rest,accelerometer,g,50,r.csv\n"
    )
    (tmp_path / "r.csv").write_text("time_s,x,y,z\n0,0,0,1\n")
    before = open_source(tmp_path, Options()).files
    (tmp_path / "r.csv").write_text("time_s,x,y,z\n0,1,0,0\n")
    after = open_source(tmp_path, Options()).files
    assert set(before) == {"visits.csv", "recordings.csv", "r.csv"}
    assert {name for name in before if before[name] != after[name]} == {"r.csv"}


def test_a_model_carries_the_mapping_that_it_was_trained_with(line):
    """The same layout is predicted without naming the mapping, wherever its file has gone."""
    rows = [f"p{n},{30 + n},{'yes' if n % 2 else 'no'},{'cervical' if n % 2 else 'laryngeal'}" for n in range(40)]
    Path("theirs.csv").write_text("\n".join(["who,years,pulls,what", *rows]))
    Path("m.toml").write_text(
        'name = "m"\ntitle = "t"\n[tables.visits.columns]\npatient_id = { source = "who" }\n'
        'age_at_visit_y = { source = "years" }\nneck_pulling = { source = "pulls" }\n'
        '[tables.outcomes.columns]\npatient_id = { source = "who" }\nphenotype = { source = "what" }\n'
    )
    Path("s.toml").write_text(
        'name = "x"\ntitle = "t"\nfolds = 2\n[[targets]]\nname = "phenotype"\nkind = "classification"\n'
    )
    train = ["train", "theirs.csv", "--study", "./s.toml", "--mapping", "./m.toml", "--out", "model", "--quiet"]
    assert main(train) == 0
    Path("m.toml").unlink()
    assert main(["predict", "model", "theirs.csv", "--out", "out", "--quiet"]) == 0
    assert json.loads(Path("out/_SUCCESS").read_text())["predicted"] == 40


def test_a_password_in_the_address_of_the_store_is_not_printed(monkeypatch):
    """The command that opens the store names the variable instead."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://bob:s3cret@db/ml")
    assert "s3cret" not in where_to_look()
    assert "s3cret" in tracking_uri()


def test_a_built_in_study_passes_its_own_checks():
    """The checks refuse no study that we ship."""
    for name in (
        "phenopackets",
        "cervical-trial",
        "dystonia-intake",
        "dystonia-full",
        "dystonia-progression",
        "dystonia-worsening",
    ):
        assert load_study(name).targets
