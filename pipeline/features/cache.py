"""Window values of recordings, kept in a folder: measuring is the dearest step, and a recording never changes.

A value depends on the samples, on the features with their versions, and on the environment (packages, processor): all
of them make the name of its file, so that nothing stale is ever found. A file whose own digest does not hold is
measured again. Files are ``.npy``, the digest after the array; no pickle is read.
"""

from __future__ import annotations

import hashlib
import os
import platform
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from threadpoolctl import threadpool_info

from pipeline.errors import UsageError
from pipeline.features.spec import Feature
from pipeline.features.windows import Cut
from pipeline.versions import version_of

_DIGEST_BYTES = 32


@dataclass(frozen=True)
class SignalCache:
    """A folder of window values; it pickles, so that workers share it.

    Parameters
    ----------
    folder : Path
        Made for its owner only (0700) where it is not there.

    Raises
    ------
    UsageError
        If the folder belongs to somebody else, or others may enter it.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self.folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise UsageError(
                "--cache", "is no folder of your own that is closed to others", do="Name a new one, or chmod 700 it"
            )

    def load(self, key: str, shape: tuple[int, int]) -> np.ndarray | None:
        """Return the values kept under a key; None where there are none of this shape, or they are damaged."""
        try:
            content = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        array, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        if hashlib.sha256(array).digest() != digest:
            return None
        values = np.load(BytesIO(array), allow_pickle=False)
        return values if values.shape == shape else None

    def store(self, key: str, values: np.ndarray) -> None:
        """Keep values under a key; the file appears whole."""
        array = BytesIO()
        np.save(array, values, allow_pickle=False)
        path = self._path(key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(array.getvalue() + hashlib.sha256(array.getvalue()).digest())
        Path(file.name).replace(path)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.npy"


def key_of(cut: Cut, sensor: str, features: Sequence[Feature]) -> str:
    """Return what the window values of a recording depend on, as one digest."""
    digest = hashlib.sha256(_environment().encode())
    digest.update(
        ";".join([sensor, *cut.channels, *(f"{each.spec.name} {each.spec.version}" for each in features)]).encode()
    )
    for array in (cut.values, cut.begins, cut.fs):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@cache
def _environment() -> str:
    """Return packages and processor: what else decides the last bits of a value."""
    packages = [f"{name} {version_of(name)}" for name in ("dystonia-pipeline", "numpy", "scipy")]
    cores = sorted(str(each.get("architecture")) for each in threadpool_info() if each["user_api"] == "blas")
    return ";".join([*packages, platform.python_version(), platform.machine(), *cores])
