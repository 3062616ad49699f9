"""What a report tells of a model that would not hold elsewhere, or that was told too much."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.config import load_study
from pipeline.errors import UsageError
from pipeline.fitting import fit_study
from pipeline.learners.leaks import telling_columns
from pipeline.outcomes import derive
from pipeline.selection import TrainingRows, out_of_site
from pipeline.study import Comparator
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


def test_a_misspelt_prespecified_feature_is_one_line():
    study = load_study("dystonia-intake")
    spread = replace(study.targets[1], prespecified=("age",))
    with pytest.raises(UsageError, match="key 'prespecified' of target spread names no feature: 'age'"):
        check_study(replace(study, targets=(study.targets[0], spread)), "study")
