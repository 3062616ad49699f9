"""The command ``dystonia``: a table of names, each imported when it runs."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

import click
from click.shell_completion import CompletionItem

from pipeline.command import run, show_examples
from pipeline.errors import did_you_mean

COMMANDS = {
    "demo": ("pipeline.demo", "Generate a small cohort, train, predict, and say which files to open."),
    "generate": ("pipeline.generate", "Make a synthetic cohort."),
    "check": ("pipeline.check", "Say what a cohort holds, and what of it would be rejected and why."),
    "features": ("pipeline.featurise", "Write the feature table of a cohort, or list the catalogue."),
    "train": ("pipeline.train", "Fit and validate a study on a cohort, and save the model."),
    "evaluate": ("pipeline.evaluate", "Judge a saved model on people whom it was not trained on."),
    "promote": ("pipeline.promote", "Register a model, if it is good enough, and let an alias point to it."),
    "predict": ("pipeline.predict", "Predict every visit of a cohort with a saved model."),
    "show": ("pipeline.show", "Say what a saved model or a built-in study is."),
    "doctor": ("pipeline.doctor", "Say whether this installation works, and what to do where it does not."),
}
"""Name of each command, with its module and one line of help."""
_GARBAGE_AFTER = 100_000
"""New objects before Python looks for cycles among them; at its usual 700, a tenth of a start goes into looking through
what was just imported."""


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called, so that help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            ctx.fail(f"No such command '{cmd_name}'. {did_you_mean(cmd_name, COMMANDS)}")
        command = import_module(COMMANDS[cmd_name][0]).command
        show_examples(command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands from the table; click's own way would import every one."""
        names = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


@click.group(cls=_LazyGroup, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where an error came from; works with every command.")
@click.version_option(version("dystonia-pipeline"), prog_name="dystonia")
def dystonia(debug: bool) -> None:
    """Models of dystonia type and progression risk, from symptom forms and recordings.

    Begin with: dystonia demo
    """
    del debug  # read by `run`, wherever it stands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    gc.set_threshold(_GARBAGE_AFTER)
    return run(dystonia, sys.argv[1:] if arguments is None else arguments, "dystonia")


if __name__ == "__main__":
    raise SystemExit(main())
