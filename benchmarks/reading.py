"""What checking a cohort costs beside pyarrow reading the same files: ``python -m benchmarks.reading [VISITS]``.

Both run in processes of their own, in turn; figures are CPU seconds (user and system) and peak resident memory of the
child, medians over the rounds, the imports taken off, one BLAS thread. Only the ratio is worth quoting.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.many_visits import write_many
from benchmarks.measuring import cost

ROUNDS = 3

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
from pipeline.reading.options import Options
check(Path(sys.argv[1]), Options())
"""
START_READ = "import sys, pyarrow.csv, pyarrow.parquet"
START_CHECK = "import pipeline.check"


def main(visits: int) -> None:
    """Print the ratios for Parquet and CSV."""
    with tempfile.TemporaryDirectory() as root:
        for form in ("parquet", "csv"):
            folder = Path(root) / form
            write_many(folder, form, visits)
            rounds = [
                [cost(code, str(folder)) for code in (START_READ, READ, START_CHECK, CHECK)] for _ in range(ROUNDS)
            ]
            imports, read, check_imports, check = (statistics.median(each[at][0] for each in rounds) for at in range(4))
            memory = max(each[3][1] for each in rounds)
            ratio = (check - check_imports) / (read - imports)
            print(f"{form}: check costs {ratio:.1f} times reading, peak {memory:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
