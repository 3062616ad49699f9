"""Which body regions dystonia holds, at the beginning and after the first spread.

One region stands for a focal dystonia, so that "one region" means the same however regions are grouped. The spread
leads to one more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.classes import draw_one
from pipeline.synthetic.epidemiology import values
from pipeline.synthetic.figures import SPREAD_BY_PHENOTYPE
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import PHENOTYPES, REGIONS

Template = tuple[float, tuple[str, ...]]
"""Share of the phenotype's patients, and their regions."""


def _templates(group: str) -> tuple[Template, ...]:
    return tuple((share, tuple(name.split("+")) if name != "none" else ()) for name, share in values(group).items())


BEGINNINGS: dict[str, tuple[Template, ...]] = {name: _templates(f"begins.{name}") for name in PHENOTYPES}
"""The sets of regions that dystonia begins with."""

SPREADS: dict[str, tuple[Template, ...]] = {name: _templates(f"leads.{name}") for name in SPREAD_BY_PHENOTYPE}
"""Where the first spread leads."""

FLIPS: dict[str, dict[str, float]] = {
    name: values(f"flips.{name}")
    for name in ("segmental_other", "hemidystonia", "generalized", "meige_segmental_cranial")
}
"""Chance that a region differs from the template, each on its own; those with one region have none."""

GENERALIZED = ("trunk", "lower_leg_left", "lower_leg_right", "hand_left", "hand_right")
"""A: regions that are held once dystonia has become generalized."""


@dataclass(frozen=True)
class RegionSets:
    """Regions of each patient as membership tables, shape (patients, `REGIONS`).

    `target` is the position in `REGIONS` of the region that the first spread reaches, -1 where it does not arise.
    """

    at_onset: np.ndarray
    after_spread: np.ndarray

    target: np.ndarray

    def at(self, patient: np.ndarray, spread: np.ndarray, generalized: np.ndarray) -> np.ndarray:
        """Return the regions of these patients, of whom some have spread and some become generalized."""
        held = np.where(spread[:, None], self.after_spread[patient], self.at_onset[patient])
        return held | (generalized[:, None] & _members(GENERALIZED))


def draw_regions(people: People, streams: Streams) -> RegionSets:
    """Draw the regions at onset and those that the first spread reaches."""
    uniform = streams.uniform("regions", 2)
    flips = streams.uniform("region flips", len(REGIONS))
    at_onset = np.zeros((len(people), len(REGIONS)), dtype=bool)
    target = np.full(len(people), -1)
    for number, (phenotype, _) in enumerate(people.mix.pairs):
        chosen = np.flatnonzero(people.pair == number)
        beginnings = BEGINNINGS[phenotype]
        members = np.array([_members(regions) for _, regions in beginnings])
        begins = draw_one(np.array([share for share, _ in beginnings]), uniform[chosen, 0])
        at_onset[chosen] = members[begins]
        if phenotype in FLIPS:
            chance = np.array([FLIPS[phenotype].get(region, 0.0) for region in REGIONS])
            at_onset[chosen] ^= flips[chosen] < chance
        if phenotype in SPREADS:
            leads = draw_one(np.array([share for share, _ in SPREADS[phenotype]]), uniform[chosen, 1])
            target[chosen] = np.array([REGIONS.index(region) for _, (region,) in SPREADS[phenotype]])[leads]
    after = at_onset.copy()
    spreads = np.flatnonzero(target >= 0)
    after[spreads, target[spreads]] = True
    return RegionSets(at_onset, after, target)


def _members(regions: Iterable[str]) -> np.ndarray:
    held = set(regions)
    return np.array([region in held for region in REGIONS])
