"""How a signal file is laid out: what its row in the table of recordings declares, and nothing that is guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.errors import ContractError
from pipeline.units import DECIMAL_MARKS, UNITS_OF_SENSOR
from pipeline.vocabulary import SENSORS, UNSIDED_SITES

_NEEDED = ("body_site", "task", "sensor", "unit", "rate_hz")
_IN_OWN_UNIT = ("pressure",)
_AS_MANY_AS_THERE_ARE = ("emg",)
"""Sensors of which a file may hold channels that no feature reads, of any name."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
"""Characters between the fields of a signal file, with their names."""

_COUNTED = ("elapsed", "unix", "deltas")
"""Clocks of numbers in a unit of time."""

TIME_COLUMN = "time_s"
SEVERAL = "|"


@dataclass(frozen=True)
class SignalLayout:
    """How a signal file is laid out, as the table of recordings says it.

    Attributes
    ----------
    sensor, unit : str
    rate_hz : float
    columns : tuple of str
        Where the channels are, in their order; a column may be an array of several.
    channels : tuple of str
        What they are, as it was declared; empty where it was not.
    time_column, time_unit, clock : str
    header : bool
    skip_lines : int
    delimiter, decimal : str
        The character itself.
    scale : float
    full_scale : float
        In the unit; NaN where it is not known.
    """

    sensor: str
    unit: str
    rate_hz: float
    columns: tuple[str, ...]
    channels: tuple[str, ...] = ()
    time_column: str = TIME_COLUMN
    time_unit: str = "s"
    clock: str = "elapsed"
    header: bool = True
    skip_lines: int = 0
    delimiter: str = ","
    decimal: str = "."
    scale: float = 1.0
    full_scale: float = math.nan

    def named(self, count: int) -> tuple[str, ...]:
        """Return what each of so many channels is.

        Raises
        ------
        ContractError
            If the sensor has not so many, or lacks one that it needs (``CHANNEL``).

        Examples
        --------
        >>> layout = SignalLayout("pen", "mm", 100.0, ("x", "y", "p"))
        >>> layout.named(3)
        ('x', 'y', 'pressure')
        """
        return _named(self.sensor, self.columns, self.channels, count)

    def factors(self, count: int) -> np.ndarray:
        """By what the file's numbers are multiplied to be in our unit of the sensor, shape (count, 1)."""
        factor = self.scale * self.unit_factor
        return np.array([[factor if own else 1.0] for own in self.in_unit(count)])

    def in_unit(self, count: int) -> np.ndarray:
        """Whether each of so many channels is in the sensor's unit, shape (count,); a pen's pressure is not."""
        return np.array([name not in _IN_OWN_UNIT for name in self.named(count)])

    @property
    def unit_factor(self) -> float:
        """Factor from the declared unit to ours."""
        return UNITS_OF_SENSOR[self.sensor][self.unit]

    @property
    def wanted(self) -> tuple[str, ...]:
        """Every column that is read, the times first."""
        return self.columns if self.clock == "none" else (self.time_column, *self.columns)


def sensor_of(unit: str) -> str:
    """Return the sensor whose samples are in this unit.

    Examples
    --------
    >>> sensor_of("m/s^2"), sensor_of("mV")
    ('accelerometer', 'emg')
    """
    return next(sensor for sensor, units in UNITS_OF_SENSOR.items() if unit in units)


def layout_of(row: Mapping[Any, Any]) -> SignalLayout:
    """Read the layout from a row of the table of recordings, as it was parsed: a missing number is NaN, text empty.

    Raises
    ------
    ContractError
        If something is not declared that cannot be guessed, or does not go together. ``where`` is the column.

    Examples
    --------
    >>> row = dict(body_site="head", task="rest", sensor="accelerometer", unit="g", rate_hz=50.0)
    >>> layout_of(row).columns
    ('x', 'y', 'z')
    >>> layout_of(row | dict(time_column="clock"))
    Traceback (most recent call last):
    pipeline.errors.ContractError: time_unit: not declared, but times are not read by guess. [BAD_RECORDING]
    """
    empty = next((name for name in _NEEDED if not _said(row, name)), "")
    if empty:
        raise ContractError(empty, "is empty", needed="a recording is not read by guess", code="BAD_RECORDING")
    sensor, unit = str(row["sensor"]), str(row["unit"])
    if unit not in UNITS_OF_SENSOR[sensor]:
        needed = f"samples of this sensor are in {', '.join(UNITS_OF_SENSOR[sensor])}"
        raise ContractError("unit", "another sensor's unit", needed=needed, code="BAD_RECORDING")
    time_column, clock = _text(row, "time_column", TIME_COLUMN), _text(row, "clock", "elapsed")
    if clock in _COUNTED and time_column != TIME_COLUMN and not _said(row, "time_unit"):
        raise ContractError("time_unit", "not declared", needed="times are not read by guess", code="BAD_RECORDING")
    layout = SignalLayout(
        sensor=sensor,
        unit=unit,
        rate_hz=float(row["rate_hz"]),
        columns=_columns(row, sensor),
        channels=_listed(row, "channels"),
        time_column=time_column,
        time_unit=_text(row, "time_unit", "s"),
        clock=clock,
        header=row["header"] != 0.0 if _said(row, "header") else True,
        skip_lines=int(_number(row, "skipped_lines_count", 0.0)),
        delimiter=_mark(row, "delimiter", DELIMITERS),
        decimal=_mark(row, "decimal", DECIMAL_MARKS),
        scale=_number(row, "scale_ratio", 1.0),
        full_scale=_number(row, "full_scale_ratio", math.nan),
    )
    _refuse_numbers(layout)
    if not _text(row, "file", "").lower().endswith(".npz"):  # an array may hold several
        layout.named(len(layout.columns))
    return layout


def _said(row: Mapping[Any, Any], name: str) -> bool:
    return name in row and row[name] != "" and row[name] == row[name]  # NaN is not itself


def _text(row: Mapping[Any, Any], name: str, otherwise: str) -> str:
    return str(row[name]) if _said(row, name) else otherwise


def _number(row: Mapping[Any, Any], name: str, otherwise: float) -> float:
    return float(row[name]) if _said(row, name) else otherwise


def _mark(row: Mapping[Any, Any], name: str, names: Mapping[str, str]) -> str:
    """Return the character that a row names; the first if none."""
    said = _text(row, name, next(iter(names.values())))
    return next(mark for mark, name in names.items() if name == said)


def _listed(row: Mapping[Any, Any], name: str) -> tuple[str, ...]:
    text = _text(row, name, "")
    return tuple(text.split(SEVERAL)) if text else ()


def _columns(row: Mapping[Any, Any], sensor: str) -> tuple[str, ...]:
    columns = _listed(row, "columns") or _listed(row, "channels") or usual_channels(sensor)
    if not columns or len(set(columns)) < len(columns) or "" in columns:
        raise ContractError("columns", f"{len(columns)} channels", needed="name each channel once", code="CHANNEL")
    return columns


def usual_channels(sensor: str) -> tuple[str, ...]:
    """Return the channels of a sensor where nothing is declared; an EMG has none, nor has a word that is no sensor."""
    return SENSORS[sensor].needed if sensor in SENSORS and sensor not in _AS_MANY_AS_THERE_ARE else ()


def _named(sensor: str, columns: tuple[str, ...], declared: tuple[str, ...], count: int) -> tuple[str, ...]:
    known, any_name = SENSORS[sensor], sensor in _AS_MANY_AS_THERE_ARE
    if declared:
        fits = len(declared) == count == len(set(declared)) and "" not in declared
        fits &= any_name or set(known.needed) <= set(declared) <= set(known.all)
        names = declared
    elif any_name and count > 1:  # which is the muscle that is meant, is not guessed
        fits, names = True, columns if len(columns) == count else tuple(str(at + 1) for at in range(count))
    else:
        fits, names = len(known.needed) <= count <= len(known.all), known.all[:count]
    if not fits:
        needed = f"a sensor of this kind has {SEVERAL.join(known.needed)}"
        needed += f" and may have {SEVERAL.join(known.further)}" if known.further else ""
        raise ContractError("columns", f"{count} channels", needed=f"{needed}, each once", code="CHANNEL")
    return names


def _refuse_numbers(layout: SignalLayout) -> None:
    """Refuse names where there is no header to hold them."""
    if not layout.header and not all(name.isdecimal() and int(name) > 0 for name in layout.wanted):
        needed = "without a header a column goes by its number from 1"
        raise ContractError("columns", "names of columns", needed=needed, code="CHANNEL")


def axes_are_swapped(columns: tuple[str, ...]) -> bool:
    """Whether the names of three axes end in x, y and z, but not in this order.

    Examples
    --------
    >>> axes_are_swapped(("acc_y", "acc_x", "acc_z")), axes_are_swapped(("acc_x", "acc_y", "acc_z"))
    (True, False)
    """
    ends = [name[-1:].lower() for name in columns]
    return sorted(ends) == ["x", "y", "z"] and ends != ["x", "y", "z"]


def place_of(row: Mapping[Any, Any]) -> str:
    """Return the body site with its side.

    Raises
    ------
    ContractError
        If the side of a limb is not given, or in two ways (``LATERALITY``).

    Examples
    --------
    >>> place_of({"body_site": "wrist", "side": "left"}), place_of({"body_site": "head"})
    ('wrist_left', 'head')
    """
    site, side = _text(row, "body_site", ""), _text(row, "side", "")
    if site in UNSIDED_SITES and side:
        return f"{site}_{side}"
    other = {"left": "_right", "right": "_left"}.get(side, "\0")
    if site in UNSIDED_SITES or site.endswith(other):
        found = "two sides" if side else "no side"
        raise ContractError("body_site", f"a limb with {found}", needed="one is needed", code="LATERALITY")
    return site
