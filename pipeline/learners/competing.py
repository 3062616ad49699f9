"""Causes that compete: whichever event comes first ends the question, and each has its share of the exits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.errors import UsageError

_WHERE = "training of the progression risk"


@dataclass(frozen=True)
class Causes:
    """What is known of an event and of others that end its observation.

    Attributes
    ----------
    left, right : ndarray, shape (n,)
        Years that hold the event itself; it counts as not seen where another came before its interval ended.
    ends : ndarray, shape (n, causes)
        Years to each other event, infinite where it was not seen.
    """

    left: np.ndarray
    right: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, left: np.ndarray, right: np.ndarray, competing: np.ndarray | None) -> Causes:
        """End the observation of an event where another came first.

        Parameters
        ----------
        left, right : ndarray, shape (n,)
            Years, as checked.
        competing : array-like, shape (n, causes), optional
            Years to each other event, infinite where it was not seen.

        Raises
        ------
        UsageError
            Unless all times are above 0.
        """
        ends = np.zeros((len(left), 0)) if competing is None else np.asarray(competing, dtype=np.float64)
        wrong = len(left) if ends.ndim != 2 or len(ends) != len(left) else int((~(ends > 0.0)).any(axis=1).sum())
        if wrong:
            raise UsageError(
                _WHERE,
                f"{wrong} of {len(left)} rows with a competing event at or before the visit",
                needed="its time must be above 0, in years, and infinite where it was not seen",
                do="Leave those rows out: they are not at risk",
            )
        first = ends.min(axis=1, initial=np.inf)
        before = first < right
        return cls(np.minimum(left, first), np.where(before, np.inf, right), ends)

    def others(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the interval of each other event: known to its time if it came first, else not seen up to the end.

        Who had the event itself was still seen at the visit that found it, free of the others.
        """
        first, had = self.ends.min(axis=1, initial=np.inf), np.isfinite(self.right)
        last = np.where(had, self.right, np.where(np.isfinite(first), first, self.left))
        for ends in self.ends.T:
            came = np.isfinite(ends) & (ends == first) & ~had
            left = np.where(came, ends, last)
            yield left, np.where(came, ends, np.inf)


def incidence(exits: list[np.ndarray], exposure: np.ndarray) -> np.ndarray:
    """Return the share of people whom each cause meets first, within each horizon.

    Inside a period hazards are constant, so that those who leave in it part as the hazards do: what all causes take and
    what they leave adds up to 1 exactly, whatever the order in which causes are named.

    Parameters
    ----------
    exits : list of ndarray, shape (n, periods)
        For each cause, -log(1 - hazard).
    exposure : ndarray, shape (periods, horizons)
        Share of each period that lies within each horizon.

    Returns
    -------
    ndarray, shape (n, horizons, causes)

    Examples
    --------
    >>> half = np.full((1, 2), np.log(2.0))
    >>> incidence([half], np.ones((2, 1)))[..., 0].round(3)
    array([[0.75]])
    >>> incidence([half, half], np.ones((2, 1)))[0, 0].round(3)
    array([0.469, 0.469])
    """
    if len(exits) == 1:
        shares = -np.expm1(-(exits[0] @ exposure))[..., None]
    else:
        stacked = np.stack(exits, axis=-1)
        total = stacked.sum(axis=-1)
        left = np.exp(-np.cumsum(total, axis=1) + total)
        part = stacked / np.maximum(total, np.finfo(float).tiny)[..., None]
        gone = [-np.expm1(-total * within) * left * (within > 0.0) for within in exposure.T]
        shares = np.stack([np.einsum("np,npc->nc", each, part) for each in gone], axis=1)
    # BLAS may add up two columns in different orders: a longer horizon must not come out an ulp below a shorter one
    return np.maximum.accumulate(shares, axis=1)
