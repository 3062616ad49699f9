"""The vocabulary of the plan: what is computed from a table of patients, with its standard error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import curve_fit
from scipy.stats import gaussian_kde

from .plan import Measurement


class Found(NamedTuple):
    """A statistic, its standard error, the number of patients, and their sd where the statistic is a mean."""

    value: float
    error: float
    n: int
    sd: float = float("nan")


_NOBODY = Found(float("nan"), float("nan"), 0)


def measure(table: pd.DataFrame, asked: Measurement) -> Found:
    """Compute what is asked of a population; NaN, and so a failure, if it has no patient."""
    chosen = narrowed(table, asked.where)
    if not len(chosen):
        return _NOBODY
    if asked.statistic == "hazard_ratio":
        return _hazard_ratio(chosen, asked)
    columns = [column_of(chosen, expression).astype(float) for expression in asked.of]
    kept = np.isfinite(np.array(columns)).all(axis=0)
    columns = [column[kept] for column in columns]
    if not kept.any():
        return _NOBODY
    if asked.statistic == "quantile":
        return _quantile(columns[0], asked.at)
    return _STATISTICS[asked.statistic](*columns)


def narrowed(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return the patients for whom a condition holds; all of them without one."""
    return table[column_of(table, where).astype(bool)] if where else table


def column_of(table: pd.DataFrame, expression: str) -> np.ndarray:
    """Compute an expression for each patient; ``@inf`` stands for never."""
    return np.asarray(table.eval(expression, local_dict={"inf": np.inf}, engine="python"))


def _share(holds: np.ndarray) -> Found:
    # one patient more of each kind, so that a share of nobody has an error too
    smooth = (holds.sum() + 1) / (len(holds) + 2)
    return Found(holds.mean(), np.sqrt(smooth * (1 - smooth) / len(holds)), len(holds))


def _mean(column: np.ndarray) -> Found:
    if len(column) < 2:
        return Found(column.mean(), float("inf"), len(column))
    sd = column.std(ddof=1)
    return Found(column.mean(), sd / np.sqrt(len(column)), len(column), sd)


def _quantile(column: np.ndarray, at: float) -> Found:
    """Quantile with the standard error of its order statistics."""
    off = np.sqrt(at * (1 - at) / len(column))
    low, value, high = np.quantile(column, [max(at - off, 0), at, min(at + off, 1)])
    return Found(float(value), float(high - low) / 2, len(column))


def _median(column: np.ndarray) -> Found:
    return _quantile(column, 0.5)


def _odds(one: np.ndarray, other: np.ndarray) -> Found:
    odds = one.sum() / other.sum()
    return Found(odds, odds * np.sqrt(1 / one.sum() + 1 / other.sum()), len(one))


def _change(before: np.ndarray, after: np.ndarray) -> Found:
    change = after.mean() / before.mean() - 1
    residual = (after - (1 + change) * before) / before.mean()
    return Found(change, residual.std(ddof=1) / np.sqrt(len(before)), len(before))


def _improvement(before: np.ndarray, after: np.ndarray) -> Found:
    change = _change(before, after)
    return Found(-change.value, change.error, change.n)


def _correlation(one: np.ndarray, other: np.ndarray) -> Found:
    r = float(np.corrcoef(one, other)[0, 1])
    return Found(r, (1 - r**2) / np.sqrt(len(one)), len(one))


def _nadir(column: np.ndarray) -> Found:
    """Lowest point of the density between its two highest peaks; NaN if it has one peak only."""
    grid = np.linspace(column.min(), column.max(), 400)
    density = gaussian_kde(column, 0.15)(grid)
    peaks = 1 + np.flatnonzero((density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:]))
    if len(peaks) < 2:
        return Found(float("nan"), float("nan"), len(column))
    low, high = sorted(peaks[np.argsort(density[peaks])[-2:]])
    return Found(float(grid[low + density[low:high].argmin()]), 0.0, len(column))


def _plateau(total: np.ndarray, years: np.ndarray) -> Found:
    """Years until a total has come to 95 % of its height, if it rises as ``1 - exp(-years / tau)``."""
    fit, covariance = curve_fit(lambda t, top, tau: top * -np.expm1(-t / tau), years, total, p0=(total.mean(), 2.0))
    to_95 = -np.log(0.05)
    return Found(float(to_95 * fit[1]), float(to_95 * np.sqrt(covariance[1, 1])), len(total))


def _hazard_ratio(table: pd.DataFrame, asked: Measurement) -> Found:
    """Ratio of cumulative hazards at a time; latent times are censored by nothing."""
    group = column_of(table, asked.of[0]).astype(bool)
    came = (table["spread_from_onset_y"] <= asked.years).to_numpy()
    share = np.array([came[group].mean(), came[~group].mean()])
    n = np.array([group.sum(), (~group).sum()])
    hazard = -np.log1p(-share)
    ratio = hazard[0] / hazard[1]
    relative = np.sqrt((share / ((1 - share) * n * hazard**2)).sum())
    return Found(float(ratio), float(ratio * relative), len(table))


_STATISTICS = {
    "share": _share,
    "mean": _mean,
    "median": _median,
    "odds": _odds,
    "change": _change,
    "improvement": _improvement,
    "nadir": _nadir,
    "plateau": _plateau,
    "correlation": _correlation,
}
