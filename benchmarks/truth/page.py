"""The page of what trained models attain."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from scipy.stats import t as student

REGIMES = ("near-naive", "nonlinear-heavy-tailed", "label-noisy")

BARS: dict[int, dict[str, float]] = {
    2_000: {
        "phenotype_share": 0.85,
        "aetiology_share": 0.75,
        "phenotype_share_with_recordings": 0.75,
        "spread_5y_share": 0.60,
    },
    20_000: {"phenotype_share": 0.93, "aetiology_share": 0.85, "spread_5y_share": 0.85},
}
"""Least mean over seeds, by patients."""

_MOST = {"phenotype_masks_share": 0.05, "aetiology_masks_share": 0.05}
"""Greatest mean over seeds."""

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


def page(found: Mapping[tuple[str, int], Sequence[Mapping[str, Any]]], *, made: str, tested: int) -> str:
    """Return the page as Markdown."""
    versions = {"numpy": version("numpy"), "scipy": version("scipy"), "sklearn": version("scikit-learn")}
    parts = [_HEAD.format(made=made, tested=tested, python=platform.python_version(), **versions)]
    for count in sorted({*BARS, *(count for _, count in found)}):
        cells = [found.get((regime, count), []) for regime in REGIMES]
        parts.append(f"\n## {count:,} patients\n")
        if not any(cells):
            parts.append("Not yet run.")
            continue
        parts += [_line("", *REGIMES, "bar"), _line(*["---"] * (len(REGIMES) + 2))]
        for key, meaning in MEANINGS.items():
            least, most = BARS.get(count, {}).get(key, -np.inf), _MOST.get(key, np.inf)
            told = [_told([each[key] for each in cell if key in each], least, most) for cell in cells]
            bar = f"at least {least:g}" if least > -np.inf else f"at most {most:g}" if most < np.inf else ""
            parts.append(_line(meaning, *told, bar))
        parts.append(_line("seeds", *(str(len(cell)) for cell in cells), ""))
        parts.append(_line("chosen", *(_chosen(cell) for cell in cells), ""))
    return "\n".join(parts) + "\n"


def _told(values: Sequence[float], least: float, most: float) -> str:
    if not values:
        return "not yet run"
    mean = float(np.mean(values))
    text = f"{mean:.3f}"
    if len(values) > 1:
        half = float(np.std(values, ddof=1) / np.sqrt(len(values)) * student.ppf(0.975, len(values) - 1))
        text += f" ± {half:.3f}"
    return text if least <= mean <= most else f"**{text}**"


def _chosen(cell: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(each["chosen"] for each in cell).most_common())


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
