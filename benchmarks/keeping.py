"""What was measured is kept until what it depends on changes, so that a run of hours can be cut off and goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

_WRITES_ONLY = "page.py"
"""Words around figures, on which no figure depends."""


def digest_of(*places: Path) -> str:
    """Return a digest of files, and of all Python and TOML files below folders."""
    digest = blake2b(digest_size=8)
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".toml") and path.name != _WRITES_ONLY:
                digest.update(path.relative_to(place.parent).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def kept(path: Path, make: Callable[[], Any]) -> Any:
    """Return what a JSON file holds; where there is none, make it, and keep it whole or not at all."""
    if not path.exists():
        print(f"measuring {path.stem}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(make()), encoding="utf-8")
        part.replace(path)
    return json.loads(path.read_text(encoding="utf-8"))
