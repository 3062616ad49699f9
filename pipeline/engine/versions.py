"""What decides the last bit of a number besides the code and the data: versions, the processor, the BLAS."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache

import numpy as np
import scipy.linalg  # noqa: F401 (its BLAS is told of only when it is loaded)
from threadpoolctl import threadpool_info

from pipeline.versions import version_of

_PACKAGES = ("dystonia-pipeline", "numba", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops")


@cache
def environment() -> dict[str, str]:
    """Return what two processes must have in common so that their results are the same bits.

    Returns
    -------
    dict
        Versions of Python and of packages ("" where one is not installed), the processor's kind and a digest of the
        instructions that NumPy uses on it, and the kernels of each BLAS.
    """
    there = {name: version_of(name) for name in _PACKAGES}
    instructions = np.show_config(mode="dicts")["SIMD Extensions"]
    blas = sorted(
        f"{each['internal_api']} {each['version']} {each.get('architecture', '')}"
        for each in threadpool_info()
        if each["user_api"] == "blas"
    )
    return {
        "python": platform.python_version(),
        **there,
        "machine": platform.machine(),
        "instructions": hashlib.sha256(json.dumps(instructions, sort_keys=True).encode()).hexdigest()[:16],
        "blas": ", ".join(dict.fromkeys(blas)),
    }


def differing(ours: dict[str, str], theirs: dict[str, str]) -> str:
    """Name the first thing in which two environments differ; empty where they are the same.

    Examples
    --------
    >>> differing({"numpy": "2.3.1"}, {"numpy": "2.2.0"})
    'numpy 2.2.0, here 2.3.1'
    """
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name, "") != theirs.get(name, ""):
            return f"{name} {theirs.get(name) or 'absent'}, here {ours.get(name) or 'absent'}"
    return ""
