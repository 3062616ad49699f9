"""What a figure has to reach, and how bars rise to what was once measured.

A bar is the larger of the figure that was asked for and, once ten seeds were measured and it was frozen, what was
measured then less `SLACK`. Frozen bars are kept in a file, so that a later and worse model misses them: a bar that
followed the present figure could not be missed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ASKED: dict[int, dict[str, float]] = {
    2_000: {
        "phenotype_share": 0.85,
        "aetiology_share": 0.75,
        "phenotype_share_with_recordings": 0.75,
        "spread_5y_share": 0.60,
    },
    20_000: {"phenotype_share": 0.93, "aetiology_share": 0.85, "spread_5y_share": 0.85},
}
"""Least mean over seeds, by patients."""

MOST = {"phenotype_masks_share": 0.05, "aetiology_masks_share": 0.05}
"""Greatest mean over seeds."""

SEEDS, SLACK = 10, 0.02

Cells = Mapping[tuple[str, int], Sequence[Mapping[str, Any]]]
"""Figures of each seed, by regime and number of patients."""

Frozen = Mapping[str, Mapping[str, float]]
"""Bars by name of a figure, by regime and number of patients, as ``label-noisy-2000``."""


def least(frozen: Frozen, regime: str, count: int, key: str) -> float | None:
    """Return the bar of a figure; None if it has none.

    Examples
    --------
    >>> least({}, "near-naive", 2_000, "phenotype_share")
    0.85
    >>> least({"near-naive-2000": {"phenotype_share": 0.91}}, "near-naive", 2_000, "phenotype_share")
    0.91
    """
    asked = ASKED.get(count, {}).get(key)
    return None if asked is None else max(asked, frozen.get(f"{regime}-{count}", {}).get(key, asked))


def raised(frozen: Frozen, found: Cells) -> dict[str, dict[str, float]]:
    """Return the frozen bars, each raised to what ten seeds measured less the slack; none is lowered.

    Examples
    --------
    >>> seeds = [{"phenotype_share": 0.93}] * 10
    >>> raised({}, {("near-naive", 2_000): seeds})["near-naive-2000"]
    {'phenotype_share': 0.91}
    >>> raised({}, {("near-naive", 2_000): seeds[:9]})
    {}
    """
    bars = {name: dict(own) for name, own in frozen.items()}
    for (regime, count), cell in sorted(found.items()):
        for key in ASKED.get(count, {}):
            values = [each[key] for each in cell if key in each]
            bar = least(frozen, regime, count, key)
            if bar is not None and len(values) >= SEEDS:
                measured = round(float(np.mean(values)) - SLACK, 3)
                bars.setdefault(f"{regime}-{count}", {})[key] = max(bar, measured)
    return bars


def read(path: Path) -> Frozen:
    """Read the frozen bars; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path: Path, bars: Frozen) -> None:
    """Write the frozen bars."""
    path.write_text(json.dumps(bars, indent=2, sort_keys=True) + "\n", encoding="utf-8")
