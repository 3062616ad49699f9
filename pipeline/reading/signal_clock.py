"""Times of a recording in seconds since its first sample, from the clock that was declared."""

from __future__ import annotations

import numpy as np

from pipeline.errors import ContractError
from pipeline.reading.signal_layout import SignalLayout
from pipeline.units import SECONDS_IN

_EARLIEST, _LATEST = 631_152_000.0, 4_102_444_800.0
"""The years 1990 and 2100, in seconds since 1970: no wearable has recorded at another time."""


class Clock:
    """Turns the times of one recording into seconds since the first, block by block.

    Parameters
    ----------
    layout : SignalLayout
    where : str
        What messages call the recording.

    Examples
    --------
    >>> layout = SignalLayout("accelerometer", "g", 50.0, ("x", "y", "z"), time_unit="ms", clock="deltas")
    >>> clock = Clock(layout, "a recording")
    >>> clock.seconds(np.array([0.0, 20.0, 20.0])).tolist(), clock.seconds(np.array([20.0])).tolist()
    ([0.0, 0.02, 0.04], [0.06])
    """

    def __init__(self, layout: SignalLayout, where: str) -> None:
        self._layout, self._where = layout, where
        self._first = np.nan
        self._before = 0.0

    def seconds(self, times: np.ndarray) -> np.ndarray:
        """Return the seconds of the next samples; NaN where a sample has no time.

        Raises
        ------
        ContractError
            If they are no times of this clock (``TIMESTAMP``).
        """
        kind = self._layout.clock
        times = np.where(np.isfinite(times), times, np.nan)
        if kind == "deltas":
            return self._summed(times * SECONDS_IN[self._layout.time_unit])
        if np.isnan(self._first) and not np.isnan(times).all():
            self._first = float(times[~np.isnan(times)][0])
            if kind in ("unix", "local", "utc"):
                self._refuse_era(self._first * self._tick)
        return (times - self._first) * self._tick

    @property
    def _tick(self) -> float:
        """Seconds in one unit of the numbers."""
        kind = self._layout.clock
        if kind in ("counter", "none"):
            return 1.0 / self._layout.rate_hz
        return 1.0 if kind in ("local", "utc") else SECONDS_IN[self._layout.time_unit]

    def _summed(self, steps: np.ndarray) -> np.ndarray:
        """Add up steps; the first sample's own step is from before the recording."""
        if np.isnan(self._first):
            self._first = 0.0
            steps = np.append(0.0, steps[1:])
        total = self._before + np.cumsum(np.nan_to_num(steps))
        self._before = float(total[-1])
        return np.where(np.isnan(steps), np.nan, total)

    def _refuse_era(self, seconds: float) -> None:
        if not _EARLIEST <= seconds <= _LATEST:
            raise ContractError(
                self._where,
                f"a clock since 1970 in {self._layout.time_unit} that shows no year from 1990 to 2100",
                do="Check 'time_unit' and 'clock'",
                code="TIMESTAMP",
            )
