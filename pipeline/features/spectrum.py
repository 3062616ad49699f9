"""What is read off a spectrum: power in a band, the strongest line, its width.

A band that the sampling rate does not reach is NaN, never a shorter band. Bins that a band's edge cuts count in part,
so that nothing jumps when a clock is a hair fast or slow.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from pipeline.features.signal import Signal

_TINY = np.finfo(float).tiny


def band_weights(signal: Signal, low: float, high: float) -> np.ndarray:
    """Share of each bin that lies between two frequencies in Hz, shape (n, bins); NaN where the rate is too low."""
    return signal.held(_weights, low, high)


def _weights(signal: Signal, low: float, high: float) -> np.ndarray:
    position = np.arange(signal.samples + 1)
    upper = np.clip(high / signal.bin_hz[:, None] - position + 0.5, 0.0, 1.0)
    lower = np.clip(low / signal.bin_hz[:, None] - position + 0.5, 0.0, 1.0)
    return np.where(signal.reaches(high)[:, None], upper - lower, np.nan)


def band_power(signal: Signal, low: float | np.ndarray, high: float | np.ndarray) -> np.ndarray:
    """Power between two frequencies in Hz, one pair for all windows or one a window, in unit^2, shape (n,)."""
    reached = high <= signal.highest_hz
    power = _power_below(signal, np.minimum(high, signal.fs / 2)) - _power_below(signal, low)
    return np.where(reached, np.maximum(power, 0.0), np.nan)


def _power_below(signal: Signal, hertz: float | np.ndarray) -> np.ndarray:
    """Power up to a frequency, shape (n,); a bin reaches half a bin to each side."""
    position = np.broadcast_to(hertz / signal.bin_hz + 0.5, signal.fs.shape)
    whole = np.clip(np.nan_to_num(position), 0, signal.samples).astype(int)
    rows = np.arange(len(signal))
    below = signal.held(_cumulative)[rows, whole] + (position - whole) * signal.power[rows, whole]
    return below * signal.bin_hz


def _cumulative(signal: Signal) -> np.ndarray:
    """Sum of all bins before each, shape (n, bins)."""
    total = np.zeros_like(signal.power)
    np.cumsum(signal.power[:, :-1], axis=1, out=total[:, 1:])
    return total


def ratio(part: float | np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, giving NaN where the whole is not above zero."""
    return part / np.where(whole > 0, whole, np.nan)


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the difference of two amplitudes over their sum, from -1 to 1; NaN where both are zero."""
    return ratio(one - other, one + other)


def strongest_bin(signal: Signal, low: float, high: float) -> np.ndarray:
    """Bin of the highest local maximum between two frequencies in Hz, shape (n,), int; -1 where there is none.

    A spectrum that only falls, such as that of a slow drift, has no line.
    """
    return signal.held(_strongest_bin, low, high)


def _strongest_bin(signal: Signal, low: float, high: float) -> np.ndarray:
    power = signal.power
    # a quarter of a bin of grace, so that a bin on the very edge does not come and go with the clock's last digit
    position, bin_hz = np.arange(signal.samples + 1), signal.bin_hz[:, None]
    inside = (position >= low / bin_hz - 0.25) & (position <= high / bin_hz + 0.25) & signal.reaches(high)[:, None]
    peak = np.zeros_like(inside)
    peak[:, 1:-1] = (power[:, 1:-1] > power[:, :-2]) & (power[:, 1:-1] >= power[:, 2:])
    height = np.where(inside & peak, power, 0.0)
    best = height.argmax(axis=1)
    return np.where(height[np.arange(len(best)), best] > 0, best, -1)


def strongest_line(signal: Signal, low: float, high: float) -> np.ndarray:
    """Frequency in Hz of the highest local maximum, interpolated by a parabola through log power, shape (n,)."""
    return signal.held(_strongest_line, low, high)


def _strongest_line(signal: Signal, low: float, high: float) -> np.ndarray:
    best = strongest_bin(signal, low, high)
    left, top, right = (np.log(_at(signal.power, best + step)) for step in (-1, 0, 1))
    line = np.clip((best + vertex(left, top, right)) * signal.bin_hz, low, high)
    return np.where(best >= 0, line, np.nan)


def vertex(left: np.ndarray, top: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Where the parabola through three neighbours has its top, in steps from the middle one; 0 where it has none."""
    bend = left - 2 * top + right
    return np.divide(0.5 * (left - right), bend, out=np.zeros_like(bend), where=bend < 0)


def half_power_width(signal: Signal, low: float, high: float) -> np.ndarray:
    """Width in Hz of the strongest line where its power has fallen to half, interpolated between bins, shape (n,)."""
    best = strongest_bin(signal, low, high)
    half = _at(signal.power, best) / 2
    bins, below = np.arange(signal.samples + 1), signal.power < half[:, None]
    left = np.where(below & (bins < best[:, None]), bins, -1).max(axis=1)
    right = np.where(below & (bins > best[:, None]), bins, len(bins)).min(axis=1)
    found = (best >= 0) & (left >= 0) & (right < len(bins))
    left, right = np.where(found, left, 0), np.where(found, right, 1)
    rise, fall = _crossing(signal.power, left, left + 1, half), _crossing(signal.power, right, right - 1, half)
    return np.where(found, (right - fall - left - rise) * signal.bin_hz, np.nan)


def spectral_entropy(signal: Signal, low: float, high: float) -> np.ndarray:
    """Shannon entropy of the power density between two frequencies, over that of an even one, shape (n,)."""
    weight = band_weights(signal, low, high)
    whole = (signal.power * weight).sum(axis=1)
    share = ratio(signal.power, whole[:, None])
    return np.clip((entr(share) * weight).sum(axis=1) / np.log(weight.sum(axis=1)), 0.0, 1.0)


def _crossing(power: np.ndarray, outside: np.ndarray, inside: np.ndarray, half: np.ndarray) -> np.ndarray:
    """How far from the outer bin towards the inner one the power reaches half, as a share of a bin."""
    low, high = _at(power, outside), _at(power, inside)
    return ratio(half - low, high - low)


def _at(power: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Power of one bin of each window, never quite zero."""
    return np.maximum(power[np.arange(len(power)), position], _TINY)
