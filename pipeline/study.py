"""What a study, a mapping and a recipe may say; `config` reads them from TOML.

Plain frozen dataclasses: every key of the file is a field here, with its default, and nothing else is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pipeline.records import KnownAt

Derivation = Literal["recorded", "finding", "score_relapse", "score_response"]
_STRICT = {"extra": "forbid"}


@dataclass(frozen=True)
class Target:
    """What a model of the study predicts.

    Attributes
    ----------
    name : str
        Begins the target's columns in the predictions.
    kind : {"classification", "time_to_event"}
    derive : Derivation
        Where the truth comes from: ``recorded`` in the outcomes table; ``finding``, an HPO term observed or excluded;
        ``score_response``, a fall of a score by ``improve_by`` at ``week``; ``score_relapse``, a score's return to
        ``within`` points of the baseline after a fall by ``improve_by``.
    labels : tuple of str
        Label columns of the outcomes, learned as one joint distribution; the name of the target if left out.
    left, right : str
        Outcome columns with the interval that holds the event, in years from the visit; an empty right end means that
        the event was not seen.
    horizons : tuple of str
        Horizons of risk, such as ``5y`` or ``8w``, ascending.
    at_risk : {"", "one_region"}
        Who can have the event.
    finding : str
        HPO term of ``derive = "finding"``.
    score : str
        Visit column of the score.
    improve_by, within : float
        Points of the score.
    week : float
        Week since the first visit at which a response is judged.
    """

    name: str
    kind: Literal["classification", "time_to_event"]
    derive: Derivation = "recorded"
    labels: tuple[str, ...] = ()
    left: str = ""
    right: str = ""
    horizons: tuple[str, ...] = ()
    at_risk: Literal["", "one_region"] = ""
    finding: str = ""
    score: str = ""
    improve_by: float = 0.0
    within: float = 0.0
    week: float = 0.0
    __pydantic_config__ = _STRICT

    @property
    def label_columns(self) -> tuple[str, ...]:
        """Label columns of a classification."""
        return self.labels or (self.name,)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns that the outcomes table must have for this target."""
        if self.derive != "recorded":
            return ()
        return self.label_columns if self.kind == "classification" else (self.left, self.right)


@dataclass(frozen=True)
class Inputs:
    """What of a record a model may see.

    Attributes
    ----------
    known_at : tuple of KnownAt
        Columns known at these times are visible.
    defining : bool
        Whether columns that define a label of the study are visible.
    hide : tuple of str
        Columns that are hidden besides.
    hide_findings : tuple of str
        HPO terms that define the label: they and their kinds are hidden, and the exclusion of anything above them.
    quality : tuple of str
        Quality entries of the catalogue that are model inputs.
    """

    known_at: tuple[KnownAt, ...] = ("referral", "examination", "after_diagnosis")
    defining: bool = False
    hide: tuple[str, ...] = ()
    hide_findings: tuple[str, ...] = ()
    quality: tuple[str, ...] = ()
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Comparator:
    """A simpler model, fitted and scored in the same folds, that the study's model has to beat."""

    name: str
    features: tuple[str, ...]
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Study:
    """A question put to a cohort: targets, what may be learned from, how it is validated.

    Attributes
    ----------
    name, title : str
    targets : tuple of Target
    mapping : str
        Name or path of the mapping that reads the cohort; empty for our own tables and for phenopackets.
    group_by : str
        Visit column that keeps related patients in one fold (family, publication); the patient if empty.
    folds : int
        Folds of the grouped cross-validation.
    seed : int
        Fixes folds and bootstrap.
    inputs : Inputs
    comparators : tuple of Comparator
    """

    name: str
    title: str
    targets: tuple[Target, ...]
    mapping: str = ""
    group_by: str = ""
    folds: int = 5
    seed: int = 20261122
    inputs: Inputs = field(default_factory=Inputs)
    comparators: tuple[Comparator, ...] = ()
    __pydantic_config__ = _STRICT

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Every column that the outcomes table must have."""
        return tuple(dict.fromkeys(name for target in self.targets for name in target.outcome_columns))


@dataclass(frozen=True)
class MappedColumn:
    """How one of our columns is made from somebody else's.

    Attributes
    ----------
    source : str
        Their column; several, joined by ``-``, make an id.
    values : dict
        Their code to our value; a code that is not listed is kept as it stands.
    constant : str
        A value that every row gets instead.
    """

    source: str | tuple[str, ...] = ""
    values: dict[str, str] = field(default_factory=dict)
    constant: str = ""
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class MappedTable:
    """One of our tables, made from rows of somebody else's file.

    Attributes
    ----------
    columns : dict
        Our column to where it comes from.
    where : dict
        Only rows in which these columns of theirs hold these values.
    """

    columns: dict[str, MappedColumn]
    where: dict[str, str] = field(default_factory=dict)
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Mapping:
    """Other people's columns, codes and units in terms of ours."""

    name: str
    title: str
    tables: dict[Literal["visits", "treatments", "outcomes"], MappedTable]
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Recipe:
    """How a synthetic cohort is made.

    Attributes
    ----------
    name, title : str
    classes : dict
        Weight of each allowed ``phenotype/aetiology`` pair; the weights are normalised.
    missing : float
        Probability that an item of the form was left empty.
    max_visits : int
        Most visits a patient has.
    """

    name: str
    title: str
    classes: dict[str, float]
    missing: float = 0.1
    max_visits: int = 4
    __pydantic_config__ = _STRICT
