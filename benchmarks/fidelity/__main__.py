"""Measure and write the page: ``python -m benchmarks.fidelity [--patients N] [--out FILE]``."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from pipeline.synthetic.epidemiology import load_epidemiology

from .judge import judge_figures, judge_signs
from .page import Results, page, with_status_shares
from .patients import tables_of
from .plan import load_plan
from .spread import judge_curves

DATASHEET = Path("data/synthetic/README.md")


def main() -> int:
    """Write the page, and the datasheet's share of figures by status; return 1 if anything fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fidelity")
    parser.add_argument("--patients", type=int, default=5000, help="patients of each class")
    parser.add_argument("--out", type=Path, default=Path("docs/fidelity.md"))
    options = parser.parse_args()
    epidemiology = load_epidemiology()
    plan = load_plan(epidemiology)
    tables = tables_of(plan, options.patients)
    results = Results(judge_figures(plan, epidemiology, tables), judge_signs(plan, tables), judge_curves(plan, tables))
    made = f"Made by `make fidelity` with version {version('dystonia-pipeline')} on {date.today()}."
    options.out.write_text(page(results, plan, epidemiology, patients=options.patients, made=made), encoding="utf-8")
    datasheet = with_status_shares(DATASHEET.read_text(encoding="utf-8"), epidemiology)
    DATASHEET.write_text(datasheet, encoding="utf-8")
    for line in results.failing:
        print(line)
    print(f"{options.out}: {len(results.failing)} of what was measured does not hold")
    return bool(results.failing)


if __name__ == "__main__":
    sys.exit(main())
