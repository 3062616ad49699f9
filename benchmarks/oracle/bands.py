"""How hard the cohorts are: figures of the oracle at the first visit, and of a model trained on few patients."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.study import Recipe
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.movement_figures import LATENTS

SMALL_STUDY = {"essential_tremor": 33, "parkinson_disease": 30, "dystonic": 15}
"""A: 78 people of three kinds of tremor; the one published study of that size gives its total only."""

_TREMULOUS = ("cervical", "upper_limb_non_task", "segmental_other", "writers_cramp", "generalized")
_MIMICS = ("essential_tremor", "parkinson_disease", "functional", "healthy")


class FirstVisits:
    """The first visits of a cohort: true classes, the oracle's answers, and the blurred latents."""

    def __init__(self, synthetic: SyntheticCohort) -> None:
        truth = synthetic.truth
        told = truth.evidence
        self.names = told.mix.names
        self.phenotypes = np.array([phenotype for phenotype, _ in told.mix.pairs])
        self.first = np.flatnonzero(told.visits.number == 0)
        self.label = told.people.pair[told.visits.patient[self.first]]
        self.recorded = told.recorded[self.first]
        self.oracle = truth.oracle.iloc[self.first]
        self.blurred = told.blurred[self.first]
        spread = told.spread_y[told.visits.patient[self.first]]
        self.years_to_spread = spread - told.visits.years(told.people)[self.first]

    @property
    def phenotype(self) -> np.ndarray:
        """True phenotype."""
        return self.phenotypes[self.label]

    def classes(self, pattern: str) -> np.ndarray:
        """Probability of each class."""
        return self.oracle[[f"{pattern}__{name}" for name in self.names]].to_numpy()

    def by_phenotype(self, pattern: str) -> tuple[np.ndarray, list[str]]:
        """Probability of each phenotype, and their names."""
        words = sorted(set(self.phenotypes))
        member = np.array([self.phenotypes == word for word in words], dtype=float)
        return self.classes(pattern) @ member.T, words


def dystonic_or_essential(visits: FirstVisits) -> float:
    """Balanced accuracy of the measured latents alone, dystonic tremor against essential, each group weighed alike."""
    dystonic = np.isin(visits.phenotypes, _TREMULOUS)
    essential = visits.phenotypes == "essential_tremor"
    chosen = visits.recorded & (dystonic | essential)[visits.label]
    answer = visits.classes("sensor")[chosen]
    truly = essential[visits.label[chosen]]
    ratio = answer[:, essential].sum(axis=1) / answer[:, dystonic].sum(axis=1)
    usual = truly.mean() / (1 - truly.mean())
    return float(balanced_accuracy_score(truly, ratio > usual))


def phenotype_macro_f1(visits: FirstVisits) -> float:
    """Macro F1 of the phenotype from form and measured latents."""
    answer, words = visits.by_phenotype("measured")
    return float(f1_score(visits.phenotype, np.array(words)[answer.argmax(axis=1)], average="macro"))


def spread_auc(visits: FirstVisits, years: float = 5.0) -> float:
    """Area under the curve of the risk of spread, among who is at risk."""
    risk = visits.oracle[f"risk__measured__{years:g}y"].to_numpy()
    at_risk = ~np.isnan(risk)
    return float(roc_auc_score(visits.years_to_spread[at_risk] <= years, risk[at_risk]))


def tremor_of_few(visits: FirstVisits, seeds: int) -> dict[str, tuple[float, float]]:
    """Accuracy and dystonic recall, cross-validated, of the best of two models on 78 people; means over draws."""
    groups = {
        "essential_tremor": visits.phenotype == "essential_tremor",
        "parkinson_disease": visits.phenotype == "parkinson_disease",
        "dystonic": np.isin(visits.phenotype, _TREMULOUS),
    }
    models = {
        "forest": RandomForestClassifier(300, min_samples_leaf=2, random_state=0),
        "logistic": make_pipeline(
            StandardScaler(),
            LogisticRegression(C=0.1, max_iter=2000),
        ),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        rows = {
            k: random.choice(np.flatnonzero(m & visits.recorded), SMALL_STUDY[k], replace=False)
            for k, m in groups.items()
        }
        X = np.vstack([visits.blurred[each] for each in rows.values()])
        y = np.repeat(list(rows), [len(each) for each in rows.values()])
        folds = StratifiedKFold(10, shuffle=True, random_state=seed)
        for name, model in models.items():
            answer = cross_val_predict(model, X, y, cv=folds)
            recall = recall_score(y, answer, labels=["dystonic"], average="macro")
            found[name].append((accuracy_score(y, answer), recall))
    return {
        name: (float(np.mean([a for a, _ in each])), float(np.mean([r for _, r in each])))
        for name, each in found.items()
    }


def strongest_single_feature(recipe: Recipe, patients: int) -> tuple[float, str, str, str]:
    """Return the largest area under the curve of one feature between two classes, and which."""
    alike = Recipe(
        **{**vars(recipe), "phenotypes": {}, "aetiologies": {}, "classes": dict.fromkeys(recipe.classes, 1.0)}
    )
    synthetic = generate(alike, patients=patients, seed=7)
    told = synthetic.truth.evidence
    first = np.flatnonzero(told.visits.number == 0)
    label = told.people.pair[told.visits.patient[first]]
    visits = synthetic.cohort.visits.iloc[first]
    from pipeline.synthetic.form import ASKED

    columns = {item: visits[item].to_numpy() for item in ASKED}
    columns |= {
        "age_at_onset_y": visits["age_at_onset_y"].to_numpy(),
        "duration": told.people.duration_y[told.visits.patient[first]],
    }
    columns |= {name: told.blurred[first, number] for number, name in enumerate(LATENTS)}
    worst = (0.0, "", "", "")
    found = []
    for name, values in columns.items():
        known = ~np.isnan(values)
        for one in range(len(told.mix.pairs)):
            for other in range(one):
                a, b = values[known & (label == one)], values[known & (label == other)]
                area = roc_auc_score(np.r_[np.ones(len(a)), np.zeros(len(b))], np.r_[a, b])
                area = max(area, 1 - area)
                found.append((area, name, told.mix.names[one], told.mix.names[other]))
    return sorted(found, reverse=True)
