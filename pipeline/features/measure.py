"""Window features of all recordings, and their way up: windows to recording, recordings to visit.

Windows of one sensor and length are measured together, in blocks of a fixed number, whichever recordings they are of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise

import numpy as np
import pandas as pd

from pipeline.features.cache import SignalCache, key_of
from pipeline.features.places import QUANTILES, STRONG, TASK_CLASSES, Place, sites_of
from pipeline.features.signal import Signal
from pipeline.features.spec import Feature, spec_of
from pipeline.features.views import RecordingView, VisitsView
from pipeline.features.windows import Cut, cuts
from pipeline.records import Recording
from pipeline.vocabulary import SENSORS

BLOCK = 64
"""Windows in a block.

A processor handles several rows or numbers at once and what is left over one by one, which on some machines gives other
last bits. So every block has the same number of windows, the last one filled up with zeros, and a window's features
don't depend on how many there are.
"""

CHUNK = 64
"""Recordings that one call of a worker opens."""

MOST_HELD = 1 << 20
"""Values of recordings that wait to be measured together: 8 MiB, and those of one stretch."""

_ALMOST = 0.99
"""A window that is one sample short of `min_s` is long enough."""

_Window = tuple[int, Cut, int, float]
"""Its row, the stretch that it is of, its first sample there, and its rate."""


def measure_windows(features: Sequence[Feature], signal: Signal) -> np.ndarray:
    """Return the value of each window feature in each window, shape (windows, features).

    Windows that are not finite or shorter than the feature's `min_s` are NaN, and so are all where a channel that the
    feature reads was not recorded. A window's values have the same bits whatever windows stand beside it.
    """
    table = np.full((len(signal), len(features)), np.nan)
    for start in range(0, len(signal), BLOCK):
        rows = slice(start, min(start + BLOCK, len(signal)))
        block = signal if len(signal) == BLOCK else _padded(signal.values[rows], signal.fs[rows], signal.channels)
        for column, feature in enumerate(features):
            if not signal.has(feature.spec.channels):
                continue
            values = np.where(block.valid & (block.seconds >= _ALMOST * feature.spec.min_s), feature(block), np.nan)
            table[rows, column] = values[: rows.stop - start]
    return table


def _padded(values: np.ndarray, fs: np.ndarray, channels: tuple[str, ...]) -> Signal:
    """Return a block of exactly `BLOCK` windows, the last ones filled up with zeros."""
    missing = BLOCK - len(fs)
    if missing:
        values = np.concatenate([values, np.zeros((missing, *values.shape[1:]))])
        fs = np.append(fs, np.full(missing, fs[0]))
    return Signal(values, fs, channels)


@dataclass(frozen=True)
class _Chunk:
    """Windows of some recordings, recording by recording."""

    counts: np.ndarray
    start_s: np.ndarray
    amplitude: np.ndarray
    values: np.ndarray
    duration_s: np.ndarray
    usable_share: np.ndarray


def _measure_chunk(recordings: Sequence[Recording], features: Sequence[Feature], cache: SignalCache | None) -> _Chunk:
    """Open some recordings and measure their windows, as many stretches at a time as `MOST_HELD` allows."""
    waiting: list[tuple[str, Cut]] = []
    tables: list[np.ndarray] = [np.empty((0, 1 + len(features)))]
    starts, held = [np.empty(0)], 0
    counts, durations, shares = (np.zeros(len(recordings), dtype=kind) for kind in (int, float, float))
    for number, recording in enumerate(recordings):
        for stretch in cuts(recording):
            waiting.append((recording.sensor, stretch))
            starts.append(stretch.start_s)
            counts[number] += len(stretch.begins)
            durations[number], shares[number] = stretch.duration_s, stretch.usable_share  # of all until now
            held += stretch.values.size
            if held >= MOST_HELD:
                tables += _tables(waiting, features, cache)
                waiting, held = [], 0
    joined = np.concatenate([*tables, *_tables(waiting, features, cache)])
    return _Chunk(counts, np.concatenate(starts), joined[:, 0], joined[:, 1:], durations, shares)


def _tables(
    waiting: Sequence[tuple[str, Cut]], features: Sequence[Feature], cache: SignalCache | None
) -> list[np.ndarray]:
    """Return the windows of each stretch, but for those that the cache holds measured together."""
    tables: list[np.ndarray | None] = [None] * len(waiting)
    keys = [key_of(each, sensor, features) for sensor, each in waiting] if cache else []
    if cache:
        shapes = [(len(each.begins), 1 + len(features)) for _, each in waiting]
        tables = [cache.load(key, shape) for key, shape in zip(keys, shapes, strict=True)]
    missing = [number for number, table in enumerate(tables) if table is None]
    measured = _measure(
        [waiting[number][1] for number in missing], [waiting[number][0] for number in missing], features
    )
    for number, table in zip(missing, measured, strict=True):
        tables[number] = table
        if cache and len(table):
            cache.store(keys[number], table)
    return [table for table in tables if table is not None]


def _measure(stretches: Sequence[Cut], sensors: Sequence[str], features: Sequence[Feature]) -> list[np.ndarray]:
    """Return each stretch's windows, shape (windows, 1 + features): strength of movement first."""
    ends = np.cumsum([len(each.begins) for each in stretches], dtype=int)
    values = np.full((ends[-1] if len(ends) else 0, 1 + len(features)), np.nan)
    for (sensor, channels, samples), windows in sorted(_alike(stretches, sensors).items()):
        columns = [column for column, feature in enumerate(features) if feature.spec.sensor == sensor]
        wanted = [features[column] for column in columns]
        for block, signal in _blocks(windows, channels, samples):
            values[block, 0] = signal.only(*SENSORS[sensor].needed).rms[: len(block)]
            values[block[:, None], np.array(columns, dtype=int) + 1] = measure_windows(wanted, signal)[: len(block)]
    return np.split(values, ends[:-1]) if len(ends) else []


def _alike(stretches: Sequence[Cut], sensors: Sequence[str]) -> dict[tuple[str, tuple[str, ...], int], list[_Window]]:
    """Sort the windows of all stretches by sensor, channels whose values are all finite, and samples."""
    found: dict[tuple[str, tuple[str, ...], int], list[_Window]] = defaultdict(list)
    row = 0
    for sensor, each in zip(sensors, stretches, strict=True):
        for begin, fs, whole in zip(each.begins, each.fs, each.whole, strict=True):
            channels = each.channels if whole else SENSORS[sensor].needed
            found[sensor, channels, each.samples].append((row, each, begin, fs))
            row += 1
    return found


def _blocks(windows: Sequence[_Window], channels: tuple[str, ...], samples: int) -> Iterable[tuple[np.ndarray, Signal]]:
    """Gather windows that are alike into full blocks: their rows, and the block."""
    for start in range(0, len(windows), BLOCK):
        block = windows[start : start + BLOCK]
        values, rates = np.zeros((BLOCK, len(channels), samples)), np.full(BLOCK, block[0][3])
        for place, (_, each, begin, fs) in enumerate(block):
            # those that a sensor needs come first
            values[place], rates[place] = each.values[: len(channels), begin : begin + samples], fs
        yield np.array([row for row, *_ in block]), Signal(values, rates, channels)


@dataclass(frozen=True)
class Measured:
    """Window features of all recordings of a cohort.

    Attributes
    ----------
    visits : int
        Number of visits.
    visit : ndarray, shape (r,)
        Row of each recording's visit.
    site, task, sensor : ndarray of str, shape (r,)
    amplitude : ndarray, shape (r,)
        Median strength of movement: the recording that moves most speaks for its group.
    names : dict of str to int
        Column of each window feature in `values`.
    strengths : dict of str to str
        Window feature that tells how strong another one's windows are; `rms` does for those without.
    bounds : ndarray, shape (r + 1,)
        Where each recording's windows begin in `start_s`, `rms` and `values`.
    """

    visits: int
    visit: np.ndarray
    ids: np.ndarray
    site: np.ndarray
    task: np.ndarray
    sensor: np.ndarray
    amplitude: np.ndarray
    names: dict[str, int]
    sensors: dict[str, str]
    strengths: dict[str, str]
    bounds: np.ndarray
    start_s: np.ndarray
    rms: np.ndarray
    values: np.ndarray
    duration_s: np.ndarray
    usable_share: np.ndarray
    _chosen: dict[tuple[str, str, str], np.ndarray] = field(default_factory=dict)
    _summaries: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def at(self, name: str, site: str, task: str, summary: str) -> np.ndarray:
        """Summary of a window feature over the recording that speaks for a site and task, shape (visits,)."""
        key = (name, summary)
        if key not in self._summaries:
            self._summaries[key] = self._summarised(name, summary)
        return self.by_visit(self._summaries[key], self.chosen(site, task, self.sensors[name]))

    def _summarised(self, name: str, summary: str) -> np.ndarray:
        values = self.values[:, self.names[name]]
        if summary != STRONG:
            return quantile_by(values, self.bounds, QUANTILES[summary])
        strength = self.values[:, self.names[self.strengths[name]]] if name in self.strengths else self.rms
        return strong_median_by(values, strength, self.bounds)

    def by_visit(self, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Scatter one value a recording to the visits, NaN where no recording was chosen."""
        return np.append(values, np.nan)[chosen]

    def chosen(self, site: str, task: str, sensor: str) -> np.ndarray:
        """Return the recording that speaks for a site and task at each visit, -1 for none, shape (visits,).

        It is the one that moves most, so that all features of a group come from one recording.
        """
        key = (site, task, sensor)
        if key not in self._chosen:
            of_site, of_task = np.isin(self.site, sites_of(site)), np.isin(self.task, TASK_CLASSES[task])
            rows = np.flatnonzero(of_site & of_task & (self.sensor == sensor))
            strength = np.where(np.isnan(self.amplitude[rows]), -1.0, self.amplitude[rows])
            # equal strengths go by id, never by order; where a visit comes again, the last assignment stays
            rows = rows[np.lexsort((self.ids[rows], strength))]
            best = np.full(self.visits, -1)
            best[self.visit[rows]] = rows
            self._chosen[key] = best
        return self._chosen[key]

    def view(self, number: int, needs: Sequence[Feature]) -> RecordingView:
        """Return what a recording feature sees of one recording."""
        rows = slice(self.bounds[number], self.bounds[number + 1])
        values = {feature.spec.name: self.values[rows, self.names[feature.spec.name]] for feature in needs}
        return RecordingView(
            self.start_s[rows], float(self.duration_s[number]), float(self.usable_share[number]), values
        )


def measure(
    visits: pd.DataFrame,
    recordings: Sequence[Recording],
    features: Sequence[Feature],
    *,
    map: Callable[..., Iterable[_Chunk]],
    cache: SignalCache | None = None,
) -> Measured:
    """Measure the window features of all recordings that belong to a visit."""
    row_of: dict[tuple[str, str], int] = {}
    if recordings:
        for row, key in enumerate(zip(visits["patient_id"], visits["visit_id"], strict=True)):
            row_of.setdefault(key, row)
    kept = [each for each in recordings if each.sensor in SENSORS and (each.patient_id, each.visit_id) in row_of]
    remaining = iter(kept)
    chunks = iter(lambda: tuple(islice(remaining, CHUNK)), ())
    done = list(map(partial(_measure_chunk, features=tuple(features), cache=cache), chunks))
    done = done or [_measure_chunk((), features, None)]
    bounds = np.append(0, np.cumsum(np.concatenate([chunk.counts for chunk in done])))
    amplitude = np.concatenate([chunk.amplitude for chunk in done])
    return Measured(
        visits=len(visits),
        visit=np.array([row_of[recording.patient_id, recording.visit_id] for recording in kept], dtype=int),
        ids=_ranks([recording.recording_id for recording in kept]),
        site=np.array([recording.body_site for recording in kept], dtype=object),
        task=np.array([recording.task for recording in kept], dtype=object),
        sensor=np.array([recording.sensor for recording in kept], dtype=object),
        amplitude=quantile_by(amplitude, bounds, QUANTILES["median"]),
        names={feature.spec.name: number for number, feature in enumerate(features)},
        sensors={feature.spec.name: feature.spec.sensor for feature in features},
        strengths={each.spec.name: spec_of(each.spec.strength).name for each in features if each.spec.strength},
        bounds=bounds,
        start_s=np.concatenate([chunk.start_s for chunk in done]),
        rms=amplitude,
        values=np.concatenate([chunk.values for chunk in done]),
        duration_s=np.concatenate([chunk.duration_s for chunk in done]),
        usable_share=np.concatenate([chunk.usable_share for chunk in done]),
    )


def _ranks(ids: Sequence[str]) -> np.ndarray:
    """Place of each id in the order of all ids."""
    return np.unique(np.array(ids, dtype=str), return_inverse=True)[1] if ids else np.empty(0, dtype=int)


def quantile_by(values: np.ndarray, bounds: np.ndarray, share: float) -> np.ndarray:
    """Return the quantile of each run of values, interpolated as `numpy.quantile` does; NaN is left out.

    Parameters
    ----------
    values : ndarray, shape (w,)
    bounds : ndarray, shape (r + 1,)
        Where each run begins, and the end.
    share : float
        0.5 for the median.

    Returns
    -------
    ndarray, shape (r,)
        NaN where a run has no value.

    Examples
    --------
    >>> quantile_by(np.array([3.0, 1.0, np.nan, 5.0]), np.array([0, 3, 4, 4]), 0.5).tolist()
    [2.0, 5.0, nan]
    """
    run = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    # NaN sorts to the end of its run
    ordered = np.append(values[np.lexsort((values, run))], np.nan)
    known = np.bincount(run[~np.isnan(values)], minlength=len(bounds) - 1)
    position = share * np.maximum(known - 1, 0)
    whole = np.floor(position).astype(int)
    part = position - whole
    low = np.where(known > 0, bounds[:-1] + whole, len(values))
    high = np.where(part > 0, low + 1, low)
    # an end that has no weight must not make a NaN of an infinite difference
    return ordered[low] * (1 - part) + ordered[high] * part


def strong_median_by(values: np.ndarray, strength: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Return the median of each run of values, weighted by the square of their strength; NaN is left out.

    Parameters
    ----------
    values, strength : ndarray, shape (w,)
    bounds : ndarray, shape (r + 1,)
        Where each run begins, and the end.

    Returns
    -------
    ndarray, shape (r,)
        The lowest value at which half of the weight is reached; NaN where no value has weight.

    Examples
    --------
    >>> strong_median_by(np.array([9.0, 4.0, 5.0]), np.array([0.1, 2.0, 2.5]), np.array([0, 3, 3])).tolist()
    [5.0, nan]
    """
    medians = np.full(len(bounds) - 1, np.nan)
    weights = np.where(np.isnan(values) | np.isnan(strength), 0.0, strength) ** 2
    for run, (begin, end) in enumerate(pairwise(bounds)):
        order = begin + np.argsort(values[begin:end], kind="stable")
        reached = np.cumsum(weights[order])
        if len(reached) and reached[-1] > 0:
            medians[run] = values[order[np.searchsorted(reached, reached[-1] / 2)]]
    return medians


def visit_values(measured: Measured, feature: Feature) -> np.ndarray:
    """Return a window, recording or visit feature's columns, shape (visits, columns)."""
    spec = feature.spec
    if spec.level == "visit":
        view = VisitsView(measured, frozenset(needed.spec.name for needed in spec.needs))
        return np.asarray(feature(view), dtype=float).reshape(measured.visits, len(spec.columns))
    if spec.level == "window":
        columns = [measured.at(spec.name, place.site, place.task, place.summary) for place in spec.places]
    else:
        columns = _recording_columns(measured, feature, spec.places)
    return np.stack(columns, axis=1)


def _recording_columns(measured: Measured, feature: Feature, places: Sequence[Place]) -> list[np.ndarray]:
    spec = feature.spec
    chosen = [measured.chosen(place.site, place.task, spec.sensor) for place in places]
    values = np.full(len(measured.visit), np.nan)
    for number in np.unique(np.concatenate(chosen)):
        if number >= 0 and measured.duration_s[number] >= _ALMOST * spec.min_s:
            values[number] = feature(measured.view(number, spec.needs))
    return [measured.by_visit(values, each) for each in chosen]
