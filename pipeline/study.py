"""What a study may say; `config` reads it from TOML.

Plain frozen dataclasses: every key of the file is a field here, with its default, and nothing else is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.records import KnownAt
from pipeline.vocabulary import TREATMENT_KINDS

Derivation = Literal["recorded", "finding", "score_relapse", "score_response", "score_worsening", "score_reached"]
AtRisk = Literal["", "one_region", "not_generalized", "active"]
STRICT = {"extra": "forbid"}
"""Of whatever is read from TOML: no other keys."""


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
        ``within`` points of the baseline after a fall by ``improve_by``; ``score_worsening``, a rise of a score by
        ``worsen_by`` points and by ``worsen_by_share`` of what it is, which the next score confirms;
        ``score_reached``, the first time that a score is ``reach`` or more.
    labels : tuple of str
        Label columns of the outcomes, learned as one joint distribution; the name of the target if left out.
    left, right : str
        Outcome columns with the interval that holds the event, in years from the visit; an empty right end means that
        the event was not seen.
    horizons : tuple of str
        Horizons of risk, such as ``5y`` or ``8w``, ascending.
    competing : tuple of str
        Events that end the question if they come first: outcome columns of years or weeks from the visit, such as
        ``death_y``, or kinds of treatment, such as ``dbs``, of which the first one counts.
    entry : str
        Outcome column with the time from time zero at which observation began, where that was later.
    prespecified : tuple of str
        Features of which it is known that the risk depends on them: the events need not show it, and where fewer than
        50 patients had the event the risk depends on nothing else.
    through : str
        Label column of the outcomes on which the risk is known to depend, such as the diagnosis: it is learned from all
        patients who have one, and the risk depends on how probable each label is.
    clock : str
        Feature with the years since onset, or since whatever the risk runs from: the risk depends on its logarithm, for
        each label of `through` in its own way.
    at_risk : {"", "one_region", "not_generalized", "active"}
        Who can have the event.
    finding : str
        HPO term of ``derive = "finding"``.
    score : str
        Visit column of the score.
    improve_by, within, worsen_by, reach : float
        Points of the score.
    worsen_by_share : float
        Share of the score, such as 0.2.
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
    competing: tuple[str, ...] = ()
    entry: str = ""
    prespecified: tuple[str, ...] = ()
    through: str = ""
    clock: str = ""
    at_risk: AtRisk = ""
    finding: str = ""
    score: str = ""
    improve_by: float = 0.0
    within: float = 0.0
    worsen_by: float = 0.0
    worsen_by_share: float = 0.0
    reach: float = 0.0
    week: float = 0.0
    __pydantic_config__ = STRICT

    @property
    def label_columns(self) -> tuple[str, ...]:
        """Label columns of a classification."""
        return self.labels or (self.name,)

    @property
    def told(self) -> tuple[str, ...]:
        """What is said of a patient: a label of each label column, or the target's risk."""
        return self.label_columns if self.kind == "classification" else (self.name,)

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Columns that the outcomes table must have for this target."""
        if self.kind == "classification":
            return self.label_columns if self.derive == "recorded" else ()
        named = (self.left, self.right, self.entry, self.through, *self.competing_columns)
        return tuple(name for name in named if name)

    def prespecified_among(self, columns: Sequence[str]) -> tuple[int, ...]:
        """Return where the prespecified features stand among columns."""
        return tuple(at for at, name in enumerate(columns) if name in self.prespecified)

    def clock_among(self, columns: Sequence[str]) -> int | None:
        """Return where the clock stands among columns; None if it is none of them."""
        return next((at for at, name in enumerate(columns) if name == self.clock), None)

    @property
    def competing_columns(self) -> tuple[str, ...]:
        """Competing events that stand in the outcomes."""
        return tuple(name for name in self.competing if name not in TREATMENT_KINDS)

    @property
    def competing_treatments(self) -> tuple[str, ...]:
        """Competing events that stand in the treatments."""
        return tuple(name for name in self.competing if name in TREATMENT_KINDS)


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
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class FeatureChoice:
    """Which features there are besides the catalogue.

    Attributes
    ----------
    plugins : tuple of str
        Users' features, each as ``distribution:entry`` of an installed package.
    """

    plugins: tuple[str, ...] = ()
    __pydantic_config__ = STRICT


@dataclass(frozen=True)
class Comparator:
    """A simpler model, fitted and scored in the same folds, that the study's model has to beat."""

    name: str
    features: tuple[str, ...]
    __pydantic_config__ = STRICT


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
    leave_out : str
        Visit column of sites (a centre): each is also predicted by a model of the others; no such check if empty.
    locked : float
        Share of the groups that training never sees: a test set, for `evaluate --locked`.
    folds : int
        Folds of the grouped cross-validation.
    seed : int
        Fixes folds, bootstrap, and who is locked away.
    inputs : Inputs
    features : FeatureChoice
    comparators : tuple of Comparator
    reporting : dict
        What people have to say for the model card and the TRIPOD+AI table of the report: number of an item, such as
        ``5a``, to a text.
    """

    name: str
    title: str
    targets: tuple[Target, ...]
    mapping: str = ""
    group_by: str = ""
    leave_out: str = ""
    locked: float = 0.0
    folds: int = 5
    seed: int = 20261122
    inputs: Inputs = field(default_factory=Inputs)
    features: FeatureChoice = field(default_factory=FeatureChoice)
    comparators: tuple[Comparator, ...] = ()
    reporting: dict[str, str] = field(default_factory=dict)
    __pydantic_config__ = STRICT

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Every column that the outcomes table must have."""
        return tuple(dict.fromkeys(name for target in self.targets for name in target.outcome_columns))
