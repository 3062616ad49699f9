"""How far a score is known: the bootstrap over whole clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from pipeline.errors import UsageError


@dataclass(frozen=True)
class Estimate:
    """A score with its interval.

    Attributes
    ----------
    value : float
        On all rows.
    low, high : float
        Ends of the interval; NaN if no draw had a value.
    dropped : int
        Draws without a value.
    """

    value: float
    low: float
    high: float
    dropped: int = 0

    def told(self) -> dict[str, float | None]:
        """Return value and interval for a report; None where one does not exist (no pair could be compared)."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {key: float(value) if np.isfinite(value) else None for key, value in named.items()}


def cluster_bootstrap(
    statistic: Callable[[np.ndarray], float],
    groups: np.ndarray,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
) -> Estimate:
    """Return a statistic with its percentile interval over resamples of whole clusters.

    Rows of a patient are not independent, so patients are drawn, with replacement, and each brings all of its rows
    (Field and Welsh 2007, J R Stat Soc B 69:369). Every draw has as many clusters as the data, not as many rows.

    Parameters
    ----------
    statistic : callable
        Takes row positions, some of them repeated, and gives a number, or NaN where it is not defined.
    groups : array-like, shape (n,)
    draws : int
    level : float
    seed : int

    Raises
    ------
    UsageError
        If there are no rows or draws, or the level is not between 0 and 1.

    Examples
    --------
    >>> x = np.arange(40.0)
    >>> mean = cluster_bootstrap(lambda rows: float(x[rows].mean()), np.arange(40) // 2, seed=1)
    >>> mean.value, round(mean.low), round(mean.high), mean.dropped
    (19.5, 14, 24, 0)
    """
    return cluster_bootstraps(lambda rows: {"": statistic(rows)}, groups, draws=draws, level=level, seed=seed)[""]


def cluster_bootstraps(
    statistics: Callable[[np.ndarray], Mapping[str, float]],
    groups: np.ndarray,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int,
) -> dict[str, Estimate]:
    """Return several statistics of the same resamples, as `cluster_bootstrap` does one.

    Parameters
    ----------
    statistics : callable
        Takes row positions, and gives numbers by name, always the same names.
    groups, draws, level, seed
        As of `cluster_bootstrap`.
    """
    codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)[1].reshape(-1)
    if not codes.size or draws < 1 or not 0.0 < level < 1.0:
        raise UsageError(
            "bootstrap",
            f"{codes.size} rows, {draws} draws, level {level:g}",
            needed="there must be at least one row and one draw, and a level between 0 and 1",
        )
    rows = np.argsort(codes, kind="stable")
    size = np.bincount(codes)
    first = np.cumsum(size) - size
    rng = np.random.default_rng(seed)
    drawn = [statistics(_draw(rows, first, size, rng)) for _ in range(draws)]
    tails = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    found = {}
    for name, value in statistics(np.arange(codes.size)).items():
        values = np.array([each[name] for each in drawn], dtype=np.float64)
        kept = values[~np.isnan(values)]
        low, high = np.quantile(kept, tails) if kept.size else (np.nan, np.nan)
        found[name] = Estimate(float(value), float(low), float(high), int(draws - kept.size))
    return found


def wilson(share: float, people: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share seen in so many independent people (Wilson 1927, J Am Stat Assoc 22:209).

    Examples
    --------
    >>> [round(end, 3) for end in wilson(0.0, 20)], [round(end, 3) for end in wilson(0.5, 20)]
    ([0.0, 0.161], [0.299, 0.701])
    """
    z2 = float(norm.ppf((1.0 + level) / 2.0)) ** 2
    middle = (share + z2 / (2.0 * people)) / (1.0 + z2 / people)
    half = (z2 * (share * (1.0 - share) / people + z2 / (4.0 * people**2))) ** 0.5 / (1.0 + z2 / people)
    # rounding can leave the share itself an ulp outside where nobody, or everybody, has the outcome
    return min(max(middle - half, 0.0), share), max(min(middle + half, 1.0), share)


def _draw(rows: np.ndarray, first: np.ndarray, size: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of as many clusters as there are, drawn with replacement."""
    drawn = rng.integers(len(size), size=len(size))
    lengths = size[drawn]
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return rows[np.repeat(first[drawn], lengths) + within]
