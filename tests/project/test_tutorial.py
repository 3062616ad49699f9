"""The tutorial's notebook is its page, and runs as it stands in an empty folder."""

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.notebook import NOTEBOOK, notebook_of, text

WORDS = st.text("abc ", min_size=1, max_size=20).map(str.strip).filter(bool)


def gives(cell) -> str:
    """Return what a cell shows as its value."""
    return "".join(each["data"]["text/plain"] for each in cell.get("outputs", []) if "data" in each)


def run(notebook, folder):
    """Run all cells in a folder; return them, with what they gave."""
    fresh = nbformat.from_dict({**notebook, "cells": [{**cell, "outputs": []} for cell in code_of(notebook)]})
    return NotebookClient(fresh, timeout=600, resources={"metadata": {"path": str(folder)}}).execute().cells


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_notebook_is_the_page():
    assert NOTEBOOK.read_text(encoding="utf-8") == text(), "run python -m tools.notebook"


def test_every_cell_gives_what_stands_below_it(tmp_path):
    written = nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4)
    ran = run(written, tmp_path)
    assert len(ran) > 15
    assert [gives(cell) for cell in ran] == [gives(cell) for cell in code_of(written)]


def test_a_cell_that_fails_is_found(tmp_path):
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run(notebook_of("```python\n>>> 1 / 0\n\n```\n"), tmp_path)


@given(st.lists(st.tuples(WORDS, st.lists(st.tuples(WORDS, st.booleans()), min_size=1, max_size=4)), max_size=4))
def test_all_text_and_all_code_are_in_the_notebook_in_their_order(parts):
    """And nothing else; every output that is shown ends a cell."""
    page, told, code, shown = "", [], [], []
    for text_part, examples in parts:
        block = "".join(f">>> {word!r}\n" + (f"{word!r}\n" if output else "") for word, output in examples)
        page += f"{text_part}\n\n```python\n{block}\n```\n\n"
        told.append(text_part)
        code += [repr(word) for word, _ in examples]
        shown += [repr(word) for word, output in examples if output]
    made = notebook_of(page)
    assert [cell.source for cell in made.cells if cell.cell_type == "markdown"] == told
    assert [line for cell in code_of(made) for line in cell.source.splitlines()] == code
    assert [gives(cell) for cell in code_of(made) if gives(cell)] == shown
    assert all(cell.source.splitlines()[-1] == gives(cell) for cell in code_of(made) if gives(cell))
