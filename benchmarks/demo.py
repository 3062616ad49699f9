"""What `dystonia demo` costs, part by part: ``python -m benchmarks.demo``.

The demo runs in a process of its own on one core, and what its parts take is told in CPU seconds (user and system) as
shares of the whole. The whole is told in units of the reference job, which is measured before and after.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.measuring import cost
from benchmarks.reference import reference_cpu_seconds

_CHILD = """
import json, sys, time
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from unittest.mock import patch

import pipeline.demo, pipeline.fitting, pipeline.train, pipeline.validation
from pipeline.tracking import runs

taken = {}

def timed(part, function):
    @wraps(function)
    def run(*arguments, **named):
        start = time.process_time()
        found = function(*arguments, **named)
        taken[part] = taken.get(part, 0.0) + time.process_time() - start
        return found
    return run

PARTS = {
    "making records and recordings": (pipeline.demo, "generate"),
    "training": (pipeline.demo, "train"),
    "reading the recordings, features": (pipeline.fitting, "extract"),
    "validation: models of each fold, reasons": (pipeline.validation.Validation, "explained"),
    "scores, intervals, comparators": (pipeline.validation.Validation, "of"),
    "final models": (pipeline.fitting, "_final_model"),
    "logging the run": (pipeline.train, "_log"),
    "predicting the new patients": (pipeline.demo, "predict"),
}
with ExitStack() as patches:
    patches.enter_context(patch.object(pipeline.demo, "ALL_CORES", 1))
    for part, (owner, name) in PARTS.items():
        patches.enter_context(patch.object(owner, name, timed(part, getattr(owner, name))))
    pipeline.demo.demo(Path(sys.argv[1]))
inside = {part: seconds for part, seconds in taken.items() if PARTS[part][0] is not pipeline.demo}
taken["reading tables, writing model and report"] = taken.pop("training") - sum(inside.values())
print(json.dumps(taken))
"""


def main() -> None:
    """Print the parts."""
    before = reference_cpu_seconds()
    with tempfile.TemporaryDirectory() as root:
        seconds, peak, said = cost(_CHILD, str(Path(root) / "demo"))
    reference = (before + reference_cpu_seconds()) / 2
    parts = json.loads(said)
    parts["starting"] = seconds - sum(parts.values())
    print(f"{seconds:.0f} CPU s, {seconds / reference:.0f} times the reference job; {peak:.0f} MiB at most\n")
    print("| part | share of the CPU time | reference jobs |\n| --- | --- | --- |")
    for part, took in sorted(parts.items(), key=lambda each: -each[1]):
        print(f"| {part} | {took / seconds:.0%} | {took / reference:.1f} |")


if __name__ == "__main__":
    main()
