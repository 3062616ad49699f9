"""The versions on which numbers depend, as every manifest and summary states them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

_PACKAGES = ("dystonia-pipeline", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops")


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages on which numbers depend."""
    return {name: version(name) for name in _PACKAGES}
