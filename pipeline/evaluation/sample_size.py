"""How many people a model needs before it can be trusted: the criteria of Riley et al. for models of prediction."""

from __future__ import annotations

import math
from dataclasses import dataclass

SHRINKAGE = 0.9
"""Of what a model would say too extremely without shrinkage, it should be no more than a tenth."""
EXPLAINED = 0.15
"""Share of the greatest possible Cox-Snell R² that is supposed where nothing is known (Riley et al. 2020)."""

_OPTIMISM = 0.05
_MARGIN = 0.05
_Z = 1.96
_MANY = 10_000.0


@dataclass(frozen=True)
class Needed:
    """The people that each criterion asks for.

    Attributes
    ----------
    shrinkage : int
        So many that the expected shrinkage is `SHRINKAGE`.
    optimism : int
        So many that the apparent Nagelkerke R² is too high by no more than 0.05.
    overall : int
        So many that the overall share is known within 0.05; of survival there is no such number, and it is 0.
    """

    shrinkage: int
    optimism: int
    overall: int

    @property
    def people(self) -> int:
        """The greatest of them."""
        return max(self.shrinkage, self.optimism, self.overall)


def greatest_r_squared(prevalence: float) -> float:
    """Return the Cox-Snell R² of a model that is certain and right of an outcome of some prevalence.

    Examples
    --------
    >>> round(greatest_r_squared(0.5), 2), round(greatest_r_squared(0.01), 2)
    (0.75, 0.11)
    """
    entropy = -prevalence * math.log(prevalence) - (1.0 - prevalence) * math.log(1.0 - prevalence)
    return 1.0 - math.exp(-2.0 * entropy)


def greatest_r_squared_of_events(rate: float, mean_follow_up: float) -> float:
    """Return the same of a time to an event, with so many events a year and so many years of follow-up on average."""
    events = rate * mean_follow_up * _MANY
    null = events * math.log(events / _MANY) - events
    return 1.0 - math.exp(2.0 * null / _MANY)


def needed_for_label(parameters: int, prevalence: float, r_squared: float | None = None) -> Needed:
    """Return how many people a model of a label against all others needs.

    Parameters
    ----------
    parameters : int
        Candidates: all that could get a coefficient, chosen or not.
    prevalence : float
        In (0, 1).
    r_squared : float, optional
        The Cox-Snell R² that is expected; `EXPLAINED` of the greatest possible if left out.

    Returns
    -------
    Needed
        By criteria 1 to 3 of Riley et al. 2019 (Stat Med 38:1276) as in Riley et al. 2020 (BMJ 368:m441). They are made
        for models that are not penalised; one that is may do with fewer, and varies more.

    Examples
    --------
    The worked example of the R package ``pmsampsize``:

    >>> needed_for_label(24, 0.174, 0.288)
    Needed(shrinkage=623, optimism=662, overall=221)
    """
    greatest = greatest_r_squared(prevalence)
    expected = EXPLAINED * greatest if r_squared is None else r_squared
    overall = math.ceil((_Z / _MARGIN) ** 2 * prevalence * (1.0 - prevalence))
    return Needed(*_by_r_squared(parameters, expected, greatest), overall)


def needed_for_event(parameters: int, rate: float, mean_follow_up: float, r_squared: float | None = None) -> Needed:
    """Return how many people a model of the time to an event needs, by criteria 1 and 2 of the same papers.

    Parameters
    ----------
    parameters : int
    rate : float
        Events a year of follow-up.
    mean_follow_up : float
        Years.
    r_squared : float, optional
        As of `needed_for_label`.

    Examples
    --------
    The worked example of the R package ``pmsampsize``:

    >>> needed_for_event(25, 0.065, 2.07, 0.051)
    Needed(shrinkage=4286, optimism=866, overall=0)
    """
    greatest = greatest_r_squared_of_events(rate, mean_follow_up)
    expected = EXPLAINED * greatest if r_squared is None else r_squared
    return Needed(*_by_r_squared(parameters, expected, greatest), 0)


def _by_r_squared(parameters: int, expected: float, greatest: float) -> tuple[int, int]:
    apparent = expected / (expected + _OPTIMISM * greatest)
    return _to_shrink_by(SHRINKAGE, parameters, expected), _to_shrink_by(apparent, parameters, expected)


def _to_shrink_by(shrinkage: float, parameters: int, expected: float) -> int:
    return math.ceil(parameters / ((shrinkage - 1.0) * math.log1p(-expected / shrinkage)))
