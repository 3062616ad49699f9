"""What each part of a record contributed to a prediction, so that the parts add up to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.errors import UsageError


def contributions(
    function: Callable[[np.ndarray], np.ndarray],
    X: np.ndarray,
    parts: Sequence[Sequence[int]],
    *,
    orders: int = 8,
    seed: int = 20261122,
) -> tuple[np.ndarray, np.ndarray]:
    """Share a prediction out among the parts of a record.

    A record is told to the model part by part, in random order, starting from nothing; what a part changes, averaged
    over orders, is its contribution. Orders come in pairs, one the reverse of the other, which averages out most of the
    noise where two parts say the same. A part that is not recorded contributes exactly 0. Shapley values by sampling:
    Strumbelj and Kononenko 2014 (Knowl Inf Syst 41:647).

    Contributions tell why the model says what it says, not what causes the disease.

    Parameters
    ----------
    function : callable
        Takes a matrix of the shape of X, gives a number a row: the log-odds of a label, or of a risk.
    X : array-like, shape (n, features)
    parts : sequence of sequence of int
        Columns of each part; all columns of X that are recorded must be in one.
    orders : int
        An even number; the work grows with it.
    seed : int
        Fixes the orders, which are the same for all rows, so that a row's contributions do not depend on the others.

    Returns
    -------
    start : ndarray, shape (n,)
        What the model says of nobody in particular: everything missing.
    parts : ndarray, shape (n, parts)
        With `start` they add up to ``function(X)``, to rounding.

    Raises
    ------
    UsageError
        If the number of orders is not even and positive, or a recorded column is in no part or in two.

    Examples
    --------
    >>> def score(X):
    ...     return np.nansum(X * [1.0, 2.0], axis=1)
    >>> start, parts = contributions(score, [[3.0, 1.0], [np.nan, 1.0]], parts=[[0], [1]])
    >>> start.tolist(), parts.tolist()
    ([0.0, 0.0], [[3.0, 2.0], [0.0, 2.0]])
    """
    X = np.asarray(X, dtype=np.float64)
    _refuse(X, parts, orders)
    rng = np.random.default_rng(seed)
    pairs = [rng.permutation(len(parts)) for _ in range(orders // 2)]
    start = np.asarray(function(np.full_like(X, np.nan)), dtype=np.float64)
    total = np.zeros((len(X), len(parts)))
    for order in [each for one in pairs for each in (one, one[::-1])]:
        told, before = np.full_like(X, np.nan), start
        for part in order:
            columns = list(parts[part])
            if np.isnan(X[:, columns]).all():
                continue
            told[:, columns] = X[:, columns]
            now = np.asarray(function(told), dtype=np.float64)
            total[:, part] += now - before
            before = now
    return start, total / orders


def _refuse(X: np.ndarray, parts: Sequence[Sequence[int]], orders: int) -> None:
    times = np.bincount([column for part in parts for column in part], minlength=X.shape[1])
    lost = int((~np.isnan(X).all(axis=0) & (times != 1)).sum())
    if orders < 2 or orders % 2 or lost:
        raise UsageError(
            "explanation",
            f"{orders} orders, {lost} recorded columns that are in no part or in two",
            needed="an even number of orders, and each recorded column in one part, were needed",
        )
