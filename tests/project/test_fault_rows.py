"""Every row of the tables of faults has a test that is named after it: test_S4_..., test_S12_S13_..."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = {
    "S": [f"S{number}" for number in range(1, 45)],
    "R": [f"R{number}" for number in range(1, 22)],
    "B": [f"B{number}" for number in range(1, 16)],
    "D": [f"D{number}" for number in range(1, 23)],
}
"""Symptom tables, recordings, bundles, disks and processes."""

COMPLETE = ("S", "R", "B", "D")
"""Tables of which every row has its test."""

WAITING = ("R13", "R14", "R19")
"""Rows about files of recording devices, which are not read yet."""


def rows_with_a_test() -> set[str]:
    functions = (node for path in TESTS.rglob("test_*.py") for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    names = [node.name for node in functions if isinstance(node, ast.FunctionDef)]
    named = [match[1] for name in names if (match := re.match(r"test_((?:[A-Z]\d+_)+)", name))]
    return {row for rows in named for row in rows.split("_") if row}


@pytest.mark.parametrize("table", COMPLETE)
def test_every_row_has_a_test(table):
    there = rows_with_a_test()
    assert [row for row in ROWS[table] if row not in there and row not in WAITING] == []


def test_no_test_is_named_after_a_row_that_is_not_there_or_that_waits():
    """A slip in a name would leave its row without a test; whoever tests a waiting row takes it off the list."""
    assert rows_with_a_test() <= {row for rows in ROWS.values() for row in rows} - set(WAITING)
    assert set(WAITING) <= {row for rows in ROWS.values() for row in rows}


class Named:
    """A test as far as the marking of tests looks at it."""

    def __init__(self, name):
        self.name, self.markers = name, []
        self.add_marker = self.markers.append


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("test_S4_all[csv]", ["S"]),
        ("test_D1_D12_a_run", ["D"]),
        ("test_S3_R2_a", ["R", "S"]),
        ("test_S_a", []),
        ("test_a_S4_", []),
    ],
)
def test_the_name_of_a_test_marks_it(request, name, tables):
    """`pytest -m S` runs all that is named after a row of that table, and nothing has to be remembered."""
    item = Named(name)
    request.config.hook.pytest_itemcollected(item=item)
    assert item.markers == tables
