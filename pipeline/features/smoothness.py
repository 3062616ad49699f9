"""How smooth a speed is: two published measures, and the smoothing before the one that noise would drown."""

from __future__ import annotations

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from pipeline.features.spectrum import ratio

_PAD_LEVEL = 4
_CUT_HZ = 10.0
_FAINT = 0.05
_SAME_RATE_DIGITS = 3


def spectral_arc_length(speed: np.ndarray, fs: np.ndarray) -> np.ndarray:
    """SPARC: length of the spectrum's arc up to 10 Hz, as long as it is above a twentieth of its top; negative.

    The published formula (Balasubramanian 2015): magnitude of the transform padded to 2^(ceil(log2 T) + 4), over its
    largest value; frequencies over their range. It does not change with size or duration.

    Parameters
    ----------
    speed : ndarray, shape (n, T)
    fs : ndarray, shape (n,)
        Sampling rate in Hz.

    Returns
    -------
    ndarray, shape (n,)
        NaN without speed, and where fewer than two frequencies are above the threshold.
    """
    size = 2 ** (int(np.ceil(np.log2(speed.shape[1]))) + _PAD_LEVEL)
    bins = min(int(_CUT_HZ * size / fs.min()) + 2, size // 2 + 1)
    height = np.abs(np.asarray(fft.rfft(speed, size)))
    height = ratio(height[:, :bins], height.max(axis=1)[:, None])
    hertz = np.arange(bins) * (fs / size)[:, None]
    loud = (height >= _FAINT) & (hertz <= _CUT_HZ)
    first, last = loud.argmax(axis=1), bins - 1 - loud[:, ::-1].argmax(axis=1)
    found = loud.any(axis=1) & (last > first)
    steps = np.arange(bins - 1)
    inside = (steps >= first[:, None]) & (steps < last[:, None])
    across = ratio(1.0, (last - first)[:, None])
    arc = np.where(inside, np.sqrt(across**2 + np.diff(height, axis=1) ** 2), 0.0)
    # summed one by one, so that a neighbour's slower clock, which adds zeros at the end, moves no digit
    arc = arc.cumsum(axis=1)[:, -1]
    return np.where(found, -arc, np.nan)


def log_dimensionless_jerk(speed: np.ndarray, fs: np.ndarray) -> np.ndarray:
    """LDLJ: minus the logarithm of jerk squared, summed over time, times duration cubed over the top speed squared.

    The published formula (Balasubramanian 2012), with a duration of T / fs. It does not change with size or duration.

    Parameters
    ----------
    speed : ndarray, shape (n, T)
    fs : ndarray, shape (n,)
        Sampling rate in Hz.

    Returns
    -------
    ndarray, shape (n,)
        NaN for a speed that never changes.
    """
    jerk = np.diff(speed, 2, axis=1) * (fs**2)[:, None]
    total = (jerk**2).sum(axis=1) / fs
    whole = (speed.shape[1] / fs) ** 3 * ratio(total, np.abs(speed).max(axis=1) ** 2)
    return -np.log(np.where(whole > 0, whole, np.nan))


def smoothed(values: np.ndarray, fs: np.ndarray, seconds: float) -> np.ndarray:
    """Average with Gaussian weights of a standard deviation in seconds, so that all rates are smoothed alike.

    Parameters
    ----------
    values : ndarray, shape (n, T)
    fs : ndarray, shape (n,)
    """
    smooth = np.full(values.shape, np.nan)
    rates = np.array([float(f"{rate:.{_SAME_RATE_DIGITS}g}") for rate in fs])
    for rate in np.unique(rates):
        rows = rates == rate
        smooth[rows] = gaussian_filter1d(values[rows], seconds * rate, axis=1, mode="nearest", truncate=4.0)
    return smooth
