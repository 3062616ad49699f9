"""What must hold of a study beyond the form of its file; asked of every study, whether typed or found in a bundle."""

from __future__ import annotations

import re
from collections import Counter

from pipeline.errors import UsageError, did_you_mean
from pipeline.features.catalogue import column_names
from pipeline.features.plugins import features_with
from pipeline.ontology import load_ontology
from pipeline.records import IDENTITY
from pipeline.schema import TABLES
from pipeline.study import Study, Target
from pipeline.tripod import ITEMS
from pipeline.units import horizon_years
from pipeline.vocabulary import TREATMENT_KINDS

OWN_COLUMNS = (*IDENTITY, "red_flags", "modalities", "warnings", "model")
"""Columns that every table of predictions has, whatever the study."""

_MOST_LOCKED = 0.5
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_TIMES = ("_y", "_weeks")


def check_study(study: Study, where: str) -> None:
    """Refuse a study whose parts do not fit together.

    Parameters
    ----------
    study : Study
    where : str
        How messages name it.

    Raises
    ------
    UsageError
        With the first thing that is wrong.
    """
    if not study.targets:
        raise UsageError(where, "no targets", needed="a study predicts something", do="Add a [[targets]] table")
    _check_plain_names(study, where)
    for target in study.targets:
        _check_target(target, f"{where}, target {target.name}")
    _check_names(study, where)
    _check_validation(study, where)
    if study.seed < 0 or study.folds < 2:
        key = "seed" if study.seed < 0 else "folds"
        raise UsageError(
            where, f"key '{key}' is too small", needed="a seed is at least 0, and there are at least 2 folds"
        )


def _check_plain_names(study: Study, where: str) -> None:
    """Refuse names that could not be a file, a column or a metric, and columns that two targets would write."""
    columns = [name for target in study.targets for name in _columns_of(target)]
    names = [
        study.name,
        *(target.name for target in study.targets),
        *(each.name for each in study.comparators),
        *columns,
    ]
    odd = next((name for name in names if not _NAME.fullmatch(name)), None)
    if odd is not None:
        raise UsageError(where, f"the name {odd!r}", needed="a name has letters, digits, - and _ only", do="Rename it")
    counts = Counter(target.name for target in study.targets) | Counter(columns)
    twice = next((name for name, count in counts.items() if count > 1), None)
    if twice is not None:
        raise UsageError(where, f"two targets are called '{twice}', or have that label", do="Rename one")
    ours = next((name for name in columns if name in OWN_COLUMNS), None)
    if ours is not None:
        raise UsageError(
            where, f"'{ours}' as a label", needed="a column of the predictions has that name", do="Rename it"
        )


def _check_validation(study: Study, where: str) -> None:
    if not 0.0 <= study.locked <= _MOST_LOCKED:
        raise UsageError(
            where, f"key 'locked' is {study.locked:g}", needed=f"a share of 0 to {_MOST_LOCKED:g}", do="Write 0.2"
        )


def _columns_of(target: Target) -> tuple[str, ...]:
    return target.label_columns if target.kind == "classification" else (target.name,)


def _check_names(study: Study, where: str) -> None:
    """Refuse names of ours that are misspelt: what was to be hidden would be learned from."""
    columns = [column.name for table in ("visits", "treatments") for column in TABLES[table]]
    for key, given in (
        ("inputs.hide", study.inputs.hide),
        ("group_by", (study.group_by,)),
        ("leave_out", (study.leave_out,)),
    ):
        unknown = next((name for name in given if name and name not in columns), None)
        if unknown is not None:
            raise UsageError(where, f"key '{key}' names no column: '{unknown}'", do=did_you_mean(unknown, columns))
    numbers = [item.number for item in ITEMS]
    odd = next((number for number in study.reporting if number not in numbers), None)
    if odd is not None:
        raise UsageError(where, f"key 'reporting' names no item of TRIPOD+AI: '{odd}'", do=did_you_mean(odd, numbers))
    features = column_names(features_with(study.features.plugins))
    for comparator in study.comparators:
        unknown = next((name for name in comparator.features if name not in features), None)
        if unknown is not None or not comparator.features:
            found = f"comparator '{comparator.name}' has no feature '{unknown or ''}'"
            raise UsageError(where, found, do=did_you_mean(unknown or "", features) if unknown else "Name some")
    for target in study.targets:
        for key, given in (("prespecified", target.prespecified), ("clock", (target.clock,))):
            unknown = next((name for name in given if name and name not in features), None)
            if unknown is not None:
                found = f"key '{key}' of target {target.name} names no feature: '{unknown}'"
                raise UsageError(where, found, do=did_you_mean(unknown, features))
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


def _check_event(target: Target, where: str) -> None:
    """Refuse times without a unit, and what only an event that the outcomes tell of can have."""
    times = (target.left, target.right, target.entry, *target.competing_columns)
    untimed = [name for name in times if name and not name.endswith(_TIMES)]
    if untimed:
        needed = "its name must end in its unit, _y or _weeks"
        if untimed[0] in target.competing:
            needed += ", or be a kind of treatment"
        raise UsageError(where, f"column '{untimed[0]}'", needed=needed, do=did_you_mean(untimed[0], TREATMENT_KINDS))
    for key in ("competing", "entry", "through"):
        if getattr(target, key) and target.kind != "time_to_event":
            raise UsageError(where, f"key '{key}'", needed="it belongs to a time to an event", do="Leave it out")
    for key in ("left", "right", "entry"):
        if getattr(target, key) and target.derive != "recorded":
            raise UsageError(
                where, f"key '{key}'", needed=f"derive = '{target.derive}' finds the times itself", do="Leave it out"
            )


def _check_derivation(target: Target, where: str) -> None:
    needed = {
        "recorded": ("left", "right") if target.kind == "time_to_event" else (),
        "finding": ("finding",),
        "score_relapse": ("score", "improve_by"),
        "score_response": ("score", "improve_by", "week"),
        "score_worsening": ("score", "worsen_by"),
        "score_reached": ("score", "reach"),
    }[target.derive]
    kinds = {"finding": "classification", "score_response": "classification"}
    kinds |= dict.fromkeys(("score_relapse", "score_worsening", "score_reached"), "time_to_event")
    for key in needed:
        if not getattr(target, key):
            raise UsageError(
                where, f"key '{key}' is missing", needed=f"derive = '{target.derive}' needs it", do="Add it"
            )
    _check_event(target, where)
    if kinds.get(target.derive, target.kind) != target.kind:
        raise UsageError(
            where, f"kind '{target.kind}'", needed=f"derive = '{target.derive}' gives a {kinds[target.derive]}"
        )
    numbers = [column.name for column in TABLES["visits"] if column.kind == "number"]
    if target.score and target.score not in numbers:
        raise UsageError(where, f"unknown score '{target.score}'", do=did_you_mean(target.score, numbers))
