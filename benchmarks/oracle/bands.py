"""How hard the cohorts are: figures of the oracle at the first visit, and of a model trained on few patients."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, recall_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.recipe import Recipe
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.form import ASKED
from pipeline.synthetic.movement_figures import LATENTS

SMALL_STUDY = {"essential_tremor": 33, "parkinson_disease": 30, "dystonic": 15}
"""A: 78 people with three kinds of tremor; of the one published study of that size we know the total only."""

TREMULOUS = ("cervical", "upper_limb_non_task", "segmental_other", "writers_cramp", "generalized")
"""Phenotypes whose tremor is recorded as dystonic."""

STRUCTURAL = {
    "task_specific": {"writers_cramp", "musicians"},
    "neuroleptic_exposure": {"acquired_tardive", "acquired_acute_drug"},
    "head_injury": {"acquired_tbi"},
    "duration_y": {"acquired_acute_drug"},
    "birth_asphyxia": {"acquired_perinatal"},
}
"""Inputs that define a phenotype or cause: no alarm between these and others."""


class FirstVisits:
    """The first visits of a cohort: true and recorded classes, the oracle's answers, inputs."""

    def __init__(self, synthetic: SyntheticCohort) -> None:
        told = synthetic.truth.evidence
        self.names = told.mix.names
        self.phenotypes = np.array([phenotype for phenotype, _ in told.mix.pairs])
        self.first = np.flatnonzero(told.visits.number == 0)
        self.patient = told.visits.patient[self.first]
        self.label = told.people.pair[self.patient]
        self.recorded_phenotype = synthetic.truth.patients["recorded_phenotype"].to_numpy(str)[self.patient]
        self.has_recording = told.recorded[self.first]
        self.blurred = told.blurred[self.first]
        self.visits = synthetic.cohort.visits.iloc[self.first]
        self.years_to_spread = (told.spread_y[told.visits.patient] - told.visits.years(told.people))[self.first]
        self._truth = synthetic.truth

    @property
    def phenotype(self) -> np.ndarray:
        """True phenotype."""
        return self.phenotypes[self.label]

    def oracle(self, column: str) -> np.ndarray:
        """Return one of the oracle's answers."""
        return self._truth.oracle[column].to_numpy()[self.first]

    def classes(self, pattern: str) -> np.ndarray:
        """Return the probability of each class."""
        return np.stack([self.oracle(f"{pattern}__{name}") for name in self.names], axis=1)

    def by_phenotype(self, pattern: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of each phenotype, and the phenotypes."""
        words = np.unique(self.phenotypes)
        return self.classes(pattern) @ (self.phenotypes[:, None] == words).astype(float), words

    def inputs(self) -> pd.DataFrame:
        """Return form and blurred latents as numbers, NaN where nothing was recorded."""
        table = self.visits[[*ASKED, "age_at_onset_y"]].astype(float).reset_index(drop=True)
        table["duration_y"] = (self.visits["age_at_visit_y"] - self.visits["age_at_onset_y"]).to_numpy()
        table["female"] = (self.visits["sex"] == "female").to_numpy(float)
        for centre in sorted(set(self.visits["centre"])):
            table[centre] = (self.visits["centre"] == centre).to_numpy(float)
        for number, name in enumerate(LATENTS):
            table[name] = np.where(self.has_recording, self.blurred[:, number], np.nan)
        return table


def dystonic_or_essential(visits: FirstVisits) -> float:
    """Balanced accuracy of the measured latents alone, dystonic tremor against essential, each group weighed alike."""
    dystonic, essential = np.isin(visits.phenotypes, TREMULOUS), visits.phenotypes == "essential_tremor"
    chosen = visits.has_recording & (dystonic | essential)[visits.label]
    answer, truly = visits.classes("sensor")[chosen], essential[visits.label[chosen]]
    ratio = answer[:, essential].sum(axis=1) / answer[:, dystonic].sum(axis=1)
    return float(balanced_accuracy_score(truly, ratio > truly.mean() / (1 - truly.mean())))


def phenotype_macro_f1(visits: FirstVisits) -> float:
    """Macro F1 of the most likely phenotype from form and measured latents."""
    answer, words = visits.by_phenotype("measured")
    return float(f1_score(visits.phenotype, words[answer.argmax(axis=1)], average="macro"))


def spread_auc(visits: FirstVisits) -> float:
    """Area under the curve of the 5-year risk of spread, among who is at risk at the first visit."""
    risk = visits.oracle("risk__measured__5y")
    at_risk = ~np.isnan(risk)
    return float(roc_auc_score(visits.years_to_spread[at_risk] <= 5, risk[at_risk]))


def tremor_of_few(visits: FirstVisits, draws: int) -> tuple[float, float]:
    """Accuracy and dystonic recall, cross-validated, of the better of two models on 78 people; means over draws."""
    groups = {word: visits.phenotype == word for word in ("essential_tremor", "parkinson_disease")}
    groups["dystonic"] = np.isin(visits.phenotype, TREMULOUS)
    models = (
        RandomForestClassifier(200, min_samples_leaf=2, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)),
    )
    found = np.zeros((len(models), draws, 2))
    for draw in range(draws):
        random = np.random.default_rng(draw)
        rows = [
            random.choice(np.flatnonzero(member & visits.has_recording), SMALL_STUDY[word], replace=False)
            for word, member in groups.items()
        ]
        X, y = visits.blurred[np.concatenate(rows)], np.repeat(list(groups), [len(each) for each in rows])
        for number, model in enumerate(models):
            answer = cross_val_predict(model, X, y, cv=StratifiedKFold(10, shuffle=True, random_state=draw))
            recall = recall_score(y, answer, labels=["dystonic"], average="macro")
            found[number, draw] = accuracy_score(y, answer), recall
    means = found.mean(axis=1)
    best = means[means[:, 0].argmax()]
    return float(best[0]), float(best[1])


def strongest_features(recipe: Recipe, patients: int) -> dict[str, tuple[float, str]]:
    """Return the largest area under the curve of one input between two classes that it does not define, and which.

    Apart from all others stands onset age: some causes are of childhood and others of old age, as published.
    """
    alike = replace(recipe, phenotypes={}, aetiologies={}, classes=dict.fromkeys(recipe.classes, 1.0), max_visits=1)
    visits = FirstVisits(generate(alike, patients=patients, seed=7))
    found = {"single": (0.0, ""), "age": (0.0, "")}
    for name, column in visits.inputs().items():
        known, values = column.notna().to_numpy(), column.to_numpy()
        groups = [values[known & (visits.label == number)] for number in range(len(visits.names))]
        defined = [bool(STRUCTURAL.get(str(name), set()) & set(pair.split("/"))) for pair in visits.names]
        kind = "age" if name == "age_at_onset_y" else "single"
        for one, other in combinations(range(len(groups)), 2):
            if defined[one] == defined[other] and len(groups[one]) and len(groups[other]):
                told = f"{name}: {visits.names[one]}, {visits.names[other]}"
                found[kind] = max(found[kind], (_area(groups[one], groups[other]), told))
    return found


def _area(one: np.ndarray, other: np.ndarray) -> float:
    """Area under the curve between two samples, ties counted half, whichever is larger."""
    below, up_to = (np.searchsorted(np.sort(other), one, side=side) for side in ("left", "right"))
    area = float((below + up_to).mean() / (2 * len(other)))
    return max(area, 1 - area)
