"""Workers of a Dask cluster: one that is started here, or one that an operator runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from dask import config
from dask.distributed import Client, KilledWorker, LocalCluster
from distributed import Future

from pipeline.engine.environment import differing, environment
from pipeline.engine.tasks import Failed, attempt
from pipeline.errors import Unavailable, UsageError

_WAIT_S = 30
"""For a scheduler and its first worker to answer."""

_QUIET = {"logging": {"distributed": "critical"}, "distributed.admin.large-graph-warning-threshold": "1GiB"}
"""Dask logs what a task was called with, which may name files of patients."""


class DaskWorkers:
    """The workers of a cluster. Each is given a function once, however many items it works on."""

    deaths: tuple[type[BaseException], ...] = (KilledWorker,)

    def __init__(self, client: Client, accepted: list[dict[str, str]]) -> None:
        self._client = client
        self._accepted = accepted
        self._sent: tuple[Any, Future] | None = None
        self.width = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, function: Callable[[Any], Any], item: Any) -> Future:
        """Hand an item to some worker."""
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
def dask_workers(address: str, jobs: int, *, insecure: bool, mixed: bool) -> Iterator[DaskWorkers]:
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
        if address == "local":
            with _local(jobs) as cluster, Client(cluster, set_as_default=False) as client:
                yield _checked(client, mixed=mixed)
        else:
            refuse_insecure(address, insecure=insecure)
            with _connected(address) as client:
                yield _checked(client, mixed=mixed)


def refuse_insecure(address: str, *, insecure: bool) -> None:
    """Refuse an address behind which anybody on the network could send us code: processes exchange pickles.

    Examples
    --------
    >>> refuse_insecure("tls://scheduler.clinic:8786", insecure=False)
    >>> refuse_insecure("tcp://127.0.0.1:8786", insecure=False)
    """
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme == "tls" or insecure or _is_loopback(parts.hostname or ""):
        return
    raise UsageError(
        "--cluster",
        f"'{parts.scheme}://{parts.hostname}' is neither tls:// nor this machine",
        needed="whoever is on that network could run code in this process",
        do="Run the scheduler with TLS (docs/scaling.md), or give --insecure-cluster on a network of your own",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _local(jobs: int) -> Iterator[Any]:
    """Start a scheduler and workers that share this machine's memory, each killed when it takes more than its share."""
    no_dashboards: dict[str, Any] = {"dashboard_address": None, "worker_dashboard_address": None}
    with LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        silence_logs=logging.CRITICAL,
        scheduler_kwargs={"allowed_failures": 0},  # what a death means is decided in `tasks`
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


def _checked(client: Client, *, mixed: bool) -> DaskWorkers:
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
    if others and not mixed:
        raise _other_environment(differing(ours, others[0]))
    return DaskWorkers(client, [ours, *others])


def _other_environment(found: str) -> Unavailable:
    return Unavailable(
        "a worker of the cluster",
        f"has another environment: {found}",
        needed="only the same gives the same bits",
        do="Install the same versions on the same kind of machine, or give --allow-mixed-workers",
    )
