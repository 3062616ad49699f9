"""Measure cells that are not there yet and write the page: ``python -m benchmarks.truth [--patients N ...]``.

``--curve N ...`` measures points of the learning curve, ``--freeze`` raises the bars to what ten seeds measured.

What was measured of a cell is kept in DIR, and not measured again while generator, features, learners and benchmark
stay what they are, so that a run of hours can be cut off.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pipeline.features
import pipeline.learners
import pipeline.synthetic
from benchmarks.keeping import digest_of, kept

from .bars import raised, read, write
from .cell import measure, measure_shares
from .page import CURVE, REGIMES, page

_BARS = Path("docs/truth-bars.json")
Measured = Callable[[str, int, int, int], dict[str, object]]
_Found = dict[tuple[str, int], list[dict[str, object]]]


def main() -> int:
    """Write the page."""
    options = _options()
    warnings.simplefilter("ignore")
    learned = (Path(module.__file__).parent for module in (pipeline.synthetic, pipeline.features, pipeline.learners))
    own = (Path(__file__).with_name(name) for name in ("cell.py", "measures.py", "patients.py"))
    folder = options.kept / f"{digest_of(*learned, *own)}-{options.tested}"
    found = _cells(folder, options, options.patients, measure)
    curve = _cells(folder / "curve", options, options.curve, measure_shares)
    frozen = read(_BARS)
    if options.freeze:
        frozen = raised(frozen, found)
        write(_BARS, frozen)
    made = f"Made by `make truth` with version {version('dystonia-pipeline')} on {date.today()}."
    text = page(found, curve, frozen, made=made, tested=options.tested)
    options.out.write_text(text, encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth")
    parser.add_argument("--regimes", nargs="*", default=list(REGIMES))
    parser.add_argument("--patients", nargs="*", type=int, default=[2_000])
    parser.add_argument("--curve", nargs="*", type=int, default=[], help=f"of {', '.join(map(str, CURVE))}")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tested", type=int, default=50_000)
    parser.add_argument("--freeze", action="store_true", help="raise the bars to what ten seeds measured")
    parser.add_argument("--kept", type=Path, default=Path("build/truth"))
    parser.add_argument("--out", type=Path, default=Path("docs/truth.md"))
    return parser.parse_args()


def _cells(folder: Path, options: argparse.Namespace, counts: list[int], measure: Measured) -> _Found:
    """Measure cells that are not there yet, and return all that are."""
    for seed in range(1, options.seeds + 1):
        for count in counts:
            for regime in options.regimes:
                path = folder / f"{regime}-{count}-{seed}.json"
                kept(path, partial(measure, regime, count, seed, options.tested))
    found: _Found = {}
    for path in sorted(folder.glob("*.json")):
        regime, count, _ = path.stem.rsplit("-", 2)
        found.setdefault((regime, int(count)), []).append(json.loads(path.read_text(encoding="utf-8")))
    return found


if __name__ == "__main__":
    sys.exit(main())
