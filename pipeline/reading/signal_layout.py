"""How a signal file is laid out: what its row in the table of recordings declares, and nothing that is guessed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ContractError
from pipeline.units import DECIMAL_MARKS, UNITS_OF_SENSOR
from pipeline.vocabulary import UNSIDED_SITES

_NEEDED = ("body_site", "task", "sensor", "unit", "rate_hz")
CHANNELS = {"accelerometer": ("x", "y", "z"), "gyroscope": ("x", "y", "z"), "emg": (), "pen": ("x", "y")}
"""Channels of each sensor, where they are not named; an EMG may have any, which have to be."""

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
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
        The channels, in their order.
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
    time_column: str = TIME_COLUMN
    time_unit: str = "s"
    clock: str = "elapsed"
    header: bool = True
    skip_lines: int = 0
    delimiter: str = ","
    decimal: str = "."
    scale: float = 1.0
    full_scale: float = math.nan

    @property
    def factor(self) -> float:
        """By what the file's numbers are multiplied to be in our unit of the sensor."""
        return self.scale * self.unit_factor

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
        columns=_channels(_text(row, "columns", ""), sensor, arrays=_text(row, "file", "").lower().endswith(".npz")),
        time_column=time_column,
        time_unit=_text(row, "time_unit", "s"),
        clock=clock,
        header=row["header"] != 0.0 if _said(row, "header") else True,
        skip_lines=int(_number(row, "skipped_lines_count", 0.0)),
        delimiter=_DELIMITERS[_text(row, "delimiter", "comma")],
        decimal=next(mark for mark, name in DECIMAL_MARKS.items() if name == _text(row, "decimal", "point")),
        scale=_number(row, "scale_ratio", 1.0),
        full_scale=_number(row, "full_scale_ratio", math.nan),
    )
    _refuse_numbers(layout)
    return layout


def _said(row: Mapping[Any, Any], name: str) -> bool:
    return name in row and row[name] != "" and row[name] == row[name]  # NaN is not itself


def _text(row: Mapping[Any, Any], name: str, otherwise: str) -> str:
    return str(row[name]) if _said(row, name) else otherwise


def _number(row: Mapping[Any, Any], name: str, otherwise: float) -> float:
    return float(row[name]) if _said(row, name) else otherwise


def _channels(text: str, sensor: str, *, arrays: bool) -> tuple[str, ...]:
    columns = tuple(text.split(SEVERAL)) if text else CHANNELS[sensor]
    usual = 0 if arrays else len(CHANNELS[sensor])  # an array may hold several
    if not columns or (usual and len(columns) != usual) or len(set(columns)) < len(columns) or "" in columns:
        needed = f"a sensor of this kind has {usual}, each once" if usual else "name each channel once"
        raise ContractError("columns", f"{len(columns)} channels", needed=needed, code="CHANNEL")
    return columns


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
