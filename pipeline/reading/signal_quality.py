"""How good a recording is, and whether it can be used: one pass over its pieces, whatever its length."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.reading.samples import Piece, SignalFile
from pipeline.reading.signal_layout import SignalLayout, axes_are_swapped
from pipeline.records import WINDOW_S, Quality
from pipeline.vocabulary import SENSORS

GAP_S = 1.0
RATE_TOLERANCE = 0.02
MOST_LOST = 0.3
MOST_FLAT = 0.1
MOST_SPOILT = 0.01
"""More samples that no sensor can read are no spikes: the unit is wrong."""

MOST_CLIPPED = 0.005
_MOST_LOST = 2.0**53
_LONGEST_STEP = 1.5
"""Periods between two samples with none lost."""

_MANY = 1_000
"""Steps from which the rate of one piece is measured well enough to call the clock drifting."""

_WHOLE_WINDOW_S = 0.99 * WINDOW_S
"""A rate that is a little off makes a window of so many samples shorter."""

_PLAUSIBLE = {"accelerometer": (0.3, 3.0), "gyroscope": (0.0, 1000.0), "emg": (0.2, 20_000.0), "pen": (1.0, 1500.0)}
"""Size of a recording (see `Quality.size`) in g, deg/s, uV, mm.

Gravity keeps the median acceleration near 1 g however one moves: g and m/s^2 are a factor of 10 apart, so the bounds
lie half-way, at the root of it. No limb turns at three times a second throughout. An EMG lies between the noise of an
amplifier and some millivolts; what a pen wrote between a letter and a table.
"""

_RESTS_BELOW_G = 1.5
"""A still accelerometer reads at most 1 g: repeats below that are rest, not clipping. A pen may rest anywhere."""

_AT_SCALE = 0.999
_DST_S = 3600.0
_DST_SLACK_S = 60.0


def plausible(sensor: str) -> tuple[float, float]:
    """Return the least and the largest plausible `Quality.size` of a sensor, in our unit."""
    return _PLAUSIBLE[sensor]


@dataclass
class Account:
    """What has been seen of a recording so far; add its pieces one by one."""

    layout: SignalLayout
    channels: tuple[str, ...] = ()
    samples: int = 0
    missing: int = 0
    infinite: int = 0
    impossible: int = 0
    flat: int = 0
    lost: int = 0
    gaps: int = 0
    longest_gap_s: float = 0.0
    backward: int = 0
    shifted: bool = False
    _last: float = np.nan
    _last_whole: float = 0.0
    _period: float = np.nan
    _periods: list[tuple[float, int]] = field(default_factory=list)
    _sizes: list[float] = field(default_factory=list)
    _ends: list[np.ndarray] = field(default_factory=list)
    _clipped: list[tuple[float, int]] = field(default_factory=list)
    _moments: list[np.ndarray] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        """Take the next piece in."""
        if not len(piece.time_s):
            return
        whole = np.asarray(~np.isnan(piece.values).any(axis=0))
        self.channels = self.layout.named(len(piece.values))
        self._add_times(piece.time_s)
        self._add_gaps(piece.time_s[whole])
        self.samples += len(whole)
        self.missing += int((~whole).sum())
        self.infinite += int(piece.infinite.sum())
        self.impossible += int(piece.impossible.sum())
        self.flat += int(piece.stuck.sum())
        if whole.any():
            self._add_values(piece.values[self.layout.in_unit(len(piece.values))][:, whole])

    def _add_times(self, time_s: np.ndarray) -> None:
        steps = np.diff(time_s, prepend=self._last) if self.samples else np.diff(time_s)
        forward = steps[steps > 0]
        if len(forward):
            if len(forward) > 1 or np.isnan(self._period):
                self._period = float(np.median(forward))
            unbroken = forward[forward <= _LONGEST_STEP * self._period]
            long = forward[forward > _LONGEST_STEP * self._period]
            if len(unbroken):
                self._periods.append((float(unbroken.mean()), len(unbroken)))
            with np.errstate(over="ignore"):  # a step of the clock may be as long as numbers go
                self.lost += int(min((np.round(long / self._period) - 1).sum(), _MOST_LOST))
        self.backward += int((steps <= 0).sum())
        self.shifted |= bool((np.abs(np.abs(steps) - _DST_S) < _DST_SLACK_S).any())
        self._last = float(time_s[-1])

    def _add_gaps(self, whole_s: np.ndarray) -> None:
        """Count stretches of more than a second without a whole sample, also across pieces."""
        if len(whole_s):
            self._count_gaps(np.diff(whole_s, prepend=self._last_whole))
            self._last_whole = float(whole_s[-1])

    def _count_gaps(self, steps: np.ndarray) -> None:
        long = steps[steps > GAP_S]
        self.gaps += len(long)
        self.longest_gap_s = max(self.longest_gap_s, float(long.max(initial=0.0)))

    def _add_values(self, values: np.ndarray) -> None:
        self._ends.append(np.stack([values.min(axis=1), values.max(axis=1)]))
        self._clipped.append(self._at_end(values))
        if self.layout.sensor in ("accelerometer", "gyroscope"):
            self._sizes.append(float(np.median(np.sqrt((values**2).sum(axis=0)))))
        else:
            count = np.full(len(values), values.shape[1])
            self._moments.append(np.stack([count, values.sum(axis=1), (values**2).sum(axis=1)]))

    def _at_end(self, values: np.ndarray) -> tuple[float, int]:
        """Return the end of the range, and how many samples reach it.

        Where it is not declared, it is the largest reading, if that comes twice running.
        """
        size = np.abs(values)
        scale = self.layout.full_scale * self.layout.unit_factor
        if np.isfinite(scale):
            return scale, int((size >= _AT_SCALE * scale).any(axis=0).sum())
        end = float(size.max())
        rests = self.layout.sensor == "accelerometer" and end <= _RESTS_BELOW_G
        if rests or self.layout.sensor == "pen":
            return end, 0
        at = size == end
        twice = np.pad(at[:, 1:] & at[:, :-1], ((0, 0), (1, 1)))
        return end, int((twice[:, 1:] | twice[:, :-1]).any(axis=0).sum())

    @property
    def spoilt(self) -> int:
        """Samples that are infinite or impossible."""
        return self.infinite + self.impossible

    @property
    def constant(self) -> tuple[str, ...]:
        """Channels that never change."""
        if not self._ends:
            return ()
        ends = np.stack(self._ends)
        still = np.flatnonzero(ends[:, 0].min(axis=0) == ends[:, 1].max(axis=0))
        return tuple(self.channels[number] for number in still.tolist())

    @property
    def drifts(self) -> bool:
        """Whether some piece has another rate than was declared."""
        off = [abs(1 / (period * self.layout.rate_hz) - 1) for period, count in self._periods if count >= _MANY]
        return max(off, default=0.0) > RATE_TOLERANCE

    def quality(self) -> Quality:
        """Sum up."""
        period = float(np.median([each for each, _ in self._periods])) if self._periods else np.nan
        self._count_gaps(np.array([self._last - self._last_whole]))  # what is missing at the end
        self._last_whole = self._last
        samples = max(self.samples, 1)
        end = max((end for end, _ in self._clipped), default=0.0)
        return Quality(
            samples=self.samples,
            duration_s=self._last + period if self._periods else 0.0,
            rate_hz=1.0 / period,
            lost_share=(self.lost + self.missing) / (samples + self.lost),
            gaps=self.gaps,
            longest_gap_s=self.longest_gap_s,
            spoilt_share=self.spoilt / samples,
            flat_share=self.flat / samples,
            clipped_share=sum(count for each, count in self._clipped if each == end) / samples,
            size=self._size(),
        )

    def _size(self) -> float:
        if self._sizes:
            return float(np.median(self._sizes))
        if self.layout.sensor == "pen" and self._ends:
            ends = np.stack(self._ends)
            return float((ends[:, 1].max(axis=0) - ends[:, 0].min(axis=0)).max())
        if self._moments:
            count, total, squares = np.sum(self._moments, axis=0)
            return float(np.median(np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0.0))))
        return float("nan")


@dataclass(frozen=True)
class Verdict:
    """What one pass over a recording has found.

    Attributes
    ----------
    file : SignalFile
        Opens it as it was judged: sorted, if that was asked for and needed.
    quality : Quality
    unfit : str
        Reason code why it cannot be used; empty if it can.
    flags : tuple of str
        Reason codes of what it is used in spite of.
    constant : tuple of str
        Channels that never change.
    channels : tuple of str
        What each channel is.
    """

    file: SignalFile
    quality: Quality
    unfit: str
    flags: tuple[str, ...]
    constant: tuple[str, ...]
    channels: tuple[str, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """Channels that some features read, and that are not there."""
        return _lacking(self.file.layout.sensor, self.channels)


def judge(file: SignalFile, *, sort: bool = False) -> Verdict:
    """Read a recording once and say how good it is.

    Parameters
    ----------
    file : SignalFile
    sort : bool
        Whether a clock that goes back is put in order, in memory.

    Raises
    ------
    ContractError, MissingInput, IoFailed
        If it cannot be read at all.
    """
    account = Account(file.layout)
    for piece in file.raw_pieces():
        account.add(piece)
    quality = account.quality()
    unfit = _unfit(account, quality)
    if unfit == "TIMESTAMP_ORDER" and sort and not file.sort:
        again = judge(replace(file, sort=True))
        return replace(again, flags=("TIMESTAMP_ORDER", *again.flags))
    return Verdict(file, quality, unfit, _flags(account, quality), account.constant, account.channels)


def _unfit(account: Account, quality: Quality) -> str:
    """Return the first reason why a recording cannot be used."""
    layout = account.layout
    low, high = plausible(layout.sensor)
    repeated_hour = account.shifted and account.backward > 0  # as winter time begins
    faster = quality.rate_hz / layout.rate_hz
    in_another_unit = any(abs(faster * power - 1) <= RATE_TOLERANCE for power in (1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9))
    found = {
        "TIMESTAMP": repeated_hour or in_another_unit,
        "TIMESTAMP_ORDER": account.backward > 0,
        "TOO_SHORT": quality.duration_s < _WHOLE_WINDOW_S,
        "NOT_FINITE": account.infinite > MOST_SPOILT * account.samples,
        "UNITS": account.impossible > MOST_SPOILT * account.samples,
        "GAPS": bool(np.isnan(quality.size)),
        "FLATLINE": bool(account.constant),
    }
    found["UNITS"] |= not (found["GAPS"] or found["FLATLINE"] or low <= quality.size <= high)
    return next((reason for reason, there in found.items() if there), "")


def _lacking(sensor: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in SENSORS[sensor].all if name not in channels)


def _flags(account: Account, quality: Quality) -> tuple[str, ...]:
    layout = account.layout
    off = abs(quality.rate_hz / layout.rate_hz - 1) > RATE_TOLERANCE
    found = {
        "TIMESTAMP": account.shifted,
        "RATE": off or account.drifts,
        "GAPS": quality.lost_share > MOST_LOST,
        "CHANNEL": bool(account.samples and _lacking(layout.sensor, account.channels))
        or (not layout.channels and axes_are_swapped(layout.columns)),
        "FLATLINE": quality.flat_share > MOST_FLAT,
        "CLIPPED": quality.clipped_share > MOST_CLIPPED,
        "NOT_FINITE": account.spoilt > 0,
    }
    return tuple(reason for reason, there in found.items() if there)
