"""How a rating scale is declared, the columns that follow from its declaration, and how it is scored.

Several scales belong to a society or a publisher. Ranges, weights and formulas stand here, never the wording of an
item: items carry short neutral names, or numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from pipeline.records import Column
from pipeline.units import Unit

Formula = Literal["sum", "products", "mean", "percent", "none"]
Status = Literal["verified", "memory"]


@dataclass(frozen=True)
class Item:
    """One rating.

    Attributes
    ----------
    name : str
        Short neutral name, unique within the scale.
    high, low : float
        Closed range.
    weight : float
        Factor in the total.
    may_not_apply : bool
        Whether the scale lets the item be answered with "not applicable"; a flag beside it then says so.
    """

    name: str
    high: float
    low: float = 0.0
    weight: float = 1.0
    may_not_apply: bool = False


@dataclass(frozen=True)
class Scale:
    """A rating scale, or a part of one.

    Attributes
    ----------
    name : str
        Name of the total without its unit.
    title : str
        Name for people.
    high : float
        Largest total.
    source : str
        Publication, or the page that ranges and formula were taken from.
    status : {"verified", "memory"}
        Whether they were read in the source or recalled; a clinician has to sign off what was recalled.
    items : tuple of Item
        Ratings; none where the scale is recorded by its total only.
    formula : Formula
        ``sum`` of the weighted items; ``products`` of each item with the one after it, weighted and summed; ``mean`` of
        the items that apply; ``percent`` of the largest sum; ``none`` where no formula is published or stored.
    parts : tuple of Scale
        Parts that have totals of their own and whose sum is the total.
    tolerance : float
        How far a recorded total may lie from the computed one, for rounding on paper.
    """

    name: str
    title: str
    high: float
    source: str
    status: Status
    items: tuple[Item, ...] = ()
    formula: Formula = "none"
    parts: tuple[Scale, ...] = ()
    tolerance: float = 0.05

    @property
    def total(self) -> Column:
        """The column of the total."""
        return _points(self.name, f"{self.title}.", 0.0, self.high, self._origin)

    @property
    def item_columns(self) -> tuple[Column, ...]:
        """The columns of the ratings, and the flags of those that may not apply."""
        return tuple(column for item in self.items for column in self._columns_of(item))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the columns that the total is computed from."""
        own = tuple(column.name for column in self.item_columns)
        return (*own, *(name for part in self.parts for name in (part.total.name, *part.inputs)))

    def column_name(self, item: Item) -> str:
        """Return the name of an item's column."""
        return f"{self.stem}_{item.name}_{Unit.POINTS}"

    def exempt_name(self, item: Item) -> str:
        """Return the name of the flag that says that an item does not apply."""
        return f"{self.stem}_{item.name}_not_applicable"

    @property
    def stem(self) -> str:
        """What the names of the items begin with."""
        return self.name.removesuffix("_total").removesuffix("_mean")

    @property
    def _origin(self) -> str:
        return self.source if self.status == "verified" else f"{self.source}; recalled, to be signed off by a clinician"

    def _columns_of(self, item: Item) -> tuple[Column, ...]:
        words = item.name.replace("_", " ")
        rating = _points(f"{self.stem}_{item.name}", f"{self.title}: {words}.", item.low, item.high, self._origin)
        if not item.may_not_apply:
            return (rating,)
        exempt = Column(
            self.exempt_name(item),
            "flag",
            f"{self.title}: {words} does not apply to the patient.",
            known_at="examination",
            defines=("phenotype",),
            source=self._origin,
        )
        return rating, exempt


def _points(name: str, meaning: str, low: float, high: float, source: str) -> Column:
    # a scale that is filled in at all gives the site away, so every column of it defines the phenotype
    return Column(
        f"{name}_{Unit.POINTS}",
        "number",
        meaning,
        unit=Unit.POINTS,
        low=low,
        high=high,
        known_at="examination",
        defines=("phenotype",),
        source=source,
    )


def with_parts(scales: Iterable[Scale]) -> tuple[Scale, ...]:
    """Return the scales, each one after its parts."""
    return tuple(each for scale in scales for each in (*with_parts(scale.parts), scale))


def score(scale: Scale, values: Callable[[str], np.ndarray]) -> np.ndarray:
    """Compute the total of a scale from its items, or from its parts.

    Parameters
    ----------
    scale : Scale
    values : callable
        Gives the numbers of a column by its name, all NaN where there is none.

    Returns
    -------
    ndarray
        In points; NaN where an item is missing. A part that was recorded by its total only counts with that.

    Examples
    --------
    >>> lids = Scale("lids_total", "Lids", 8, "a paper", "verified", (Item("severity", 4), Item("frequency", 4)), "sum")
    >>> ratings = {"lids_severity_points": np.array([3.0, 4.0]), "lids_frequency_points": np.array([2.0, np.nan])}
    >>> score(lids, ratings.__getitem__).tolist()
    [5.0, nan]
    """
    if scale.parts:
        return reduce(np.add, [_recorded_or_scored(part, values) for part in scale.parts])
    if not scale.items or scale.formula == "none":
        return np.full_like(values(scale.total.name), np.nan)
    ratings = np.stack([values(scale.column_name(item)) for item in scale.items])
    weights = np.array([item.weight for item in scale.items])[:, None]
    if scale.formula == "products":
        return (weights[::2] * ratings[::2] * ratings[1::2]).sum(axis=0)
    if scale.formula == "mean":
        return _mean_of_applicable(scale, ratings, values)
    total = (weights * ratings).sum(axis=0)
    if scale.formula == "percent":
        return scale.high * total / sum(item.high * item.weight for item in scale.items)
    return total


def _recorded_or_scored(part: Scale, values: Callable[[str], np.ndarray]) -> np.ndarray:
    recorded = values(part.total.name)
    return np.where(np.isnan(recorded), score(part, values), recorded)


def _mean_of_applicable(scale: Scale, ratings: np.ndarray, values: Callable[[str], np.ndarray]) -> np.ndarray:
    """Mean over the items that apply; NaN where one of them is missing, or none applies."""
    nowhere = np.zeros(ratings.shape[1])
    exempt = np.stack([values(scale.exempt_name(i)) if i.may_not_apply else nowhere for i in scale.items]) == 1.0
    count = (~exempt).sum(axis=0)
    total = np.where(exempt, 0.0, ratings).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
