"""Measure cells that are not there yet and write the page: ``python -m benchmarks.truth [--patients N ...]``.

What was measured of a cell is kept in DIR, and not measured again while generator, features, learners and benchmark
stay what they are, so that a run of hours can be cut off.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pipeline.features
import pipeline.learners
import pipeline.synthetic
from benchmarks.keeping import digest_of, kept

from .cell import measure
from .page import REGIMES, page


def main() -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("--regimes", nargs="*", default=list(REGIMES))
    parser.add_argument("--patients", nargs="*", type=int, default=[2_000])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tested", type=int, default=4_000)
    parser.add_argument("--kept", type=Path, default=Path("build/truth"))
    parser.add_argument("--out", type=Path, default=Path("docs/truth.md"))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    learned = (Path(module.__file__).parent for module in (pipeline.synthetic, pipeline.features, pipeline.learners))
    folder = options.kept / f"{digest_of(*learned, Path(__file__).parent)}-{options.tested}"
    for seed in range(1, options.seeds + 1):
        for count in options.patients:
            for regime in options.regimes:
                path = folder / f"{regime}-{count}-{seed}.json"
                kept(path, lambda cell=(regime, count, seed): measure(*cell, options.tested))
    found: dict[tuple[str, int], list[dict[str, object]]] = {}
    for path in sorted(folder.glob("*.json")):
        regime, count, _ = path.stem.rsplit("-", 2)
        found.setdefault((regime, int(count)), []).append(json.loads(path.read_text(encoding="utf-8")))
    made = f"Made by `make truth` with version {version('dystonia-pipeline')} on {date.today()}."
    options.out.write_text(page(found, made=made, tested=options.tested), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
