"""The classes of a cohort: pairs of phenotype and aetiology, with their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from pipeline.errors import UsageError, did_you_mean
from pipeline.study import Recipe
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, pair_is_allowed

Pair = tuple[str, str]
"""Phenotype and aetiology."""


@dataclass(frozen=True)
class Mix:
    """The classes of a recipe and how often each is drawn.

    Attributes
    ----------
    pairs : tuple of Pair
        Sorted, so that the order of keys in a recipe changes nothing.
    shares : ndarray
        Adds up to 1.
    """

    pairs: tuple[Pair, ...]
    shares: np.ndarray

    def draw(self, uniform: np.ndarray) -> np.ndarray:
        """Return the class number of each patient from one uniform number each."""
        return draw_one(self.shares, uniform)

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
    _check_numbers(recipe)
    weights = {_pair_of(recipe, key): _checked_weight(recipe, key, value) for key, value in recipe.classes.items()}
    total = sum(weights.values())
    if not 0 < total < float("inf"):
        raise UsageError(
            _where(recipe, "classes"),
            "the weights add up to nothing" if total == 0 else "the weights add up to infinity",
            needed="at least one class needs a weight above 0, and their sum must be finite",
            do='Write weights such as "cervical/idiopathic_isolated" = 0.3',
        )
    pairs = tuple(sorted(pair for pair, weight in weights.items() if weight > 0))
    return Mix(pairs, np.array([weights[pair] / total for pair in pairs]))


def _where(recipe: Recipe, key: str) -> str:
    return f"recipe '{recipe.name}', key {key}"


def _check_numbers(recipe: Recipe) -> None:
    if not 0 <= recipe.missing < 1:
        raise UsageError(
            _where(recipe, "missing"),
            f"{recipe.missing}",
            needed="the probability that an item is left empty lies between 0 and 1, 1 excluded",
            do="Write missing = 0.1 or the like",
        )
    if recipe.max_visits < 1:
        raise UsageError(
            _where(recipe, "max_visits"),
            f"{recipe.max_visits}",
            needed="every patient has at least 1 visit",
            do="Write max_visits = 4 or the like",
        )


def _pair_of(recipe: Recipe, key: str) -> Pair:
    where = _where(recipe, f"classes.{key}")
    phenotype, slash, aetiology = key.partition("/")
    if not slash:
        raise UsageError(
            where,
            "one word",
            needed="a class is a phenotype and an aetiology with / between them",
            do='Write "cervical/idiopathic_isolated" or the like',
        )
    for kind, word, known in (("phenotype", phenotype, PHENOTYPES), ("aetiology", aetiology, AETIOLOGIES)):
        if word not in known:
            raise UsageError(where, f"no {kind} is called '{word}'", do=did_you_mean(word, known))
    if not pair_is_allowed(phenotype, aetiology):
        fitting = [word for word in AETIOLOGIES if pair_is_allowed(phenotype, word)]
        raise UsageError(
            where,
            "a pair that no diagnosis joins",
            needed=f"{phenotype} goes with {', '.join(fitting)}",
            do="Correct the pair or take it out",
        )
    return phenotype, aetiology


def _checked_weight(recipe: Recipe, key: str, weight: float) -> float:
    if not (isfinite(weight) and weight >= 0):
        raise UsageError(
            _where(recipe, f"classes.{key}"),
            f"{weight}",
            needed="a weight is a finite number of 0 or more",
            do="Write 0 to leave the class out",
        )
    return weight
