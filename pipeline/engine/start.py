"""A `map` over as many workers as were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from joblib import cpu_count

from pipeline.engine.cores import Cores
from pipeline.engine.tasks import Here, Spread, Workers
from pipeline.errors import Unavailable

ALL_CORES = 0


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster.

    Attributes
    ----------
    address : str
        Of its scheduler (``tls://host:8786``), or ``local`` for one that is started here and ends with the run.
    insecure : bool
        Let an address that is not this machine's be spoken to without TLS.
    mixed : bool
        Accept workers of another environment, whose results may differ in their last bits.
    """

    address: str
    insecure: bool = False
    mixed: bool = False


@contextmanager
def workers(jobs: int = 1, cluster: Cluster | None = None) -> Iterator[Workers]:
    """Give a `map` that runs on so many processes, or on a cluster.

    Parameters
    ----------
    jobs : int
        1 runs in this process, `ALL_CORES` on every core that this process may use. Each worker has one BLAS thread.
    cluster : Cluster, optional
        ``jobs`` then counts only where the cluster is started here.

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
        with dask_workers(cluster.address, jobs or cpu_count(), insecure=cluster.insecure, mixed=cluster.mixed) as pool:
            yield Spread(pool)
    elif (jobs or cpu_count()) == 1:
        yield Here()
    else:
        pool = Cores(jobs or cpu_count())
        try:
            yield Spread(pool)
        finally:
            pool.close()
