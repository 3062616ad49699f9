"""Refuse a recipe that cannot be followed: one line, by its key, before anything is drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import fsum, isfinite

from pipeline.errors import UsageError, did_you_mean
from pipeline.recipe import Recipe
from pipeline.synthetic.devices import DEVICES
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, pair_is_allowed

_SUM_TOLERANCE = 1e-6

_RANGES: dict[str, tuple[float, float, str]] = {
    "missing": (0.0, 0.95, "missing = 0.1"),
    "label_noise": (0.0, 0.5, "label_noise = 0.15"),
    "rater_noise": (0.0, 3.0, "rater_noise = 1.0"),
    "recordings": (0.0, 1.0, "recordings = 0.8"),
    "absent": (0.0, 0.95, "absent = 0.05"),
    "absence_follows_class": (0.0, 3.0, "absence_follows_class = 1.0"),
    "twist": (0.0, 5.0, "twist = 1.5"),
    "separation": (0.0, 10.0, "separation = 1.0"),
    "max_visits": (1, 40, "max_visits = 4"),
}
"""Closed range of each number, with how to write it."""

_CENTRE_RANGES: dict[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "record_s": (3.0, 600.0),
    "missing": (0.0, 10.0),
    "label_noise": (0.0, 3.0),
}


def where(recipe: Recipe, key: str) -> str:
    """Say where in a recipe something stands."""
    return f"recipe '{recipe.name}', key {key}"


def check_recipe(recipe: Recipe) -> None:
    """Refuse what cannot be.

    Raises
    ------
    UsageError
        One line: the key, what stands there, what is needed and what to do.
    """
    for key, (low, high, example) in _RANGES.items():
        _in_range(recipe, key, getattr(recipe, key), (low, high), example)
    _check_classes(recipe)
    for position, (key, known) in enumerate((("phenotypes", PHENOTYPES), ("aetiologies", AETIOLOGIES))):
        _check_margin(recipe, key, position, known)
    if any(not 0 <= share <= 1 for share in recipe.heavy_tails):
        raise UsageError(
            where(recipe, "heavy_tails"), "a share below 0 or above 1", needed="all three must be from 0 to 1"
        )
    _adds_up(recipe, "heavy_tails", recipe.heavy_tails)
    _check_centres(recipe)


def _in_range(recipe: Recipe, key: str, found: float, bounds: tuple[float, float], example: str) -> None:
    low, high = bounds
    if not low <= found <= high:
        raise UsageError(
            where(recipe, key), f"{found}", needed=f"it must be from {low:g} to {high:g}", do=f"Write {example} or so"
        )


def _adds_up(recipe: Recipe, key: str, shares: Collection[float]) -> None:
    total = fsum(shares)
    if not abs(total - 1) <= _SUM_TOLERANCE:
        raise UsageError(
            where(recipe, key),
            f"the shares add up to {total:.6g}",
            needed="they must add up to 1",
            do="Correct a share",
        )


def _check_classes(recipe: Recipe) -> None:
    for key, weight in recipe.classes.items():
        _check_pair(recipe, key)
        if not (isfinite(weight) and weight >= 0):
            raise UsageError(
                where(recipe, f"classes.{key}"),
                f"{weight}",
                needed="a weight is a finite number of 0 or more",
                do="Write 0 to leave the class out",
            )
    total = sum(recipe.classes.values())
    if not 0 < total < float("inf"):
        raise UsageError(
            where(recipe, "classes"),
            "the weights add up to nothing" if total == 0 else "the weights add up to infinity",
            needed="at least one class needs a weight above 0, and their sum must be finite",
            do='Write weights such as "cervical/idiopathic_isolated" = 0.3',
        )


def _check_pair(recipe: Recipe, key: str) -> None:
    at = where(recipe, f"classes.{key}")
    phenotype, slash, aetiology = key.partition("/")
    if not slash:
        raise UsageError(
            at,
            "no / in it",
            needed="a class is a phenotype and an aetiology with / between them",
            do='Write "cervical/idiopathic_isolated" or the like',
        )
    for kind, word, known in (("phenotype", phenotype, PHENOTYPES), ("aetiology", aetiology, AETIOLOGIES)):
        _known_word(at, kind, word, known)
    if not pair_is_allowed(phenotype, aetiology):
        fitting = [word for word in AETIOLOGIES if pair_is_allowed(phenotype, word)]
        raise UsageError(
            at,
            "no diagnosis joins these two",
            needed=f"{phenotype} goes with {', '.join(fitting)} only",
            do="Correct the pair or take it out",
        )


def _known_word(at: str, kind: str, word: str, known: Collection[str]) -> None:
    if word not in known:
        raise UsageError(at, f"no {kind} is called '{word}'", do=did_you_mean(word, list(known)))


def _check_margin(recipe: Recipe, key: str, position: int, known: Collection[str]) -> None:
    margin: Mapping[str, float] = getattr(recipe, key)
    if not margin:
        return
    for word, share in margin.items():
        _known_word(where(recipe, f"{key}.{word}"), key.removesuffix("s"), word, known)
        _in_range(recipe, f"{key}.{word}", share, (0.0, 1.0), f"{word} = 0.1")
    drawn = {pair.split("/")[position] for pair, weight in recipe.classes.items() if weight > 0}
    if drawn != {word for word, share in margin.items() if share > 0}:
        odd = sorted(drawn ^ {word for word, share in margin.items() if share > 0})[0]
        raise UsageError(
            where(recipe, f"{key}.{odd}"),
            "stands in this margin or in 'classes' and not in both",
            needed="a margin has a share above 0 for each that 'classes' has, and for no other",
            do="Add it, or take it out",
        )
    _adds_up(recipe, key, margin.values())


def _check_centres(recipe: Recipe) -> None:
    if not recipe.centres:
        raise UsageError(where(recipe, "centres"), "none", needed="at least one", do="Write [[centres]]")
    for number, centre in enumerate(recipe.centres):
        at = f"centres.{number}"
        for key, (low, high) in _CENTRE_RANGES.items():
            _in_range(recipe, f"{at}.{key}", getattr(centre, key), (low, high), f"{key} = {(low + high) / 2:g}")
        _known_word(where(recipe, f"{at}.device"), "device", centre.device, DEVICES)
        for word, factor in centre.case_mix.items():
            _known_word(where(recipe, f"{at}.case_mix.{word}"), "phenotype", word, PHENOTYPES)
            _in_range(recipe, f"{at}.case_mix.{word}", factor, (0.001, 1000), f"{word} = 2.0")
        if recipe.missing * centre.missing > _RANGES["missing"][1]:
            raise UsageError(
                where(recipe, f"{at}.missing"),
                f"{centre.missing}",
                needed="with the recipe's own, at most 0.95 of the items are left empty",
                do="Lower it",
            )
    _adds_up(recipe, "centres", [centre.share for centre in recipe.centres])
