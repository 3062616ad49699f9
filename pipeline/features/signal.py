"""A batch of windows, with what features share computed once.

One real Fourier transform of twice the window's length serves all: its even bins are the window's own transform, a Hann
window is a convolution of three taps in frequency, and the squared magnitude transformed back is the autocorrelation.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import fft

from pipeline.errors import UsageError, did_you_mean

_ROUNDING = 1e-12
"""Movement this small beside the values themselves is what is left of subtracting a mean."""

_NYQUIST_TOLERANCE = 1.005
"""Clocks within 0.5 % count as one nominal rate, so a band may end that much above half the measured rate."""


@dataclass(frozen=True, eq=False)
class Signal:
    """Windows of one kind of sensor, length and nominal rate.

    Parameters
    ----------
    values : ndarray, shape (n, channels, T)
        In g, deg/s, microvolts or millimetres, time last. A window with a value that is not finite becomes NaN as a
        whole, and no other window does.
    fs : ndarray, shape (n,)
        Sampling rate of each window in Hz, measured from the clock.
    channels : tuple of str
        Names of the channels, from `vocabulary.SENSORS`.

    Raises
    ------
    UsageError
        If the shapes are others, or there are not as many names as channels.

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
    channels: tuple[str, ...] = ("x", "y", "z")
    _held: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        values, fs = np.array(self.values, dtype=float, order="C"), np.array(self.fs, dtype=float)
        if values.ndim != 3 or not values.shape[1] or values.shape[2] < 4 or fs.shape != values.shape[:1]:
            raise UsageError(
                "Signal", f"values {values.shape} and fs {fs.shape}", needed="they are (n, channels, T >= 4) and (n,)"
            )
        if len(self.channels) != values.shape[1]:
            raise UsageError(
                "Signal", f"{values.shape[1]} channels", needed=f"names {', '.join(self.channels)}", do="Give channels"
            )
        values[~np.isfinite(values).all(axis=(1, 2))] = np.nan
        for array in (values, fs):
            array.flags.writeable = False
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "fs", fs)

    def __len__(self) -> int:
        return len(self.fs)

    def has(self, names: Iterable[str]) -> bool:
        """Whether there are all these channels."""
        return set(names) <= set(self.channels)

    def place(self, name: str) -> int:
        """Return where a channel stands.

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        if name not in self.channels:
            raise UsageError("Signal", f"no channel '{name}'", do=did_you_mean(name, self.channels))
        return self.channels.index(name)

    def only(self, *names: str) -> Signal:
        """Return these channels of the windows, in this order."""
        if names == self.channels:
            return self
        return Signal(self.values[:, [self.place(name) for name in names]], self.fs, names)

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
        """Mean over each window, shape (n, channels): of an accelerometer, gravity as the sensor sees it."""
        return self.values.mean(axis=2)

    @cached_property
    def movement(self) -> np.ndarray:
        """What is left without the mean, shape (n, channels, T); exactly zero where it is rounding only."""
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
        """Fourier transform of the movement, zero-padded to twice its length, shape (n, channels, T + 1), complex."""
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
    def hann(self) -> np.ndarray:
        """Fourier transform of the movement under a Hann window, shape (n, channels, T + 1), complex.

        In frequency a Hann window is a convolution with (-0.25, 0.5, -0.25) at a distance of two padded bins.
        """
        plain = self.transform
        hann = 0.5 * plain
        beside = plain[:, :, :-4] + plain[:, :, 4:]
        beside *= 0.25
        hann[:, :, 2:-2] -= beside
        # beyond both ends the transform of a real signal goes on as its own mirror image
        hann[:, :, :2] -= 0.25 * (plain[:, :, 2:0:-1].conj() + plain[:, :, 2:4])
        hann[:, :, -2:] -= 0.25 * (plain[:, :, -4:-2] + plain[:, :, -2:-4:-1].conj())
        return hann

    @cached_property
    def power(self) -> np.ndarray:
        """One-sided power density with a Hann window, summed over axes, in unit^2/Hz, shape (n, T + 1).

        Equal to ``scipy.signal.periodogram(x, fs, "hann", nfft=2 * T)`` of each axis. The sum over axes stays as it
        is when the sensor is turned.
        """
        power = _sum_axes(_squared(self.hann))
        # the sum of a squared Hann window is 3 T / 8; every bin but the first and last stands for two
        power *= (2 / (self.fs * self.samples * 0.375))[:, None]
        power[:, [0, -1]] /= 2
        return power

    @cached_property
    def spread(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean square of the movement along its main directions, weakest first, and the directions.

        Shapes (n, channels) and (n, channels, channels), one direction a column. A window without values has none that
        mean anything.
        """
        movement = np.nan_to_num(self.movement)
        squares = np.einsum("nit,njt->nij", movement, movement) / self.samples
        sizes, directions = np.linalg.eigh(squares)
        return np.maximum(sizes, 0.0), directions

    @cached_property
    def swing(self) -> np.ndarray:
        """Movement along the direction in which it is strongest, shape (n, T).

        The direction turns with the sensor, so the swing stays as it is, but for its sign.
        """
        direction = self.spread[1][:, :, -1]
        swing = self.movement[:, 0] * direction[:, :1]
        for axis in range(1, self.movement.shape[1]):
            swing += self.movement[:, axis] * direction[:, axis : axis + 1]
        return swing

    def autocorrelation(self, steps: int) -> np.ndarray:
        """Autocorrelation of the movement summed over axes, biased, 1 at lag 0, shape (n, steps * T).

        Parameters
        ----------
        steps : int
            Lags a sample; those between two samples are interpolated as the spectrum says.

        Returns
        -------
        ndarray
            NaN without movement.
        """
        square = _sum_axes(_squared(self.transform))
        raw = np.asarray(fft.irfft(square, 2 * steps * self.samples))[:, : steps * self.samples]
        return raw / np.where(raw[:, :1] > 0, raw[:, :1], np.nan)

    def held(self, compute: Callable[..., Any], *arguments: Any) -> Any:
        """Return what a function gives for this signal and arguments, computed once for all features that ask."""
        key = (compute, arguments)
        if key not in self._held:
            self._held[key] = compute(self, *arguments)
        return self._held[key]

    @cached_property
    def highest_hz(self) -> np.ndarray:
        """Highest frequency that each window's sampling rate reaches, shape (n,)."""
        return self.fs / 2 * _NYQUIST_TOLERANCE

    def reaches(self, hertz: float) -> np.ndarray:
        """Whether the sampling rate of each window is high enough for this frequency, shape (n,)."""
        return hertz <= self.highest_hz


def _squared(values: Any) -> np.ndarray:
    """Squared size of complex numbers."""
    return values.real**2 + values.imag**2


def _sum_axes(values: np.ndarray) -> np.ndarray:
    """Sum over the channels, in their order."""
    total = values[:, 0].copy()
    for axis in range(1, values.shape[1]):
        total += values[:, axis]
    return total
