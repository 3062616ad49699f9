"""How a property fails, and what every property needs: to compute a feature, to compare, to look for changes."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.features.extract import extract
from pipeline.features.measure import measure_windows
from pipeline.features.signal import Signal
from pipeline.features.spec import Feature
from pipeline.records import Cohort

ROUNDING = {"rtol": 1e-6, "atol": 1e-9}
"""How far a value may move when its input is turned, scaled or moved in time, by rounding only."""

ANYWHERE = ("survives", "input untouched", "float64")
"""Properties that may break whenever the feature is computed."""

_FINEST = 2.0**14
_DEEPEST = 3


class FeatureCheckFailed(AssertionError):
    """A feature does not keep what it declares.

    Attributes
    ----------
    feature : str
        Its name.
    property : str
        What it breaks.
    """

    def __init__(self, feature: str, property: str, what: str, case: str) -> None:
        self.feature, self.property = feature, property
        super().__init__(f"feature {feature} breaks '{property}': {what}.\nSmallest input found: {case}")


class Broken(Exception):
    """A property that did not hold for one input.

    Attributes
    ----------
    property, what : str
        Its name, and what was seen.
    """

    def __init__(self, property: str, what: str) -> None:
        self.property, self.what = property, what
        super().__init__(f"{property}: {what}")


def broken(property: str, what: str) -> Broken:
    """Return an error of the property's own class, so that Hypothesis keeps to it while it makes the input smaller."""
    return _class_of(property)(property, what)


@cache
def _class_of(property: str) -> type[Broken]:
    return type(f"Broken {property}", (Broken,), {})


Features = Sequence[Feature]
"""Features that are checked at once: one input serves all, and they are computed together."""


def values_of(
    features: Features, given: Cohort | Signal, *, map: Callable[..., Iterable[Any]] = builtins.map
) -> np.ndarray:
    """Return the features' values, shape (visits, all their columns) or (windows, features)."""
    try:
        if isinstance(given, Signal):
            return measure_windows(features, given)
        return extract(given, features, map=map).to_numpy()
    except Broken:
        raise
    except Exception as error:
        if "read-only" in str(error):
            raise broken("input untouched", f"it writes into its input ({error})") from error
        raise broken("survives", f"it raises {type(error).__name__}: {error}") from error


def bits(values: np.ndarray) -> bytes:
    """Return the bytes of values, with one kind of NaN."""
    return np.where(np.isnan(values), np.nan, values).tobytes()


def per_column(features: Features, width: int, held: Sequence[Any]) -> np.ndarray:
    """Repeat what there is of each feature for each of its columns, of values of that width: of windows, or of visits.

    Examples
    --------
    >>> from pipeline.features.findings import findings_observed_count
    >>> per_column([findings_observed_count], 1, [2.5]).tolist()
    [2.5]
    """
    counts = [1 if width == len(features) else len(each.spec.columns) for each in features]
    return np.repeat(np.array(held), counts, axis=0)


def same_bits(property: str, features: Features, now: np.ndarray, then: np.ndarray, when: str) -> None:
    """Require two tables of features to be the same to the last bit."""
    if bits(now) != bits(then):
        raise broken(property, f"{when}, {_difference(features, now, then, 0.0)}")


def nearly(
    property: str, features: Features, now: np.ndarray, then: np.ndarray, when: str, *, rtol: float, atol: float
) -> None:
    """Require two tables of features to be the same up to rounding."""
    if not np.allclose(now, then, rtol=rtol, atol=atol, equal_nan=True):
        slack = rtol * np.abs(np.nan_to_num(then)) + atol if now.shape == then.shape else 0.0
        raise broken(property, f"{when}, {_difference(features, now, then, slack)}")


def _difference(features: Features, now: np.ndarray, then: np.ndarray, slack: np.ndarray | float) -> str:
    """Say where two tables differ first, by more than the slack."""
    if now.shape != then.shape:
        return f"it has shape {now.shape} and not {then.shape}"
    with np.errstate(invalid="ignore"):
        alike = (np.abs(now - then) <= slack) & (np.signbit(now) == np.signbit(then)) | (now == then) & (slack != 0.0)
    row, column = np.argwhere(~alike & ~(np.isnan(now) & np.isnan(then)))[0]
    names = [name for each in features for name in each.spec.columns]
    name = names[column] if now.shape[1] == len(names) else features[column].spec.name
    return f"{name} of row {row} is {float(now[row, column])!r} and not {float(then[row, column])!r}"


class Watched:
    """A feature that is watched while it is called: what it returns, and whether it changes what it is given."""

    def __init__(self, feature: Feature) -> None:
        self.spec, self.__name__, self.__module__ = feature.spec, feature.__name__, feature.__module__
        self._feature = feature

    def __call__(self, given: Any, /) -> Any:
        """Compute the feature, and compare what it was given with what it was."""
        _touch(given)
        before = {name: held.copy() for name, held in _held(given)}
        returned = self._feature(given)
        for name, held in _held(given):
            if name in before and not _equal(held, before[name]):
                raise broken("input untouched", f"it changes {name.lstrip('._')} of its {type(given).__name__}")
        self._check_type(returned, given)
        return returned

    def _check_type(self, returned: Any, given: Any) -> None:
        if self.spec.level == "recording":
            if not isinstance(returned, float):
                raise broken("float64", f"it returns {type(returned).__name__}, and not one float")
            return
        kind = getattr(returned, "dtype", type(returned).__name__)
        if kind != np.float64:
            raise broken("float64", f"it returns {kind}, and not an array of float64")
        rows, columns = len(given) if hasattr(given, "__len__") else len(returned), len(self.spec.columns)
        shapes = ((rows,), (rows, 1)) if columns == 1 or self.spec.level == "window" else ((rows, columns),)
        if returned.shape not in shapes:
            raise broken("float64", f"it returns shape {returned.shape} for {rows} rows and {columns} columns")


def watched(features: Features) -> Features:
    """Return the features, each watched."""
    return [Watched(each) for each in features]


def check_precision(features: Features, values: np.ndarray) -> None:
    """Require values that no 32-bit number could hold, unless they are coarse: others do by chance only."""
    owner = per_column(features, values.shape[1], [each.spec.name for each in features])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        short = np.isfinite(values) & (values == values.astype(np.float32)) & (values * _FINEST % 1 != 0)
    for each in features:
        mine = values[:, owner == each.spec.name][short[:, owner == each.spec.name]]
        if len(set(mine.tolist())) >= 3:
            raise broken("float64", f"{float(mine[0])!r} and others have the precision of 32 bits only")


def check_bounds(features: Features, _given: Any, values: np.ndarray, _stream: np.random.Generator) -> None:
    """Require every value to lie within the declared bounds, or to be missing."""
    low, high = per_column(features, values.shape[1], [each.spec.bounds for each in features]).T
    for row, column in np.argwhere((values < low) | (values > high))[:1]:
        raise broken("bounds", f"it gives {float(values[row, column])!r}, and declares {low[column]} to {high[column]}")


def _touch(given: Any) -> None:
    """Compute everything that is computed once and shared, so that a change of it is seen."""
    for kind in type(given).__mro__:
        for name, each in vars(kind).items():
            if isinstance(each, cached_property):
                with suppress(Exception):  # some make sense for some input only
                    getattr(given, name)


def _held(given: Any, where: str = "", depth: int = 0) -> Iterator[tuple[str, np.ndarray | pd.DataFrame]]:
    """Yield every array and table that an object holds, by its name."""
    parts = given.items() if isinstance(given, dict) else vars(given).items() if is_dataclass(given) else ()
    for name, value in parts:
        if isinstance(value, (np.ndarray, pd.DataFrame)):
            yield f"{where}.{name}", value
        elif depth < _DEEPEST:
            yield from _held(value, f"{where}.{name}", depth + 1)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if one.dtype.kind in "fc":
        return one.shape == other.shape and one.tobytes() == other.tobytes()
    return np.array_equal(one, other)
