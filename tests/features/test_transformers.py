"""The features inside scikit-learn: cloned, set, pickled, cross-validated, and held to its own checks."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import validate_data

from pipeline.config import load_study
from pipeline.errors import UsageError
from pipeline.features.catalogue import column_names, model_columns
from pipeline.features.extract import extract
from pipeline.features.transformers import SensorFeatures, SymptomFeatures, VisitFeatures
from pipeline.records import Cohort
from pipeline.testing import cohorts
from pipeline.visible import visible

KINDS = (SymptomFeatures, SensorFeatures, VisitFeatures)
MEASURED = ("age_at_visit_y", "age_at_onset_y", "gestation_weeks", "gdrs_total_points", "phq9_total_points")


class OnArrays(VisitFeatures):
    """Reads an array as a cohort of people with one visit each, since scikit-learn's checks know arrays only."""

    def fit(self, X, y=None):
        super().fit(self._cohort(X, reset=True), y)
        return self

    def transform(self, X):
        return super().transform(self._cohort(X, reset=False))

    def _cohort(self, X, *, reset):
        X = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        ids = {"patient_id": [f"p{row}" for row in range(len(X))], "visit_id": "1"}
        return Cohort(pd.DataFrame(ids | dict(zip(MEASURED, X.T, strict=False))))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


@parametrize_with_checks([OnArrays()])
def test_scikit_learns_checks(estimator, check):
    """All of its checks hold, on cohorts made of the arrays they give: none is expected to fail."""
    check(estimator)


@pytest.mark.parametrize("kind", KINDS)
@given(cohort=cohorts(recordings=1))
@settings(max_examples=5)
def test_a_transformer_gives_the_columns_of_extract(kind, cohort):
    """One door: what scikit-learn's users get is what training and serving get."""
    names = kind().get_feature_names_out()
    given_out = kind().fit(cohort).transform(cohort)
    assert given_out.dtype == np.float64
    assert given_out.flags.c_contiguous
    np.testing.assert_array_equal(given_out, extract(cohort)[names].to_numpy())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(kind())).fit_transform(cohort), given_out)
    table = kind().set_output(transform="pandas").fit_transform(cohort)
    assert table.columns.tolist() == names.tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_scikit_learn_is_told_what_a_transformer_takes(kind):
    """Cohorts instead of arrays, gaps and all, and nothing to be fitted first."""
    tags = get_tags(kind())
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.allow_nan
    assert tags.no_validation
    assert not tags.requires_fit


def test_symptoms_and_sensors_make_up_the_visit():
    """Nothing is handed out twice, nothing is lost, and quality columns only when asked for."""
    apart = [*SymptomFeatures().get_feature_names_out(), *SensorFeatures().get_feature_names_out()]
    assert apart == VisitFeatures().get_feature_names_out().tolist() == model_columns()
    asked = VisitFeatures(quality=["usable_share", "findings_observed_count"]).get_feature_names_out()
    assert set(asked) - set(apart) == {name for name in column_names() if "usable_share" in name} | {
        "findings_observed_count"
    }


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_are_kept_by_clone_and_shown(kind):
    study = load_study("dystonia-intake")
    model = clone(kind(study=study, quality=("clipped_share",)))
    assert model.get_params() == {"study": study, "quality": ("clipped_share",)}
    assert model.set_params(study=None).study is None
    assert kind.__name__ in repr(model)


@given(cohort=cohorts())
@settings(max_examples=10)
def test_a_study_hides_what_its_model_may_not_see(cohort):
    """Without it a label could be read off the record; with it a notebook sees what `dystonia train` sees."""
    study = load_study("dystonia-intake")
    seen = VisitFeatures(study=study).fit_transform(cohort)
    np.testing.assert_array_equal(seen, extract(visible(cohort, study))[model_columns()].to_numpy())


def test_anything_but_a_cohort_is_refused():
    for call in (VisitFeatures().fit, VisitFeatures().transform):
        with pytest.raises(UsageError, match="a DataFrame, but it is given a Cohort"):
            call(pd.DataFrame())
    with pytest.raises(UsageError, match="no quality entry 'clipped'"):
        VisitFeatures(quality=["clipped"]).fit(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})))


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cohort_goes_through_cross_validation(line, jobs):
    """The whole of scikit-learn is there for a cohort: folds of whole patients, and the same answer from workers."""
    labels = line.cohort.outcomes.set_index(["patient_id", "visit_id"])["phenotype"]
    y = labels.loc[list(zip(line.cohort.visits["patient_id"], line.cohort.visits["visit_id"], strict=True))].to_numpy()
    study = load_study("dystonia-intake")
    model = make_pipeline(
        VisitFeatures(study=study), SimpleImputer(keep_empty_features=True), LogisticRegression(C=0.01, max_iter=5000)
    )
    predicted = cross_val_predict(model, line.cohort, y, groups=line.cohort.groups, cv=GroupKFold(3), n_jobs=jobs)
    values, counts = np.unique(y, return_counts=True)
    assert (predicted == y).mean() > counts.max() / len(y)
    by_hand = np.empty(len(y), dtype=object)
    for train, test in GroupKFold(3).split(y, groups=line.cohort.groups):
        table = extract(visible(line.cohort, study))[model_columns()].to_numpy()
        by_hand[test] = clone(model[1:]).fit(table[train], y[train]).predict(table[test])
    assert (predicted == by_hand).all()
    assert set(predicted) <= set(values)
