"""Which recordings are made at a visit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.recipe import Battery

Instrument = Literal["imu", "pen", "emg"]

_OPPOSITE = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Take:
    """One task with one instrument at one place.

    Attributes
    ----------
    place : str
        Body site; of a limb without its side.
    task : str
        From `vocabulary.TASKS`.
    instrument : {"imu", "pen", "emg"}
    other : bool
        Whether the less affected limb is meant.
    """

    place: str
    task: str
    instrument: Instrument = "imu"
    other: bool = False

    @property
    def name(self) -> str:
        """Tells it from all others of its visit."""
        return f"{self.place}{'_other' if self.other else ''}_{self.task}_{self.instrument}"

    def site(self, side: str) -> str:
        """Return the body site of somebody whose worse side is given.

        Examples
        --------
        >>> Take("wrist", "rest", other=True).site("left"), Take("head", "rest").site("left")
        ('wrist_right', 'head')
        """
        if self.place not in ("wrist", "ankle"):
            return self.place
        return f"{self.place}_{_OPPOSITE[side] if self.other else side}"


_SHORT = (
    *(Take("wrist", task) for task in ("rest", "posture", "writing")),
    *(Take("head", task) for task in ("rest", "posture")),
    Take("wrist", "writing", "pen"),
)
_FULL = (
    *_SHORT,
    *(Take("wrist", task) for task in ("action", "tapping", "trick")),
    *(Take("wrist", task, other=True) for task in ("rest", "posture", "action", "writing", "tapping")),
    *(Take("head", task) for task in ("trick", "action")),
    Take("lower_back", "gait"),
    *(Take("ankle", task) for task in ("rest", "leg_agility")),
    Take("wrist", "spiral", "pen"),
    *(Take("wrist", task, "emg") for task in ("rest", "action")),
    *(Take("wrist", task, "emg", other=True) for task in ("rest", "action")),
    Take("head", "posture", "emg"),
)

BATTERIES: dict[Battery, tuple[Take, ...]] = {"short": _SHORT, "full": _FULL}
"""Takes of a battery; ``short`` holds all that the latents are about."""
