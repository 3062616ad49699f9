"""Pairs of labels and rare labels: reference scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from pipeline.evaluation.pairs import hardest_pairs, precision
from pipeline.evaluation.scores import average_precision

LABELS = ("cervical", "laryngeal", "musicians", "functional")
PEOPLE = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(PEOPLE, st.integers(1, 60), st.integers(0, 3))
def test_average_precision_is_that_of_scikit_learn(rng, count, digits):
    """Ties too, of which rounding makes many."""
    score, outcome = np.round(rng.uniform(size=count), digits), rng.uniform(size=count) < 0.3
    if outcome.any():
        assert average_precision(score, outcome) == pytest.approx(metrics.average_precision_score(outcome, score))
    else:
        assert np.isnan(average_precision(score, outcome))


def made(rng):
    p = rng.dirichlet(np.full(4, 0.5), size=120)
    truth = np.array([rng.choice(4, p=0.7 * row + 0.3 * np.full(4, 0.25)) for row in p])
    truth[rng.uniform(size=120) < 0.05] = -1
    return p, truth


@given(PEOPLE)
def test_pairs_are_those_of_scikit_learn_the_hardest_first(rng):
    p, truth = made(rng)
    found = hardest_pairs(p, truth, LABELS, LABELS, groups=np.arange(120), seed=1)
    assert len(found) == 6
    for pair in found:
        one, other = (LABELS.index(label) for label in pair["labels"])
        rows = (truth == one) | (truth == other)
        if len(np.unique(truth[rows])) < 2:
            continue
        reference = metrics.roc_auc_score(truth[rows] == other, p[rows, other] / (p[rows, one] + p[rows, other]))
        assert pair["auc"]["value"] == pytest.approx(reference)
        assert pair["auc"]["low"] <= pair["auc"]["value"] <= pair["auc"]["high"]
    values = [pair["auc"]["value"] for pair in found]
    assert values == sorted(values)


@given(PEOPLE)
def test_only_labels_that_may_be_shown_are(rng):
    p, truth = made(rng)
    shown = {"groups": np.arange(120), "seed": 1}
    assert list(precision(p, truth, LABELS, ["laryngeal"], **shown)) == ["laryngeal"]
    pairs = hardest_pairs(p, truth, LABELS, ["laryngeal", "functional"], **shown)
    assert [pair["labels"] for pair in pairs] == [["laryngeal", "functional"]]
    assert precision(p, truth, LABELS, ["cervical"], **shown)["cervical"]["share"] == np.mean(truth == 0)
