"""Damaged and hostile files, by the hundred thousand: readers and the loader of models answer, refuse, or are wrong.

``python -m tools.fuzz [--count N]`` takes each case in turn: a sound file, spoilt by a few mutations, is given to the
reader of its kind or, as a model's member, to the loader, with the manifest made to agree as an attacker would. Right
is an answer, or an error of ours with its own exit code, whose message holds nothing of the file. Wrong is any other
exception (exit 70), an answer that takes too long, the end of the process, a cell of the file in a message, or a trace
that something in a model was run. A spoilt file that is answered in a new way joins the corpus, so that later cases go
on from it.

Cases run in one process, in a child that is replaced where one ends it. What was done is kept in ``.fuzz/``, and a run
that was stopped goes on; ``docs/fuzzing.md`` has the summary.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import pickle
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as papq

from pipeline.bundle import load, load_bundle
from pipeline.bundle.layout import MANIFEST
from pipeline.bundle.save import members_of
from pipeline.cohort_files.packets import write_phenopackets
from pipeline.config import load_recipe, load_study, study_options
from pipeline.errors import PipelineError
from pipeline.fitting import fit_study
from pipeline.generate import generate
from pipeline.partition import read_whole
from pipeline.publish import publishing
from pipeline.reading.options import Options
from pipeline.reading.recordings import open_recording
from pipeline.reading.source import open_source
from pipeline.synthetic.canaries import canaries
from pipeline.versions import package_versions
from tools.spoiling import spoilt

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".fuzz"
SEED = 20261123
CHUNK = 2000
SLOW_S = 30
CANARY = "Zanzibar4711"
_MOST_KEPT = 400
"""Files of a kind in the corpus."""


class _Mark:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def seeds(root: Path) -> dict[str, list[bytes]]:
    """Make sound files of every kind, with a mark in all their ids, and a small model; return them by kind."""
    made: dict[str, list[bytes]] = {}
    for form in ("csv", "parquet"):
        generate(root / form, load_recipe("demo"), patients=60 if form == "parquet" else 3, seed=3, format=form)
    for path in sorted((root / "csv").glob("visits.csv")):
        content = path.read_bytes()
        made["visits.csv"] = [content, content.replace(b"\n", b"\r\n"), _narrow(content)]
    generate(root / "small", load_recipe("demo"), patients=3, seed=4)
    made["visits.parquet"] = [(root / "small" / "visits.parquet").read_bytes()]
    made["treatments.csv"] = [(root / "csv" / "treatments.csv").read_bytes()]
    made["cohort.json"] = [(root / "csv" / "cohort.json").read_bytes()]
    made["recordings.csv"] = [_RECORDINGS.encode()]
    write_phenopackets(_cohort(root / "small"), root / "packets.jsonl")
    lines = (root / "packets.jsonl").read_bytes()
    made["packets.jsonl"], made["packet.json"] = [lines], lines.splitlines()
    signals = _signals()
    (root / "signal.csv").write_bytes(signals["signal.csv"][0])
    made |= signals
    _model(root)
    made |= {name: [(root / "model" / name).read_bytes()] for name in _MEMBERS}
    marked = {kind: [_with_canary(kind, each) for each in files] for kind, files in made.items()}
    lines = [line.split(b",")[:_OF_VISITS] for line in marked["visits.csv"][0].splitlines()]
    (root / "visits.csv").write_bytes(b"\n".join(map(b",".join, lines)))
    marked["type.skops"].append(pickle.dumps(_Mark(root / "marker")))
    return marked


_OFTEN = {
    **dict.fromkeys(("report.json", "report.html", "cohort.json"), 0.05),
    **dict.fromkeys(("packets.jsonl", "canaries.json"), 0.25),
    **dict.fromkeys(("visits.csv", "treatments.csv", "recordings.csv"), 0.5),
    **dict.fromkeys(("signal.csv", "signal.npz", "signal.parquet"), 3.0),
}
"""How often a kind is taken, against the others: more where a case is cheap, seldom where little is read of it."""

_MEMBERS = (MANIFEST, "type.skops", "spread.skops", "canaries.json", "report.json", "report.html")


def _with_canary(kind: str, content: bytes) -> bytes:
    """Put the mark before ids; signals and models have none."""
    return (
        re.sub(rb"\bP(\d)", CANARY.encode() + rb"\1", content)
        if kind.endswith((".csv", ".json", ".jsonl"))
        else content
    )


def _narrow(content: bytes) -> bytes:
    """Keep the ids and every fifth column of a table of plain cells."""
    rows = [line.split(b",") for line in content.splitlines()]
    return b"".join(b",".join([*row[:_OF_VISITS], *row[_OF_VISITS::5]]) + b"\n" for row in rows)


def _cohort(folder: Path) -> Any:
    source = open_source(folder, Options())
    with tempfile.TemporaryDirectory() as spill:
        return read_whole(source, Options(), Path(spill))


def _signals() -> dict[str, list[bytes]]:
    time_s = np.arange(500) / 50
    values = np.random.default_rng(1).normal(size=(3, 500)) * 0.05
    values[2] += 1
    columns = {"time_s": time_s, **dict(zip("xyz", values, strict=True))}
    rows = [
        ",".join(columns),
        *(",".join(f"{cell:.5f}" for cell in row) for row in zip(*columns.values(), strict=True)),
    ]
    npz, plain = io.BytesIO(), io.BytesIO()
    np.savez_compressed(npz, **columns)
    np.savez(plain, **columns)
    parquet = io.BytesIO()
    papq.write_table(pa.table(columns), parquet)
    return {
        "signal.csv": ["\n".join(rows).encode()],
        "signal.npz": [npz.getvalue(), plain.getvalue()],
        "signal.parquet": [parquet.getvalue()],
    }


def _model(root: Path) -> None:
    study = replace(load_study("dystonia-intake"), name="fuzz", folds=2)
    cohort = _cohort_with_outcomes(root / "parquet", study)
    bundle, report = fit_study(cohort, study, "fuzz")
    with publishing(root / "model", {"made": "once"}) as staging:
        if staging is not None:
            members_of(bundle, canaries(), report)(staging)


def _cohort_with_outcomes(folder: Path, study: Any) -> Any:
    options = study_options(study, Options())
    with tempfile.TemporaryDirectory() as spill:
        return read_whole(open_source(folder, options), options, Path(spill))


_OF_VISITS = 4
"""Columns of a table of visits that only stands beside what is spoilt: ids and the time."""

_RECORDINGS = """\
recording_id,patient_id,visit_id,body_site,task,sensor,unit,rate_hz,channels,columns,file
r1,P1,1,wrist_left,rest,accelerometer,g,50,,,signals/one.csv
r2,P1,1,head,posture,gyroscope,deg/s,50,x|y|z,x|y|z,signals/one.csv
r3,P1,1,,action,emg,mV,1000,biceps_left,x,signals/two.csv
"""
_RECORDING = {
    **{"source": "recordings.csv", "row": 1, "recording_id": "r", "patient_id": "a", "visit_id": "1"},
    **{"body_site": "wrist_left", "task": "rest", "sensor": "accelerometer", "unit": "g", "rate_hz": 50.0},
}


def give(kind: str, content: bytes, root: Path, work: Path) -> str:
    """Give a spoilt file to what reads its kind; return the reasons against its rows."""
    if kind in _MEMBERS:
        _give_model(kind, content, root, work)
        return ""
    folder = Path(tempfile.mkdtemp(dir=work))
    (folder / kind).write_bytes(content)
    if kind.startswith("signal"):
        return _give_signal(folder, kind)
    if kind in ("treatments.csv", "cohort.json"):
        shutil.copyfile(root / "visits.csv", folder / "visits.csv")
    elif kind == "recordings.csv":
        (folder / "visits.csv").write_text(f"patient_id,visit_id\n{CANARY}1,1\n")
        (folder / "signals").mkdir()
        (folder / "signals" / "one.csv").write_bytes((root / "signal.csv").read_bytes())
    source = open_source(folder, Options())
    cohort = read_whole(source, Options(), folder)
    source.verify_unchanged()
    for recording in cohort.recordings:
        recording.open()
    reasons = {*cohort.notes["reason"], *(word for words in cohort.rejects["reasons"] for word in words.split("|"))}
    return " ".join(sorted(reasons))


def _give_signal(folder: Path, name: str) -> str:
    recording, remarks = open_recording(_RECORDING | {"file": name}, folder, shared=False, sort=False)
    if recording is not None:
        recording.open()
    return " ".join(sorted({reason for _, reason, _ in remarks}))


def _give_model(kind: str, content: bytes, root: Path, work: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=work)) / "model"
    shutil.copytree(root / "model", folder)
    (folder / kind).write_bytes(content)
    if kind != MANIFEST:
        manifest = json.loads((folder / MANIFEST).read_text())
        manifest["members"][kind] = hashlib.sha256(content).hexdigest()
        (folder / MANIFEST).write_text(json.dumps(manifest))
    load_bundle(folder).predict(_canaries())


@cache
def _canaries() -> Any:
    return canaries()


def outcome(kind: str, content: bytes, root: Path, work: Path) -> str:
    """Say how a file was answered; what begins with ``WRONG`` is a bug of ours, a warning of a library among them."""
    try:
        said = f"0 {give(kind, content, root, work)}"
    except PipelineError as error:
        if CANARY in str(error):
            return f"WRONG {kind} a cell in a message: {error.code}"
        found = re.sub(r"\d+|'[^']*'", "#", error.found)[:60]
        said = f"{error.exit_code} {error.code} {found}"
        said = said if error.exit_code != 70 else f"WRONG {kind} {said}"
    except MemoryError:
        said = "71 out of memory"
    except Exception as error:  # noqa: BLE001 (this is what is looked for)
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"WRONG {kind} {type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
    return f"WRONG {kind} ran what was in it" if (root / "marker").exists() else said


def case(number: int, files: dict[str, list[bytes]]) -> tuple[str, bytes]:
    """Return the kind and the content of a case: the same for the same corpus."""
    stream = random.Random(f"{SEED}-{number}")  # noqa: S311 (no secret)
    kinds = sorted(files)
    kind = stream.choices(kinds, [_OFTEN.get(each, 1) for each in kinds])[0]
    base = stream.choice(files[kind])
    return kind, spoilt(base, stream.choice(files[kind]), kind, stream)


def _work_off(first: int, last: int, root: Path, known: set[str]) -> None:
    """Take some cases in this process, and note each before and after."""
    files = _corpus(root)
    warnings.simplefilter("error")
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with (KEPT / "cases.txt").open("a") as done:
        for number in range(first, last):
            kind, content = case(number, files)
            (KEPT / "at").write_text(f"{number} {kind}")
            (KEPT / "now").write_bytes(content)
            signal.setitimer(signal.ITIMER_PROF, SLOW_S)  # of CPU: other work on the machine must not decide
            signal.setitimer(signal.ITIMER_REAL, 20 * SLOW_S)
            with tempfile.TemporaryDirectory() as work:
                said = f"{kind} {outcome(kind, content, root, Path(work))}"
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            done.write(f"{number} {said}\n")
            done.flush()
            if "WRONG" in said:
                _keep(KEPT / "wrong", f"{number}-{kind}", content)
            elif said not in known and len(files[kind]) < _MOST_KEPT:
                known.add(said)
                _keep(KEPT / "corpus" / kind, hashlib.sha256(content).hexdigest()[:16], content)
                files[kind].append(content)
            (root / "marker").unlink(missing_ok=True)


def _keep(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def _lines() -> list[str]:
    path = KEPT / "cases.txt"
    return path.read_text().splitlines() if path.exists() else []


class _Answers:
    """What cases were answered with, read as the file of cases grows.

    Attributes
    ----------
    known : set of str
        Each kind with each answer.
    """

    def __init__(self) -> None:
        self.known: set[str] = set()
        self._lines = self._bytes = 0

    def read(self) -> int:
        """Read the lines that are new, and return how many there are in all."""
        with (KEPT / "cases.txt").open("ab+") as file:
            file.seek(self._bytes)
            new = file.read()
        self._bytes += len(new)
        lines = new.decode().splitlines()
        self._lines += len(lines)
        self.known |= {line.split(" ", 1)[1].strip() for line in lines}
        return self._lines


def _corpus(root: Path) -> dict[str, list[bytes]]:
    files = _seeds_of_run(root)
    for kind, found in files.items():
        found += [path.read_bytes() for path in sorted((KEPT / "corpus" / kind).glob("*"))]
    return files


_SEEDS: dict[str, list[bytes]] = {}


def _seeds_of_run(root: Path) -> dict[str, list[bytes]]:
    """Return fresh lists of the seeds, which are made once a run."""
    if not _SEEDS:
        _SEEDS.update(seeds(root))
    return {kind: list(found) for kind, found in _SEEDS.items()}


def _reckon_once() -> None:
    """Compute the features' fingerprints and what checks a study once, not for every model that is opened."""
    really, known = load.fingerprints, {}

    def fingerprints(features: list[Any]) -> Any:
        names = tuple(each.spec.name for each in features)
        if names not in known:
            known[names] = really(features)
        return known[names]

    load.fingerprints = fingerprints
    load.TypeAdapter = cache(load.TypeAdapter)  # pyright: ignore[reportPrivateImportUsage]


def summary(lines: list[str]) -> str:
    """Return the page of what was found, from a line a case."""
    kinds: dict[str, Counter[str]] = {}
    for line in lines:
        _, kind, said = line.split(" ", 2)
        kinds.setdefault(kind, Counter())[said] += 1
    rows = []
    for kind, found in sorted(kinds.items()):
        answers, bad = (
            {said: count for said, count in found.items() if said.startswith(start)} for start in ("0", "WRONG")
        )
        total, answered, wrong = (sum(each.values()) for each in (found, answers, bad))
        refused, refusals = total - answered - wrong, len(found) - len(answers) - len(bad)
        rows.append(f"| `{kind}` | {total:,} | {answered:,} | {refused:,} | {len(answers)} | {refusals} | {wrong} |")
    wrong = sorted({line.split(" ", 2)[2] for line in lines if "WRONG" in line})
    listed = "\n".join(f"- {each}" for each in wrong) or "None."
    versions = package_versions()
    about = f"Python {platform.python_version()}, pyarrow {versions['pyarrow']}, skops {versions['skops']}"
    return f"""# Fuzzing

What readers and the loader of models make of damaged and hostile files: {len(lines):,} cases, by seed {SEED}.
A case is right if it is answered, or refused with an exit code of its own and a message that holds nothing of the file.
It is wrong if it ends in exit code 70, hangs, ends the process, lets a library warn, quotes a cell, or runs what a
model's file has in it.

`make fuzz N={len(lines)}`, {date.today().isoformat()}, {about}.

| file | cases | answered | refused | ways to answer | ways to refuse | wrong |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

A table or a recording is "answered" with reasons against its rows. Members of a model are given with a manifest that
agrees with them, as an attacker would; "answered" is then a change that alters no prediction of the canaries, such as
one of the report.

## Wrong

{listed}
"""


def main() -> None:
    """Run cases until so many are done, and write the summary."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    KEPT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _seeds_of_run(root)
        _reckon_once()
        answers, done = _Answers(), 0
        while (done := answers.read()) < count:
            sys.stderr.write(f"{done} of {count} cases\n")
            child = os.fork()
            if child == 0:
                _end_after(lambda first=done: _work_off(first, min(first + CHUNK, count), root, answers.known))
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status:
                _note_end(status)
    (ROOT / "docs" / "fuzzing.md").write_text(summary(_lines()), encoding="utf-8")
    raise SystemExit(any("WRONG" in line for line in _lines()))


def _end_after(work: Callable[[], None]) -> NoReturn:
    """End this process after some work, without what its parent would clean up."""
    try:
        work()
    except BaseException:  # noqa: BLE001 (a mistake in the fuzzer itself: told, and counted)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _note_end(status: int) -> None:
    """Note the case that has ended the process of its chunk."""
    number, kind = (KEPT / "at").read_text().split()
    how = {-signal.SIGPROF: "too slow", -signal.SIGALRM: "hangs"}.get(status, f"ended the process ({status})")
    _keep(KEPT / "wrong", f"{number}-{kind}", (KEPT / "now").read_bytes())
    with (KEPT / "cases.txt").open("a") as file:
        file.write(f"{number} {kind} WRONG {kind} {how}\n")


if __name__ == "__main__":
    main()
