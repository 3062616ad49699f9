"""Counts of joint labels and of their columns, told side by side so that no small one follows from the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.evaluation.cells import SMALLEST_CELL, SUPPRESSED, hidden_cells, label_counts

Counts = dict[str, int | str]

_SMALLEST_SIZE = 1e-8
"""What rounding leaves of a sum that follows from others; of one that does not, far more is left."""


def joint_counts(label: np.ndarray, parts: Sequence[np.ndarray]) -> tuple[Counts, list[Counts]]:
    """Count joint labels, such as of phenotype and aetiology, and the labels of each column.

    Parameters
    ----------
    label : ndarray of str, shape (n,)
        One row a person.
    parts : sequence of ndarray of str, shape (n,)
        The label of each column; of one column alone, the label itself.

    Returns
    -------
    joint : dict
        Label to count.
    columns : list of dict
        The same for each column.

    Counts of 1 to 4 are suppressed, and others with them until none of these is a sum or difference of told ones:
    whoever knows that some labels do not occur together could take one column from another (Willenborg and de Waal
    2001, Elements of Statistical Disclosure Control, on secondary suppression).

    Examples
    --------
    >>> kind = np.repeat(["cervical", "cervical", "laryngeal"], [40, 1, 30])
    >>> cause = np.repeat(["idiopathic", "tardive", "idiopathic"], [40, 1, 30])
    >>> joint = np.array([f"{one}/{other}" for one, other in zip(kind, cause)])
    >>> joint_counts(joint, [kind, cause])[0]["cervical/idiopathic"]
    'suppressed'
    """
    if len(parts) < 2:
        alone = label_counts(label)
        return alone, [alone]
    names, first, counts = np.unique(label.astype(str), return_index=True, return_counts=True)
    tables = [(names, np.eye(len(names), dtype=bool))]
    for part in parts:
        own = np.asarray(part).astype(str)[first]
        values = np.unique(own)
        tables.append((values, own[None, :] == values[:, None]))
    sums = np.vstack([of for _, of in tables])
    totals = sums.astype(np.int64) @ counts
    cuts = np.cumsum([len(of) for _, of in tables])
    hidden = np.concatenate([hidden_cells(each) for each in np.split(totals, cuts[:-1])])
    hidden = _with_what_gives_away(hidden, sums, totals)
    told = [
        {str(name): SUPPRESSED if hide else int(count) for name, count, hide in zip(values, own, hides, strict=True)}
        for (values, _), own, hides in zip(
            tables, np.split(totals, cuts[:-1]), np.split(hidden, cuts[:-1]), strict=True
        )
    ]
    return told[0], told[1:]


def _with_what_gives_away(hidden: np.ndarray, sums: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return which numbers are suppressed where these have to be: of joint labels rather than columns, the least."""
    hidden = hidden.copy()
    joint = sums.sum(axis=1) == 1
    small = np.flatnonzero((totals > 0) & (totals < SMALLEST_CELL))
    while (found := _found_out(sums[~hidden], sums[small])) is not None:
        beside = ~hidden & (sums & found).any(axis=1)
        candidates = np.flatnonzero(beside if beside.any() else ~hidden)
        if not len(candidates):  # all are hidden, and these few are all there are
            return hidden
        hidden[min(candidates, key=lambda at: (not joint[at], totals[at], at))] = True
    return hidden


def _found_out(told: np.ndarray, small: np.ndarray) -> np.ndarray | None:
    """Return the joint labels beside the first small number that follows from the told ones and the total, or None."""
    known = np.vstack([told, np.ones((1, told.shape[1]), dtype=bool)]).astype(np.float64)
    _, sizes, directions = np.linalg.svd(known, full_matrices=False)
    span = directions[sizes > _SMALLEST_SIZE]
    rest = small - (small @ span.T) @ span
    for each in small[np.abs(rest).max(axis=1, initial=0.0) < _SMALLEST_SIZE]:
        # what is told of the joint labels that stand in a sum with it
        return told[(told & each).any(axis=1)].any(axis=0) | each
    return None
