"""The blocks of the documentation, run page by page as a reader would who goes through it in order.

All pages share one folder, so that what one makes the next one finds. Of a ``console`` block each command must end
with 0, or, where the page shows what `dystonia` says instead, say that last. A ``sh`` or ``python`` block must end with
0, examples with ``>>>`` must give what they say, and a block with a title is laid down as the file of that name.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHOWN_ELSEWHERE = {
    "make ": "steps of their own",
    "source .venv/bin/activate": "how these commands find `dystonia`",
    'eval "$(_DYSTONIA_COMPLETE': "`tests/command/test_completion.py`",
    "dystonia predict models/ours": "`tests/line/test_prior_of_a_clinic.py`",
    "dystonia evaluate models/intake clinic --locked": "`tests/line/test_locked_test_set.py`",
    "dystonia promote models/intake": "`make test-server`",
    "dask scheduler ": "`tests/line/test_tls.py`",
    "export MLFLOW_": "`make test-server`",
    "ask = mlflow": "`make test-server`",
}
"""How blocks begin that need other machines or another folder, and where what they say is run."""

_BLOCK = re.compile(r'^( *)```(\w+)(?: title="([^"]+)")?\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)
_RUN = ("console", "sh", "python")
_PAGE = re.compile(r": ([\w-]+\.md)$", re.MULTILINE)


class BlockFails(Exception):
    """A page says what is not so."""


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes
    ----------
    page, language : str
    title : str
        The file that it is; empty for one that is not.
    text : str
    """

    page: str
    language: str
    title: str
    text: str

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Each command of a console with what the page shows that it prints."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return [(command, shown.strip()) for command, _, shown in (part.partition("\n") for part in parts)]

    @property
    def elsewhere(self) -> str:
        """Where it is run instead; empty where it is run here."""
        text = self.text.removeprefix("$ ").removeprefix(">>> ")
        return next((place for start, place in SHOWN_ELSEWHERE.items() if text.startswith(start)), "")


def pages(root: Path) -> list[Path]:
    """Return README and the pages of the documentation, in the order of its navigation."""
    named = _PAGE.findall((root / "mkdocs.yml").read_text(encoding="utf-8"))
    return [root / "README.md", *(root / "docs" / name for name in named)]


def blocks_of(path: Path) -> list[Block]:
    """Return the blocks of a page that can be run or are files."""
    found = _BLOCK.findall(path.read_text(encoding="utf-8"))
    blocks = [
        Block(path.name, language, title, re.sub(f"^{indent}", "", text, flags=re.MULTILINE))
        for indent, language, title, text in found
    ]
    return [block for block in blocks if block.title or block.language in _RUN]


def run_page(path: Path, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the blocks of a page.

    Parameters
    ----------
    path : Path
    folder : Path
        In which the reader works.
    environment : dict
        Of the commands; its ``PATH`` begins with where `dystonia` is.

    Yields
    ------
    str
        What has been done: a command, ``FILE`` for a file, ``python``, or ``examples``.

    Raises
    ------
    BlockFails
        What was run, and the end of what it said.
    """
    blocks = [block for block in blocks_of(path) if not block.elsewhere]
    if any(block.text.startswith(">>> ") for block in blocks):
        with tempfile.TemporaryDirectory() as empty:
            _done(
                ["python", "-m", "doctest", "-o", "NORMALIZE_WHITESPACE", str(path.resolve())], Path(empty), environment
            )
        yield "examples"
    for block in blocks:
        if block.title:
            (folder / block.title).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.title).write_text(block.text, encoding="utf-8")
            yield f"file {block.title}"
        elif block.language == "console":
            for command, shown in block.commands:
                _console(command, shown, folder, environment)
                yield command
        elif block.language == "sh":
            _done(["bash", "-euc", block.text], folder, environment)
            yield block.text.partition("\n")[0]
        elif not block.text.startswith(">>> "):
            _done(["python", "-c", block.text], folder, environment)
            yield "python"


def _console(command: str, shown: str, folder: Path, environment: dict[str, str]) -> None:
    if not shown:
        _done(["bash", "-euc", command], folder, environment)
        return
    said = _run(["bash", "-euc", command], folder, environment).stderr.strip()
    if not f"\n{said}".endswith(f"\n{shown}"):  # lines of progress come before it, more of them on a slow machine
        raise BlockFails(f"{command}\nsays: {said}\nnot: {shown}")


def _done(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = _run(command, folder, environment)
    if done.returncode:
        raise BlockFails(f"{command[-1]}\nended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
