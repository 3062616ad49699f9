"""Work that is spread over processes, and what happens when one of them dies.

Results come in the order of the items, so what is made of them does not depend on how many workers there are. A worker
that dies takes others' work with it, and nobody says whose item it was that killed it: so each item whose result was
lost is tried again alone. One that has killed its worker every time is given up, and its result is `DIED`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from pipeline.errors import PipelineError, WorkerDied

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function for each item, as the built-in does; function, items and results pickle."""

TRIES = 3
"""How often an item that has taken its worker with it is tried again, alone."""


class Died:
    """Stands for the result of an item that has killed every worker it was given to."""


DIED: Final = Died()
_NO_MORE: Final = object()


class Future(Protocol):
    """A result that is on its way."""

    def result(self) -> Any:
        """Wait for it."""
        ...


class Pool(Protocol):
    """Processes that take work."""

    width: int
    deaths: tuple[type[BaseException], ...]
    """What a future raises whose worker has died."""

    def submit(self, function: Callable[[Any], Any], item: Any, *, alone: bool = False) -> Future:
        """Hand an item to some worker; ``alone`` where nothing else is in work."""
        ...


class Failed:
    """What a worker's function has raised, as a value: a pool would print it, with what it was called with."""

    def __init__(self, error: Exception) -> None:
        # an error of a library may not pickle, and its message may quote a patient's value
        plain = isinstance(error, (PipelineError, MemoryError, OSError))
        self.error = error if plain else RuntimeError(type(error).__name__)


def attempt(function: Callable[[Any], Any], item: Any) -> Any:
    """Call a function in a worker; an error becomes a value."""
    try:
        return function(item)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is raised again where the work was given out)
        return Failed(error)


class Workers(Protocol):
    """A `map`, in this process or over others.

    Attributes
    ----------
    width : int
        How many items are worked on at once.
    """

    @property
    def width(self) -> int: ...  # noqa: D102

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item; an item that kills every worker ends it all.

        Raises
        ------
        WorkerDied
        """
        ...

    def surviving(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item; the result of one that kills every worker is `DIED`."""
        ...

    def alone(self, function: Callable[[Any], Any], item: Any, *, tries: int = TRIES) -> Any:
        """Call a function for one item while nothing else runs; `DIED` where it has killed its worker each time."""
        ...


class Here:
    """Work in this process: if an item kills it, nobody is left to tell."""

    width = 1

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item."""
        return map(function, items)

    surviving = __call__

    def alone(self, function: Callable[[Any], Any], item: Any, *, tries: int = TRIES) -> Any:
        """Call a function for one item."""
        del tries
        return function(item)


class Spread:
    """A `map` over the processes of a pool.

    Takes items only a little ahead of the workers, so that memory does not grow with their number.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.width = pool.width

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item; an item that kills every worker ends it all.

        Raises
        ------
        WorkerDied
        """
        for result in self.surviving(function, items):
            if result is DIED:
                raise WorkerDied(
                    "a worker process",
                    f"ended before its work was done, {TRIES} times more when it was tried alone",
                    do="Most often memory has run out: give fewer --jobs, or use a larger machine",
                )
            yield result

    def surviving(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item; the result of one that kills every worker is `DIED`."""
        waiting, source = deque[tuple[Any, Future]](), iter(items)
        while True:
            while len(waiting) < 2 * self._pool.width and (item := next(source, _NO_MORE)) is not _NO_MORE:
                waiting.append((item, self._pool.submit(function, item)))
            if not waiting:
                return
            result = self._result(waiting[0][1])
            if result is not DIED:
                waiting.popleft()
                yield result
                continue
            # no more is handed out until the lost ones have been tried one by one: another's death would be theirs
            results = [self._result(future) for _, future in waiting]
            lost = [item for item, _ in waiting]
            waiting.clear()
            for item, found in zip(lost, results, strict=True):
                yield self.alone(function, item) if found is DIED else found

    def alone(self, function: Callable[[Any], Any], item: Any, *, tries: int = TRIES) -> Any:
        """Call a function for one item while nothing else runs; `DIED` where it has killed its worker each time."""
        for _ in range(tries):
            result = self._result(self._pool.submit(function, item, alone=True))
            if result is not DIED:
                return result
        return DIED

    def _result(self, future: Future) -> Any:
        try:
            result = future.result()
        except self._pool.deaths:
            return DIED
        if isinstance(result, Failed):
            raise result.error
        return result
