"""How a feature is declared: one decorated function, and nothing else is edited.

Four decorators for four levels, one declaration for all. The function is returned unchanged with its spec attached, so
its doctest runs, it can be called on its own, and it pickles by name. What is declared is what
`pipeline.testing.check_feature` checks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from pipeline.errors import UsageError, did_you_mean
from pipeline.features.places import WHOLE, Place
from pipeline.units import Unit
from pipeline.vocabulary import SENSORS, Channels

Values = np.ndarray
"""Float64, one value a window or visit; NaN where there is none."""

Level = Literal["window", "recording", "visit", "record"]
Kind = Literal["model", "quality"]


class Change(StrEnum):
    """A change of the input that leaves a feature as it is, or changes it in a known way."""

    ROTATION = "rotation"
    """The sensor sits turned."""
    SCALE = "scale"
    """The sensor reads all values larger by one factor. Equivariant: so is the feature."""
    MIRROR = "mirror"
    """The movement is its mirror image, left for right. Equivariant: the feature changes its sign."""
    RATE = "rate"
    """The same movement is sampled at another rate, high enough for it."""
    LATER = "later"
    """The visit takes place later, with nothing in between. Equivariant: the feature grows by that time."""


ROTATION, SCALE, MIRROR, RATE, LATER = Change
_OF_SENSORS = (ROTATION, SCALE, MIRROR)
_OF_LEVEL = {"window": (*_OF_SENSORS, RATE), "recording": _OF_SENSORS, "visit": _OF_SENSORS, "record": (LATER,)}
_EQUIVARIANCES = (SCALE, MIRROR, LATER)
TIMES = (Unit.WEEKS, Unit.YEARS)
"""Units of a feature that can grow with time."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What is declared about a feature; called on the function, it attaches the spec and returns the function.

    Attributes
    ----------
    level : {"window", "recording", "visit", "record"}
        What the function is given: a `Signal`, a `RecordingView`, a `VisitsView`, a `History`. Set by the decorator.
    unit : Unit
        The function's name, and those of its columns, end in its suffix.
    bounds : (float, float)
        Closed range of every value; of a share, inside 0 to 1.
    source : str
        Publication, instrument or table that the definition comes from.
    outputs : sequence of Place or of str
        Where a window's or recording's feature is taken, from `on`; the full column names of a visit's or record's,
        which is the function's own name if left out.
    version : int
        Goes up whenever an output changes, or what is declared of it other than in words.
    kind : {"model", "quality"}
        A quality entry stands in the table, but is no model input unless a study lists it.
    min_s : float
        Seconds of signal that one value needs.
    sensor : {"accelerometer", "gyroscope", "emg", "pen"}
        What a window's or recording's feature is computed from.
    channels : sequence of str
        Channels of the sensor that a window's feature reads: those that it needs by `vocabulary.SENSORS` if left out.
        Where one is not recorded, the feature is missing.
    needs : sequence of Feature
        Window features that a recording's or visit's feature is computed from.
    strength : Feature, optional
        Window feature by which the summary ``strong`` of a window feature weights windows; all their movement if left
        out.
    invariant_to : sequence of Change
        What leaves the value as it is.
    equivariant_to : sequence of Change
        What changes the value in the way that the `Change` says.
    missing_when : str
        Why a value may be missing although everything that it needs was recorded, and well; empty if it never is.
    titles : sequence of str
        What people call each output, or the one of all; the first words of the docstring, or else the columns' names,
        if left out. Outputs with one title tell one thing (``Course``) and are one reason for a prediction.
    answers : sequence of str
        Of outputs with one title, what the value 1 of each stands for.
    levels : sequence of (float, str)
        Words for the values of a state; no and yes if left out.

    Raises
    ------
    UsageError
        When it is called on a function that it does not fit; at import, before anybody's table is computed.
    """

    level: Level
    unit: Unit
    bounds: tuple[float, float]
    source: str
    outputs: Sequence[Place] | Sequence[str] = ()
    version: int = 1
    kind: Kind = "model"
    min_s: float = 0.0
    sensor: str = "accelerometer"
    channels: Sequence[str] = ()
    needs: Sequence[Any] = ()
    strength: Any = None
    invariant_to: Sequence[Change] = ()
    equivariant_to: Sequence[Change] = ()
    missing_when: str = ""
    titles: Sequence[str] = ()
    answers: Sequence[str] = ()
    levels: Sequence[tuple[float, str]] = ()

    def __call__(self, function: F) -> F:
        """Attach the spec of a function, and return the function."""
        name = getattr(function, "__name__", "")
        meaning = (function.__doc__ or "").strip().split("\n", 1)[0].strip()
        given = vars(self) | {
            "outputs": tuple(self.outputs) or (name,),
            "needs": tuple(self.needs),
            "channels": tuple(self.channels) or _channels(self.sensor).needed,
            "invariant_to": tuple(self.invariant_to),
            "equivariant_to": tuple(self.equivariant_to),
            "titles": tuple(self.titles),
            "answers": tuple(self.answers),
            "levels": tuple(self.levels),
        }
        function.spec = FeatureSpec(name=name, meaning=meaning, **given)  # type: ignore[attr-defined]
        return function


window_feature = partial(Declaration, level="window", min_s=3.0)
"""Declare a function from a `Signal` of n windows to n values."""

recording_feature = partial(Declaration, level="recording")
"""Declare a function from a `RecordingView` to one value: drift, decrement, variability."""

visit_feature = partial(Declaration, level="visit")
"""Declare a function from a `VisitsView` of n visits to n values, or to (n, outputs): contrasts of recordings."""

record_feature = partial(Declaration, level="record")
"""Declare a function from the `History` of n visits to n values, or to (n, outputs)."""


@dataclass(frozen=True, kw_only=True)
class FeatureSpec(Declaration):
    """A declaration with the function that it is about.

    Attributes
    ----------
    name : str
        The function's name.
    meaning : str
        First line of its docstring.
    """

    name: str
    meaning: str

    def __post_init__(self) -> None:
        _check(self)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where a window's or recording's feature is taken."""
        return tuple(output for output in self.outputs if isinstance(output, Place))

    @cached_property
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


def _channels(sensor: str) -> Channels:
    return SENSORS.get(sensor, Channels(()))


def _check(spec: FeatureSpec) -> None:
    """Refuse a bad declaration, when the family is imported."""
    where, (low, high) = f"feature {spec.name}", spec.bounds
    if spec.sensor not in SENSORS:
        raise UsageError(where, f"sensor '{spec.sensor}'", do=did_you_mean(spec.sensor, SENSORS))
    known = SENSORS[spec.sensor].all
    for name in spec.channels:
        if name not in known:
            raise UsageError(where, f"channel '{name}'", do=did_you_mean(name, known))
    if not spec.meaning:
        raise UsageError(where, "no docstring", needed="its first line is its meaning", do="Say what it measures")
    if not low < high:
        raise UsageError(where, f"bounds {low} to {high}", needed="the lower one comes first", do="Swap them")
    if spec.unit == Unit.SHARE and not 0 <= low < high <= 1:
        raise UsageError(
            where,
            f"bounds {low} to {high}",
            needed="a share is from 0 to 1",
            do="Say 'ratio' of what is no part of a whole",
        )
    if spec.version < 1 or spec.min_s < 0:
        raise UsageError(where, f"version {spec.version}, min_s {spec.min_s}", needed="1 or more, and 0 or more")
    if not spec.source:
        raise UsageError(where, "no source", do="Name the publication or instrument that defines it")
    for needed in spec.needs:
        if spec_of(needed).level != "window":
            raise UsageError(where, f"needs '{spec_of(needed).name}'", needed="it can need window features only")
    if spec.strength and (spec.level != "window" or spec_of(spec.strength).level != "window"):
        raise UsageError(where, "a strength", needed="a window feature of a window feature")
    if spec.needs and spec.level in ("window", "record"):
        raise UsageError(where, "needs other features", needed=f"a {spec.level} feature can't", do="Call them instead")
    _check_changes(spec, where)
    _check_names(spec, where)


def _check_changes(spec: FeatureSpec, where: str) -> None:
    of_level = _OF_LEVEL[spec.level]
    foreign = [each for each in (*spec.invariant_to, *spec.equivariant_to) if each not in of_level]
    if foreign:
        raise UsageError(where, f"'{foreign[0]}' declared", needed=f"a {spec.level} feature has {', '.join(of_level)}")
    if set(spec.invariant_to) & set(spec.equivariant_to) or set(spec.equivariant_to) - set(_EQUIVARIANCES):
        raise UsageError(
            where,
            f"equivariant to {', '.join(spec.equivariant_to)}",
            needed=f"that can be {', '.join(_EQUIVARIANCES)}, and not what it is invariant to",
        )
    if LATER in spec.equivariant_to and spec.unit not in TIMES:
        raise UsageError(where, f"equivariant to later, in '{spec.unit}'", needed=f"its unit is {' or '.join(TIMES)}")


def _check_names(spec: FeatureSpec, where: str) -> None:
    for name in (spec.name, *spec.columns):
        if spec.unit and not name.endswith(f"_{spec.unit}"):
            raise UsageError(where, f"the name '{name}'", needed=f"it ends in its unit, '_{spec.unit}'", do="Rename it")
    if len(set(spec.columns)) < len(spec.columns):
        raise UsageError(where, "a column twice", do="List every output once")
    if len(spec.titles) not in (0, 1, len(spec.columns)) or len(spec.answers) not in (0, len(spec.columns)):
        raise UsageError(where, f"{len(spec.titles)} titles, {len(spec.answers)} answers", needed="one an output")
    placed = spec.level in ("window", "recording")
    if any(isinstance(output, Place) != placed for output in spec.outputs):
        needed = "they are places, from on(...)" if placed else "they are full names of columns"
        raise UsageError(where, f"outputs of a {spec.level} feature", needed=needed)
    if any((place.summary == WHOLE) != (spec.level == "recording") for place in spec.places):
        needed = "a window feature names a summary, such as 'median', and a recording feature names none"
        raise UsageError(where, "outputs with a wrong summary", needed=needed)
