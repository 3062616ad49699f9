"""Which Dask cluster is meant, and whether it may be spoken to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import numpy as np

from pipeline.errors import UsageError


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
    probe : callable, optional
        Gives an array of numbers that workers of another environment must give too, within 1e-6.
    """

    address: str
    insecure: bool = False
    mixed: bool = False
    probe: Callable[[], np.ndarray] | None = None


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
