"""What the recordings of one visit show, in units of nature, and nothing else of the patient.

The oracle's error of a latent has two parts: the body does not show today what it usually shows, and reading it off a
signal of so many seconds is not exact. The first part is taken from the blurred latents, the second comes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.synthetic.movement_figures import LATENTS

_HERTZ = (2.0, 12.0)
_LARGEST = {
    "irregularity_log": 5.0,
    "rest_ratio_log": 30.0,
    "writing_ratio_log": 30.0,
    "harmonic_log": 0.8,
    "offset_log": 80.0,
    "jerks_log": 6.0,
    "amplitude_log": 1500.0,
    "head_amplitude_log": 1500.0,
}
"""A: more than that no body does."""

TODAY = {
    "frequency_hz": 0.88,
    "irregularity_log": 0.45,
    "rest_ratio_log": 0.79,
    "writing_ratio_log": 0.8,
    "harmonic_log": 0.5,
    "offset_log": 0.93,
    "jerks_log": 0.66,
    "head_frequency_hz": 0.9,
    "amplitude_log": 0.85,
    "head_amplitude_log": 0.82,
}
"""Share of the oracle's error that is the body's, so that with that of reading it is whole (docs/oracle-signals.md)."""

_MILLI = 1e-3
_IN_WRITING = ("writing", "spiral")


@dataclass(frozen=True)
class Tremor:
    """A tremor in one task.

    Attributes
    ----------
    hertz : float
    amplitude_g : float
        Of the fundamental's acceleration.
    stability_hz : float
        Quartile range of the change of frequency from cycle to cycle.
    harmonic : float
        Amplitude of the second harmonic over the fundamental's.
    """

    hertz: float
    amplitude_g: float
    stability_hz: float
    harmonic: float


@dataclass(frozen=True)
class Shown:
    """One visit's movement.

    Attributes
    ----------
    wrist, head : Tremor
        Arms held out, or head held straight.
    rest, writing : float
        Factors on the wrist's amplitude.
    offset_deg : float
        Tilt of what is held.
    jerks_hz : float
    relief : float
        Share of its activity that toxin takes from a muscle; no movement depends on it.
    """

    wrist: Tremor
    head: Tremor
    rest: float
    writing: float
    offset_deg: float
    jerks_hz: float
    relief: float = 0.0

    def tremor(self, place: str, task: str) -> Tremor:
        """Return the tremor of a place in a task; trunk and legs take part a little."""
        if place == "head":
            return _sized(self.head, self.rest if task == "rest" else 1.0)
        gate = self.rest if task == "rest" else self.writing if task in _IN_WRITING else 1.0
        return _sized(self.wrist, gate * (1.0 if place == "wrist" else 0.2))


def _sized(tremor: Tremor, factor: float) -> Tremor:
    return Tremor(tremor.hertz, factor * tremor.amplitude_g, tremor.stability_hz, tremor.harmonic)


def today(exact: np.ndarray, blurred: np.ndarray) -> np.ndarray:
    """Return the latents that bodies show on the day, of those that they have and those that a recording would show.

    Parameters
    ----------
    exact, blurred : ndarray, shape (..., LATENTS)

    Examples
    --------
    >>> today(np.zeros(len(LATENTS)), np.ones(len(LATENTS)))[:2].tolist()
    [0.88, 0.45]
    """
    return exact + np.array([TODAY[name] for name in LATENTS]) * (blurred - exact)


def shown(latents: Sequence[float] | np.ndarray, relief: float = 0.0) -> Shown:
    """Return what latents stand for, in the order of `LATENTS`; what no body does is cut off.

    Examples
    --------
    >>> told = shown([5.0, 0.0, -1.0, 0.0, -2.0, 2.0, -1.0, 4.0, 3.0, 2.0])
    >>> told.wrist.hertz, round(told.wrist.amplitude_g, 4), round(told.tremor("wrist", "rest").amplitude_g, 4)
    (5.0, 0.0201, 0.0074)
    """
    of: dict[str, float] = dict(zip(LATENTS, (float(each) for each in latents), strict=True))
    natural = {name: min(float(np.exp(of[name])), most) for name, most in _LARGEST.items()}
    hertz, head_hertz = (float(np.clip(of[name], *_HERTZ)) for name in ("frequency_hz", "head_frequency_hz"))
    steady = natural["irregularity_log"], natural["harmonic_log"]
    return Shown(
        wrist=Tremor(hertz, _MILLI * natural["amplitude_log"], *steady),
        head=Tremor(head_hertz, _MILLI * natural["head_amplitude_log"], *steady),
        rest=natural["rest_ratio_log"],
        writing=natural["writing_ratio_log"],
        offset_deg=natural["offset_log"],
        jerks_hz=natural["jerks_log"],
        relief=relief,
    )
