"""Files that a table names: opened only below the cohort's folder, wherever a name or a link would lead."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ContractError, IoFailed, MissingInput

_ADDRESS = re.compile(r"file:|[a-z]:|.*://", re.IGNORECASE)
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_READ_ONLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = _READ_ONLY | os.O_DIRECTORY
_FILE = _READ_ONLY | os.O_NONBLOCK
"""A pipe is opened without waiting for a writer, to see that it is one."""


def resolve(root: Path, name: str) -> Path | None:
    """Return the file of this name below the root; None where the name leads elsewhere (``../``, a link, an address).

    Examples
    --------
    >>> resolve(Path("cohort"), "../secret.csv") is None, resolve(Path("cohort"), "file:secret.csv") is None
    (True, True)
    """
    if not name or "\\" in name or "\0" in name or _ADDRESS.match(name) or Path(name).is_absolute():
        return None
    real_root = root.resolve()
    try:
        path = (real_root / name).resolve()
    except (OSError, RuntimeError):  # links that lead in a circle
        return None
    return path if path.is_relative_to(real_root) else None


def open_below(root: Path, name: str, where: str) -> BinaryIO:
    """Open a file below the root for reading.

    The way that `resolve` has found holds no link, and is gone step by step without following any: one that somebody
    puts there in between leads nowhere.

    Parameters
    ----------
    root : Path
    name : str
        As it stands in a table.
    where : str
        What messages call it.

    Raises
    ------
    ContractError
        If the name leads out of the root (``PATH_ESCAPE``), or to what is no regular file.
    MissingInput
        If there is no such file (``NO_RECORDING``).
    IoFailed
        If it may not be read (``IO_ERROR``).
    """
    path = resolve(root, name)
    if path is None:
        raise ContractError(where, "a file name that leads out of the cohort's folder", code="PATH_ESCAPE")
    opened = []
    try:
        opened.append(os.open(root.resolve(), _FOLDER))
        *folders, last = path.relative_to(root.resolve()).parts or (".",)
        for part in folders:
            opened.append(os.open(part, _FOLDER, dir_fd=opened[-1]))
        found = os.open(last, _FILE, dir_fd=opened[-1])
    except OSError as error:
        if error.errno in _GONE:
            raise MissingInput(where, "the recording's file is not there", code="NO_RECORDING") from None
        if error.errno == errno.ELOOP:
            raise ContractError(where, "a link that was put in the way", code="PATH_ESCAPE") from None
        raise io_failed(where, error) from None
    finally:
        for each in opened:
            os.close(each)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise ContractError(where, "no regular file", code="BAD_RECORDING")
    return os.fdopen(found, "rb")


def io_failed(where: str, error: OSError) -> IoFailed:
    """Return the error of a file that the system did not let us read."""
    return IoFailed(where, f"reading failed: {os.strerror(error.errno or 0)}", code="IO_ERROR")
