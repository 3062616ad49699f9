"""Columns of a record feature with several outputs, put together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipeline.features.spec import Values


def side_by_side(columns: Iterable[Values]) -> Values:
    """Return columns of n values as (n, columns), each one contiguous, as the table of features keeps them.

    Examples
    --------
    >>> side_by_side([np.array([1.0, 2.0]), np.array([3.0, 4.0])]).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return np.stack(list(columns)).T


def yes_count(flags: Values) -> Values:
    """Count the yes among flags, shape (n, flags); NaN where none of them was recorded, shape (n,).

    Examples
    --------
    >>> yes_count(np.array([[1.0, np.nan], [0.0, 0.0], [np.nan, np.nan]])).tolist()
    [1.0, 0.0, nan]
    """
    yes, known = np.zeros(len(flags)), np.zeros(len(flags), dtype=bool)
    for flag in flags.T:
        yes += flag == 1.0
        known |= ~np.isnan(flag)
    return np.where(known, yes, np.nan)
