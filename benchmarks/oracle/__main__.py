"""Measure all regimes and write the page: ``python -m benchmarks.oracle [--regimes NAME ...] [--out FILE]``.

What was measured of a regime is kept, and not measured again while generator and benchmark stay what they are, so that
a run of an hour can be cut off.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pipeline.synthetic
from benchmarks.keeping import digest_of, kept
from pipeline.config import load_recipe
from pipeline.synthetic import generate

from .bands import (
    FirstVisits,
    dystonic_or_essential,
    phenotype_macro_f1,
    spread_auc,
    strongest_features,
    tremor_of_few,
)
from .gates import attained, calibration, doubling, impossible, not_monotone
from .page import REGIMES, failing, page

PATIENTS, TESTED = 100_000, 8_000
"""Patients that a plain model learns from, and others on which it is compared with the oracle."""

_SMALL, _CALIBRATED, _BANDS, _A_FEATURE = 600, 6_000, 8_000, 35_000
_DRAWS = 20


def measure(regime: str) -> dict[str, object]:
    """Return all that is measured of a regime, by name."""
    recipe = load_recipe(regime)
    small = generate(recipe, patients=_SMALL, seed=5)
    ranks = calibration(generate(recipe, patients=_CALIBRATED, seed=6))
    visits = FirstVisits(generate(recipe, patients=_BANDS, seed=1))
    accuracy, recall = tremor_of_few(visits, _DRAWS)
    strongest = strongest_features(recipe, _A_FEATURE)
    return {
        "doubling": doubling(small),
        "impossible": impossible(small),
        "not_monotone": not_monotone(small),
        "calibration": ranks.smallest,
        "dystonic_or_essential": dystonic_or_essential(visits),
        "macro_f1": phenotype_macro_f1(visits),
        "spread_auc": spread_auc(visits),
        "few_accuracy": accuracy,
        "few_recall": recall,
        **{f"{kind}_area": area for kind, (area, _) in strongest.items()},
        **{f"{kind}_where": where for kind, (_, where) in strongest.items()},
    }


def main() -> int:
    """Write the page; return 1 if a gate does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle")
    parser.add_argument("--regimes", nargs="*", default=list(REGIMES))
    parser.add_argument("--kept", type=Path, default=Path("build/oracle"))
    parser.add_argument("--out", type=Path, default=Path("docs/oracle.md"))
    options = parser.parse_args()
    # a few of many folds, or rounds of a solver that is told to stop early, say so
    warnings.simplefilter("ignore")
    found: dict[str, dict[str, object]] = {}
    folder = options.kept / digest_of(Path(pipeline.synthetic.__file__).parent, Path(__file__).parent)
    for regime in options.regimes:
        result = kept(folder / f"{regime}.json", lambda regime=regime: measure(regime))
        plain = kept(
            folder / f"{regime}.attained.json",
            lambda regime=regime: vars(attained(load_recipe(regime), PATIENTS, TESTED)),
        )
        found[regime] = {**result, **plain}
    made = f"Made by `make oracle` with version {version('dystonia-pipeline')} on {date.today()}."
    options.out.write_text(page(found, made=made, patients=PATIENTS, tested=TESTED), encoding="utf-8")
    for line in failing(found):
        print(line)
    return bool(failing(found))


if __name__ == "__main__":
    sys.exit(main())
