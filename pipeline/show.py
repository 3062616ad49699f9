"""Say what a saved model is, or print a built-in study to copy and edit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from pipeline.bundle.load import read_manifest
from pipeline.config import read_text
from pipeline.errors import UsageError
from pipeline.tracking.registered import bundle_folder


def show(bundle: Path) -> dict[str, Any]:
    """Return what a bundle says of itself; nothing in it is loaded.

    Raises
    ------
    MissingInput, BundleRefused
        If it is not there, or its manifest can't be read.
    """
    return read_manifest(bundle)


def as_text(manifest: dict[str, Any]) -> str:
    """Set a manifest as text: targets, scores, features, provenance."""
    provenance, study = manifest["provenance"], manifest["study"]
    report = provenance.get("report", {})
    lines = [
        f"{provenance.get('name', '')}: {study.get('title', '')}",
        "trained on synthetic data: it says nothing of patients"
        if manifest["synthetic"]
        else "trained on real records",
        f"study {study.get('name', '')}, groups kept whole: {report.get('group_by', '')}, "
        f"{len(manifest['columns'])} feature columns",
    ]
    for name, target in report.get("targets", {}).items():
        lines += ["", f"target {name}"]
        lines += [f"  {key}: {_count(value)}" for key, value in target["counts"].items()]
        lines += [f"  warning: {warning}" for warning in target["warnings"]]
        lines += _score_lines(target["scores"], "  ")
        for comparator, scores in target["comparators"].items():
            lines += [f"  for comparison, {comparator}:", *_score_lines(scores, "    ")]
    lines += ["", "made with " + ", ".join(f"{name} {number}" for name, number in manifest["versions"].items())]
    lines += [f"training digest {provenance.get('training_digest', '')}"]
    return "\n".join(lines)


def _count(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return str(value)


def _score_lines(scores: dict[str, Any], indent: str) -> list[str]:
    lines = []
    for name, score in scores.items():
        if "value" in score:
            lines.append(f"{indent}{name} {_number(score)}")
        else:
            lines.append(f"{indent}{name}: " + ", ".join(f"{inner} {_number(each)}" for inner, each in score.items()))
    return lines


def _number(score: Any) -> str:
    if not isinstance(score, dict):
        return f"{score:.3f}"
    if score.get("value") is None:
        return "none: no two people could be compared"
    if score.get("low") is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} (95 % interval {score['low']:.3f} to {score['high']:.3f})"


@click.command("show")
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--study", metavar="NAME", help="Print a built-in study instead, to copy and edit.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(bundle: Path | None, study: str | None, *, as_json: bool) -> None:
    r"""Say what the model in BUNDLE is: targets, labels, features, scores, provenance.

    \b
    dystonia show models/dystonia-intake
    dystonia show --study phenopackets > my-study.toml
    """
    if (bundle is None) == (study is None):
        raise UsageError("show", "needs a bundle or --study", do="Give one of them")
    if study is not None:
        click.echo(read_text("studies", study), nl=False)
    elif bundle is not None:
        with bundle_folder(bundle) as folder:
            manifest = show(folder)
        click.echo(json.dumps(manifest, indent=2) if as_json else as_text(manifest))
