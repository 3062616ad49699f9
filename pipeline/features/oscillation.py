"""The strongest oscillation of a window, followed cycle by cycle.

The bins around the strongest line, transformed back, are a band-passed signal: no filter is designed. Only positive
frequencies are taken, so what comes back is complex: its length is the oscillation's size and its angle the phase, and
a cycle ends where the phase has gone round once. Between samples the phase runs on in a straight line far more nearly
than the signal does, so that cycles are as exact at 25 Hz as at 200.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from pipeline.features.signal import Signal
from pipeline.features.spectrum import strongest_line

_REACH_HZ = 2.0
_LEAST_SAMPLES = 400
_EDGE = 0.1
"""Share of the window at each end that is left out: there the Hann window weighs everything down to rounding."""


@dataclass(frozen=True)
class Oscillation:
    """The strongest oscillation between two frequencies.

    Attributes
    ----------
    size : ndarray, shape (n, t)
        Amplitude at each sample of the middle of the window.
    phase : ndarray, shape (n, t)
        Turns since the first of these samples, never falling.
    fs : ndarray, shape (n,)
        Samples a second of size and phase; more than the signal's where it has few.
    """

    size: np.ndarray
    phase: np.ndarray
    fs: np.ndarray

    def cycle_hz(self, window: int) -> np.ndarray:
        """Return the frequency of each whole cycle of a window, shape (cycles,)."""
        phase = self.phase[window]
        whole = int(np.nan_to_num(phase[-1]))  # none without a line
        ends = np.interp(np.arange(whole + 1), phase, np.arange(len(phase)))
        steps = np.diff(ends)
        return self.fs[window] / steps[steps > 0]


def oscillation(signal: Signal, low: float, high: float) -> Oscillation:
    """Follow the strongest line between two frequencies in Hz along the direction in which it swings most.

    A window without a line is NaN.
    """
    return signal.held(_oscillation, low, high)


def _oscillation(signal: Signal, low: float, high: float) -> Oscillation:
    line, samples = strongest_line(signal, low, high), signal.samples
    # every second bin is the window's own; the first one, the mean, goes round no circle
    bins, hertz = signal.hann[:, :, 2::2], signal.frequency[:, 2::2]
    near = np.abs(hertz - line[:, None]) <= _REACH_HZ
    kept = np.where(near[:, None, :] & signal.valid[:, None, None], bins, 0.0)
    squares = np.einsum("nik,njk->nij", kept, kept.conj()).real
    direction = np.linalg.eigh(squares)[1][:, :, -1]
    # at low rates the transform back has more samples than the window: a slow clock sees the same cycles
    samples *= -(-_LEAST_SAMPLES // samples)
    whole = np.zeros((len(signal), samples), dtype=complex)
    for axis in range(kept.shape[1]):
        whole[:, 1 : 1 + kept.shape[2]] += kept[:, axis] * direction[:, axis : axis + 1]
    wave = 2 * np.asarray(fft.ifft(whole, axis=1)) * (samples / signal.samples)
    edge = int(_EDGE * samples)
    inner = slice(edge, samples - edge)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)
    size = np.abs(wave[:, inner]) / hann[inner]
    turns = np.unwrap(np.angle(wave[:, inner]), axis=1) / (2 * np.pi)
    phase = np.maximum.accumulate(turns - turns[:, :1], axis=1)
    found = np.isfinite(line)[:, None]
    return Oscillation(np.where(found, size, np.nan), np.where(found, phase, np.nan), samples / signal.seconds)


def stability(cycles: np.ndarray) -> float:
    """Interquartile range of the change of frequency from each cycle to the next; NaN under three changes.

    Examples
    --------
    >>> stability(np.array([5.0, 5.0, 5.0, 5.0, 5.0])), stability(np.array([5.0, 6.0, 5.0, 6.0, 5.0]))
    (0.0, 2.0)
    """
    changes = np.sort(np.diff(cycles))
    if len(changes) < 3:
        return np.nan
    lower, upper = np.interp([0.25 * (len(changes) - 1), 0.75 * (len(changes) - 1)], np.arange(len(changes)), changes)
    return float(upper - lower)
