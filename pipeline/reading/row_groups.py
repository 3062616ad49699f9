"""How large the columns of a Parquet file's row groups are, of a file that may be hostile.

pyarrow checks what a footer says of a column when it is asked for it, and where the footer contradicts itself it ends
the process (an exception that passes through a binding which declares none). Opening a row group for reading makes the
same checks, and there they are errors as all others. So every group is opened first, over a source that gives nothing:
what is refused before a byte was asked for is the footer's fault, and no page is touched.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as papq

_BUFFER = 4096
"""A buffered column asks for its first bytes when it is read, not when it is opened."""


class _Nothing(io.RawIOBase):
    """A file of some length that gives none of it, and remembers whether it was asked."""

    def __init__(self, length: int) -> None:
        self.length, self.place, self.asked = length, 0, False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + (0, self.place, self.length)[whence]
        return self.place

    def tell(self) -> int:
        return self.place

    def read(self, size: int = -1) -> bytes:
        del size
        self.asked = True
        raise OSError("nothing is read here")


def column_sizes(about: papq.FileMetaData, length: int) -> Iterator[dict[str, int]]:
    """Give for each row group the bytes of its columns, by path, once they are decoded; so the footer says.

    Parameters
    ----------
    about : FileMetaData
    length : int
        Bytes of the file.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If the footer contradicts itself.
    """
    for group in range(about.num_row_groups):
        nothing = _Nothing(length)
        with papq.ParquetFile(nothing, metadata=about, buffer_size=_BUFFER, pre_buffer=False) as file:
            try:
                next(file.iter_batches(batch_size=1, row_groups=[group], use_threads=False), None)
            except (pa.ArrowException, OSError):
                if not nothing.asked:
                    raise
        chunks = [about.row_group(group).column(number) for number in range(about.num_columns)]
        yield {chunk.path_in_schema: chunk.total_uncompressed_size for chunk in chunks}
