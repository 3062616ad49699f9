"""The table of features, for any choice of features; `extract` is the door that everybody else uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from pipeline.features.cache import SignalCache
from pipeline.features.measure import measure, visit_values
from pipeline.features.spec import Feature
from pipeline.features.timeline import History
from pipeline.records import Cohort


def build(
    cohort: Cohort,
    features: Sequence[Feature],
    *,
    map: Callable[..., Iterable[Any]],
    cache: SignalCache | None = None,
) -> pd.DataFrame:
    """Return the features' columns, one row a visit."""
    history = History(cohort.visits, cohort.treatments)
    recorded = _recorded(cohort, [each for each in features if each.spec.level != "record"], map, cache)
    columns = _header(tuple(name for feature in features for name in feature.spec.columns))
    # column by column in memory: features are computed by column, and a data frame keeps them so
    table = np.empty((len(cohort), len(columns)), order="F")
    start = 0
    for feature in features:
        width = len(feature.spec.columns)
        if feature.spec.level == "record":
            values = np.asarray(feature(history), dtype=float).reshape(len(cohort), width)
        else:
            values = recorded(feature)
        table[:, start : start + width] = values
        start += width
    return pd.DataFrame(table, columns=columns, copy=False)


@lru_cache(maxsize=8)
def _header(columns: tuple[str, ...]) -> pd.Index:
    """Return the header of a table; whoever predicts visit by visit asks for the same one each time."""
    return pd.Index(columns)


def _recorded(
    cohort: Cohort, features: Sequence[Feature], map: Callable[..., Iterable[Any]], cache: SignalCache | None
) -> Callable[[Feature], np.ndarray | float]:
    """Measure the recordings of the sensors that features ask for; return a function from a feature to its columns."""
    windows = _window_features(features)
    sensors = {each.spec.sensor for each in (*features, *windows)}
    recordings = [each for each in cohort.recordings if each.sensor in sensors]
    if not recordings:
        return lambda _: np.nan
    measured = measure(cohort.visits, recordings, windows, map=map, cache=cache)
    first = _first_of_visit(cohort.visits)
    return lambda feature: visit_values(measured, feature)[first]


def _first_of_visit(visits: pd.DataFrame) -> np.ndarray:
    """Return the first row of each row's visit: a visit that stands there twice has its recordings twice."""
    codes, _ = pd.factorize(pd.MultiIndex.from_frame(visits[["patient_id", "visit_id"]]))
    return np.unique(codes, return_index=True)[1][codes]


def _window_features(features: Sequence[Feature]) -> list[Feature]:
    """Return the window features asked for, and those that others need."""
    wanted = [feature for feature in features if feature.spec.level == "window"]
    needed = [need for feature in features for need in feature.spec.needs]
    strengths = [feature.spec.strength for feature in (*wanted, *needed) if feature.spec.strength]
    return list({feature.spec.name: feature for feature in (*wanted, *needed, *strengths)}.values())
