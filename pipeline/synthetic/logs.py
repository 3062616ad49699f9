"""Logarithms of probabilities that may be exactly 0."""

from __future__ import annotations

import numpy as np

IMPOSSIBLE = -1e6
"""Stands for the logarithm of 0: its exponential is exactly 0, and 0 times it is 0, which does not hold of infinity."""


def log_of(probability: np.ndarray) -> np.ndarray:
    """Return the natural logarithm, `IMPOSSIBLE` for 0.

    Examples
    --------
    >>> float(np.exp(log_of(np.array(0.0))))
    0.0
    """
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(probability), IMPOSSIBLE)
