"""What training costs once features are there: ``python -m benchmarks.training``.

The models of the study `dystonia-intake` are fitted on synthetic patients as `train` fits them, in a process of their
own: `--patients` of them with nested validation, which is the study's outer folds and in each the inner ones; these and
`--grown` once more without the outer folds, which tells how the cost grows. CPU (user and system) without imports and
reading, beside the reference job, which is measured before and after. Sensors enter as blurred latents.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measuring import cost
from benchmarks.reference import reference_cpu_seconds
from benchmarks.truth.patients import patients
from pipeline.config import load_recipe

_RECIPE, _SEED = "near-naive", 1
_MOST_MIB = 2048

_CHILD = """
import json, sys, time
import numpy as np
from threadpoolctl import threadpool_limits
from pipeline.config import load_study
from pipeline.outcomes import Truth
from pipeline.selection import TrainingRows, fitted, new_estimator, out_of_fold

folder, nested = sys.argv[1], sys.argv[2] == "nested"
study, taken = load_study("dystonia-intake"), {}
for target in study.targets:
    told = np.load(f"{folder}/{target.name}.npz")
    truth = Truth(told["visits"], told["label"], told["left"], told["right"])
    modalities = (tuple(told["modality"].tolist()),)
    patient = told["patients"]
    known = tuple(told["prespecified"].tolist())
    clock = next(iter(told["clock"].tolist()), None)
    rows = TrainingRows(target, told["X"], truth, patient, patient, modalities, prespecified=known, clock=clock)
    start = time.process_time()
    with threadpool_limits(1):
        if nested:
            out_of_fold(rows, folds=study.folds, seed=study.seed)
        fitted(new_estimator(rows), rows)
    taken[target.name] = time.process_time() - start
# what the system counts of a child holds what its parent had when it forked; this is the child's own
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps([taken, int(status["VmHWM"].split()[0]) / 1024]))
"""


def prepare(folder: Path, count: int) -> None:
    """Write what each target is learned from, of so many patients."""
    made = patients(load_recipe(_RECIPE), count, _SEED)
    folder.mkdir()
    for name in ("type", "spread"):
        rows = made.rows(name)
        changing = np.array([len(np.unique(column)) > 1 for column in np.nan_to_num(rows.X, nan=np.inf).T])
        places = np.cumsum(changing) - 1
        np.savez(
            folder / f"{name}.npz",
            X=rows.X[:, changing],
            visits=rows.truth.visits,
            label=rows.truth.label.astype(str),
            left=rows.truth.left,
            right=rows.truth.right,
            patients=rows.patients.astype(str),
            modality=np.array([places[at] for at in rows.modalities[0]]),
            prespecified=np.array([places[at] for at in rows.prespecified if changing[at]], dtype=int),
            clock=np.array([] if rows.clock is None else [places[rows.clock]], dtype=int),
        )


def main() -> int:
    """Print the table; return 1 if memory or growth misses its bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training")
    parser.add_argument("--patients", type=int, default=2_000)
    parser.add_argument("--grown", type=int, default=20_000)
    options = parser.parse_args()
    sizes = {(options.patients, "nested"), (options.patients, "once"), (options.grown, "once")}
    before, found = reference_cpu_seconds(), {}
    with tempfile.TemporaryDirectory() as root:
        for count, how in sorted(sizes):
            folder = Path(root) / str(count)
            if not folder.exists():
                prepare(folder, count)
            found[count, how] = json.loads(cost(_CHILD, str(folder), how)[2])
    reference = (before + reference_cpu_seconds()) / 2
    print("| patients | outer folds | types, reference jobs | spread | together | peak memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (count, how), (taken, peak) in sorted(found.items()):
        parts = [taken["type"], taken["spread"], sum(taken.values())]
        told = " | ".join(f"{each / reference:.1f}" for each in parts)
        print(f"| {count:,} | {'yes' if how == 'nested' else 'no'} | {told} | {peak:.0f} MiB |")
    few, many = (sum(found[count, "once"][0].values()) for count in (options.patients, options.grown))
    longer = [count * np.log(count) for count in (options.patients, options.grown)]
    power = float(np.log(many / few) / np.log(longer[1] / longer[0]))
    most = max(peak for _, peak in found.values())
    print(f"\nCost grows as the {power:.2f}th power of n log n (bar: 1); {most:.0f} MiB at most (bar: {_MOST_MIB}).")
    return int(power > 1.0 or most > _MOST_MIB)


if __name__ == "__main__":
    raise SystemExit(main())
