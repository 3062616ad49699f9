"""Worker processes on the cores of this machine."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError

from pipeline.engine.tasks import Future, attempt

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_LOOK_EVERY_S = 0.5


class Cores:
    """So many processes, each with one BLAS thread; they end with the process that started them, however it ends."""

    deaths: tuple[type[BaseException], ...] = (TerminatedWorkerError,)

    def __init__(self, width: int, ahead: str = "") -> None:
        self.width = width
        self._ahead = ahead
        self._executor: ProcessPoolExecutor | None = None
        self._started_width = 0
        if ahead:
            self.submit(len, ahead)  # all start with the first that is handed out

    def submit(self, function: Callable[[Any], Any], item: Any, *, alone: bool = False) -> Future:
        """Hand an item to some worker, or to the one of a pool of its own; where a pool has broken, to a new one."""
        width = 1 if alone else self.width
        try:
            return self._started(width).submit(attempt, function, item)
        except BrokenProcessPool:
            self.close()
            return self._started(width).submit(attempt, function, item)

    def close(self) -> None:
        """End all workers at once, whatever they are doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None

    def _started(self, width: int) -> ProcessPoolExecutor:
        if self._executor is not None and self._started_width != width:
            self.close()
        if self._executor is None:
            self._started_width = width
            settings = (os.getpid(), gc.get_threshold(), self._ahead)
            self._executor = ProcessPoolExecutor(width, initializer=_settle, initargs=settings, env=ONE_THREAD)
        return self._executor


def _settle(parent: int, garbage: tuple[int, int, int], ahead: str) -> None:
    """Make a worker leave interrupts to its parent, end when that has been killed, and import what it will need.

    It looks for garbage as seldom as its parent.
    """
    gc.set_threshold(*garbage)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    if ahead:
        import_module(ahead)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)
