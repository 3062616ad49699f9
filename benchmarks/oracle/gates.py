"""What must hold of the oracle, measured: each gate returns what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import chi2, kstest
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.oracle.bands import FirstVisits
from pipeline.recipe import Recipe
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.cohort import Truth
from pipeline.synthetic.oracle import CLASS_PATTERNS, HORIZONS_Y, RISK_PATTERNS, ask
from pipeline.synthetic.quadrature import NODES

_BINS = 20
_NETWORKS = 5


def doubling(synthetic: SyntheticCohort) -> float:
    """Return the largest change of any probability when the nodes are doubled."""
    evidence = synthetic.truth.evidence
    coarse, fine = (ask(evidence, nodes).drop(columns=["patient_id", "visit_id"]) for nodes in (NODES, 2 * NODES))
    return float((coarse - fine).abs().max(axis=None))


def impossible(synthetic: SyntheticCohort) -> float:
    """Return the largest probability of a class that the record rules out: 0, exactly, if the oracle keeps to it."""
    truth, visits = synthetic.truth, synthetic.cohort.visits
    rules = {
        "task_specific": ("writers_cramp", "musicians"),
        "neuroleptic_exposure": ("acquired_tardive", "acquired_acute_drug"),
        "head_injury": ("acquired_tbi",),
    }
    largest = 0.0
    for item, words in rules.items():
        denied = (visits[item] == 0).to_numpy()
        for name in truth.evidence.mix.names:
            if set(words) & set(name.split("/")):
                for pattern in ("form", "measured", "latent"):
                    largest = max(largest, float(truth.oracle[f"{pattern}__{name}"].to_numpy()[denied].max(initial=0)))
    return largest


def not_monotone(synthetic: SyntheticCohort) -> float:
    """Return the largest fall of a risk from one horizon to the next; 0 if there is none."""
    oracle = synthetic.truth.oracle
    fall = 0.0
    for pattern in RISK_PATTERNS:
        risks = oracle[[f"risk__{pattern}__{years:g}y" for years in HORIZONS_Y]].to_numpy()
        fall = max(fall, float(np.nanmax(-np.diff(risks, axis=1), initial=0.0)))
    return fall


@dataclass(frozen=True)
class Calibration:
    """Simulation-based calibration (Talts et al. 2018): the truth against draws from the oracle's answer.

    Attributes
    ----------
    classes : dict of str to float
        By pattern, p of the ranks of the true class, which are uniform if the oracle is right.
    recorded : float
        The same of the recorded class, by the form.
    risk : float
        p of the events at the first visits within 5 years, by bins of their risk.
    """

    classes: dict[str, float]
    recorded: float
    risk: float

    @property
    def smallest(self) -> float:
        """The smallest p, corrected for how many there are (Bonferroni)."""
        found = [*self.classes.values(), self.recorded, self.risk]
        return min(1.0, min(found) * len(found))


def calibration(synthetic: SyntheticCohort) -> Calibration:
    """Test the oracle on patients that it did not see; one visit a patient, so that they are independent."""
    truth = synthetic.truth
    told = truth.evidence
    last = np.flatnonzero(np.append(told.visits.patient[1:] != told.visits.patient[:-1], True))
    random = np.random.default_rng(20261122)
    names = told.mix.names
    true = told.people.pair[told.visits.patient[last]]
    recorded = truth.patients["recorded_phenotype"] + "/" + truth.patients["recorded_aetiology"]
    written = np.array([names.index(name) for name in recorded])[told.visits.patient[last]]
    oracle = truth.oracle.iloc[last]
    by_pattern = {pattern: _rank_test(oracle, f"{pattern}__", names, true, random) for pattern in CLASS_PATTERNS}
    return Calibration(
        by_pattern, _rank_test(oracle, "recorded__measured__", names, written, random), _risk_test(truth)
    )


def _rank_test(
    oracle: pd.DataFrame, prefix: str, names: tuple[str, ...], true: np.ndarray, random: np.random.Generator
) -> float:
    """Randomised probability integral transform of the class in a shuffled order: uniform if the oracle is right."""
    order = random.permutation(len(names))
    answer = oracle[[f"{prefix}{names[each]}" for each in order]].to_numpy()
    place = np.argsort(order)[true]
    rows = np.arange(len(true))
    upper = np.cumsum(answer, axis=1)[rows, place]
    return float(kstest(upper - random.random(len(true)) * answer[rows, place], "uniform").pvalue)


def _risk_test(truth: Truth) -> float:
    """Chi-squared test of how many events came in each bin of risk."""
    told, oracle = truth.evidence, truth.oracle
    first = told.visits.number == 0
    risk = oracle["risk__measured__5y"].to_numpy()
    years = told.spread_y[told.visits.patient] - told.visits.years(told.people)
    chosen = first & ~np.isnan(risk)
    risk, come = risk[chosen], years[chosen] <= 5
    bins = np.argsort(np.argsort(risk)) * _BINS // len(risk)
    expected, seen, variance = (np.bincount(bins, each, _BINS) for each in (risk, come, risk * (1 - risk)))
    return float(chi2.sf(((seen - expected) ** 2 / variance).sum(), _BINS))


@dataclass(frozen=True)
class Attained:
    """How much of the attainable information about the recorded phenotype a plain model found.

    Attributes
    ----------
    attainable : float
        Nats a patient that the measurement oracle knows beyond the case mix.
    shares : dict of str to float
        By model: its nats over `attainable`.
    """

    attainable: float
    shares: dict[str, float]


def attained(recipe: Recipe, patients: int, tested: int) -> Attained:
    """Train plain models on the recorded phenotype of many patients' first visits, and compare with the oracle."""
    once = replace(recipe, max_visits=1)
    train = FirstVisits(generate(once, patients=patients, seed=101))
    test = FirstVisits(generate(once, patients=tested, seed=202))
    words = np.unique(train.phenotypes)
    member = (test.phenotypes[:, None] == words).astype(float)
    oracle = np.stack([test.oracle(f"recorded__measured__{name}") for name in test.names], axis=1) @ member
    y, truth = train.recorded_phenotype, test.recorded_phenotype
    mix = np.tile([(y == word).mean() for word in words], (len(truth), 1))
    usual = log_loss(truth, mix, labels=words)
    attainable = usual - log_loss(truth, oracle, labels=words)
    X, X_test = (_numbers(visits) for visits in (train, test))
    networks = [_network(seed).fit(X, y).predict_proba(X_test) for seed in range(_NETWORKS)]
    answers = {"one network": networks[0], f"mean of {_NETWORKS} networks": np.mean(networks, axis=0)}
    return Attained(
        attainable,
        {name: (usual - log_loss(truth, answer, labels=words)) / attainable for name, answer in answers.items()},
    )


def _numbers(visits: FirstVisits) -> pd.DataFrame:
    table = visits.inputs()
    return table.assign(log_duration=np.log1p(table["duration_y"]))


def _network(seed: int) -> Pipeline:
    """Return the best plain model that was found: small networks beat boosted trees and additive log odds."""
    network = MLPClassifier(
        (48, 48, 48),
        alpha=1e-2,
        batch_size=512,
        learning_rate_init=1e-3,
        early_stopping=True,
        validation_fraction=0.05,
        n_iter_no_change=4,
        max_iter=40,
        random_state=seed,
    )
    return make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), network)
