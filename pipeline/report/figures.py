"""The figures of a report, drawn from its numbers alone: which there are, and what stands below what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.report import drawing
from pipeline.report.names import drawable

_STYLE: dict[Any, Any] = drawing.STYLE | {"figure.facecolor": "none", "axes.facecolor": "none"}
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
    if not report["missing"]:
        return {}
    with mpl.rc_context(_STYLE):
        most = drawing.most_missing(report["missing"])
        figure, (axes,) = _stacked([drawing.height_of_rows(len(most))])
        drawing.bars(axes, most, "share of visits without it", to=1.0)
        return {"missing": figure}


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
        figure, (axes,) = _stacked([4.2])
        found = target["calibration"]
        drawing.calibration(axes, found["points"], predicted_of(found, is_risk=bool(horizons)))
        yield "calibration", figure
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
    if any(found["points"] for found in target.get("answered", {}).values()):
        yield "answered", _answered(target["answered"])
    if any(found["parts"] for found in target.get("reasons", {}).values()):
        yield "reasons", _reasons(target["reasons"])
    parted = _parted(target)
    if parted:
        yield "subgroups", _intervals(parted[1], _OF_ALL[parted[0]], right=parted[2])


def predicted_of(found: Mapping[str, Any], *, is_risk: bool) -> str:
    """Return what stands below the predictions of a calibration."""
    of = drawable(found["of"]) if found["of"] else ""
    if is_risk:
        return f"predicted risk within {of}"
    return f"predicted probability of {of}" if of else "predicted probability"


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


def _intervals(scores: Mapping[str, Any], what: str, *, right: float, to: float | None = None) -> Figure:
    figure, (axes,) = _stacked([drawing.height_of_intervals(scores)])
    drawing.intervals(axes, scores, what, right=right, to=to)
    return figure


def _confusion(columns: Mapping[str, Any]) -> Figure:
    figure, every = _stacked([drawing.height_of_confusion(rows) for rows in columns.values()])
    for axes, (name, rows) in zip(every, columns.items(), strict=True):
        drawing.confusion(axes, rows, name)
    return figure


def _decisions(curves: Mapping[str, Any]) -> Figure:
    shown = {name: curve["points"] for name, curve in curves.items() if curve["points"]}
    figure, every = _stacked([2.4] * len(shown))
    for axes, (name, points) in zip(every, shown.items(), strict=True):
        drawing.net_benefit(axes, points, name)
    every[-1].set_xlabel("probability from which one acts")
    return figure


def _sizes(sets: Mapping[str, Any]) -> Figure:
    figure, every = _stacked([2.6] * len(sets))
    for axes, (name, found) in zip(every, sets.items(), strict=True):
        drawing.set_sizes(axes, found["sizes"], name)
    return figure


def _answered(columns: Mapping[str, Any]) -> Figure:
    figure, every = _stacked([2.4] * len(columns))
    for axes, (name, found) in zip(every, columns.items(), strict=True):
        drawing.answered(axes, found["points"], name)
    every[-1].set_xlabel("share of people who are answered")
    return figure


def _reasons(reasons: Mapping[str, Any]) -> Figure:
    shown = {name: found["parts"] for name, found in reasons.items() if found["parts"]}
    figure, every = _stacked([drawing.height_of_rows(len(parts)) for parts in shown.values()])
    for axes, (name, parts) in zip(every, shown.items(), strict=True):
        drawing.bars(axes, parts, "change of the log-odds", title=name)
    return figure


def _stacked(heights: Sequence[float]) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes below each other, of so many inches each."""
    figure = Figure(figsize=(drawing.WIDE, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    return figure, [figure.add_subplot(place) for place in grid]
