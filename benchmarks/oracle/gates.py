"""What must hold of the oracle, measured: each gate returns what was found."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import chi2, kstest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import SplineTransformer

from benchmarks.oracle.bands import FirstVisits
from pipeline.study import Recipe
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.cohort import Truth
from pipeline.synthetic.movement_figures import LATENTS
from pipeline.synthetic.oracle import CLASS_PATTERNS, HORIZONS_Y, RISK_PATTERNS, ask
from pipeline.synthetic.quadrature import NODES

_BINS = 20


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
    X, X_test = train.inputs(), test.inputs()
    answers = [model.fit(X, y).predict_proba(X_test) for model in (_trees(), _splines(X))]
    answers.append((answers[0] + answers[1]) / 2)
    names = ("boosted trees", "logistic regression on splines", "mean of both")
    losses = (log_loss(truth, answer, labels=words) for answer in answers)
    return Attained(attainable, {name: (usual - loss) / attainable for name, loss in zip(names, losses, strict=True)})


def _trees() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=0.15,
        max_iter=90,
        max_leaf_nodes=12,
        min_samples_leaf=60,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=0,
    )


def _splines(X: pd.DataFrame) -> Pipeline:
    """Additive log odds: what is right where the inputs are independent given the class."""
    numbers = [str(name) for name in X if X[name].nunique() > 2]
    flags = [str(name) for name in X if name not in numbers]
    bend = make_pipeline(SimpleImputer(), SplineTransformer(n_knots=5, degree=2, knots="quantile"))
    columns = ColumnTransformer(
        [
            ("flags", SimpleImputer(strategy="constant", fill_value=0.5, add_indicator=True), flags),
            ("numbers", bend, numbers),
            ("recorded", MissingIndicator(features="all"), [LATENTS[0]]),
        ]
    )
    return make_pipeline(columns, LogisticRegression(C=1.0, max_iter=80, tol=1e-2))
