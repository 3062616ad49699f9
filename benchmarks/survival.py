"""The hazard on public survival sets beside tuned peers: ``python -m benchmarks.survival [--repeats N] [--out FILE]``.

Mean integrated Brier skill: 1 - integrated Brier score / that of the Kaplan-Meier curve of the training rows. Every
peer is tuned by cross-validation on the training rows; all see the same rows. What was measured of a set and repeat is
kept in DIR, and not measured again while learners and benchmark stay what they are.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student
from sklearn.model_selection import GridSearchCV, train_test_split
from sksurv import datasets
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import integrated_brier_score
from sksurv.nonparametric import kaplan_meier_estimator

import pipeline.learners
from benchmarks.keeping import digest_of, kept
from pipeline.learners.estimators import ProgressionRisk

SETS: dict[str, Callable[[], tuple[pd.DataFrame, np.ndarray]]] = {
    "gbsg2": datasets.load_gbsg2,
    "whas500": datasets.load_whas500,
    "veterans": datasets.load_veterans_lung_cancer,
    "aids": datasets.load_aids,
    "flchain": datasets.load_flchain,
}
PEERS: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "cox": (CoxPHSurvivalAnalysis(), {"alpha": [0.1, 1.0, 10.0, 100.0]}),
    "boosting": (
        GradientBoostingSurvivalAnalysis(subsample=0.5, random_state=0),
        {"n_estimators": [50, 150], "max_depth": [1, 3]},
    ),
    "forest": (RandomSurvivalForest(100, random_state=0), {"min_samples_leaf": [5, 15, 40]}),
}
_TIMES = 20
_MOST_ROWS = 2_000
"""Of a larger set a sample is taken: the forest's curves of all rows would not fit in memory."""


def _rows(name: str, repeat: int) -> tuple[np.ndarray, np.ndarray]:
    """Return covariates as numbers, and the flag and time of each row."""
    X, y = SETS[name]()
    known = X.notna().mean() > 0.5
    table = pd.get_dummies(X.loc[:, known], drop_first=True, dtype=float)
    flag, years = (y[field] for field in y.dtype.names[:2])
    years = np.maximum(years.astype(float), 0.5)
    y = np.array(list(zip(flag, years, strict=True)), dtype=[("event", bool), ("time", float)])
    if len(y) > _MOST_ROWS:
        chosen = np.random.default_rng(repeat).choice(len(y), _MOST_ROWS, replace=False)
        table, y = table.iloc[chosen], y[chosen]
    return table.to_numpy(dtype=float), y


def measure(name: str, repeat: int) -> dict[str, float]:
    """Return the skill of each model, and our observed over expected events at the longest time."""
    numbers, y = _rows(name, repeat)
    train, test, own, truth = train_test_split(numbers, y, test_size=0.3, stratify=y["event"], random_state=repeat)
    inside = np.minimum(truth["time"], own["time"].max() * 0.999)
    truth["event"] &= inside == truth["time"]
    truth["time"] = inside
    times = np.quantile(own["time"][own["event"]], np.linspace(0.05, 0.9, _TIMES))
    times = np.unique(times[(times < truth["time"].max()) & (times > truth["time"].min())])
    centre, scale = np.nanmean(train, axis=0), np.nanstd(train, axis=0) + 1e-12
    Z, Z_test = (np.nan_to_num((each - centre) / scale) for each in (train, test))
    flat = np.interp(times, *kaplan_meier_estimator(own["event"], own["time"]))
    usual = integrated_brier_score(own, truth, np.tile(flat, (len(truth), 1)), times)
    found = {}
    for peer, (model, grid) in PEERS.items():
        best = GridSearchCV(model, grid, cv=3, error_score=0.0).fit(Z, own).best_estimator_
        curves = np.stack([curve(times) for curve in best.predict_survival_function(Z_test)])
        found[peer] = 1.0 - integrated_brier_score(own, truth, curves, times) / usual
    ours = ProgressionRisk(horizons=tuple(times), draws=0).fit(train, own)
    risk = ours.predict_risk(test)
    found["ours"] = 1.0 - integrated_brier_score(own, truth, 1.0 - risk, times) / usual
    seen = 1.0 - np.interp(times[-1], *kaplan_meier_estimator(truth["event"], truth["time"]))
    found["observed_over_expected"] = float(seen / risk[:, -1].mean())
    return {key: float(value) for key, value in found.items()}


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--kept", type=Path, default=Path("build/survival"))
    parser.add_argument("--out", type=Path, default=Path("docs/survival.md"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = options.kept / digest_of(Path(pipeline.learners.__file__).parent, Path(__file__))
    for repeat in range(options.repeats):
        for name in options.sets:
            kept(folder / f"{name}-{repeat}.json", lambda name=name, repeat=repeat: measure(name, repeat))
    options.out.write_text(page(folder), encoding="utf-8")
    return 0


def page(folder: Path) -> str:
    """Return the page of all that was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "scikit-learn", "scikit-survival"))
    columns = ("ours", *PEERS, "observed_over_expected")
    lines = [
        "# Public survival sets\n",
        f"Made by `python -m benchmarks.survival` on {date.today()}, Python {platform.python_version()}, {packages}.",
        "Integrated Brier skill against the Kaplan-Meier curve on 30 % of the rows, drawn anew in each repeat; peers",
        "tuned by cross-validation on the same rows; means over repeats. *Less Cox*: the paired difference with its",
        "95 % interval (Student's t).\n",
        "| set | repeats | ours | Cox | boosting | forest | less Cox | observed / expected |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in SETS:
        cells = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{name}-*.json"))]
        if not cells:
            lines.append(f"| {name} | not yet run |" + " |" * 6)
            continue
        means = {key: float(np.mean([cell[key] for cell in cells])) for key in columns}
        apart = np.array([cell["ours"] - cell["cox"] for cell in cells])
        text = f"{apart.mean():+.3f}"
        if len(cells) > 1:
            text += f" ± {apart.std(ddof=1) / np.sqrt(len(cells)) * student.ppf(0.975, len(cells) - 1):.3f}"
        told = [f"{means[key]:.3f}" for key in ("ours", *PEERS)]
        lines.append(f"| {name} | {len(cells)} | {' | '.join(told)} | {text} | {means['observed_over_expected']:.3f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
