"""The oracle's gates at a size that every run can afford; ``make oracle`` measures them for each regime."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.oracle.gates import calibration, doubling, impossible, not_monotone
from pipeline.config import load_recipe
from pipeline.recipe import Recipe
from pipeline.synthetic import generate
from pipeline.synthetic.classes import mix_of
from pipeline.vocabulary import pair_is_allowed

REGIMES = ("near-naive", "nonlinear-heavy-tailed", "label-noisy", "informative-absence", "two-sites")


@pytest.fixture(scope="module", params=["informative-absence", "two-sites"])
def made(request):
    return generate(load_recipe(request.param), patients=300, seed=3)


def test_twice_the_nodes_change_nothing(made):
    """The sum over what is hidden has converged."""
    assert doubling(made) < 1e-6


def test_what_the_record_rules_out_has_probability_zero(made):
    """No history of the drug, no tardive dystonia: exactly 0, and so for every structural zero that can be recorded."""
    assert impossible(made) == 0.0


def test_a_longer_horizon_has_no_smaller_risk(made):
    """Risks rise with the horizon and stay between 0 and 1."""
    assert not_monotone(made) == 0.0
    risks = made.truth.oracle.filter(like="risk__").dropna().to_numpy()
    assert len(risks) > 50
    assert ((risks >= 0.0) & (risks <= 1.0)).all()


def test_probabilities_add_up(made):
    """Of each pattern, true or recorded."""
    oracle = made.truth.oracle
    for prefix in ("form__", "measured__", "latent__", "sensor__", "recorded__form__", "recorded__sensor__"):
        columns = [name for name in oracle if name.startswith(prefix)]
        np.testing.assert_allclose(oracle[columns].sum(axis=1), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("regime", ["label-noisy", "nonlinear-heavy-tailed"])
def test_the_truth_looks_like_a_draw_from_the_oracle(regime):
    """Simulation-based calibration of classes, recorded labels and risks, corrected for six tests."""
    recipe = replace(load_recipe(regime), max_visits=2)
    assert calibration(generate(recipe, patients=2_000, seed=8)).smallest > 0.001


def test_who_has_spread_has_no_risk_left():
    """A risk is told of those who are at risk at the visit, and of nobody else."""
    made = generate(load_recipe("demo"), patients=300, seed=9)
    at_risk = made.cohort.outcomes["spread_left_y"].notna().to_numpy()
    assert (made.truth.oracle["risk__form__5y"].notna().to_numpy() == at_risk).all()


def test_more_is_known_from_more():
    """On average movement adds to the form, and exact movement is no worse than blurred."""
    made = generate(load_recipe("demo"), patients=1_500, seed=10)
    told, oracle = made.truth.evidence, made.truth.oracle
    true = told.people.pair[told.visits.patient]
    losses = {}
    for pattern in ("form", "measured", "latent"):
        answer = oracle[[f"{pattern}__{name}" for name in told.mix.names]].to_numpy()
        losses[pattern] = -np.log(answer[np.arange(len(true)), true]).mean()
    assert losses["measured"] < losses["form"] - 0.02
    assert losses["latent"] < losses["measured"] + 0.01


@pytest.mark.parametrize("regime", REGIMES)
def test_a_raked_table_meets_its_margins(regime):
    """Over all clinics without a case mix of their own; what no diagnosis joins stays out."""
    recipe = load_recipe(regime)
    if any(centre.case_mix for centre in recipe.centres):
        recipe = replace(recipe, centres=(replace(recipe.centres[0], share=1.0, case_mix={}),))
    mix = mix_of(recipe)
    for position, margin in enumerate((recipe.phenotypes, recipe.aetiologies)):
        shares = pd.Series(mix.shares).groupby([pair[position] for pair in mix.pairs]).sum()
        assert shares.to_dict() == pytest.approx(margin, abs=1e-9)
    assert all(pair_is_allowed(*pair) for pair in mix.pairs)


@settings(max_examples=10, deadline=None)
@given(noise=st.sampled_from([0.0, 0.15, 0.3]), seed=st.integers(0, 1000))
def test_the_share_of_wrong_labels_is_the_recipes(noise, seed):
    """Over clinics and durations together; wrong labels are classes of the recipe too."""
    patients = generate(replace(load_recipe("demo"), label_noise=noise, max_visits=1), patients=1_500, seed=seed)
    true = patients.truth.patients
    wrong = (true["phenotype"] != true["recorded_phenotype"]) | (true["aetiology"] != true["recorded_aetiology"])
    assert abs(wrong.mean() - noise) <= 4.5 * np.sqrt(noise * (1 - noise) / 1_500)


def test_labels_go_wrong_early_and_near_by():
    """Early in the illness more labels are wrong, and most fall on a class of the same family of the tree."""
    recipe = Recipe(
        name="three",
        title="",
        classes={
            "cervical/idiopathic_isolated": 1.0,
            "blepharospasm/idiopathic_isolated": 1.0,
            "oromandibular/idiopathic_isolated": 1.0,
        },
        max_visits=1,
    )
    true = generate(recipe, patients=6_000, seed=1).truth.patients
    wrong = true["phenotype"] != true["recorded_phenotype"]
    early = true["enrolment_y"] - true["onset_y"] < 1
    assert wrong[early].mean() > wrong[~early].mean() + 0.04
    lids = true[wrong & (true["phenotype"] == "blepharospasm")]
    assert (lids["recorded_phenotype"] == "oromandibular").mean() > 0.6
