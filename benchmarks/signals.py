"""What window features cost beside one Fourier transform, and beside other packages: ``python -m benchmarks.signals``.

The unit is a pass: `scipy.fft.rfft` once over a window's six channels (accelerometer and gyroscope), 5 s at 100 Hz.
All candidates see the same windows in turn; figures are CPU seconds of this process, medians over the rounds, one BLAS
thread. Passes hold across machines, seconds don't, so none are printed.
"""

from __future__ import annotations

import os
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import tsfel
from scipy import fft
from skdh import features as skdh_features
from skdh.features import lib
from tsfel.feature_extraction.calc_features import calc_window_features

from pipeline.engine import Map, workers
from pipeline.features import shape
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import BLOCK, measure, measure_windows
from pipeline.features.signal import Signal
from pipeline.features.spec import Feature
from pipeline.records import Recording
from pipeline.testing.recordings import Wave
from pipeline.vocabulary import SENSORS

ROUNDS = 7
RATE, SECONDS = 100.0, 5.0


def windows(count: int, seconds: float = SECONDS) -> np.ndarray:
    """Make windows of six channels: sway, a tremor that swells and noise, over gravity, shape (count, 6, samples)."""
    stream = np.random.default_rng(7)
    clock = np.arange(round(seconds * RATE)) / RATE
    hertz, slow, swell = (stream.uniform(low, high, (count, 1, 1)) for low, high in ((3, 9), (0.3, 1.5), (0.1, 0.5)))
    size = stream.normal(size=(2, count, 6, 1))
    tremor = 0.1 * size[0] * (1 + 0.5 * np.sin(2 * np.pi * swell * clock)) * np.sin(2 * np.pi * hertz * clock)
    values = (
        tremor + 0.2 * size[1] * np.sin(2 * np.pi * slow * clock) + 0.01 * stream.normal(size=(count, 6, len(clock)))
    )
    values[:, :3] += np.array([0.0, 0.6, 0.8])[:, None]
    return values


def ours(values: np.ndarray, features: Sequence[Feature]) -> None:
    """Measure the accelerometer's and the gyroscope's features."""
    rates = np.full(len(values), RATE)
    for sensor, channels in (("accelerometer", slice(0, 3)), ("gyroscope", slice(3, 6))):
        measure_windows([each for each in features if each.spec.sensor == sensor], Signal(values[:, channels], rates))


def one_pass(values: np.ndarray) -> None:
    """Transform each window's six channels once."""
    for each in values:
        fft.rfft(each)


def tsfel_default() -> Callable[[np.ndarray], None]:
    """Return tsfel's default features of six channels."""
    settings = tsfel.get_features_by_domain()

    def run(values: np.ndarray) -> None:
        for each in values:
            calc_window_features(settings, each.T, fs=RATE)

    return run


def matching_of_tsfel(values: np.ndarray) -> None:
    """Compute what both packages have in the same definition, with tsfel."""
    functions = (
        tsfel.zero_cross,
        tsfel.sum_abs_diff,
        tsfel.mean_abs_deviation,
        tsfel.positive_turning,
        tsfel.negative_turning,
        tsfel.interq_range,
        tsfel.skewness,
        tsfel.kurtosis,
        tsfel.slope,
    )
    for each in values.reshape(-1, values.shape[-1]):
        for function in functions:
            function(each)


def _slope(rows: np.ndarray) -> np.ndarray:
    return shape.slope(rows, np.arange(rows.shape[1]))


def matching_of_ours(values: np.ndarray) -> None:
    """Compute the same with ours."""
    functions = (
        shape.zero_crossings,
        shape.line_length,
        shape.mean_absolute_deviation,
        shape.turning_points,
        shape.interquartile_range,
        shape.skewness,
        shape.kurtosis,
        _slope,
    )
    rows = values.reshape(-1, values.shape[-1])
    for start in range(0, len(rows), BLOCK):
        for function in functions:
            function(rows[start : start + BLOCK])


def bank() -> Callable[[np.ndarray], None]:
    """Return scikit-digital-health's bank of 26 features, over all channels of all windows at once."""
    chosen = skdh_features.Bank()
    made = [getattr(skdh_features, name) for name in lib.__all__ if name not in {"Bank", "Feature"}]
    for each in made:
        chosen.add(each())

    def run(values: np.ndarray) -> None:
        chosen.compute(values, fs=RATE, axis=-1)

    return run


def cpu(function: Callable[[np.ndarray], None], values: np.ndarray) -> float:
    """Return CPU seconds a window of one call."""
    before = time.process_time()
    function(values)
    return (time.process_time() - before) / len(values)


def compare(candidates: dict[str, tuple[Callable[[np.ndarray], None], int]]) -> dict[str, float]:
    """Return the passes of each candidate, run in turn; each is warmed up once."""
    values = windows(max(count for _, count in candidates.values()))
    for function, _ in candidates.values():
        function(values[:2])
    rounds = [
        {name: cpu(function, values[:count]) for name, (function, count) in candidates.items()} for _ in range(ROUNDS)
    ]
    unit = median(each["one pass"] for each in rounds)
    return {name: median(each[name] for each in rounds) / unit for name in candidates}


def inputs() -> dict[str, Signal]:
    """Make a block of windows of each sensor, 5 s: an EMG at 1 kHz, all else at 100 Hz."""
    values, stream = windows(BLOCK), np.random.default_rng(7)
    clock = np.arange(round(SECONDS * 1000)) / 1000
    bursts = 100 * stream.normal(size=(BLOCK, 2, len(clock))) * ((4 * clock) % 1 < 0.3)
    pen = np.cumsum(stream.normal(size=(BLOCK, 3, values.shape[-1])), axis=2)
    rates = np.full(BLOCK, RATE)
    return {
        "accelerometer": Signal(values[:, :3], rates),
        "gyroscope": Signal(values[:, 3:], rates),
        "emg": Signal(bursts, np.full(BLOCK, 1000.0), SENSORS["emg"].all),
        "pen": Signal(pen, rates, SENSORS["pen"].all),
    }


def by_feature(features: Sequence[Feature]) -> dict[str, tuple[float, float]]:
    """Return the passes of each feature: alone, with all that it shares; and beside all others that ran before."""
    unit = median(cpu(one_pass, windows(16 * BLOCK)) for _ in range(ROUNDS))
    made = inputs()
    found: dict[str, tuple[list[float], list[float]]] = {each.spec.name: ([], []) for each in features}
    for _ in range(ROUNDS):
        fresh = {sensor: Signal(each.values, each.fs, each.channels) for sensor, each in made.items()}
        for each in features:
            signal = made[each.spec.sensor]
            before = time.process_time()
            each(Signal(signal.values, signal.fs, signal.channels))
            between = time.process_time()
            each(fresh[each.spec.sensor])
            alone, beside = found[each.spec.name]
            alone.append((between - before) / BLOCK / unit)
            beside.append((time.process_time() - between) / BLOCK / unit)
    return {name: (median(alone), median(beside)) for name, (alone, beside) in found.items()}


def memory_mib(features: Sequence[Feature], count: int) -> float:
    """Return the peak of what is allocated beside the windows and the table, in MiB."""
    signal = Signal(windows(count)[:, :3], np.full(count, RATE))
    tracemalloc.start()
    table = measure_windows(features, signal)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - table.nbytes) / 2**20


def cohort_of(recordings: int) -> tuple[pd.DataFrame, list[Recording]]:
    """Make visits of one recording each: 30 s of an accelerometer at 100 Hz, which is 14 windows."""
    ids = [str(number) for number in range(recordings)]
    made = [
        Recording(each, each, "1", "wrist_left", "posture", "accelerometer", RATE, Wave("swell", n, 30.0, RATE))
        for n, each in enumerate(ids)
    ]
    return pd.DataFrame({"patient_id": ids, "visit_id": "1"}), made


def by_number(features: Sequence[Feature]) -> dict[int, float]:
    """Return how much a window costs in cohorts of more and more windows, beside the smallest."""
    costs: dict[int, float] = {}
    for recordings in (72, 715, 7143):
        visits, made = cohort_of(recordings)
        before = time.process_time()
        found = measure(visits, made, features, map=map)
        costs[len(found.values)] = (time.process_time() - before) / len(found.values)
    return {windows: each / next(iter(costs.values())) for windows, each in costs.items()}


def timed(function: Callable[..., Any], item: Any) -> tuple[Any, float]:
    """Return a result with the CPU seconds that it took."""
    before = time.process_time()
    return function(item), time.process_time() - before


def two_workers(features: Sequence[Feature]) -> dict[str, float]:
    """Return how many times faster two processes are than one: of the clock, and as CPU time says of a quiet machine.

    There, two processes take what the first does itself and half of what the workers do.
    """
    visits, made = cohort_of(1280)
    clock: dict[int, list[float]] = {1: [], 2: []}
    cpu_s: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for jobs, passed in clock.items():
            with workers(jobs) as run:
                measure(visits, made, features, map=run)  # starts all of them, which takes seconds
                shared = [0.0]

                def spread(function: Callable[..., Any], items: Iterable[Any], run: Map = run) -> Iterator[Any]:
                    for result, seconds in run(partial(timed, function), items):
                        shared[0] += seconds  # noqa: B023 (called at once)
                        yield result

                before, own = time.perf_counter(), time.process_time()
                measure(visits, made, features, map=spread)
                passed.append(time.perf_counter() - before)
                own = time.process_time() - own
                cpu_s[jobs].append(own if jobs == 1 else own + shared[0] / jobs)
    return {"clock": min(clock[1]) / min(clock[2]), "quiet": median(cpu_s[1]) / median(cpu_s[2])}


def main() -> None:
    """Print the comparison, how cost goes with number and length of windows, memory, and the table by feature."""
    warnings.simplefilter("ignore")
    features = [
        each for each in CATALOGUE if each.spec.level == "window" and each.spec.sensor in ("accelerometer", "gyroscope")
    ]
    held = [each for each in features if any(place.task in ("rest", "posture") for place in each.spec.places)]
    passes = compare(
        {
            "one pass": (one_pass, 2048),
            "ours, windows of rest and posture": (lambda given: ours(given, held), 1024),
            "ours, windows of movement (all)": (lambda given: ours(given, features), 1024),
            "scikit-digital-health, bank": (bank(), 256),
            "tsfel, default": (tsfel_default(), 8),
            "ours, eight that tsfel has too": (matching_of_ours, 1024),
            "tsfel, the same eight": (matching_of_tsfel, 64),
        }
    )
    for name, value in passes.items():
        print(f"{name:36s} {value:9.1f} passes")
    lengths = {seconds: cpu(lambda given: ours(given, features), windows(512, seconds)) for seconds in (2.5, 5.0, 10.0)}
    print("by length", {seconds: round(value / lengths[5.0], 2) for seconds, value in lengths.items()})
    acceleration = [each for each in features if each.spec.sensor == "accelerometer"]
    print("by number", {count: round(value, 2) for count, value in by_number(acceleration).items()})
    print("two workers beside one, times as fast", two_workers(acceleration), "load", os.getloadavg())
    print("memory beside data and table, MiB:", {n: round(memory_mib(acceleration, n), 1) for n in (64, 4096)})
    print(f"{'feature':36s}  alone  beside the others (passes)")
    for name, (alone, beside) in by_feature([each for each in CATALOGUE if each.spec.level == "window"]).items():
        print(f"{name:36s} {alone:6.1f} {beside:7.2f}")


if __name__ == "__main__":
    main()
