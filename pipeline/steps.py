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
    >>> list(Steps().named("squares")(np.square, [2, 3]))
    [4, 9]
    """

    map: Mapped = map
    staging: Staging | None = None

    def named(self, name: str) -> Mapped:
        """Return a `map` whose results, arrays all, are kept under a name that nothing else in this work has."""
        return self.map if self.staging is None else partial(self._kept, self.staging, name)

    def _kept(
        self, staging: Staging, name: str, function: Callable[[Any], np.ndarray], items: Iterable[Any]
    ) -> list[np.ndarray]:
        asked = {f"{_FOLDER}/{name}-{number}.npy": item for number, item in enumerate(items)}
        left = {file: item for file, item in asked.items() if file not in staging.members}
        for file, result in zip(left, self.map(function, left.values()), strict=True):
            staging.write(file, partial(_save, result))
        return [np.load(staging.path / file, allow_pickle=False) for file in asked]

    def discard(self) -> None:
        """Leave out of what is published what was kept."""
        if self.staging is not None:
            self.staging.leave_out(_FOLDER)


def _save(result: np.ndarray, path: Path) -> None:
    np.save(path, result, allow_pickle=False)
