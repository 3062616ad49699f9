"""What a report tells of a model that would not hold elsewhere, or that was told too much."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_study
from pipeline.errors import UsageError
from pipeline.fitting import fit_study
from pipeline.learners.leaks import telling_columns
from pipeline.outcomes import Truth, derive
from pipeline.selection import TrainingRows, held_out_sets, out_of_site, site_splits
from pipeline.study import Comparator, Target
from pipeline.study_checks import check_study


@pytest.fixture(scope="module")
def told(line):
    """A report of the types, with sites left out and a copy of the label among the answers of the form."""
    study = replace(load_study("dystonia-intake"), name="small", folds=2, leave_out="centre", comparators=())
    study = replace(study, targets=study.targets[:1])
    code = np.unique(line.cohort.outcomes["phenotype"].to_numpy(str), return_inverse=True)[1]
    leaked = line.cohort.visits.assign(gestation_weeks=30.0 + code)
    return fit_study(replace(line.cohort, visits=leaked), study, "small")[1]["targets"]["type"]


def test_a_leaked_column_is_reported(told):
    """A column of the form that is the label in other words: the one warning names its feature."""
    (warning,) = told["warnings"]
    assert warning == "feature 'gestation_weeks' alone tells 100% of the label: was it known before?"


def test_each_site_is_scored_by_a_model_of_the_others(told):
    """Beside the usual folds the report has the scores for sites that the model had not seen."""
    assert 0.0 < told["left_out_sites"]["log_loss"]["value"] < 3.0


def test_sets_are_judged_at_sites_from_which_neither_model_nor_threshold_comes(told):
    """By label, by site, and for those who are answered; each part has the people that the usual folds judge."""
    (sets,) = (told["left_out_sets"][column] for column in told["left_out_sets"] if column == "phenotype")
    assert sets["promised"] == 0.9
    sites, usual = sets["by_part"]["site"], told["sets"]["phenotype"]["by_part"]["site"]
    assert len(sites) > 1
    assert {name: each["people"] for name, each in sites.items()} == {
        name: each["people"] for name, each in usual.items()
    }


@given(seed=st.integers(0, 2**32 - 1))
def test_no_threshold_comes_from_the_site_that_is_left_out(seed):
    """Whatever is said and recorded at a site, and of its people elsewhere, its sets stay the same."""
    rng = np.random.default_rng(seed)
    n, labels = 60, ("cervical", "laryngeal", "musicians")
    site, patients = rng.choice(["a", "b", "c"], n), rng.integers(0, 40, n)
    truth, said = rng.integers(0, 3, n), rng.dirichlet(np.ones(3), n)
    alone = Truth(np.arange(n), np.array(labels, dtype=object)[truth], np.zeros(n), np.zeros(n))
    target = Target(name="phenotype", kind="classification")
    rows = TrainingRows(target, np.zeros((n, 1)), alone, patients, patients)
    splits = [split for split in site_splits(patients, site) if len(split[0])]

    def sets(calibrating, recorded):
        shared = {"probabilities": said, "calibrating": calibrating, "truth": recorded, "labels": labels}
        return held_out_sets(rows, np.arange(n), splits, **shared)

    here = site == site[0]
    theirs = np.isin(patients, patients[here])
    other = np.where(theirs[:, None], rng.dirichlet(np.ones(3), n), said)
    moved = sets(other, np.where(theirs, rng.integers(0, 3, n), truth))
    assert (moved[here] == sets(said, truth)[here]).all()


def test_which_cells_are_filled_is_scored_beside_the_model(told):
    """The comparator that sees only masks is there without being asked for, and knows less than the model."""
    masks, own = told["comparators"]["filled_cells"]["log_loss"]["value"], told["scores"]["log_loss"]["value"]
    assert masks > own + 0.2


def test_the_chosen_candidate_is_told_with_the_others(told):
    assert told["candidates"][told["chosen"]] < told["candidates"]["prior"]


def test_a_site_is_never_predicted_by_a_model_that_saw_its_patients(line):
    """A patient seen at two sites is in training for neither."""
    study = load_study("dystonia-intake")
    truth = derive(line.cohort, study.targets[0])
    patients = line.cohort.groups[truth.visits]
    site = line.cohort.visits["centre"].to_numpy(str)[truth.visits]
    # whoever is at the first site tells the label there, and nowhere else
    X = np.unique(truth.label.astype(str), return_inverse=True)[1][:, None] * 1.0
    X[site != site[0]] = 0.5
    rows = TrainingRows(study.targets[0], X, truth, patients, patients)
    here = out_of_site(rows, site)[site == site[0]]
    assert np.ptp(here, axis=0).max() < 0.05


def test_columns_of_noise_tell_nothing():
    """Small numbers in many bins look telling by chance; that is taken off."""
    rng = np.random.default_rng(0)
    truth = rng.integers(10, size=200)
    X = rng.normal(size=(200, 30))
    assert telling_columns(X, truth, np.ones(200)).max() < 0.15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"leave_out": "center"}, "key 'leave_out' names no column: 'center'. Did you mean 'centre'"),
        ({"comparators": (Comparator("a", ("age",)),)}, "comparator 'a' has no feature 'age'"),
    ],
)
def test_a_misspelt_site_or_comparator_is_one_line(change, message):
    with pytest.raises(UsageError, match=message):
        check_study(replace(load_study("dystonia-intake"), **change), "study")


@pytest.mark.parametrize(("key", "value"), [("prespecified", ("age",)), ("clock", "age")])
def test_a_misspelt_feature_of_a_target_is_one_line(key, value):
    study = load_study("dystonia-intake")
    spread = replace(study.targets[1], **{key: value})
    with pytest.raises(UsageError, match=f"key '{key}' of target spread names no feature: 'age'"):
        check_study(replace(study, targets=(study.targets[0], spread)), "study")
