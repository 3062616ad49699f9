"""The first hour of a newcomer, gone through: ``make first-hour``, with ``TEST=no`` to leave ``make test`` out.

What is committed is cloned into a fresh folder, with a home and caches that are empty, and all that README and the
documentation promise is done there. The page that results says what was run and which part of the CPU time it took.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.doc_blocks import blocks_of, pages, run_page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "first-hour.md"
KEPT_FROM_OUTSIDE = ("PATH", "LANG", "LC_ALL", "TERM", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")
"""What the newcomer's environment has of ours; settings of pip and uv say where packages come from."""


class FirstHour:
    """Steps of a newcomer, each with what came out of it and the CPU time that it took.

    Parameters
    ----------
    folder : Path
        An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "dystonia-pipeline"
        self.elsewhere = folder / "elsewhere"
        self.command = "make first-hour"
        self.rows: list[tuple[str, str, float]] = []
        self.left_out: dict[str, str] = {}
        home = folder / "home"
        for each in (home, self.elsewhere):
            each.mkdir(parents=True)
        outside = {
            name: value
            for name, value in os.environ.items()
            if name in KEPT_FROM_OUTSIDE or name.startswith(("PIP_", "UV_"))
        }
        caches = {"XDG_CACHE_HOME": ".cache", "UV_CACHE_DIR": ".cache/uv", "PIP_CACHE_DIR": ".cache/pip"}
        self.environment = outside | {"HOME": str(home)} | {name: str(home / at) for name, at in caches.items()}

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[str], None]]:
        """Take down what a step did and cost; what is called with a text says what came out."""
        said: list[str] = []
        start = _cpu_of_children()
        sys.stderr.write(f"== {what}\n")
        yield said.append
        self.rows.append((what, "; ".join(said) or "done", _cpu_of_children() - start))

    def run(self, *command: str | Path, within: Path | None = None) -> str:
        """Run a command as the newcomer does; return what it printed, or end with what it said."""
        words = [str(word) for word in command]
        done = subprocess.run(
            words, cwd=within or self.checkout, env=self.environment, text=True, capture_output=True, check=False
        )
        if done.returncode:
            sys.stderr.write(done.stdout[-4000:] + done.stderr[-4000:])
            raise SystemExit(f"{' '.join(words)} ended with {done.returncode}")
        return done.stdout

    def go(self, *, test: bool) -> None:
        """Go through all of it."""
        with self.step("`git clone`"):
            self.run("git", "clone", "--quiet", "--no-hardlinks", ROOT, self.checkout, within=ROOT)
        with self.step("`make demo`") as say:
            self.run("make", "demo")
            say(_counted(self.checkout / "demo"))
        with self.step("`make setup`"):
            self.run("make", "setup")
        if test:
            with self.step("`make test`") as say:
                say(self.run("make", "test").strip().rpartition("\n")[2].strip("= "))
        else:
            self.command += " TEST=no"
        self.blocks()
        self.wheel()
        with self.step("links: `make docs`, which refuses a link or an anchor that leads nowhere, and README's") as say:
            self.run("make", "docs")
            python = self.checkout / ".venv" / "bin" / "python"
            chosen = ("tests/project/test_documents.py", "-k", "links or anchors")
            say(self.run(python, "-m", "pytest", "-q", *chosen).strip().rpartition("\n")[2].partition(",")[0])

    def blocks(self) -> None:
        """Run what stands in README and on the pages, with the `.venv` of the checkout."""
        program = self.checkout / ".venv" / "bin"
        environment = self.environment | {"PATH": f"{program}{os.pathsep}{self.environment['PATH']}"}
        done: list[str] = []
        with self.step("the blocks of README and of the documentation, in their order") as say:
            self.run(program / "python", "-c", f"from tools.readers_files import make_up as m; {_MAKE_UP}")
            for page in pages(self.checkout):
                for each in run_page(page, self.checkout, environment):
                    sys.stderr.write(f"{page.name}: {each}\n")
                    done.append(each)
                elsewhere = [block for block in blocks_of(page) if block.elsewhere]
                self.left_out |= {block.text.partition("\n")[0]: block.elsewhere for block in elsewhere}
            files = sum(each.startswith("file ") for each in done)
            say(f"{len(done) - files} commands and scripts, {files} files, each ends as its page says")

    def wheel(self) -> None:
        """Build the wheel, install it where nothing is, and run the demo there."""
        with self.step("wheel, built, into an empty environment elsewhere, without the lock; `dystonia doctor`") as say:
            python = self.checkout / ".venv" / "bin" / "python"
            self.run(python, "-m", "hatchling", "build", "-t", "wheel", "-d", self.elsewhere)
            (wheel,) = self.elsewhere.glob("*.whl")
            self.run(python, "-m", "venv", self.elsewhere / "venv", within=self.elsewhere)
            program = self.elsewhere / "venv" / "bin"
            self.run(program / "python", "-m", "pip", "install", "--quiet", wheel, within=self.elsewhere)
            self.run(program / "dystonia", "doctor", within=self.elsewhere)
            installed = json.loads(self.run(program / "python", "-m", "pip", "list", "--format=json"))
            say(f"{len(installed)} packages")
        with self.step("`dystonia demo` there") as say:
            self.run(program / "dystonia", "demo", "--out", "demo", within=self.elsewhere)
            say(_counted(self.elsewhere / "demo"))


_MAKE_UP = "from pathlib import Path; m(Path())"


def _counted(demo: Path) -> str:
    """Say what a demo left, as far as a newcomer is told to open it."""
    said = json.loads((demo / "predictions" / "_SUCCESS").read_text(encoding="utf-8"))
    if not (demo / "model" / "report.html").stat().st_size:
        raise SystemExit("the demo's report is empty")
    return f"a report, and {said['predicted']} visits predicted, {said['rejected']} rejected"


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def page_of(hour: FirstHour, versions: str) -> str:
    """Write the page."""
    whole = sum(cost for _, _, cost in hour.rows)
    return "\n".join(
        [
            "# The first hour",
            "",
            "What a newcomer does, done in a fresh folder with an empty home and empty caches: nothing was installed",
            "before but git, make and Python. Shares are of the CPU time of all steps, without waits for the network.",
            "",
            f"`{hour.command}`, {time.strftime('%Y-%m-%d', time.gmtime())}, {versions}.",
            "",
            "| step | what came out | CPU time |",
            "|---|---|---|",
            *(f"| {what} | {said} | {cost / whole:.0%} |" for what, said, cost in hour.rows),
            "",
            "Blocks of the documentation that need other machines, secrets or another folder are run by tests",
            "instead, on addresses and names of their own:",
            "",
            "| begins with | is run by |",
            "|---|---|",
            *(f"| `{start.removeprefix('$ ')}` | {place} |" for start, place in hour.left_out.items()),
            "",
            "Addresses on other sites were not looked up.",
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Go through the first hour, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-test", action="store_true", help="leave `make test` out")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="first-hour-") as folder:
        hour = FirstHour(Path(folder))
        hour.go(test=not options.no_test)
        tools = [hour.run(name, "--version").partition("\n")[0].replace("version ", "") for name in ("git", "make")]
        pip = hour.run(hour.checkout / ".venv" / "bin" / "python", "-m", "pip", "--version").split()[1]
    versions = [platform.system(), f"Python {platform.python_version()}", f"pip {pip}", *tools]
    PAGE.write_text(page_of(hour, ", ".join(versions)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
