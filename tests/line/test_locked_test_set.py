"""A test set that is looked at once: nobody in it is trained on, and every look is written down."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import fitting
from pipeline.cli import main
from pipeline.evaluation.splits import locked_rows
from pipeline.fitting import fit_study
from pipeline.validation import locked_positions

STUDY = (
    'name = "quick"\ntitle = "One"\nfolds = 2\nlocked = 0.3\n[[targets]]\nname = "phenotype"\nkind = "classification"\n'
)
LEDGER = "opened-test-sets.jsonl"


@given(st.lists(st.text(max_size=3), max_size=20), st.lists(st.text(max_size=3)), st.floats(0, 1), st.integers(0, 99))
def test_who_is_locked_away_stays_so_whoever_joins(groups, others, share, seed):
    """A group is on one side, whole; nobody's side depends on others; a larger share keeps those of a smaller one."""
    apart = locked_rows(groups, share, seed)
    assert dict(zip(groups, apart, strict=True)) == dict(zip(groups[::-1], apart[::-1], strict=True))
    assert locked_rows([*others, *groups], share, seed)[len(others) :].tolist() == apart.tolist()
    assert (locked_rows(groups, share / 2, seed) <= apart).all()
    assert not locked_rows(groups, 0.0, seed).any()
    assert locked_rows(groups, 1.0, seed).all()


def test_the_share_is_kept_on_average():
    """Five standard errors of 20,000 people, for three seeds."""
    for seed in range(3):
        apart = locked_rows(np.arange(20_000), 0.2, seed)
        assert abs(apart.mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / 20_000)


@pytest.fixture
def trained(line):
    Path("quick.toml").write_text(STUDY)
    Path("models").mkdir()
    assert main(["train", str(line.cohort_folder), "--study", "./quick.toml", "--out", "models/quick", "--quiet"]) == 0
    return json.loads(Path("models/quick/report.json").read_text())


def judged(line, out, *options):
    command = ["evaluate", "models/quick", str(line.cohort_folder), "--out", out, "--quiet"]
    code = main([*command, *options])
    return code, json.loads(Path(out, "report.json").read_text()) if Path(out).exists() else None


def test_the_test_set_is_opened_once(line, trained, capsys):
    """Training and test set share the people of the cohort out; a second look is refused, or is marked."""
    code, report = judged(line, "first", "--locked")
    assert code == 0
    assert report["people"]["people"] + trained["people"]["people"] == len(set(line.cohort.groups))
    assert 0 < report["people"]["people"] < trained["people"]["people"]
    assert report["targets"]["phenotype"]["warnings"] == []
    assert judged(line, "first", "--locked")[0] == 0, "the same report is there already: nothing is opened"
    assert Path("models", LEDGER).read_text().count("\n") == 1
    capsys.readouterr()
    assert judged(line, "second", "--locked") == (64, None)
    assert "was opened before, on 20" in capsys.readouterr().err
    code, report = judged(line, "third", "--locked", "--again")
    assert code == 0
    assert "opened before, 1 times" in report["targets"]["phenotype"]["warnings"][0]
    Path("models", LEDGER).write_text("no JSON\n")
    assert judged(line, "fourth", "--locked", "--again")[0] == 74
    assert LEDGER in capsys.readouterr().err


def test_who_is_locked_away_changes_nothing_in_the_training(line, monkeypatch):
    """The model comes from the others alone, whatever the records of those who are kept apart say."""
    study = replace(line.bundle.study, locked=0.3, targets=line.bundle.study.targets[:1], leave_out="")
    seen = []
    monkeypatch.setattr(fitting, "_fit_study", lambda cohort, *_: seen.append(cohort) or ("", ""))
    fit_study(line.cohort, study, "locked")
    (cohort,) = seen
    apart = line.cohort[locked_positions(line.cohort, study, apart=True)]
    assert len(cohort) + len(apart) == len(line.cohort)
    assert not set(cohort.groups) & set(apart.groups)
    assert len(apart)


def test_a_study_that_locks_nobody_away_has_nothing_to_open(line, capsys):
    command = ["evaluate", str(line.bundle_folder), str(line.cohort_folder), "--out", "out", "--locked"]
    assert main(command) == 64
    assert "keeps nobody apart" in capsys.readouterr().err
    assert main(["evaluate", "models:/intake@champion", *command[2:]]) == 64
    assert "beside the model" in capsys.readouterr().err


def test_again_means_nothing_without_locked(line, capsys):
    """Whoever leaves out the one would think to have opened the other."""
    assert main(["evaluate", str(line.bundle_folder), str(line.cohort_folder), "--out", "none", "--again"]) == 64
    assert "--again: is about a test set, but --locked was not given" in capsys.readouterr().err
    assert not Path("none").exists()
