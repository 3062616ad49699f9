"""The figures that the generator knows about dystonia, each with its range, status, sources and population.

They stand in ``epidemiology.toml`` beside this module, which explains its keys. A figure is asked for by its dotted
name; a name that is not there is an error, so that no figure is made up where one is missing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import Any, Literal, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UsageError, did_you_mean

Status = Literal["verified", "memory", "derived", "assumption"]
FigureUnit = Literal[
    "share",
    "percent",
    "per_100k",
    "per_100k_a_year",
    "years",
    "months",
    "weeks",
    "days",
    "s",
    "ms",
    "per_year",
    "hz",
    "g",
    "g2_per_hz",
    "ug_per_rthz",
    "dps_per_rthz",
    "deg_per_s",
    "uv",
    "points",
    "ratio",
    "log_odds",
    "toxin_units",
    "index",
    "sign",
]

_FILE = "epidemiology.toml"
_ASSUMED: dict[str, Any] = {"status": "assumption", "sources": ["design"]}
"""What a row is that says nothing else."""
_OURS = {"design", "memory"}
"""Sources that nobody can look up."""

_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Figure:
    """A figure about a population.

    Attributes
    ----------
    name : str
        Dotted: ``cervical.onset_age``.
    value : float
        What the generator aims at.
    unit : str
    status : {"verified", "memory", "derived", "assumption"}
        Of the value.
    sources : tuple of str
        Keys of `Epidemiology.sources`.
    population : str
        Whom it is about.
    range : tuple of float, optional
        What a test accepts, both ends included.
    sd : float, optional
        Standard deviation between patients.
    sd_status : str, optional
        Status of `sd`, where it is another one.
    bounds : tuple of float, optional
        Where the distribution is cut off.
    note : str
    """

    name: str
    value: float
    unit: FigureUnit
    status: Status
    sources: tuple[str, ...]
    population: str
    range: tuple[float, float] | None = None
    sd: float | None = None
    sd_status: Status | None = None
    bounds: tuple[float, float] | None = None
    note: str = ""


@dataclass(frozen=True)
class Source:
    """Where figures come from."""

    cite: str
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""


@dataclass(frozen=True)
class Conflict:
    """Figures that cannot all hold.

    Attributes
    ----------
    figures : tuple of str
    winner : str
        What the generator follows: a source, a figure, or a pattern of figures (``*.onset_age``).
    why : str
    readings : dict of str to float
        What each study says, in the unit of the first figure.
    """

    figures: tuple[str, ...]
    winner: str
    why: str
    readings: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Epidemiology:
    """All figures, their sources and their conflicts.

    Attributes
    ----------
    figures : dict of str to Figure
        By name, in the order of the file.
    same_as : dict of str to str
        Names that stand for another figure.
    sources : dict of str to Source
    conflicts : tuple of Conflict
    """

    figures: Mapping[str, Figure]
    same_as: Mapping[str, str]
    sources: Mapping[str, Source]
    conflicts: tuple[Conflict, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.figures or name in self.same_as

    def figure(self, name: str) -> Figure:
        """Return a figure by its name, or by one that stands for it.

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        name = self.same_as.get(name, name)
        if name not in self.figures:
            raise UsageError(f"{_FILE}, figure '{name}'", "no such figure", do=_nearest(name, self.figures))
        return self.figures[name]

    def conflict_of(self, name: str) -> Conflict | None:
        """Return the conflict in which a figure stands."""
        return next((conflict for conflict in self.conflicts if name in conflict.figures), None)

    def loses(self, name: str) -> bool:
        """Whether another figure won over this one."""
        conflict = self.conflict_of(name)
        return conflict is not None and conflict.winner != name and conflict.winner not in self.sources

    def of_class(self, name: str, pair: tuple[str, str]) -> Figure | None:
        """Return the figure of this last name for a phenotype and an aetiology.

        The aetiology's goes before the phenotype's, and both before that of ``anyone``; None if none has it.

        Examples
        --------
        >>> figures = load_epidemiology()
        >>> figures.of_class("onset_age", ("cervical", "acquired_tardive")).name
        'acquired_tardive.onset_age'
        """
        phenotype, aetiology = pair
        asked = (f"{word}.{name}" for word in (aetiology, phenotype, "anyone"))
        return next((self.figure(each) for each in asked if each in self), None)


@cache
def load_epidemiology() -> Epidemiology:
    """Read the figures of the package, once.

    Examples
    --------
    >>> cervical = load_epidemiology().figure("cervical.onset_age")
    >>> cervical.value, cervical.sd, cervical.range, cervical.status
    (41.0, 13.0, (39.0, 50.0), 'verified')
    """
    return parse_epidemiology(files("pipeline.synthetic").joinpath(_FILE).read_text(encoding="utf-8"))


def value(name: str) -> float:
    """Return the value of a figure.

    Examples
    --------
    >>> value("spread.cervical.rate_per_y")
    0.019
    >>> value("cervical.pian")
    Traceback (most recent call last):
    pipeline.errors.UsageError: epidemiology.toml, figure 'cervical.pian': no such figure. Did you mean 'cervical.pain'?
    """
    return load_epidemiology().figure(name).value


def values(group: str) -> dict[str, float]:
    """Return the values of a group by the last part of their names, in the order of the file.

    Examples
    --------
    >>> values("spread_target.laryngeal")
    {'neck': 0.98, 'other': 0.02}
    """
    known = load_epidemiology()
    names = [name for name in (*known.figures, *known.same_as) if name.rpartition(".")[0] == group]
    if not names:
        groups = {name.rpartition(".")[0] for name in known.figures}
        raise UsageError(f"{_FILE}, group '{group}'", "no such group", do=_nearest(group, groups))
    return {name.rpartition(".")[2]: known.figure(name).value for name in names}


def parse_epidemiology(text: str) -> Epidemiology:
    """Read figures from TOML and check that they fit together.

    Raises
    ------
    UsageError
        If a key or a source is not known, a value lies outside its range, or a conflict has no winner; the message
        names the row.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_FILE, f"not valid TOML: {error}") from None
    unknown = next((key for key in content if key not in ("figures", "sources", "conflicts")), None)
    if unknown is not None:
        raise UsageError(_FILE, f"unknown table '{unknown}'", do="Keep to figures, sources and conflicts")
    sources = {key: _read(Source, row, f"source '{key}'") for key, row in content.get("sources", {}).items()}
    rows = dict(_rows(content.get("figures", {}), "", {}))
    figures = {name: _read(Figure, row, f"figure '{name}'") for name, row in rows.items() if isinstance(row, dict)}
    same_as = {name: row for name, row in rows.items() if isinstance(row, str)}
    conflicts = tuple(
        _read(Conflict, row, f"conflict {number}") for number, row in enumerate(content.get("conflicts", []), 1)
    )
    for figure in figures.values():
        _check_figure(figure, sources)
    for name, other in same_as.items():
        if other not in figures:
            raise UsageError(f"{_FILE}, figure '{name}'", f"no figure '{other}'", do=_nearest(other, figures))
    for number, conflict in enumerate(conflicts, 1):
        _check_conflict(conflict, f"{_FILE}, conflict {number}", figures, sources)
    return Epidemiology(figures, same_as, sources, conflicts)


def _rows(table: Mapping[str, Any], prefix: str, above: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Yield each figure's name with its keys, or with the name of the figure that it stands for.

    A number is a figure, and so is a table with a value, a unit or a status; any other table is a group, whose
    population and unit hold for all in it that name none.
    """
    shared = above | {key: table[key] for key in ("population", "unit") if key in table}
    for key, content in table.items():
        name = f"{prefix}{key}"
        if key in shared and shared[key] is content:
            continue
        if isinstance(content, str):
            yield name, content
        elif not isinstance(content, dict):
            yield name, {"unit": "share", **_ASSUMED, **shared, "name": name, "value": content}
        elif {"value", "status"} & content.keys():
            row = {"unit": "share", **shared, **content, "name": name}
            yield name, row if {"status", "sources"} & content.keys() else {**_ASSUMED, **row}
        else:
            yield from _rows(content, f"{name}.", shared)


def _read(kind: type[_Read], row: Any, where: str) -> _Read:
    if not isinstance(row, dict):
        raise UsageError(f"{_FILE}, {where}", "no table", needed="a row is a table of keys")
    known = [each.name for each in fields(kind)]  # pyright: ignore[reportArgumentType]
    unknown = next((key for key in row if key not in known), None)
    if unknown is not None:
        raise UsageError(f"{_FILE}, {where}", f"unknown key '{unknown}'", do=did_you_mean(unknown, known))
    try:
        return _adapter(kind).validate_python(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{_FILE}, {where}", f"key '{place}' is wrong: {first['msg'].lower()}") from None


@cache
def _adapter(kind: type[_Read]) -> TypeAdapter[_Read]:
    return TypeAdapter(kind)


def _check_figure(figure: Figure, sources: Mapping[str, Source]) -> None:
    where = f"{_FILE}, figure '{figure.name}'"
    wrong = next((source for source in figure.sources if source not in sources), None)
    if wrong is not None:
        raise UsageError(where, f"unknown source '{wrong}'", do=_nearest(wrong, sources))
    if not set(figure.sources) - (_OURS if figure.status in ("verified", "derived") else set()):
        raise UsageError(where, f"{figure.status} without a source", do="Name one, or call it memory or assumption")
    if not figure.population:
        raise UsageError(where, "no population", do="Say whom the figure is about, in its row or in its group")
    limits = [("range", figure.range), ("bounds", figure.bounds)]
    if figure.unit == "share":
        limits.append(("unit share, 0 to 1", (0.0, 1.0)))
    for name, ends in limits:
        if not isfinite(figure.value) or (ends is not None and not ends[0] <= figure.value <= ends[1]):
            raise UsageError(where, f"{figure.value} lies outside its {name}", do="Correct one of the two")
    if figure.sd is not None and not (isfinite(figure.sd) and figure.sd > 0):
        raise UsageError(where, f"an sd of {figure.sd}", needed="a standard deviation is finite and above 0")


def _check_conflict(
    conflict: Conflict, where: str, figures: Mapping[str, Figure], sources: Mapping[str, Source]
) -> None:
    for name in conflict.figures:
        if name not in figures:
            raise UsageError(where, f"unknown figure '{name}'", do=_nearest(name, figures))
    for key in conflict.readings:
        if key not in sources:
            raise UsageError(where, f"unknown source '{key}'", do=_nearest(key, sources))
    if conflict.winner not in conflict.readings and not any(fnmatchcase(name, conflict.winner) for name in figures):
        raise UsageError(
            where,
            f"a winner '{conflict.winner}' that is no reading and no figure",
            do="Name a source among its readings, a figure, or a pattern such as '*.onset_age'",
        )


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint: the nearest name, or those of the same group, never all of them."""
    names = list(known)
    group = name.rpartition(".")[0]
    alike = [other for other in names if group and other.rpartition(".")[0] == group]
    hint = did_you_mean(name, names)
    if not hint.startswith("Known"):
        return hint
    return did_you_mean(name, alike) if alike else f"Look into {_FILE}"


STATUSES: tuple[Status, ...] = get_args(Status)
"""From the best known to the least."""
