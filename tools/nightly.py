"""Ask every feature of the catalogue for what it declares, with thousands of inputs, and write down what was found.

``python -m tools.nightly [--examples N]`` writes ``docs/nightly.md``. What was asked is kept as it comes, so that a run
that is stopped goes on later, until a feature or a check changes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.keeping import digest_of, kept
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.spec import Feature
from pipeline.testing import FeatureCheckFailed, check_features
from pipeline.testing.checks import groups

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "build" / "nightly"
PAGE = ROOT / "docs" / "nightly.md"


def asked(alike: tuple[Feature, ...], examples: int) -> dict[str, Any]:
    """Check features that look at the same kind of input, unless nothing changed since; return what was found."""
    measured_of = digest_of(ROOT / "pipeline" / "features", ROOT / "pipeline" / "testing")

    def ask() -> dict[str, Any]:
        found = ""
        try:
            check_features(alike, examples=examples)
        except FeatureCheckFailed as broken:
            found = f"{broken.feature} breaks '{broken.property}'"
            sys.stderr.write(f"{broken}\n")
        return {"level": alike[0].spec.level, "names": [each.spec.name for each in alike], "found": found}

    return kept(KEPT / f"{measured_of}-{examples}" / f"{alike[0].spec.name}.json", ask)


def page(rows: list[dict[str, Any]], examples: int) -> str:
    """Write the page of the documentation."""
    count = sum(len(row["names"]) for row in rows)
    return "\n".join(
        [
            "# Features under many inputs",
            "",
            f"`check_features` asked {count} features of the catalogue for all that they declare, those that look at",
            f"the same kind of input together: {examples} inputs of the fullest form, and a fixed share of that for",
            "each of the others (valid, dirty, hostile; windows alone, cohorts with recordings, visits with all that a",
            "form can hold).",
            "",
            f"`make nightly`, {time.strftime('%Y-%m-%d', time.gmtime())}, Python {sys.version.split()[0]}, "
            f"Hypothesis {importlib.metadata.version('hypothesis')}, NumPy {importlib.metadata.version('numpy')}.",
            "",
            "| level | features | found |",
            "|---|---|---|",
            *(f"| {row['level']} | {', '.join(row['names'])} | {row['found'] or 'all kept'} |" for row in rows),
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Ask group by group, and write the page; 1 if a feature breaks what it declares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2000)
    options = parser.parse_args(arguments)
    rows = []
    for number, alike in enumerate(parts := groups(CATALOGUE), start=1):
        rows.append(asked(alike, options.examples))
        sys.stderr.write(f"{number} of {len(parts)}: {rows[-1]['found'] or 'all kept'}\n")
    PAGE.write_text(page(rows, options.examples), encoding="utf-8")
    return int(any(row["found"] for row in rows))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
