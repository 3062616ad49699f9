"""The first command: a small synthetic cohort, a model of it, predictions for new patients, and what to open."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from pipeline.arguments import FOLDER, quiet_option
from pipeline.command import Say, run, say_on_error, teller
from pipeline.config import load_recipe, load_study
from pipeline.engine import ALL_CORES
from pipeline.generate import generate
from pipeline.predict import predict
from pipeline.show import as_text, show
from pipeline.train import train

PATIENTS, NEW_PATIENTS = 300, 75
SEED, NEW_SEED = 1, 2


def demo(out: Path, say: Say = lambda _: None) -> None:
    """Run the whole line in a folder; what is there already is not made again.

    Parameters
    ----------
    out : Path
        Gets ``cohort``, ``model``, ``new-patients`` and ``predictions``.
    say : callable
        Is told of progress, a line at a time.
    """
    out.mkdir(exist_ok=True)
    # leaving out each centre in turn would take as long again
    recipe, study = load_recipe("demo"), replace(load_study("dystonia-intake"), leave_out="")
    say(f"making {PATIENTS} synthetic patients to learn from, and {NEW_PATIENTS} to predict, with forms and recordings")
    generate(out / "cohort", recipe, patients=PATIENTS, seed=SEED, signals=True)
    generate(out / "new-patients", recipe, patients=NEW_PATIENTS, seed=NEW_SEED, format="csv", signals=True)
    train(out / "cohort", study, out / "model", jobs=ALL_CORES, say=say, warn=say_on_error)
    predict(out / "model", out / "new-patients", out / "predictions", format="csv", say=say)


@click.command("demo")
@click.option("--out", type=FOLDER, default=Path("demo"), show_default=True, help="Where all goes.")
@quiet_option
def command(out: Path, *, quiet: bool) -> None:
    r"""Generate a small cohort, train, predict, and say which files to open.

    \b
    dystonia demo
    """
    demo(out, teller(quiet=quiet))
    click.echo(as_text(show(out / "model")))
    to_open = {
        "new-patients/visits.csv": f"the records of {NEW_PATIENTS} synthetic patients",
        "new-patients/recordings.csv": "which file holds which recording of theirs, and how to read it",
        "predictions/predictions-00000-of-00001.csv": "what the model says of each of their visits",
        "model/report.html": "how well it did on patients that it had not seen",
    }
    click.echo("\nOpen these:")
    for name, meaning in to_open.items():
        click.echo(f"  {out / name}: {meaning}")
    click.echo("Next: dystonia check, train and predict on your own records; dystonia --help.")


if __name__ == "__main__":
    raise SystemExit(run(command, sys.argv[1:], "python -m pipeline.demo"))
