"""What somebody relies on who tries a model on people of another cohort."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline.cli import main
from pipeline.config import load_recipe
from pipeline.external import SAME_COHORT
from pipeline.generate import generate


@pytest.fixture
def elsewhere():
    """Other people, with types of dystonia that the model has never met."""
    generate(Path("elsewhere"), load_recipe("demo"), patients=70, seed=11, format="csv")
    return Path("elsewhere")


def judged(line, cohort, out="out", *options):
    return main(["evaluate", str(line.bundle_folder), str(cohort), "--out", out, "--quiet", *options])


def test_a_model_is_judged_on_people_of_another_cohort(line, elsewhere, capsys):
    """The report says whom it was judged on, how they differ, and what labels the model does not know."""
    assert judged(line, elsewhere) == 0
    assert "report.html" in capsys.readouterr().out
    report = json.loads(Path("out/report.json").read_text())
    assert report["external"]
    assert report["people"]["people"] == 70
    assert {"age_at_visit_y", "age_at_onset_y"} <= set(report["shift"])
    found = report["targets"]["type"]
    assert any("a label that the model does not know" in each for each in found["warnings"])
    assert 0.0 <= found["scores"]["accuracy"]["value"] < 1.0
    assert set(found["sets"]) == {"phenotype", "aetiology"}
    page = Path("out/report.html").read_text()
    assert "Report of an external validation" in page
    visits = pd.read_csv("elsewhere/visits.csv", dtype=str)
    assert not [patient for patient in set(visits["patient_id"]) if patient in page]


def test_its_own_cohort_is_told_from_others(line):
    """Whoever evaluates on the training data is told so; the same again is not done again."""
    Path("quick.toml").write_text(
        'name = "quick"\ntitle = "One"\nfolds = 2\n[[targets]]\nname = "phenotype"\nkind = "classification"\n'
    )
    assert main(["train", str(line.cohort_folder), "--study", "./quick.toml", "--out", "trained", "--quiet"]) == 0
    for _ in range(2):
        assert main(["evaluate", "trained", str(line.cohort_folder), "--out", "out", "--quiet"]) == 0
    report = json.loads(Path("out/report.json").read_text())
    assert report["targets"]["phenotype"]["warnings"] == [SAME_COHORT]


def test_a_cohort_without_outcomes_and_one_that_is_not_synthetic_are_refused(line, elsewhere, capsys):
    """One line each, the right exit code, and nothing is left."""
    Path("elsewhere/outcomes.csv").unlink()
    assert judged(line, elsewhere) == 64
    assert "no visit with a known outcome" in capsys.readouterr().err
    Path("elsewhere/cohort.json").unlink()
    assert judged(line, elsewhere) == 64
    assert "--research-only" in capsys.readouterr().err
    assert not Path("out").exists()
