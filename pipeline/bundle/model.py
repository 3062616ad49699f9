"""A trained model: what it was asked to learn, the estimators, and what they say of a cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.errors import UsageError
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.features.spec import Feature
from pipeline.learners.hazard import ProgressionHazard
from pipeline.learners.sets import ROOT, PredictionSets, answer
from pipeline.learners.types import TypeClassifier
from pipeline.outcomes import PAIR, eligibility, probability_at_risk
from pipeline.records import IDENTITY, Cohort
from pipeline.rules import red_flags
from pipeline.study import Mapping as Layout
from pipeline.study import Study, Target
from pipeline.visible import visible
from pipeline.vocabulary import LABEL_TREE

Map = Callable[..., Iterable[Any]]

RISK_GROUPS = ("low", "middle", "high")
_NO_EVIDENCE = (
    "source",
    "row",
    "patient_id",
    "visit_id",
    "visit_date",
    "weeks_since_enrolment",
    "centre",
    "publication",
)


@dataclass(frozen=True)
class TargetModel:
    """The estimator of one target, with what turns its numbers into answers.

    Attributes
    ----------
    target : Target
    estimator : TypeClassifier or ProgressionHazard
    sets : dict
        For each label column its conformal sets; empty for a time to an event.
    group_cuts : tuple of float
        Risks at the longest horizon that part low from middle and middle from high; empty for a classification.
    """

    target: Target
    estimator: TypeClassifier | ProgressionHazard
    sets: Mapping[str, PredictionSets] = field(default_factory=dict)
    group_cuts: tuple[float, ...] = ()

    def columns(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Predict a matrix of features.

        Returns
        -------
        dict
            The target's columns of the predictions, each of shape (rows,).
        """
        if isinstance(self.estimator, TypeClassifier):
            pairs = self.estimator.predict_proba(X)
            named = enumerate(self.target.label_columns)
            parts = [
                self._label_columns(name, X, *margin(pairs, self.estimator.classes_, part)) for part, name in named
            ]
            return {name: values for part in parts for name, values in part.items()}
        return self._risk_columns(X)

    def _label_columns(
        self, name: str, X: np.ndarray, labels: tuple[str, ...], probability: np.ndarray
    ) -> dict[str, np.ndarray]:
        members = self.sets[name].members(probability, X)
        first, which = _alike(members)  # a few sets of labels, each of many visits
        answers = answer(members[first], labels, LABEL_TREE)[which]
        sets = ["|".join(np.array(labels, dtype=object)[row]) for row in members[first]]
        columns = {name: np.array(labels, dtype=object)[probability.argmax(axis=1)]}
        columns |= {f"{name}_p_{label}": probability[:, at] for at, label in enumerate(labels)}
        columns[f"{name}_set"] = np.array([*sets, ""], dtype=object)[which]
        columns[f"{name}_answer"] = answers.astype(object)
        columns[f"{name}_abstained"] = answers == ROOT
        return columns

    def _risk_columns(self, X: np.ndarray) -> dict[str, np.ndarray]:
        assert isinstance(self.estimator, ProgressionHazard)
        risk = self.estimator.predict_risk(X)
        low, high = self.estimator.predict_risk_interval(X)
        columns: dict[str, np.ndarray] = {}
        for at, horizon in enumerate(self.target.horizons):
            name = f"{self.target.name}_risk_{horizon}"
            columns |= {name: risk[:, at], f"{name}_low": low[:, at], f"{name}_high": high[:, at]}
        group = np.searchsorted(self.group_cuts, risk[:, -1], side="right")
        columns[f"{self.target.name}_group"] = np.array(RISK_GROUPS, dtype=object)[group]
        return columns


def margin(pairs: np.ndarray, classes: np.ndarray, part: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Sum the probabilities of joint labels to those of one of their parts.

    Columns are added one by one: a sum over an axis could differ in its last bit with the number of rows.

    Examples
    --------
    >>> labels, p = margin(np.array([[0.2, 0.3, 0.5]]), np.array(["a/x", "a/y", "b/x"]), 0)
    >>> labels, p.tolist()
    (('a', 'b'), [[0.5, 0.5]])
    """
    parts = [str(pair).split(PAIR)[part] for pair in classes]
    labels = tuple(dict.fromkeys(parts))
    total = np.zeros((len(pairs), len(labels)))
    for at, label in enumerate(parts):
        total[:, labels.index(label)] += pairs[:, at]
    return labels, total


@dataclass(frozen=True)
class ModelBundle:
    """All that is needed to predict, and to say where it came from.

    Attributes
    ----------
    study : Study
    models : tuple of TargetModel
    features : tuple of str
        Names of the feature columns, in the order of the estimators' inputs.
    provenance : dict
        Name, versions, training digest and counts, scores: all that `show` prints.
    synthetic : bool
        Whether it was trained on synthetic data.
    mapping : Mapping, optional
        How the cohort that it was trained on was read; the same layout can then be predicted without naming it.
    digest : str
        SHA-256 of the manifest that it was loaded from, and with it of all members.
    """

    study: Study
    models: tuple[TargetModel, ...]
    features: tuple[str, ...]
    provenance: Mapping[str, Any]
    synthetic: bool
    mapping: Layout | None = None
    digest: str = ""

    @cached_property
    def known_features(self) -> tuple[Feature, ...]:
        """The catalogue, and the features of the study's plugins."""
        return features_with(self.study.features.plugins)

    def refuse_real(self, *, synthetic: bool) -> None:
        """Refuse to speak of real people if trained on synthetic data.

        Parameters
        ----------
        synthetic : bool
            Whether the input is marked as synthetic, or whoever asks has said that it is for research only.

        Raises
        ------
        UsageError
        """
        if self.synthetic and not synthetic:
            raise UsageError(
                "the model",
                "was trained on synthetic data",
                needed="the input is not marked synthetic",
                do="Train on real records, or give --research-only: the warning then stands with all that it says",
            )

    def vectors(self, cohort: Cohort, *, map: Map = map) -> np.ndarray:
        """Return the feature matrix of a cohort, as the study may see it; shape (visits, features), C-contiguous."""
        return self._vectors(visible(cohort, self.study), map)

    def _vectors(self, seen: Cohort, map: Map) -> np.ndarray:
        table = extract(seen, self.known_features, map=map)
        return np.ascontiguousarray(table[list(self.features)].to_numpy(dtype=np.float64))

    def predict(
        self,
        cohort: Cohort,
        *,
        batch_size: int = 4096,
        map: Map = map,
        told: Callable[[int], None] = lambda _: None,
    ) -> pd.DataFrame:
        """Predict every visit of a cohort of whole patients.

        Parameters
        ----------
        cohort : Cohort
        batch_size : int
            About how many visits are in memory at once; never shows in the result.
        map : callable
            Runs one function over many recordings, as the built-in does.
        told : callable
            Is told of so many more visits that are done.

        Returns
        -------
        DataFrame
            One row a visit, in the cohort's order, with the columns of `empty`.
        """
        batches: list[pd.DataFrame] = []
        for positions in _patient_batches(cohort, batch_size):
            batch = cohort[positions]
            seen = visible(batch, self.study)
            batches.append(self._table(batch, seen, self._vectors(seen, map)))
            told(len(batch))
        if not batches:
            return self.empty()
        return pd.concat(batches).sort_values(["source", "row"], kind="stable", ignore_index=True)

    def empty(self) -> pd.DataFrame:
        """Return a table of predictions without rows: all columns, in order, with their types."""
        nothing = Cohort(pd.DataFrame({name: pd.Series(dtype=object) for name in IDENTITY}))
        return self._table(nothing, nothing, np.zeros((0, len(self.features))))

    def _table(self, cohort: Cohort, seen: Cohort, X: np.ndarray) -> pd.DataFrame:
        columns: dict[str, Any] = {name: cohort.visits[name].to_numpy() for name in IDENTITY}
        columns["row"] = columns["row"].astype(np.int64)
        modalities = _modalities(seen)
        warnings = [_repeated(cohort), np.where(modalities == "", "ALL_MISSING", "")]
        for model in self.models:
            asked = eligibility(cohort, model.target)
            columns |= _masked(model.columns(X), asked == "", modalities == "")
            if model.target.kind == "time_to_event":
                columns[f"{model.target.name}_p_at_risk"] = probability_at_risk(cohort, model.target)
            warnings.append(np.where(asked == "", "", model.target.name + ":" + asked.astype(str)))
        columns["red_flags"] = red_flags(cohort.visits)
        columns["modalities"] = modalities
        columns["warnings"] = _joined(warnings)
        columns["model"] = np.full(len(cohort), str(self.provenance["name"]), dtype=object)
        return pd.DataFrame(columns)


def _patient_batches(cohort: Cohort, batch_size: int) -> Iterator[np.ndarray]:
    """Yield the positions of whole patients, about a batch at a time."""
    codes = pd.factorize(cohort.groups)[0]
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order], append=-1)) + 1
    start = 0
    for end in ends:
        if end - start >= batch_size or end == ends[-1]:
            yield order[start:end]
            start = end


def _masked(columns: dict[str, np.ndarray], asked: np.ndarray, no_evidence: np.ndarray) -> dict[str, np.ndarray]:
    """Blank the columns where the target can't be asked; abstain there and where nothing is recorded."""
    masked: dict[str, np.ndarray] = {}
    for name, values in columns.items():
        if values.dtype == bool:
            masked[name] = values | ~asked | no_evidence
        elif values.dtype.kind == "f":
            masked[name] = np.where(asked, values, np.nan)
        else:
            masked[name] = np.where(asked, values, "").astype(object)
    return masked


def _modalities(cohort: Cohort) -> np.ndarray:
    """Name what each visit holds: a form, findings, treatments, recordings; joined with ``|``."""
    form = np.zeros(len(cohort), dtype=bool)
    for name, values in cohort.visits.items():
        if name not in (*_NO_EVIDENCE, "findings"):
            left = np.flatnonzero(~form)  # most visits have something in the first columns already
            if not len(left):
                break
            found = values.to_numpy()[left]
            form[left] = ~pd.isna(found) & (found != "")
    recorded = {(recording.patient_id, recording.visit_id) for recording in cohort.recordings}
    treated = set(cohort.treatments["patient_id"]) if len(cohort.treatments) else set()
    here = list(zip(cohort.visits["patient_id"], cohort.visits["visit_id"], strict=True))
    there = {
        "form": form,
        "findings": (cohort.visits["findings"] != "").to_numpy(dtype=bool)
        if "findings" in cohort.visits
        else form & False,
        "treatments": np.array([patient in treated for patient, _ in here], dtype=bool),
        "recordings": np.array([visit in recorded for visit in here], dtype=bool),
    }
    return _joined([np.where(where, name, "") for name, where in there.items()])


def _alike(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the rows of small numbers that are the same, so that each kind is worked on once.

    Returns
    -------
    first : ndarray, shape (kinds,)
        A row of each kind.
    which : ndarray, shape (rows,)
        Kind of each row.

    Examples
    --------
    >>> first, which = _alike(np.array([[1, 0], [0, 0], [1, 0]]))
    >>> first.tolist(), which.tolist()
    ([0, 1], [0, 1, 0])
    """
    which = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        which = pd.factorize(which * (1 + int(column.max(initial=0))) + column)[0].astype(np.int64)
    first = np.zeros(which.max(initial=-1) + 1, dtype=np.int64)
    first[which[::-1]] = np.arange(len(rows))[::-1]
    return first, which


def _repeated(cohort: Cohort) -> np.ndarray:
    keys = cohort.visits[["patient_id", "visit_id"]]
    return np.where(keys.duplicated(keep=False) & (keys["visit_id"] != ""), "duplicate_id", "")


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Join the words of each row with ``|``, empty ones left out."""
    coded = [pd.factorize(part) for part in parts]
    first, which = _alike(np.stack([codes for codes, _ in coded], axis=1))
    words = zip(*(words[codes[first]] for codes, words in coded), strict=True)
    return np.array([*("|".join(filter(None, row)) for row in words), ""], dtype=object)[which]
