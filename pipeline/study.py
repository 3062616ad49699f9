"""What a study, a mapping and a recipe may say; `config` reads them from TOML.

Plain frozen dataclasses: every key of the file is a field here, with its default, and nothing else is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.records import KnownAt
from pipeline.vocabulary import TREATMENT_KINDS

Battery = Literal["short", "full"]
Derivation = Literal["recorded", "finding", "score_relapse", "score_response", "score_worsening", "score_reached"]
AtRisk = Literal["", "one_region", "not_generalized", "active"]
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
    at_risk: AtRisk = ""
    finding: str = ""
    score: str = ""
    improve_by: float = 0.0
    within: float = 0.0
    worsen_by: float = 0.0
    worsen_by_share: float = 0.0
    reach: float = 0.0
    week: float = 0.0
    __pydantic_config__ = _STRICT

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
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class FeatureChoice:
    """Which features there are besides the catalogue.

    Attributes
    ----------
    plugins : tuple of str
        Users' features, each as ``distribution:entry`` of an installed package.
    """

    plugins: tuple[str, ...] = ()
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
    __pydantic_config__ = _STRICT

    @property
    def outcome_columns(self) -> tuple[str, ...]:
        """Every column that the outcomes table must have."""
        return tuple(dict.fromkeys(name for target in self.targets for name in target.outcome_columns))


@dataclass(frozen=True)
class MappedColumn:
    """How one of our columns is made from somebody else's.

    Exactly one of `source`, `source_any` and `constant` is given. The rest is done to each cell in this order: blanks
    stripped, missing tokens emptied, codes translated, the date or the unit converted.

    Attributes
    ----------
    source : str
        Their column; several, joined by ``-``, make an id (a ``-`` inside a part is written ``%2D``, so that two people
        never get one id). If the name of our column holds ``{}``, theirs does too: a pattern for many columns.
    source_any : tuple of str
        Other spellings of one column: the first that the file has is read.
    may_lack : tuple of str
        Sources of an id that may be empty; if any other is, there is no id.
    optional : bool
        Whether a file without the column is read all the same.
    constant : str
        A value that every row gets instead.
    values : dict
        Their code to our value; a code that is not listed is kept as it stands, and judged as one of ours.
    names : dict
        In a pattern, what ``{}`` stands for in their name, to what it stands for in ours; without it, the same.
    missing : tuple of str
        Their tokens for "not recorded", beside those of the table.
    strip, ignore_case : bool
        As in the table, unless given here.
    unit : {"", "years", "months", "weeks", "days"}
        Their unit of a time; ours if empty.
    date_format : str
        Their dates, such as ``%d.%m.%Y``; ISO 8601 if empty. What does not fit is no date: nothing is guessed.
    split : str
        What parts several codes in one cell. Only for ``findings``: `values` then leads to HPO terms, with ``!`` before
        an excluded one.

    Examples
    --------
    >>> MappedColumn(source="onset_months", unit="months", missing=("-99",)).unit
    'months'
    """

    source: str | tuple[str, ...] = ""
    source_any: tuple[str, ...] = ()
    may_lack: tuple[str, ...] = ()
    optional: bool = False
    constant: str = ""
    values: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    strip: bool | None = None
    ignore_case: bool | None = None
    unit: Literal["", "years", "months", "weeks", "days"] = ""
    date_format: str = ""
    split: str = ""
    __pydantic_config__ = _STRICT

    @property
    def sources(self) -> tuple[str, ...]:
        """Their columns that are joined."""
        return self.source if isinstance(self.source, tuple) else (self.source,) if self.source else ()


@dataclass(frozen=True)
class MappedFindings:
    """Many yes/no columns that make one cell of findings: yes is observed, no excluded, missing nothing.

    Where several columns name one term, it is observed if any says yes. A cell that says neither rejects its row.

    Attributes
    ----------
    columns : dict
        Their column to its HPO term.
    named_by_term : bool
        Whether every column whose name ends in ``_HP:nnnnnnn`` is one too, in any letter case and with stray blanks.
    leave_out : tuple of str
        Columns named by a term that are not read.
    observed_only : tuple of str
        Columns whose "no" says nothing: names of a class, of which a part may be there all the same.
    optional : bool
        Whether `columns` may be absent.
    observed, excluded : tuple of str
        Their spellings of yes and no, in any letter case.
    """

    columns: dict[str, str] = field(default_factory=dict)
    named_by_term: bool = False
    leave_out: tuple[str, ...] = ()
    observed_only: tuple[str, ...] = ()
    optional: bool = False
    observed: tuple[str, ...] = ("yes", "true", "1")
    excluded: tuple[str, ...] = ("no", "false", "0")
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Pivot:
    """A table with one row a measurement, turned into one record for all that share the columns ``by``.

    The record has the number of its first row. What is asked of one record twice, with two answers, rejects it.

    Attributes
    ----------
    key : str
        Their column that says what was measured; its values are then read like names of columns.
    value : str
        Their column with the result.
    by : tuple of str
        Their columns that say whose and when.
    """

    key: str = ""
    value: str = ""
    by: tuple[str, ...] = ()
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class MappedTable:
    """One of our tables, made from rows of somebody else's file.

    Attributes
    ----------
    columns : dict
        Our column to where it comes from.
    where : dict
        Only rows in which these columns of theirs hold this value, or one of these. A row that could not be read (too
        few fields, say) stays, so that it is accounted for.
    findings : MappedFindings
        Yes/no columns that go into ``findings``.
    pivot : Pivot
        For a table with one row a measurement.
    each : tuple of MappedTable
        For several rows of ours from one of theirs, such as a treatment for each column that says yes: one row for
        every entry whose ``where`` holds. An entry adds to `columns` and `where`. Not for visits.
    optional : bool
        Whether a file without the columns of ``where`` gives no rows, instead of being refused.
    columns_match : {"exact", "loose"}
        Whether names of columns must be the same to the letter; ``loose`` takes letter case and blanks lightly.
    strip : bool
        Remove blanks around each cell.
    ignore_case : bool
        Take letter case lightly in codes and missing tokens.
    missing : tuple of str
        Their tokens for "not recorded" in any column.
    """

    columns: dict[str, MappedColumn] = field(default_factory=dict)
    where: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    findings: MappedFindings = field(default_factory=MappedFindings)
    pivot: Pivot = field(default_factory=Pivot)
    each: tuple[MappedTable, ...] = ()
    optional: bool = False
    columns_match: Literal["", "exact", "loose"] = ""
    strip: bool | None = None
    ignore_case: bool | None = None
    missing: tuple[str, ...] = ()
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Mapping:
    """Other people's columns, codes and units in terms of ours.

    Attributes
    ----------
    name, title : str
    tables : dict
        ``visits``, and where there are any ``treatments``, ``recordings`` and ``outcomes``: all made from the same
        file.
    columns_match, strip, ignore_case, missing
        For all tables; a table may say otherwise, and adds to ``missing``.
    """

    name: str
    title: str
    tables: dict[Literal["visits", "treatments", "recordings", "outcomes"], MappedTable]
    columns_match: Literal["exact", "loose"] = "exact"
    strip: bool = False
    ignore_case: bool = False
    missing: tuple[str, ...] = ()
    __pydantic_config__ = _STRICT

    def settled(self) -> Mapping:
        """Return the mapping with what it says for all tables written into each."""
        return replace(self, tables={name: self._settled(table) for name, table in self.tables.items()})

    def _settled(self, table: MappedTable) -> MappedTable:
        return replace(
            table,
            columns_match=table.columns_match or self.columns_match,
            strip=self.strip if table.strip is None else table.strip,
            ignore_case=self.ignore_case if table.ignore_case is None else table.ignore_case,
            missing=(*self.missing, *table.missing),
        )


@dataclass(frozen=True)
class Centre:
    """One clinic of a synthetic cohort.

    Attributes
    ----------
    share : float
        Share of the patients; the shares of all clinics add up to 1.
    device : str
        Its movement sensor, one of `pipeline.synthetic.devices.DEVICES`.
    record_s : float
        Seconds that a recording lasts.
    case_mix : dict
        Factor on the weight of a phenotype; 1 where none is named.
    missing : float
        Factor on the share of items that are left empty.
    label_noise : float
        Factor on the share of wrong labels.
    """

    share: float = 1.0
    device: str = "bmi270"
    record_s: float = 20.0
    case_mix: dict[str, float] = field(default_factory=dict)
    missing: float = 1.0
    label_noise: float = 1.0
    __pydantic_config__ = _STRICT


@dataclass(frozen=True)
class Recipe:
    """How a synthetic cohort is made.

    Attributes
    ----------
    name, title : str
    classes : dict
        Weight of each allowed ``phenotype/aetiology`` pair; the weights are normalised.
    phenotypes, aetiologies : dict
        Shares that the classes are raked to, so that the table keeps its odds ratios and meets these margins. Each adds
        up to 1 and names all that `classes` has; empty: the table stays as it is.
    missing : float
        Probability that an item of the form was left empty.
    max_visits : int
        Most visits a patient has.
    label_noise : float
        Share of patients with a wrong recorded label.
    rater_noise : float
        Factor on the errors of the form's items: 0 for none, 1 for the usual ones.
    recordings : float
        Share of visits at which movement was recorded.
    battery : {"short", "full"}
        Which tasks are recorded, with what: see `pipeline.synthetic.signals.battery`.
    absent : float
        Share of visits without an instrument (history, early signs, mood).
    absence_follows_class : float
        How much the absence of an instrument or a recording depends on the class; 0 for not at all.
    heavy_tails : tuple of float
        Shares of visits whose latents spread 1, 2 and 4 times as wide.
    twist : float
        How far each kind of tremor falls apart into two halves that no straight line keeps together, in standard
        deviations.
    separation : float
        Factor on the distances between the kinds of movement.
    centres : tuple of Centre
    """

    name: str
    title: str
    classes: dict[str, float]
    phenotypes: dict[str, float] = field(default_factory=dict)
    aetiologies: dict[str, float] = field(default_factory=dict)
    missing: float = 0.1
    max_visits: int = 4
    label_noise: float = 0.15
    rater_noise: float = 1.0
    recordings: float = 0.8
    battery: Battery = "short"
    absent: float = 0.05
    absence_follows_class: float = 0.0
    heavy_tails: tuple[float, float, float] = (1.0, 0.0, 0.0)
    twist: float = 0.0
    separation: float = 1.0
    centres: tuple[Centre, ...] = (Centre(0.25), Centre(0.25), Centre(0.25), Centre(0.25))
    __pydantic_config__ = _STRICT
