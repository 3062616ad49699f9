"""The tutorial runs as it stands, in an empty folder."""

import doctest
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def test_the_tutorial_runs_as_it_stands(capsys):
    found = doctest.testfile(str(TUTORIAL), module_relative=False)
    assert found.attempted > 20
    assert found.failed == 0, capsys.readouterr().out
