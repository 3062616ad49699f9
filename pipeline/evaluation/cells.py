"""Counts that give nobody away: small ones are suppressed, with what they could be found from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SMALLEST_CELL = 5
"""A count of 1 to 4 people is not reported: it could point at a person."""
SUPPRESSED = "suppressed"
LEAST_TO_SCORE = 20
"""Fewer people than this are given no score of their own: it would say more of them than of the model."""


def told(count: int) -> int | str:
    """Return a count as it may be told: one from 1 to 4 is suppressed."""
    return SUPPRESSED if 0 < count < SMALLEST_CELL else count


def label_counts(label: np.ndarray) -> dict[str, int | str]:
    """Count each label; a count below five is suppressed, and where it is the only one, the next smallest with it.

    Examples
    --------
    >>> label_counts(np.repeat(["cervical", "laryngeal", "musicians"], [20, 9, 2]))
    {'cervical': 20, 'laryngeal': 'suppressed', 'musicians': 'suppressed'}
    """
    names, counts = np.unique(label.astype(str), return_counts=True)
    hidden = hidden_cells(counts)
    return {
        str(name): SUPPRESSED if hide else int(count) for name, count, hide in zip(names, counts, hidden, strict=True)
    }


def hidden_cells(counts: np.ndarray) -> np.ndarray:
    """Say which of the counts that make up a known total are suppressed.

    Parameters
    ----------
    counts : ndarray of int, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
        Counts of 1 to 4; where that is one only, it could be found from the total, and the next smallest count above 0
        goes with it, or a 0 where there is no other.

    Examples
    --------
    >>> hidden_cells(np.array([0, 3, 8, 20])).tolist()
    [False, True, True, False]
    """
    return with_a_second((counts > 0) & (counts < SMALLEST_CELL), counts)


def with_a_second(hidden: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return which counts of a known total are suppressed, where these have to be: never one alone."""
    hidden = hidden.copy()
    if hidden.sum() == 1 and len(counts) > 1:
        others = np.where(hidden, np.inf, np.where(counts == 0, float(counts.sum()) + 1.0, counts))
        hidden[int(np.argmin(others))] = True
    return hidden


def safe_groups(score: np.ndarray, outcomes: np.ndarray, people: np.ndarray, bins: int) -> list[np.ndarray]:
    """Cut rows into groups of like size by score, joined to neighbours until no cell has 1 to 4 people.

    Parameters
    ----------
    score : ndarray, shape (n,)
    outcomes : ndarray of bool, shape (n,)
    people : ndarray, shape (n,)
        Whose row each is: people are counted, not rows.
    bins : int

    Returns
    -------
    list of ndarray of int
        Row positions, ascending by score. In each group, people with the outcome number 0 or at least `SMALLEST_CELL`,
        and so do people without. All rows are in a group, so that none follows from a total; the list is empty if even
        all rows together have a small cell.
    """
    order = np.argsort(score, kind="stable")
    pieces = np.array_split(order, min(bins, max(len(order), 1)))
    runs = safe_runs(pieces, outcomes, people)
    groups = [np.concatenate([pieces[at] for at in run]) for run in runs]
    return [group for group in groups if group.size]


def safe_runs(pieces: Sequence[np.ndarray], outcomes: np.ndarray, people: np.ndarray) -> list[list[int]]:
    """Join neighbouring pieces until no cell of any run has 1 to 4 people.

    Parameters
    ----------
    pieces : sequence of ndarray of int
        Row positions, disjoint.
    outcomes : ndarray of bool, shape (n,)
    people : ndarray, shape (n,)

    Returns
    -------
    list of list of int
        Positions of pieces, all of them, in order; empty if even all rows together have a small cell.
    """
    runs: list[list[int]] = []
    pending: list[int] = []

    def safe() -> bool:
        rows = np.concatenate([pieces[at] for at in pending])
        return _is_safe(people[rows][outcomes[rows]]) and _is_safe(people[rows][~outcomes[rows]])

    for at in range(len(pieces)):
        pending.append(at)
        if safe():
            runs.append(pending)
            pending = []
    # what is left over joins the runs before it; whole runs of safe cells stay safe when joined
    while pending and not safe() and runs:
        pending = runs.pop() + pending
    if pending and safe():
        runs.append(pending)
    return runs


def _is_safe(people: np.ndarray) -> bool:
    return not 0 < len(np.unique(people)) < SMALLEST_CELL
