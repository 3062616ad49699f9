import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom
from skops.io import dumps, loads

from pipeline.errors import UsageError
from pipeline.learners.sets import PredictionSets, answer
from pipeline.vocabulary import LABEL_TREE, PHENOTYPES


def probabilities(n, labels, seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(labels, 0.5), size=n)


def leaves(node):
    return {node} if node not in LABEL_TREE else set().union(*(leaves(child) for child in LABEL_TREE[node]))


def depth(node):
    return 0 if node == "any" else 1 + depth(next(up for up, down in LABEL_TREE.items() if node in down))


@given(
    members=st.lists(
        st.lists(st.booleans(), min_size=16, max_size=16).filter(any),
        min_size=1,
        max_size=6,
    )
)
def test_an_answer_is_the_deepest_node_that_holds_the_set(members):
    """Brute force over all nodes: the answer holds every label of the set, and nothing deeper does."""
    nodes = ["any", *(child for children in LABEL_TREE.values() for child in children)]
    for row, given_answer in zip(members, answer(np.array(members), PHENOTYPES), strict=True):
        inside = {label for label, is_in in zip(PHENOTYPES, row, strict=True) if is_in}
        holding = [node for node in nodes if inside <= leaves(node)]
        assert given_answer == max(holding, key=depth)


@given(n=st.integers(1, 60), labels=st.integers(2, 6), seed=st.integers(0, 999), alpha=st.floats(0.01, 0.99))
def test_a_set_is_never_empty_and_holds_the_most_probable_label(n, labels, seed, alpha):
    """Somebody who gets a prediction gets at least one label, and a set holds what is more probable before the rest."""
    P = probabilities(n, labels, seed)
    truth = np.random.default_rng(seed).integers(-1, labels, size=n)
    inside = PredictionSets(alpha=alpha).fit(P, truth).members(P)
    assert inside[np.arange(n), P.argmax(axis=1)].all()
    assert (np.where(inside, P, 1.0).min(axis=1) >= np.where(inside, 0.0, P).max(axis=1)).all()


@given(n=st.integers(1, 60), seed=st.integers(0, 999), alpha=st.floats(0.02, 0.5))
def test_calibration_patients_are_covered_as_promised(n, seed, alpha):
    """Of the patients behind the threshold, at least the promised share has its label in its set.

    With too few of them for any promise, every label is in every set.
    """
    P = probabilities(n, 4, seed)
    truth = np.random.default_rng(seed).integers(4, size=n)
    sets = PredictionSets(alpha=alpha).fit(P, truth)
    covered = sets.members(P)[np.arange(n), truth].sum()
    assert covered >= min(np.ceil((n + 1) * (1 - alpha) - 1e-9), n)
    if (n + 1) * (1 - alpha) > n + 1e-9:
        assert sets.members(P).all()


@given(n=st.integers(20, 60), seed=st.integers(0, 999))
def test_a_smaller_promise_gives_smaller_sets(n, seed):
    P = probabilities(n, 5, seed)
    truth = np.random.default_rng(seed).integers(5, size=n)
    wide, narrow = (PredictionSets(alpha=alpha).fit(P, truth).members(P) for alpha in (0.1, 0.4))
    assert (narrow <= wide).all()


@settings(max_examples=20)
@given(n=st.integers(1, 40), seed=st.integers(0, 999))
def test_saved_sets_are_the_same(n, seed):
    P = probabilities(n, 3, seed)
    sets = PredictionSets().fit(P, np.zeros(n, dtype=int))
    again = loads(dumps(sets), trusted=["pipeline.learners.sets.PredictionSets"])
    assert again.members(P).tobytes() == sets.members(P).tobytes()


def test_new_patients_are_covered_as_promised():
    """Over 200 fresh calibrations, the covered number of new patients follows the beta-binomial law of conformal sets.

    Labels are drawn from other probabilities than the model's, so that the model is wrong.
    """
    covered, n, m = [], 99, 200
    for seed in range(200):
        rng = np.random.default_rng(seed)
        P = probabilities(n + m, 5, seed)
        wrong = np.sqrt(P) / np.sqrt(P).sum(axis=1, keepdims=True)
        truth = (rng.random((n + m, 1)) > wrong.cumsum(axis=1)).sum(axis=1).clip(0, 4)
        inside = PredictionSets(alpha=0.1).fit(P[:n], truth[:n]).members(P[n:])
        covered.append(inside[np.arange(m), truth[n:]].sum())
    law = betabinom(m, 90, 10)
    assert abs(np.mean(covered) - law.mean()) < 3 * law.std() / np.sqrt(200)
    assert law.ppf(0.0001) <= min(covered)
    assert 0.75 < np.std(covered) / law.std() < 1.25


def test_each_cell_is_covered_as_promised():
    """A common label, a rare one and two patterns of modalities: over 100 calibrations each cell keeps its promise.

    The model is poor, and poorest without recordings.
    """
    labels, n, covered = ("cervical", "laryngeal", "healthy"), 3000, {}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = rng.choice(3, p=[0.7, 0.15, 0.15], size=n)
        X = np.where(rng.random((n, 1)) < 0.4, np.nan, 1.0)
        logits = rng.normal(size=(n, 3)) + np.where(np.isnan(X), 0.5, 2.0) * (truth[:, None] == np.arange(3))
        P = np.exp(logits + np.log([0.7, 0.15, 0.15]))
        P /= P.sum(axis=1, keepdims=True)
        half = n // 2
        sets = PredictionSets(modalities=((0,),), least_in_cell=40)
        sets.fit(P[:half], truth[:half], labels=labels, X=X[:half])
        assert sets.cells_[:2].tolist() == [[0, 1, 2], [0, 1, 2]]
        held = sets.members(P[half:], X[half:])[np.arange(n - half), truth[half:]]
        for label in range(3):
            for pattern in (0, 1):
                cell = (truth[half:] == label) & (np.isnan(X[half:, 0]) == (pattern == 0))
                covered.setdefault((label, pattern), []).append(held[cell].mean())
    for shares in covered.values():
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        assert np.mean(shares) > 0.9 - 2.6 * error
        assert np.mean(shares) < 0.9 + 1.0 / 60 + 2.6 * error


def test_labels_with_few_patients_are_merged_up_the_tree():
    """Cells of at least 100: two limb types together, one with its neighbours above, what is left with the smallest."""
    labels = ("blepharospasm", "writers_cramp", "musicians", "cervical", "laryngeal", "healthy")
    truth = np.repeat(np.arange(6), [150, 60, 60, 120, 40, 10])
    P = np.random.default_rng(0).dirichlet(np.ones(6), size=len(truth))
    cells = PredictionSets().fit(P, truth, labels=labels).cells_[0]
    assert cells[1] == cells[2]
    assert len(set(cells[[0, 1, 3]])) == 3
    assert cells[4] == cells[5] == cells[3]


@given(n=st.integers(1, 300), labels=st.integers(2, 6), seed=st.integers(0, 999), least=st.integers(1, 60))
def test_any_calibration_gives_sets_for_any_pattern(n, labels, seed, least):
    """Whatever was seen in calibration, a new pattern of modalities, or a label without patients, gets its sets."""
    rng = np.random.default_rng(seed)
    P, truth = probabilities(n, labels, seed), rng.integers(-1, labels, size=n)
    X = np.where(rng.random((n, 2)) < 0.5, np.nan, 1.0)
    X[:, 0] = np.where(rng.random() < 0.5, 1.0, X[:, 0])
    sets = PredictionSets(modalities=((0,), (1,)), least_in_cell=least).fit(P, truth, X=X)
    new = np.array([[np.nan, np.nan], [np.nan, 1.0], [1.0, np.nan], [1.0, 1.0]])
    assert sets.members(probabilities(4, labels, seed + 1), new).any(axis=1).all()
    assert sets.thresholds_.shape == (len(sets.patterns_) + 1, labels)


def test_a_patient_with_many_visits_counts_once():
    """One visit a patient: two hundred visits of one do not outvote nine others."""
    P = np.vstack([np.tile([0.01, 0.99], (200, 1)), np.tile([0.9, 0.1], (9, 1))])
    groups = np.concatenate([np.zeros(200), np.arange(1, 10)])
    sets = PredictionSets(alpha=0.2).fit(P, np.zeros(209, dtype=int), groups)
    assert sets.n_calibration_ == 10
    assert (sets.thresholds_ == 0.9).all()


def test_labels_outside_the_tree_hang_from_its_root():
    """A study with labels of its own gets the label, or no answer."""
    assert answer(np.array([[1, 0], [1, 1]]), ("PRRT2", "cervical")).tolist() == ["PRRT2", "any"]
    assert answer(np.zeros((0, 2), dtype=bool), ("PRRT2", "cervical")).tolist() == []


@pytest.mark.parametrize(
    ("P", "truth", "alpha", "message"),
    [
        (np.zeros((0, 2)), np.zeros(0, dtype=int), 0.1, "one row a visit, at least one, was needed"),
        (np.zeros((2, 2)), np.zeros(1, dtype=int), 0.1, "one row a visit, at least one, was needed"),
        (np.ones((1, 2)), np.zeros(1, dtype=int), 1.0, "alpha 1, but it must lie between 0 and 1"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(P, truth, alpha, message):
    with pytest.raises(UsageError, match=message):
        PredictionSets(alpha=alpha).fit(P, truth)
