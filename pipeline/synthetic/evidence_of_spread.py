"""Whether, and where to, dystonia has spread by each visit: chances in each class and at each node of severity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pipeline.synthetic.classes import Mix
from pipeline.synthetic.form_figures import share_of_yes
from pipeline.synthetic.person import HISTORY, People
from pipeline.synthetic.quadrature import Grid
from pipeline.synthetic.regions import SPREADS
from pipeline.synthetic.spread import RATIOS, Baseline, baselines, hazard_at, own_ratio


@dataclass(frozen=True)
class SpreadTables:
    """Hazards of the classes in which spread arises.

    Attributes
    ----------
    classes : ndarray of int, shape (spreading,)
        Their positions among all classes, of which there are `of`.
    ways : tuple of (int, str)
        Each class with each region that its first spread may reach.
    way_class, way_share : ndarray, shape (ways,)
        Position of the way's class in `classes`, and share of the class that goes this way.
    baselines : tuple of (Baseline, Baseline)
        Of those grown at onset, and of the young.
    answers : ndarray, shape (spreading, RATIOS)
        Share of yes to each item of the history that changes the hazard.
    """

    of: int
    classes: np.ndarray
    ways: tuple[tuple[int, str], ...]
    way_class: np.ndarray
    way_share: np.ndarray
    baselines: tuple[tuple[Baseline, Baseline], ...]
    answers: np.ndarray
    severity: np.ndarray

    def begin(self, patients: int, place: np.ndarray, known: np.ndarray, young: np.ndarray) -> SpreadEvidence:
        """Return a block of patients at their onset, some of whom are at these places.

        Parameters
        ----------
        known : ndarray, shape (len(place), RATIOS)
            Answers of the history: 1, 0, or NaN.
        young : ndarray of bool, shape (len(place),)
        """
        shape = (patients, len(self.classes), len(self.severity))
        answers, is_young = np.full((patients, len(RATIOS)), np.nan), np.zeros(patients, dtype=bool)
        answers[place], is_young[place] = known, young
        reached = np.zeros((patients, len(self.ways), len(self.severity)))
        return SpreadEvidence(self, answers, is_young, np.ones(shape), reached)


def spread_tables(mix: Mix, grid: Grid) -> SpreadTables:
    """Lay out the hazards of a mix of classes."""
    solved = baselines(mix)
    ways = [(number, region, share) for number in solved for share, (region,) in SPREADS[mix.pairs[number][0]]]
    position = {number: at for at, number in enumerate(solved)}
    answers = [[share_of_yes(item, mix.pairs[number]) for item in RATIOS] for number in solved]
    return SpreadTables(
        of=len(mix.pairs),
        classes=np.array(list(solved), dtype=int),
        ways=tuple((number, region) for number, region, _ in ways),
        way_class=np.array([position[number] for number, _, _ in ways], dtype=int),
        way_share=np.array([share for _, _, share in ways]),
        baselines=tuple(solved.values()),
        answers=np.array(answers).reshape(len(solved), len(RATIOS)),
        severity=grid.severity,
    )


def known_answers(people: People) -> np.ndarray:
    """Return what is recorded of the history that changes the hazard: 1, 0, or NaN; shape (patients, RATIOS)."""
    columns = [np.where(people.asked[:, HISTORY.index(item)], people.history[item], np.nan) for item in RATIOS]
    return np.stack(columns, axis=1)


@dataclass
class SpreadEvidence:
    """What has become of a block of patients.

    Attributes
    ----------
    free_now : ndarray, shape (patients, spreading, nodes)
        Chance that dystonia has not spread by the last visit.
    reached : ndarray, shape (patients, ways, nodes)
        Chance that it has spread that way by then, times how much more likely that makes all answers since.
    """

    tables: SpreadTables
    answers: np.ndarray
    young: np.ndarray
    free_now: np.ndarray
    reached: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        """Positions of the classes in which spread arises."""
        return self.tables.classes

    def step(self, place: np.ndarray, years: np.ndarray) -> None:
        """Go on to a visit of the patients at these places, these years after onset."""
        before = self.free_now[place]
        now = self._free_at(place, years)
        flow = before - now
        self.reached[place] += flow[:, self.tables.way_class] * self.tables.way_share[:, None]
        self.free_now[place] = now

    def weigh(self, changes: np.ndarray) -> None:
        """Take in how many times more likely the answers of this visit are after each spread."""
        self.reached *= changes

    def free(self, place: np.ndarray) -> np.ndarray:
        """Return the chance of no spread so far, shape (len(place), all classes, nodes)."""
        found = np.ones((len(place), self.tables.of, len(self.tables.severity)))
        found[:, self.classes] = self.free_now[place]
        return found

    def spread(self, place: np.ndarray) -> np.ndarray:
        """Return the chance of a spread, weighed by what was heard since; shape as `free`."""
        found = np.zeros((len(place), self.tables.of, len(self.tables.severity)))
        for way, position in enumerate(self.tables.way_class):
            found[:, self.classes[position]] += self.reached[place, way]
        return found

    def free_later(self, place: np.ndarray, years: np.ndarray, horizons_y: Sequence[float]) -> list[np.ndarray]:
        """Return the chance of no spread until each horizon after these years, shape (len(place), spreading, nodes)."""
        return [self._free_at(place, years + horizon) for horizon in horizons_y]

    def _free_at(self, place: np.ndarray, years: np.ndarray) -> np.ndarray:
        tables, young = self.tables, self.young[place]
        shape = (len(place), len(tables.classes))
        hazards, early = np.zeros((2, *shape)), np.zeros(shape)
        for at, both in enumerate(tables.baselines):
            for baseline, group in zip(both, (~young, young), strict=True):
                hazards[0, group, at] = hazard_at(baseline.with_early, years[group])
                hazards[1, group, at] = hazard_at(baseline.without, years[group])
                early[group, at] = baseline.early
        found = np.zeros((*shape, len(tables.severity)))
        for combination in product((0.0, 1.0), repeat=len(RATIOS)):
            weights = self._weights(place, np.array(combination))
            rows = np.flatnonzero(weights.any(axis=1))
            ratio = own_ratio(
                ((item, np.array(yes)) for item, yes in zip(RATIOS, combination, strict=True)), tables.severity
            )
            for hazard, share in zip(hazards, (early, 1 - early), strict=True):
                used = np.flatnonzero(share.any(axis=0))
                at = np.ix_(rows, used)
                found[at] += (weights * share)[at][..., None] * np.exp(-hazard[at][..., None] * ratio)
        return found

    def _weights(self, place: np.ndarray, combination: np.ndarray) -> np.ndarray:
        """Return the chance in each class that the history is this one, given what is known of it."""
        known = self.answers[place][:, None, :]
        share = np.where(combination == 1, self.tables.answers, 1 - self.tables.answers)[None]
        return np.where(np.isnan(known), share, known == combination).prod(axis=2)
