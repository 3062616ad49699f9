"""What must hold of a feature of windows, asked of batches of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.features.measure import BLOCK
from pipeline.features.signal import Signal
from pipeline.features.spec import RATE, Feature
from pipeline.testing.broken import (
    ANYWHERE,
    Watched,
    broken,
    check_bounds,
    check_precision,
    nearly,
    same_bits,
    values_of,
)
from pipeline.testing.changes import keeps_what_it_declares
from pipeline.testing.machine import same_on_any_machine
from pipeline.testing.recordings import RATES, Windows


def check_batch(feature: Feature, case: Windows, seed: int, only: str = "") -> np.ndarray:
    """Require all that holds of any batch of windows; or one property of it only."""
    signal = case.signal()
    whole = values_of(Watched(feature), signal)
    check_precision(whole)
    for number, (names, ask) in enumerate(_OF_ANY):
        if only in ("", *ANYWHERE, *names):
            ask(feature, signal, whole, np.random.default_rng([seed, number]))
    return whole


def check_sound_batch(feature: Feature, case: Windows, seed: int, only: str = "") -> np.ndarray:
    """Require a value of every window that is finite, long enough and moves, and what is declared to be kept."""
    signal = case.signal()
    whole = values_of(feature, signal)
    if np.isnan(whole).any() and not feature.spec.missing_when:
        row = int(np.flatnonzero(np.isnan(whole[:, 0]))[0])
        raise broken("missing only for a reason", f"row {row} is sound, has no value, and no missing_when says why")
    keeps_what_it_declares(
        feature,
        whole,
        seed,
        only,
        lambda how: values_of(feature, Signal(how.values(signal.values), signal.fs, signal.channels)),
    )
    return whole


def check_rate(feature: Feature, case: Windows, seed: int, _only: str = "") -> np.ndarray:
    """Require the same value of the same movement at another sampling rate, up to what the window's ends cut off."""
    rate = float(np.random.default_rng(seed).choice(RATES))
    other = Windows(tuple(replace(wave, rate_hz=rate) for wave in case.waves), case.clock_seed)
    now, then = values_of(feature, other.signal()), values_of(feature, case.signal())
    nearly(RATE, feature, now, then, f"sampled at {rate} Hz", rtol=0.02, atol=0.002)
    return then


def _machine(feature: Feature, signal: Signal, whole: np.ndarray, _stream: np.random.Generator) -> None:
    same_on_any_machine(feature, signal, whole)


def _bounds(feature: Feature, _signal: Signal, whole: np.ndarray, _stream: np.random.Generator) -> None:
    check_bounds(feature, whole)


def _neighbours(feature: Feature, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    one = int(stream.integers(len(signal)))
    same_bits("neighbours", feature, values_of(feature, _part(signal, [one])), whole[[one]], f"with row {one} alone")


def _order(feature: Feature, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    order = stream.permutation(len(signal))
    same_bits("order", feature, values_of(feature, _part(signal, order)), whole[order], "with windows in another order")


def _chunks(feature: Feature, signal: Signal, whole: np.ndarray, stream: np.random.Generator) -> None:
    times = int(stream.choice([2, BLOCK // len(signal) + 1]))
    many = Signal(np.tile(signal.values, (times, 1, 1)), np.tile(signal.fs, times), signal.channels)
    found = values_of(feature, many)
    same_bits("chunks", feature, found, np.tile(whole, (times, 1)), f"in a batch {times} times as large")


_OF_ANY = (
    (("deterministic", "time zone"), _machine),
    (("bounds",), _bounds),
    (("neighbours",), _neighbours),
    (("order",), _order),
    (("chunks",), _chunks),
)


def _part(signal: Signal, rows: np.ndarray | list[int]) -> Signal:
    return Signal(signal.values[rows], signal.fs[rows], signal.channels)
