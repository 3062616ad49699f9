"""One partition of a batch: its visits predicted and written, in this process or in a worker's attempt at it.

What a worker writes stands in a folder of its own and is nobody's result until the driver takes it over. Where every
attempt ends with the worker's death, the visits are halved until those remain that kill it; they are rejected, and the
partition is done without them.
"""

from __future__ import annotations

import builtins
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.bundle import ModelBundle
from pipeline.engine import DIED, TRIES, Workers
from pipeline.errors import WorkerDied
from pipeline.partition import Partition
from pipeline.reading.options import Options
from pipeline.reading.source import Source
from pipeline.writing import Format, to_arrow, write_table

KINDS = ("predictions", "rejects", "notes")
_MOST_DEADLY = 10
"""If more visits of a partition kill their worker, it is not the visits."""


@dataclass(frozen=True)
class Written:
    """What an attempt at a partition has left.

    Attributes
    ----------
    index, count : int
        Number of the partition, and how many there are.
    files : dict
        Final name of each file, with where it is now.
    predicted, rejected : int
        Visit records.
    unreadable : frozenset of str
        Signal files that the system could not read.
    """

    index: int
    count: int
    files: dict[str, Path]
    predicted: int
    rejected: int
    unreadable: frozenset[str]


@dataclass(frozen=True)
class Attempt:
    """All that an attempt at a partition needs; called with one, it writes its files.

    Attributes
    ----------
    bundle, source, options
        The model, the cohort, and how it is read.
    folder : Path
        Existing private folder in which each attempt makes one of its own.
    format : {"parquet", "csv"}
    batch_size : int
        About how many visits are predicted at once; halved once where memory does not suffice.
    csv_safe : bool
    explain : int
        Reasons at most for each prediction; 0 for none.
    """

    bundle: ModelBundle
    source: Source
    options: Options
    folder: Path
    format: Format
    batch_size: int
    csv_safe: bool
    explain: int = 0

    def __call__(
        self,
        part: Partition,
        *,
        map: Callable[..., Iterable[Any]] = builtins.map,
        told: Callable[[int], None] = lambda _: None,
    ) -> Written:
        """Predict a partition and write its files.

        Parameters
        ----------
        part : Partition
        map : callable
            Runs one function over many recordings.
        told : callable
            Is told of so many more visits that are done.
        """
        cohort = part.cohort(self.source, self.options)
        ask = partial(self.bundle.predict, cohort, explain=self.explain, map=map, told=told)
        try:
            predictions = ask(batch_size=self.batch_size)
        except MemoryError:
            predictions = ask(batch_size=max(1, self.batch_size // 2))
        tables = {
            "predictions": self.bundle.marked(predictions, synthetic=self.source.synthetic),
            "rejects": cohort.rejects,
            "notes": cohort.notes,
        }
        place = Path(tempfile.mkdtemp(dir=self.folder))
        files = {name: place / name for name in names_of(part.index, part.count, self.format)}
        for kind, path in zip(KINDS, files.values(), strict=True):
            self._write(tables[kind], path)
        counts = len(predictions), len(cohort.rejects)
        return Written(part.index, part.count, files, *counts, frozenset(self.source.unreadable))

    def _write(self, table: pd.DataFrame, path: Path) -> None:
        arrow = to_arrow(table, {"synthetic": str(self.source.synthetic).lower()})
        write_table(arrow, path, self.format, csv_safe=self.csv_safe)


def names_of(index: int, count: int, format: Format) -> tuple[str, ...]:
    """Return the names of a partition's files, one a kind of table.

    Examples
    --------
    >>> names_of(0, 2, "csv")[0]
    'predictions-00000-of-00002.csv'
    """
    return tuple(f"{kind}-{index:05d}-of-{count:05d}.{format}" for kind in KINDS)


def written(
    parts: Iterator[Partition], attempt: Attempt, workers: Workers, told: Callable[[int], None]
) -> Iterator[Written]:
    """Work partitions off, in their order: several go to the workers whole, a single one spreads its recordings.

    Parameters
    ----------
    parts : iterator of Partition
    attempt : Attempt
    workers : Workers
    told : callable
        Is told of so many more visits that are done.
    """
    first = next(parts, None)
    if first is None:
        return
    if first.count > 1 and workers.width > 1:
        yield from _spread(chain([first], parts), attempt, workers, told)
        return
    for part in chain([first], parts):
        try:
            done = attempt(part, map=workers, told=told)
        except WorkerDied:
            done = _without_the_deadly(part.stored(attempt.folder), attempt, workers)
        told(done.rejected)
        yield done


def _spread(
    parts: Iterator[Partition], attempt: Attempt, workers: Workers, told: Callable[[int], None]
) -> Iterator[Written]:
    waiting: list[Partition] = []

    def stored() -> Iterator[Partition]:
        for part in parts:
            waiting.append(part.stored(attempt.folder))
            yield waiting[-1]

    for result in workers.surviving(attempt, stored()):
        part = waiting.pop(0)
        done = _without_the_deadly(part, attempt, workers) if result is DIED else result
        told(done.predicted + done.rejected)
        yield done
        for path in part.tables.values():
            if isinstance(path, Path):
                path.unlink()


def _without_the_deadly(part: Partition, attempt: Attempt, workers: Workers) -> Written:
    """Find the visits that kill their worker, and predict the others of their partition."""
    rows = sum(batch.num_rows for batch in part.raw("visits"))
    deadly: list[int] = []
    for at in _deadly(part, attempt, workers, 0, rows):
        deadly.append(at)
        if len(deadly) > _MOST_DEADLY:
            break
    else:
        done = workers.alone(attempt, replace(part, deadly=tuple(deadly))) if deadly else DIED
        if isinstance(done, Written):
            return done
    raise WorkerDied(
        f"partition {part.index + 1} of {part.count}",
        "killed its worker every time it was tried, and no few visits of it are to blame",
        do="Most often memory has run out: give a smaller --batch-size and fewer --jobs, or use a larger machine",
    )


def _deadly(part: Partition, attempt: Attempt, workers: Workers, first: int, last: int) -> Iterator[int]:
    """Give the places of the visit rows that kill their worker by themselves, among some that do it together."""
    if last - first == 1:
        yield first
        return
    middle = (first + last) // 2
    for half in ((first, middle), (middle, last)):
        tries = TRIES if half[1] - half[0] == 1 else 1
        if workers.alone(attempt, replace(part, span=half), tries=tries) is DIED:
            yield from _deadly(part, attempt, workers, *half)
