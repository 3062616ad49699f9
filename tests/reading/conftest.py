"""Reading of a folder of files, as the commands do it."""

from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source
from pipeline.vocabulary import REASONS
from tests.reading.recordings_on_disk import ROW, rows_of


def read_files(files: dict, *, name: str = "", **options):
    """Write files (bytes, text, Arrow tables; a path makes a link) to a new folder, and read it as a cohort."""
    folder = Path(mkdtemp(dir=Path.cwd()))
    for path, content in files.items():
        put(folder / path, content)
    chosen = Options(**options)
    source = open_source(folder / name, chosen)
    return read_whole(source, chosen, Path(mkdtemp(dir=Path.cwd())))


def put(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, pa.Table):
        papq.write_table(content, path, write_page_checksum=True)
    elif isinstance(content, Path):
        path.symlink_to(content)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture(scope="session")
def read():
    """Return `read_files`."""
    return read_files


@pytest.fixture
def taken(read):
    """Return a function that reads one recording: it or None, and the reasons that are noted of it."""

    def take(content=None, *, options=None, files=None, **row):
        declared = ROW | {"recording_id": "r"} | row
        given_files = {declared["file"]: content} if content is not None else {}
        cohort = read(
            {"visits.csv": "patient_id,visit_id\na,1\n", "recordings.csv": rows_of(declared)}
            | given_files
            | (files or {}),
            **(options or {}),
        )
        assert len(cohort) == 1
        assert cohort.rejects.empty
        assert set(cohort.notes["reason"]) <= set(REASONS)
        assert (cohort.notes["row"] == 1).all()
        return (cohort.recordings or (None,))[0], cohort.notes["reason"].tolist()

    return take
