"""What the cells of an unknown column look like: counts of patterns, never a cell."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.reading import recode
from pipeline.reading.decimals import NUMBER
from pipeline.records import FLAG_SPELLINGS, Column

SEXES = {"f": "female", "female": "female", "woman": "female", "m": "male", "male": "male", "man": "male"}
"""Spellings of a sex that need no guess."""

MISSING_TOKENS = ("-99", "-98", "-9", "-999", "na", "n/a", "nan", "null", "unknown", ".", "?")
"""What often stands for "not recorded"."""

DATE_SHAPES = {
    "%Y-%m-%d": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "%d.%m.%Y": r"^(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.\d{4}$",
    "%d/%m/%Y": r"^(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/\d{4}$",
    "%m/%d/%Y": r"^(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])/\d{4}$",
    "%d-%m-%Y": r"^(0?[1-9]|[12]\d|3[01])-(0?[1-9]|1[0-2])-\d{4}$",
    "%Y/%m/%d": r"^\d{4}/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])$",
    "%Y%m%d": r"^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$",
}
"""Formats of dates that are looked for, and how a date of each looks."""

MOSTLY = 0.9
"""Share of the filled cells that makes a pattern."""


@dataclass
class Profile:
    """Counts of what the cells of one column look like.

    Attributes
    ----------
    filled, padded, missing, flags, sexes, coded_sexes, numbers : int
        Cells that hold something; of these, how many have blanks around, and how many are tokens that often mean "not
        recorded"; of the rest, how many look like yes or no, a sex, a sex not spelled as ours, a number.
    dates : Counter
        How many fit each format.
    tokens : set of str
        Which of `MISSING_TOKENS` were seen.
    low, high : float
        Range of the numbers.
    """

    filled: int = 0
    padded: int = 0
    missing: int = 0
    flags: int = 0
    sexes: int = 0
    coded_sexes: int = 0
    numbers: int = 0
    dates: Counter[str] = field(default_factory=Counter)
    tokens: set[str] = field(default_factory=set)
    low: float = np.inf
    high: float = -np.inf

    def add(self, cells: pa.ChunkedArray) -> None:
        """Count the cells of a batch.

        Examples
        --------
        >>> profile = Profile()
        >>> profile.add(pa.chunked_array([["yes", " No", "-99", None]]))
        >>> profile.filled, profile.padded, profile.flags, profile.missing
        (3, 1, 2, 1)
        """
        raw = recode.text(cells)
        bare = recode.stripped(raw, strip=True)
        bare = bare.filter(pc.fill_null(pc.not_equal(bare, ""), False))
        self.filled += len(bare)
        self.padded += _count(pc.match_substring_regex(raw, r"^\s+\S|\S\s+$"))
        is_token = recode.is_one_of(bare, MISSING_TOKENS, ignore_case=True)
        self.tokens |= set(pc.unique(pc.utf8_lower(bare.filter(is_token))).to_pylist())
        self.missing += _count(is_token)
        told = bare.filter(pc.invert(is_token))
        self.flags += _count(recode.is_one_of(told, FLAG_SPELLINGS, ignore_case=True))
        sexes = _count(recode.is_one_of(told, SEXES, ignore_case=True))
        self.sexes += sexes
        self.coded_sexes += sexes - _count(recode.is_one_of(told, SEXES.values(), ignore_case=False))
        for date_format, shape in DATE_SHAPES.items():
            self.dates[date_format] += _count(pc.match_substring_regex(told, shape))
        self._add_numbers(told)

    def _add_numbers(self, told: pa.ChunkedArray) -> None:
        numbers = told.filter(pc.match_substring_regex(told, NUMBER)).cast(pa.float64())
        self.numbers += len(numbers)
        if len(numbers):
            ends = pc.min_max(numbers).as_py()
            self.low, self.high = min(self.low, ends["min"]), max(self.high, ends["max"])

    @property
    def told(self) -> int:
        """Cells that hold something other than a token for "not recorded"."""
        return self.filled - self.missing

    def _mostly(self, count: int) -> bool:
        return self.told > 0 and count >= MOSTLY * self.told

    def date_formats(self) -> list[str]:
        """Return the formats that fit nearly all cells, in the order of `DATE_SHAPES`."""
        return [date_format for date_format in DATE_SHAPES if self._mostly(self.dates[date_format])]

    def fits(self, column: Column) -> bool:
        """Whether the cells could be those of a column; an empty column fits all."""
        if self.told == 0 or column.kind in ("id", "text"):
            return True
        if column.kind == "number":
            return self._mostly(self.numbers)
        if column.kind == "flag":
            return self._mostly(self.flags)
        if column.kind == "date":
            return bool(self.date_formats())
        return column.name != "sex" or self._mostly(self.sexes)

    def in_range(self, column: Column) -> bool:
        """Whether the numbers lie in a column's range."""
        return self.numbers == 0 or (column.low <= self.low and self.high <= column.high)

    def says(self) -> str:
        """Describe the cells by counts.

        Examples
        --------
        >>> Profile(filled=10, missing=1, flags=9).says()
        '10 filled, 1 like a missing token, 9 like yes/no'
        """
        counted = {
            "with blanks around": self.padded,
            "like a missing token": self.missing,
            "like yes/no": self.flags,
            "like a sex": self.sexes,
            "like a number": self.numbers,
            **{f"like a date {name}": count for name, count in self.dates.items()},
        }
        return ", ".join([f"{self.filled} filled", *(f"{count} {what}" for what, count in counted.items() if count)])


def profiles(batches: Iterable[pa.Table], names: Iterable[str]) -> dict[str, Profile]:
    """Read a table once and describe each of its columns; one of lists, or that a part lacks, adds nothing."""
    found = {name: Profile() for name in names}
    for batch in batches:
        for name in found.keys() & {each.name for each in batch.schema if not pa.types.is_nested(each.type)}:
            found[name].add(batch.column(name))
    return found


def _count(answer: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.fill_null(answer, False)).as_py() or 0)
