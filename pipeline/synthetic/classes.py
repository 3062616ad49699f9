"""The classes of a cohort: pairs of phenotype and aetiology, how often each is drawn, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.errors import UsageError
from pipeline.recipe import Recipe
from pipeline.synthetic.recipe_checks import check_recipe, where

Pair = tuple[str, str]
"""Phenotype and aetiology."""

_MARGIN_MET = 1e-10
_ROUNDS = 2_000


@dataclass(frozen=True)
class Mix:
    """The classes of a recipe and how often each is drawn.

    Attributes
    ----------
    pairs : tuple of Pair
        Sorted, so that the order of keys in a recipe changes nothing.
    centre_shares : ndarray, shape (centres,)
    by_centre : ndarray, shape (centres, pairs)
        Share of each class at each centre; a row adds up to 1.
    """

    pairs: tuple[Pair, ...]
    centre_shares: np.ndarray
    by_centre: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of each class over all centres."""
        return self.centre_shares @ self.by_centre

    @property
    def names(self) -> tuple[str, ...]:
        """Each class in one word, as a recipe writes it."""
        return tuple("/".join(pair) for pair in self.pairs)

    def draw(self, centre: np.ndarray, uniform: np.ndarray) -> np.ndarray:
        """Return the class number of each patient of these centres from one uniform number each."""
        ends = np.cumsum(self.by_centre, axis=1)[:, :-1]
        return (ends[centre] <= uniform[:, None]).sum(axis=1)

    def figure(self, of: Callable[[Pair], float]) -> np.ndarray:
        """Tabulate a figure over the classes, to be indexed by class number."""
        return np.array([of(pair) for pair in self.pairs], dtype=float)


def draw_one(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return the number of the share in which each uniform number falls.

    Examples
    --------
    >>> draw_one(np.array([0.25, 0.75]), np.array([0.1, 0.9])).tolist()
    [0, 1]
    """
    ends = np.cumsum(shares)[:-1]
    return np.searchsorted(ends, uniform, side="right")


def mix_of(recipe: Recipe) -> Mix:
    """Check a recipe and return its classes.

    Raises
    ------
    UsageError
        If the recipe asks for something that cannot be; the message names the key.
    """
    check_recipe(recipe)
    kept = sorted(tuple(key.split("/")) for key, weight in recipe.classes.items() if weight > 0)
    pairs: tuple[Pair, ...] = tuple((phenotype, aetiology) for phenotype, aetiology in kept)
    weights = np.array([recipe.classes["/".join(pair)] for pair in pairs])
    shares = _raked(recipe, pairs, weights / weights.sum())
    tilts = [[centre.case_mix.get(phenotype, 1.0) for phenotype, _ in pairs] for centre in recipe.centres]
    table = shares * np.array(tilts)
    return Mix(pairs, np.array([centre.share for centre in recipe.centres]), table / table.sum(axis=1, keepdims=True))


def _raked(recipe: Recipe, pairs: tuple[Pair, ...], shares: np.ndarray) -> np.ndarray:
    """Fit the table to its margins by turns (Deming and Stephan 1940); a structural zero stays one."""
    margins = []
    for position, (key, wanted) in enumerate((("phenotypes", recipe.phenotypes), ("aetiologies", recipe.aetiologies))):
        if wanted:
            words = sorted({pair[position] for pair in pairs})
            member = np.array([[pair[position] == word for pair in pairs] for word in words], dtype=float)
            margins.append((key, member, np.array([wanted[word] for word in words])))
    for _ in range(_ROUNDS):
        for _, member, wanted in margins:
            shares = shares * ((wanted / (member @ shares)) @ member)
        if all(np.abs(member @ shares - wanted).max() < _MARGIN_MET for _, member, wanted in margins):
            return shares
    raise UsageError(
        where(recipe, "aetiologies"),
        "no table of these classes has both these margins",
        needed="the pairs of 'classes' must be able to add up to them and to 'phenotypes'",
        do="Correct a share, or add the pair that is missing",
    )
