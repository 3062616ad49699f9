"""The versions on which numbers depend, as every manifest and summary states them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = ("dystonia-pipeline", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy", "skops")


@cache
def version_of(package: str) -> str:
    """Return the installed version of a package, looked up once; empty where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def package_versions() -> dict[str, str]:
    """Return the versions of the packages on which numbers depend."""
    return {name: version_of(name) for name in _PACKAGES}
