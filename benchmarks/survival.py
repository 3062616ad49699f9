"""The hazard on public survival sets beside tuned peers: ``python -m benchmarks.survival [--repeats N] [--out FILE]``.

Mean integrated Brier skill: 1 - integrated Brier score / that of the Kaplan-Meier curve of the training rows. Every
peer is tuned by cross-validation on the training rows; all see the same rows. What was measured of a set and repeat is
kept in DIR: peers, which take nearly all the time, while the benchmark stays what it is, ours while the hazard does.
"""

from __future__ import annotations

import argparse
import platform
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
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
_OURS = (
    "blocks",
    "boosted",
    "competing",
    "encoding",
    "hazard",
    "hazard_fit",
    "inner",
    "periods",
    "predictors",
    "trees",
)
"""Modules that decide what the hazard says of these sets."""
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


@dataclass(frozen=True)
class Task:
    """Training and test rows of a set and repeat, and the times at which curves are scored.

    Attributes
    ----------
    train, test : ndarray, shape (n, columns)
    own, truth : structured ndarray, shape (n,)
        Flag and time of each row.
    times : ndarray
    """

    train: np.ndarray
    test: np.ndarray
    own: np.ndarray
    truth: np.ndarray
    times: np.ndarray

    def skill(self, curves: np.ndarray) -> float:
        """Return 1 less the integrated Brier score over that of the Kaplan-Meier curve of the training."""
        flat = np.interp(self.times, *kaplan_meier_estimator(self.own["event"], self.own["time"]))
        usual = self._score(np.tile(flat, (len(self.truth), 1)))
        return float(1.0 - self._score(curves) / usual)

    def _score(self, curves: np.ndarray) -> float:
        return float(integrated_brier_score(self.own, self.truth, curves, self.times))


def task(name: str, repeat: int) -> Task:
    """Split a set."""
    numbers, y = _rows(name, repeat)
    train, test, own, truth = train_test_split(numbers, y, test_size=0.3, stratify=y["event"], random_state=repeat)
    inside = np.minimum(truth["time"], own["time"].max() * 0.999)
    truth["event"] &= inside == truth["time"]
    truth["time"] = inside
    times = np.quantile(own["time"][own["event"]], np.linspace(0.05, 0.9, _TIMES))
    times = np.unique(times[(times < truth["time"].max()) & (times > truth["time"].min())])
    return Task(train, test, own, truth, times)


def of_peers(name: str, repeat: int) -> dict[str, float]:
    """Return the skill of each peer."""
    asked = task(name, repeat)
    centre, scale = np.nanmean(asked.train, axis=0), np.nanstd(asked.train, axis=0) + 1e-12
    Z, Z_test = (np.nan_to_num((each - centre) / scale) for each in (asked.train, asked.test))
    found = {}
    for peer, (model, grid) in PEERS.items():
        best = GridSearchCV(model, grid, cv=3, error_score=0.0).fit(Z, asked.own).best_estimator_
        found[peer] = asked.skill(np.stack([curve(asked.times) for curve in best.predict_survival_function(Z_test)]))
    return found


def of_ours(name: str, repeat: int) -> dict[str, float]:
    """Return our skill, and observed over expected events at the longest time."""
    asked = task(name, repeat)
    model = ProgressionRisk(horizons=tuple(asked.times), draws=0).fit(asked.train, asked.own)
    risk = model.predict_risk(asked.test)
    seen = 1.0 - np.interp(asked.times[-1], *kaplan_meier_estimator(asked.truth["event"], asked.truth["time"]))
    return {"ours": asked.skill(1.0 - risk), "observed_over_expected": float(seen / risk[:, -1].mean())}


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--kept", type=Path, default=Path("build/survival"))
    parser.add_argument("--out", type=Path, default=Path("docs/survival.md"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    here, learners = Path(__file__), Path(pipeline.learners.__file__).parent
    peers = options.kept / f"peers-{digest_of(here)}"
    ours = options.kept / f"ours-{digest_of(here, *(learners / f'{module}.py' for module in _OURS))}"
    found: dict[str, list[dict[str, float]]] = {name: [] for name in SETS}
    for repeat in range(options.repeats):
        for name in options.sets:
            told = kept(peers / f"{name}-{repeat}.json", lambda name=name, repeat=repeat: of_peers(name, repeat))
            mine = kept(ours / f"{name}-{repeat}.json", lambda name=name, repeat=repeat: of_ours(name, repeat))
            found[name].append(told | mine)
            options.out.write_text(page(found), encoding="utf-8")
    return 0


def page(found: dict[str, list[dict[str, float]]]) -> str:
    """Return the page of all that was measured of each set, a repeat after the other."""
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
        cells = found[name]
        if not cells:
            lines.append(f"| {name} | not yet run |" + " |" * 6)
            continue
        means = {key: float(np.mean([cell[key] for cell in cells])) for key in columns}
        told = [f"{means[key]:.3f}" for key in ("ours", *PEERS)]
        apart = _paired([cell["ours"] - cell["cox"] for cell in cells])
        lines.append(
            f"| {name} | {len(cells)} | {' | '.join(told)} | {apart} | {means['observed_over_expected']:.3f} |"
        )
    return "\n".join([*lines, *_over_all(found)]) + "\n"


def _paired(differences: list[float]) -> str:
    """Return the mean of differences, with its 95 % interval where there are several."""
    text, count = f"{np.mean(differences):+.3f}", len(differences)
    if count < 2:
        return text
    return f"{text} ± {np.std(differences, ddof=1) / np.sqrt(count) * student.ppf(0.975, count - 1):.3f}"


def _over_all(found: dict[str, list[dict[str, float]]]) -> list[str]:
    """Return what the mean over sets is less that of peers, by the repeats that all sets have."""
    whole = min(map(len, found.values()))
    if not whole:
        return []
    means = {
        model: np.mean([[cell[model] for cell in cells[:whole]] for cells in found.values()], axis=0)
        for model in ("ours", *PEERS)
    }
    other = "forest" if means["forest"].mean() > means["boosting"].mean() else "boosting"
    return [
        f"\nMean over the {len(found)} sets, {whole} repeats: ours {means['ours'].mean():.3f};",
        f"less tuned Cox {_paired(list(means['ours'] - means['cox']))} (at least +0.005 is promised);",
        f"less {other}, the better of forest and boosting, {_paired(list(means['ours'] - means[other]))}",
        "(at least -0.002 is promised).",
    ]


if __name__ == "__main__":
    sys.exit(main())
