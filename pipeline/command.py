"""What the commands share: progress lines, and the turning of whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from pipeline.errors import PipelineError

Say = Callable[[str], None]
"""Is told of progress, a line at a time."""

USAGE, BUG, OUT_OF_MEMORY, IO_FAILED, INTERRUPTED, TERMINATED = 64, 70, 71, 74, 130, 143


def teller(*, quiet: bool) -> Say:
    """Return a function that tells of progress on standard error, or of nothing."""
    return (lambda _: None) if quiet else say_on_error


def say_on_error(line: str, end: str = "\n") -> None:
    """Write a line to standard error; whoever closed it does not want it, and the work goes on."""
    try:
        click.echo(line + end, nl=False, err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


class _Terminated(BaseException):
    """The process was asked to end."""


def run(command: click.Command, arguments: Sequence[str], name: str) -> int:
    """Run a command and turn whatever goes wrong into one line and an exit code.

    Returns
    -------
    int
        The exit code, as the table of the README has it.
    """
    debug = "--debug" in arguments
    show_examples(command)
    _open_streams()
    signal.signal(signal.SIGTERM, _terminate)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal is gone; the work is not
    try:
        result = command.main([each for each in arguments if each != "--debug"], prog_name=name, standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click exits by itself where the reader has gone
        # whoever read our output has gone; what was to be written to files is written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BaseException as error:  # noqa: BLE001 (the one place where everything ends)
        code, line = _verdict(error)
        if line:
            say_on_error(f"{name}: {line}")
        if debug:
            say_on_error(_frames(error))
        return code
    return result if isinstance(result, int) else 0


def _open_streams() -> None:
    """Lead streams that were closed to nowhere: else the next file that is opened would be taken for one of them."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, closefd=False))


def show_examples(command: click.Command) -> None:
    """Let the examples of a help text keep their lines: a raw docstring spells click's mark with two characters."""
    command.help = (command.help or "").replace("\\b", "\b")


def _terminate(number: int, frame: Any) -> NoReturn:
    del number, frame
    raise _Terminated


def _verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit code of an error and the line that tells of it."""
    again = "the same command goes on where it stopped"
    match error:
        case PipelineError():
            return error.exit_code, str(error)
        case click.exceptions.Exit():
            return error.exit_code, ""
        case click.ClickException():
            return USAGE, f"{error.format_message()} See --help."
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED, f"interrupted; {again}"
        case _Terminated():
            return TERMINATED, f"terminated; {again}"
        case MemoryError():
            return OUT_OF_MEMORY, "out of memory: give a smaller --batch-size, or use a larger machine"
        case OSError():
            return IO_FAILED, f"{error.filename or 'a file'}: {os.strerror(error.errno or 0)}. Nothing was published."
        case _:
            # the library's own message may quote a patient's value: only its type is shown
            return BUG, f"a bug of ours ({type(error).__name__}): run again with --debug and report what it prints"


def _frames(error: BaseException) -> str:
    """Return the traceback without the message of the error, which may quote a value."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
