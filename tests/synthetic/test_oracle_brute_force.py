"""The oracle against Bayes' rule written out: a sum over all that is hidden, visit after visit, in plain loops."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import lognorm, truncnorm

from pipeline.recipe import Centre, Recipe
from pipeline.synthetic import form_figures, generate
from pipeline.synthetic.absence import chance
from pipeline.synthetic.figures import (
    DURATION_LOG_SD,
    DURATION_MEDIAN_Y,
    FEMALE_LOGIT_PER_DECADE,
    OLDEST_Y,
    SEVERITY_RISE_Y,
    SPREAD_RATIO_ALCOHOL,
    SPREAD_RATIO_FAMILY,
    SPREAD_RATIO_SEVERITY,
    female_share,
    onset_ages,
)
from pipeline.synthetic.form import ITEMS, KINDS
from pipeline.synthetic.latents import TAIL_WIDTHS, errors, latent_model
from pipeline.synthetic.movement_figures import FOLLOW_SEVERITY, LATENTS, SEVERITY_SLOPE
from pipeline.synthetic.oracle import HORIZONS_Y, ask
from pipeline.synthetic.person import HISTORY
from pipeline.synthetic.quadrature import grid_of
from pipeline.synthetic.regions import SPREADS
from pipeline.synthetic.spread import baselines, hazard_at

NODES = 3
SMALL = Recipe(
    name="small",
    title="",
    classes={
        "blepharospasm/idiopathic_isolated": 3.0,
        "writers_cramp/idiopathic_isolated": 2.0,
        "essential_tremor/not_dystonia": 2.0,
    },
    missing=0.2,
    max_visits=3,
    label_noise=0.2,
    recordings=0.6,
    absent=0.2,
    absence_follows_class=1.0,
    heavy_tails=(0.6, 0.3, 0.1),
    twist=0.7,
    centres=(Centre(0.6), Centre(0.4, "smartwatch", 10.0, {"blepharospasm": 3.0}, 1.5, 2.0)),
)


@pytest.fixture(scope="module")
def made():
    return generate(SMALL, patients=20, seed=11)


def log_person(people, row, mix, label):
    total = math.log(mix.by_centre[people.centre[row], label])
    _, ages, _ = onset_ages(mix.pairs[label])
    bounds = (ages.low - ages.mean) / ages.sd, (ages.high - ages.mean) / ages.sd
    age = truncnorm(*bounds, loc=ages.mean, scale=ages.sd)
    onset = people.onset_y[row]
    total += math.log(age.cdf(onset + 0.005) - age.cdf(onset - 0.005))
    wait = lognorm(DURATION_LOG_SD, scale=DURATION_MEDIAN_Y)
    years, longest = people.duration_y[row], OLDEST_Y - onset
    mass = wait.cdf(longest if years >= longest else years + 0.005) - wait.cdf(years - 0.005)
    total += math.log(mass / wait.cdf(longest))
    woman = expit(logit(female_share(mix.pairs[label])) + FEMALE_LOGIT_PER_DECADE * (onset - ages.mean) / 10)
    total += math.log(woman if people.female[row] else 1 - woman)
    for number, item in enumerate(HISTORY):
        if people.asked[row, number]:
            yes = form_figures.share_of_yes(item, mix.pairs[label])
            total += math.log(yes if people.history[item][row] else 1 - yes)
    absent = chance(mix, SMALL, "history")[label]
    return total + math.log(absent if people.history_absent[row] else 1 - absent)


def log_form(answers, pair, severity, burden, region):
    total = 0.0
    for number, item in enumerate(ITEMS):
        if math.isnan(answers[number]):
            continue
        if any(answers[ITEMS.index(kind)] == 1 for kind in KINDS.get(item, ())):
            assert answers[number] == 1
            continue
        slope = form_figures.SEVERITY_LOGIT.get(item, 0.0)
        share = form_figures.share_of_yes(item, pair)
        if share == 1.0:
            yes = 1.0
        else:
            usual = math.log(share / (1 - share)) * math.sqrt(1 + 0.346 * slope**2)
            effect = burden if item in form_figures.OF_BURDEN else severity
            more = form_figures.SPREAD_LOGIT if item in form_figures.ITEMS_OF_REGION.get(region, ()) else 0.0
            yes = 1 / (1 + math.exp(-(usual + slope * effect + more)))
        missed, imagined = form_figures.rater_errors(item)
        written = yes * (1 - missed) + (1 - yes) * imagined
        chance_of_this = written if answers[number] == 1 else 1 - written
        if chance_of_this == 0:
            return -math.inf
        total += math.log(chance_of_this)
    return total


def normal(value, mean, sd):
    return math.exp(-0.5 * ((value - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))


def log_movement(model, values, error, *, years, label, severity):
    total = 0.0
    for kind, tail in product(range(model.weights.shape[1]), range(3)):
        density = model.weights[label, kind] * model.tails[tail]
        for number in range(len(LATENTS)):
            mean = model.mean[kind, number]
            if number >= len(LATENTS) - FOLLOW_SEVERITY:
                mean += SEVERITY_SLOPE * severity + math.log(max(1 - math.exp(-years / SEVERITY_RISE_Y), 0.35))
            density *= normal(
                values[number], mean, math.hypot(model.sd[kind, number] * TAIL_WIDTHS[tail], error[number])
            )
        total += density
    return math.log(total)


def free(people, row, solved, label, *, severity, years, history):
    if label not in solved:
        return 1.0
    baseline = solved[label][int(people.onset_y[row] <= 21)]
    ratio = SPREAD_RATIO_SEVERITY**severity * SPREAD_RATIO_FAMILY ** history[0] * SPREAD_RATIO_ALCOHOL ** history[1]
    return baseline.early * math.exp(-ratio * hazard_at(baseline.with_early, years)) + (1 - baseline.early) * math.exp(
        -ratio * hazard_at(baseline.without, years)
    )


def histories(people, row, pair):
    """Yield the answers of the history that change the hazard, with their chance given what is known."""
    for history in product((0, 1), repeat=2):
        weight = 1.0
        for yes, item in zip(history, ("family_history_dystonia", "alcohol_response"), strict=True):
            if people.asked[row, HISTORY.index(item)]:
                weight *= float(people.history[item][row] == yes)
            else:
                share = form_figures.share_of_yes(item, pair)
                weight *= share if yes else 1 - share
        yield history, weight


def log_movements(told, model, rows, blurred_error, *, years, label, severity):
    total = {"form": 0.0, "measured": 0.0, "latent": 0.0}
    for at, row in enumerate(rows):
        share = chance(told.mix, SMALL, "recordings")[label]
        for pattern in total:
            total[pattern] += math.log(1 - share if told.recorded[row] else share)
        if told.recorded[row]:
            exact = np.zeros(len(LATENTS))
            for pattern, values, error in (
                ("measured", told.blurred, blurred_error[at]),
                ("latent", told.exact, exact),
            ):
                total[pattern] += log_movement(
                    model, values[row], error, years=years[at], label=label, severity=severity
                )
    return total


def by_hand(made, row, last):
    """Probability of each class and pattern, and the risk within each horizon, for a patient at a visit."""
    told = made.truth.evidence
    people, visits, mix = told.people, told.visits, told.mix
    model, solved, grid = latent_model(mix, SMALL), baselines(mix), grid_of(NODES)
    rows = np.flatnonzero(visits.patient == row)[: last + 1]
    years = [people.duration_y[row] + visits.week[at] * 7 / 365.25 for at in rows]
    blurred_error = errors(model, people.centre[visits.patient[rows]], told.blurred[rows])
    movement = {
        (label, one): log_movements(told, model, rows, blurred_error, years=years, label=label, severity=severity)
        for label, (one, severity) in product(range(len(mix.pairs)), enumerate(grid.severity))
    }
    joint = {pattern: np.zeros(len(mix.pairs)) for pattern in ("form", "measured", "latent", "sensor")}
    still = dict.fromkeys(joint, 0.0)
    come = {pattern: np.zeros(len(HORIZONS_Y)) for pattern in joint}
    for label, (one, severity), (other, burden) in product(
        range(len(mix.pairs)), enumerate(grid.severity), enumerate(grid.burden)
    ):
        pair = mix.pairs[label]
        log_absent, seen_as = 0.0, movement[label, one]
        for row_of_visit, (name, absent) in product(rows, visits.absent.items()):
            share = chance(mix, SMALL, name)[label]
            log_absent += math.log(share if absent[row_of_visit] else 1 - share)
        usual = grid.weights[one, other]
        clinic = mix.by_centre[people.centre[row], label]
        joint["sensor"][label] += usual * clinic * math.exp(seen_as["measured"])
        usual *= math.exp(log_person(people, row, mix, label) + log_absent)
        plain = [log_form(visits.answers[at], pair, severity, burden, "") for at in rows]
        for history, weight in histories(people, row, pair):
            if not weight:
                continue
            survival = [
                free(people, row, solved, label, severity=severity, years=at, history=history) for at in (0.0, *years)
            ]
            not_spread = math.exp(sum(plain)) * survival[-1]
            everything = not_spread
            if label in solved:
                for (share, (region,)), first in product(SPREADS[pair[0]], range(len(rows))):
                    told_so = plain[:first] + [
                        log_form(visits.answers[at], pair, severity, burden, region) for at in rows[first:]
                    ]
                    everything += share * (survival[first] - survival[first + 1]) * math.exp(sum(told_so))
            for pattern, seen in seen_as.items():
                joint[pattern][label] += usual * weight * everything * math.exp(seen)
                if label in solved:
                    at_risk = usual * weight * math.exp(sum(plain) + seen)
                    still[pattern] += at_risk * survival[-1]
                    for number, horizon in enumerate(HORIZONS_Y):
                        left = free(
                            people, row, solved, label, severity=severity, years=years[-1] + horizon, history=history
                        )
                        come[pattern][number] += at_risk * (survival[-1] - left)
    classes = {pattern: values / values.sum() for pattern, values in joint.items()}
    return classes, {pattern: come[pattern] / still[pattern] for pattern in ("form", "measured", "latent")}


def test_the_oracle_is_bayes_rule(made):
    """All patterns, classes and horizons agree to 1e-9, for histories of up to three visits with gaps of all kinds."""
    told = made.truth.evidence
    found = ask(told, nodes=NODES)
    for at in range(len(told.visits)):
        row, number = told.visits.patient[at], told.visits.number[at]
        classes, risks = by_hand(made, row, number)
        for pattern, expected in classes.items():
            answer = found[[f"{pattern}__{name}" for name in told.mix.names]].iloc[at]
            np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-9)
        for pattern, expected in risks.items():
            answer = found[[f"risk__{pattern}__{years:g}y" for years in HORIZONS_Y]].iloc[at]
            if not np.isnan(answer).any():
                np.testing.assert_allclose(answer, expected, rtol=0, atol=1e-9)
    assert found.filter(like="risk__").notna().any(axis=None)
    assert told.visits.number.max() == 2
