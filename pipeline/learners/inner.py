"""Choice of a penalty inside a fit: folds that keep a group whole, and the simplest candidate within one error."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from pipeline.errors import UsageError


def checked_rows(
    where: str, n: int, groups: np.ndarray | None, sample_weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return a group number for each row, and weights of mean 1.

    Parameters
    ----------
    where : str
        Begins the message of an error.
    n : int
        Rows.
    groups : array-like, shape (n,), optional
        Rows of one group are related; without groups every row is one of its own.
    sample_weight : array-like, shape (n,), optional

    Raises
    ------
    UsageError
        If there are no rows, a length is not n, or weights are negative, not finite or all 0.
    """
    if n == 0:
        raise UsageError(where, "no rows", needed="it takes at least one to learn from")
    codes = np.arange(n) if groups is None else np.unique(np.asarray(groups).astype(str), return_inverse=True)[1]
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    for name, values in (("groups", codes), ("sample_weight", weight)):
        if values.shape != (n,):
            raise UsageError(where, f"{name} of shape {values.shape}", needed=f"X has {n} rows")
    if not np.isfinite(weight).all() or weight.min() < 0.0 or weight.max() == 0.0:
        raise UsageError(where, "sample_weight negative, not finite or all zero", needed="weights must be at least 0")
    weight = weight / weight.max()
    return codes, weight / weight.mean()


def inner_folds(
    groups: np.ndarray, strata: np.ndarray, folds: int, random_state: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split rows by group, strata spread over the folds.

    Strata of fewer rows than folds are pooled, because scikit-learn refuses to spread them.

    Parameters
    ----------
    groups, strata : ndarray, shape (n,)
    folds : int
        Folds wanted; fewer where there are fewer groups.
    random_state : int

    Returns
    -------
    list of (train, test)
        Row positions; empty if there is one group only.
    """
    folds = min(folds, len(np.unique(groups)))
    if folds < 2:
        return []
    codes, counts = np.unique(strata, return_inverse=True, return_counts=True)[1:]
    common = int(counts.argmax())
    pooled = np.where(counts[codes] >= folds, codes, -1)
    if 0 < (pooled == -1).sum() < folds:
        pooled[pooled == -1] = common
    if (pooled == -1).all():
        splitter = GroupKFold(folds, shuffle=True, random_state=random_state)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=random_state)
    splits = splitter.split(np.zeros((len(pooled), 1)), pooled, groups)
    return [(train, test) for train, test in splits if len(train) and len(test)]


def simplest_within_one_error(losses: np.ndarray, weight: np.ndarray, groups: np.ndarray) -> int:
    """Return the first candidate that is not worse than the best by more than one standard error.

    The error is that of the *difference* to the best candidate, summed within groups, since rows of a group are not
    independent: Breiman et al. 1984 (Classification and Regression Trees, section 3.4.3), in its paired form.

    Parameters
    ----------
    losses : ndarray, shape (candidates, n)
        Loss of each row under each candidate, the simplest candidate first.
    weight, groups : ndarray, shape (n,)

    Examples
    --------
    >>> groups = np.arange(4)
    >>> simplest_within_one_error(np.array([[1.0, 0.9, 1.1, 1.0], [0.5, 1.3, 0.6, 1.5]]), np.ones(4), groups)
    0
    >>> simplest_within_one_error(np.array([[2.0, 2.1, 1.9, 2.0], [0.5, 1.3, 0.6, 1.5]]), np.ones(4), groups)
    1
    """
    best = int((losses @ weight).argmin())
    excess = (losses - losses[best]) * (weight / weight.sum())
    codes = np.unique(groups, return_inverse=True)[1]
    totals = np.array([np.bincount(codes, weights=row) for row in excess])
    members = totals.shape[1]
    error = np.sqrt(((totals - totals.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) * members / max(members - 1, 1))
    return int(np.flatnonzero(totals.sum(axis=1) <= error)[0])
