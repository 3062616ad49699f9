"""When dystonia first spreads beyond the region where it began: hazards, and the times drawn from them.

The published curve of a site, S(t) = [p exp(-(t/scale)^shape) + 1 - p] exp(-rate t), holds for all its patients
together: a share p is at an early risk, everybody at a constant one. Family history, response to alcohol and severity
multiply a patient's own hazard by m, and the two are not the same: multiplying the published curve would lift cervical
spread at 5 years from 9 to about 16 %. So the baseline hazard H is not written down but solved: with M the ratios of
the class and L(x) = -log E[exp(-x M)], a patient who is not at the early risk has H = L^-1(rate t), one who is has
H = L^-1((t/scale)^shape + rate t), and exp(-m H) averages to the published curve.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipeline.synthetic import figures
from pipeline.synthetic.classes import Mix, Pair
from pipeline.synthetic.figures import SpreadCurve
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.person import People
from pipeline.synthetic.quadrature import normal_nodes
from pipeline.synthetic.streams import Streams

RATIOS: dict[str, float] = {
    "family_history_dystonia": figures.SPREAD_RATIO_FAMILY,
    "alcohol_response": figures.SPREAD_RATIO_ALCOHOL,
}
"""Hazard ratio of each answer of the history that has one."""

_NODES = 41
_GRID_Y = np.concatenate([[0.0], np.geomspace(1e-3, 300, 2_500)])
"""Years at which a hazard is tabulated; nobody lives to its end. Between them it is a straight line."""

_HAZARDS = np.concatenate([[0.0], np.geomspace(1e-8, 1e6, 6_000)])
_LARGEST = 30.0
"""A cumulative hazard of which nobody is left."""


def free_of_spread(curve: SpreadCurve, years: np.ndarray) -> np.ndarray:
    """Share of the patients of a site still free of spread, by years since onset.

    Examples
    --------
    >>> free_of_spread(figures.SPREAD_BY_PHENOTYPE["cervical"], np.array([5.0])).round(3).tolist()
    [0.909]
    """
    early = curve.early * np.exp(-((years / curve.scale_y) ** curve.shape)) + 1 - curve.early
    return early * np.exp(-curve.rate_per_y * years)


@dataclass(frozen=True)
class Baseline:
    """Cumulative hazards of a patient whose ratio is 1, by `_GRID_Y`; zero where spread does not arise.

    Attributes
    ----------
    early : float
        Share at the early risk.
    with_early, without : ndarray
        Hazard of who is at the early risk, and of who is not.
    """

    early: float
    with_early: np.ndarray
    without: np.ndarray


def baselines(mix: Mix) -> dict[int, tuple[Baseline, Baseline]]:
    """Solve the hazards of each class in which spread arises: of those grown at onset, and of the young."""
    found = {}
    for number, pair in enumerate(mix.pairs):
        grown, young = (figures.spread_curve(pair, young=young) for young in (False, True))
        if grown is not None and young is not None:
            found[number] = (_solve(grown, pair), _solve(young, pair))
    return found


@cache
def _solve(curve: SpreadCurve, pair: Pair) -> Baseline:
    ratios, shares = _ratios_of_class(pair)
    survival = np.zeros(len(_HAZARDS))
    for ratio, share in zip(ratios, shares, strict=True):
        survival += share * np.exp(-ratio * _HAZARDS)
    with np.errstate(divide="ignore"):
        marginal = -np.log(survival)
    kept = marginal < _LARGEST
    constant = curve.rate_per_y * _GRID_Y
    sum_of_both = (_GRID_Y / curve.scale_y) ** curve.shape + constant
    with_early, without = (
        np.interp(np.minimum(wanted, _LARGEST), marginal[kept], _HAZARDS[kept]) for wanted in (sum_of_both, constant)
    )
    return Baseline(curve.early, with_early, without)


def _ratios_of_class(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Hazard ratios in a class and their shares: the answers of the history and the quadrature of severity."""
    nodes, weights = normal_nodes(_NODES)
    ratios, shares = figures.SPREAD_RATIO_SEVERITY**nodes, weights
    for item, ratio in RATIOS.items():
        yes = share_of_yes(item, pair)
        ratios = np.multiply.outer([1, ratio], ratios).ravel()
        shares = np.multiply.outer([1 - yes, yes], shares).ravel()
    return ratios, shares


def own_ratio(answers: Iterable[tuple[str, np.ndarray]], severity: np.ndarray) -> np.ndarray:
    """Hazard ratio of patients with these answers of the history and this severity."""
    ratio = figures.SPREAD_RATIO_SEVERITY**severity
    for item, yes in answers:
        ratio = ratio * RATIOS[item] ** yes
    return ratio


def hazard_at(curve: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Cumulative hazard at these years since onset."""
    return np.interp(years, _GRID_Y, curve)


def tabulated(solved: Iterable[tuple[Baseline, Baseline]]) -> tuple[np.ndarray, np.ndarray]:
    """Lay out the baselines of classes, for those grown at onset and for the young.

    Returns
    -------
    early : ndarray, shape (2, classes)
        Share at the early risk; of the grown, of the young.
    hazards : ndarray, shape (2, 2, classes, len(_GRID_Y))
        Of who is at the early risk and of who is not; of the grown, of the young.
    """
    groups = list(solved)
    early = np.zeros((2, len(groups)))
    hazards = np.zeros((2, 2, len(groups), len(_GRID_Y)))
    for number, group in enumerate(groups):
        for age, baseline in enumerate(group):
            early[age, number] = baseline.early
            hazards[:, age, number] = baseline.with_early, baseline.without
    return early, hazards


def hazards_at(
    curves: np.ndarray, rows: tuple[np.ndarray | slice, ...], years: np.ndarray, place: np.ndarray
) -> np.ndarray:
    """Cumulative hazards of many tabulated curves at once.

    Parameters
    ----------
    curves : ndarray, shape (..., len(_GRID_Y))
    rows : tuple of ndarray or slice
        Which curve is asked, an index for each axis before the last.
    years : ndarray
        Since onset; of all patients, so that each is looked up once.
    place : ndarray of int
        Whose years they are; broadcast with each array of `rows`.

    Examples
    --------
    >>> curve = np.sqrt(_GRID_Y)
    >>> years = np.array([0.0, 0.7, 12.0])
    >>> found = hazards_at(curve[None], (np.array(0),), years, np.array([2, 0, 1]))
    >>> bool(np.allclose(found, hazard_at(curve, years)[[2, 0, 1]], rtol=1e-14))
    True
    """
    below = np.clip(np.searchsorted(_GRID_Y, years, side="right") - 1, 0, len(_GRID_Y) - 2)
    share = ((np.minimum(years, _GRID_Y[-1]) - _GRID_Y[below]) / (_GRID_Y[below + 1] - _GRID_Y[below]))[place]
    below = below[place]
    low, high = curves[(*rows, below)], curves[(*rows, below + 1)]
    return low + share * (high - low)


def draw_spread(people: People, streams: Streams) -> np.ndarray:
    """Return years from onset to the first spread: infinite if it never comes, NaN for who cannot have it."""
    uniform = streams.uniform("spread", 1)[:, 0]
    years = np.full(len(people), np.nan)
    wanted = -np.log(uniform) / own_ratio(((item, people.history[item]) for item in RATIOS), people.severity)
    for number, both in baselines(people.mix).items():
        for baseline, age_group in zip(both, (~people.young, people.young), strict=True):
            for curve, risk in ((baseline.without, people.cured), (baseline.with_early, ~people.cured)):
                chosen = np.flatnonzero((people.pair == number) & age_group & risk)
                years[chosen] = np.interp(wanted[chosen], *_rising(curve), right=np.inf)
    return years


def _rising(curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of a curve that rises, with its years, to be read the other way round."""
    last = int(np.argmax(curve >= curve[-1])) + 1
    return curve[:last], _GRID_Y[:last]
