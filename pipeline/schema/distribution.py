"""Body distribution by the rules of 2013 (Albanese et al., Mov Disord 28:863), from the areas that are affected.

It is derived and never learned: whoever lists the regions has already said it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from pipeline.vocabulary import REGIONS


def _limb(parts: Collection[str], side: str) -> tuple[str, ...]:
    return tuple(region for region in REGIONS if region.removesuffix(f"_{side}") in parts and region.endswith(side))


_ARM, _LEG = ("shoulder", "upper_arm", "forearm", "hand"), ("upper_leg", "lower_leg")

AREAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "upper_face": ("upper_face",),
        "lower_face": ("lower_face", "jaw", "tongue", "pharynx"),
        "larynx": ("larynx",),
        "neck": ("neck",),
        "trunk": ("trunk", "pelvis"),
        "arm_left": _limb(_ARM, "left"),
        "arm_right": _limb(_ARM, "right"),
        "leg_left": _limb(_LEG, "left"),
        "leg_right": _limb(_LEG, "right"),
    }
)
"""What counts as one region, with the regions of the form that it is made of."""

CONTIGUOUS: tuple[tuple[str, str], ...] = (
    ("upper_face", "lower_face"),
    ("upper_face", "neck"),
    ("lower_face", "larynx"),
    ("lower_face", "neck"),
    ("larynx", "neck"),
    ("neck", "arm_left"),
    ("neck", "arm_right"),
    ("neck", "trunk"),
    ("arm_left", "arm_right"),
    ("arm_left", "trunk"),
    ("arm_right", "trunk"),
    ("trunk", "leg_left"),
    ("trunk", "leg_right"),
    ("leg_left", "leg_right"),
)
"""Areas that touch. An assumption: the rules of 2013 name no pairs."""


_FACE = {"upper_face", "lower_face"}


def distribution_of(areas: Collection[str]) -> str:
    """Return the distribution of a set of affected areas.

    Generalized: the trunk and two others, with or without a leg. Hemidystonia: arm and leg of one side, maybe with the
    face, whose side the form does not ask. Segmental: areas that touch one another in a chain. Multifocal: any others.

    Examples
    --------
    >>> distribution_of({"upper_face", "lower_face"}), distribution_of({"upper_face", "leg_left"})
    ('segmental', 'multifocal')
    """
    held = set(areas)
    if len(held) < 2:
        return "focal" if held else "none"
    if "trunk" in held and len(held) > 2:
        return "generalized"
    if held - _FACE in ({"arm_left", "leg_left"}, {"arm_right", "leg_right"}):
        return "hemidystonia"
    return "segmental" if _is_connected(held) else "multifocal"


def _is_connected(held: set[str]) -> bool:
    reached, before = {min(held)}, set[str]()
    while reached != before:
        before = reached
        reached = before | {b for a, b in _BOTH_WAYS if a in before and b in held}
    return reached == held


_BOTH_WAYS = (*CONTIGUOUS, *((b, a) for a, b in CONTIGUOUS))
