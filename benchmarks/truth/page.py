"""The page of what trained models attain."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy.stats import t as student

from .bars import ASKED, MOST, SEEDS, SLACK, Cells, Frozen, least

REGIMES = ("near-naive", "nonlinear-heavy-tailed", "label-noisy")

CURVE = (100, 300, 1_000, 2_000, 5_000, 20_000, 100_000)
"""Patients of the learning curve."""

MEANINGS = {
    "phenotype_share": "phenotype: share of attainable information",
    "aetiology_share": "aetiology: the same",
    "phenotype_share_with_recordings": "phenotype, visits with recordings",
    "phenotype_share_without_recordings": "phenotype, visits without",
    "phenotype_share_first_visits": "phenotype, first visits only",
    "aetiology_share_first_visits": "aetiology, first visits only",
    "phenotype_masks_share": "phenotype, a model that sees only which cells are filled",
    "aetiology_masks_share": "aetiology, the same",
    "phenotype_slope": "phenotype: calibration slope",
    "phenotype_oracle_slope": "phenotype: the oracle's slope on the same patients",
    "aetiology_slope": "aetiology: calibration slope",
    "aetiology_oracle_slope": "aetiology: the oracle's slope",
    "phenotype_covers_recorded": "phenotype sets hold the recorded label (promised 0.9)",
    "phenotype_covers_true": "phenotype sets hold the true label",
    "phenotype_set_size": "phenotype: labels in a set",
    "aetiology_covers_recorded": "aetiology sets hold the recorded label (promised 0.9)",
    "aetiology_set_size": "aetiology: labels in a set",
    "spread_events": "patients with a spread in training",
    "spread_5y_share": "spread within 5 years: share of attainable information",
    "spread_5y_observed_over_expected": "spread: mean of the oracle's risk over that of the model's",
    "spread_5y_interval_covers": "spread: share of patients whose interval holds the oracle's risk (0.85 to 0.95)",
}

_HEAD = """# What trained models attain

{made} Python {python}, numpy {numpy}, scipy {scipy}, scikit-learn {sklearn}.

Models of the study `dystonia-intake` are fitted on synthetic patients and judged on {tested:,} others, one visit a
patient drawn at random. Sensors enter as the latents blurred by what a recording's length, noise and device allow.
*Share of attainable information*: (log-loss of the prior - that of the model) / (the same for the measurement oracle,
which knows the generator and all of the patient's visits so far). Risks are scored against the oracle's risk, not
against events. Each figure is the mean over seeds with its 95 % interval (Student's t); **bold** misses its bar. All of
it is synthetic and says nothing of patients.
"""


_BARS = """A bar is the larger of the figure that was asked for and of what {seeds} seeds measured when it was frozen,
less {slack:g}; `python -m benchmarks.truth --freeze` writes those down in `docs/truth-bars.json`. It raises bars only.
Where regimes have different bars, they stand in the order of the columns."""

_SHARES = {"phenotype_share": "phenotype", "aetiology_share": "aetiology", "spread_5y_share": "spread"}


def page(found: Cells, curve: Cells, frozen: Frozen, *, made: str, tested: int) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    found : Cells
        All figures.
    curve : Cells
        Shares only, of more numbers of patients.
    frozen : Frozen
    made : str
        How, with what and when.
    tested : int
        Patients that models are judged on.
    """
    versions = {"numpy": version("numpy"), "scipy": version("scipy"), "sklearn": version("scikit-learn")}
    parts = [_HEAD.format(made=made, tested=tested, python=platform.python_version(), **versions)]
    for count in sorted({*ASKED, *(count for _, count in found)}):
        cells = {regime: found.get((regime, count), []) for regime in REGIMES}
        parts.append(f"\n## {count:,} patients\n")
        parts += _table(cells, count, frozen) if any(cells.values()) else ["Not yet run."]
    parts += ["\n## Bars\n", _BARS.format(slack=SLACK, seeds=SEEDS)]
    parts += ["\n## Learning curve\n", *_curve(found, curve)]
    return "\n".join(parts) + "\n"


def _table(cells: Mapping[str, Sequence[Mapping[str, Any]]], count: int, frozen: Frozen) -> list[str]:
    lines = [_line("", *REGIMES, "bar"), _line(*["---"] * (len(REGIMES) + 2))]
    for key, meaning in MEANINGS.items():
        bars = [least(frozen, regime, count, key) for regime in REGIMES]
        most = MOST.get(key, np.inf)
        told = [
            _told([each[key] for each in cell if key in each], -np.inf if bar is None else bar, most)
            for cell, bar in zip(cells.values(), bars, strict=True)
        ]
        asked = _each(bars[:1] if len(set(bars)) == 1 else bars)
        bar = f"at most {most:g}" if most < np.inf else f"at least {asked}" if None not in bars else ""
        lines.append(_line(meaning, *told, bar))
    lines.append(_line("seeds", *(str(len(cell)) for cell in cells.values()), ""))
    lines.append(_line("chosen", *(_chosen(cell) for cell in cells.values()), ""))
    return lines


def _curve(found: Cells, curve: Cells) -> list[str]:
    """Return the table of shares by number of patients, from all cells that have them."""
    lines = [
        "Share of attainable information, by patients in training. *Spread*: within 5 years.\n",
        _line("", *(regime for regime in REGIMES for _ in _SHARES), "seeds"),
        _line(*["---"] * (len(REGIMES) * len(_SHARES) + 2)),
        _line("patients", *([*_SHARES.values()] * len(REGIMES)), ""),
    ]
    for count in CURVE:
        told, seeds = [], []
        for regime in REGIMES:
            cell = found.get((regime, count)) or curve.get((regime, count), [])
            seeds.append(len(cell))
            told += [_told([each[key] for each in cell if key in each]) for key in _SHARES]
        lines.append(_line(f"{count:,}", *told, " / ".join(map(str, seeds))))
    return lines


def _each(bars: Sequence[float | None]) -> str:
    return " / ".join("none" if bar is None else f"{bar:g}" for bar in bars)


def _told(values: Sequence[float], bar: float = -np.inf, most: float = np.inf) -> str:
    if not values:
        return "not yet run"
    mean = float(np.mean(values))
    text = f"{mean:.3f}"
    if len(values) > 1:
        half = float(np.std(values, ddof=1) / np.sqrt(len(values)) * student.ppf(0.975, len(values) - 1))
        text += f" ± {half:.3f}"
    return text if bar <= mean <= most else f"**{text}**"


def _chosen(cell: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(each["chosen"] for each in cell).most_common())


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
