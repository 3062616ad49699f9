"""What is read off the course of one channel: how it is distributed, how often it turns, how predictable it is.

Every function takes values of shape (n, T), time last, and returns (n,); a row without change is NaN where a size would
be divided by.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import entr

from pipeline.features.spectrum import ratio


def skewness(values: np.ndarray) -> np.ndarray:
    """Third moment over the standard deviation cubed, of the population."""
    rest = _rest(values)
    square = rest * rest
    return ratio((square * rest).mean(axis=1), square.mean(axis=1) ** 1.5)


def kurtosis(values: np.ndarray) -> np.ndarray:
    """Fourth moment over the variance squared, less the 3 of a normal distribution, of the population."""
    square = _rest(values) ** 2
    return ratio((square**2).mean(axis=1), square.mean(axis=1) ** 2) - 3.0


def mean_absolute_deviation(values: np.ndarray) -> np.ndarray:
    """Mean distance from the mean."""
    return np.abs(_rest(values)).mean(axis=1)


def interquartile_range(values: np.ndarray) -> np.ndarray:
    """Distance of the quartiles, interpolated between samples."""
    ordered = np.sort(values, axis=1)
    return _read(ordered, 0.75) - _read(ordered, 0.25)


def zero_crossings(values: np.ndarray) -> np.ndarray:
    """Count the changes of sign, zero having the sign of none, as ``numpy.sign`` does."""
    return (np.diff(np.sign(values), axis=1) != 0).sum(axis=1).astype(float)


def turning_points(values: np.ndarray) -> np.ndarray:
    """Count the samples at which the course turns, up or down."""
    steps = np.diff(values, axis=1)
    return (steps[:, 1:] * steps[:, :-1] < 0).sum(axis=1).astype(float)


def line_length(values: np.ndarray) -> np.ndarray:
    """Sum of the absolute differences of neighbours."""
    return np.abs(np.diff(values, axis=1)).sum(axis=1)


def slope(values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Slope of the straight line of least squares, against times of shape (T,)."""
    centred = time - time.mean()
    return ratio((values * centred).sum(axis=1), (centred**2).sum())


def mobility(values: np.ndarray) -> np.ndarray:
    """Hjorth mobility: standard deviation of the differences over that of the values."""
    return np.sqrt(ratio(np.diff(values, axis=1).var(axis=1), values.var(axis=1)))


def complexity(values: np.ndarray) -> np.ndarray:
    """Hjorth complexity: mobility of the differences over that of the values; 1 for a sine."""
    return ratio(mobility(np.diff(values, axis=1)), mobility(values))


def permutation_entropy(values: np.ndarray, delay: float = 1.0) -> np.ndarray:
    """Entropy of the order of three values, `delay` samples apart, over that of six equally frequent orders.

    Equal values stand in the order in which they come. Between two samples the course is a straight line.
    """
    last = int(np.ceil(2 * delay))
    first, second, third = (_later(values, step * delay, values.shape[1] - last) for step in range(3))
    # three comparisons tell six orders apart: of their eight combinations two never occur
    order = (first > second) + 2 * (second > third) + 4 * (first > third)
    counts = np.stack([(order == each).sum(axis=1) for each in range(8)], axis=1)
    share = counts / first.shape[1]
    return np.where(np.isfinite(values).all(axis=1), entr(share).sum(axis=1) / math.log(6), np.nan)


def _later(values: np.ndarray, delay: float, count: int) -> np.ndarray:
    """Return `count` values of each row from `delay` samples on."""
    whole = int(delay)
    part = delay - whole
    early = values[:, whole : whole + count]
    return early if part == 0 else (1 - part) * early + part * values[:, whole + 1 : whole + 1 + count]


def _rest(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=1, keepdims=True)


def _read(ordered: np.ndarray, share: float) -> np.ndarray:
    """Quantile of sorted rows, short of the last one."""
    position = share * (ordered.shape[1] - 1)
    low = int(position)
    return ordered[:, low] + (position - low) * (ordered[:, low + 1] - ordered[:, low])
