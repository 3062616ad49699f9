"""What a piece of Python costs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile


def cost(code: str, *arguments: str) -> tuple[float, float, str]:
    """Return CPU seconds (user and system) and peak MiB of a Python process that runs some code, and what it printed.

    One BLAS thread; modules are compiled once, as where they are installed.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"a measured process failed with status {status}")
        out.seek(0)
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out.read().decode()
