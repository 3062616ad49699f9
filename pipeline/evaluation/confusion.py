"""Which labels are taken for which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline.evaluation.cells import SUPPRESSED, hidden_cells, with_a_second


def confusion(
    probabilities: np.ndarray, truth: np.ndarray, labels: tuple[str, ...], told: Mapping[str, int | str] | None = None
) -> dict[str, dict[str, Any]]:
    """Count, for each recorded label, the people whose most probable label is each.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
        One row a person.
    truth : ndarray of int, shape (n,)
        Position of the recorded label; rows with -1 are left out.
    labels : tuple of str
    told : mapping, optional
        What is told of the number of people with each label, where that is not for this table alone to say.

    Returns
    -------
    dict
        By recorded label, its number of ``people`` and ``taken_for``: counts by label, the largest first, without
        zeros. Counts of 1 to 4 are suppressed, and with them whatever would give them away: another count of the row,
        another right answer where all but one of these are told. A label with few people has no counts.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1]] * 12 + [[0.2, 0.8]] * 20)
    >>> confusion(p, np.array([0] * 12 + [1] * 14 + [0] * 6), ("cervical", "laryngeal"))["cervical"]
    {'people': 18, 'taken_for': {'cervical': 12, 'laryngeal': 6}}
    """
    count = len(labels)
    known = truth >= 0
    table = np.zeros((count, count), dtype=np.int64)
    np.add.at(table, (truth[known], np.asarray(probabilities)[known].argmax(axis=1)), 1)
    people = table.sum(axis=1)
    hidden = np.array([hidden_cells(row) for row in table]).reshape(count, count)
    few = hidden_cells(people)
    if told is not None:
        few |= np.array([told.get(label) == SUPPRESSED for label in labels])
    hidden[few] = True
    # the share of right answers is known, and with it the sum of the diagonal
    there = np.flatnonzero(people)
    diagonal = with_a_second(hidden.diagonal()[there], table.diagonal()[there])
    hidden[there, there] = diagonal
    hidden = np.array([with_a_second(*row) for row in zip(hidden, table, strict=True)]).reshape(count, count)
    found: dict[str, dict[str, Any]] = {}
    for at, label in enumerate(labels):
        if not people[at]:
            continue
        order = np.argsort(-table[at], kind="stable")
        told = (
            {} if few[at] else {labels[to]: int(table[at, to]) for to in order if table[at, to] and not hidden[at, to]}
        )
        rest = {labels[to]: SUPPRESSED for to in range(count) if hidden[at, to] and not few[at]}
        found[label] = {"people": SUPPRESSED if few[at] else int(people[at]), "taken_for": told | rest}
    return found
