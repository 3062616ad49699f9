"""Reading of tables in partitions, as batch prediction does it."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from pipeline.partition import partitions, read_whole, survey
from pipeline.reading.source import Options, open_source


def cut(files: dict[str, str], visits_per_partition: int, **options) -> list:
    """Write files to a new folder, and return the cohorts of its partitions."""
    folder, spill = (Path(mkdtemp(dir=Path.cwd())) for _ in range(2))
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, newline="")
    chosen = Options(**options)
    source = open_source(folder, chosen)
    if visits_per_partition == 0:
        return [read_whole(source, chosen, spill)]
    parts = partitions(survey(source, chosen, spill), spill, visits_per_partition=visits_per_partition)
    return [part.cohort(source, chosen) for part in parts]


@pytest.fixture(scope="session")
def cut_into():
    """Return `cut`."""
    return cut
