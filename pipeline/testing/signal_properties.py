"""What must hold of a feature of windows, asked of batches of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.features.measure import BLOCK
from pipeline.features.signal import Signal
from pipeline.features.spec import RATE
from pipeline.testing.broken import (
    ANYWHERE,
    Features,
    broken,
    check_bounds,
    check_precision,
    nearly,
    same_bits,
    values_of,
    watched,
)
from pipeline.testing.changes import keeps_what_they_declare
from pipeline.testing.machine import same_on_any_machine
from pipeline.testing.recordings import RATES, Windows


def check_batch(features: Features, case: Windows, seed: int, only: str = "") -> np.ndarray:
    """Require all that holds of any batch of windows; or one property of it only."""
    signal = case.signal()
    whole = values_of(watched(features), signal)
    check_precision(features, whole)
    for number, (names, ask) in enumerate(_OF_ANY):
        if only in ("", *ANYWHERE, *names):
            ask(features, signal, whole, np.random.default_rng([seed, number]))
    return whole


def check_sound_batch(features: Features, case: Windows, seed: int, only: str = "") -> np.ndarray:
    """Require a value of every window that is finite, long enough and moves, and what is declared to be kept."""
    signal = case.signal()
    whole = values_of(features, signal)
    for row, _ in np.argwhere(np.isnan(whole) & [each.spec.missing_when == "" for each in features])[:1]:
        raise broken("missing only for a reason", f"row {row} is sound, has no value, and no missing_when says why")
    keeps_what_they_declare(
        features,
        whole,
        seed,
        only,
        lambda own, how: values_of(own, Signal(how.values(signal.values), signal.fs, signal.channels)),
    )
    return whole


def check_rate(features: Features, case: Windows, seed: int, _only: str = "") -> np.ndarray:
    """Require the same value of the same movement at another sampling rate, up to what the window's ends cut off."""
    rate = float(np.random.default_rng(seed).choice(RATES))
    other = Windows(tuple(replace(wave, rate_hz=rate) for wave in case.waves), case.clock_seed)
    whole = values_of(features, case.signal())
    declared = [RATE in each.spec.invariant_to for each in features]
    own = [each for each, has in zip(features, declared, strict=True) if has]
    now, when = values_of(own, other.signal()), f"sampled at {rate} Hz"
    nearly(RATE, own, now, whole[:, declared], when, rtol=0.02, atol=0.002)
    return whole


def _neighbours(features: Features, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    one = int(stream.integers(len(signal)))
    same_bits("neighbours", features, values_of(features, _part(signal, [one])), whole[[one]], f"with row {one} alone")


def _order(features: Features, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    order = stream.permutation(len(signal))
    now = values_of(features, _part(signal, order))
    same_bits("order", features, now, whole[order], "with windows in another order")


def _chunks(features: Features, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    times = int(stream.choice([2, BLOCK // len(signal) + 1]))
    many = Signal(np.tile(signal.values, (times, 1, 1)), np.tile(signal.fs, times), signal.channels)
    found = values_of(features, many)
    same_bits("chunks", features, found, np.tile(whole, (times, 1)), f"in a batch {times} times as large")


_OF_ANY = (
    (("deterministic", "time zone"), same_on_any_machine),
    (("bounds",), check_bounds),
    (("neighbours",), _neighbours),
    (("order",), _order),
    (("chunks",), _chunks),
)


def _part(signal: Signal, rows: np.ndarray | list[int]) -> Signal:
    return Signal(signal.values[rows], signal.fs[rows], signal.channels)
