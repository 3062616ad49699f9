"""The runner of documentation: a page that says what is not so is found, and nothing is left out without a reason."""

import os
import sys
from pathlib import Path

import pytest

from tools.doc_blocks import SHOWN_ELSEWHERE, BlockFails, blocks_of, pages, run_page

ROOT = Path(__file__).parents[2]


@pytest.fixture
def ran(tmp_path):
    """Return a function that runs a page of this text in a folder of its own; Python is the one of the tests."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}

    def run(text):
        page = tmp_path / "page.md"
        page.write_text(text, encoding="utf-8")
        (tmp_path / "folder").mkdir()
        return list(run_page(page, tmp_path / "folder", environment)), tmp_path / "folder"

    return run


def test_commands_files_scripts_and_examples_are_run_in_the_order_of_the_page(ran):
    done, folder = ran(
        '```toml title="in/a.toml"\na = 1\n```\n'
        "```console\n$ cp in/a.toml b.toml\n$ mv b.toml c.toml\n```\n"
        "```sh\ntest -f c.toml\nmv c.toml d.toml\n```\n"
        "```python\nopen('d.toml').close()\n```\n"
        "```python\n>>> 1 + 1\n2\n\n```\n"
        "```text\nnot run\n```\n"
    )
    assert done == ["examples", "file in/a.toml", "cp in/a.toml b.toml", "mv b.toml c.toml", "test -f c.toml", "python"]
    assert (folder / "d.toml").read_text() == "a = 1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```console\n$ true\n$ false\n```\n", "false\nended with 1"),
        ("```sh\nfalse\ntrue\n```\n", "ended with 1"),
        ("```sh\necho $NOT_SET_BY_ANYBODY\n```\n", "unbound variable"),
        ("```python\nraise ValueError('no')\n```\n", "ValueError: no"),
        ("```python\n>>> 1 + 1\n3\n\n```\n", "Expected"),
        ("```console\n$ echo one >&2; exit 3\ntwo\n```\n", "says: one\nnot: two"),
    ],
)
def test_what_is_not_so_is_found(ran, text, said):
    with pytest.raises(BlockFails, match=said.replace("$", r"\$")):
        ran(text)


def test_a_command_may_end_as_the_page_shows(ran):
    done, _ = ran(
        "```console\n$ echo reading; echo refused >&2; exit 3\nrefused\n$ echo read >&2; echo no >&2\nno\n```\n"
    )
    assert done == ["echo reading; echo refused >&2; exit 3", "echo read >&2; echo no >&2"]


def test_every_block_that_is_left_out_is_one():
    """A start that no block has any more would hide the next one that begins so."""
    blocks = [block for page in pages(ROOT) for block in blocks_of(page)]
    assert len(blocks) > 40
    texts = [block.text.removeprefix("$ ") for block in blocks]
    assert [start for start in SHOWN_ELSEWHERE if not any(text.startswith(start) for text in texts)] == []
