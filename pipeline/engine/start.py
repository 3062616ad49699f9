"""A `map` over as many workers as were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from joblib import cpu_count

from pipeline.engine.address import Cluster
from pipeline.engine.cores import Cores
from pipeline.engine.tasks import Here, Spread, Workers
from pipeline.errors import Unavailable

ALL_CORES = 0


def usable_cores() -> int:
    """Return how many cores this process may use, which a container or a scheduler may have limited."""
    return cpu_count()


@contextmanager
def workers(jobs: int = 1, cluster: Cluster | None = None, *, ahead: str = "") -> Iterator[Workers]:
    """Give a `map` that runs on so many processes, or on a cluster.

    Parameters
    ----------
    jobs : int
        1 runs in this process, `ALL_CORES` on every core that this process may use. Each worker has one BLAS thread.
    cluster : Cluster, optional
        ``jobs`` then counts only where the cluster is started here.
    ahead : str, optional
        Name of a module that the work will need: processes of this machine then start at once and import it, while the
        first item is still being made.

    Yields
    ------
    Workers

    Raises
    ------
    WorkerDied
        If an item has killed every worker. What a worker raises passes through.
    Unavailable
        If the cluster does not answer, or lacks workers of this environment.

    Examples
    --------
    >>> with workers(1) as spread:
    ...     list(spread(abs, [-1, 2]))
    [1, 2]
    """
    if cluster is not None:
        try:
            from pipeline.engine.cluster import dask_workers
        except ImportError:
            raise Unavailable(
                "--cluster", "Dask is not installed", do="Run: pip install 'dystonia-pipeline[cluster]'"
            ) from None
        with dask_workers(cluster, jobs or usable_cores()) as pool:
            yield Spread(pool)
    elif (jobs or usable_cores()) == 1:
        yield Here()
    else:
        pool = Cores(jobs or usable_cores(), ahead)
        try:
            yield Spread(pool)
        finally:
            pool.close()
