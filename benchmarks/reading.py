"""What checking a cohort costs beside pyarrow reading the same files: ``python -m benchmarks.reading [VISITS]``.

Both run in processes of their own, in turn; figures are CPU seconds (user and system) and peak resident memory of the
child, medians over the rounds, the imports taken off, one BLAS thread. Only the ratio is worth quoting.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.config import load_recipe
from pipeline.generate import generate

ROUNDS = 3
VISITS_EACH = 2.87
"""Visits of a patient of the demo recipe, on average."""

READ = """
import sys, pyarrow.csv, pyarrow.parquet
from pathlib import Path
for path in sorted(Path(sys.argv[1]).glob("*.csv")):
    pyarrow.csv.read_csv(path, read_options=pyarrow.csv.ReadOptions(use_threads=False))
for path in sorted(Path(sys.argv[1]).glob("*.parquet")):
    pyarrow.parquet.read_table(path, use_threads=False)
"""
CHECK = """
import sys
from pathlib import Path
from pipeline.check import check
from pipeline.reading.source import Options
check(Path(sys.argv[1]), Options())
"""
START_READ = "import sys, pyarrow.csv, pyarrow.parquet"
START_CHECK = "import pipeline.check"


def cost(code: str, folder: Path) -> tuple[float, float]:
    """Return CPU seconds and peak MiB of a Python process that runs some code on a folder."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.Popen([sys.executable, "-c", code, str(folder)], env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"a measured process failed with status {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(visits: int) -> None:
    """Print the ratios for Parquet and CSV."""
    with tempfile.TemporaryDirectory() as root:
        for form in ("parquet", "csv"):
            folder = Path(root) / form
            generate(folder, load_recipe("demo"), patients=round(visits / VISITS_EACH), seed=1, format=form)
            rounds = [[cost(code, folder) for code in (START_READ, READ, START_CHECK, CHECK)] for _ in range(ROUNDS)]
            imports, read, check_imports, check = (statistics.median(each[at][0] for each in rounds) for at in range(4))
            memory = max(each[3][1] for each in rounds)
            ratio = (check - check_imports) / (read - imports)
            print(f"{form}: check costs {ratio:.1f} times reading, peak {memory:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
