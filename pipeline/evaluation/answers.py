"""Answers of a model that may abstain: how often they hold the recorded label, for whom, and at which price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipeline.evaluation.cells import SMALLEST_CELL, SUPPRESSED, safe_runs, with_a_second
from pipeline.evaluation.intervals import wilson

_PIECES = 10


def coverage_by(inside: np.ndarray, part: np.ndarray, shown: Sequence[str]) -> dict[str, Any]:
    """Return how often the set holds the recorded label, for each part of the people.

    Parameters
    ----------
    inside : ndarray of bool, shape (n,)
        Whether the recorded label is in the set; one row a person.
    part : ndarray of str, shape (n,)
        Into which part each one falls, all of a total that is told; empty where that is not known.
    shown : sequence of str
        Those of the parts of which there are people enough, and it may be told how many.

    Returns
    -------
    dict
        By part: number of ``people``, and ``coverage`` with its 95 % interval (Wilson). Where fewer than five people
        lie outside, nobody learns how many: it is ``{"least": share}``, at least so much; where fewer than five lie
        inside, ``{"most": share}``. One alone of these would follow from the total, so that another one is told so too,
        or is suppressed.

    Examples
    --------
    >>> site = np.repeat(["site 1", "site 2"], [40, 20])
    >>> found = coverage_by(np.arange(60) % 4 > 0, site, ["site 1", "site 2"])
    >>> found["site 1"]["people"], found["site 1"]["coverage"]["value"]
    (40, 0.75)
    """
    names, code = np.unique(part.astype(str), return_inverse=True)
    people = np.bincount(code, minlength=len(names))
    held = np.bincount(code, weights=inside, minlength=len(names)).astype(int)
    small = with_a_second(np.minimum(held, people - held) < SMALLEST_CELL, people)
    found: dict[str, Any] = {}
    for name in shown:
        at = int(np.searchsorted(names, name))
        coverage = _coverage(int(held[at]), int(people[at]), small=bool(small[at]))
        found[name] = {"people": int(people[at]), "coverage": coverage}
    return found


def _coverage(inside: int, people: int, *, small: bool) -> dict[str, float] | str:
    if not small:
        share = inside / people
        low, high = wilson(share, people)
        return {"value": share, "low": low, "high": high}
    few = SMALLEST_CELL - 1
    if people - inside < SMALLEST_CELL:
        return {"least": (people - few) / people}
    if inside < SMALLEST_CELL:
        return {"most": few / people}
    return SUPPRESSED


def selective_accuracy(probabilities: np.ndarray, truth: np.ndarray) -> list[dict[str, float]]:
    """Return how often the most probable label is right if only the surest people are answered.

    Parameters
    ----------
    probabilities : ndarray, shape (n, K)
        One row a person.
    truth : ndarray of int, shape (n,)
        Position of the recorded label; -1, where the model does not know it, is never right.

    Returns
    -------
    list of dict
        From few to all: ``answered``, the share of people whose greatest probability is at least ``from``; ``right``,
        the share of right answers among them, with ``low`` and ``high`` of its 95 % interval (Wilson). Points between
        which 1 to 4 people are right, or wrong, are left out. The curve of risk and coverage of El-Yaniv and Wiener
        2010, J Mach Learn Res 11:1605, turned round.

    Examples
    --------
    >>> p = np.column_stack([np.linspace(0.5, 1.0, 200), np.linspace(0.5, 0.0, 200)])
    >>> [point["answered"] for point in selective_accuracy(p, np.arange(200) % 2)][-1]
    1.0
    """
    surest = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    order = np.argsort(-surest, kind="stable")
    ends = np.unique(np.searchsorted(-surest[order], -surest[order][_tenths(len(order))], side="right"))
    pieces = np.split(order, ends[:-1])
    points, answered = [], 0
    for run in safe_runs(pieces, right, np.arange(len(order))):
        answered += sum(len(pieces[at]) for at in run)
        share = float(right[order[:answered]].mean())
        low, high = wilson(share, answered)
        ends_at = float(surest[order[answered - 1]])
        points.append({"answered": answered / len(order), "from": ends_at, "right": share, "low": low, "high": high})
    return points


def _tenths(count: int) -> np.ndarray:
    """Return the position of the last of each tenth."""
    return np.unique(np.ceil(np.arange(1, _PIECES + 1) * count / _PIECES).astype(int) - 1)
