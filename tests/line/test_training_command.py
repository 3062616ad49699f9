"""What a data scientist relies on: a saved model, a run with its scores, and no patient in either."""

import json
import shutil
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from pipeline import selection
from pipeline.bundle import load_bundle
from pipeline.cli import main
from pipeline.tracking.store import tracking_uri

PARENT, COMMIT = "mlflow.parentRunId", "mlflow.source.git.commit"
CANARY = "Zanzibar4711"
MEMBERS = ("manifest.json", "canaries.json", "standings.json", "report.json", "phenotype.skops")
OF_LABELS = ("answered", "calibration", "confusion", "decisions", "one_against_rest", "reasons", "sets", "subgroups")

STUDY = """
name = "{name}"
title = "Which of two"
folds = 2

[[targets]]
name = "phenotype"
kind = "classification"
"""


@pytest.fixture
def study():
    """A quick study: one target, two folds."""
    Path("study.toml").write_text(STUDY.format(name="quick"))
    return "./study.toml"


@pytest.fixture
def cohort():
    """Forty made-up people whose ids and centre carry a mark, as two CSV tables."""
    folder = Path("cohort")
    folder.mkdir()
    people = [(f"{CANARY}{number:02d}", number % 2) for number in range(40)]
    visits = [
        f"{person},{30 + number},{'yes' if kind else 'no'},{CANARY}" for number, (person, kind) in enumerate(people)
    ]
    labels = [f"{person},{'cervical' if kind else 'laryngeal'}" for person, kind in people]
    (folder / "visits.csv").write_text("patient_id,age_at_visit_y,neck_pulling,centre\n" + "\n".join(visits))
    (folder / "outcomes.csv").write_text("patient_id,phenotype\n" + "\n".join(labels))
    return folder


def _train(cohort, study, *options):
    return main(["train", str(cohort), "--study", study, "--out", "model", "--quiet", *options])


def _runs():
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name("quick")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    return (
        client,
        [run for run in runs if PARENT not in run.data.tags],
        [run for run in runs if PARENT in run.data.tags],
    )


def test_a_training_leaves_a_model_and_a_run_with_scores_figures_and_the_bundle(cohort, study):
    """Parameters, metrics with intervals, figures and the bundle are in a store that is made without being asked."""
    assert _train(cohort, study) == 0
    client, (run,), below = _runs()
    assert {"study", "folds", "training_digest", "version.scikit-learn"} <= set(run.data.params)
    assert {"phenotype.scores.auc", "phenotype.scores.auc_low", "phenotype.scores.auc_high"} <= set(run.data.metrics)
    drawn = {item.path for item in client.list_artifacts(run.info.run_id, "figures")}
    assert drawn == {f"figures/phenotype-{kind}.png" for kind in OF_LABELS}
    assert {"report.html", "MLmodel"} <= {item.path for item in client.list_artifacts(run.info.run_id)}
    (data,) = run.inputs.dataset_inputs
    assert run.data.params["training_digest"].startswith(data.dataset.digest)
    (target,) = [each for each in below if each.data.tags[PARENT] == run.info.run_id]
    candidates = {each.info.run_name for each in below if each.data.tags[PARENT] == target.info.run_id}
    assert (target.info.run_name, target.data.params["chosen"] in candidates) == ("phenotype", True)
    assert "bundle/manifest.json" in [item.path for item in client.list_artifacts(run.info.run_id, "bundle")]
    assert json.loads(Path("model/report.json").read_text())["targets"]["phenotype"]["counts"]["patients"] == 40


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_training_in_a_folder_of_gits_tells_the_commit(cohort, study):
    """Whoever finds the run finds the study file that made it."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for arguments in (["init", "-q"], ["add", "study.toml"], ["commit", "-qm", "study"]):
        subprocess.run([*git, *arguments], check=True)
    assert _train(cohort, study) == 0
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert {run.data.tags[COMMIT] for run in [*_runs()[1], *_runs()[2]]} == {head}


def test_no_patient_is_in_the_model_the_run_or_the_messages(cohort, study, capsys):
    """Ids and free text of the records are nowhere in what a training leaves or says."""
    assert main(["--debug", "train", str(cohort), "--study", study, "--out", "model"]) == 0
    left = [path for root in ("model", "mlruns") for path in Path(root).rglob("*") if path.is_file()]
    assert len(left) > 5
    assert not [path for path in left if CANARY.encode() in path.read_bytes()]
    assert CANARY not in "".join(capsys.readouterr())


def test_D21_a_store_that_does_not_answer_costs_a_warning_not_the_model(cohort, study, monkeypatch, capsys):
    """The model is saved first; with --require-tracking the exit code is 69, and the model is saved all the same."""
    Path("broken.db").write_text("no database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('broken.db').resolve()}")
    assert _train(cohort, study) == 0
    assert "warning: the tracking store" in capsys.readouterr().err
    assert Path("model/manifest.json").exists()
    assert _train(cohort, study, "--out", "other", "--require-tracking") == 69
    assert Path("other/manifest.json").exists()


def test_the_same_training_again_is_not_done_again(cohort, study):
    """A second demo starts in seconds."""
    assert _train(cohort, study) == 0
    assert _train(cohort, study) == 0
    assert len(_runs()[1]) == 1


def test_one_label_for_everybody_is_one_clear_line(cohort, study, capsys):
    """A cohort from which nothing can be learned is refused before anything is written."""
    labels = Path("cohort/outcomes.csv")
    labels.write_text(labels.read_text().replace("laryngeal", "cervical"))
    assert _train(cohort, study) == 64
    assert capsys.readouterr().err.count("\n") == 1
    assert not Path("model").exists()
    assert not Path(".model.partial").exists()


def test_a_cohort_without_outcomes_is_one_clear_line(cohort, study, capsys):
    """The message names the column, and what to add."""
    Path("cohort/outcomes.csv").unlink()
    assert _train(cohort, study) == 65
    assert "no column 'phenotype'" in capsys.readouterr().err


def test_a_study_that_learns_from_what_defines_its_label_is_not_possible_by_default(cohort, study, capsys):
    """A column that defines the label never reaches the model unless the study says so."""
    visits = Path("cohort/visits.csv")
    rows = visits.read_text().splitlines()
    visits.write_text(
        "\n".join([rows[0] + ",dystonia_neck", *(row + (",yes" if ",yes," in row else ",no") for row in rows[1:])])
    )
    assert _train(cohort, study) == 0
    columns = json.loads(Path("model/manifest.json").read_text())["columns"]
    assert columns
    assert not [name for name in columns if "neck" in name and "pulling" not in name]


def test_workers_do_not_show_in_a_model(cohort, study, monkeypatch):
    """Reading and features are spread over two processes, in two partitions: what the model says has the same bits."""
    monkeypatch.setattr("pipeline.partition.partitions.__kwdefaults__", {"visits_per_partition": 25})
    assert _train(cohort, study) == 0
    Path("model").rename("one")
    assert _train(cohort, study, "--jobs", "2") == 0
    for name in ("report.json", "report.html", "canaries.json"):
        assert Path("one", name).read_bytes() == Path("model", name).read_bytes()


def test_a_training_cut_off_goes_on_and_workers_do_not_show(cohort, study):
    """The model is the same to the byte after Ctrl-C in its midst, and by two workers; a fit that is done is kept."""
    assert _train(cohort, study) == 0
    whole = {name: (Path("model") / name).read_bytes() for name in MEMBERS}
    shutil.rmtree("model")
    fits, fit = [], selection._of_fold

    def cut_off(rows, train):
        if len(fits) == 3:
            raise KeyboardInterrupt
        fits.append(len(train))
        return fit(rows, train)

    with patch.object(selection, "_of_fold", cut_off):
        assert _train(cohort, study) == 130
    assert not Path("model").exists()
    with patch.object(selection, "_of_fold", wraps=fit) as counted:
        assert _train(cohort, study) == 0
    assert {name: (Path("model") / name).read_bytes() for name in MEMBERS} == whole
    assert counted.call_count == 1
    assert not Path("model/steps").exists()
    assert len(load_bundle(Path("model")).models) == 1
    shutil.rmtree("model")
    assert _train(cohort, study, "--jobs", "2") == 0
    assert {name: (Path("model") / name).read_bytes() for name in MEMBERS} == whole
