"""How far it has come: lines where nobody watches, a bar on a terminal, nothing if asked to be quiet."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline import progress
from pipeline.progress import meter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lines(capsys, monkeypatch):
    """Return a function that shows progress until something was written, and gives what was."""
    monkeypatch.setattr(progress, "_EVERY_S", 0.01)
    told = threading.Event()
    really = progress.say_on_error

    def say(line, end="\n"):
        really(line, end)
        told.set()

    monkeypatch.setattr(progress, "say_on_error", say)

    def shown(*, quiet, wait=10.0):
        with meter("visits", quiet=quiet)(600) as done:
            done(100)
            done(50)
            told.wait(wait)
        return capsys.readouterr()

    return shown


def test_a_line_every_few_seconds_where_nobody_watches(lines):
    """A log of the night shows that the work goes on, how fast, and for how long; nothing stands in the output."""
    said = lines(quiet=False)
    assert re.match(r"150 of 600 visits, [\d,.]+/s, about .* left\n", said.err)
    assert said.out == ""
    assert "\r" not in said.err


def test_quiet_is_quiet(lines):
    assert lines(quiet=True, wait=0.1).err == ""


def test_a_bar_on_a_terminal_is_taken_away_at_the_end():
    """What stands on the terminal afterwards is the result alone."""
    if sys.platform == "win32":
        pytest.skip("no terminal to pretend")
    code = (
        "import os, pty, sys, time\n"
        "child, terminal = pty.fork()\n"
        "if child == 0:\n"
        f"    sys.path.insert(0, {str(ROOT)!r})\n"
        "    from pipeline.progress import meter\n"
        "    with meter('visits', quiet=False)(600) as done:\n"
        "        done(300)\n"
        "        time.sleep(0.7)\n"
        "    os._exit(0)\n"
        "found = b''\n"
        "try:\n"
        "    while piece := os.read(terminal, 4096):\n"
        "        found += piece\n"
        "except OSError:\n"
        "    pass\n"
        "os.waitpid(child, 0)\n"
        "sys.stdout.buffer.write(found)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"[###############...............] 300 of 600 visits" in done.stdout
    assert done.stdout.endswith(b"\r\x1b[K")
