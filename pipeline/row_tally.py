"""Which records of a file have come by, in a byte each."""

from __future__ import annotations

import numpy as np


class RowTally:
    """Counts the records of a file, and notices one that comes twice.

    Attributes
    ----------
    count : int
        Different records so far.
    doubled : bool
        Whether one has come more than once.

    Examples
    --------
    >>> tally = RowTally()
    >>> tally.add(np.array([3, 1]))
    >>> tally.add(np.array([2]))
    >>> tally.count, tally.doubled
    (3, False)
    >>> tally.add(np.array([1]))
    >>> tally.count, tally.doubled
    (3, True)
    """

    def __init__(self) -> None:
        self._seen = np.zeros(0, dtype=bool)
        self.count, self.doubled = 0, False

    def add(self, rows: np.ndarray) -> None:
        """Take some record numbers, each from 1."""
        if not len(rows):
            return
        top = int(rows.max()) + 1
        if top > len(self._seen):
            self._seen = np.append(self._seen, np.zeros(max(top, 2 * len(self._seen)) - len(self._seen), dtype=bool))
        fresh = len(rows) if len(np.unique(rows)) == len(rows) and not self._seen[rows].any() else -1
        if fresh < 0:
            self.doubled = True
        self._seen[rows] = True
        self.count = self.count + fresh if fresh >= 0 else int(self._seen.sum())
