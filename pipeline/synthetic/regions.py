"""Which body regions dystonia holds, at the beginning and after the first spread.

One region stands for a focal dystonia, so that "one region" means the same however regions are grouped. The spread
leads to one more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.classes import draw_one
from pipeline.synthetic.person import People
from pipeline.synthetic.streams import Streams
from pipeline.vocabulary import REGIONS

Template = tuple[float, tuple[str, ...]]
"""Share of the phenotype's patients, and their regions."""

_HAND: tuple[Template, ...] = ((0.83, ("hand_right",)), (0.17, ("hand_left",)))  # V dominant hand, Norris 2020

BEGINNINGS: dict[str, tuple[Template, ...]] = {
    "blepharospasm": ((1.0, ("upper_face",)),),
    # V perioral 85, jaw 61, tongue 17 % (Scorr 2021), of which we keep the leading one
    "oromandibular": ((0.52, ("lower_face",)), (0.38, ("jaw",)), (0.10, ("tongue",))),
    "cervical": ((1.0, ("neck",)),),
    "laryngeal": ((1.0, ("larynx",)),),
    "writers_cramp": _HAND,
    "musicians": ((0.60, ("hand_right",)), (0.40, ("hand_left",))),  # A
    "upper_limb_non_task": (
        (0.5, ("hand_right",)),
        (0.2, ("hand_left",)),
        (0.2, ("forearm_right",)),
        (0.1, ("upper_arm_right",)),
    ),
    "lower_limb": ((0.5, ("lower_leg_right",)), (0.5, ("lower_leg_left",))),
    "meige_segmental_cranial": (
        (0.40, ("upper_face", "lower_face")),
        (0.35, ("upper_face", "jaw")),
        (0.25, ("upper_face", "lower_face", "jaw")),
    ),
    "segmental_other": (
        (0.40, ("neck", "hand_right")),
        (0.25, ("neck", "trunk")),
        (0.20, ("neck", "larynx")),
        (0.15, ("hand_left", "hand_right")),
    ),
    "hemidystonia": (
        (0.5, ("upper_arm_right", "hand_right", "lower_leg_right")),
        (0.5, ("upper_arm_left", "hand_left", "lower_leg_left")),
    ),
    "generalized": (
        (0.45, ("trunk", "lower_leg_left", "lower_leg_right", "hand_right")),
        (0.30, ("trunk", "neck", "hand_left", "hand_right", "lower_leg_right")),
        (0.25, ("trunk", "neck", "jaw", "larynx", "hand_right", "lower_leg_left", "lower_leg_right")),
    ),
    "functional": (
        (0.35, ("hand_right",)),
        (0.25, ("lower_leg_left",)),
        (0.25, ("lower_leg_right",)),
        (0.15, ("neck",)),
    ),
    "essential_tremor": ((1.0, ()),),
    "parkinson_disease": ((1.0, ()),),
    "healthy": ((1.0, ()),),
}
"""A, where no source is named; left and right hand are even only where that is written."""

_FROM_HAND: tuple[Template, ...] = ((0.75, ("neck",)), (0.25, ("trunk",)))  # D neck 12.8 of 17 %, Berman 2020

SPREADS: dict[str, tuple[Template, ...]] = {
    # V Berman 2020: oromandibular 42.2, neck 22.4; the rest A
    "blepharospasm": ((0.422, ("jaw",)), (0.224, ("neck",)), (0.204, ("larynx",)), (0.15, ("hand_right",))),
    "oromandibular": ((0.5, ("upper_face",)), (0.35, ("neck",)), (0.15, ("larynx",))),  # A
    # A; the hand is the commonest (V Berman 2020)
    "cervical": ((0.44, ("hand_right",)), (0.25, ("jaw",)), (0.10, ("larynx",)), (0.21, ("trunk",))),
    "laryngeal": ((0.98, ("neck",)), (0.02, ("jaw",))),  # D neck 15.8 of 16 %, Berman 2020
    "writers_cramp": _FROM_HAND,
    "musicians": _FROM_HAND,
    "upper_limb_non_task": _FROM_HAND,
    "lower_limb": ((0.4, ("trunk",)), (0.35, ("hand_right",)), (0.25, ("hand_left",))),  # A
    "functional": ((0.6, ("trunk",)), (0.4, ("hand_left",))),  # A
}
"""Where the first spread leads."""

FLIPS: dict[str, dict[str, float]] = {
    "segmental_other": {"shoulder_right": 0.2, "shoulder_left": 0.15},
    "hemidystonia": {"lower_face": 0.2},
    "generalized": {"neck": 0.2, "jaw": 0.12, "larynx": 0.12, "hand_left": 0.3, "pelvis": 0.15, "upper_leg_right": 0.1},
    "meige_segmental_cranial": {"tongue": 0.15, "pharynx": 0.08, "neck": 0.12},
}
"""A: chance that a region differs from the template, each on its own; those with one region have none."""

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
