"""Recordings cut into windows by their own clock.

A window lasts 4 s and starts every 2 s: long enough that a Hann line (1.44 / 4 s = 0.36 Hz wide) separates the bands of
tremor, short enough that a tremor that comes and goes is caught while it is there and that the ten seconds of a bedside
task give four windows. Half overlap counts every sample that a Hann window weighs down in one window fully in the next.

Nothing is resampled, so a window needs an unbroken clock: every step above zero and at most 1.5 sample periods, since
one lost sample (a step of 2) already shifts a 5 Hz tremor at 25 Hz by a fifth of its cycle. Windows with a longer step,
a value that is not finite, or no change on any axis (a stuck sensor) are not used; `usable_share` says how many are.
What is missing of a channel that a sensor may do without, such as a pen's pressure, costs the window that channel only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import ContractError
from pipeline.records import WINDOW_S, Recording, Samples
from pipeline.vocabulary import SENSORS

STEP_S = 2.0
STRETCH = 1 << 18
"""Samples of a recording that are looked at together: three quarters of an hour at 100 Hz."""

_LONGEST_STEP = 1.5
"""Sample periods between two samples of one window."""

_RATE_DIGITS = 4
"""Of a window's rate in Hz. The same clock read days later is rounded otherwise, by billionths: that must not tell
whether a burst of half a second sharp, or a frequency that lies sharp on the edge of a band, counts."""

_SAME_RATE = 0.005
"""Rates within this share of each other count as one nominal rate."""


@dataclass(frozen=True)
class Cut:
    """Usable windows of a recording, or of a stretch of a long one.

    Attributes
    ----------
    values : ndarray, shape (channels, samples)
        All samples of the stretch.
    channels : tuple of str
        Those of `vocabulary.SENSORS` that were recorded, in their order; none where the samples have others than the
        recording says, and so no window.
    begins : ndarray, shape (w,)
        First sample of each usable window.
    start_s, fs : ndarray, shape (w,)
        When it begins, in seconds from the recording's start, and its measured rate in Hz, to 0.1 mHz.
    whole : ndarray of bool, shape (w,)
        Whether all its values are finite; in another, those of a channel that the sensor may do without are not.
    samples : int
        Samples in a window; 0 for a recording without a rate.
    duration_s : float
        From the recording's start to the end of the stretch.
    usable_share : float
        Usable windows among all until there; NaN while that is shorter than one window.
    """

    values: np.ndarray
    channels: tuple[str, ...]
    begins: np.ndarray
    start_s: np.ndarray
    fs: np.ndarray
    whole: np.ndarray
    samples: int
    duration_s: float
    usable_share: float


@dataclass
class _Clock:
    """What a recording's first stretch says of its windows, and how many have come."""

    first_s: float
    period_s: float
    samples: int
    end_s: float = -np.inf
    windows: int = 0
    usable: int = 0


def cuts(recording: Recording) -> Iterator[Cut]:
    """Read a recording and find its usable windows, stretch by stretch, so that a day of it takes no more memory.

    Yields
    ------
    Cut
        One at least, and only one up to `STRETCH` samples; the last one tells of the whole.

    Raises
    ------
    ContractError
        If there is not one time for each sample. What `Recording.open` raises passes through.
    """
    clock = None
    kept_s, kept = np.empty(0), np.empty((0, 0))
    for new_s, new, channels in _stretches(recording):
        time = np.concatenate([kept_s, new_s]) if len(kept_s) else new_s
        values = np.concatenate([kept, new], axis=1) if len(kept_s) else new
        clock = clock or _clock(time, recording.rate_hz)
        if clock is None:
            none = np.empty(0)
            yield Cut(values, channels, none.astype(int), none, none, none.astype(bool), 0, 0.0, np.nan)
            return
        yield _cut(time, values, channels, len(SENSORS[recording.sensor].needed), clock)
        # from where the next window begins, or a sample before, a later stretch goes on
        rest = np.searchsorted(time, clock.first_s + STEP_S * clock.windows - clock.period_s)
        kept_s, kept = time[rest:], values[:, rest:]


def _clock(time: np.ndarray, rate_hz: float) -> _Clock | None:
    steps = np.diff(time)
    forward = steps[np.isfinite(steps) & (steps > 0)]
    if not forward.size:
        return None
    period = float(np.median(forward))
    return _Clock(time[0], period, max(round(WINDOW_S * _nominal_rate(1 / period, rate_hz)), 4))


def _cut(time: np.ndarray, values: np.ndarray, channels: tuple[str, ...], needed: int, clock: _Clock) -> Cut:
    """Find the windows that have come to their end in this stretch; the channels that are needed come first."""
    period, length = clock.period_s, clock.samples
    clock.end_s = max(clock.end_s, float(np.nanmax(time)))
    duration = clock.end_s - clock.first_s + period if np.isfinite(clock.first_s) else 0.0
    # half a period of grace: 4.00 s at 100 Hz are samples 0.00 to 3.99, give or take rounding
    count = max(int((duration - length * period + period / 2) // STEP_S) + 1, 0)
    starts = clock.first_s + STEP_S * np.arange(clock.windows, max(count, clock.windows))
    begins = np.searchsorted(time, starts - period / 2)
    fits = begins + length <= len(time)
    starts, begins = starts[fits], begins[fits]
    ends, steps, lost = begins + length, np.diff(time), ~np.isfinite(values)
    # written so that a step that is NaN counts as broken, and a value that is NaN as no change
    broken = np.logical_not((steps > 0) & (steps <= _LONGEST_STEP * period))
    changed = (values[:, 1:] < values[:, :-1]) | (values[:, 1:] > values[:, :-1])
    usable = (
        (_inside(broken, begins, ends - 1) == 0)
        & (_inside(lost[:needed].any(axis=0), begins, ends) == 0)
        & (_inside(changed.any(axis=0), begins, ends - 1) > 0)
        # a window that would start inside a gap is not moved behind it, where it would come twice
        & (time[begins] <= starts + _LONGEST_STEP * period)
    )
    begins = begins[usable]
    clock.windows += len(starts)
    clock.usable += len(begins)
    fs = np.round((length - 1) / (time[begins + length - 1] - time[begins]), _RATE_DIGITS)
    share = clock.usable / count if count else np.nan
    whole = _inside(lost.any(axis=0), begins, begins + length) == 0
    return Cut(values, channels, begins, time[begins] - clock.first_s, fs, whole, length, duration, float(share))


def _stretches(recording: Recording) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[str, ...]]]:
    """Give times, values and channels of `STRETCH` samples at a time, or a few more; once at least."""
    pieces = recording.pieces() if recording.pieces else iter([recording.open()])
    held: list[tuple[np.ndarray, np.ndarray]] = []
    count, channels, given = 0, (), False
    for piece in pieces:
        time = np.asarray(piece.time_s, dtype=float)
        values, channels = _channels(piece, time, recording)
        held.append((time, values))
        count += len(time)
        if count >= STRETCH:
            yield *_joined(held), channels
            held, count, given = [], 0, True
    if held or not given:
        yield *_joined(held), channels


def _joined(held: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    if len(held) <= 1:
        return held[0] if held else (np.empty(0), np.empty((0, 0)))
    return np.concatenate([time for time, _ in held]), np.concatenate([values for _, values in held], axis=1)


def _channels(samples: Samples, time: np.ndarray, recording: Recording) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the channels that features read, in the order of the vocabulary, and their names."""
    values = np.asarray(samples.values, dtype=float)
    if values.ndim != 2 or time.shape != values.shape[1:]:
        raise ContractError(
            f"recording of {recording.body_site}, task '{recording.task}'",
            f"values of shape {values.shape} at {time.size} times",
            needed="they are (channels, samples), one time a sample",
            code="BAD_RECORDING",
        )
    known = SENSORS[recording.sensor]
    given = recording.channels or known.all[: max(len(values), len(known.needed))]
    names = tuple(name for name in known.all if name in given)
    if len(given) != len(values) or not set(known.needed) <= set(names):
        return np.empty((0, len(time))), ()
    return values[[given.index(name) for name in names]], names


def _nominal_rate(measured: float, declared: float) -> float:
    """Return the declared rate where the clock agrees, else the measured one to three digits."""
    return declared if abs(measured - declared) <= _SAME_RATE * declared else float(f"{measured:.3g}")


def _inside(marked: npt.ArrayLike, begins: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Count the marks between two positions."""
    total = np.append(0, np.cumsum(marked))
    return total[ends] - total[begins]
