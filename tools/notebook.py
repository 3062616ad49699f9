"""The tutorial as a notebook, made from its page so that nothing is told twice: ``python -m tools.notebook``.

Text becomes cells of text. The examples of a block become cells of code, each with the output that the page shows; a
test runs the notebook and asks that every cell gives it.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import nbformat

DOCS = Path(__file__).parents[1] / "docs"
PAGE, NOTEBOOK = DOCS / "tutorial.md", DOCS / "tutorial.ipynb"

_CODE = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def notebook_of(markdown: str) -> nbformat.NotebookNode:
    """Return the notebook of a page.

    Parameters
    ----------
    markdown : str
        Text, with examples in blocks of Python.

    Returns
    -------
    NotebookNode
        Valid, and the same for the same text.
    """
    numbers = count(1)
    cells: list[Any] = []
    for at, part in enumerate(_CODE.split(markdown)):
        if at % 2:
            cells.extend(_code_cells(part, numbers))
        elif part.strip():
            cells.append(nbformat.v4.new_markdown_cell(part.strip(), id=f"cell-{next(numbers)}"))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    nbformat.validate(made)
    return made


def _code_cells(block: str, numbers: Iterator[int]) -> Iterator[Any]:
    """Yield a cell up to each output that is shown; what follows the last one is a cell without any."""
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(block):
        lines.append(example.source.rstrip("\n"))
        if example.want:
            yield _cell(lines, example.want.rstrip("\n"), next(numbers))
            lines = []
    if lines:
        yield _cell(lines, "", next(numbers))


def _cell(lines: list[str], shown: str, number: int) -> Any:
    output = nbformat.v4.new_output("execute_result", {"text/plain": shown}, execution_count=None)
    outputs = [output] if shown else []
    return nbformat.v4.new_code_cell("\n".join(lines), id=f"cell-{number}", outputs=outputs)


def text() -> str:
    """Return the file of the notebook, as it has to be."""
    return nbformat.writes(notebook_of(PAGE.read_text(encoding="utf-8"))) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(text(), encoding="utf-8")
