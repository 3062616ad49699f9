"""Studies, mappings and recipes from TOML: by the name of a built-in one, or from a file.

A name with ``/`` in it, or that ends in ``.toml``, is a path. Keys are checked against the dataclasses of `study`: an
unknown one is an error that names the nearest known key.
"""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass, replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import MissingInput, UsageError, did_you_mean
from pipeline.ontology import load_ontology
from pipeline.reading.source import Options
from pipeline.schema import TABLES
from pipeline.study import Mapping, Recipe, Study, Target
from pipeline.units import horizon_years

T = TypeVar("T")

_OPTIONS = {"studies": "study", "mappings": "mapping", "synthetic/recipes": "recipe"}
"""Folder of the built-in files of each kind, with the option that names one."""


def built_in(kind: str) -> dict[str, Traversable]:
    """Return the built-in files of a kind (``studies``, ``mappings``, ``synthetic/recipes``) by their name."""
    folder = files("pipeline").joinpath(kind)
    return {entry.name.removesuffix(".toml"): entry for entry in folder.iterdir() if entry.name.endswith(".toml")}


def read_text(kind: str, name: str) -> str:
    """Return the text of a built-in file, or of the file that the name is a path of.

    Raises
    ------
    UsageError
        If there is no built-in file of this name.
    MissingInput
        If there is no file at this path.
    """
    if "/" in name or name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            raise MissingInput(name, "no such file", do="Check the path")
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise UsageError(name, "not UTF-8", do="Save it as UTF-8") from None
    known = built_in(kind)
    if name not in known:
        raise UsageError(f"--{_OPTIONS[kind]} {name}", "not built in", do=did_you_mean(name, known))
    return known[name].read_text(encoding="utf-8")


def load_study(name: str) -> Study:
    """Read a study and check that what it says fits together.

    Examples
    --------
    >>> [target.name for target in load_study("cervical-trial").targets]
    ['relapse', 'responder']
    """
    study = _build(Study, read_text("studies", name), f"study {name}")
    if not study.targets:
        raise UsageError(
            f"study {name}", "no targets", needed="a study predicts something", do="Add a [[targets]] table"
        )
    for target in study.targets:
        _check_target(target, f"study {name}, target {target.name}")
    _check_names(study, f"study {name}")
    return study


def load_mapping(name: str) -> Mapping:
    """Read a mapping and check that the columns that it makes are ours.

    Examples
    --------
    >>> sorted(load_mapping("cervical-trial").tables)
    ['treatments', 'visits']
    """
    mapping = _build(Mapping, read_text("mappings", name), f"mapping {name}")
    if "visits" not in mapping.tables:
        raise UsageError(f"mapping {name}", "no table of visits", do="Add [tables.visits.columns]")
    for table, mapped in mapping.tables.items():
        known = [column.name for column in TABLES[table]]
        for column in mapped.columns:
            if column not in known and table != "outcomes":
                raise UsageError(
                    f"mapping {name}, {table}", f"unknown column '{column}'", do=did_you_mean(column, known)
                )
        empty = [column for column, how in mapped.columns.items() if not (how.source or how.constant)]
        if empty:
            raise UsageError(
                f"mapping {name}, {table}", f"nothing makes column '{empty[0]}'", do="Give its source or a constant"
            )
    return mapping


def study_options(study: Study, options: Options) -> Options:
    """Add to the reading options what the study says: its mapping, unless another is given, and its outcome columns."""
    mapping = options.mapping or (load_mapping(study.mapping) if study.mapping else None)
    return replace(options, mapping=mapping, outcome_columns=study.outcome_columns)


def load_recipe(name: str) -> Recipe:
    """Read a recipe of a synthetic cohort.

    Examples
    --------
    >>> load_recipe("demo").name
    'demo'
    """
    return _build(Recipe, read_text("synthetic/recipes", name), f"recipe {name}")


def _build(kind: type[T], text: str, where: str) -> T:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(where, f"not valid TOML: {error}") from None
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        raise _explain(kind, error, where) from None


def _explain(kind: type, error: ValidationError, where: str) -> UsageError:
    """Say one of pydantic's errors in our grammar: a misspelt key before one that is missing because of it."""
    errors = error.errors(include_url=False, include_context=False)
    first = next((each for each in errors if each["type"] == "unexpected_keyword_argument"), errors[0])
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "unexpected_keyword_argument":
        known = _keys_at(kind, first["loc"][:-1])
        return UsageError(where, f"unknown key '{place}'", do=did_you_mean(str(first["loc"][-1]), known))
    if first["type"] == "missing":
        return UsageError(where, f"key '{place}' is missing", do="Add it")
    return UsageError(where, f"key '{place}' is wrong: {first['msg'].lower()}")


def _keys_at(kind: Any, path: tuple[int | str, ...]) -> list[str]:
    """Return the keys that may stand at a place, found by walking the dataclasses, tuples and dicts along it."""
    for part in path:
        kind = (
            get_type_hints(kind)[str(part)] if is_dataclass(kind) else get_args(kind)[0 if isinstance(part, int) else 1]
        )
    return [field.name for field in fields(kind)] if is_dataclass(kind) else []


def _check_names(study: Study, where: str) -> None:
    """Refuse names of ours that are misspelt: what was to be hidden would be learned from."""
    names = [target.name for target in study.targets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(where, f"two targets are called '{twice}'", do="Rename one")
    columns = [column.name for table in ("visits", "treatments") for column in TABLES[table]]
    for key, given in (("inputs.hide", study.inputs.hide), ("group_by", (study.group_by,))):
        unknown = next((name for name in given if name and name not in columns), None)
        if unknown is not None:
            raise UsageError(where, f"key '{key}' names no column: '{unknown}'", do=did_you_mean(unknown, columns))
    terms = {"inputs.hide_findings": study.inputs.hide_findings}
    terms |= {f"finding of target {target.name}": (target.finding,) for target in study.targets if target.finding}
    for key, given in terms.items():
        unknown = next((term for term in given if term not in load_ontology().parents), None)
        if unknown is not None:
            raise UsageError(
                where, f"key '{key}' names no current HPO term: '{unknown}'", do="Look it up at hpo.jax.org"
            )


def _check_target(target: Target, where: str) -> None:
    if target.kind == "time_to_event":
        if not target.horizons:
            raise UsageError(
                where, "no horizons", needed="a time to an event needs some", do='Write horizons = ["1y", "5y"]'
            )
        try:
            years = [horizon_years(text) for text in target.horizons]
        except ValueError as error:
            raise UsageError(where, str(error)) from None
        if years != sorted(set(years)):
            raise UsageError(where, "horizons out of order", needed="they ascend", do="Sort them")
    _check_derivation(target, where)


def _check_derivation(target: Target, where: str) -> None:
    needed = {
        "recorded": ("left", "right") if target.kind == "time_to_event" else (),
        "finding": ("finding",),
        "score_relapse": ("score", "improve_by"),
        "score_response": ("score", "improve_by", "week"),
    }[target.derive]
    kinds = {"finding": "classification", "score_response": "classification", "score_relapse": "time_to_event"}
    for key in needed:
        if not getattr(target, key):
            raise UsageError(
                where, f"key '{key}' is missing", needed=f"derive = '{target.derive}' needs it", do="Add it"
            )
    if kinds.get(target.derive, target.kind) != target.kind:
        raise UsageError(
            where, f"kind '{target.kind}'", needed=f"derive = '{target.derive}' gives a {kinds[target.derive]}"
        )
    numbers = [column.name for column in TABLES["visits"] if column.kind == "number"]
    if target.score and target.score not in numbers:
        raise UsageError(where, f"unknown score '{target.score}'", do=did_you_mean(target.score, numbers))
