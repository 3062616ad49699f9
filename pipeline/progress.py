"""How far long work has come: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from pipeline.command import say_on_error

Told = Callable[[int], None]
"""Is told of so many more that are done."""

Meter = Callable[[int], AbstractContextManager[Told]]
"""Is given how many there are in all."""

_EVERY_S = 5.0
_BAR_EVERY_S = 0.2
_BAR_WIDTH = 30
_MINUTE, _HOUR = 60, 3600


@contextmanager
def no_progress(total: int) -> Iterator[Told]:
    """Show nothing."""
    del total
    yield lambda _: None


def meter(unit: str, *, quiet: bool) -> Meter:
    """Return a meter that shows on standard error how many of something are done."""
    return no_progress if quiet else lambda total: _shown(total, unit)


@contextmanager
def _shown(total: int, unit: str) -> Iterator[Told]:
    """Show progress while the block runs, from a thread of its own: work in a library or a worker may take long."""
    done, begun, ended = [0], time.monotonic(), threading.Event()
    terminal = sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()

    def count(more: int) -> None:
        done[0] += more

    def line() -> str:
        return progress_line(done[0], total, unit, time.monotonic() - begun)

    def show() -> None:
        while not ended.wait(_BAR_EVERY_S if terminal else _EVERY_S):
            if terminal:
                say_on_error(f"\r{_bar(done[0], total)} {line()}\x1b[K", end="")
            else:
                say_on_error(line())

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield count
    finally:
        ended.set()
        thread.join()
        if terminal:
            say_on_error("\r\x1b[K", end="")


def progress_line(done: int, total: int, unit: str, seconds: float) -> str:
    """Say how many are done, how fast, and about how long the rest will take.

    Examples
    --------
    >>> progress_line(150_000, 600_000, "visits", 10)
    '150,000 of 600,000 visits, 15,000/s, about 30 s left'
    >>> progress_line(0, 600_000, "visits", 10)
    '0 of 600,000 visits after 10 s'
    """
    if not done or seconds <= 0:
        return f"{done:,} of {total:,} {unit} after {_spoken(seconds)}"
    rate = done / seconds
    told = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{done:,} of {total:,} {unit}, {told}/s, about {_spoken(max(total - done, 0) / rate)} left"


def _spoken(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.1f} h"


def _bar(done: int, total: int) -> str:
    full = min(_BAR_WIDTH, _BAR_WIDTH * done // max(total, 1))
    return f"[{'#' * full}{'.' * (_BAR_WIDTH - full)}]"
