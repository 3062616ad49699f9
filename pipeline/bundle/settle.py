"""Equal models as equal bytes: skops names the parts of an archive by addresses in memory, and notes the hour."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import PurePath
from typing import Any

_SCHEMA = "schema.json"
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def settled(archive: bytes) -> bytes:
    """Renumber the objects of an archive of skops in the order in which its schema has them, and compress it.

    Parameters
    ----------
    archive : bytes
        What ``skops.io.dumps`` returns.

    Returns
    -------
    bytes
        Another archive of the same objects.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    numbers: dict[str, int] = {}
    files: dict[str, str] = {}

    def place(value: Any) -> Any:
        if isinstance(value, list):
            return [place(each) for each in value]
        return {key: named(key, each) for key, each in value.items()} if isinstance(value, dict) else value

    def named(key: str, value: Any) -> Any:
        if key == "__id__":
            return numbers.setdefault(str(value), len(numbers))
        if key == "file" and value in members:
            old = PurePath(value)
            files[value] = f"{numbers.setdefault(old.stem, len(numbers))}{old.suffix}"
            return files[value]
        return place(value)

    schema = place(json.loads(members.pop(_SCHEMA)))
    renamed = {files[name]: content for name, content in members.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archived:
        for name, content in [*sorted(renamed.items()), (_SCHEMA, json.dumps(schema, indent=2).encode())]:
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            archived.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return target.getvalue()
