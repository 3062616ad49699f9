"""The lock of the catalogue: what every feature gave on the probes, and declared, when its version was last raised.

``python -m pipeline.features.lock`` rewrites ``features.lock`` in the current folder, or at the path that follows. It
refuses where a feature gives or declares something else under the version that it had: raise the version in the
declaration first, and write a line in CHANGELOG.md, since every bundle that was trained with the old values will refuse
the new ones. (A feature that no release has had may change freely: delete its entry from the lock.)
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pipeline.features.catalogue import CATALOGUE, fingerprints
from pipeline.features.probes import Fingerprint

_HEAD = """\
# What every feature gives on fixed probes, to six digits, and declares (pipeline/features/probes.py).
# Rewrite with: python -m pipeline.features.lock
"""


def read_lock(text: str) -> dict[str, Fingerprint]:
    """Read the text of a lock: fingerprints by the feature's name."""
    return {name: Fingerprint(name=name, **entry) for name, entry in tomllib.loads(text).items()}


def lock_text(prints: Mapping[str, Fingerprint]) -> str:
    """Write the text of a lock.

    Examples
    --------
    >>> print(lock_text({"tilt_deg": Fingerprint("tilt_deg", "deg", 1, "00ff")}).splitlines()[-1])
    tilt_deg = { unit = "deg", version = 1, digest = "00ff" }
    """
    lines = [
        f'{each.name} = {{ unit = "{each.unit}", version = {each.version}, digest = "{each.digest}" }}'
        for each in prints.values()
    ]
    return _HEAD + "\n".join(lines) + "\n"


def unversioned_changes(locked: Mapping[str, Fingerprint], current: Mapping[str, Fingerprint]) -> list[str]:
    """Say of each feature that gives or declares something else under a version no higher what has to be done.

    Examples
    --------
    >>> before = {"tilt_deg": Fingerprint("tilt_deg", "deg", 1, "00ff")}
    >>> after = {"tilt_deg": Fingerprint("tilt_deg", "deg", 1, "11ee")}
    >>> print(*unversioned_changes(before, after))
    feature tilt_deg: its values on the probes or what it declares changed, but its version did not go up from 1. Raise
    the version in its declaration and write a line in CHANGELOG.md.
    """
    return [
        f"feature {name}: its values on the probes or what it declares changed, but its version did not go up from "
        f"{locked[name].version}. Raise the version in its declaration and write a line in CHANGELOG.md."
        for name, now in current.items()
        if name in locked and now != locked[name] and now.version <= locked[name].version
    ]


def main(arguments: list[str]) -> str:
    """Rewrite the lock at the path given, or in the current folder; return why not, or nothing."""
    path = Path(arguments[0] if arguments else "features.lock")
    current = fingerprints(CATALOGUE)
    changed = unversioned_changes(read_lock(path.read_text(encoding="utf-8")), current) if path.exists() else []
    if not changed:
        path.write_text(lock_text(current), encoding="utf-8")
    return "\n".join(changed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
