"""Make a synthetic cohort, and the truth behind it, as files."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from pipeline.arguments import FOLDER, format_option, overwrite_option
from pipeline.command import run
from pipeline.config import load_recipe
from pipeline.publish import publishing
from pipeline.recipe import Recipe
from pipeline.synthetic.writing import parts, write_cohort
from pipeline.versions import package_versions
from pipeline.writing import Format


def generate(
    out: Path,
    recipe: Recipe,
    *,
    patients: int,
    seed: int,
    format: Format = "parquet",
    signals: bool = False,
    overwrite: bool = False,
) -> None:
    """Write a synthetic cohort to a folder that appears whole: its tables, and the truth in ``truth/``.

    Parameters
    ----------
    out : Path
    recipe : Recipe
    patients : int
    seed : int
        The same seed gives the same patients, whatever their number.
    format : {"parquet", "csv"}
    signals : bool
        Whether to render the recordings too, by the recipe's battery.
    overwrite : bool

    Raises
    ------
    UsageError
        If the recipe asks for what can't be.
    OutputExists
        If the folder has other content.
    """
    plan = {
        "command": "generate",
        "recipe": asdict(recipe),
        "patients": patients,
        "seed": seed,
        "format": format,
        "signals": signals,
        "versions": package_versions(),
    }
    made = parts(recipe, patients=patients, seed=seed)
    with publishing(out, plan, overwrite=overwrite) as staging:
        if staging is not None:
            staging.fill(lambda folder: write_cohort(made, folder, format, signals=signals))


@click.command("generate")
@click.option("--out", type=FOLDER, required=True, help="The folder that appears.")
@click.option("--patients", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@click.option("--recipe", default="demo", show_default=True, metavar="NAME|FILE")
@format_option
@click.option("--signals/--no-signals", default=False, show_default=True, help="Render the recordings too.")
@overwrite_option
def command(
    out: Path, patients: int, seed: int, recipe: str, format: Format, *, signals: bool, overwrite: bool
) -> None:
    r"""Make a synthetic cohort and, in OUT/truth, what the generator knows.

    \b
    dystonia generate --out cohort --patients 500
    """
    generate(
        out, load_recipe(recipe), patients=patients, seed=seed, format=format, signals=signals, overwrite=overwrite
    )
    click.echo(f"{out}: {patients} synthetic patients; train on them with\n  dystonia train {out}")


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.generate"))
