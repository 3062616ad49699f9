"""Reading of one file through a mapping, as the commands do it."""

import csv
import io
from pathlib import Path
from tempfile import mkdtemp

import pytest

from pipeline.config import load_mapping
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source


def as_csv(rows: list[dict], header: list[str] | None = None) -> str:
    """Rows as a CSV; what a row lacks is an empty cell."""
    names = header or list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return text.getvalue()


def read_table(content: str | bytes, mapping=None, suffix: str = ".csv"):
    """Write a file to a new folder, and read it as a cohort."""
    path = Path(mkdtemp(dir=Path.cwd())) / f"table{suffix}"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    options = Options(mapping=mapping)
    source = open_source(path, options)
    return read_whole(source, options, Path(mkdtemp(dir=Path.cwd())))


def mapping_of(text: str):
    """Load a mapping from its TOML, with a name and a title before it."""
    path = Path(mkdtemp(dir=Path.cwd())) / "mapping.toml"
    path.write_text('name = "made-up"\ntitle = "For a test"\n' + text, encoding="utf-8")
    return load_mapping(str(path))


@pytest.fixture(scope="session")
def read():
    """Return `read_table`."""
    return read_table


@pytest.fixture(scope="session")
def mapped():
    """Return `mapping_of`."""
    return mapping_of


@pytest.fixture(scope="session")
def table():
    """Return `as_csv`."""
    return as_csv
