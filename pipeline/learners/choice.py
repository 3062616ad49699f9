"""Which candidate answers, found on groups left out, and how sure it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax

from pipeline.learners.candidates import POOLS, Rows, fit_powers, fit_simple, members_of, simple_names, together
from pipeline.learners.inner import inner_folds, simplest_within_one_error


@dataclass(frozen=True)
class Choice:
    """A candidate, ready to be fitted.

    Attributes
    ----------
    name : str
    members : tuple of str
        The simple models behind it.
    powers : ndarray, shape (members,)
        As in `candidates.together`.
    temperature : float
        Divides the logits.
    losses : dict of str to float
        Out-of-fold log-loss of each candidate; empty if no group could be left out.
    """

    name: str
    members: tuple[str, ...]
    powers: np.ndarray
    temperature: float
    losses: dict[str, float]


def choose(names: tuple[str, ...], rows: Rows, *, folds: int, random_state: int) -> Choice:
    """Return the simplest candidate within one standard error of the best, with its temperature.

    Parameters
    ----------
    names : tuple of str
        Candidates, the simplest first; of logistic regressions each with its penalty.
    rows : Rows
    folds : int
    random_state : int
    """
    at, log_shares = _out_of_fold(simple_names(names), rows, folds, random_state)
    truth, weight = rows.truth[at], rows.weight[at]
    if not weight.sum():
        return Choice(names[0], members_of(names[0], dict.fromkeys(simple_names(names), 0.0)), np.zeros(0), 1.0, {})
    weight = weight * (len(np.unique(rows.groups[at])) / weight.sum())
    alone = {name: float(weight @ _row_losses(each, truth)) for name, each in log_shares.items()}
    found: dict[str, tuple[tuple[str, ...], np.ndarray, float]] = {}
    losses = []
    for name in names:
        members = members_of(name, alone)
        stack = np.stack([log_shares[member] for member in members])
        powers = fit_powers(stack, truth, weight) if name in POOLS else np.zeros(0)
        logits = together(stack, powers)
        temperature = _temperature(logits, truth, weight)
        found[name] = members, powers, temperature
        losses.append(_row_losses(logits / temperature, truth))
    means = np.stack(losses) @ weight / weight.sum()
    chosen = names[simplest_within_one_error(np.stack(losses), weight, rows.groups[at])]
    members, powers, temperature = found[chosen]
    return Choice(chosen, members, powers, temperature, dict(zip(names, means.tolist(), strict=True)))


def _out_of_fold(
    names: tuple[str, ...], rows: Rows, folds: int, random_state: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the rows whose label their fold's training part holds, and what each model says of them, (rows, K)."""
    at = [np.zeros(0, dtype=np.int64)]
    said = {name: [np.zeros((0, len(rows.labels)))] for name in names}
    for train, test in inner_folds(rows.groups, rows.truth, folds, random_state):
        seen = rows[train].seen
        judged = test[seen[rows.truth[test]]]
        if seen.sum() < 2 or not judged.size:
            continue
        at.append(judged)
        for name, model in fit_simple(names, rows[train], random_state).items():
            said[name].append(log_softmax(np.where(seen, model.logits(rows.X[judged]), -np.inf), axis=1))
    return np.concatenate(at), {name: np.concatenate(parts) for name, parts in said.items()}


def _row_losses(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return -log_softmax(logits, axis=1)[np.arange(len(truth)), truth]


def _temperature(logits: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature of least loss.

    One pseudo-row holds its logarithm near 0 (a standard normal prior): where the few rows left out are separated
    perfectly, the likelihood alone would sharpen without end.
    """

    def loss(log_temperature: float) -> float:
        return float(weight @ _row_losses(logits * np.exp(-log_temperature), truth)) + 0.5 * log_temperature**2

    found = cast("OptimizeResult", minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded"))
    return float(np.exp(found.x))
