"""Where a value stands among the people of the training, from numbers that tell of none of them.

A bundle holds, for each column, tenths of the people on both sides of a few cuts, or at each level of a state. Behind
every number are at least `LEAST_PEOPLE` people: a cut is the mean of so many people's values, or the value that so many
share, and so many lie between two cuts, below the first and above the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter

LEAST_PEOPLE = 20
_TENTHS = 10
_MOST_LEVELS = 8


@dataclass(frozen=True)
class Standing:
    """How the people of the training lie in one column; all empty where they are too few.

    Attributes
    ----------
    cuts : tuple of float
        Ascending.
    reached, above : tuple of int
        Of each cut: tenths of the people who have it or less, and who have it or more, rounded down.
    levels : tuple of float
        Values of a state.
    sharing : tuple of int
        Of each level: tenths of the people who have it, rounded.
    """

    cuts: tuple[float, ...] = ()
    reached: tuple[int, ...] = ()
    above: tuple[int, ...] = ()
    levels: tuple[float, ...] = ()
    sharing: tuple[int, ...] = ()
    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 (pydantic's own name, no field)

    def place(self, value: float) -> str:
        """Say where a value stands; nothing where that is not known from enough people.

        Examples
        --------
        >>> standing = Standing(cuts=(20.0, 60.0), reached=(2, 7), above=(8, 3))
        >>> standing.place(61.0), standing.place(19.0), standing.place(30.0), Standing().place(1.0)
        ('higher than 7 of 10 patients', 'lower than 8 of 10 patients', 'lower than 3 of 10 patients', '')
        """
        for level, tenths in zip(self.levels, self.sharing, strict=True):
            if abs(level - value) < 1e-9:
                words = {0: f"fewer than 1 of {_TENTHS}", _TENTHS: "nearly all"}
                return f"as {words.get(tenths, f'{tenths} of {_TENTHS}')} patients"
        below = max((n for cut, n in zip(self.cuts, self.reached, strict=True) if cut < value), default=0)
        beyond = max((n for cut, n in zip(self.cuts, self.above, strict=True) if cut > value), default=0)
        if below == beyond:
            return "in the middle of patients" if below else ""
        side, tenths = ("higher", below) if below > beyond else ("lower", beyond)
        return f"{side} than {tenths} of {_TENTHS} patients"

    def is_sound(self) -> bool:
        """Whether the numbers fit together: what a bundle says is not believed before that."""
        tenths = (*self.reached, *self.above, *self.sharing)
        return (
            len(self.cuts) == len(self.reached) == len(self.above) < _TENTHS
            and len(self.levels) == len(self.sharing) <= _MOST_LEVELS
            and bool(np.isfinite([*self.cuts, *self.levels]).all())
            and all(0 <= each <= _TENTHS for each in tenths)
            and list(self.cuts) == sorted(self.cuts)
        )


def standings(columns: Mapping[str, np.ndarray], states: Iterable[str]) -> dict[str, Standing]:
    """Return how people lie in each column.

    Parameters
    ----------
    columns : mapping
        Name of a column to its values, one a person; NaN where not recorded.
    states : iterable of str
        Columns whose values are levels of a state.
    """
    of_states = set(states)
    return {name: _of_levels(values) if name in of_states else _of_numbers(values) for name, values in columns.items()}


def read_standings(content: bytes) -> dict[str, Standing]:
    """Return the standings that a bundle holds as JSON.

    Raises
    ------
    ValueError
        If they are not ours, or do not fit together.
    """
    found = TypeAdapter(dict[str, Standing]).validate_json(content)
    if not all(each.is_sound() for each in found.values()):
        raise ValueError
    return found


def as_json(found: Mapping[str, Standing]) -> dict[str, Any]:
    """Return standings for JSON; a column of which nothing can be told is left out."""
    return {
        name: {key: list(numbers) for key, numbers in vars(each).items() if numbers}
        for name, each in found.items()
        if each != Standing()
    }


def _of_levels(values: np.ndarray) -> Standing:
    known = values[~np.isnan(values)]
    levels, counts = np.unique(known, return_counts=True)
    enough = counts >= LEAST_PEOPLE
    if len(levels) > _MOST_LEVELS or not enough.any():
        return Standing()
    sharing = np.round(_TENTHS * counts[enough] / len(known)).astype(int)
    return Standing(levels=tuple(levels[enough].tolist()), sharing=tuple(sharing.tolist()))


def _of_numbers(values: np.ndarray) -> Standing:
    known = np.sort(values[~np.isnan(values)])
    cuts, reached, above, behind = [], [], [], 0
    for tenth in range(1, _TENTHS):
        middle = len(known) * tenth // _TENTHS
        near = known[max(middle - LEAST_PEOPLE // 2, 0) : middle + LEAST_PEOPLE // 2]
        if len(near) < LEAST_PEOPLE:
            continue
        cut = float(near[0] if near[0] == near[-1] else np.clip(near.mean(), near[0], near[-1]))
        low, high = int((known <= cut).sum()), int((known >= cut).sum())
        if low - behind >= LEAST_PEOPLE and len(known) - low >= LEAST_PEOPLE:
            cuts.append(cut)
            reached.append(_TENTHS * low // len(known))
            above.append(_TENTHS * high // len(known))
            behind = low
    return Standing(cuts=tuple(cuts), reached=tuple(reached), above=tuple(above))
