"""What a model goes by: how far each part of a record moves what it says, on average over people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.evaluation.cells import LEAST_TO_SCORE

MOST_PARTS = 10


def strongest_parts(
    shares: np.ndarray, recorded: np.ndarray, parts: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the parts that move predictions most.

    Parameters
    ----------
    shares : ndarray, shape (people, parts, names)
        Contributions of each part to what is said of a person, in log-odds.
    recorded : ndarray of bool, shape (people, parts)
    parts : sequence of str
    names : sequence of str
        What is predicted.

    Returns
    -------
    dict
        For each name ``people``, whom it is judged on, and ``parts``, the `MOST_PARTS` of the largest mean absolute
        contribution, largest first. What fewer than `LEAST_TO_SCORE` people have on record is left out, and so is all
        where the people are fewer.

    Examples
    --------
    >>> shares = np.tile([[[0.5], [-1.0], [9.0]]], (40, 1, 1))
    >>> recorded = np.column_stack([np.ones((40, 2), dtype=bool), np.arange(40) < 3])
    >>> strongest_parts(shares, recorded, ["Age", "Tremor", "Rare"], ["phenotype"])
    {'phenotype': {'people': 40, 'parts': {'Tremor': 1.0, 'Age': 0.5}}}
    """
    people = len(shares)
    if people < LEAST_TO_SCORE:
        return {}
    told = np.flatnonzero(recorded.sum(axis=0) >= LEAST_TO_SCORE)
    found = {}
    for place, name in enumerate(names):
        size = np.abs(shares[:, :, place]).mean(axis=0)
        strongest = told[np.argsort(-size[told], kind="stable")][:MOST_PARTS]
        moving = {parts[part]: float(size[part]) for part in strongest if size[part] > 0.0}
        found[name] = {"people": people, "parts": moving}
    return found
