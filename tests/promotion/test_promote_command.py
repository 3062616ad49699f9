"""What a data scientist relies on when a model goes into use, and an operator who predicts by its name."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipeline.bundle import load_bundle
from pipeline.cli import main
from pipeline.errors import OutputBusy
from pipeline.tracking.registry import Promotion, holder, log_judgement
from pipeline.tracking.store import tracking_uri

NAME = "models:/intake@champion"


def promote(bundle, cohort, *options):
    return main(["promote", str(bundle), str(cohort), "--name", "intake", "--quiet", *options])


def predicted(bundle, cohort, out):
    assert main(["predict", str(bundle), str(cohort), "--out", out, "--format", "csv", "--quiet"]) == 0
    return Path(out, "predictions-00000-of-00001.csv").read_bytes()


def test_a_model_takes_the_place_of_a_worse_one_and_is_used_by_its_name(clinic, capsys):
    """The better model is promoted, the worse one refused with what it lacks, and the alias is what `predict` uses."""
    assert promote(clinic.good, clinic.held_out) == 0
    assert f"{NAME} is version 1" in capsys.readouterr().out

    assert promote(clinic.poor, clinic.held_out) == 3
    told = capsys.readouterr().out
    assert "FAILED  log_loss     phenotype: log-loss +" in told
    assert f"{NAME} stays at version 1" in told

    assert promote(clinic.good, clinic.held_out, "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["version"], again["gates"]) == ("1", [])

    assert predicted(NAME, clinic.held_out, "named") == predicted(clinic.good, clinic.held_out, "by-folder")
    assert predicted("models:/intake/1", clinic.held_out, "numbered") == predicted(clinic.good, clinic.held_out, "x")
    capsys.readouterr()
    assert main(["show", NAME]) == 0
    assert "good: Which of three" in capsys.readouterr().out

    _judgements_are_logged()
    _a_bundle_that_was_changed_in_the_store_is_refused(clinic, capsys)


def _client():
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=tracking_uri(), registry_uri=tracking_uri())


def _judgements_are_logged():
    """Refusals too: whoever tries ten models on the same people can be asked about the other nine."""
    client = _client()
    runs = client.search_runs([client.get_experiment_by_name("quick").experiment_id])
    assert sorted(run.data.params["promoted"] for run in runs) == ["false", "true"]
    assert all("events.phenotype" in run.data.metrics for run in runs)
    assert {run.info.status for run in runs} == {"FINISHED"}


def _a_bundle_that_was_changed_in_the_store_is_refused(clinic, capsys):
    manifest = next(Path("mlruns").rglob("bundle/manifest.json"))
    manifest.write_text(manifest.read_text().replace("Which of three", "Which of four"))
    assert main(["predict", NAME, str(clinic.held_out), "--out", "other", "--quiet"]) == 76
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert NAME in told
    assert not Path("other").exists()


def test_a_poor_model_gives_way_to_a_better_one(clinic, capsys):
    """Whatever the alias points to now, the better model takes its place; the old version stays where it was."""
    log_judgement(Promotion("intake", "champion", None), "quick", {}, {}, (clinic.poor, load_bundle(clinic.poor)))
    assert promote(clinic.good, clinic.held_out) == 0
    told = capsys.readouterr().out
    assert "passed  log_loss" in told
    assert f"{NAME} is version 2 instead of version 1" in told


def test_an_alias_that_was_moved_meanwhile_is_left_where_it_is(clinic):
    """Two promotions at once: the second has not been judged beside the first, and says so."""
    good = (clinic.good, load_bundle(clinic.good))
    first = Promotion("intake", "champion", None)
    log_judgement(first, "quick", {}, {}, good)
    with pytest.raises(OutputBusy, match="moved to another model meanwhile"):
        log_judgement(first, "quick", {}, {}, good)
    assert holder("intake", "champion").number == "1"


def test_people_of_the_training_are_refused(clinic, capsys):
    """Scores on them say nothing; a copy of the files under another name is told too."""
    shutil.copytree(clinic.trained_on, "copied")
    Path("copied/outcomes.csv").write_text(Path("copied/outcomes.csv").read_text() + "\n")
    assert promote(clinic.good, "copied") == 64
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "[SEEN]" in told
    assert not Path("mlruns/artifacts").exists()


def test_few_people_are_insufficient(clinic, capsys):
    """Forty people say too little of any model, however well it does on them."""
    shutil.copytree(clinic.held_out, "few")
    for name in ("visits.csv", "outcomes.csv"):
        table = pd.read_csv(Path("few", name), dtype=str)
        few = sorted(table["patient_id"].unique())[:40]
        table[table["patient_id"].isin(few)].to_csv(Path("few", name), index=False)
    assert promote(clinic.good, "few") == 3
    told = capsys.readouterr().out
    assert "insufficient" in told
    assert "models:/intake@champion still points to no model" in told


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        ("models:/intake@champion", 66, "no such model is registered"),
        ("models:/intake", 64, "models:/NAME@ALIAS"),
        ("models:/a/b@c", 64, "models:/NAME@ALIAS"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_clear_line(clinic, capsys, address, code, words):
    assert main(["predict", address, str(clinic.held_out), "--out", "out", "--quiet"]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert words in told
    assert not Path("mlruns").exists()


@pytest.mark.parametrize("name", ["a/b", "", "-x", "a@b"])
def test_a_name_that_no_registry_takes_is_refused_before_anything_is_read(capsys, name):
    assert main(["promote", "nowhere", "nothing", "--name", name, "--quiet"]) == 64
    assert "--name" in capsys.readouterr().err


def test_D21_a_store_that_does_not_answer_ends_a_promotion_before_it_judges(clinic, monkeypatch, capsys):
    """69 in one line; what the store says of itself is not told: it may quote a password."""
    Path("broken.db").write_text("no database")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('broken.db').resolve()}")
    assert promote(clinic.good, clinic.held_out) == 69
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "the tracking store: does not answer" in told
