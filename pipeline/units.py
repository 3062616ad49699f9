"""Units of measurement: what a column or feature is in, its suffix in names, and how durations are read."""

from __future__ import annotations

import re
from enum import StrEnum
from math import isfinite

WEEKS_PER_YEAR = 365.25 / 7
MONTHS_PER_YEAR = 12.0
HOURS_PER_YEAR = 365.25 * 24
STANDARD_GRAVITY = 9.80665
"""Metres per second squared in one g (CGPM 1901)."""


class Unit(StrEnum):
    """A unit; its value is the suffix that a column or feature name ends in (``""`` for pure numbers)."""

    NONE = ""
    YEARS = "y"
    WEEKS = "weeks"
    COUNT = "count"
    SHARE = "share"
    POINTS = "points"
    STATE = "state"
    TOXIN_UNITS = "toxin_units"
    HERTZ = "hz"
    SECONDS = "s"
    G = "g"
    G_PER_SECOND = "g_per_s"
    DEGREES = "deg"
    DEGREES_PER_SECOND = "deg_per_s"
    RATIO = "ratio"
    MICROVOLTS = "uv"
    MILLIMETRES_PER_SECOND = "mm_per_s"

    @property
    def words(self) -> str:
        """The unit as people write it; empty for a pure number.

        Examples
        --------
        >>> Unit.YEARS.words, Unit.G_PER_SECOND.words, Unit.COUNT.words
        ('years', 'g/s', '')
        """
        own = {
            Unit.YEARS: "years",
            Unit.COUNT: "",
            Unit.SHARE: "",
            Unit.STATE: "",
            Unit.RATIO: "",
            Unit.TOXIN_UNITS: "units",
            Unit.HERTZ: "Hz",
            Unit.DEGREES: "degrees",
            Unit.DEGREES_PER_SECOND: "degrees/s",
            Unit.MICROVOLTS: "microvolts",
        }
        return own.get(self, self.replace("_per_", "/").replace("_", " "))


ACCELERATION_TO_G = {"g": 1.0, "m/s^2": 1.0 / STANDARD_GRAVITY, "mg": 1e-3}
"""Factor from each declared unit of acceleration to g."""

ANGULAR_RATE_TO_DEG_PER_S = {"deg/s": 1.0, "rad/s": 57.29577951308232}
"""Factor from each declared unit of angular rate to degrees per second."""

VOLTAGE_TO_UV = {"uV": 1.0, "mV": 1e3, "V": 1e6}
"""Factor from each declared unit of voltage to microvolts."""

LENGTH_TO_MM = {"mm": 1.0, "cm": 10.0, "m": 1e3, "in": 25.4}
"""Factor from each declared unit of length to millimetres."""

SECONDS_IN = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
"""Length in seconds of each unit that a recording's clock may count in."""

YEARS_IN = {"years": 1.0, "months": 1.0 / MONTHS_PER_YEAR, "weeks": 1.0 / WEEKS_PER_YEAR, "days": 1.0 / 365.25}
"""Length in years of each unit of time that a mapping may declare."""

DECIMAL_MARKS = {".": "point", ",": "comma"}
"""Marks between whole and fraction of a written number, with their names."""

UNITS_OF_SENSOR = {
    "accelerometer": ACCELERATION_TO_G,
    "gyroscope": ANGULAR_RATE_TO_DEG_PER_S,
    "emg": VOLTAGE_TO_UV,
    "pen": LENGTH_TO_MM,
}
"""Units in which each sensor's samples can be declared, with the factor to ours: g, deg/s, uV, mm. None is of two."""

_ISO_8601 = re.compile(
    r"P(?=.)(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


def iso_duration_years(text: str) -> float:
    """Length in years of an ISO 8601 duration; a month is 1/12 of a year, a year 365.25 days.

    Raises
    ------
    ValueError
        If the text is not an ISO 8601 duration (the text itself is not quoted).

    Examples
    --------
    >>> round(iso_duration_years("P2Y5M"), 4)
    2.4167
    >>> iso_duration_years("two years")
    Traceback (most recent call last):
    ValueError: not an ISO 8601 duration such as P2Y5M
    """
    match = _ISO_8601.fullmatch(text.strip())
    if match is None:
        raise ValueError("not an ISO 8601 duration such as P2Y5M")
    years, months, weeks, days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    whole_hours = hours + minutes / 60 + seconds / 3600
    return years + months / MONTHS_PER_YEAR + weeks / WEEKS_PER_YEAR + (days * 24 + whole_hours) / HOURS_PER_YEAR


def horizon_years(text: str) -> float:
    """Years in a horizon such as ``5y``, ``6m`` or ``8w``.

    Raises
    ------
    ValueError
        If the text is not a positive number followed by ``y``, ``m`` or ``w``.

    Examples
    --------
    >>> horizon_years("5y"), horizon_years("6m"), round(horizon_years("8w"), 4)
    (5.0, 0.5, 0.1533)
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([ymw])", text)
    value = float(match[1]) if match else 0.0
    if match is None or not isfinite(value) or value <= 0:
        raise ValueError(f"'{text}' is not a horizon such as '5y', '6m' or '8w'")
    return value / {"y": 1.0, "m": MONTHS_PER_YEAR, "w": WEEKS_PER_YEAR}[match[2]]
