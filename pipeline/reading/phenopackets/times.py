"""Time elements: ages, ranges of age, classes of onset, dates and weeks of pregnancy, as years or as text.

An age becomes a number. A range of ages up to ten years wide becomes its middle and stays as text too; a wider one, a
class of onset (HP:0003581) or an age before birth stays text: no number is made up for it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pipeline.units import iso_duration_years

WIDEST_RANGE_Y = 10.0
DAYS_PER_YEAR = 365.25
_GESTATION = "gestation:"
_CURIE = re.compile(r"[A-Za-z][\w.-]*:[^\s|=,!/]+")


class BadTime(ValueError):
    """A time element that can't be read; `reason` is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Time:
    """A time element as we hold it.

    Attributes
    ----------
    text : str
        ``P2Y5M``, ``P40Y/P49Y``, ``HP:0003581``, ``2024-04-03``, ``2024-04-03/2024-04-05`` or ``gestation:P20W3D``.
    low_y, high_y : float
        Ages between which it lies, in years; NaN where no age follows.
    day : str
        The date, or that on which an interval begins.
    """

    text: str = ""
    low_y: float = math.nan
    high_y: float = math.nan
    day: str = ""

    @property
    def is_range(self) -> bool:
        """Whether the ages are apart."""
        return self.high_y > self.low_y

    @property
    def is_age(self) -> bool:
        """Whether it comes down to one age."""
        return not math.isnan(self.age_y)

    @property
    def age_y(self) -> float:
        """The age, or the middle of a range that is narrow enough; NaN for all else."""
        if not self.is_range:
            return self.low_y
        return (self.low_y + self.high_y) / 2 if self.high_y - self.low_y <= WIDEST_RANGE_Y else math.nan


def read_time(element: Any, born: str = "") -> Time:
    """Read a time element of any kind.

    Parameters
    ----------
    element : dict, optional
        As JSON spells it; nothing, or of a kind that the standard does not know, is no time.
    born : str
        Date of birth, where it is known: an age follows from a date.

    Raises
    ------
    BadTime
        If a duration or a date is none.
    AttributeError, KeyError, TypeError
        If the element is not built as the standard says.

    Examples
    --------
    >>> read_time({"age": {"iso8601duration": "P2Y6M"}}).age_y
    2.5
    >>> read_time({"ageRange": {"start": {"iso8601duration": "P40Y"}, "end": {"iso8601duration": "P49Y"}}}).age_y
    44.5
    >>> read_time({"ontologyClass": {"id": "HP:0003581", "label": "Adult onset"}})
    Time(text='HP:0003581', low_y=nan, high_y=nan, day='')
    >>> read_time({"timestamp": "2024-01-01T00:00:00Z"}, born="2020-01-01").age_y
    4.0
    """
    for kind, read in (
        ("age", lambda found: _aged(found["iso8601duration"], found["iso8601duration"])),
        ("ageRange", lambda found: _aged(found["start"]["iso8601duration"], found["end"]["iso8601duration"])),
        ("ontologyClass", lambda found: _classed(found["id"])),
        ("timestamp", lambda found: _dated(found, found, born)),
        ("interval", lambda found: _dated(found["start"], found["end"], born)),
        ("gestationalAge", _gestation),
    ):
        found = (element or {}).get(kind)
        if found is not None:
            return read(found)
    return Time()


def time_element(text: str) -> dict[str, Any] | None:
    """Write the text of a `Time` as the time element that it was; None for a text that is none.

    Examples
    --------
    >>> time_element("P40Y/P49Y")
    {'ageRange': {'start': {'iso8601duration': 'P40Y'}, 'end': {'iso8601duration': 'P49Y'}}}
    >>> time_element("gestation:P20W3D")
    {'gestationalAge': {'weeks': 20, 'days': 3}}
    >>> time_element("in the spring") is None
    True
    """
    element = _spelled(text)
    try:
        return element if element and read_time(element).text == text else None
    except ValueError:
        return None


def duration(years: float) -> str:
    """Write an age as an ISO 8601 duration that reads back to the same bits.

    Examples
    --------
    >>> duration(44.5), duration(1e-05)
    ('P44.5Y', 'P0.00001Y')
    """
    return f"P{Decimal(repr(abs(float(years)))):f}Y"


def timestamp(day: str) -> str:
    """Write a date as a timestamp.

    Examples
    --------
    >>> timestamp("2024-04-03")
    '2024-04-03T00:00:00Z'
    """
    return f"{day}T00:00:00Z"


def read_day(text: Any) -> str:
    """Return the date of a timestamp, as it stands there.

    Raises
    ------
    BadTime
        If it is none.
    """
    if not isinstance(text, str):
        raise TypeError
    try:
        return date.fromisoformat(text[:10]).isoformat() if text[4:5] == "-" else _no_date()
    except ValueError:
        raise BadTime("DATE_FORMAT") from None


def _no_date() -> str:
    raise ValueError


def _spelled(text: str) -> dict[str, Any] | None:
    start, slash, end = text.partition("/")
    if text.startswith("P"):
        if slash:
            return {"ageRange": {"start": {"iso8601duration": start}, "end": {"iso8601duration": end}}}
        return {"age": {"iso8601duration": text}}
    if text[:1].isdigit():
        if slash:
            return {"interval": {"start": timestamp(start), "end": timestamp(end)}}
        return {"timestamp": timestamp(text)}
    if weeks := re.fullmatch(_GESTATION + r"P(\d{1,3})W(\d{1,3})D", text):
        return {"gestationalAge": {"weeks": int(weeks[1]), "days": int(weeks[2])}}
    return {"ontologyClass": {"id": text, "label": text}} if _CURIE.fullmatch(text) else None


def _years(text: Any) -> float:
    if not isinstance(text, str):
        raise TypeError
    try:
        return iso_duration_years(text)
    except ValueError:
        raise BadTime("DURATION_FORMAT") from None


def _aged(start: Any, end: Any) -> Time:
    low, high = _years(start), _years(end)
    if low > high:
        raise BadTime("DURATION_FORMAT")
    start, end = start.strip(), end.strip()
    return Time(start if start == end else f"{start}/{end}", low, high)


def _classed(term: Any) -> Time:
    if not isinstance(term, str):
        raise TypeError
    # of any id, only what looks like one: a cell of several must still be told apart
    return Time(term if _CURIE.fullmatch(term) and not term.startswith(_GESTATION) else "")


def _dated(start: Any, end: Any, born: str) -> Time:
    first, last = read_day(start), read_day(end)
    if first > last:
        raise BadTime("DATE_FORMAT")
    text = first if first == last else f"{first}/{last}"
    if not born or first < born:
        return Time(text, day=first)
    low, high = ((date.fromisoformat(day) - date.fromisoformat(born)).days / DAYS_PER_YEAR for day in (first, last))
    return Time(text, low, high, first)


def _gestation(found: Any) -> Time:
    weeks, days = found["weeks"], found.get("days", 0)
    if not all(
        isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 999 for number in (weeks, days)
    ):
        raise BadTime("DURATION_FORMAT")
    return Time(f"{_GESTATION}P{weeks}W{days}D")
