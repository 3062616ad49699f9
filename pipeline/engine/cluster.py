"""Workers of a Dask cluster: one that is started here, or one that an operator runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from dask import config
from dask.distributed import Client, KilledWorker, LocalCluster
from distributed import Future

from pipeline.engine.address import Cluster, refuse_insecure
from pipeline.engine.tasks import Failed, attempt
from pipeline.engine.versions import differing, environment
from pipeline.errors import Unavailable

_WAIT_S = 30
"""For a scheduler and its first worker to answer."""

_TOLERANCE = 1e-6

_QUIET = {
    "logging": {"distributed": "critical"},
    "distributed.scheduler.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1GiB",
}
"""Dask logs what a task was called with, which may name files of patients."""


class DaskWorkers:
    """The workers of a cluster. Each is given a function once, however many items it works on."""

    deaths: tuple[type[BaseException], ...] = (KilledWorker,)

    def __init__(self, client: Client, accepted: list[dict[str, str]]) -> None:
        self._client = client
        self._accepted = accepted
        self._sent: tuple[Any, Future] | None = None
        self.width = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, function: Callable[[Any], Any], item: Any, *, alone: bool = False) -> Future:
        """Hand an item to some worker."""
        del alone  # the scheduler starts no more workers than one for it
        if self._sent is None or self._sent[0] is not function:
            # a task, not scattered data: Dask makes it again where every worker that held it has died
            self._sent = function, self._client.submit(_same, function, pure=False)
        return self._client.submit(_attempt, self._sent[1], item, self._accepted, pure=False)


def _same(value: Any) -> Any:
    return value


def _attempt(function: Callable[[Any], Any], item: Any, accepted: list[dict[str, str]]) -> Any:
    """Do an item's work if this worker's environment is one of those that were compared; workers come and go."""
    here = environment()
    if here not in accepted:
        return Failed(_other_environment(differing(accepted[0], here)))
    return attempt(function, item)


@contextmanager
def dask_workers(cluster: Cluster, jobs: int) -> Iterator[DaskWorkers]:
    """Connect to a cluster, or start one of so many processes on this machine.

    Raises
    ------
    UsageError
        If the address is another machine's and not ``tls://``.
    Unavailable
        If it does not answer in time, or a worker's environment is not the one here.
    """
    with config.set(_QUIET):
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if cluster.address == "local":
            with _local(jobs) as started, Client(started, set_as_default=False) as client:
                yield _checked(client, cluster)
        else:
            refuse_insecure(cluster.address, insecure=cluster.insecure)
            with _connected(cluster.address) as client:
                yield _checked(client, cluster)


@contextmanager
def _local(jobs: int) -> Iterator[Any]:
    """Start a scheduler and workers that share this machine's memory, each killed when it takes more than its share."""
    # any free port, with nothing to see behind it: on 8787 there may be a cluster already
    no_dashboards: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "worker_dashboard_address": None}
    with LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        silence_logs=logging.CRITICAL,
        scheduler_kwargs={"allowed_failures": 0, "dashboard": False},  # what a death means is decided in `tasks`
        **no_dashboards,
    ) as cluster:
        yield cluster


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=_WAIT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        raise Unavailable(
            f"the cluster at '{address}'",
            f"does not answer ({type(error).__name__})",
            do="Check that its scheduler runs, and the certificates of tls:// (docs/scaling.md)",
        ) from None
    with client:
        yield client


def _checked(client: Client, cluster: Cluster) -> DaskWorkers:
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
        found: list[dict[str, str]] = list(client.run(environment).values())  # pyright: ignore[reportAttributeAccessIssue]
    except (OSError, TimeoutError) as error:
        raise Unavailable(
            "the cluster", f"has no worker that answers ({type(error).__name__})", do="Start its workers"
        ) from None
    except ImportError:
        raise Unavailable(
            "the cluster", "has workers without dystonia-pipeline", do="Install the same version there"
        ) from None
    ours = environment()
    others = [each for each in found if each != ours]
    if others and not cluster.mixed:
        raise _other_environment(differing(ours, others[0]))
    if others and cluster.probe is not None:
        _refuse_other_numbers(client, cluster.probe)
    return DaskWorkers(client, [ours, *others])


def _refuse_other_numbers(client: Client, probe: Callable[[], np.ndarray]) -> None:
    ours = probe()
    theirs: dict[str, np.ndarray] = client.run(probe)  # pyright: ignore[reportAssignmentType]
    for numbers in theirs.values():
        if not np.allclose(numbers, ours, rtol=0, atol=_TOLERANCE, equal_nan=True):
            raise Unavailable(
                "a worker of the cluster",
                "predicts known visits otherwise",
                needed=f"--allow-mixed-workers allows differences up to {_TOLERANCE:g}",
                do="Install the same versions there as here",
            )


def _other_environment(found: str) -> Unavailable:
    return Unavailable(
        "a worker of the cluster",
        f"has another environment: {found}",
        needed="only the same gives the same bits",
        do="Install the same versions on the same kind of machine, or give --allow-mixed-workers",
    )
