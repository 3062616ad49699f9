"""What the record features cost beside reading the same visits: ``python -m benchmarks.features [VISITS]``.

Two readings to compare with: pyarrow's of the very files, which judges nothing, and ours, which turns them into a
checked cohort. Each runs in a process of its own, in turn; figures are CPU seconds (user and system), medians over the
rounds, the imports taken off, one BLAS thread. Our process tells the seconds of its two steps, partition by partition
as `dystonia features` works. Memory is the peak of that process, at the full size and at a quarter of it. Only the
ratios are worth quoting.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.many_visits import write_many
from benchmarks.measuring import cost

ROUNDS = 3

START_READ = "import sys, pyarrow.csv, pyarrow.parquet"
READ = """
import sys, pyarrow.csv, pyarrow.parquet
for table in ("visits", "treatments"):
    if sys.argv[2] == "csv":
        options = pyarrow.csv.ReadOptions(use_threads=False)
        pyarrow.csv.read_csv(f"{sys.argv[1]}/{table}.csv", read_options=options)
    else:
        pyarrow.parquet.read_table(f"{sys.argv[1]}/{table}.parquet", use_threads=False)
"""
OURS = """
import json, sys, tempfile, time
from dataclasses import replace
from pathlib import Path
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.extract import extract
from pipeline.partition import partitions, survey
from pipeline.reading.options import Options
from pipeline.reading.source import open_source
from pipeline.records import Cohort

records = [feature for feature in CATALOGUE if feature.spec.level == "record"]
none = {"patient_id": ["a"], "visit_id": ["1"], "findings": ["HP:0001337"]}
import pandas
extract(Cohort(pandas.DataFrame(none)), records)  # reads the ontology
seconds, visits, now = {"reading": 0.0, "features": 0.0}, 0, time.process_time()

def step(name):
    global now
    now, before = time.process_time(), now
    seconds[name] += now - before

source = open_source(Path(sys.argv[1]), Options())
with tempfile.TemporaryDirectory(dir=sys.argv[1]) as spill:
    for part in partitions(survey(source, Options(), Path(spill)), Path(spill)):
        cohort = part.cohort(source, Options())
        step("reading")
        table = extract(cohort, records)
        visits += len(table)
        step("features")
        columns = table.shape[1]
        del part, cohort, table  # one partition at a time is held
print(json.dumps(seconds | {"visits": visits, "columns": columns}))
"""


def measure(folder: Path, form: str) -> tuple[float, dict[str, float], float]:
    """Return pyarrow's CPU seconds, the steps of ours, and our peak MiB."""
    rounds = [[cost(code, str(folder), form) for code in (START_READ, READ, OURS)] for _ in range(ROUNDS)]
    told = [json.loads(each[2][2]) for each in rounds]
    read = median(each[1][0] for each in rounds) - median(each[0][0] for each in rounds)
    return read, {name: median(each[name] for each in told) for name in told[0]}, max(each[2][1] for each in rounds)


def main(visits: int) -> None:
    """Print the ratios for Parquet and CSV."""
    with tempfile.TemporaryDirectory() as root:
        for form in ("parquet", "csv"):
            peaks = []
            for share in (4, 1):
                folder = Path(root) / f"{form}-{share}"
                write_many(folder, form, visits // share)
                read, ours, peak = measure(folder, form)
                peaks.append(f"{peak:.0f} MiB at {ours['visits']:,.0f} visits")
            print(
                f"{form}: {ours['columns']:.0f} columns of record features cost {ours['features'] / read:.1f} times "
                f"pyarrow's reading, {ours['features'] / ours['reading']:.2f} times ours; peak {', '.join(peaks)}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
