"""The public estimators keep the rules of scikit-learn, and work on any X and y."""

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from pipeline.learners.estimators import DystoniaTypeClassifier, ProgressionRisk

ROWS_COUNT = "weights are of patients; folds, bins and bounds are made of rows"
EXPECTED = {
    "DystoniaTypeClassifier": {"check_sample_weight_equivalence_on_dense_data": ROWS_COUNT},
    "ProgressionRisk": {"check_sample_weight_equivalence_on_dense_data": ROWS_COUNT},
}


@parametrize_with_checks(
    [DystoniaTypeClassifier(candidates=("logistic", "generative", "pool"), folds=2), ProgressionRisk(draws=2)],
    expected_failed_checks=lambda estimator: EXPECTED[type(estimator).__name__],
)
def test_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_is_at_home_in_scikit_learn():
    """In a pipeline and a cross-validation, on a public set of 3 wines: nearly all are told apart."""
    X, y = load_wine(return_X_y=True)
    model = make_pipeline(StandardScaler(), DystoniaTypeClassifier(candidates=("logistic", "generative", "pool")))
    assert cross_val_score(model, X, y, cv=3).mean() > 0.95


def test_labels_keep_their_kind():
    """Numbers come back as numbers in their own order, words as words."""
    X = np.repeat([[0.0], [1.0], [2.0]], 30, axis=0) + np.random.default_rng(0).normal(scale=0.1, size=(90, 1))
    for labels in ([2, 10, 100], ["cervical/genetic", "cervical/idiopathic", "laryngeal/genetic"], [False, True, True]):
        model = DystoniaTypeClassifier(candidates=("generative",)).fit(X, np.repeat(labels, 30))
        assert model.classes_.tolist() == sorted(set(labels))
        assert model.predict([[0.0], [2.0]]).tolist() == [labels[0], labels[2]]


def test_one_set_of_times_in_three_forms():
    """A time alone, as an interval without width, and with a flag, is the same; a flag of 0 is censoring."""
    rng = np.random.default_rng(0)
    X, years = rng.normal(size=(80, 2)), rng.exponential(3.0, 80)
    seen = years < 4.0
    flagged = np.array(list(zip(np.ones(80, bool), years, strict=True)), dtype=[("event", bool), ("years", float)])
    forms = [years, np.column_stack([years, years]), flagged]
    risks = [ProgressionRisk(draws=0).fit(X, y).predict_risk(X) for y in forms]
    assert risks[0].tobytes() == risks[1].tobytes() == risks[2].tobytes()
    flagged["event"], flagged["years"] = seen, np.minimum(years, 4.0)
    interval = np.column_stack([np.minimum(years, 4.0), np.where(seen, years, np.inf)])
    censored = [ProgressionRisk(draws=0).fit(X, y).predict(X) for y in (flagged, interval)]
    assert censored[0].tobytes() == censored[1].tobytes()


@pytest.mark.parametrize("estimator", [DystoniaTypeClassifier(), ProgressionRisk()])
def test_what_cannot_be_learned_from_is_one_line(estimator):
    """Errors are those of scikit-learn, with the message of ours."""
    with pytest.raises(ValueError, match="groups of shape"):
        estimator.fit(np.zeros((4, 1)), [1, 2, 1, 2], groups=[1])
