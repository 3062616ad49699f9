"""Completion as the documentation has it set up: the shell gets its script, and names and options come back."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "getting-started.md"
CALL = "import sys; sys.argv[0] = 'dystonia'; from pipeline.cli import main; sys.exit(main())"


def asked(**environment):
    done = subprocess.run(
        [sys.executable, "-c", CALL], capture_output=True, text=True, check=False, env=os.environ | environment
    )
    return done.stdout


def test_the_page_names_each_shell_whose_script_there_is():
    shells = re.findall(r"_DYSTONIA_COMPLETE=(\w+)_source", PAGE.read_text(encoding="utf-8"))
    assert shells == ["bash", "zsh", "fish"]
    for shell in shells:
        assert f"_DYSTONIA_COMPLETE={shell}_complete" in asked(_DYSTONIA_COMPLETE=f"{shell}_source")


@pytest.mark.parametrize(
    ("words", "offered"),
    [("dystonia tr", "train"), ("dystonia predict --exp", "--explain"), ("dystonia generate --form", "--format")],
)
def test_the_rest_of_a_word_is_offered(words, offered):
    found = asked(_DYSTONIA_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))
    assert [line.split(",")[1] for line in found.splitlines()] == [offered]


def test_bash_takes_the_script(tmp_path):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    (tmp_path / "script").write_text(asked(_DYSTONIA_COMPLETE="bash_source"))
    done = subprocess.run(
        [bash, "-c", "source ./script; complete -p dystonia"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.stdout.strip().endswith("dystonia"), done.stderr
