"""What must not depend on the machine, the time or what was computed before."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np

from pipeline.clock import CLOCKS
from pipeline.features.probes import probe_cohort
from pipeline.features.signal import Signal
from pipeline.records import Cohort
from pipeline.schema import VISITS
from pipeline.testing.broken import Features, same_bits, values_of
from pipeline.testing.recordings import Wave, Windows

_ZONES = ("Pacific/Kiritimati", "America/Anchorage")
_OTHER_WINDOWS = Windows((Wave("swell", 11), Wave("noise", 12), Wave("tone", 13)), 3)


def same_on_any_machine(
    features: Features, given: Cohort | Signal, then: np.ndarray, _stream: np.random.Generator
) -> None:
    """Require the same bits again: after other input, after other random numbers, in other time zones."""
    values_of(features, _OTHER_WINDOWS.signal() if isinstance(given, Signal) else _other_cohort())
    with _stirred():
        same_bits("deterministic", features, values_of(features, given), then, "computed once more, after other input")
    for zone in _ZONES:
        with _in_zone(zone):
            same_bits("time zone", features, values_of(features, given), then, f"in the time zone {zone}")


@cache
def _other_cohort() -> Cohort:
    """Return the probes with numbers as large as they may be: what remembers the largest of them is found out."""
    probes, largest = probe_cohort(), {column.name: column.high for column in VISITS if np.isfinite(column.high)}
    scores = {name: largest[name] for name in probes.visits.columns.intersection(list(largest)) if name not in CLOCKS}
    return Cohort(probes.visits.assign(**scores), probes.treatments, probes.recordings[:4])


@contextmanager
def _stirred() -> Iterator[None]:
    """Set the shared generators to another state for a while."""
    plain, legacy = random.getstate(), np.random.get_state()
    random.seed(20261122)
    np.random.seed(20261122)
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(legacy)


@contextmanager
def _in_zone(zone: str) -> Iterator[None]:
    """Move the process to another time zone for a while, where the system can."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    _reread()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        _reread()


def _reread() -> None:
    if hasattr(time, "tzset"):
        time.tzset()
