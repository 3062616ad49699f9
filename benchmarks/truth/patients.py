"""Synthetic patients as a model of the intake study sees them, with the oracle's answers beside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.config import load_study
from pipeline.features.catalogue import model_columns
from pipeline.features.extract import extract
from pipeline.outcomes import PAIR, derive
from pipeline.recipe import Recipe
from pipeline.selection import TrainingRows
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.visible import visible

STUDY = load_study("dystonia-intake")
TYPE, SPREAD = STUDY.targets


@dataclass(frozen=True)
class Patients:
    """A cohort, and features of its visits: those of the form, and the blurred latents in place of recordings.

    Attributes
    ----------
    synthetic : SyntheticCohort
    X : ndarray, shape (visits, features)
        The latents are the last columns; NaN where nothing was recorded.
    masks : ndarray, shape (visits, cells)
        Which cells of the record are filled, as far as the study may see it, and whether movement was recorded.
    latents : int
    """

    synthetic: SyntheticCohort
    X: np.ndarray
    masks: np.ndarray
    latents: int

    @property
    def modalities(self) -> tuple[tuple[int, ...], ...]:
        """Columns of the recordings."""
        return (tuple(range(self.X.shape[1] - self.latents, self.X.shape[1])),)

    @property
    def recorded(self) -> np.ndarray:
        """Whether movement was recorded at each visit."""
        return self.synthetic.truth.visits["recorded"].to_numpy() > 0

    @cached_property
    def one_visit(self) -> np.ndarray:
        """One visit of each patient, drawn at random."""
        groups = self.synthetic.cohort.groups.astype(str)
        order = np.random.default_rng(0).permutation(len(groups))
        return np.sort(order[np.unique(groups[order], return_index=True)[1]])

    def rows(self, target: str) -> TrainingRows:
        """Return what a target is learned from."""
        cohort = self.synthetic.cohort
        wanted = TYPE if target == "type" else SPREAD
        truth = derive(cohort, wanted)
        patients = cohort.groups[truth.visits]
        return TrainingRows(
            *(wanted, self.X[truth.visits], truth, patients, patients, self.modalities),
            prespecified=wanted.prespecified_among(model_columns()),
            clock=wanted.clock_among(model_columns()),
        )

    def label(self, part: int, *, true: bool = False) -> np.ndarray:
        """Return phenotype (0) or aetiology (1) of each visit, as recorded or true."""
        name = ("phenotype", "aetiology")[part]
        if not true:
            return self.synthetic.cohort.outcomes[name].to_numpy(str)
        return self.synthetic.truth.patients[name].to_numpy(str)[self.synthetic.truth.evidence.visits.patient]

    def oracle(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the measurement oracle's probability of each recorded label, and the labels."""
        names = self.synthetic.truth.evidence.mix.names
        answer = self.synthetic.truth.oracle[[f"recorded__measured__{name}" for name in names]].to_numpy()
        return margin(answer, names, part)

    def oracle_risk(self, years: float) -> np.ndarray:
        """Return the oracle's risk of a spread within these years; NaN for who is not at risk."""
        return self.synthetic.truth.oracle[f"risk__measured__{years:g}y"].to_numpy()


def patients(recipe: Recipe, count: int, seed: int) -> Patients:
    """Make a cohort and its features."""
    synthetic = generate(recipe, patients=count, seed=seed)
    seen = visible(synthetic.cohort, STUDY)
    form = extract(seen)[model_columns()].to_numpy()
    hidden = synthetic.truth.visits
    filled = (seen.visits.notna() & (seen.visits != "")).to_numpy(float)
    masks = np.column_stack([filled, hidden["recorded"].to_numpy()])
    latents = hidden.filter(like="blurred_").to_numpy(copy=True)
    latents[hidden["recorded"].to_numpy() == 0] = np.nan
    return Patients(synthetic, np.hstack([form, latents]), masks, latents.shape[1])


def margin(joint: np.ndarray, names: tuple[str, ...] | np.ndarray, part: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum joint probabilities to those of one part of the labels."""
    own = np.array([str(name).split(PAIR)[part] for name in names])
    words = np.unique(own)
    return joint @ (own[:, None] == words).astype(float), words
