"""Packets as files, read as the commands do it."""

import json
from pathlib import Path
from tempfile import mkdtemp

import pytest

from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source


def read_packets(*packets, suffix: str = ".jsonl", name: str = ""):
    """Write packets to a new file, and read it as a cohort; what is not a list of lines is one JSON text."""
    folder = Path(mkdtemp(dir=Path.cwd()))
    path = folder / f"cases{suffix}"
    texts = [json.dumps(packet) for packet in packets]
    path.write_text("\n".join(texts) + "\n")
    options = Options(strict=True)
    source = open_source(path, options)
    return read_whole(source, options, folder)


@pytest.fixture(scope="session")
def read():
    """Return `read_packets`."""
    return read_packets


def left_of(cohort) -> list[tuple[str, str]]:
    """Return what was noted of the visits: reason and element."""
    notes = cohort.notes[cohort.notes["table"] == "visits"]
    return list(zip(notes["reason"], notes["column"], strict=True))


@pytest.fixture(scope="session")
def left():
    """Return `left_of`."""
    return left_of
