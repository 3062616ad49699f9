"""The strongest oscillation of a window, followed cycle by cycle.

The bins around the strongest line, transformed back, are a band-passed signal: no filter is designed. Only positive
frequencies are taken, so what comes back is complex: its length is the oscillation's size and its angle the phase, and
a cycle ends where the phase has gone round once. Between samples the phase runs on in a straight line far more nearly
than the signal does, so that cycles are as exact at 25 Hz as at 200.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from pipeline.features.signal import Signal
from pipeline.features.spectrum import ratio, strongest_line

LINE = (2.0, 12.0)
"""Where a tremor's line is looked for, in Hz."""

_REACH = 0.45
"""Of the line's frequency, to each side: cycles that are long and short by turns have side bands at half of it."""

_NARROW_HZ = 2.0
"""To each side of the line lies what a tremor is told by from all else: its direction, and how it swells."""

_HALF_HZ = 0.5
_LEAST_SAMPLES = 400
_EDGE, _EDGE_BESIDES = 0.1, 0.2
"""Share of the window at each end that is left out: there the Hann window weighs everything down to rounding, or to
what is left of a strong oscillation."""


@dataclass(frozen=True)
class Oscillation:
    """The strongest oscillation between two frequencies.

    Attributes
    ----------
    size : ndarray, shape (n, t)
        Amplitude at each sample of the middle of the window, as it swells within 2 Hz of the line.
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
        whole = int(phase[-1]) if math.isfinite(phase[-1]) else 0  # none without a line
        ends = np.interp(np.arange(whole + 1), phase, np.arange(len(phase)))
        steps = np.diff(ends)
        return self.fs[window] / steps[steps > 0]


def oscillation(signal: Signal, low: float, high: float) -> Oscillation:
    """Follow the strongest line between two frequencies in Hz along the direction in which it swings most.

    A window without a line is NaN.
    """
    return signal.held(_oscillation, low, high)


def overtone(signal: Signal, low: float, high: float) -> np.ndarray:
    """Return how strong the strongest oscillation's first overtone is beside it, as a ratio of amplitudes, shape (n,).

    Only what keeps twice the phase counts: noise and other movement at twice the frequency do not, and a rhythm that
    is uneven takes its overtone along. NaN without a line, and where the rate does not reach the overtone's.
    """
    found = signal.held(_strongest, low, high)
    own, twice = found.own, found.wave(2, 2 * _REACH * found.line)
    size = np.abs(own)
    turn = np.divide(own, size, out=np.zeros_like(own), where=size > 0)
    turn *= turn
    reached = 2 * found.line + _HALF_HZ <= signal.highest_hz
    return np.where(reached, ratio(np.abs(np.einsum("nt,nt->n", twice, turn.conj())), size.sum(axis=1)), np.nan)


def besides(signal: Signal, low: float, high: float, above_hz: float) -> np.ndarray:
    """Return what the middle of a window holds besides its strongest oscillation and what is slow, shape (n, c, t).

    That is all but the bins within 2 Hz of the strongest line between two frequencies, and those below a third one.
    """
    line = strongest_line(signal, low, high)[:, None]
    hertz = signal.frequency[:, ::2]
    left_out = (hertz < above_hz) | (np.abs(hertz - line) <= _NARROW_HZ)
    bins = np.where(left_out[:, None, :], 0.0, signal.hann[:, :, ::2])
    inner, hann = _inner(signal.samples, _EDGE_BESIDES)
    return np.asarray(fft.irfft(bins, signal.samples))[:, :, inner] / hann


def _inner(samples: int, edge: float) -> tuple[slice, np.ndarray]:
    """Return the middle of a window, and what a Hann window is there."""
    left_out = int(edge * samples)
    inner = slice(left_out, samples - left_out)
    return inner, (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples))[inner]


@dataclass(frozen=True, eq=False)
class _Strongest:
    """The strongest line of each window, along the direction of its swing.

    A signal holds it, so it does not hold the signal: a block of windows would outlive its turn.

    Attributes
    ----------
    bins : ndarray, shape (n, k)
        Transform under a Hann window along the direction; the mean, which goes round no circle, is left out.
    hertz : ndarray, shape (n, k)
        Their frequencies.
    samples : int
        Of the window.
    line : ndarray, shape (n,)
        Its frequency in Hz.
    """

    bins: np.ndarray
    hertz: np.ndarray
    samples: int
    line: np.ndarray

    @cached_property
    def own(self) -> np.ndarray:
        """The strongest oscillation itself as a wave, with all that its cycles do."""
        return self.wave(1, _REACH * self.line)

    def wave(self, times: int, reach_hz: float | np.ndarray) -> np.ndarray:
        """Return the bins within reach of the line, or of a multiple of it, as a complex wave under a Hann window.

        Its shape is (n, t).
        """
        # at low rates the transform back has more samples than the window: a slow clock sees the same cycles
        samples = self.samples * -(-_LEAST_SAMPLES // self.samples)
        whole = np.zeros((len(self.bins), samples), dtype=complex)
        np.copyto(whole[:, 1 : 1 + self.bins.shape[1]], self.bins, where=_near(self.hertz, times * self.line, reach_hz))
        return 2 * np.asarray(fft.ifft(whole, axis=1, overwrite_x=True)) * (samples / self.samples)


def _near(hertz: np.ndarray, line: np.ndarray, reach_hz: float | np.ndarray) -> np.ndarray:
    """Whether a frequency lies within reach of its window's line, shape (n, k)."""
    return np.abs(hertz - line[:, None]) <= np.broadcast_to(reach_hz, line.shape)[:, None]


def _strongest(signal: Signal, low: float, high: float) -> _Strongest:
    bins, hertz, line = signal.hann[:, :, 2::2], signal.frequency[:, 2::2], strongest_line(signal, low, high)
    # a window without values has no line, and no line has nothing near
    kept = np.where(_near(hertz, line, _NARROW_HZ)[:, None, :], bins, 0.0)
    direction = np.linalg.eigh(np.einsum("nik,njk->nij", kept, kept.conj()).real)[1][:, :, -1:]
    along = bins[:, 0] * direction[:, 0]
    for axis in range(1, bins.shape[1]):
        along += bins[:, axis] * direction[:, axis]
    return _Strongest(along, hertz, signal.samples, line)


def _oscillation(signal: Signal, low: float, high: float) -> Oscillation:
    strongest = signal.held(_strongest, low, high)
    wave, narrow = strongest.own, strongest.wave(1, _NARROW_HZ)
    samples = wave.shape[1]
    inner, hann = _inner(samples, _EDGE)
    size = np.abs(narrow[:, inner]) / hann
    turns = np.unwrap(np.angle(wave[:, inner]), axis=1) / (2 * np.pi)
    phase = np.maximum.accumulate(turns - turns[:, :1], axis=1)
    found = np.isfinite(strongest.line)[:, None]
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
