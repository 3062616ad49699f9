"""What batch prediction costs beside the bare model and bare pyarrow.

``python -m benchmarks.predict [VISITS [ROUNDS]] [PART...]``. Parts: ``boosted`` (bar a), ``shipped`` (bar b, and
memory), ``shuffled`` (bar c), ``workers``, ``one`` (a visit, warm and cold), ``recordings``, ``explained`` (with
reasons); all if none is named.
Everything runs in processes of its own, in turn; figures are CPU seconds (user and system) of the child, medians over
the rounds, the imports taken off, one BLAS thread. Only ratios are worth quoting.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.many_visits import write_many
from benchmarks.measuring import cost

WIDE = 160
"""Columns of a clinic's table of visits."""

PARTS = ("boosted", "shipped", "shuffled", "workers", "one", "recordings", "explained")

TRAIN = """
import sys
from dataclasses import replace
from pathlib import Path
from pipeline.config import load_recipe, load_study
from pipeline.generate import generate
from pipeline.train import train
root = Path(sys.argv[1])
generate(root / "training", load_recipe("demo"), patients=400, seed=5, signals=True)
train(root / "training", replace(load_study("dystonia-intake"), folds=3), root / "model")
"""
START = "import pipeline.cli, pipeline.predict, skops.io"
# a result that is there already would be found, and nothing measured
PREDICT = """
import shutil, sys
from pipeline.cli import main
model, cohort, out, form, jobs, *reasons = sys.argv[1:]
shutil.rmtree(out, ignore_errors=True)
more = ["--explain", *reasons] if reasons else []
if main(["predict", model, cohort, "--out", out, "--format", form, "--jobs", jobs, *more]):
    raise SystemExit("no predictions")
"""
BOOSTED = """
import shutil, sys
from pathlib import Path
import pipeline.opening
from benchmarks.boosted import boosted
from pipeline.predict import predict
bundle = boosted(Path(sys.argv[1]), Path(sys.argv[6]))
pipeline.opening.load_bundle = lambda *_, **__: bundle
if sys.argv[4] != "load":
    shutil.rmtree(sys.argv[3], ignore_errors=True)
    predict(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), format=sys.argv[4], overwrite=True)
"""
BARE = """
import sys
from pathlib import Path
from benchmarks.boosted import bare
bare(Path(sys.argv[1]), Path(sys.argv[6]), Path(sys.argv[2]), int(sys.argv[7]), sys.argv[8])
"""
COPY = """
import sys
import pyarrow.csv, pyarrow.parquet
from pathlib import Path
for folder in sys.argv[1:3]:  # a folder alone is read only: what a copy spends on reading what it then writes
    paths = sorted(Path(folder).glob("*.csv")) + sorted(Path(folder).glob("*.parquet"))
    for number, path in enumerate(path for path in paths if path.stem != "outcomes"):  # predict does not read them
        if path.suffix == ".csv":
            options = pyarrow.csv.ReadOptions(use_threads=False)
            table = pyarrow.csv.read_csv(path, read_options=options)
        else:
            table = pyarrow.parquet.read_table(path, use_threads=False)
        if folder == sys.argv[2]:
            if path.suffix == ".csv":
                pyarrow.csv.write_csv(table, f"{sys.argv[3]}-{number}")
            else:
                pyarrow.parquet.write_table(table, f"{sys.argv[3]}-{number}", write_page_checksum=True)
"""


class Bench:
    """Cohorts, a model and what was measured of them, in a folder."""

    def __init__(self, root: Path, visits: int, rounds: int) -> None:
        self.root, self.visits, self.rounds = root, visits, rounds
        cost(TRAIN, str(root))
        for form in ("parquet", "csv"):
            write_many(root / form, form, visits)
        self.imports = self.median(START)[0]

    def median(self, code: str, *arguments: object) -> tuple[float, float]:
        """Return the median CPU seconds and the largest peak of some rounds."""
        return self.medians((code, *arguments))[0]

    def medians(self, *runs: tuple[object, ...]) -> list[tuple[float, float]]:
        """Return the same for several, each a code with its arguments, which take turns."""
        rounds = [[cost(*map(str, run)) for run in runs] for _ in range(self.rounds)]
        return [
            (statistics.median(each[0] for each in found), max(each[1] for each in found))
            for found in zip(*rounds, strict=True)
        ]

    def end_to_end(self, cohort: str, form: str, jobs: int = 1) -> tuple[float, float]:
        """Predict a cohort; return CPU seconds without the imports, and the peak."""
        cpu, peak = self.median(*self._predict(cohort, form, jobs))
        return cpu - self.imports, peak

    def _predict(self, cohort: str, form: str, jobs: int = 1) -> tuple[object, ...]:
        return PREDICT, self.root / "model", self.root / cohort, self.root / f"out-{cohort}", form, jobs

    def _bare(self, rows: int, which: str, trees: Path = Path("-")) -> tuple[object, ...]:
        return BARE, self.root / "model", self.root / "parquet", "-", "-", 1, trees, rows, which

    def boosted(self) -> None:
        """Bar (a): trees of 16 classes, where the model is most of the work."""
        trees, out = self.root / "trees", self.root / "out-boosted"
        load = (BOOSTED, self.root / "model", "-", out, "load", 1, trees)
        cost(*map(str, load))  # grows the trees, which is not to be measured
        forms = {"parquet": 1.25, "csv": 1.5}
        whole = [(BOOSTED, self.root / "model", self.root / form, out, form, 1, trees) for form in forms]
        found = self.medians(load, self._bare(0, "boosted", trees), self._bare(self.visits, "boosted", trees), *whole)
        opened, none, asked, *ended = (cpu for cpu, _ in found)
        for (form, bar), cpu in zip(forms.items(), ended, strict=True):
            ratio = (cpu - opened) / (asked - none)
            print(f"(a) {form}: {ratio:.2f} times bare predict_proba (at most {bar})")

    def shipped(self) -> None:
        """Bar (b): all but the model, beside pyarrow reading the input and writing the output; and the peak.

        Once with tables of our columns only, and once with 160 columns, as a clinic's own table has them.
        """
        cohorts = {"parquet": "parquet", "csv": "csv", "wide-parquet": "parquet", "wide-csv": "csv"}
        for cohort, form in cohorts.items():
            if not (self.root / cohort).exists():
                write_many(self.root / cohort, form, self.visits, columns=WIDE if cohort.startswith("wide") else 0)
            folders = (self.root / cohort, self.root / f"out-{cohort}", self.root / f"copy-{cohort}")
            (whole, peak), *others = self.medians(
                *(self._predict(cohort, form), self._bare(self.visits, "shipped"), self._bare(0, "shipped")),
                *((COPY, *folders), (COPY, folders[1], "-"), (START,)),
            )
            asked, none, copied, read_again, start = (cpu for cpu, _ in others)
            rest = (whole - start - (asked - none)) / (copied - read_again)
            print(f"(b) {cohort}: all but the model costs {rest:.2f} times reading and writing the files (at most 2.5)")
            print(f"    {self.visits / (whole - start):,.0f} visits/s of CPU, peak {peak:.0f} MiB (under 600)")

    def shuffled(self) -> None:
        """Bar (c): the same rows in any order."""
        cost(SHUFFLE, str(self.root / "parquet"), str(self.root / "shuffled"))
        whole, peak = self.end_to_end("parquet", "parquet")
        mixed, mixed_peak = self.end_to_end("shuffled", "parquet")
        peaks = f"peak {mixed_peak:.0f} MiB, else {peak:.0f}"
        print(f"(c) shuffled: {mixed / whole:.2f} times contiguous (at most 2), {peaks}")

    def workers(self) -> None:
        """Two workers: wall time on two idle cores, and what CPU time allows on any."""
        shown = {}
        for jobs in (1, 2):
            begun, before = time.perf_counter(), _children_s()
            done = subprocess.run([sys.executable, "-c", SPLIT, *map(str, (
                self.root / "model", self.root / "parquet", self.root / "out-workers", "parquet", jobs
            ))], capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
            said = float(done.stdout.splitlines()[-1])  # after what the command says
            shown[jobs] = (time.perf_counter() - begun, _children_s() - before, said)
        alone = shown[1][2]
        driver = shown[2][2]
        shared = shown[2][1] - driver
        print(
            f"two workers: {shown[1][0] / shown[2][0]:.2f} times one by the clock (at least 1.8 on idle cores); "
            f"by CPU, {driver:.1f} s of the driver and {shared:.1f} s of workers beside {alone:.1f} s of one process"
        )

    def one(self) -> None:
        """Ask about a visit: warm beside the bare model, cold beside the imports that it cannot do without."""
        model, small = self.root / "model", self.root / "single"
        cost(SINGLE, str(self.root / "parquet"), str(small))
        warm = statistics.median(float(cost(ONE, str(model), str(small))[2]) for _ in range(self.rounds))
        print(f"a warm visit: {warm:.2f} times the bare model (at most 1.5)")
        (cold, _), (bare, _), (helped, _), (python, _) = self.medians(
            (PREDICT, model, small, self.root / "out-single", "parquet", 1),
            ("import sklearn.ensemble, skops.io",),
            ("import sys; from pipeline.cli import main; sys.exit(main(['--help']))",),
            ("",),
        )
        print(f"a cold visit: {cold / bare:.2f} times importing scikit-learn and skops (at most 1.3)")
        print(f"--help: {helped / python:.1f} times bare Python (at most 8)")

    def recordings(self) -> None:
        """Measure what a recording costs and on what, and whether many cost in proportion."""
        for count in (1_000, 10_000):
            cohort = self.root / f"recorded-{count}"
            cost(RECORDED, str(cohort), str(count))
            place = map(str, (self.root / "model", cohort, self.root / f"out-{cohort.name}", "parquet", 1))
            _, peak, said = cost(PARTS_OF_RECORDED, *place)
            whole, checked, measured = map(float, said.splitlines()[-1].split())
            print(
                f"{count} recordings of a minute, each of another visit: {count / whole:.1f} visits/s of CPU, "
                f"{checked / whole:.0%} to read and check them, {measured / whole:.0%} to read them again and measure, "
                f"peak {peak:.0f} MiB"
            )

    def explained(self) -> None:
        """Measure what reasons cost, beside the same visits without them."""
        write_many(self.root / "few", "parquet", max(self.visits // 40, 1))
        place = (self.root / "model", self.root / "few", self.root / "out-explained", "parquet", 1)
        plain, told = (self.median(PREDICT, *place, most)[0] - self.imports for most in (0, 3))
        print(f"--explain 3: {told / plain:.1f} times a prediction without reasons")


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SPLIT = (
    PREDICT
    + """
import resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime)
"""
)
SHUFFLE = """
import shutil, sys
from pathlib import Path
import numpy, pyarrow.parquet
here, there = map(Path, sys.argv[1:])
there.mkdir()
shutil.copy(here / "cohort.json", there)
for path in here.glob("*.parquet"):
    table = pyarrow.parquet.read_table(path)
    order = numpy.random.default_rng(1).permutation(table.num_rows)
    pyarrow.parquet.write_table(table.take(order), there / path.name, row_group_size=100_000, write_page_checksum=True)
"""
SINGLE = """
import shutil, sys
from pathlib import Path
import pyarrow.parquet
here, there = map(Path, sys.argv[1:])
there.mkdir()
shutil.copy(here / "cohort.json", there)
pyarrow.parquet.write_table(pyarrow.parquet.read_table(here / "visits.parquet").slice(0, 1), there / "visits.parquet")
"""
ONE = """
import sys, time
from pathlib import Path
from pipeline.bundle import load_bundle
from pipeline.partition import read_whole
from pipeline.reading.options import Options
from pipeline.reading.source import open_source
import tempfile
bundle = load_bundle(Path(sys.argv[1]))
with tempfile.TemporaryDirectory() as spill:
    cohort = read_whole(open_source(Path(sys.argv[2]), Options()), Options(), Path(spill))
def seconds(work):
    times = []
    for _ in range(30):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return sorted(times)[15]
X = bundle.vectors(cohort)
print(seconds(lambda: bundle.predict(cohort)) / seconds(lambda: [model.columns(X) for model in bundle.models]))
"""
PARTS_OF_RECORDED = (
    """
import time
import pipeline.features.table, pipeline.predict, pipeline.reading.assemble
spent = {}
def timed(module, name):
    really = getattr(module, name)
    def call(*arguments, **named):
        begun = time.process_time()
        try:
            return really(*arguments, **named)
        finally:
            spent[name] = spent.get(name, 0.0) + time.process_time() - begun
    setattr(module, name, call)
timed(pipeline.reading.assemble, "open_recording")
timed(pipeline.features.table, "measure")
begun = time.process_time()
"""
    + PREDICT
    + """
print(time.process_time() - begun, spent["open_recording"], spent["measure"])
"""
)
RECORDED = """
import sys
from pathlib import Path
from pipeline.config import load_recipe
from pipeline.generate import generate
import numpy
from pipeline.reading.options import Options
root, count = Path(sys.argv[1]), int(sys.argv[2])
generate(root, load_recipe("demo"), patients=max(20, count // 2), seed=6, format="csv")
lines = (root / "visits.csv").read_text().splitlines()
names = lines[0].split(",")
at = [names.index(name) for name in ("patient_id", "visit_id")]
keys = [[line.split(",")[place] for place in at] for line in lines[1 : count + 1]]
rows = ["recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,file"]
time_s = numpy.arange(60 * 50) / 50
for number, (patient, visit) in enumerate(keys):
    stream = numpy.random.default_rng(number)
    values = 0.02 * stream.normal(size=(3, len(time_s))) + 0.2 * numpy.sin(2 * numpy.pi * 5 * time_s)
    values[2] += 1
    numpy.savez(root / f"s{number}.npz", time_s=time_s, **dict(zip("xyz", values)))
    rows.append(f"r{number},{patient},{visit},wrist_left,posture,accelerometer,g,50,s{number}.npz")
(root / "recordings.csv").write_text("\\n".join(rows) + "\\n")
"""


def main(visits: int, rounds: int, parts: list[str]) -> None:
    """Print the ratios of some parts."""
    with tempfile.TemporaryDirectory() as root:
        bench = Bench(Path(root), visits, rounds)
        for part in parts:
            getattr(bench, part)()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    named = [word for word in sys.argv[1:] if word in PARTS]
    visits, rounds = (numbers + [200_000, 3][len(numbers) :])[:2]
    main(visits, rounds, named or list(PARTS))
