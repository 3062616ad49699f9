"""What a model file may hold: checked before anything in it is loaded.

A skops file is a zip of ``schema.json``, which names the types to build, and of arrays. skops trusts much by default;
we trust only the names below, none of them a function, and look at every node of the schema first. Then no code that
came with a file can run.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import BundleRefused

OUR_TYPES = (
    "pipeline.learners.bins.BinnedColumns",
    "pipeline.learners.boosted.HazardTrees",
    "pipeline.learners.candidates.Prior",
    "pipeline.learners.encoding.DesignEncoder",
    "pipeline.learners.generative.GenerativeModel",
    "pipeline.learners.hazard.ProgressionHazard",
    "pipeline.learners.linear.Discriminant",
    "pipeline.learners.linear.Logistic",
    "pipeline.learners.network.Network",
    "pipeline.learners.normal_scores.NormalScores",
    "pipeline.learners.predictors.HazardPredictors",
    "pipeline.learners.sets.PredictionSets",
    "pipeline.learners.trees.Boosting",
    "pipeline.learners.trees.ExtraTrees",
    "pipeline.learners.types.TypeClassifier",
)
_PLAIN_TYPES = (
    "builtins.bool",
    "builtins.dict",
    "builtins.float",
    "builtins.int",
    "builtins.list",
    "builtins.str",
    "builtins.tuple",
    "builtins.type",
    "numpy.bool",
    "numpy.dtype",
    "numpy.float64",
    "numpy.int64",
    "numpy.ndarray",
    "numpy.str_",
)
ALLOWED_TYPES = frozenset((*OUR_TYPES, *_PLAIN_TYPES))
_LOADERS = frozenset(
    (
        "JsonNode",
        "ListNode",
        "TupleNode",
        "DictNode",
        "NdArrayNode",
        "DTypeNode",
        "ObjectNode",
        "TypeNode",
        "CachedNode",
    )
)
LARGEST_MEMBER = 64 * 2**20
AGAIN = "Get the bundle again from where it was trained"
"""What to do about a bundle that is refused."""
_LARGEST_FILE = 256 * 2**20
_MOST_MEMBERS = 10_000


def refuse_foreign(name: str, content: bytes) -> None:
    """Refuse a model file that is damaged, too large when inflated, or names a type that is not ours.

    Raises
    ------
    BundleRefused
        With the first thing that is wrong.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_sizes(name, archive)
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
            schema = json.loads(archive.read("schema.json"))
            members = set(archive.namelist())
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError, NotImplementedError, RecursionError):
        raise BundleRefused(name, "damaged, or no model file", do=AGAIN, code="CORRUPT") from None
    named = {str(node["file"]) for node in _nodes(schema) if "file" in node}
    if members != named | {"schema.json"}:
        raise BundleRefused(name, "members that its schema does not name", do=AGAIN, code="LAYOUT")
    for node in _nodes(schema):
        kind = f"{node.get('__module__', '')}.{node.get('__class__', '')}"
        if node.get("__loader__") not in _LOADERS:
            raise BundleRefused(name, f"a part of kind '{node.get('__loader__')}'", do=AGAIN, code="UNTRUSTED")
        if kind not in ALLOWED_TYPES:
            raise BundleRefused(name, f"a part of type '{kind}'", do=AGAIN, code="UNTRUSTED")


def _refuse_sizes(name: str, archive: zipfile.ZipFile) -> None:
    sizes = [member.file_size for member in archive.infolist()]
    if len(sizes) > _MOST_MEMBERS or sum(sizes) > _LARGEST_FILE or max(sizes, default=0) > LARGEST_MEMBER:
        raise BundleRefused(name, "too large when inflated", do=AGAIN, code="TOO_LARGE")
    names = [member.filename for member in archive.infolist()]
    if len(set(names)) < len(names) or any(each != Path(each).name or each in ("", "..") for each in names):
        raise BundleRefused(name, "members that are repeated, or lie in folders", do=AGAIN, code="LAYOUT")


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every node of a schema, at any depth, without recursion."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if "__class__" in here or "__loader__" in here:
                yield here
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
