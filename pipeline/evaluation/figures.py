"""Figures of calibration that give no patient away."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.evaluation.events import turnbull

LEAST_CELL = 5
"""A point is drawn only if neither kind of outcome in it has 1 to 4 people."""

_PERIODS = 20
"""Periods up to the horizon, over which an observed share is smoothed."""


def reliability_figure(probabilities: np.ndarray, outcomes: np.ndarray, *, bins: int = 10, title: str = "") -> Figure:
    """Draw the observed share against the predicted probability.

    Parameters
    ----------
    probabilities : array-like, shape (n,)
        Of the outcome.
    outcomes : array-like of bool, shape (n,)
    bins : int
        Groups of like size, by probability; neighbours are joined until no cell is small.
    title : str

    Returns
    -------
    Figure
        One point a group; an empty square, and a note, if no group can be shown.

    Examples
    --------
    >>> figure = reliability_figure(np.linspace(0.1, 0.9, 100), np.arange(100) % 2 == 0)
    >>> len(figure.axes[0].collections[0].get_offsets())
    10
    """
    probabilities, outcomes = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes).astype(bool)
    groups = safe_groups(probabilities, outcomes, bins)
    points = [(probabilities[rows].mean(), outcomes[rows].mean()) for rows in groups]
    return _calibration_figure(points, "predicted probability", "observed share", title)


def risk_calibration_figure(
    risk: np.ndarray, left: np.ndarray, right: np.ndarray, horizon: float, *, bins: int = 5, title: str = ""
) -> Figure:
    """Draw the observed share with the event by the horizon, a Turnbull estimate, against the predicted risk.

    Parameters
    ----------
    risk : array-like, shape (n,)
        Of the event by the horizon.
    left, right : array-like, shape (n,)
        Years: the event lies in ``(left, right]``; infinity if none was seen.
    horizon : float
        Years.
    bins : int
        Groups of like size, by risk; neighbours are joined until no cell is small; the outcome that counts there is
        whether an event was seen at any time.
    title : str

    Returns
    -------
    Figure
    """
    risk = np.asarray(risk, dtype=np.float64)
    left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    groups = safe_groups(risk, np.isfinite(right), bins)
    times = np.array([horizon])
    period = horizon / _PERIODS
    free = [turnbull(left[rows], right[rows], times, period=period, smoothed=True)[0] for rows in groups]
    points = [(risk[rows].mean(), 1.0 - share) for rows, share in zip(groups, free, strict=True)]
    return _calibration_figure(points, f"predicted risk by {horizon:g} years", "observed share (Turnbull)", title)


def safe_groups(score: np.ndarray, outcomes: np.ndarray, bins: int) -> list[np.ndarray]:
    """Cut rows into groups of like size by score, joined to neighbours until no cell has 1 to 4 people.

    Parameters
    ----------
    score : ndarray, shape (n,)
    outcomes : ndarray of bool, shape (n,)
    bins : int

    Returns
    -------
    list of ndarray of int
        Row positions, ascending by score. In each group, people with the outcome number 0 or at least `LEAST_CELL`, and
        so do people without. All rows are in a group, so that none follows from a total; the list is empty if even all
        rows together have a small cell.
    """
    order = np.argsort(score, kind="stable")
    groups: list[np.ndarray] = []
    pending = np.zeros(0, dtype=np.int64)
    for piece in np.array_split(order, min(bins, max(len(order), 1))):
        pending = np.concatenate([pending, piece])
        if _is_safe(outcomes[pending]):
            groups.append(pending)
            pending = pending[:0]
    # what is left over joins the groups before it; whole groups of safe cells stay safe when joined
    while pending.size and not _is_safe(outcomes[pending]) and groups:
        pending = np.concatenate([groups.pop(), pending])
    if pending.size and _is_safe(outcomes[pending]):
        groups.append(pending)
    return groups


def _is_safe(outcomes: np.ndarray) -> bool:
    with_ = int(outcomes.sum())
    cells = (with_, outcomes.size - with_)
    return outcomes.size >= LEAST_CELL and all(cell == 0 or cell >= LEAST_CELL for cell in cells)


def _calibration_figure(points: list[tuple[float, float]], x_label: str, y_label: str, title: str) -> Figure:
    figure = Figure(figsize=(4.5, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes: Axes = figure.add_subplot()
    axes.plot([0.0, 1.0], [0.0, 1.0], color="0.7", linewidth=1.0)
    if points:
        axes.scatter(*np.array(points).T, color="#1f5a94", zorder=2)
    else:
        axes.text(0.5, 0.5, "too few people to show", ha="center", va="center")
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xlabel=x_label, ylabel=y_label, title=title, aspect="equal")
    return figure
