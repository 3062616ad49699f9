"""Row-wise functions whose result for a row is the same bits, however many rows come with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

BLOCK_ROWS = 256


def in_blocks(function: Callable[[np.ndarray], np.ndarray], X: np.ndarray, rows: int = BLOCK_ROWS) -> np.ndarray:
    """Apply a row-wise function to blocks of one size.

    A BLAS product rounds a row differently in a batch of another size, because the size chooses the kernel. So every
    block has exactly `rows` rows, the last one filled up with zeros, and BLAS gets one thread.

    Parameters
    ----------
    function : callable
        Takes a C-contiguous float64 array of shape (rows, columns), gives an array whose first axis has `rows` rows,
        each a function of the same row alone.
    X : array-like, shape (n, columns)
    rows : int
        Rows in a block.

    Returns
    -------
    ndarray, shape (n, ...)
        The function's rows; with n = 0 the other axes are those that it gives for any other n.

    Examples
    --------
    >>> weights = np.array([[0.1], [0.2], [0.3]])
    >>> X = np.arange(30.0).reshape(10, 3)
    >>> together = in_blocks(lambda block: block @ weights, X)
    >>> alone = np.vstack([in_blocks(lambda block: block @ weights, row[None]) for row in X])
    >>> together.tobytes() == alone.tobytes()
    True
    >>> in_blocks(lambda block: block @ weights, X[:0]).shape
    (0, 1)
    """
    X = np.asarray(X, dtype=np.float64)
    parts = []
    with _libraries().limit(limits=1, user_api="blas"):
        # at least one block, so that an empty batch has columns too
        for start in range(0, max(len(X), 1), rows):
            piece = X[start : start + rows]
            block = np.zeros((rows, X.shape[1]))
            block[: len(piece)] = piece
            parts.append(function(block)[: len(piece)])
    return np.concatenate(parts)


@cache
def _libraries() -> ThreadpoolController:
    """Find the libraries that use threads; NumPy's, which the functions use, is loaded long before."""
    return ThreadpoolController()
