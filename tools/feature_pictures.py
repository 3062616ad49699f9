"""Pictures of features for the documentation: a window with a low and one with a high value, of the fixed probes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import numpy as np

from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import measure_windows
from pipeline.features.probes import probe_cohort
from pipeline.features.signal import Signal
from pipeline.features.spec import Feature
from pipeline.features.windows import Cut, cuts

_WIDTH, _HEIGHT, _POINTS = 160, 40, 200


def sensor_rows() -> Iterator[tuple[str, ...]]:
    """Give each feature of recordings: name and unit, meaning and formula, source, pictures."""
    for feature in CATALOGUE:
        spec = feature.spec
        if spec.level == "record":
            continue
        said = " ".join(line.strip() for line in (feature.__doc__ or "").split("Examples\n")[0].splitlines())
        said = re.sub(r"(Formula:|Differs from [^:]{1,20}:)", r"<br>*\1*", said.strip())
        picture = _pictures(feature) if spec.level == "window" else ""
        yield f"`{spec.name}`", said, f"{spec.source}", str(spec.sensor), picture


def _pictures(feature: Feature) -> str:
    """Draw the windows at the tenth and the ninetieth percentile of the feature."""
    shown = []
    signals = _windows()[feature.spec.sensor]
    values = np.concatenate([measure_windows([feature], signal)[:, 0] for signal in signals])
    courses = [course for signal in signals for course in _courses(feature, signal)]
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    for word, share in (("low", 0.1), ("high", 0.9)):
        chosen = order[round(share * (len(order) - 1))]
        shown.append(f"{word}, {values[chosen]:.3g}<br>{_drawn(courses[chosen])}")
    return "<br>".join(shown)


def _courses(feature: Feature, signal: Signal) -> np.ndarray:
    """Return what is drawn of each window, shape (windows, lines, samples).

    Muscles; a pen's height on the page, or its pressure; of all else the strongest swing.
    """
    read = feature.spec.channels
    shown = {"emg": read, "pen": read[-1:]}.get(feature.spec.sensor)
    return signal.only(*shown).movement if shown else signal.swing[:, None]


def _drawn(courses: np.ndarray) -> str:
    """Draw each course as a small line, one below the other, the whole window wide."""
    return "<br>".join(map(_line, courses))


def _line(course: np.ndarray) -> str:
    pieces = np.array_split(course, _POINTS // 2)
    # the least and the largest of a few samples, so that no burst falls between two points
    kept = np.array([[piece.min(), piece.max()] for piece in pieces]).ravel()
    if len(course) < 2 * _POINTS:
        kept = course[np.linspace(0, len(course) - 1, _POINTS).astype(int)]
    size = np.abs(kept).max() or 1.0
    across = np.linspace(1, _WIDTH - 1, len(kept))
    points = " ".join(
        f"{x:.0f},{y:.1f}" for x, y in zip(across, (_HEIGHT - 2) * (0.5 - 0.5 * kept / size) + 1, strict=True)
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="one window">'
        f'<polyline points="{points}" fill="none" stroke="currentColor"/></svg>'
    )


@cache
def _windows() -> dict[str, list[Signal]]:
    """Cut the probes' recordings into windows, by sensor."""
    alike: dict[tuple[str, tuple[str, ...], int], list[Cut]] = defaultdict(list)
    for recording in probe_cohort().recordings:
        for found in cuts(recording):
            if len(found.begins):
                alike[recording.sensor, found.channels, found.samples].append(found)
    by_sensor: dict[str, list[Signal]] = defaultdict(list)
    for (sensor, channels, samples), stretches in alike.items():
        values = [each.values[:, begin : begin + samples] for each in stretches for begin in each.begins]
        by_sensor[sensor].append(Signal(np.stack(values), np.concatenate([each.fs for each in stretches]), channels))
    return by_sensor
