"""Mutations of files: bytes, lines, cells, JSON and zips, as bad disks, bad exports and attackers make them."""

from __future__ import annotations

import io
import json
import lzma
import random
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

_TOKENS = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b'""',
    b",",
    b";",
    b"NaN",
    b"1e999",
    b"-inf",
    b"=1+1",
    b"../../x",
    b"\xe2\x80\xae",
    b"2024-02-30",
    b"true",
    b"P1Y",
    b"PK\x03\x04",
    b"PAR1",
    b"HP:0001337|!HP:0001337",
    b"\x93NUMPY",
    b"{",
    b"[",
    b"null",
    b"-0",
    b"\xc3(",
    b"patient_id",
    b"__class__",
    b"0x1p3",
    b"1_0",
    b"\n",
    b"\r",
    b"\r\n",
    b" ",
    b"9" * 40,
)
_NAMES = (
    "os",
    "system",
    "posix",
    "builtins",
    "eval",
    "exec",
    "getattr",
    "open",
    "operator",
    "methodcaller",
    "functools",
    "partial",
    "subprocess",
    "Popen",
    "numpy",
    "ndarray",
    "dtype",
    "sklearn.svm",
    "SVC",
    "FunctionNode",
    "ObjectNode",
    "MethodNode",
    "OperatorFuncNode",
    "PartialNode",
    "ReduceNode",
    "TypeNode",
    "NdArrayNode",
    "CachedNode",
    "JsonNode",
    "ListNode",
    "DictNode",
    "pipeline.learners.types",
    "TypeClassifier",
    "list",
    "dict",
    "type",
    "str",
)
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 1e308, -1e308, "", "x" * 5000, [], {}, [[]], "../x", "NaN", float("nan"),
    float("inf"), "HP:0000001", "P100000000000Y", "2024-13-01T00:00:00Z",
)  # fmt: skip
_MOST_BYTES = 2**21
_NO_LONGER = (
    *(ValueError, KeyError, IndexError, EOFError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError),
)
"""What a change raises of a file that other changes have made into something else."""


def spoilt(content: bytes, other: bytes, kind: str, stream: random.Random) -> bytes:
    """Return a file after a few mutations that suit its kind.

    Parameters
    ----------
    content, other : bytes
        A file, and another of its kind to take pieces from.
    kind : str
        Ends in what the file is.
    stream : random.Random
    """
    for _ in range(stream.choice((1, 1, 2, 4))):
        change = stream.choice(_changes(kind))
        try:
            with warnings.catch_warnings(action="ignore"):  # of a member that stands there twice
                content = change(content, other, stream)
        except _NO_LONGER:
            content = _flipped(content, other, stream)
    return content[:_MOST_BYTES]


Change = Callable[[bytes, bytes, random.Random], bytes]


def _changes(kind: str) -> list[Change]:
    of_bytes: list[Change] = [_flipped, _cut, _inserted, _doubled, _spliced, _overwritten]
    if kind.endswith(".csv"):
        return [*of_bytes, *[_other_cell, _other_line] * 4]
    if kind.endswith((".json", ".jsonl")):
        return [*of_bytes, *[_other_json] * 12]
    if kind.endswith((".skops", ".npz")):
        return [*of_bytes, *[_other_member] * 18]
    return of_bytes


def _place(content: bytes, stream: random.Random) -> int:
    return stream.randrange(len(content) + 1)


def _flipped(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    changed = bytearray(content or b"\0")
    for _ in range(stream.choice((1, 1, 3, 16))):
        changed[stream.randrange(len(changed))] ^= 1 << stream.randrange(8)
    return bytes(changed)


def _cut(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    first, last = sorted((_place(content, stream), _place(content, stream)))
    return content[:first] + (content[last:] if stream.random() < 0.7 else b"")


def _inserted(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    at = _place(content, stream)
    return content[:at] + stream.choice(_TOKENS) * stream.choice((1, 1, 1, 50)) + content[at:]


def _overwritten(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    at, token = _place(content, stream), stream.choice(_TOKENS)
    return content[:at] + token + content[at + len(token) :]


def _doubled(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    first = _place(content, stream)
    last = min(len(content), first + stream.choice((1, 8, 100, 2000)))
    return content[:last] + content[first:last] * stream.choice((1, 1, 20)) + content[last:]


def _spliced(content: bytes, other: bytes, stream: random.Random) -> bytes:
    return content[: _place(content, stream)] + other[_place(other, stream) :]


def _other_line(content: bytes, other: bytes, stream: random.Random) -> bytes:
    lines, theirs = content.split(b"\n"), other.split(b"\n")
    at = stream.randrange(len(lines))
    how = stream.randrange(4)
    if how == 0:
        lines[at] = stream.choice(theirs)
    elif how == 1:
        lines.insert(at, stream.choice(lines))
    elif how == 2:
        del lines[at]
    else:
        stream.shuffle(lines)
    return b"\n".join(lines)


def _other_cell(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = stream.randrange(len(lines))
    cells = lines[at].split(b",")
    cells[stream.randrange(len(cells))] = stream.choice(_TOKENS)
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _other_json(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    lines = content.split(b"\n")
    at = stream.randrange(len(lines)) if len(lines) < 1000 and not content.startswith(b"{\n") else -1
    value = json.loads(lines[at] if at >= 0 else content)
    text = json.dumps(_changed(value, stream)).encode()
    if at < 0:
        return text
    lines[at] = text
    return b"\n".join(lines)


def _changed(value: Any, stream: random.Random) -> Any:
    """Change something somewhere in a value of JSON."""
    deeper = stream.random() < 0.9
    if isinstance(value, dict) and value and deeper:
        return _changed_object(value, stream)
    if isinstance(value, list) and value and deeper:
        return _changed_list(value, stream)
    if isinstance(value, float) and stream.random() < 0.5:
        return value * stream.choice((1.001, -1.0, 1e10, 0.0))
    return stream.choice(_VALUES)


def _changed_object(value: dict[str, Any], stream: random.Random) -> dict[str, Any]:
    key, how = stream.choice(sorted(value)), stream.random()
    if how < 0.07:
        return {name: each for name, each in value.items() if name != key}
    if how < 0.14:
        return {**value, stream.choice((*_NAMES, key + " ", "")): value[key]}
    if key in ("__module__", "__class__", "__loader__") and how < 0.8:
        return {**value, key: stream.choice(_NAMES)}
    return {**value, key: _changed(value[key], stream)}


def _changed_list(value: list[Any], stream: random.Random) -> list[Any]:
    at, how = stream.randrange(len(value)), stream.random()
    if how < 0.1:
        return value[:at] + value[at + 1 :]
    if how < 0.2:
        return [*value[:at], value[at], *value[at:]]
    if how < 0.25:
        return value[::-1]
    return [*value[:at], _changed(value[at], stream), *value[at + 1 :]]


def _other_member(content: bytes, _other: bytes, stream: random.Random) -> bytes:
    """Change a member of a zip and pack it again, as one who knows the format would."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        names = old.namelist()
        chosen = "schema.json" if "schema.json" in names and stream.random() < 0.7 else stream.choice(names)
        how = stream.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
        with zipfile.ZipFile(made, "w", how) as new:
            for name in names:
                data = old.read(name)
                if name == chosen:
                    data = (_other_json if name.endswith(".json") else _flipped)(data, data, stream)
                    if stream.random() < 0.1:
                        name = stream.choice(("../" + name, "/" + name, "a/" + name, ""))  # noqa: PLW2901
                new.writestr(name, data)
            if stream.random() < 0.05:
                new.writestr(stream.choice(("bomb", "more.npy")), b"\0" * stream.choice((10, 2**21)))
    return made.getvalue()
