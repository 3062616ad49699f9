from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from skops.io import dumps, loads

from pipeline.bundle.allowed import ALLOWED_TYPES
from pipeline.errors import UsageError
from pipeline.learners.candidates import CANDIDATES
from pipeline.learners.types import TypeClassifier

CHEAP = tuple(name for name in CANDIDATES if name not in ("boosting", "extra_trees", "vote"))
"""Candidates that a property can be asked of many times."""


def patients(n, labels=4, seed=0, strength=1.0):
    """Draw findings with gaps, skewed measurements, an empty and a constant column; two visits a patient."""
    kinds, rng = np.random.default_rng(99), np.random.default_rng(seed)
    names = np.array([f"type_{label:02d}" for label in range(labels)])
    truth = np.repeat(rng.integers(labels, size=(n + 1) // 2), 2)[:n]
    findings = (rng.random((n, 12)) < 1 / (1 + np.exp(-strength * kinds.normal(size=(labels, 12))[truth]))) * 1.0
    measured = np.exp(strength * 0.5 * kinds.normal(size=(labels, 6))[truth] + rng.normal(size=(n, 6)))
    X = np.hstack([findings, measured, np.full((n, 1), np.nan), np.full((n, 1), 3.0)])
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, names[truth], np.arange(n) // 2


@cache
def fitted(candidate="pool"):
    X, y, groups = patients(300)
    return TypeClassifier(candidates=(candidate,), folds=2).fit(X, y, groups)


@settings(deadline=None)
@given(
    n=st.integers(2, 14),
    labels=st.integers(2, 5),
    columns=st.integers(0, 4),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_any_small_cohort_gives_probabilities(n, labels, columns, seed, data):
    """Whatever a clinic sends, with labels of one patient and columns without values, it gets probabilities.

    Each is positive, and a row's sum is 1.
    """
    rng = np.random.default_rng(seed)
    y = np.array(
        [f"label_{label}" for label in data.draw(st.lists(st.integers(0, labels - 1), min_size=n, max_size=n))]
    )
    if len(set(y)) < 2:
        return
    X = rng.choice([0.0, 1.0, np.nan, 2.5, -1e300, 7.0], size=(n, columns))
    candidates = tuple(data.draw(st.lists(st.sampled_from(CHEAP), min_size=1, unique=True)))
    model = TypeClassifier(candidates=candidates, penalties=(0.1, 1.0), folds=3).fit(X, y, rng.integers(n, size=n))
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (n, len(set(y)))
    assert (probabilities > 0.0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.decision_logits(X)), probabilities, rtol=1e-12)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 600), candidate=st.sampled_from(CANDIDATES), data=st.data())
def test_a_patient_gets_the_same_bits_alone_and_in_any_batch(seed, n, candidate, data):
    """The batch a visit comes in never shows in its probabilities, whichever model answers."""
    model = fitted(candidate)
    X = patients(n, seed=seed)[0]
    whole = model.predict_proba(X)
    order = np.random.default_rng(seed).permutation(n)
    row, cut = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n))
    assert model.predict_proba(X[row : row + 1]).tobytes() == whole[row].tobytes()
    assert model.predict_proba(X[order]).tobytes() == whole[order].tobytes()
    assert np.concatenate([model.predict_proba(X[:cut]), model.predict_proba(X[cut:])]).tobytes() == whole.tobytes()


def test_the_same_data_give_the_same_model():
    """Training twice gives the same bits: a result can be checked."""
    X, y, groups = patients(80)
    one, two = (TypeClassifier(folds=2).fit(X, y, groups) for _ in range(2))
    assert one.predict_proba(X).tobytes() == two.predict_proba(X).tobytes()


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_a_saved_model_gives_the_same_bits(candidate):
    """What skops loads, with the types that a bundle may hold alone trusted, predicts as the model that was saved."""
    X = patients(50, seed=5)[0]
    model = fitted(candidate)
    again = loads(dumps(model), trusted=sorted(ALLOWED_TYPES))
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert again.predict(X).tolist() == model.predict(X).tolist()


def test_the_scale_of_the_weights_does_not_matter():
    """Weights in visits, or in thousandths of them, give the same model."""
    X, y, groups = patients(80)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 80)
    model = TypeClassifier(candidates=("pool",), folds=3)
    one, two = (clone(model).fit(X, y, groups, weight * scale).predict_proba(X) for scale in (1.0, 1024.0))
    np.testing.assert_allclose(two, one, rtol=1e-6)


def test_it_is_the_logistic_regression_of_scikit_learn_at_its_temperature():
    """Reference: the probabilities are those of `LogisticRegression` with the chosen penalty, their logits divided."""
    X, y, groups = patients(300)
    model = TypeClassifier(candidates=("logistic",)).fit(X, y, groups)
    (linear,) = model.members_
    Z = linear.encoder_.transform(X)
    reference = LogisticRegression(C=linear.penalty, max_iter=10_000, tol=1e-8).fit(Z, y)
    powered = reference.predict_proba(Z) ** (1.0 / model.temperature_)
    np.testing.assert_allclose(model.predict_proba(X), powered / powered.sum(axis=1, keepdims=True), atol=5e-3)


@pytest.mark.parametrize("labels", [2, 4])
def test_new_patients_get_calibrated_probabilities(labels):
    """On new patients the log-loss is far below the prior's, and no other temperature would lower it much."""
    X, y, groups = patients(4000, labels=labels, seed=3)
    model = TypeClassifier().fit(X[:400], y[:400], groups[:400])
    new, truth = X[400:], y[400:]
    logits = model.decision_logits(new)
    own = np.searchsorted(model.classes_, truth)

    def loss(temperature):
        scaled = logits / temperature
        scaled = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return -scaled[np.arange(len(own)), own].mean()

    assert loss(1.0) < 0.75 * np.log(labels)
    assert loss(1.0) < min(loss(temperature) for temperature in (0.6, 0.8, 1.25, 1.6)) + 0.01


def test_labels_of_one_to_three_patients_are_learned_without_a_warning():
    """Wilson's disease, three patients in the cohort, stays a label with a sane probability."""
    X, y, groups = patients(200)
    y = y.astype("U20")
    y[:2], y[2:4], y[4:10] = "one patient", "another", "three patients"
    model = TypeClassifier().fit(X, y, groups)
    assert set(model.classes_) == set(y)
    rare = model.predict_proba(patients(500, seed=9)[0])[:, np.isin(model.classes_, ["one patient", "three patients"])]
    assert (rare.mean(axis=0) < 0.1).all()
    assert (rare.mean(axis=0) > 1e-4).all()


def test_many_labels_at_clinic_size():
    """45 labels in 500 visits: better than the prior, and no warning."""
    X, y, groups = patients(700, labels=45, seed=2, strength=2.0)
    model = TypeClassifier(folds=3).fit(X[:500], y[:500], groups[:500])
    own = np.searchsorted(model.classes_, y[500:])
    loss = -model.decision_logits(X[500:])[np.arange(200), own].mean()
    assert loss < np.log(45) - 0.5


def test_a_label_without_a_patient_gets_a_floor():
    """In a fold that lacks a label, the column is there, small and the same for all."""
    X, y, groups = patients(100)
    model = TypeClassifier(labels=("type_00", "type_01", "type_02", "type_03", "unseen")).fit(X, y, groups)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities[:, 4], 0.5 / 101)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)


def test_noise_is_answered_with_the_prior():
    """Where the features say nothing, the shrinkage wins: the log-loss stays within 0.05 of the prior's."""
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(1200, 30)), rng.choice(["a", "b", "c"], p=[0.6, 0.3, 0.1], size=1200)
    model = TypeClassifier().fit(X[:200], y[:200])
    own = np.searchsorted(model.classes_, y[200:])
    prior = -np.mean(np.log([{"a": 0.6, "b": 0.3, "c": 0.1}[label] for label in y[200:]]))
    assert -model.decision_logits(X[200:])[np.arange(1000), own].mean() < prior + 0.05


def test_a_few_patients_that_are_told_apart_give_no_certainty():
    """Ten patients who happen to be separated perfectly do not make a model that is sure."""
    y = np.repeat(["a", "b"], 5)
    model = TypeClassifier().fit((y == "a")[:, None] * 4.0 + np.arange(10.0)[:, None] / 10.0, y)
    assert model.predict_proba(np.array([[4.5], [0.5]])).max() < 0.99


def test_a_misspelt_candidate_is_named():
    with pytest.raises(UsageError, match=r"no candidate 'logistics'\. Did you mean 'logistic'"):
        TypeClassifier(candidates=("logistics",)).fit(np.zeros((2, 1)), ["a", "b"])


def test_it_clones_as_scikit_learn_estimators_do():
    assert clone(TypeClassifier(folds=3)).get_params()["folds"] == 3


def test_no_rows_give_no_probabilities():
    assert fitted().predict_proba(np.empty((0, 20))).shape == (0, 4)
    assert fitted().predict(np.empty((0, 20))).shape == (0,)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": ["a", "a"]}, "training of the classifier: one label only, but a classifier needs at least two"),
        ({"y": ["a"]}, r"training of the classifier: y of shape \(1,\), but X has 2 rows"),
        ({"y": ["a", "b"], "groups": [1]}, r"training of the classifier: groups of shape \(1,\), but X has 2 rows"),
    ],
)
def test_data_that_teach_nothing_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        TypeClassifier().fit(np.zeros((2, 1)), **arguments)


def test_a_label_that_was_not_named_is_refused():
    with pytest.raises(UsageError, match="1 labels that 'labels' lacks, but it must name every label"):
        TypeClassifier(labels=("a", "c")).fit(np.zeros((2, 1)), ["a", "b"])
