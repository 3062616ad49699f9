import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from pipeline.evaluation import scores


@st.composite
def predictions(draw, labels=4):
    n = draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    P = np.round(rng.dirichlet(np.full(labels, 0.4), size=n), draw(st.integers(1, 6)))
    P = (P + 1e-3) / (P + 1e-3).sum(axis=1, keepdims=True)
    return P, rng.integers(labels, size=n), rng.integers(3, size=n)


@given(case=predictions())
def test_scores_are_those_of_scikit_learn(case):
    """Reference: log-loss, Brier score and accuracy of scikit-learn on the same predictions."""
    P, truth, _ = case
    labels = np.arange(4)
    assert scores.log_loss(P, truth) == pytest.approx(metrics.log_loss(truth, P, labels=labels))
    reference = metrics.brier_score_loss(truth, P, labels=labels, scale_by_half=False)
    assert scores.brier(P, truth) == pytest.approx(reference)
    assert scores.accuracy(P, truth) == pytest.approx(metrics.accuracy_score(truth, P.argmax(axis=1)))


@given(case=predictions())
def test_auc_is_the_share_of_pairs_in_the_right_order(case):
    """Brute force over all pairs, over those of one group, and scikit-learn."""
    P, truth, groups = case
    score, outcome = P[:, 0], truth == 0

    def share(i, j):
        return np.mean((score[i] > score[j]) + 0.5 * (score[i] == score[j])) if len(i) else np.nan

    i, j = np.nonzero(outcome[:, None] & ~outcome[None, :])
    same = groups[i] == groups[j]
    assert scores.auc(score, outcome) == pytest.approx(share(i, j), nan_ok=True)
    within = scores.within_group_auc(score, outcome, groups)
    assert within == pytest.approx(share(i[same], j[same]), nan_ok=True)
    if len(i):
        assert scores.auc(score, outcome) == pytest.approx(metrics.roc_auc_score(outcome, score))


@given(case=predictions())
def test_macro_auc_is_the_mean_over_labels(case):
    """Reference: scikit-learn's one-against-rest AUC, over the labels that occur."""
    P, truth, _ = case
    present = [label for label in range(4) if 0 < (truth == label).sum() < len(truth)]
    if not present:
        assert np.isnan(scores.macro_auc(P, truth))
        return
    reference = np.mean([metrics.roc_auc_score(truth == label, P[:, label]) for label in present])
    assert scores.macro_auc(P, truth) == pytest.approx(reference)


@given(case=predictions(), power=st.floats(0.2, 5.0))
def test_auc_sees_the_order_only(case, power):
    """Recalibration changes no AUC."""
    P, truth, _ = case
    ranks = np.unique(P[:, 0], return_inverse=True)[1].astype(float)
    one, two = scores.auc(P[:, 0], truth == 0), scores.auc((ranks + 1.0) ** power, truth == 0)
    assert one == pytest.approx(two, nan_ok=True)


def test_a_label_that_was_never_seen_costs_the_clipped_loss():
    """A true label without a column is a certain miss, with a finite loss."""
    P, truth = np.array([[1.0, 0.0]]), np.array([-1])
    assert scores.log_loss(P, truth) == pytest.approx(-np.log(1e-6))
    assert scores.brier(P, truth) == pytest.approx(2.0)
    assert scores.accuracy(P, truth) == 0.0


def test_an_auc_of_one_outcome_is_missing():
    assert np.isnan(scores.auc(np.array([0.2, 0.3]), np.array([1, 1])))
    assert np.isnan(scores.within_group_auc(np.array([0.2, 0.3]), np.array([0, 1]), np.array(["a", "b"])))
