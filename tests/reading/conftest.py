"""Reading of a folder of files, as the commands do it."""

from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.parquet as papq
import pytest

from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source


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
