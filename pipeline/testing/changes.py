"""What a sensor sees when it sits turned, reads too much, or is worn on the other side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from pipeline.features.spec import MIRROR, ROTATION, SCALE, Change
from pipeline.records import Cohort, Recording, Samples
from pipeline.testing.broken import ROUNDING, Features, nearly, per_column
from pipeline.testing.recordings import changed

WORDS = {
    ROTATION: "with the sensor turned",
    SCALE: "with all samples larger by one factor",
    MIRROR: "with the movement mirrored",
}


@dataclass(frozen=True)
class Altered:
    """One change of samples, by its kind and seed.

    Examples
    --------
    >>> still = np.array([[1.0], [0.0], [0.0]])
    >>> Altered(MIRROR, 0).values(still).tolist(), Altered(MIRROR, 0).factor
    ([[-1.0], [0.0], [0.0]], -1.0)
    """

    change: Change
    seed: int

    @property
    def factor(self) -> float:
        """What an equivariant feature is multiplied by."""
        if self.change == SCALE:
            return float(10 ** np.random.default_rng(self.seed).uniform(-2, 2))
        return -1.0 if self.change == MIRROR else 1.0

    def values(self, values: np.ndarray) -> np.ndarray:
        """Change values of shape (..., 3, samples)."""
        if self.change == ROTATION:
            turn = Rotation.random(rng=np.random.default_rng(self.seed)).as_matrix()
            return np.einsum("ij,...jt->...it", turn, values)
        if self.change == SCALE:
            return self.factor * values
        return values * np.array([[-1.0], [1.0], [1.0]]) + 0.0

    def samples(self, samples: Samples) -> Samples:
        """Change the samples of a recording."""
        return Samples(samples.time_s, self.values(samples.values))

    def cohort(self, cohort: Cohort) -> Cohort:
        """Change every recording of a cohort."""
        return replace(cohort, recordings=tuple(self._recording(recording) for recording in cohort.recordings))

    def _recording(self, recording: Recording) -> Recording:
        taken = changed(recording, self.samples)
        return replace(taken, body_site=_mirrored(taken.body_site)) if self.change == MIRROR else taken


def _mirrored(site: str) -> str:
    for side, other in (("left", "right"), ("right", "left")):
        if site.endswith(side):
            return site.removesuffix(side) + other
    return site


@dataclass(frozen=True)
class Delayed:
    """A recording's clock that starts later."""

    seconds: float

    def __call__(self, samples: Samples) -> Samples:
        """Move the clock."""
        return Samples(samples.time_s + self.seconds, samples.values)


def keeps_what_they_declare(
    features: Features, whole: np.ndarray, seed: int, only: str, again: Callable[[Features, Altered], np.ndarray]
) -> None:
    """Require the declared answer to each change of the samples; ``again`` computes features on changed ones."""
    for change, words in WORDS.items():
        altered = Altered(change, seed)
        own = [each for each in features if change in (*each.spec.invariant_to, *each.spec.equivariant_to)]
        if own and only in ("", change):
            factors = [altered.factor if change in each.spec.equivariant_to else 1.0 for each in features]
            then = whole * per_column(features, whole.shape[1], factors)
            theirs = per_column(features, whole.shape[1], [each in own for each in features])
            nearly(change, own, again(own, altered), then[:, theirs], words, **ROUNDING)
