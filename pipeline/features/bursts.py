"""Stretches of a signal above a threshold: how many, how long, how far apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.features.spectrum import ratio


@dataclass(frozen=True)
class Runs:
    """Stretches of samples that are on, of all windows, in order.

    Attributes
    ----------
    window : ndarray, shape (r,)
        Window of each run.
    begin_s, length_s : ndarray, shape (r,)
    whole : ndarray, shape (r,)
        Whether it begins and ends inside the window, so that its length is known.
    windows : int
    """

    window: np.ndarray
    begin_s: np.ndarray
    length_s: np.ndarray
    whole: np.ndarray
    windows: int

    def count(self, chosen: np.ndarray) -> np.ndarray:
        """Count the chosen runs of each window, shape (windows,)."""
        return np.bincount(self.window[chosen], minlength=self.windows).astype(float)

    def total_s(self, chosen: np.ndarray) -> np.ndarray:
        """Sum the lengths of the chosen runs of each window, shape (windows,)."""
        return np.bincount(self.window[chosen], weights=self.length_s[chosen], minlength=self.windows)

    def mean_s(self, chosen: np.ndarray) -> np.ndarray:
        """Mean length of the chosen runs of each window, shape (windows,); NaN without any."""
        return ratio(self.total_s(chosen), self.count(chosen))

    def spacing_s(self, chosen: np.ndarray) -> np.ndarray:
        """Mean time from one chosen run's begin to the next one's, shape (windows,); NaN under two."""
        window, begin = self.window[chosen], self.begin_s[chosen]
        count = self.count(chosen)
        first, last = np.full(self.windows, np.nan), np.full(self.windows, np.nan)
        np.fmin.at(first, window, begin)
        np.fmax.at(last, window, begin)
        return ratio(last - first, count - 1)


def runs(on: np.ndarray, fs: np.ndarray) -> Runs:
    """Find the stretches of True of each window.

    Parameters
    ----------
    on : ndarray of bool, shape (n, T)
    fs : ndarray, shape (n,)

    Examples
    --------
    >>> found = runs(np.array([[False, True, True, False, True]]), np.array([10.0]))
    >>> found.length_s.tolist(), found.whole.tolist()
    ([0.2, 0.1], [True, False])
    """
    edges = np.diff(np.pad(on, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    window, begin = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    return Runs(window, begin / fs[window], (end - begin) / fs[window], (begin > 0) & (end < on.shape[1]), len(on))
