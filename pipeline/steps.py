"""Fits of models, spread over the cores, each kept until all is published: a training cut off goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.publish import Staging

_FOLDER = "steps"

Arrays = np.ndarray | tuple[np.ndarray, ...]
Mapped = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Steps:
    """Where fits run, and what is kept of those that are done.

    Attributes
    ----------
    map : callable
        Runs one function over many items, as the built-in does.
    staging : Staging, optional
        Of the model in the making; nothing is kept if left out.

    Examples
    --------
    >>> list(Steps().named("squares")(np.square, [np.array([2, 3])]))
    [array([4, 9])]
    """

    map: Mapped = map
    staging: Staging | None = None

    def named(self, name: str) -> Mapped:
        """Return a `map` whose results, arrays all, are kept under a name that nothing else here has."""
        return self.map if self.staging is None else partial(self._kept, self.staging, name)

    def _kept(
        self, staging: Staging, name: str, function: Callable[[Any], Arrays], items: Iterable[Any]
    ) -> list[Arrays]:
        asked = {f"{_FOLDER}/{name}-{number}.npz": item for number, item in enumerate(items)}
        left = {file: item for file, item in asked.items() if file not in staging.members}
        for file, result in zip(left, self.map(function, left.values()), strict=True):
            staging.write(file, partial(_save, result))
        return [_load(staging.path / file) for file in asked]

    def discard(self) -> None:
        """Leave out of what is published what was kept."""
        if self.staging is not None:
            self.staging.leave_out(_FOLDER)


def _save(result: Arrays, path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, *(result if isinstance(result, tuple) else (result,)))


def _load(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as found:
        arrays = tuple(found[name] for name in found.files)
    return arrays if arrays[1:] else arrays[0]
