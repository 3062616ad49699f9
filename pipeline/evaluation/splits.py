"""Folds that keep a group whole."""

from __future__ import annotations

import hashlib

import numpy as np

from pipeline.errors import UsageError

_WHERE = "validation folds"


def grouped_folds(
    groups: np.ndarray, strata: np.ndarray, folds: int, seed: int, *, patients: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split rows into folds by group, strata spread over the folds.

    Groups are dealt out from the largest to the smallest, those of one size in random order; each goes to the fold that
    has least of its strata, and among those to the one with fewest rows. Where every group has one row, the counts of a
    stratum differ by one at most between folds.

    Parameters
    ----------
    groups : array-like, shape (n,)
        Rows of one group (patient, family, publication, site) stay together.
    strata : array-like, shape (n,)
        Class, or whether an event was seen.
    folds : int
    seed : int
    patients : array-like, shape (n,), optional
        Patient of each row, where groups are something larger.

    Returns
    -------
    list of (train, test)
        Ascending row positions; every row is in one test part exactly.

    Raises
    ------
    UsageError
        If there are fewer than two folds, fewer groups than folds, or a patient in two groups.

    Examples
    --------
    >>> for train, test in grouped_folds(["a", "a", "b", "b"], [0, 0, 1, 1], 2, seed=1):
    ...     print(train.tolist(), test.tolist())
    [2, 3] [0, 1]
    [0, 1] [2, 3]
    """
    groups, strata = np.asarray(groups).astype(str), np.asarray(strata).astype(str)
    if groups.shape != strata.shape or groups.ndim != 1:
        raise UsageError(_WHERE, f"groups of shape {groups.shape}, strata of shape {strata.shape}", needed="one a row")
    codes = np.unique(groups, return_inverse=True)[1]
    size = np.bincount(codes)
    if folds < 2 or len(size) < folds:
        raise UsageError(
            _WHERE,
            f"{folds} folds for {len(size)} groups",
            needed="there must be at least 2 folds and a group for each",
            do="Set 'folds' lower, or group by something finer",
            code="TOO_FEW_GROUPS",
        )
    if patients is not None:
        _check_nesting(np.asarray(patients).astype(str), codes)
    kind = np.unique(strata, return_inverse=True)[1]
    members = np.zeros((len(size), int(kind.max()) + 1))
    np.add.at(members, (codes, kind), 1.0)
    fold_of = _deal(members, folds, np.random.default_rng(seed))[codes]
    rows = np.arange(len(codes))
    return [(rows[fold_of != fold], rows[fold_of == fold]) for fold in range(folds)]


def locked_rows(groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Say of each row whether its group is kept apart as a test set.

    A digest of the group's name decides, so that it stays on its side whoever else joins the cohort or leaves it.

    Parameters
    ----------
    groups : array-like, shape (n,)
    share : float
        Of the groups that are kept apart, on average.
    seed : int

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> locked_rows(["a", "b", "a"], 0.5, seed=1).tolist()
    [False, True, False]
    """
    names, codes = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    digests = (hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest() for name in names)
    apart = np.array([int.from_bytes(digest) < share * 2**64 for digest in digests], dtype=bool)
    return apart[codes]


def one_row_each(patients: np.ndarray, seed: int) -> np.ndarray:
    """Return one random row of each patient, ascending.

    Examples
    --------
    >>> len(one_row_each(np.array(["a", "a", "b"]), seed=1))
    2
    """
    order = np.random.default_rng(seed).permutation(len(patients))
    _, first = np.unique(patients[order].astype(str), return_index=True)
    return np.sort(order[first])


def _check_nesting(patients: np.ndarray, codes: np.ndarray) -> None:
    pairs = np.unique(np.column_stack([np.unique(patients, return_inverse=True)[1], codes]), axis=0)
    torn = int((np.bincount(pairs[:, 0]) > 1).sum())
    if torn:
        raise UsageError(
            _WHERE,
            f"{torn} patients with rows in more than one group",
            needed="a patient must lie in one fold",
            do="Group by patient, or give each patient one value of the grouping column",
            code="PATIENT_IN_TWO_GROUPS",
        )


def _deal(members: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Return the fold of each group from its counts by stratum, shape (groups, strata)."""
    size = members.sum(axis=1)
    shares = members / members.sum(axis=0)
    order = rng.permutation(len(size))
    order = order[np.argsort(-size[order], kind="stable")]
    # random order of the folds, so that a remainder does not always go to the first
    names = rng.permutation(folds)
    held, rows, groups_in = np.zeros((folds, members.shape[1])), np.zeros(folds), np.zeros(folds, dtype=np.int64)
    fold_of = np.zeros(len(size), dtype=np.int64)
    for dealt, group in enumerate(order):
        # the last groups go to folds that are still empty, if it takes all of them to fill those
        empty = groups_in == 0
        open_ = empty if empty.sum() >= len(order) - dealt else np.ones(folds, dtype=bool)
        load = np.where(open_, (held * shares[group]).sum(axis=1), np.inf)
        # sums of shares in another order differ in their last bits, and are the same load
        candidates = np.flatnonzero(load <= load.min() + 1e-12)
        fold = candidates[rows[candidates].argmin()]
        held[fold] += members[group]
        rows[fold] += size[group]
        groups_in[fold] += 1
        fold_of[group] = names[fold]
    return fold_of
