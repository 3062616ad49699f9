"""The models behind the classifier: what each of them alone is good for."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from pipeline.learners.bins import BinnedColumns
from pipeline.learners.candidates import CANDIDATES, expanded, fit_powers, members_of, simple_names, together
from pipeline.learners.generative import GenerativeModel
from pipeline.learners.linear import Discriminant, Logistic
from pipeline.learners.network import Network
from pipeline.learners.normal_scores import NormalScores
from pipeline.learners.trees import Boosting, ExtraTrees
from pipeline.learners.types import TypeClassifier


def independent(n, seed=0, labels=4, columns=20, wrong=0.0):
    """Draw yes-no answers that are independent given the label; some recorded labels are wrong."""
    shares = np.random.default_rng(5).beta(1.0, 1.0, size=(labels, columns))
    rng = np.random.default_rng(seed)
    true = rng.integers(labels, size=n)
    X = (rng.random((n, columns)) < shares[true]) * 1.0
    recorded = np.where(rng.random(n) < wrong, rng.integers(labels, size=n), true)
    logs = X @ np.log(shares).T + (1.0 - X) @ np.log1p(-shares).T
    return X, true, recorded, softmax(logs, axis=1)


def learned(model, X, truth, labels=4):
    names = np.array([f"label_{label}" for label in range(labels)])
    return model.fit(X, truth, np.ones(len(X)), np.arange(len(X)), names)


def loss(logits, truth):
    return -np.log(softmax(logits, axis=1)[np.arange(len(truth)), truth]).mean()


def test_the_generative_model_comes_near_bayes_rule():
    """Where answers are independent given the label, 1,000 patients suffice to be within 0.02 nats of Bayes' rule."""
    model = learned(GenerativeModel(), *independent(1000)[:2])
    X, truth, _, best = independent(4000, seed=1)
    assert loss(model.logits(X), truth) < loss(np.log(best), truth) + 0.02


def test_a_missing_value_says_nothing():
    """With all answers missing the shares of the labels are left; with some, the others count as they did."""
    X, truth, _, _ = independent(500)
    model = learned(GenerativeModel(), X, truth)
    nothing = softmax(model.logits(np.full((1, X.shape[1]), np.nan)), axis=1)[0]
    np.testing.assert_allclose(nothing, np.bincount(truth) / len(truth), atol=0.03)
    gaps = X[:50].copy()
    gaps[:, ::2] = np.nan
    others = X[:50].copy()
    others[:, 1::2] = np.nan
    both = model.logits(gaps) + model.logits(others) - model.intercepts_
    np.testing.assert_allclose(model.logits(X[:50]), both, atol=1e-12)


def test_repeated_columns_are_not_counted_twice():
    """Five copies of every column leave the probabilities nearly as sure as one."""
    X, truth, _, _ = independent(1000)
    test, own, _, _ = independent(2000, seed=1)
    once = loss(learned(GenerativeModel(), X, truth).logits(test), own)
    often = loss(learned(GenerativeModel(), np.tile(X, 5), truth).logits(np.tile(test, 5)), own)
    assert often < once + 0.01


def test_a_rare_label_borrows_from_its_kin():
    """A pair of three patients, whose phenotype and aetiology are common, is told from the others."""
    rng = np.random.default_rng(3)
    pairs = ["cervical/genetic", "cervical/idiopathic", "laryngeal/genetic", "laryngeal/idiopathic"]
    truth = np.repeat([0, 1, 2, 3], [3, 300, 300, 300])
    head, young = np.isin(truth, [0, 1]), np.isin(truth, [0, 2])

    def answers(head, young):
        signs = np.hstack([np.repeat(head[:, None], 3, 1), np.repeat(young[:, None], 3, 1)])
        return np.where(rng.random(signs.shape) < 0.9, signs, ~signs) * 1.0

    model = GenerativeModel().fit(
        answers(head, young), truth, np.ones(len(truth)), np.arange(len(truth)), np.array(pairs)
    )
    said = model.logits(np.array([[1.0, 1.0, 1.0, 1.0, 1.0, 1.0]]))[0] - model.intercepts_
    assert said.argmax() == 0


@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_the_share_of_wrong_labels_is_found(wrong):
    """Labels dealt out anew, one in four of them rightly: the estimate is near, and 0 where none is wrong."""
    X, _, recorded, _ = independent(3000, wrong=wrong)
    model = learned(GenerativeModel(rounds=12), X, recorded)
    assert model.noise_ == pytest.approx(0.75 * wrong, abs=0.05)


def test_wrong_labels_are_predicted_as_they_are_recorded():
    """With errors modelled the recorded label of new patients is predicted better than with labels believed."""
    X, _, recorded, _ = independent(600, wrong=0.4)
    test, _, told, _ = independent(4000, seed=1, wrong=0.4)
    believed, doubted = (learned(GenerativeModel(rounds=rounds), X, recorded).logits(test) for rounds in (1, 12))
    assert loss(doubted, told) < loss(believed, told) - 0.005


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bins=st.integers(2, 12))
def test_every_value_has_a_bin_and_order_is_kept(seed, bins):
    """Whatever the training values, larger ones never fall into lower bins; a missing one falls into none."""
    rng = np.random.default_rng(seed)
    X = rng.choice([0.0, 1.0, -3.5, 1e300, 5e-324, np.nan], size=(12, 1)) * rng.choice([1.0, 1e-3])
    model = BinnedColumns(bins=bins).fit(X)
    places = model.places(X)
    assert places.shape == (12, len(model.columns_))
    for column in range(places.shape[1]):
        known = ~np.isnan(X[:, 0])
        order = np.argsort(X[known, 0], kind="stable")
        assert (np.diff(places[known, column][order]) >= 0).all()
        assert len(set(places[known, column])) > 1
        assert (places[~known, column] == model.starts_[-1]).all()


def test_the_discriminant_finds_shifted_normals():
    """Two normal clouds with correlated columns: close to the best there is, which knows means and covariance."""
    rng = np.random.default_rng(0)
    spread = np.array([[1.0, 0.9], [0.9, 1.0]])
    truth = rng.integers(2, size=2000)
    X = rng.multivariate_normal([0.0, 0.0], spread, 2000) + np.outer(truth, [0.5, -0.5])
    model = Discriminant().fit(X[:500], truth[:500], np.ones(500), 2)
    slopes = np.linalg.solve(spread, [0.5, -0.5])
    best = np.column_stack([np.zeros(1500), X[500:] @ slopes - 0.25 * (slopes @ [0.5, -0.5]) * 2.0])
    assert loss(model.logits(X[500:]), truth[500:]) < loss(best, truth[500:]) + 0.01


def test_the_network_makes_more_of_many_columns_that_tell_few_things():
    """Four hidden things behind a hundred noisy columns; one tells by its size only, which no straight line parts.

    Six draws of 1,000 people: paired, the network loses less than a logistic regression and than the generative model.
    """
    gains = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        hidden = rng.normal(size=(3000, 4))
        truth = (np.abs(hidden[:, 0]) > 0.7) * 1 + 2 * (hidden[:, 1] > 0.0)
        X = hidden @ rng.normal(size=(4, 100)) + 2.5 * rng.normal(size=(3000, 100))
        own = (X[:1000], truth[:1000], np.ones(1000), 4)
        network = loss(Network().fit(*own).logits(X[1000:]), truth[1000:])
        others = (Logistic().fit(*own), learned(GenerativeModel(), X[:1000], truth[:1000]))
        gains.append([loss(model.logits(X[1000:]), truth[1000:]) - network for model in others])
    error = np.std(gains, axis=0, ddof=1) / np.sqrt(len(gains))
    assert (np.mean(gains, axis=0) > 2.6 * error).all()


@pytest.mark.parametrize("labels", [2, 3])
def test_the_network_says_what_scikit_learn_says(labels):
    """Reference: kept as arrays, it gives the probabilities of the network that was fitted."""
    X, truth, _, _ = independent(200, labels=labels)
    network = Network(networks=1, steps=20, random_state=3).fit(X, truth, np.ones(200), labels)
    Z = network.encoder_.transform(X)
    settings = {"activation": "tanh", "solver": "lbfgs", "alpha": 20.0, "max_iter": 20, "random_state": 3}
    with pytest.warns(ConvergenceWarning, match="failed to converge"):
        reference = MLPClassifier((8,), **settings).fit(Z, truth)
    np.testing.assert_allclose(softmax(network.logits(X), axis=1), reference.predict_proba(Z), atol=1e-9)


@pytest.mark.parametrize("X", [np.full((6, 2), np.nan), np.ones((6, 1)), np.zeros((6, 0))])
def test_a_network_of_nothing_tells_the_shares(X):
    """Columns that carry nothing leave the shares of the labels; one without rows is never told."""
    said = softmax(Network().fit(X, np.array([0, 0, 0, 2, 2, 2]), np.ones(6), 3).logits(X), axis=1)
    np.testing.assert_allclose(said, np.tile([0.5, 0.0, 0.5], (6, 1)), atol=1e-12)


@settings(deadline=None)
@example(seed=2_798_874_613, size=67)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(2, 200))
def test_normal_scores_keep_order_and_bounds(seed, size):
    """Larger values never score lower, none beyond the most extreme of training, and what is missing scores 0."""
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1.0, -3.5, 1e300, 5e-324, np.nan], size=size) * rng.choice([1.0, 1e-3, 7.0], size=size)
    X = np.column_stack([values, rng.standard_t(1.5, size=size)])
    encoder = NormalScores().fit(X)
    asked = np.vstack([X, [[-1e308, -1e308], [1e308, 1e308], [np.nan, np.nan]]])
    scores = encoder.transform(asked)
    assert np.isfinite(scores).all()
    for column, values in zip(scores.T, asked[:, encoder.design_.columns_].T, strict=True):
        known = ~np.isnan(values)
        assert (np.diff(column[known][np.argsort(values[known], kind="stable")]) >= 0.0).all()
        assert (column[~known] == 0.0).all()
        assert np.abs(column).max() < 3.0


@pytest.mark.parametrize("labels", [2, 3])
def test_trees_say_what_scikit_learn_says(labels):
    """Reference: extra trees and boosting, kept as arrays, give the probabilities of the models that grew them."""
    X, truth, _, _ = independent(200, labels=labels)
    weight = np.ones(len(X))
    extra = ExtraTrees(trees=10, random_state=1).fit(X, truth, weight, labels)
    Z = extra.encoder_.transform(X)
    reference = ExtraTreesClassifier(10, min_samples_leaf=5, max_leaf_nodes=256, random_state=1).fit(Z, truth)
    np.testing.assert_allclose(softmax(extra.logits(X), axis=1), reference.predict_proba(Z), atol=1e-5)
    boosting = Boosting(rounds=5, random_state=1).fit(X, truth, weight, labels)
    reference = HistGradientBoostingClassifier(
        max_iter=5, max_leaf_nodes=4, min_samples_leaf=10, l2_regularization=1.0, random_state=1
    ).fit(Z, truth)
    np.testing.assert_allclose(softmax(boosting.logits(X), axis=1), reference.predict_proba(Z), atol=1e-9)
    assert extra.is_sound()
    assert boosting.is_sound()


@pytest.mark.parametrize("part", ["left_", "right_", "feature_", "roots_"])
def test_trees_that_lead_nowhere_are_told(part):
    """A child before its node would be walked for ever; a feature that there is not would be looked for."""
    X, truth, _, _ = independent(100)
    forest = ExtraTrees(trees=3).fit(X, truth, np.ones(100), 4)
    getattr(forest, part)[forest.feature_.argmax() if part != "roots_" else 1] = 0 if part != "feature_" else 10**6
    assert not forest.is_sound()


def test_powers_find_the_better_of_two():
    """A model that knows and one that guesses: the first gets nearly all of the power."""
    _, truth, _, best = independent(1000, columns=5)
    guess = np.random.default_rng(1).dirichlet(np.ones(4), 1000)
    powers = fit_powers(np.log(np.stack([best, guess])), truth, np.ones(1000))
    assert powers[0] > 0.8
    assert powers[1] < 0.1
    np.testing.assert_allclose(softmax(together(np.log(np.stack([best, best])), np.array([0.5, 0.5])), 1), best)


def test_candidates_stand_from_simple_to_complex_with_what_they_need():
    names = expanded(CANDIDATES, (0.1, 1.0), labels=3)
    assert names[:3] == ("prior", "logistic 0.1", "logistic 1")
    assert names[-3:] == ("pool", "pool_of_three", "vote")
    assert simple_names(("vote",)) == ("logistic 0.1", "extra_trees", "boosting")
    losses = {"logistic 0.1": 2.0, "logistic 1": 1.0, "generative": 3.0, "generative_with_errors": 4.0}
    assert members_of("pool", losses) == ("logistic 1", "generative")
    assert members_of("pool_of_three", losses | {"network": 9.0}) == ("logistic 1", "generative", "network")
    assert "boosting" not in expanded(CANDIDATES, (0.1,), labels=35)


def test_labels_that_nothing_tells_apart_get_their_shares():
    """With noise alone the simplest candidate is chosen: the shares of the labels."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 20)), rng.choice(["a", "b", "c"], p=[0.5, 0.3, 0.2], size=300)
    model = TypeClassifier().fit(X, y)
    assert model.chosen_ == "prior"
    assert set(model.losses_) == {*expanded(CANDIDATES, model.penalties, 3)}
