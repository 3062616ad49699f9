"""Say what a cohort holds, what is missing, and what would be rejected and why."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from pipeline import spill
from pipeline.arguments import FOLDER, cohort_argument, max_rejected_option, reading_options, rejection_exit_code
from pipeline.check_recording import check_recording, declaring_options, is_recording, recording_text
from pipeline.errors import ContractError, IoFailed, OutputExists, UsageError
from pipeline.partition import partitions, survey
from pipeline.reading.draft import draft_mapping as draft
from pipeline.reading.options import Options
from pipeline.reading.source import open_source, spooled
from pipeline.records import IDENTITY, Cohort
from pipeline.remarks import Remarks


def check(path: Path, options: Options) -> dict[str, Any]:
    """Read a whole cohort and count what is there.

    Returns
    -------
    dict
        ``rows`` by source, ``predicted`` (visits that would be), ``rejected``, ``reasons``, ``notes``,
        ``not_carried`` (in how many visits an element of a phenopacket was left out), ``patients``,
        ``treatments``, ``recordings``, ``unknown_columns``, ``excluded`` (rows that the mapping's ``where`` keeps
        out of the visits), and ``filled``: in how many visits a column is recorded.

    Raises
    ------
    PipelineError
        As `predict` would.
    """
    source = open_source(path, options)
    found: dict[str, Counter[str]] = {name: Counter() for name in ("sizes", "filled", "left")}
    remarks = Remarks()
    with spill.folder() as folder:
        overview = survey(source, options, folder)
        for part in partitions(overview, folder):
            cohort = part.cohort(source, options)
            remarks.add(Remarks.of(cohort))
            _count(cohort, found)
    source.verify_unchanged()
    return {
        "rows": overview.rows,
        **{name: found["sizes"][name] for name in ("predicted", "rejected", "patients", "treatments", "recordings")},
        "synthetic": source.synthetic,
        "reasons": dict(sorted(remarks.rejected.items())),
        "notes": dict(sorted(remarks.noted.items())),
        "not_carried": dict(sorted(found["left"].items())),
        "unknown_columns": list(overview.unknown_columns),
        "excluded": source.count_excluded(),
        "filled": dict(found["filled"]),
    }


def _count(cohort: Cohort, found: dict[str, Counter[str]]) -> None:
    found["sizes"] += _sizes(cohort)
    found["filled"] += _filled(cohort.visits)
    found["left"].update(cohort.notes.loc[cohort.notes["reason"] == "NOT_CARRIED", "column"])


def write_draft(path: Path, out: Path, options: Options) -> str:
    """Write a mapping that is proposed for an unknown table to a new file, and say what to do with it.

    Raises
    ------
    UsageError
        If a mapping is given already.
    OutputExists
        If the file is there.
    """
    if options.mapping is not None:
        raise UsageError("--draft-mapping", "a mapping is given already", do="Leave --mapping out")
    if out.suffix != ".toml":
        raise UsageError("--draft-mapping", "no .toml file", do="Write --draft-mapping our-registry.toml")
    source = open_source(path, options)
    if source.visit_files[0].endswith((".json", ".jsonl")):
        raise ContractError(source.visit_files[0], "phenopackets need no mapping", do="Read them as they are")
    text = draft(source, out.stem)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OutputExists(str(out), "is there already", do="Give another name, or remove it") from None
    except OSError as error:
        raise IoFailed(str(out), f"writing failed: {os.strerror(error.errno or 0)}") from None
    certain, guesses = (text.count(f"\n# {word}:") for word in ("certain", "guess"))
    name = out if "/" in str(out) else f"./{out}"
    return (
        f"{out}: {certain} certain, {guesses} guesses; nothing was applied. Read it, correct it, then: "
        f"dystonia check {path} --mapping {name}"
    )


def _sizes(cohort: Cohort) -> Counter[str]:
    return Counter(
        predicted=len(cohort),
        rejected=len(cohort.rejects),
        patients=len(set(cohort.groups)),
        treatments=len(cohort.treatments),
        recordings=len(cohort.recordings),
    )


def _filled(visits: pd.DataFrame) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, values in visits.items():
        if name not in IDENTITY:
            cells = values.to_numpy()
            counts[str(name)] = int(np.count_nonzero(~np.isnan(cells) if cells.dtype.kind == "f" else cells))
    return counts


def as_text(found: dict[str, Any]) -> str:
    """Set what `check` found as a text that a clinician can read."""
    total = found["predicted"] + found["rejected"]
    lines = [
        f"{total} visit records in {', '.join(found['rows'])}"
        + (" (marked as synthetic)" if found["synthetic"] else ""),
        f"  {found['predicted']} can be predicted: {found['patients']} patients, "
        f"{found['treatments']} treatments, {found['recordings']} recordings",
        f"  {found['rejected']} would be rejected",
    ]
    lines += [f"    {line}" for line in Remarks(Counter(found["reasons"]), Counter(found["notes"])).lines()]
    lines += [f"    left out: {count} x {element}" for element, count in found["not_carried"].items()]
    if found["unknown_columns"]:
        lines.append(f"  not read, unknown columns: {', '.join(found['unknown_columns'])}")
    if found["excluded"]:
        lines.append(f"  {found['excluded']} rows are no visits: the mapping's 'where' keeps them out")
    lines.append("recorded in how many visits:")
    lines += [
        f"  {count:>8}  {_share(count, found['predicted']):>4}  {name}" for name, count in found["filled"].items()
    ]
    return "\n".join(lines)


def _share(count: int, total: int) -> str:
    return f"{100 * count // total} %" if total else "-"


def _unless_another_layout(path: Path, options: Options, error: ContractError) -> ContractError:
    """Add to an error of a single table's header what to do if it is another's table, or no table of visits."""
    if error.code not in ("MISSING_COLUMN", "DUPLICATE_COLUMN") or not path.is_file():
        return error
    first = error.do if not error.do or error.do.endswith("?") else f"{error.do}."
    other = "" if options.mapping else "If its columns have other names, have a mapping drafted: --draft-mapping FILE. "
    do = f"{first} {other}If this is one recording, give --units and --rate".lstrip()
    return ContractError(error.where, error.found, needed=error.needed, do=do, code=error.code)


@click.command("check")
@cohort_argument
@reading_options
@max_rejected_option
@declaring_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--draft-mapping", type=FOLDER, metavar="FILE", help="Propose a mapping for an unknown table instead.")
def command(
    cohort: Path,
    options: Options,
    max_rejected: float,
    declared: dict[str, Any],
    *,
    as_json: bool,
    draft_mapping: Path | None,
) -> int:
    r"""Say what COHORT holds, and what of it would be rejected and why; or, with --units, how good one recording is.

    \b
    dystonia check visits.csv
    dystonia check movement_phenopackets.jsonl --json
    dystonia check export.csv --draft-mapping our-registry.toml
    dystonia check wrist.csv --units m/s^2 --rate 100
    """
    if is_recording(cohort, declared):
        found = check_recording(cohort, declared, options)
        click.echo(json.dumps(found, indent=2) if as_json else recording_text(found))
        return ContractError.exit_code if found["unfit"] else 0
    with spooled(cohort) as path:
        if draft_mapping is not None:
            click.echo(write_draft(path, draft_mapping, options))
            return 0
        try:
            found = check(path, options)
        except ContractError as error:
            raise _unless_another_layout(cohort, options, error) from None
    click.echo(json.dumps(found, indent=2) if as_json else as_text(found))
    return rejection_exit_code(found, max_rejected)
