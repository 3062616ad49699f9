"""The samples of a recording: in our units, on a clock that starts at 0, with what is not to be believed as missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.reading.below import open_below
from pipeline.reading.signal_clock import Clock
from pipeline.reading.signal_files import BLOCK, blocks
from pipeline.reading.signal_layout import SignalLayout
from pipeline.records import Samples

_IMPOSSIBLE = {"accelerometer": 1e3, "gyroscope": 1e5, "emg": 1e6, "pen": 1e5}
"""No sensor on a body reads more: 1000 g, 100,000 deg/s, 1 V, 100 m."""

_STUCK_S = 1.0
"""A sensor whose reading is the same to the last digit for so long is stuck or asleep; a pen may rest."""


@dataclass(frozen=True)
class Piece:
    """Successive samples, each with a time, before what is stuck is taken out.

    Attributes
    ----------
    time_s : ndarray, shape (n,)
        Seconds since the recording's first sample.
    values : ndarray, shape (channels, n)
        In our unit; what was not finite or is impossible is NaN.
    infinite, impossible : ndarray of bool, shape (n,)
        Whether a channel was infinite, or finite and larger than any sensor reads.
    stuck : ndarray of bool, shape (n,)
        Whether the sensor stood still for `_STUCK_S` or more.
    """

    time_s: np.ndarray
    values: np.ndarray
    infinite: np.ndarray
    impossible: np.ndarray
    stuck: np.ndarray


@dataclass(frozen=True)
class SignalFile:
    """Opens a signal file, as often as one likes: all at once, or a piece at a time.

    Attributes
    ----------
    root : Path
        The file is opened only below.
    name : str
        As it stands in the table.
    layout : SignalLayout
    where : str
        What messages call it.
    sort : bool
        Whether samples are put in the order of their times; of those of one time, the first stays.
    """

    root: Path
    name: str
    layout: SignalLayout
    where: str
    sort: bool = False

    def __call__(self) -> Samples:
        """Read all samples.

        Raises
        ------
        ContractError, MissingInput, IoFailed
            If they cannot be read as declared, are not there, or the system does not give them.
        """
        found = list(self.pieces())
        if not found:
            return Samples(np.empty(0), np.empty((len(self.layout.columns), 0)))
        return Samples(
            np.concatenate([each.time_s for each in found]), np.concatenate([each.values for each in found], axis=1)
        )

    def pieces(self) -> Iterator[Samples]:
        """Read the same samples a piece at a time, each of `signal_files.BLOCK` samples at most."""
        for piece in self.raw_pieces():
            yield Samples(piece.time_s, np.where(piece.stuck, np.nan, piece.values))

    def raw_pieces(self) -> Iterator[Piece]:
        """Read a piece at a time, with what is wrong with it."""
        found = self._timed()
        for piece in _sorted(found) if self.sort else found:
            yield replace(piece, stuck=_stuck(piece)) if self.layout.sensor != "pen" else piece

    def _timed(self) -> Iterator[Piece]:
        layout, clock = self.layout, Clock(self.layout, self.where)
        count = 0
        with open_below(self.root, self.name, self.where) as file:
            for block in blocks(file, self.name, layout, self.where):
                if layout.clock == "none":
                    times, numbers = np.arange(count, count + block.shape[1], dtype=float), block
                else:
                    times, numbers = block[0], block[1:]
                count += block.shape[1]
                time_s = clock.seconds(times)
                with np.errstate(over="ignore", invalid="ignore"):  # a damaged file has NaNs that warn
                    values = numbers * layout.factors(len(numbers))
                infinite = np.isinf(numbers)
                too_large = np.abs(values) > _IMPOSSIBLE[layout.sensor]
                spoilt = np.asarray(infinite | (too_large & layout.in_unit(len(numbers))[:, None]))
                values[spoilt] = np.nan
                timed = np.flatnonzero(np.isfinite(time_s))
                yield Piece(
                    time_s[timed],
                    values[:, timed],
                    infinite=np.asarray(infinite.any(axis=0))[timed],
                    impossible=np.asarray((spoilt & ~infinite).any(axis=0))[timed],
                    stuck=np.zeros(len(timed), bool),
                )


def _sorted(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Put samples in the order of their times; this takes all of them into memory."""
    found = list(pieces)
    if not found:
        return
    time_s = np.concatenate([each.time_s for each in found])
    order = np.unique(time_s, return_index=True)[1]
    values = np.concatenate([each.values for each in found], axis=1)[:, order]
    infinite = np.concatenate([each.infinite for each in found])[order]
    impossible = np.concatenate([each.impossible for each in found])[order]
    time_s = time_s[order] - time_s[order[:1]]
    for start in range(0, len(time_s), BLOCK):
        at = slice(start, start + BLOCK)
        yield Piece(time_s[at], values[:, at], infinite[at], impossible[at], np.zeros(len(time_s[at]), bool))


def _stuck(piece: Piece) -> np.ndarray:
    """Whether each sample stands in a stretch of a second or more in which no channel changes."""
    same = (piece.values[:, 1:] == piece.values[:, :-1]).all(axis=0)
    if not same.any():
        return piece.stuck
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]  # first and last sample of each stretch
    long = piece.time_s[ends] - piece.time_s[begins] >= _STUCK_S
    change = np.zeros(len(piece.time_s) + 1, dtype=np.int64)
    change[begins[long]] += 1
    change[ends[long] + 1] -= 1
    return np.cumsum(change[:-1]) > 0
