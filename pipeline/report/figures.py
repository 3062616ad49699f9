"""The figures of a report, drawn from its numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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


def figures_of(report: Mapping[str, Any]) -> dict[str, Figure]:
    """Draw all figures of a report.

    Parameters
    ----------
    report : mapping
        As in ``report.json``.

    Returns
    -------
    dict
        ``TARGET-calibration`` and so on to figure.
    """
    return {
        f"{name}-{kind}": figure
        for name, target in report["targets"].items()
        for kind, figure in target_figures(target).items()
    }


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
    if "calibration" in target:
        yield "calibration", _calibration(target["calibration"], is_risk=bool(by_horizon(target)))
    if by_horizon(target):
        ratios = {name: score["observed_over_expected"] for name, score in by_horizon(target).items()}
        yield "observed_over_expected", _intervals(ratios, "observed events per expected event", right=1.0)
    if "one_against_rest" in target:
        yield "one_against_rest", _intervals(target["one_against_rest"], "AUC against all others", right=0.5, to=1.0)
    if "sets" in target:
        yield "sets", _sizes(target["sets"])


def _calibration(found: Mapping[str, Any], *, is_risk: bool) -> Figure:
    figure, axes = _empty(_WIDE, 4.2)
    axes.plot([0.0, 1.0], [0.0, 1.0], color=FAINT, linewidth=1.0)
    points = found["points"]
    for point in points:
        axes.plot([point["predicted"]] * 2, [point["low"], point["high"]], color=ACCENT, linewidth=1.5)
    if points:
        axes.scatter([p["predicted"] for p in points], [p["observed"] for p in points], color=ACCENT, zorder=2)
    else:
        _note(axes)
    of = f" of {drawable(found['of'])}" if found["of"] and not is_risk else ""
    what = f"predicted risk within {drawable(found['of'])}" if is_risk else f"predicted probability{of}"
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=what, ylabel="observed share", aspect="equal")
    return figure


def _intervals(scores: Mapping[str, Any], what: str, *, right: float, to: float | None = None) -> Figure:
    """Draw one line a name: the value with its interval, beside the value that says nothing, or that is right."""
    figure, axes = _empty(_WIDE, 1.1 + _ROW * len(scores))
    axes.axvline(right, color=FAINT, linewidth=1.0)
    shown = 0
    for row, score in enumerate(scores.values()):
        if isinstance(score, Mapping) and score["value"] is not None:
            shown += 1
            axes.plot([score["value"]], [row], "o", color=ACCENT)
            if score["low"] is not None:
                axes.plot([score["low"], score["high"]], [row, row], color=ACCENT, linewidth=1.5)
    if not shown:
        _note(axes)
    axes.set_yticks(range(len(scores)), [drawable(name) for name in scores])
    axes.set_ylim(len(scores) - 0.4, -0.6)
    axes.set_xlim(left=0.0, right=to)
    axes.set_xlabel(what)
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


def _empty(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _note(axes: Axes) -> None:
    axes.text(0.5, 0.5, "too few people to show", ha="center", va="center", transform=axes.transAxes)
