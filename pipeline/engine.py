"""Where work runs: in this process, or spread over the cores. The only module that starts processes.

Whoever has work takes a `map`: the built-in one, or one from here. Results come in the order of the work, so what is
made of them does not depend on how many workers there are.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from pipeline.errors import WorkerDied

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function for each item, as the built-in does; function, items and results pickle."""

ALL_CORES = 0


@contextmanager
def workers(jobs: int = 1) -> Iterator[Map]:
    """Give a `map` that runs on so many processes.

    Parameters
    ----------
    jobs : int
        1 runs in this process, `ALL_CORES` on every core that this process may use. Each worker has one BLAS thread.

    Yields
    ------
    callable
        Takes items only a little ahead of the workers, so that memory does not grow with their number.

    Raises
    ------
    WorkerDied
        If a worker was killed. What a worker raises passes through.

    Examples
    --------
    >>> with workers(1) as map:
    ...     list(map(abs, [-1, 2]))
    [1, 2]
    """
    jobs = jobs or cpu_count()
    if jobs == 1:
        yield builtins.map
        return
    try:
        # arrays go through pipes: joblib would put large ones into files that anybody's clean-up may miss
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1, max_nbytes=None):
            yield _spread
    except TerminatedWorkerError:
        raise WorkerDied(
            "a worker process",
            "ended before its work was done",
            do="Most often memory has run out: give fewer --jobs",
        ) from None
    finally:
        get_reusable_executor().shutdown(wait=True)


def _spread(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
    # the signature says text only, the documentation a number too
    batch_size: Any = 1
    return Parallel(return_as="generator", batch_size=batch_size)(delayed(function)(item) for item in items)
