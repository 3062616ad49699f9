"""How a feature is declared: one decorated function, and nothing else is edited.

Four decorators for four levels, one spec for all. The function is returned unchanged with its spec attached, so its
doctest runs, it can be called on its own, and it pickles by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar, cast, runtime_checkable

import numpy as np

from pipeline.errors import UsageError
from pipeline.features.places import WHOLE, Place
from pipeline.units import Unit

Values = np.ndarray
"""Float64, one value a window or visit; NaN where there is none."""

Level = Literal["window", "recording", "visit", "record"]
Kind = Literal["model", "quality"]
Sensor = Literal["accelerometer", "gyroscope", "emg", "pen"]


class Change(StrEnum):
    """A change of the signal that leaves a feature as it is."""

    ROTATION = "rotation"
    """The sensor sits turned."""
    SCALE = "scale"
    """The sensor reads all values larger by one factor."""


ROTATION, SCALE = Change.ROTATION, Change.SCALE


@dataclass(frozen=True)
class FeatureSpec:
    """What is declared about a feature.

    Attributes
    ----------
    name : str
        The function's name; ends in the unit's suffix.
    level : {"window", "recording", "visit", "record"}
        What the function is given: a `Signal`, a `RecordingView`, a `VisitsView`, a `History`.
    kind : {"model", "quality"}
        A quality entry stands in the table, but is no model input unless a study lists it.
    unit : Unit
    outputs : tuple of Place or of str
        Where a window's or recording's feature is taken; the full column names of a visit's or record's.
    bounds : (float, float)
        Closed range of every value.
    min_s : float
        Seconds of signal that one value needs.
    version : int
        Goes up whenever an output changes.
    source : str
        Publication, instrument or table that the definition comes from.
    invariances : tuple of Change
        What leaves the value as it is.
    sensor : {"accelerometer", "gyroscope", "emg", "pen"}
        What a window's or recording's feature is computed from.
    needs : tuple of Feature
        Window features that a recording's or visit's feature is computed from; of a window feature the one that tells
        how strong its windows are.
    meaning : str
        First line of the docstring.
    """

    name: str
    level: Level
    kind: Kind
    unit: Unit
    outputs: tuple[Place, ...] | tuple[str, ...]
    bounds: tuple[float, float]
    min_s: float
    version: int
    source: str
    invariances: tuple[Change, ...]
    sensor: Sensor
    needs: tuple[Feature, ...]
    meaning: str

    def __post_init__(self) -> None:
        _check(self)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where a window's or recording's feature is taken."""
        return tuple(output for output in self.outputs if isinstance(output, Place))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the feature's columns in the table."""
        return tuple(output.column(self.name) if isinstance(output, Place) else output for output in self.outputs)


@runtime_checkable
class Feature(Protocol):
    """A decorated function."""

    spec: FeatureSpec
    __name__: str
    __module__: str

    def __call__(self, given: Any, /) -> Any:
        """Compute values from a `Signal`, a `RecordingView`, a `VisitsView` or a `History`, by its level."""
        ...


F = TypeVar("F", bound=Callable[..., Any])


def window_feature(
    *,
    unit: Unit,
    outputs: Sequence[Place],
    bounds: tuple[float, float],
    source: str,
    min_s: float = 3.0,
    version: int = 1,
    sensor: Sensor = "accelerometer",
    invariant_to: Sequence[Change] = (),
    kind: Kind = "model",
    strength: Callable[..., Values] | None = None,
) -> Callable[[F], F]:
    """Declare a function from a `Signal` of n windows to n values.

    `strength` is the window feature by which the summary ``strong`` weights windows; without it, all their movement.
    """
    return _attach(
        level="window",
        kind=kind,
        unit=unit,
        outputs=outputs,
        bounds=bounds,
        min_s=min_s,
        version=version,
        source=source,
        invariances=invariant_to,
        sensor=sensor,
        needs=(strength,) if strength else (),
    )


def recording_feature(
    *,
    unit: Unit,
    outputs: Sequence[Place],
    bounds: tuple[float, float],
    source: str,
    needs: Sequence[Callable[..., Values]] = (),
    min_s: float = 0.0,
    version: int = 1,
    sensor: Sensor = "accelerometer",
    invariant_to: Sequence[Change] = (),
    kind: Kind = "model",
) -> Callable[[F], F]:
    """Declare a function from a `RecordingView` to one value: drift, decrement, variability."""
    return _attach(
        level="recording",
        kind=kind,
        unit=unit,
        outputs=outputs,
        bounds=bounds,
        min_s=min_s,
        version=version,
        source=source,
        invariances=invariant_to,
        sensor=sensor,
        needs=needs,
    )


def visit_feature(
    *,
    unit: Unit,
    bounds: tuple[float, float],
    source: str,
    needs: Sequence[Callable[..., Values]],
    outputs: Sequence[str] = (),
    version: int = 1,
    sensor: Sensor = "accelerometer",
    invariant_to: Sequence[Change] = (),
    kind: Kind = "model",
) -> Callable[[F], F]:
    """Declare a function from a `VisitsView` of n visits to n values, or to (n, outputs): contrasts of recordings."""
    return _attach(
        level="visit",
        kind=kind,
        unit=unit,
        outputs=outputs,
        bounds=bounds,
        min_s=0.0,
        version=version,
        source=source,
        invariances=invariant_to,
        sensor=sensor,
        needs=needs,
    )


def record_feature(
    *,
    unit: Unit,
    bounds: tuple[float, float],
    source: str,
    outputs: Sequence[str] = (),
    version: int = 1,
    kind: Kind = "model",
) -> Callable[[F], F]:
    """Declare a function from the `History` of n visits to n values, or to (n, outputs)."""
    return _attach(
        level="record",
        kind=kind,
        unit=unit,
        outputs=outputs,
        bounds=bounds,
        min_s=0.0,
        version=version,
        source=source,
        invariances=(),
        sensor="accelerometer",
        needs=(),
    )


def spec_of(feature: Callable[..., Any]) -> FeatureSpec:
    """Return what a decorated function declares.

    Raises
    ------
    UsageError
        If the function was not decorated.
    """
    if not isinstance(feature, Feature):
        raise UsageError(
            f"feature {getattr(feature, '__name__', feature)}",
            "no declaration",
            do="Decorate it with @window_feature, @recording_feature, @visit_feature or @record_feature",
        )
    return feature.spec


def _attach(
    *,
    level: Level,
    kind: Kind,
    unit: Unit,
    outputs: Sequence[Place] | Sequence[str],
    bounds: tuple[float, float],
    min_s: float,
    version: int,
    source: str,
    invariances: Sequence[Change],
    sensor: Sensor,
    needs: Sequence[Callable[..., Values]],
) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        name = getattr(function, "__name__", "")
        spec = FeatureSpec(
            name=name,
            level=level,
            kind=kind,
            unit=unit,
            outputs=cast("tuple[str, ...]", tuple(outputs) or (name,)),
            bounds=bounds,
            min_s=min_s,
            version=version,
            source=source,
            invariances=tuple(invariances),
            sensor=sensor,
            needs=tuple(cast("Feature", needed) for needed in needs),
            meaning=(function.__doc__ or "").strip().split("\n", 1)[0].strip(),
        )
        function.spec = spec  # type: ignore[attr-defined]
        return function

    return decorate


def _check(spec: FeatureSpec) -> None:
    """Refuse a bad declaration, when the family is imported."""
    where, (low, high) = f"feature {spec.name}", spec.bounds
    if not spec.meaning:
        raise UsageError(where, "no docstring", needed="its first line is its meaning", do="Say what it measures")
    if not low < high:
        raise UsageError(where, f"bounds {low} to {high}", needed="the lower one comes first", do="Swap them")
    if spec.version < 1 or spec.min_s < 0:
        raise UsageError(where, f"version {spec.version}, min_s {spec.min_s}", needed="1 or more, and 0 or more")
    if not spec.source:
        raise UsageError(where, "no source", do="Name the publication or instrument that defines it")
    for needed in spec.needs:
        if spec_of(needed).level != "window":
            raise UsageError(where, f"needs '{spec_of(needed).name}'", needed="it can need window features only")
    _check_names(spec, where)


def _check_names(spec: FeatureSpec, where: str) -> None:
    for name in (spec.name, *spec.columns):
        if spec.unit and not name.endswith(f"_{spec.unit}"):
            raise UsageError(where, f"the name '{name}'", needed=f"it ends in its unit, '_{spec.unit}'", do="Rename it")
    if len(set(spec.columns)) < len(spec.columns):
        raise UsageError(where, "a column twice", do="List every output once")
    placed = spec.level in ("window", "recording")
    if any(isinstance(output, Place) != placed for output in spec.outputs):
        needed = "they are places, from on(...)" if placed else "they are full names of columns"
        raise UsageError(where, f"outputs of a {spec.level} feature", needed=needed)
    if any((place.summary == WHOLE) != (spec.level == "recording") for place in spec.places):
        needed = "a window feature names a summary, such as 'median', and a recording feature names none"
        raise UsageError(where, "outputs with a wrong summary", needed=needed)
