"""The features as scikit-learn transformers: a `Cohort` goes in, one row a visit comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags

from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE, column_names, model_columns
from pipeline.features.extract import extract
from pipeline.features.plugins import features_with
from pipeline.features.spec import Feature, Level
from pipeline.records import Cohort
from pipeline.study import Study
from pipeline.visible import visible


class _CohortFeatures(TransformerMixin, BaseEstimator):
    """Features of some levels; nothing is fitted, so that training and serving can't differ."""

    _levels: ClassVar[tuple[Level, ...]]

    def __init__(self, *, study: Study | None = None, quality: Sequence[str] = ()) -> None:
        self.study = study
        self.quality = quality

    def fit(self, X: Cohort, y: Any = None) -> Self:
        """Check the cohort and the names of the quality columns; nothing is learned.

        Raises
        ------
        UsageError
            If ``X`` is no cohort, or a name is not that of a quality column.
        """
        del y
        _refuse_other_input(X, type(self).__name__)
        self.get_feature_names_out()
        return self

    def transform(self, X: Cohort) -> np.ndarray:
        """Return the features of every visit, shape (visits, columns), float64; NaN where there is no value."""
        _refuse_other_input(X, type(self).__name__)
        seen = visible(X, self.study) if self.study is not None else X
        table = extract(seen, self._features)
        return np.ascontiguousarray(table[self.get_feature_names_out().tolist()].to_numpy())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns, in the order of the catalogue; names of an input are not asked for."""
        del input_features
        own = set(column_names(self._features))
        names = model_columns(tuple(self.quality), self._known)
        return np.array([name for name in names if name in own], dtype=object)

    @property
    def _known(self) -> tuple[Feature, ...]:
        return features_with(self.study.features.plugins) if self.study is not None else CATALOGUE

    @property
    def _features(self) -> tuple[Feature, ...]:
        return tuple(feature for feature in self._known if feature.spec.level in self._levels)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.requires_fit = False
        return tags


class SymptomFeatures(_CohortFeatures):
    """Features of forms, findings, scales, treatments and history.

    Parameters
    ----------
    study : Study, optional
        Hides what a model of this study may not see, and adds the features of the plugins that it names, as
        `dystonia train` does. Without it all columns are read, those that define a label too.
    quality : sequence of str
        Quality columns to hand out beside the model inputs.

    Examples
    --------
    >>> import pandas as pd
    >>> cohort = Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "age_at_onset_y": [41.0]}))
    >>> SymptomFeatures().set_output(transform="pandas").fit_transform(cohort)["age_at_onset_y"].tolist()
    [41.0]
    """

    _levels = ("record",)


class SensorFeatures(_CohortFeatures):
    """Features of recordings: tremor, posture, movement, and contrasts between recordings of a visit.

    Parameters
    ----------
    study : Study, optional
    quality : sequence of str
        As of `SymptomFeatures`.

    Examples
    --------
    >>> SensorFeatures(quality=["clipped_share"]).get_feature_names_out()[0]
    'wrist_worse__rest__median__tremor_rms_g'
    """

    _levels = ("window", "recording", "visit")


class VisitFeatures(_CohortFeatures):
    """All features of a visit, in the order of the catalogue.

    Parameters
    ----------
    study : Study, optional
    quality : sequence of str
        As of `SymptomFeatures`.

    Examples
    --------
    A cohort goes through scikit-learn's cross-validation as it is; groups keep every patient whole:

    >>> from sklearn.impute import SimpleImputer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GroupKFold, cross_val_predict
    >>> from sklearn.pipeline import make_pipeline
    >>> import pandas as pd
    >>> ids = [str(number) for number in range(40)]
    >>> visits = {"patient_id": ids, "visit_id": "1", "head_tremor": [0.0, 1.0] * 20}
    >>> cohort = Cohort(pd.DataFrame(visits))
    >>> y = np.array(["none", "cervical"] * 20)
    >>> model = make_pipeline(VisitFeatures(), SimpleImputer(keep_empty_features=True), LogisticRegression())
    >>> predicted = cross_val_predict(model, cohort, y, groups=cohort.groups, cv=GroupKFold(4))
    >>> float((predicted == y).mean())
    1.0
    """

    _levels = ("record", "window", "recording", "visit")


def _refuse_other_input(X: Any, name: str) -> None:
    if not isinstance(X, Cohort):
        raise UsageError(
            name, f"a {type(X).__name__}", needed="it is given a Cohort", do="Read one, or make Cohort(visits)"
        )
