"""The catalogue: every feature of the package, in the order of the table's columns.

A feature enters it by being declared in one of the families named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from pipeline.errors import UsageError, did_you_mean
from pipeline.features import (
    background,
    emg,
    findings,
    history,
    movement,
    posture,
    probes,
    redflags,
    regions,
    repetition,
    scales,
    treatment,
    tremor,
    tremor_course,
    turning,
    writing,
)
from pipeline.features.probes import Fingerprint
from pipeline.features.spec import Feature

_FAMILIES: tuple[ModuleType, ...] = (
    history,
    background,
    findings,
    redflags,
    regions,
    scales,
    treatment,
    tremor,
    tremor_course,
    posture,
    movement,
    repetition,
    turning,
    emg,
    writing,
)


def _declared(family: ModuleType) -> list[Feature]:
    """Return the features that a module declares itself, in the order in which they stand there."""
    return [each for each in vars(family).values() if isinstance(each, Feature) and each.__module__ == family.__name__]


CATALOGUE: tuple[Feature, ...] = tuple(feature for family in _FAMILIES for feature in _declared(family))
"""Every feature, once."""


def column_names(features: Sequence[Feature] = CATALOGUE) -> list[str]:
    """Return the names of the features' columns, in the order of the table.

    Examples
    --------
    >>> column_names()[:2]
    ['age_at_visit_y', 'age_at_onset_y']
    """
    return [name for feature in features for name in feature.spec.columns]


def model_columns(quality: Sequence[str] = (), features: Sequence[Feature] = CATALOGUE) -> list[str]:
    """Return the columns that are model inputs: all but quality entries, and the quality columns named.

    Parameters
    ----------
    quality : sequence of str
        Names of quality columns, or of quality features with all their columns.
    features : sequence of Feature

    Raises
    ------
    UsageError
        If a name is not that of a quality entry.

    Examples
    --------
    >>> "findings_observed_count" in model_columns()
    False
    >>> "findings_observed_count" in model_columns(["findings_observed_count"])
    True
    """
    entries = [feature.spec for feature in features if feature.spec.kind == "quality"]
    known = {name for spec in entries for name in (spec.name, *spec.columns)}
    for name in quality:
        if name not in known:
            raise UsageError("inputs.quality", f"no quality entry '{name}'", do=did_you_mean(name, known))
    hidden = {column for spec in entries for column in spec.columns if not {spec.name, column} & set(quality)}
    return [name for name in column_names(features) if name not in hidden]


def fingerprints(features: Sequence[Feature] = CATALOGUE) -> dict[str, Fingerprint]:
    """Return the fingerprint of each feature by its name.

    Two installations whose fingerprints agree compute the same features, to six digits.
    """
    return probes.fingerprints(features)
