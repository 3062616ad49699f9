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
from pipeline.mapping import Mapping
from pipeline.reading.options import Options
from pipeline.reading.rules_of_mappings import refuse_mapping
from pipeline.recipe import Recipe
from pipeline.study import Study
from pipeline.study_checks import check_study

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
    check_study(study, f"study {name}")
    return study


def load_mapping(name: str) -> Mapping:
    """Read a mapping and check that the columns that it makes are ours.

    Examples
    --------
    >>> sorted(load_mapping("cervical-trial").tables)
    ['treatments', 'visits']
    """
    mapping = _build(Mapping, read_text("mappings", name), f"mapping {name}").settled()
    refuse_mapping(mapping, f"mapping {name}")
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
