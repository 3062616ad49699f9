"""What a clinic relies on when a model takes another's place: each gate refuses what it is for, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from pipeline.evaluation import gates
from pipeline.evaluation.held_out import HeldOut
from pipeline.judgement import compared, log_loss_differences
from pipeline.outcomes import Truth
from pipeline.study import Target

SEEDS = st.integers(0, 2**32 - 1)


def of_labels(probabilities, truth, labels=("a", "b"), parts=None):
    n = len(truth)
    empty = np.full(n, np.nan)
    known = Truth(np.arange(n), np.array(labels, dtype=object)[truth], empty, empty)
    people = np.array([f"p{at}" for at in range(n)], dtype=object)
    target = Target("phenotype", "classification")
    return HeldOut(target, probabilities, known, people, people, labels=labels, parts=parts or {}, seed=1)


def of_risks(risk, left, right, horizons=("1y", "5y")):
    n = len(risk)
    known = Truth(np.arange(n), np.full(n, "", dtype=object), left, right)
    people = np.array([f"p{at}" for at in range(n)], dtype=object)
    target = Target("spread", "time_to_event", left="left", right="right", horizons=horizons)
    return HeldOut(target, risk, known, people, people, seed=1)


def two_labels(n, seed):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.05, 0.95, n)
    return np.column_stack([1.0 - p, p]), (rng.uniform(size=n) < p).astype(int)


@given(seed=SEEDS, n=st.integers(20, 200))
def test_a_model_beside_itself_passes_whatever_it_says(seed, n):
    """Its log-loss is the champion's, for all and in every part."""
    probabilities, truth = two_labels(n, seed)
    part = np.where(np.arange(n) % 2 == 0, "women", "men").astype(object)
    held = of_labels(probabilities, truth, parts={"sex": part})
    assert all(gate.passed and gate.value == 0.0 for gate in compared(held, held))


@given(seed=SEEDS)
def test_the_order_of_labels_does_not_matter(seed):
    """A champion may know the labels in another order, or fewer of them."""
    probabilities, truth = two_labels(40, seed)
    held = of_labels(probabilities, truth)
    turned = of_labels(probabilities[:, ::-1], 1 - truth, labels=("b", "a"))
    assert np.allclose(log_loss_differences(held, turned), 0.0)


@given(seed=SEEDS, worse=st.floats(0.02, 1.0))
def test_a_model_that_is_worse_for_everybody_is_refused_by_as_much(seed, worse):
    """The gate says how far above the limit the upper end lies."""
    difference = np.full(60, worse)
    gate = gates.log_loss_gate("type", difference, np.arange(60), seed)
    assert not gate.passed
    assert gate.value == pytest.approx(worse)
    assert f"{worse - 0.01:.4f} above" in gate.line


@given(seed=SEEDS)
def test_noise_alone_does_not_let_a_model_pass(seed):
    """What cannot be told from the champion on few people is refused: the upper end counts, not the mean."""
    rng = np.random.default_rng(seed)
    difference = rng.normal(0.0, 0.5, 50)
    difference -= difference.mean()
    gate = gates.log_loss_gate("type", difference, np.arange(50), seed)
    assert not gate.passed
    assert gate.value > 0.01


def test_patients_are_drawn_not_visits():
    """Ten visits of a patient that say the same are no ten patients."""
    each = np.random.default_rng(1).normal(-0.05, 0.4, 40)
    alone = gates.log_loss_gate("spread", each, np.arange(40), 1)
    tenfold = gates.log_loss_gate("spread", np.repeat(each, 10), np.repeat(np.arange(40), 10), 1)
    assert tenfold.value == pytest.approx(alone.value, abs=0.02)


def test_a_model_that_is_right_replaces_one_that_is_blunt_and_not_the_other_way_round():
    probabilities, truth = two_labels(600, 3)
    sharp, blunt = of_labels(probabilities, truth), of_labels(np.full((600, 2), 0.5), truth)
    assert compared(sharp, blunt)[0].passed
    assert not compared(blunt, sharp)[0].passed


def test_a_site_for_which_a_model_is_worse_is_named():
    """Better on the whole, but worse by 0.1 at the smaller site; a site of 19 people is not judged."""
    site = np.array(["site 1"] * 200 + ["site 2"] * 40 + ["site 3"] * 19, dtype=object)
    difference = np.where(site == "site 1", -0.1, 0.1)
    people = np.arange(259).astype(str).astype(object)
    (gate,) = gates.subgroup_gates("type", difference, people, people, parts={"site": site}, seed=1)
    assert gate.line == (
        "FAILED  subgroups    type: site site 2: log-loss +0.1000 nats against the champion "
        "(95 % interval +0.1000 to +0.1000), 0.0700 more than the 0.03 that is allowed"
    )
    (fine,) = gates.subgroup_gates("type", difference - 0.08, people, people, parts={"site": site}, seed=1)
    assert fine.passed
    few = (difference[-19:], people[-19:], people[-19:])
    assert gates.subgroup_gates("type", *few, parts={"site": site[-19:]}, seed=1) == ()


@given(people=st.integers(0, 99))
def test_few_events_are_insufficient_and_small_counts_are_not_told(people):
    gate = gates.events_gate("spread", people)
    assert not gate.passed
    assert "insufficient" in gate.line
    assert (f"{people} people" in gate.line) == (people == 0 or people >= 5)
    assert gate.value == (people if people >= 5 else 0.0)
    assert gates.events_gate("spread", people + 100).passed


def test_sets_that_keep_their_promise_are_refused_as_rarely_as_is_said():
    """Coverage drawn from its own law (split conformal, 300 behind the thresholds, 200 asked): 1 in 200 is too low."""
    rng = np.random.default_rng(20261123)
    k = int(np.ceil(301 * 0.9))
    shares = beta.rvs(k, 301 - k, size=4000, random_state=rng)
    hits = rng.binomial(200, shares)
    refused = np.mean([not gates.coverage_gate("type", np.arange(200) < hit, 300, 0.9).passed for hit in hits])
    assert refused <= 0.005 + 3.0 * (0.005 * 0.995 / 4000) ** 0.5


@given(inside=st.integers(0, 200))
def test_more_people_inside_their_sets_never_make_it_worse(inside):
    one, more = (gates.coverage_gate("type", np.arange(201) < count, 400, 0.9) for count in (inside, inside + 1))
    assert more.passed >= one.passed
    assert more.value > one.value


def test_sets_without_patients_enough_promise_everything():
    """Where every label is in every set, a label that is outside of one is one that the model does not know."""
    assert gates.coverage_gate("type", np.ones(50, dtype=bool), 5, 0.9).passed
    assert not gates.coverage_gate("type", np.arange(50) > 0, 5, 0.9).passed


@given(ratio=st.floats(0.0, 3.0))
def test_observed_over_expected_passes_inside_its_range_only(ratio):
    assert gates.calibration_gate("spread 5y", ratio).passed == (0.8 <= ratio <= 1.25)


@given(ratio=st.floats(0.0, 3.0), low=st.floats(0.0, 3.0), width=st.floats(0.0, 3.0))
def test_observed_over_expected_fails_only_where_chance_does_not_reach(ratio, low, width):
    """A ratio outside the range passes as far as its interval, which holds it, reaches into the range."""
    interval = min(low, ratio), max(low + width, ratio)
    reaches = interval[0] <= 1.25 and interval[1] >= 0.8
    assert gates.calibration_gate("spread 1y", ratio, interval).passed == reaches


def test_no_events_and_no_risk_is_no_pass():
    assert not gates.calibration_gate("spread 5y", float("nan")).passed


def test_a_rare_label_fails_only_beyond_chance():
    """Of 400 people 24 with a label that was expected in 18 are no fault; of 4,000, 240 for 180 are."""
    for n, passes in ((400, True), (4000, False)):
        said = np.tile([0.955, 0.045], (n, 1))
        truth = (np.arange(n) < 0.06 * n).astype(int)
        assert gates.label_calibration_gate("type", said, truth, ("a", "b")).passed is passes


def test_a_right_model_of_labels_is_refused_once_in_a_hundred_times_at_most():
    """Eight labels, probabilities that are true by construction."""
    rng = np.random.default_rng(7)
    refused = 0
    for _ in range(400):
        said = rng.dirichlet(np.array([8.0, 4.0, 2.0, 1.0, 0.5, 0.3, 0.2, 0.1]), 300)
        truth = (rng.uniform(size=(300, 1)) > said.cumsum(axis=1)).sum(axis=1)
        refused += not gates.label_calibration_gate("type", said, truth, tuple("abcdefgh")).passed
    assert refused <= 400 * 0.01 + 3.0 * (400 * 0.01 * 0.99) ** 0.5


@given(seed=SEEDS)
def test_risks_are_compared_where_the_event_was_not_seen_too(seed):
    """Interval-censored events: who swaps the models swaps the sign, and equal risks differ by nothing."""
    rng = np.random.default_rng(seed)
    left = rng.uniform(0.0, 4.0, 60)
    right = np.where(rng.uniform(size=60) < 0.5, left + rng.uniform(0.1, 3.0, 60), np.inf)
    one, other = (np.sort(rng.uniform(0.01, 0.9, (60, 2)), axis=1) for _ in range(2))
    mine, theirs = of_risks(one, left, right), of_risks(other, left, right)
    assert np.allclose(log_loss_differences(mine, theirs), -log_loss_differences(theirs, mine))
    assert np.allclose(log_loss_differences(mine, mine), 0.0)


def test_risks_are_compared_at_the_horizons_that_both_have():
    left, right = np.array([0.0, 5.0]), np.array([1.0, np.inf])
    mine = of_risks(np.array([[0.2, 0.9], [0.2, 0.1]]), left, right)
    theirs = of_risks(np.array([[0.5], [0.5]]), left, right, horizons=("5y",))
    assert log_loss_differences(mine, theirs) == pytest.approx(np.log(0.5 / np.array([0.9, 0.9])))


def test_every_line_is_one_line_and_every_number_in_it_is_said_with_what_was_needed():
    """Whoever reads a refusal knows which gate it was, on what, and by how much."""
    failed = [
        gates.events_gate("spread", 40),
        gates.coverage_gate("phenotype", np.zeros(100, dtype=bool), 400, 0.9),
        gates.calibration_gate("spread 5y", 1.5),
        gates.log_loss_gate("type", np.full(40, 0.2), np.arange(40), 1),
    ]
    lines = pd.Series([gate.line for gate in failed])
    assert lines.str.startswith("FAILED").all()
    assert not lines.str.contains("\n").any()
    assert "60 fewer" in lines[0]
    assert "90 % was promised" in lines[1]
    assert "0.25 above the range" in lines[2]
    assert "0.1900 above" in lines[3]
