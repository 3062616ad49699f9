"""The figures of a report, drawn from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.report.names import drawable

INK, ACCENT, FAINT = "#1d2733", "#1f5a94", "#8a939c"
"""Text, marks, and what stands behind them; the page swaps the first two where it is dark."""

_STYLE: dict[Any, Any] = {  # matplotlib types the keys as a long literal
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
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_WIDE = 4.8
_ROW = 0.26
_SHORT = 23
"""Letters of a name on both sides of a figure."""
_TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
_MOST_MISSING = 20
_OF_ALL = {"accuracy": "accuracy", "observed_over_expected": "observed events per expected event"}
"""The score of which subgroups are drawn, with its name."""


def figures_of(report: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw all figures of a report.

    Parameters
    ----------
    report : mapping
        As in ``report.json``.

    Returns
    -------
    dict
        ``TARGET-calibration`` and so on to figure; those of the whole cohort, such as ``missing``, have no target.
    """
    of_targets = {
        f"{name}-{kind}": figure
        for name, target in report["targets"].items()
        for kind, figure in target_figures(target).items()
    }
    return of_targets | cohort_figures(report)


def cohort_figures(report: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw the figures of the cohort as a whole; none where nothing is missing."""
    with mpl.rc_context(_STYLE):
        return {"missing": _missing(report["missing"])} if report["missing"] else {}


def target_figures(target: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw the figures of one target; which there are depends on what it is.

    Examples
    --------
    >>> sorted(target_figures({"scores": {}, "calibration": {"of": "5y", "points": []}}))
    ['calibration']
    """
    with mpl.rc_context(_STYLE):
        return dict(_drawn(target))


def by_horizon(target: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the scores of each horizon, if the target is the time to an event."""
    scores = target["scores"].items()
    return {name: score for name, score in scores if isinstance(score, Mapping) and "observed_over_expected" in score}


def _drawn(target: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    horizons = by_horizon(target)
    if "calibration" in target:
        yield "calibration", _calibration(target["calibration"], is_risk=bool(horizons))
    if horizons:
        ratios = {name: score["observed_over_expected"] for name, score in horizons.items()}
        yield "observed_over_expected", _intervals(ratios, "observed events per expected event", right=1.0)
    aucs = {name: score["auc"] for name, score in horizons.items() if "auc" in score}
    if aucs:
        yield "auc", _intervals(aucs, "AUC by the horizon", right=0.5, to=1.0)
    if "one_against_rest" in target:
        yield "one_against_rest", _intervals(target["one_against_rest"], "AUC against all others", right=0.5, to=1.0)
    if target.get("confusion"):
        yield "confusion", _confusion(target["confusion"])
    if any(curve["points"] for curve in target.get("decisions", {}).values()):
        yield "decisions", _decisions(target["decisions"])
    if "sets" in target:
        yield "sets", _sizes(target["sets"])
    if any(found["parts"] for found in target.get("reasons", {}).values()):
        yield "reasons", _reasons(target["reasons"])
    parted = _parted(target)
    if parted:
        yield "subgroups", _intervals(parted[1], _OF_ALL[parted[0]], right=parted[2])


def _parted(target: Mapping[str, Any]) -> tuple[str, dict[str, Any], float] | None:
    """Return the score that subgroups are compared by, with it in each of them, and of all; None if there is none."""
    scores = next(reversed(by_horizon(target).values()), target["scores"])
    name = next((each for each in _OF_ALL if each in scores), "")
    parts = {
        part: found["scores"][name]
        for parted in target.get("subgroups", {}).values()
        for part, found in parted.items()
        if name in found["scores"]
    }
    return (name, parts, scores[name]["value"]) if parts else None


def largest_gap(target: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return between which two parts of the people the drawn score of subgroups differs most."""
    drawn = _parted(target)
    if drawn is None:
        return None
    gaps = []
    for by, parts in target["subgroups"].items():
        values = [(found["scores"][drawn[0]]["value"], part) for part, found in parts.items() if found["scores"]]
        if len(values) > 1:
            (low, least), (high, most) = min(values), max(values)
            gaps.append({"of": drawn[0], "by": by, "low": (least, low), "high": (most, high)})
    return max(gaps, key=lambda gap: gap["high"][1] - gap["low"][1], default=None)


def _calibration(found: Mapping[str, Any], *, is_risk: bool) -> Figure:
    figure, axes = _empty(_WIDE, 4.2)
    points = found["points"]
    end = min(1.0, 1.15 * max((max(p["predicted"], p["high"]) for p in points), default=1.0))
    axes.plot([0.0, end], [0.0, end], color=FAINT, linewidth=1.0)
    for point in points:
        axes.plot([point["predicted"]] * 2, [point["low"], point["high"]], color=ACCENT, linewidth=1.5)
    if points:
        axes.scatter([p["predicted"] for p in points], [p["observed"] for p in points], color=ACCENT, zorder=2)
    else:
        _note(axes)
    of = f" of {drawable(found['of'])}" if found["of"] and not is_risk else ""
    what = f"predicted risk within {drawable(found['of'])}" if is_risk else f"predicted probability{of}"
    for set_scale in (axes.set_xscale, axes.set_yscale):
        set_scale("function", functions=(_root, np.square))
    ticks = [tick for tick in _TICKS if tick <= end]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set(xlim=(0.0, end), ylim=(0.0, end), xlabel=what, ylabel="observed share")
    return figure


def _root(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(values, 0.0))


def _intervals(scores: Mapping[str, Any], what: str, *, right: float, to: float | None = None) -> Figure:
    """Draw one line a name: the value with its interval, beside the value that says nothing, or that is right."""
    figure, axes = _empty(_WIDE, 1.1 + _ROW * len(scores))
    axes.axvline(right, color=FAINT, linewidth=1.0)
    shown = 0
    for row, score in enumerate(scores.values()):
        if isinstance(score, Mapping) and score["value"] is not None:
            shown += 1
            axes.plot([score["value"]], [row], "o", color=ACCENT, clip_on=False)
            if score["low"] is not None:
                axes.plot([score["low"], score["high"]], [row, row], color=ACCENT, linewidth=1.5, clip_on=False)
    if not shown:
        _note(axes)
    axes.set_yticks(range(len(scores)), [drawable(name) for name in scores])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_xlim(left=0.0, right=to)
    axes.set_xlabel(what)
    return figure


def _confusion(columns: Mapping[str, Any]) -> Figure:
    """Draw a square a cell; its darkness is the share of the row."""
    shown = {
        name: {label: found for label, found in rows.items() if found["taken_for"]} for name, rows in columns.items()
    }
    names = {name: list(rows) + _others(rows) for name, rows in shown.items()}
    heights = [2.6 + _ROW * max(len(rows), 1) for rows in shown.values()]
    figure = Figure(figsize=(_WIDE, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(shown), 1, height_ratios=heights)
    for place, (name, rows) in enumerate(shown.items()):
        axes = figure.add_subplot(grid[place])
        taken = names[name]
        for row, found in enumerate(rows.values()):
            for label, count in found["taken_for"].items():
                _square(axes, taken.index(label), row, count, found["people"])
        if not rows:
            _note(axes)
        axes.set(xlim=(0, max(len(taken), 1)), ylim=(max(len(rows), 1), 0))
        axes.set_yticks(np.arange(len(rows)) + 0.5, [drawable(each, _SHORT) for each in rows])
        axes.set_xticks(np.arange(len(taken)) + 0.5, [drawable(each, _SHORT) for each in taken], rotation=90)
        axes.tick_params(length=0)
        axes.set(xlabel=f"most probable {drawable(name)}", ylabel="recorded")
    return figure


def _others(rows: Mapping[str, Any]) -> list[str]:
    """Return the labels that some row is taken for and that are no row themselves."""
    taken = [label for found in rows.values() for label in found["taken_for"]]
    return sorted({label for label in taken if label not in rows})


def _square(axes: Axes, x: int, y: int, count: int | str, people: int) -> None:
    if isinstance(count, str):
        axes.plot([x + 0.5], [y + 0.5], ".", color=FAINT, markersize=3.0)
    else:
        axes.add_patch(Rectangle((x, y), 1, 1, facecolor=ACCENT, alpha=count / people, linewidth=0))


def _decisions(curves: Mapping[str, Any]) -> Figure:
    shown = {name: curve["points"] for name, curve in curves.items() if curve["points"]}
    figure = Figure(figsize=(_WIDE, 2.4 * len(shown)), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (name, points) in enumerate(shown.items()):
        axes = figure.add_subplot(len(shown), 1, place + 1)
        at = [point["threshold"] for point in points]
        axes.axhline(0.0, color=FAINT, linewidth=1.0)
        axes.plot(at, [point["all"] for point in points], "--", color=FAINT, linewidth=1.2)
        low, high = ([point[end] for point in points] for end in ("low", "high"))
        axes.fill_between(at, low, high, color=ACCENT, alpha=0.2, linewidth=0)
        axes.plot(at, [point["value"] for point in points], "o-", color=ACCENT, markersize=4.0, clip_on=False)
        simple = [np.nan if point.get("simple") is None else point["simple"] for point in points]
        axes.plot(at, simple, ":", color=INK, linewidth=1.5)
        top = max([*high, *(point["all"] for point in points), 0.01])
        axes.set(xlim=(0.0, 1.0), ylim=(-0.25 * top, 1.1 * top), title=drawable(name), ylabel="net benefit")
        if place == len(shown) - 1:
            axes.set_xlabel("probability from which one acts")
    return figure


def _sizes(sets: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(_WIDE, 2.6 * len(sets)), layout="constrained")
    FigureCanvasAgg(figure)
    for place, (name, found) in enumerate(sets.items()):
        axes = figure.add_subplot(len(sets), 1, place + 1)
        told = {int(size): count for size, count in found["sizes"].items() if not isinstance(count, str)}
        if told:
            axes.bar(list(told), list(told.values()), color=ACCENT, width=0.7)
            axes.set_xticks(range(1, max(map(int, found["sizes"])) + 1))
        else:
            _note(axes)
        axes.set(xlabel=f"labels of {drawable(name)} in the set", ylabel="people")
    return figure


def _reasons(reasons: Mapping[str, Any]) -> Figure:
    shown = {name: found["parts"] for name, found in reasons.items() if found["parts"]}
    heights = [1.1 + _ROW * len(parts) for parts in shown.values()]
    figure = Figure(figsize=(_WIDE, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(shown), 1, height_ratios=heights)
    for place, (name, parts) in enumerate(shown.items()):
        axes = figure.add_subplot(grid[place])
        axes.barh(range(len(parts)), list(parts.values()), color=ACCENT, height=0.7)
        axes.set_yticks(range(len(parts)), [drawable(part) for part in parts])
        axes.set_ylim(len(parts) - 0.4, -0.6)
        axes.set(xlim=(0.0, None), title=drawable(name, _SHORT), xlabel="change of the log-odds")
    return figure


def _missing(missing: Mapping[str, Any]) -> Figure:
    most = sorted(missing, key=lambda name: -missing[name]["share"])[:_MOST_MISSING]
    figure, axes = _empty(_WIDE, 1.1 + _ROW * len(most))
    axes.barh(range(len(most)), [missing[name]["share"] for name in most], color=ACCENT, height=0.7)
    axes.set_yticks(range(len(most)), [drawable(name) for name in most])
    axes.set_ylim(len(most) - 0.4, -0.6)
    axes.set(xlim=(0.0, 1.0), xlabel="share of visits without it")
    return figure


def _empty(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _note(axes: Axes) -> None:
    axes.text(0.5, 0.5, "too few people to show", ha="center", va="center", transform=axes.transAxes)
