"""The form tells something, and no single answer tells it all."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.config import load_recipe
from pipeline.recipe import Recipe
from pipeline.schema import VISITS
from pipeline.synthetic import generate
from pipeline.synthetic.form import ASKED

DEFINED_BY = {
    "task_specific": {"writers_cramp", "musicians"},
    "neuroleptic_exposure": {"acquired_tardive", "acquired_acute_drug"},
    "head_injury": {"acquired_tbi"},
}
"""Items that a phenotype or cause has by definition, or nearly."""

REFERRAL = [column.name for column in VISITS if column.known_at == "referral"]


@pytest.fixture(scope="module")
def demo():
    return load_recipe("demo")


def form_of(visits):
    """Return what is known at referral as plain numbers: flags with an empty one half-way, ages, sex."""
    flags = visits[list(ASKED)].fillna(0.5)
    ages = visits[["age_at_visit_y", "age_at_onset_y"]]
    ages = ages.fillna(ages.median())
    return np.column_stack([flags, flags == 0.5, ages, ages**2, visits["sex"] == "female"]).astype(float)


def test_no_single_answer_tells_two_classes_apart(demo):
    """The area under the curve of each answer stays at or below 0.95 for every pair of classes it does not define."""
    alike = Recipe(**{**vars(demo), "classes": dict.fromkeys(demo.classes, 1.0), "missing": 0.0})
    synthetic = generate(alike, patients=20_000, seed=2)
    cohort, true = synthetic.cohort, synthetic.truth.patients.set_index("patient_id")
    label = (true["phenotype"] + "/" + true["aetiology"]).loc[cohort.visits["patient_id"]]
    yes = cohort.visits[list(ASKED)].groupby(label.to_numpy()).mean()
    for item in ASKED:
        defined = {name for name in yes.index if DEFINED_BY.get(item, set()) & set(name.split("/"))}
        for one, other in combinations(yes.index, 2):
            if (one in defined) == (other in defined):
                area = 0.5 + abs(yes.loc[one, item] - yes.loc[other, item]) / 2
                assert area <= 0.95, (item, one, other)


@pytest.mark.parametrize("seed", range(5))
def test_a_plain_model_learns_from_the_form_but_not_all(demo, seed):
    """A logistic regression beats the case mix clearly, and stays well below certainty."""
    synthetic = generate(demo, patients=1_600, seed=seed)
    cohort = synthetic.cohort
    first = (cohort.visits["visit_id"] == "V1").to_numpy()
    features = form_of(cohort.visits[first])
    label = synthetic.truth.patients["phenotype"].to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=300)).fit(features[:800], label[:800])
    names, counts = np.unique(label[:800], return_counts=True)
    prior = log_loss(label[800:], np.tile(counts / counts.sum(), (800, 1)), labels=names)
    learned = log_loss(label[800:], model.predict_proba(features[800:]), labels=names)
    assert learned < prior - 0.8
    assert 0.5 < accuracy_score(label[800:], model.predict(features[800:])) < 0.92


def test_items_are_left_empty_at_random(demo):
    """The share of empty items is the recipe's, and does not tell the classes apart."""
    cohort = generate(demo, patients=8_000, seed=9).cohort
    empty = cohort.visits[list(ASKED)].isna()
    # one in twenty visits lacks a whole instrument
    assert empty.mean().between(0.09, 0.16).all()
    by_phenotype = empty.mean(axis=1).groupby(cohort.outcomes["phenotype"].to_numpy()).mean()
    assert by_phenotype.between(0.10, 0.14).all()
