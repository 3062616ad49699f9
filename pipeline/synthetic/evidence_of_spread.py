"""Whether, and where to, dystonia has spread by each visit: chances in each class and at each node of severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from pipeline.synthetic.classes import Mix
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.person import HISTORY, People
from pipeline.synthetic.quadrature import Grid
from pipeline.synthetic.regions import SPREADS
from pipeline.synthetic.spread import RATIOS, baselines, hazards_at, own_ratio, tabulated

_HISTORIES = np.array(list(product((0.0, 1.0), repeat=len(RATIOS))))
"""All answers to the items of the history that change the hazard."""


@dataclass(frozen=True)
class SpreadTables:
    """Hazards of the classes in which spread arises.

    Attributes
    ----------
    classes : ndarray of int, shape (spreading,)
        Their positions among all classes.
    ways : tuple of (int, str)
        Each class with each region that its first spread may reach.
    way_class, way_rank, way_share : ndarray, shape (ways,)
        Position of the way's class in `classes`, number of the way among those of its class, and share of the class
        that goes it.
    early : ndarray, shape (2, spreading)
        Share at the early risk: of those grown at onset, and of the young.
    hazards : ndarray, shape (2, 2, spreading, grid)
        Of who is at the early risk and of who is not; grown at onset, and young.
    ratios : ndarray, shape (4, nodes)
        Hazard ratio of each of `_HISTORIES`.
    answers : ndarray, shape (spreading, RATIOS)
        Share of yes to each item of the history that changes the hazard.
    """

    classes: np.ndarray
    ways: tuple[tuple[int, str], ...]
    way_class: np.ndarray
    way_rank: np.ndarray
    way_share: np.ndarray
    early: np.ndarray
    hazards: np.ndarray
    ratios: np.ndarray
    answers: np.ndarray

    def begin(self, possible: np.ndarray, known: np.ndarray, young: np.ndarray) -> SpreadEvidence:
        """Return a block of patients at their onset.

        Parameters
        ----------
        possible : ndarray of bool, shape (patients, all classes)
        known : ndarray, shape (patients, RATIOS)
            Answers of the history: 1, 0, or NaN.
        young : ndarray of bool, shape (patients,)
        """
        place, position = np.nonzero(possible[:, self.classes])
        number = np.full((len(possible), len(self.classes)), -1)
        number[place, position] = np.arange(len(place))
        by_way = number[:, self.way_class]
        patient, way = np.nonzero(by_way >= 0)
        by_rank = np.argsort(self.way_rank[way], kind="stable")
        patient, way = patient[by_rank], way[by_rank]
        pair = by_way[patient, way]
        nodes = self.ratios.shape[1]
        return SpreadEvidence(
            tables=self,
            place=place,
            position=position,
            young=young[place].astype(int),
            histories=self._histories(known[place], position),
            way=way,
            way_pair=pair,
            rank_ends=np.cumsum(np.bincount(self.way_rank[way])).tolist(),
            free_now=np.ones((len(place), nodes)),
            reached=np.zeros((len(pair), nodes)),
        )

    def _histories(self, known: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return the chance of each of `_HISTORIES`, given what is known of it; shape (4, pairs)."""
        share = self.answers[position]
        said = _HISTORIES[:, None, :]
        return np.where(np.isnan(known), np.where(said == 1, share, 1 - share), known == said).prod(axis=2)


def spread_tables(mix: Mix, grid: Grid) -> SpreadTables:
    """Lay out the hazards of a mix of classes."""
    solved = baselines(mix)
    ways = [
        (number, rank, region, share)
        for number in solved
        for rank, (share, (region,)) in enumerate(SPREADS[mix.pairs[number][0]])
    ]
    position = {number: at for at, number in enumerate(solved)}
    answers = [[share_of_yes(item, mix.pairs[number]) for item in RATIOS] for number in solved]
    early, hazards = tabulated(solved.values())
    ratios = [
        own_ratio(((item, np.array(yes)) for item, yes in zip(RATIOS, history, strict=True)), grid.severity)
        for history in _HISTORIES
    ]
    return SpreadTables(
        classes=np.array(list(solved), dtype=int),
        ways=tuple((number, region) for number, _, region, _ in ways),
        way_class=np.array([position[number] for number, _, _, _ in ways], dtype=int),
        way_rank=np.array([rank for _, rank, _, _ in ways], dtype=int),
        way_share=np.array([share for _, _, _, share in ways]),
        early=early,
        hazards=hazards,
        ratios=np.array(ratios),
        answers=np.array(answers).reshape(len(solved), len(RATIOS)),
    )


def known_answers(people: People) -> np.ndarray:
    """Return what is recorded of the history that changes the hazard: 1, 0, or NaN; shape (patients, RATIOS)."""
    columns = [np.where(people.asked[:, HISTORY.index(item)], people.history[item], np.nan) for item in RATIOS]
    return np.stack(columns, axis=1)


@dataclass
class SpreadEvidence:
    """What has become of a block of patients, in each class that can be and in which spread arises: the pairs.

    Attributes
    ----------
    place, position : ndarray of int, shape (pairs,)
        The patient, and which of the spreading classes.
    young : ndarray of int, shape (pairs,)
    histories : ndarray, shape (4, pairs)
        Chance of each of `_HISTORIES`.
    way, way_pair : ndarray of int, shape (ways of all pairs,)
        Which way, and of which pair; first a way of each pair, then another of who has two, and so on.
    rank_ends : list of int
        Where these runs end.
    free_now : ndarray, shape (pairs, nodes)
        Chance that dystonia has not spread by the last visit.
    reached : ndarray, shape (ways of all pairs, nodes)
        Chance that it has spread that way by then, times how much more likely that makes all answers since.
    """

    tables: SpreadTables
    place: np.ndarray
    position: np.ndarray
    young: np.ndarray
    histories: np.ndarray
    way: np.ndarray
    way_pair: np.ndarray
    rank_ends: list[int]
    free_now: np.ndarray
    reached: np.ndarray

    def step(self, years: np.ndarray, answers: np.ndarray, factors: np.ndarray) -> None:
        """Go on to a visit, and take in its answers.

        Parameters
        ----------
        years : ndarray, shape (patients,)
            Since onset; NaN for who is not here.
        answers : ndarray of int, shape (patients, ways)
            Which set of answers was given to the items that a spread that way reaches.
        factors : ndarray, shape (ways, sets, nodes)
            How many times more likely each set is after a spread.
        """
        pairs = np.flatnonzero(~np.isnan(years)[self.place])
        now = self._free_at(pairs, years[:, None])[:, 0]
        flow = np.zeros_like(self.free_now)
        flow[pairs] = self.free_now[pairs] - now
        self.free_now[pairs] = now
        ways = np.flatnonzero(~np.isnan(years)[self.place[self.way_pair]])
        way, pair = self.way[ways], self.way_pair[ways]
        came = flow[pair]
        came *= self.tables.way_share[way][:, None]
        came += self.reached[ways]
        came *= factors[way, answers[self.place[pair], way]]
        self.reached[ways] = came

    def so_far(self) -> np.ndarray:
        """Return the chance of a spread or of none, weighed by what was heard since; shape (pairs, nodes)."""
        found = self.free_now.copy()
        for begin, end in pairwise([0, *self.rank_ends]):
            found[self.way_pair[begin:end]] += self.reached[begin:end]
        return found

    def come_later(self, pairs: np.ndarray, years: np.ndarray, horizons_y: Sequence[float]) -> np.ndarray:
        """Return the chance of no spread so far, then of none so far but one within each horizon.

        Returns
        -------
        ndarray, shape (pairs, 1 + horizons, nodes)
        """
        now = self.free_now[pairs][:, None]
        return np.concatenate([now, now - self._free_at(pairs, years[:, None] + np.array(horizons_y))], axis=1)

    def _free_at(self, pairs: np.ndarray, years: np.ndarray) -> np.ndarray:
        """Return the chance of no spread by these years of each patient, shape (pairs, times, nodes)."""
        tables, place = self.tables, self.place[pairs]
        position, young = self.position[pairs], self.young[pairs]
        early = tables.early[young, position]
        histories = np.take(self.histories, pairs, axis=1)
        found = np.zeros((len(pairs), years.shape[1], tables.ratios.shape[1]))
        hazards = -hazards_at(tables.hazards, (slice(None), young[:, None], position[:, None]), years, place)
        for hazard, share in zip(hazards, (early, 1 - early), strict=True):
            for history, ratio in zip(histories, tables.ratios, strict=True):
                weight = share * history
                rows = np.flatnonzero(weight)
                survival = np.multiply.outer(hazard[rows], ratio)
                np.exp(survival, out=survival)
                survival *= weight[rows][:, None, None]
                found[rows] += survival
        return found
