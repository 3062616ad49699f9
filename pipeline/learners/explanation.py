"""What each part of a record contributed to a prediction, so that the parts add up to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.errors import UsageError

Asked = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Takes a matrix of records, of which some are told in part only, and for each the row that it was made of; gives a
number each, shape (m,), or several, shape (m, numbers): the log-odds of a label, or of a risk."""

ORDERS = 8
"""Orders in which a record is told."""

_STATES = 4096
"""Records told in part that are in memory at once; never shows in the result."""


def contributions(
    function: Asked,
    X: np.ndarray,
    parts: Sequence[Sequence[int]],
    *,
    orders: int = ORDERS,
    seed: int = 20261122,
) -> tuple[np.ndarray, np.ndarray]:
    """Share a prediction out among the parts of a record.

    A record is told to the model part by part, in random order, starting from nothing; what a part changes, averaged
    over orders, is its contribution. Orders come in pairs, one the reverse of the other, which averages out most of the
    noise where two parts say the same. A part that is not recorded contributes exactly 0. Shapley values by sampling:
    Strumbelj and Kononenko 2014 (Knowl Inf Syst 41:647); pairs of orders: Mitchell et al. 2022 (J Mach Learn Res 23).

    Contributions tell why the model says what it says, not what causes the disease.

    Parameters
    ----------
    function : Asked
    X : array-like, shape (n, features)
    parts : sequence of sequence of int
        Columns of each part; all columns of X that are recorded must be in one.
    orders : int
        An even number; the work grows with it, and with the number of parts that are recorded.
    seed : int
        Fixes the orders, which are the same for all rows, so that a row's contributions do not depend on the others.

    Returns
    -------
    start : ndarray, shape (n,) or (n, numbers)
        What the model says of nobody in particular: everything missing.
    parts : ndarray, shape (n, parts) or (n, parts, numbers)
        With `start` they add up to what the model says of X, to rounding.

    Raises
    ------
    UsageError
        If the number of orders is not even and positive, or a recorded column is in no part or in two.

    Examples
    --------
    >>> def score(told, rows):
    ...     return np.nansum(told * [1.0, 2.0], axis=1)
    >>> start, parts = contributions(score, [[3.0, 1.0], [np.nan, 1.0]], parts=[[0], [1]])
    >>> start.tolist(), parts.tolist()
    ([0.0, 0.0], [[3.0, 2.0], [0.0, 2.0]])
    """
    X = np.asarray(X, dtype=np.float64)
    _refuse(X, parts, orders)
    recorded = has_parts(X, parts)
    everybody = np.arange(len(X))
    start = np.asarray(function(np.full_like(X, np.nan), everybody), dtype=np.float64)
    whole = np.asarray(function(X, everybody), dtype=np.float64)
    owner = np.full(X.shape[1], -1)
    for part, columns in enumerate(parts):
        owner[list(columns)] = part
    rng = np.random.default_rng(seed)
    pairs = [rng.permutation(len(parts)) for _ in range(orders // 2)]
    total = np.zeros((len(X), len(parts), *start.shape[1:]))
    for order in [each for one in pairs for each in (one, one[::-1])]:
        turn = np.argsort(order)[owner]
        rows, turns = np.nonzero(recorded[:, order])  # by row, and in each by turn
        said = _told(function, X, turn, (rows, turns), whole)
        before = np.roll(said, 1, axis=0)
        first = np.diff(rows, prepend=-1) > 0
        before[first] = start[rows[first]]
        total[rows, order[turns]] += said - before
    return start, total / orders


def least_without(
    function: Asked,
    X: np.ndarray,
    rows: np.ndarray,
    columns: Sequence[Sequence[int]],
    *,
    sign: np.ndarray,
    number: int = 0,
) -> np.ndarray:
    """Find the column without which a prediction would be lowest, or highest.

    Parameters
    ----------
    function : Asked
    X : ndarray, shape (n, features)
    rows : ndarray of int, shape (m,)
        Whose prediction is asked about, each time.
    columns : sequence of sequence of int
        The m choices, each with a column at least that is recorded.
    sign : ndarray, shape (m,)
        1 for the lowest, -1 for the highest.
    number : int
        Which of several numbers of the function.

    Returns
    -------
    ndarray of int, shape (m,)
        The first where several are alike.

    Examples
    --------
    >>> def total(told, rows):
    ...     return np.nansum(told, axis=1, keepdims=True)
    >>> X = np.array([[1.0, 5.0, np.nan, -4.0]])
    >>> least_without(total, X, np.array([0, 0]), [[0, 1, 2], [0, 3]], sign=np.array([1, -1])).tolist()
    [1, 3]
    """
    of = np.concatenate([np.full(len(own), choice) for choice, own in enumerate(columns)])
    column = np.concatenate([np.asarray(own, dtype=np.int64) for own in columns])
    told = ~np.isnan(X[rows[of], column])
    of, column = of[told], column[told]
    said = np.empty(len(of))
    for begin in range(0, len(of), _STATES):
        some = slice(begin, begin + _STATES)
        without = X[rows[of[some]]]
        without[np.arange(len(without)), column[some]] = np.nan
        said[some] = function(without, rows[of[some]])[:, number]
    order = np.lexsort((np.arange(len(of)), sign[of] * said, of))
    return column[order[np.unique(of[order], return_index=True)[1]]]


def has_parts(X: np.ndarray, parts: Sequence[Sequence[int]]) -> np.ndarray:
    """Return which parts of each record hold anything, shape (n, parts)."""
    known = ~np.isnan(X)
    found = np.zeros((len(X), len(parts)), dtype=bool)
    for part, columns in enumerate(parts):
        found[:, part] = known[:, list(columns)].any(axis=1)
    return found


def _told(
    function: Asked, X: np.ndarray, turn: np.ndarray, at: tuple[np.ndarray, np.ndarray], whole: np.ndarray
) -> np.ndarray:
    """Return what is said of each row after each of its turns; after the last one, all of the record is told."""
    rows, turns = at
    said = np.empty((len(rows), *whole.shape[1:]))
    last = np.diff(rows, append=len(X)) > 0
    said[last] = whole[rows[last]]
    waiting = np.flatnonzero(~last)
    for begin in range(0, len(waiting), _STATES):
        some = waiting[begin : begin + _STATES]
        told = np.where(turn <= turns[some, None], X[rows[some]], np.nan)
        said[some] = function(told, rows[some])
    return said


def _refuse(X: np.ndarray, parts: Sequence[Sequence[int]], orders: int) -> None:
    times = np.bincount([column for part in parts for column in part], minlength=X.shape[1])
    lost = int((~np.isnan(X).all(axis=0) & (times != 1)).sum())
    if orders < 2 or orders % 2 or lost:
        raise UsageError(
            "explanation",
            f"{orders} orders, {lost} recorded columns that are in no part or in two",
            needed="an even number of orders, and each recorded column in one part, were needed",
        )
