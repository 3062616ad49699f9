"""What a synthetic cohort costs beside drawing as many normal numbers: ``python -m benchmarks.synthetic [PATIENTS]``.

The generator runs in a process of its own, at an eighth of the patients and at all of them; figures are CPU seconds
(user and system) and peak resident memory of that process, the imports taken off, one BLAS thread. The truth is
included. A cell is one value of a table that is written. Then recordings of the battery ``full`` are rendered for a
thousandth of the patients, nothing written. Only the ratios are worth quoting, and of several rounds, in which both
sides take turns, the median: on a busy machine both cost more CPU, and not by the same factor.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet as pq

from benchmarks.measuring import cost

MAKE = """
import sys
from pathlib import Path
from pipeline.config import load_recipe
from pipeline.generate import generate
generate(Path(sys.argv[1]), load_recipe("demo"), patients=int(sys.argv[2]), seed=1)
"""
START = "import pipeline.generate"
RENDER = """
import sys
from dataclasses import replace
from pipeline.config import load_recipe
from pipeline.synthetic import generate
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions
recipe = replace(load_recipe("demo"), battery="full", recordings=1.0)
made = generate(recipe, patients=int(sys.argv[1]), seed=1)
render = sys.argv[2] == "render"
seconds = samples = 0
for session, _ in sessions(made):
    for take, track in session.tracks(BATTERIES["full"]) if render else ():
        seconds += session.record_s
        samples += len(track.ticks) * len(track.counts)
print(seconds, samples)
"""
"""The tables of the patients are made in both cases, and their cost is taken off."""

_AT_ONCE = 1_000_000


def cells_in(folder: Path) -> int:
    """Count the values in all tables of a cohort."""
    metadata = [pq.read_metadata(path) for path in folder.rglob("*.parquet")]
    return sum(each.num_rows * each.num_columns for each in metadata)


def normals(count: int) -> float:
    """Return the CPU seconds of drawing this many normal numbers with numpy."""
    random = np.random.default_rng(1)
    start = time.process_time()
    for done in range(0, count, _AT_ONCE):
        random.standard_normal(min(_AT_ONCE, count - done))
    return time.process_time() - start


def ratio(patients: int) -> tuple[float, int, float]:
    """Return the ratio of one round, the number of cells, and the peak MiB."""
    with tempfile.TemporaryDirectory() as root:
        out = Path(root) / "cohort"
        imports, *_ = cost(START)
        seconds, peak, _ = cost(MAKE, str(out), str(patients))
        cells = cells_in(out)
    return (seconds - imports) / normals(cells), cells, peak


def main() -> None:
    """Print the ratio to normal numbers, and the growth of memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.synthetic")
    parser.add_argument("patients", type=int, nargs="?", default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    _, _, little = ratio(options.patients // 8)
    rounds = [ratio(options.patients) for _ in range(options.rounds)]
    ratios = sorted(each for each, _, _ in rounds)
    cells, much = rounds[0][1], max(peak for _, _, peak in rounds)
    print(f"{options.patients:,} patients, {cells:,} cells: {median(ratios):.1f} times as many normal numbers")
    print(f"rounds: {', '.join(f'{each:.1f}' for each in ratios)}")
    print(f"peak memory: {little:.0f} MiB for an eighth of the patients, {much:.0f} MiB for all")
    signals(max(options.patients // 1_000, 8))


def signals(patients: int) -> None:
    """Print how much faster than real time recordings of the whole battery are rendered, and the growth of memory."""
    _, little, _ = cost(RENDER, str(patients // 8), "render")
    without, *_ = cost(RENDER, str(patients), "not")
    seconds, much, printed = cost(RENDER, str(patients), "render")
    recorded, samples = (float(each) for each in printed.split())
    spent = seconds - without
    print(
        f"recordings of {recorded:.0f} s, {samples:.0f} samples: {recorded / spent:.0f} times faster than real time,"
        f" {spent / normals(int(samples)):.1f} times as many normal numbers"
    )
    print(f"peak memory: {little:.0f} MiB for an eighth of the patients, {much:.0f} MiB for all")


if __name__ == "__main__":
    main()
