"""What a model has to show before it replaces another: each gate a number, its limit, and one line to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import betabinom, norm

from pipeline.evaluation.cells import LEAST_TO_SCORE, SMALLEST_CELL, SUPPRESSED, told
from pipeline.evaluation.intervals import Estimate, cluster_bootstrap
from pipeline.evaluation.scores import LEAST
from pipeline.evaluation.summary import DRAWS

LEAST_EVENTS = 100
"""Fewer say too little of any model."""
LARGEST_LOSS = 0.01
"""Nats by which a model may be worse than the champion, at most, at the upper end of the 95 % interval."""
LARGEST_LOSS_OF_A_PART = 0.03
"""Nats by which it may be worse in a subgroup or at a site."""
OBSERVED_OVER_EXPECTED = (0.8, 1.25)
LEVEL_OF_CHANCE = 0.99
"""Beyond this interval nothing is put down to chance."""


@dataclass(frozen=True)
class Gate:
    """One thing that was judged.

    Attributes
    ----------
    name : {"events", "coverage", "calibration", "log_loss", "subgroups"}
    of : str
        What it was judged on: a target, or a part of it.
    value, limit : float
        What was found, and what it was held against; NaN where nothing could be found.
    passed : bool
    told : str
        What was found and what was needed, in words.
    """

    name: str
    of: str
    value: float
    limit: float
    passed: bool
    told: str

    @property
    def line(self) -> str:
        """One line to read: whether it passed, on what, and by how much."""
        return f"{'passed' if self.passed else 'FAILED'}  {self.name:11}  {self.of}: {self.told}"


def events_gate(of: str, people: int, what: str = "with an event") -> Gate:
    """Judge whether there are events enough to judge by.

    Parameters
    ----------
    of : str
    people : int
        With the event; of a classification, with another label than the most frequent one.
    what : str
        Who they are, for the line.

    Examples
    --------
    >>> events_gate("spread", 60).line
    'FAILED  events       spread: insufficient: 60 people with an event, 40 fewer than are needed'
    """
    if people >= LEAST_EVENTS:
        return Gate("events", of, float(people), LEAST_EVENTS, True, f"{people} people {what}")
    count = told(people)
    if count == SUPPRESSED:
        few = f"insufficient: fewer than {SMALLEST_CELL} people {what}, but {LEAST_EVENTS} are needed"
        return Gate("events", of, 0.0, LEAST_EVENTS, False, few)
    few = f"insufficient: {count} people {what}, {LEAST_EVENTS - people} fewer than are needed"
    return Gate("events", of, float(people), LEAST_EVENTS, False, few)


def coverage_gate(of: str, inside: np.ndarray, n_calibration: int, promised: float) -> Gate:
    """Judge whether sets hold the recorded label as often as they promise.

    With n people behind the thresholds, of whom k = ceil((n + 1) promised) lie above, the number of m new people whose
    label is in their set is beta-binomial (m, k, n + 1 - k) (Angelopoulos and Bates 2023, Found Trends Mach Learn
    16:494). Fewer than its 99 % interval allows are no chance. More are no fault: a good model's sets often hold one
    label, and that is the right one more often than was promised.

    Parameters
    ----------
    of : str
    inside : ndarray of bool, shape (m,)
        Whether each person's label is in the set.
    n_calibration : int
    promised : float

    Examples
    --------
    >>> coverage_gate("phenotype", np.arange(200) < 185, 400, 0.9).passed
    True
    >>> coverage_gate("phenotype", np.arange(200) < 160, 400, 0.9).told
    '80.0 % of the sets hold the label, but 90 % was promised and chance explains no less than 82.5 %'
    """
    n, m = n_calibration, len(inside)
    k = int(np.ceil((n + 1) * promised - 1e-9))
    # too few people for the promise: then every label is in every set
    least = float(betabinom.ppf((1.0 - LEVEL_OF_CHANCE) / 2.0, m, k, n + 1 - k)) / m if k <= n else 1.0
    share = float(inside.mean())
    words = f"{share:.1%} of the sets hold the label".replace("%", " %")
    if share >= least:
        return Gate("coverage", of, share, least, True, words)
    words += f", but {promised:.0%} was promised and chance explains no less than {least:.1%}".replace("%", " %")
    return Gate("coverage", of, share, least, False, words)


def calibration_gate(of: str, observed_over_expected: float, chance: tuple[float, float] | None = None) -> Gate:
    """Judge whether as many people have the event as was said.

    Parameters
    ----------
    of : str
    observed_over_expected : float
    chance : tuple of float, optional
        Its 99 % interval: what is outside the range, but reaches into it by chance, passes.

    Examples
    --------
    >>> calibration_gate("spread 5y", 0.43).told
    'observed over expected 0.43, 0.37 below the range of 0.8 to 1.25'
    >>> calibration_gate("spread 1y", 1.5, chance=(0.7, 2.4)).told.partition(" above ")[2]
    'the range of 0.8 to 1.25, which chance explains (99 % interval 0.70 to 2.40)'
    """
    low, high = OBSERVED_OVER_EXPECTED
    value = observed_over_expected
    if np.isnan(value):
        return Gate("calibration", of, value, low, False, "observed over expected cannot be computed")
    words = f"observed over expected {value:.2f}"
    if low <= value <= high:
        return Gate("calibration", of, value, low, True, words)
    limit, where, by = (low, "below", low - value) if value < low else (high, "above", value - high)
    words = f"{words}, {by:.2f} {where} the range of {low:g} to {high:g}"
    least, most = chance or (value, value)
    if least <= high and low <= most:
        chance_told = f"which chance explains ({100 * LEVEL_OF_CHANCE:.0f} % interval {least:.2f} to {most:.2f})"
        return Gate("calibration", of, value, limit, True, f"{words}, {chance_told}")
    return Gate("calibration", of, value, limit, False, words)


def label_calibration_gate(of: str, probabilities: np.ndarray, truth: np.ndarray, labels: tuple[str, ...]) -> Gate:
    """Judge whether as many people have each label as was said.

    A label that is outside the range of `calibration_gate` fails only where the difference is larger than chance makes
    it once in 100 times over all labels together: of 30 people with a rare label, 5 more or less are no fault.

    Parameters
    ----------
    of : str
    probabilities : ndarray, shape (n, K)
    truth : ndarray of int, shape (n,)
        -1 where the model does not know the label.
    labels : tuple of str

    Returns
    -------
    Gate
        Of the label that is farthest out of the range, or of the most frequent one where none is.

    Examples
    --------
    >>> said = np.tile([0.75, 0.25], (400, 1))
    >>> label_calibration_gate("phenotype", said, np.arange(400) % 2, ("cervical", "laryngeal")).line
    'FAILED  calibration  phenotype laryngeal: observed over expected 2.00, 0.75 above the range of 0.8 to 1.25'
    """
    observed = np.bincount(truth[truth >= 0], minlength=len(labels)).astype(np.float64)
    expected = probabilities.sum(axis=0)
    spread = np.sqrt((probabilities * (1.0 - probabilities)).sum(axis=0))
    beyond = norm.ppf(1.0 - (1.0 - LEVEL_OF_CHANCE) / 2.0 / len(labels))
    odd = (np.maximum(observed, expected) >= LEAST_TO_SCORE) & (np.abs(observed - expected) > beyond * spread)
    ratio = observed / np.maximum(expected, LEAST)
    gates = [calibration_gate(f"{of} {label}", float(ratio[at])) for at, label in enumerate(labels)]
    failed = [at for at in np.flatnonzero(odd) if not gates[at].passed]
    if failed:
        return gates[max(failed, key=lambda at: abs(np.log(max(ratio[at], LEAST))))]
    most = int(observed.argmax())
    return replace(
        gates[most], passed=True, told=f"observed over expected {ratio[most]:.2f}, no label is off by more than chance"
    )


def log_loss_gate(of: str, difference: np.ndarray, groups: np.ndarray, seed: int) -> Gate:
    """Judge whether a model may be worse than the champion, on the same rows.

    Parameters
    ----------
    of : str
    difference : ndarray, shape (n,)
        Log-loss of each row by the model, less that by the champion, in nats.
    groups : ndarray, shape (n,)
        Clusters of the bootstrap: patients, or what holds several of them.
    seed : int

    Returns
    -------
    Gate
        Its value is the upper end of the 95 % interval of the mean difference.
    """
    mean, words = _against_the_champion(difference, groups, seed)
    if mean.high < LARGEST_LOSS:
        return Gate("log_loss", of, mean.high, LARGEST_LOSS, True, words)
    words += f"; its upper end has to be below {LARGEST_LOSS:g} and is {mean.high - LARGEST_LOSS:.4f} above"
    return Gate("log_loss", of, mean.high, LARGEST_LOSS, False, words)


def _against_the_champion(difference: np.ndarray, groups: np.ndarray, seed: int) -> tuple[Estimate, str]:
    """Return the mean difference with its interval, and the words for it."""
    mean = cluster_bootstrap(lambda at: float(difference[at].mean()), groups, draws=DRAWS, seed=seed)
    interval = f"(95 % interval {mean.low:+.4f} to {mean.high:+.4f})"
    return mean, f"log-loss {mean.value:+.4f} nats against the champion {interval}"


def subgroup_gates(
    of: str,
    difference: np.ndarray,
    people: np.ndarray,
    groups: np.ndarray,
    *,
    parts: Mapping[str, np.ndarray],
    seed: int,
) -> tuple[Gate, ...]:
    """Judge whether a model is worse than the champion for a part of the people, a subgroup or a site.

    Parameters
    ----------
    of : str
    difference, groups, seed
        As of `log_loss_gate`.
    people : ndarray, shape (n,)
        Whose row each is.
    parts : mapping
        By what people are parted, the part of each row; empty where it is not known.

    Returns
    -------
    tuple of Gate
        The parts in which it is worse by more than 0.03 nats, the worst first, or one gate that says how the worst
        fares; none where no part has 20 people. The mean counts, not its interval: it takes little to protect a part.
    """
    found = []
    for by, part in parts.items():
        for name in (each for each in np.unique(part.astype(str)) if each):
            rows = np.flatnonzero(part == name)
            if len(np.unique(people[rows].astype(str))) >= LEAST_TO_SCORE:
                found.append((float(difference[rows].mean()), f"{by} {name}", rows))
    found.sort(key=lambda each: -each[0])
    worse = [each for each in found if each[0] > LARGEST_LOSS_OF_A_PART]
    gates = []
    for mean, name, rows in worse or found[:1]:
        words = f"{name}: {_against_the_champion(difference[rows], groups[rows], seed)[1]}"
        if worse:
            words += f", {mean - LARGEST_LOSS_OF_A_PART:.4f} more than the {LARGEST_LOSS_OF_A_PART:g} that is allowed"
        else:
            words = f"the worst is {words}"
        gates.append(Gate("subgroups", of, mean, LARGEST_LOSS_OF_A_PART, not worse, words))
    return tuple(gates)


def risk_log_losses(risk: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Return the log-loss of each risk, in nats.

    Parameters
    ----------
    risk : ndarray, shape (n,)
    event : ndarray, shape (n,)
        Whether the event came by the horizon, or how probable that is.

    Examples
    --------
    >>> risk_log_losses(np.array([0.5, 0.9]), np.array([1.0, 0.0])).round(3).tolist()
    [0.693, 2.303]
    """
    risk = np.clip(risk, LEAST, 1.0 - LEAST)
    return -(event * np.log(risk) + (1.0 - event) * np.log1p(-risk))
