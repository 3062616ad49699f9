"""How each kind of figure is drawn, on axes that are given, from numbers alone; the report and `displays` share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipeline.report.names import drawable

INK, ACCENT, FAINT = "#1d2733", "#1f5a94", "#8a939c"
"""Text, marks, and what stands behind them; the page swaps the first two where it is dark."""

STYLE: dict[Any, Any] = {  # matplotlib types the keys as a long literal
    "text.parse_math": False,  # a label with dollar signs is a label
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
WIDE = 4.8
"""Inches of a figure."""
MOST_MISSING = 20

_ROW = 0.26
_AROUND = 1.1
_SHORT = 23
"""Letters of a name on both sides of a figure."""
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def height_of_rows(rows: int) -> float:
    """Return the inches that so many lines or bars below each other take, with their axis."""
    return _AROUND + _ROW * rows


def calibration(axes: Axes, points: Sequence[Mapping[str, float]], what: str) -> None:
    """Draw observed shares against predictions, with their intervals, on axes that are stretched near 0."""
    end = min(1.0, 1.15 * max((max(p["predicted"], p["high"]) for p in points), default=1.0))
    axes.plot([0.0, end], [0.0, end], color=FAINT, linewidth=1.0)
    for point in points:
        axes.plot([point["predicted"]] * 2, [point["low"], point["high"]], color=ACCENT, linewidth=1.5)
    if points:
        axes.scatter([p["predicted"] for p in points], [p["observed"] for p in points], color=ACCENT, zorder=2)
    else:
        _note(axes)
    for set_scale in (axes.set_xscale, axes.set_yscale):
        set_scale("function", functions=(_root, np.square))
    ticks = [tick for tick in _TICKS if tick <= end]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set(xlim=(0.0, end), ylim=(0.0, end), xlabel=what, ylabel="observed share")


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0.0))


def height_of_intervals(scores: Mapping[str, Any]) -> float:
    """Return the inches of `intervals`."""
    return height_of_rows(max(len(_with_value(scores)), 1))


def intervals(axes: Axes, scores: Mapping[str, Any], what: str, *, right: float, to: float | None = None) -> None:
    """Draw one line a name: the value with its interval, beside the value that says nothing, or that is right.

    Names of which no value may be told are left out.
    """
    axes.axvline(right, color=FAINT, linewidth=1.0)
    shown = _with_value(scores)
    for row, score in enumerate(shown.values()):
        axes.plot([score["value"]], [row], "o", color=ACCENT, clip_on=False)
        if score["low"] is not None:
            axes.plot([score["low"], score["high"]], [row, row], color=ACCENT, linewidth=1.5, clip_on=False)
    if not shown:
        _note(axes)
    axes.set_yticks(range(len(shown)), [drawable(name) for name in shown])
    axes.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    axes.set_xlim(left=0.0, right=to)
    axes.set_xlabel(what)


def _with_value(scores: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    every = scores.items()
    return {name: score for name, score in every if isinstance(score, Mapping) and score["value"] is not None}


def height_of_confusion(rows: Mapping[str, Any]) -> float:
    """Return the inches of a `confusion`."""
    return 2.6 + _ROW * max(len(_told(rows)), 1)


def confusion(axes: Axes, rows: Mapping[str, Any], column: str) -> None:
    """Draw a square a cell; its darkness is the share of the row, a dot what may not be told."""
    shown = _told(rows)
    taken = list(shown) + _others(shown)
    for row, found in enumerate(shown.values()):
        for label, count in found["taken_for"].items():
            _square(axes, taken.index(label), row, count, found["people"])
    if not shown:
        _note(axes)
    axes.set(xlim=(0, max(len(taken), 1)), ylim=(max(len(shown), 1), 0))
    axes.set_yticks(np.arange(len(shown)) + 0.5, [drawable(each, _SHORT) for each in shown])
    axes.set_xticks(np.arange(len(taken)) + 0.5, [drawable(each, _SHORT) for each in taken], rotation=90)
    axes.tick_params(length=0)
    axes.set(xlabel=f"most probable {drawable(column)}", ylabel="recorded")


def _told(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {label: found for label, found in rows.items() if found["taken_for"]}


def _others(rows: Mapping[str, Any]) -> list[str]:
    """Return the labels that some row is taken for and that are no row themselves."""
    taken = [label for found in rows.values() for label in found["taken_for"]]
    return sorted({label for label in taken if label not in rows})


def _square(axes: Axes, x: int, y: int, count: int | str, people: int) -> None:
    if isinstance(count, str):
        axes.plot([x + 0.5], [y + 0.5], ".", color=FAINT, markersize=3.0)
    else:
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=ACCENT, alpha=count / people, linewidth=0))


def net_benefit(axes: Axes, points: Sequence[Mapping[str, Any]], title: str) -> None:
    """Draw the net benefit of a model with its interval, beside acting on all, on nobody, and a simple comparator."""
    axes.axhline(0.0, color=FAINT, linewidth=1.0)
    if points:
        at = [point["threshold"] for point in points]
        axes.plot(at, [point["all"] for point in points], "--", color=FAINT, linewidth=1.2)
        low, high = ([point[end] for point in points] for end in ("low", "high"))
        axes.fill_between(at, low, high, color=ACCENT, alpha=0.2, linewidth=0)
        axes.plot(at, [point["value"] for point in points], "o-", color=ACCENT, markersize=4.0, clip_on=False)
        simple = [np.nan if point.get("simple") is None else point["simple"] for point in points]
        axes.plot(at, simple, ":", color=INK, linewidth=1.5)
        top = max([*high, *(point["all"] for point in points), 0.01])
        axes.set_ylim(-0.25 * top, 1.1 * top)
    else:
        _note(axes)
    axes.set(xlim=(0.0, 1.0), title=drawable(title), ylabel="net benefit")


def set_sizes(axes: Axes, sizes: Mapping[str, int | str], column: str) -> None:
    """Draw how many people have so many labels in their set."""
    told = {int(size): count for size, count in sizes.items() if not isinstance(count, str)}
    if told:
        axes.bar(list(told), list(told.values()), color=ACCENT, width=0.7)
        axes.set_xticks(range(1, max(map(int, sizes)) + 1))
    else:
        _note(axes)
    axes.set(xlabel=f"labels of {drawable(column)} in the set", ylabel="people")


def answered(axes: Axes, points: Sequence[Mapping[str, float]], column: str) -> None:
    """Draw the share of right answers against the share of people who are answered, the surest first."""
    if points:
        at = [point["answered"] for point in points]
        axes.axhline(points[-1]["right"], color=FAINT, linewidth=1.0)
        low, high = ([point[end] for point in points] for end in ("low", "high"))
        axes.fill_between(at, low, high, color=ACCENT, alpha=0.2, linewidth=0)
        axes.plot(at, [point["right"] for point in points], "o-", color=ACCENT, markersize=4.0, clip_on=False)
    else:
        _note(axes)
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), title=drawable(column), ylabel="right answers")


def bars(axes: Axes, values: Mapping[str, float], what: str, *, to: float | None = None, title: str = "") -> None:
    """Draw one bar a name, the first on top."""
    axes.barh(range(len(values)), list(values.values()), color=ACCENT, height=0.7)
    axes.set_yticks(range(len(values)), [drawable(name) for name in values])
    axes.set_ylim(len(values) - 0.4, -0.6)
    axes.set(xlim=(0.0, to), title=drawable(title, _SHORT), xlabel=what)


def most_missing(missing: Mapping[str, Any]) -> dict[str, float]:
    """Return the shares of those items that are missing most often, the largest first."""
    most = sorted(missing, key=lambda name: -missing[name]["share"])[:MOST_MISSING]
    return {name: missing[name]["share"] for name in most}


def _note(axes: Axes) -> None:
    axes.text(0.5, 0.5, "too few people to show", ha="center", va="center", transform=axes.transAxes)
