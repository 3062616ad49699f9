"""The samples of a recording: a CSV or Parquet file with ``time_s, x, y, z``, opened only below the cohort's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as papq

from pipeline.errors import ContractError
from pipeline.records import Samples
from pipeline.units import ACCELERATION_TO_G, ANGULAR_RATE_TO_DEG_PER_S

_COLUMNS = ("time_s", "x", "y", "z")


def resolve(root: Path, name: str) -> Path | None:
    """Return the file of this name below the root; None where the name leads elsewhere (``../``, a link, an address).

    Examples
    --------
    >>> resolve(Path("cohort"), "../secret.csv") is None
    True
    """
    if not name or "\\" in name or "\0" in name or "://" in name or Path(name).is_absolute():
        return None
    real_root = root.resolve()
    try:
        path = (real_root / name).resolve()
    except (OSError, RuntimeError):  # links that lead in a circle
        return None
    return path if path.is_relative_to(real_root) else None


def is_there(path: Path) -> bool:
    """Whether there is a regular file; no file has a name that is too long."""
    try:
        return path.is_file()
    except OSError:
        return False


def read(path: Path, name: str, unit: str) -> Samples:
    """Read the samples of one recording.

    Returns
    -------
    Samples
        Acceleration in g, or angular rate in deg/s.

    Raises
    ------
    ContractError
        If the file is damaged, lacks a column, or its clock does not increase.
    """
    try:
        table = papq.read_table(path) if path.suffix == ".parquet" else pacsv.read_csv(path)
        columns = [table.column(column).cast(pa.float64()).to_numpy() for column in _COLUMNS]
    except (pa.ArrowException, OSError, KeyError):
        raise ContractError(
            name, "not readable as a recording", needed="columns time_s, x, y, z of numbers", code="BAD_RECORDING"
        ) from None
    time_s, values = columns[0], np.stack(columns[1:])
    if not (np.isfinite(time_s).all() and (np.diff(time_s) > 0).all()):
        raise ContractError(name, "a clock that does not increase", do="Sort and repair it", code="TIMESTAMP_ORDER")
    factor = {**ACCELERATION_TO_G, **ANGULAR_RATE_TO_DEG_PER_S}[unit]
    return Samples(time_s, np.ascontiguousarray(values * factor))
