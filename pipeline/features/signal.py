"""A batch of windows, with what features share computed once.

One real Fourier transform of twice the window's length serves all: its even bins are the window's own transform, a Hann
window is a convolution of three taps in frequency, and the squared magnitude transformed back is the autocorrelation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import fft

from pipeline.errors import UsageError

AXES = 3
_ROUNDING = 1e-12
"""Movement this small beside the values themselves is what is left of subtracting a mean."""

_NYQUIST_TOLERANCE = 1.005
"""Clocks within 0.5 % count as one nominal rate, so a band may end that much above half the measured rate."""


@dataclass(frozen=True, eq=False)
class Signal:
    """Windows of one kind of sensor, length and nominal rate.

    Parameters
    ----------
    values : ndarray, shape (n, 3, T)
        Acceleration in g or angular rate in deg/s, time last. A window with a value that is not finite becomes NaN as a
        whole, and no other window does.
    fs : ndarray, shape (n,)
        Sampling rate of each window in Hz, measured from the clock.

    Raises
    ------
    UsageError
        If the shapes are others.

    Examples
    --------
    >>> time = np.arange(400) / 100
    >>> wave = np.stack([np.sin(2 * np.pi * 5 * time), np.zeros(400), np.ones(400)])
    >>> signal = Signal(wave[None], np.array([100.0]))
    >>> signal.seconds.tolist(), signal.gravity[:, 2].tolist(), signal.rms.round(3).tolist()
    ([4.0], [1.0], [0.707])
    """

    values: np.ndarray
    fs: np.ndarray

    def __post_init__(self) -> None:
        values, fs = np.array(self.values, dtype=float, order="C"), np.array(self.fs, dtype=float)
        if values.ndim != 3 or values.shape[1] != AXES or values.shape[2] < 4 or fs.shape != values.shape[:1]:
            raise UsageError(
                "Signal", f"values {values.shape} and fs {fs.shape}", needed=f"they are (n, {AXES}, T >= 4) and (n,)"
            )
        values[~np.isfinite(values).all(axis=(1, 2))] = np.nan
        for array in (values, fs):
            array.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "fs", fs)

    def __len__(self) -> int:
        return len(self.fs)

    @property
    def samples(self) -> int:
        """Samples in a window."""
        return self.values.shape[2]

    @cached_property
    def seconds(self) -> np.ndarray:
        """Length of each window, shape (n,)."""
        return self.samples / self.fs

    @cached_property
    def valid(self) -> np.ndarray:
        """Whether every value of the window is finite, shape (n,)."""
        return np.isfinite(self.values[:, 0, 0])

    @cached_property
    def gravity(self) -> np.ndarray:
        """Mean over each window, shape (n, 3): of an accelerometer, gravity as the sensor sees it."""
        return self.values.mean(axis=2)

    @cached_property
    def movement(self) -> np.ndarray:
        """What is left without the mean, shape (n, 3, T); exactly zero where it is rounding only."""
        movement = self.values - self.gravity[:, :, None]
        size, rest = np.abs(self.values).max(axis=(1, 2)), np.abs(movement).max(axis=(1, 2))
        movement[rest <= _ROUNDING * size] = 0.0
        return movement

    @cached_property
    def magnitude(self) -> np.ndarray:
        """Length of the vector at each sample, shape (n, T)."""
        return np.sqrt(_sum_axes(self.values**2))

    @cached_property
    def rms(self) -> np.ndarray:
        """Root mean square of the movement over all axes, shape (n,): the amplitude that sides are compared by."""
        return np.sqrt(_sum_axes(self.movement**2).mean(axis=1))

    @cached_property
    def transform(self) -> np.ndarray:
        """Fourier transform of the movement, zero-padded to twice its length, shape (n, 3, T + 1), complex."""
        return np.asarray(fft.rfft(self.movement, 2 * self.samples))

    @cached_property
    def frequency(self) -> np.ndarray:
        """Frequency of each bin in Hz, shape (n, T + 1); each window by its own clock."""
        return np.arange(self.samples + 1) * self.bin_hz[:, None]

    @cached_property
    def bin_hz(self) -> np.ndarray:
        """Distance of two bins in Hz, shape (n,)."""
        return self.fs / (2 * self.samples)

    @cached_property
    def power(self) -> np.ndarray:
        """One-sided power density with a Hann window, summed over axes, in unit^2/Hz, shape (n, T + 1).

        Equal to ``scipy.signal.periodogram(x, fs, "hann", nfft=2 * T)`` of each axis. The sum over axes stays as it
        is when the sensor is turned.
        """
        plain = self.transform
        before = np.concatenate([plain[:, :, 2:0:-1].conj(), plain[:, :, :-2]], axis=2)
        after = np.concatenate([plain[:, :, 2:], plain[:, :, -2:-4:-1].conj()], axis=2)
        hann = 0.5 * plain - 0.25 * (before + after)
        power = _sum_axes(hann.real**2 + hann.imag**2)
        # the sum of a squared Hann window is 3 T / 8; every bin but the first and last stands for two
        power *= (2 / (self.fs * self.samples * 0.375))[:, None]
        power[:, [0, -1]] /= 2
        return power

    def reaches(self, hertz: float) -> np.ndarray:
        """Whether the sampling rate of each window is high enough for this frequency, shape (n,)."""
        return hertz <= self.fs / 2 * _NYQUIST_TOLERANCE


def _sum_axes(values: np.ndarray) -> np.ndarray:
    """Sum over the three axes, in this order."""
    return values[:, 0] + values[:, 1] + values[:, 2]
