"""A trained model: what it was asked to learn, the models of its targets, and what they say of a cohort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress, product
from typing import Any

import numpy as np
import pandas as pd

from pipeline.bundle.reasons import Teller, reasons_of
from pipeline.bundle.standing import Standing
from pipeline.bundle.target import TargetModel, alike
from pipeline.errors import UsageError
from pipeline.features.catalogue import column_names
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.features.spec import Feature
from pipeline.features.words import said_of
from pipeline.mapping import Mapping as Layout
from pipeline.outcomes import eligibility
from pipeline.records import IDENTITY, Cohort, in_order
from pipeline.red_flags import red_flags
from pipeline.rules import text
from pipeline.study import Study
from pipeline.visible import visible

Map = Callable[..., Iterable[Any]]
SETS_WITHDRAWN = "SETS_WITHDRAWN"
"""Warning where another prior was given: a set then promises nothing."""

VISITS_AT_ONCE = 4096
"""More take memory, fewer take time: each batch of them costs the same beside its visits."""

RESEARCH_ONLY = "RESEARCH_ONLY"
_NO_EVIDENCE = frozenset((*IDENTITY, "visit_date", "weeks_since_enrolment", "centre", "publication", "findings"))
"""Columns that are no part of the form."""

_MODALITIES = ("form", "findings", "treatments", "recordings")
_SUBSETS = np.array(["|".join(compress(_MODALITIES, there)) for there in product((0, 1), repeat=4)], dtype=object)
_SUBSETS = _SUBSETS.reshape(2, 2, 2, 2)
"""Names of the modalities that are there, by whether each one is."""


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
    standings : dict
        How the people of the training lie in each feature column, as far as that may be told.
    """

    study: Study
    models: tuple[TargetModel, ...]
    features: tuple[str, ...]
    provenance: Mapping[str, Any]
    synthetic: bool
    mapping: Layout | None = None
    digest: str = ""
    standings: Mapping[str, Standing] = field(default_factory=dict)

    @cached_property
    def known_features(self) -> tuple[Feature, ...]:
        """The catalogue, and the features of the study's plugins."""
        return features_with(self.study.features.plugins)

    @cached_property
    def _used_features(self) -> tuple[Feature, ...]:
        """The features of which a column is an input."""
        inputs = set(self.features)
        return tuple(each for each in self.known_features if not inputs.isdisjoint(each.spec.columns))

    @cached_property
    def _inputs(self) -> np.ndarray:
        """Where the inputs stand among the columns of the used features."""
        place = {name: at for at, name in enumerate(column_names(self._used_features))}
        return np.array([place[name] for name in self.features])

    @cached_property
    def teller(self) -> Teller:
        """What puts the numbers of the features into words."""
        return Teller(self.features, said_of(self.known_features), self.standings)

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
        table = extract(seen, self._used_features, map=map)
        return np.ascontiguousarray(table.to_numpy()[:, self._inputs])

    def predict(
        self,
        cohort: Cohort,
        *,
        batch_size: int = VISITS_AT_ONCE,
        explain: int = 0,
        map: Map = map,
        told: Callable[[int], None] = lambda _: None,
    ) -> pd.DataFrame:
        """Predict every visit of a cohort of whole patients.

        Parameters
        ----------
        cohort : Cohort
        batch_size : int
            About how many visits are in memory at once; never shows in the result.
        explain : int
            Reasons at most for each prediction; none by default, since they cost many predictions each.
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
        for batch in _batches(cohort, batch_size):
            seen = visible(batch, self.study)
            batches.append(self._table(batch, seen, self._vectors(seen, map), explain))
            told(len(batch))
        if not batches:
            return self.empty(explain)
        return in_order(pd.concat(batches, ignore_index=True) if len(batches) > 1 else batches[0])

    def marked(self, predictions: pd.DataFrame, *, synthetic: bool) -> pd.DataFrame:
        """Put the research-only warning into every prediction that a model of synthetic data makes of other data."""
        if not self.synthetic or synthetic:
            return predictions
        warnings = [f"{words}|{RESEARCH_ONLY}" if words else RESEARCH_ONLY for words in predictions["warnings"]]
        return predictions.assign(warnings=warnings)

    def empty(self, explain: int = 0) -> pd.DataFrame:
        """Return a table of predictions without rows: all columns, in order, with their types."""
        nothing = Cohort(pd.DataFrame({name: pd.Series(dtype=object) for name in IDENTITY}))
        return self._table(nothing, nothing, np.zeros((0, len(self.features))), explain)

    def _table(self, cohort: Cohort, seen: Cohort, X: np.ndarray, explain: int) -> pd.DataFrame:
        columns: dict[str, Any] = {name: cohort.visits[name].to_numpy() for name in IDENTITY}
        columns["row"] = columns["row"].astype(np.int64)
        modalities = _modalities(seen)
        warnings = [_repeated(cohort), np.where(modalities == "", "ALL_MISSING", "")]
        for model in self.models:
            reason, at_risk = eligibility(cohort, model.target)
            columns |= _masked(model.columns(X), reason == "", modalities == "")
            if model.target.kind == "time_to_event":
                columns[f"{model.target.name}_p_at_risk"] = at_risk
            if explain:
                columns |= reasons_of(model, X, reason == "", self.teller, explain)
            warnings.append(np.where(reason == "", "", model.target.name + ":" + reason.astype(str)))
            if model.prior_weights is not None:
                warnings.append(np.full(len(cohort), f"{model.target.name}:{SETS_WITHDRAWN}", dtype=object))
        columns["red_flags"] = red_flags(cohort.arrays)
        columns["modalities"] = modalities
        columns["warnings"] = _joined(warnings)
        columns["model"] = np.full(len(cohort), str(self.provenance["name"]), dtype=object)
        return pd.DataFrame(columns)


def _batches(cohort: Cohort, batch_size: int) -> Iterator[Cohort]:
    """Yield whole patients, about a batch at a time."""
    if 0 < len(cohort) <= batch_size:
        yield cohort
        return
    codes = pd.factorize(cohort.groups)[0]
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order], append=-1)) + 1
    start = 0
    for end in ends:
        if end - start >= batch_size or end == ends[-1]:
            yield cohort[order[start:end]]
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
    visits, form = cohort.visits, np.zeros(len(cohort), dtype=bool)
    for name in visits.columns.tolist():
        if name not in _NO_EVIDENCE:
            left = np.flatnonzero(~form)  # most visits have something in the first columns already
            if not len(left):
                break
            found = visits[name].to_numpy()[left]
            form[left] = ~pd.isna(found) & (found != "")
    with_treatments = with_recordings = np.zeros(len(cohort), dtype=bool)
    if len(cohort.treatments):
        with_treatments = visits["patient_id"].isin(cohort.treatments["patient_id"]).to_numpy()
    if cohort.recordings:
        recorded = {(recording.patient_id, recording.visit_id) for recording in cohort.recordings}
        here = zip(visits["patient_id"], visits["visit_id"], strict=True)
        with_recordings = np.array([visit in recorded for visit in here], dtype=bool)
    there = form, text(visits, "findings") != "", with_treatments, with_recordings
    return _SUBSETS[tuple(each.astype(int) for each in there)]


def _repeated(cohort: Cohort) -> np.ndarray:
    """Mark the visits whose ids stand in another row too."""
    here = list(zip(cohort.visits["patient_id"], cohort.visits["visit_id"], strict=True))
    rows = Counter(here)
    again = np.array([rows[each] > 1 and each[1] != "" for each in here], dtype=bool)
    return np.where(again, "duplicate_id", "")


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Join the words of each row with ``|``, empty ones left out."""
    coded = [pd.factorize(part) for part in parts]
    first, which = alike(np.stack([codes for codes, _ in coded], axis=1))
    words = zip(*(words[codes[first]] for codes, words in coded), strict=True)
    return np.array([*("|".join(filter(None, row)) for row in words), ""], dtype=object)[which]
