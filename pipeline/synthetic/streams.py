"""A random stream for each patient that does not depend on who else is in the cohort.

For each purpose (the person, the form of the second visit, ...) there is one Philox table; patient `i` is its row `i`.
Philox counts, so any row is reached without making those before it. A cohort twice as large, or one made in parts, has
the same patients; and what is drawn for one purpose moves nothing that is drawn for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

_WORDS_A_STEP = 4
"""Random words that Philox makes at each step of its counter."""

_SMALLEST = 2.0**-54
"""Stands for a drawn 0.0, whose normal quantile would be infinite."""


@dataclass(frozen=True)
class Streams:
    """The random streams of the patients `first` to `first + patients - 1` (counted from 0) of a seed."""

    seed: int
    first: int
    patients: int

    def uniform(self, purpose: str, width: int) -> np.ndarray:
        """Return numbers between 0 and 1, both excluded.

        Returns
        -------
        ndarray, shape (patients, width)

        Examples
        --------
        >>> whole = Streams(seed=1, first=0, patients=5).uniform("person", 3)
        >>> part = Streams(seed=1, first=3, patients=2).uniform("person", 3)
        >>> bool((whole[3:] == part).all())
        True
        """
        key = int.from_bytes(blake2b(f"{self.seed} {purpose}".encode(), digest_size=16).digest(), "little")
        steps = -(-width // _WORDS_A_STEP)
        generator = np.random.Generator(np.random.Philox(key=key).advance(self.first * steps))
        return np.maximum(generator.random((self.patients, steps * _WORDS_A_STEP))[:, :width], _SMALLEST)
