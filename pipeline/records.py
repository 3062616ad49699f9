"""What passes between the stages: the declaration of a column, a recording's handle, and the cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import EllipsisType
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipeline.units import Unit

Kind = Literal["id", "text", "category", "flag", "number", "date", "findings"]
KnownAt = Literal["referral", "examination", "after_diagnosis"]

FLAG_SPELLINGS = {"yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}
"""Spellings of a flag, in lower case; any letter case is read."""


@dataclass(frozen=True)
class Column:
    """One column of the input, declared once.

    Attributes
    ----------
    name : str
        Name in our tables.
    kind : Kind
        ``id`` and ``text`` are kept byte for byte; ``flag`` is yes or no; ``findings`` is a cell of HPO terms joined
        with ``|``, an excluded one with ``!`` before it (``HP:0001337|!HP:0001250``).
    meaning : str
        One line for the data dictionary.
    unit : Unit
        Unit of a number.
    ucum : str
        UCUM code of a laboratory unit or a dose that no feature is in, so that `Unit` has no member for it.
    low, high : float
        Closed range of a number.
    categories : tuple of str
        Vocabulary of a category.
    missing : tuple of str
        Tokens that stand for "not recorded".
    known_at : KnownAt
        When in the course of care the value is known.
    defines : tuple of str
        Labels that follow from this column by rule; a study of such a label may not learn from it.
    code : str
        HPO, LOINC or MONDO code, where there is one.
    required : bool
        Whether a table without the column is refused.
    source : str
        Where the range or the vocabulary comes from.
    """

    name: str
    kind: Kind
    meaning: str
    unit: Unit = Unit.NONE
    ucum: str = ""
    low: float = -np.inf
    high: float = np.inf
    categories: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)
    known_at: KnownAt = "referral"
    defines: tuple[str, ...] = ()
    code: str = ""
    required: bool = False
    source: str = ""


@dataclass(frozen=True)
class Samples:
    """The samples of one recording.

    Attributes
    ----------
    time_s : ndarray, shape (n,)
        Seconds, increasing.
    values : ndarray, shape (channels, n)
        Acceleration in g, angular rate in deg/s, EMG in microvolts or a pen's place in mm. What is missing is NaN.
    """

    time_s: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Quality:
    """How good a recording is, as its reader found it.

    Attributes
    ----------
    samples : int
        Those that have a time.
    duration_s : float
        From the first sample to the end of the last.
    rate_hz : float
        Measured: the median over pieces of the recording; NaN where there are less than two samples.
    lost_share : float
        Share of the samples that the clock has room for, but that are missing or not finite.
    gaps : int
        Stretches without samples of more than a second.
    longest_gap_s : float
    spoilt_share : float
        Share of samples that are infinite, or too large for any sensor on a body.
    flat_share : float
        Share of samples in stretches of a second and more in which no channel changes.
    clipped_share : float
        Share of samples at the end of the sensor's range.
    size : float
        Median length of the vector of acceleration or angular rate; spread of an EMG; extent of what a pen drew.
    """

    samples: int
    duration_s: float
    rate_hz: float
    lost_share: float
    gaps: int
    longest_gap_s: float
    spoilt_share: float
    flat_share: float
    clipped_share: float
    size: float


WINDOW_S = 4.0
"""Seconds in a window of a recording; a shorter recording has no features."""


@dataclass(frozen=True)
class Recording:
    """A recording that is read only when asked for.

    Attributes
    ----------
    recording_id, patient_id, visit_id : str
    body_site, task : str
        From `vocabulary.BODY_SITES` and `vocabulary.TASKS`.
    sensor : {"accelerometer", "gyroscope", "emg", "pen"}
    rate_hz : float
        The declared rate; the measured one comes from the clock.
    open : callable
        Reads the samples; picklable, set by whoever made the cohort.
    flags : tuple of str
        Reason codes of what its reader found and did not leave it out for, such as ``RATE`` or ``CLIPPED``.
    quality : Quality, optional
        As its reader found it; None for samples that were not read from a file.
    pieces : callable, optional
        Reads the same samples a piece at a time, for recordings that are larger than memory.
    channels : tuple of str
        What each row of the samples' values is, such as ``("antagonist", "muscle")``; those of `vocabulary.SENSORS`, in
        their order, if left out.
    """

    recording_id: str
    patient_id: str
    visit_id: str
    body_site: str
    task: str
    sensor: str
    rate_hz: float
    open: Callable[[], Samples]
    flags: tuple[str, ...] = ()
    quality: Quality | None = None
    pieces: Callable[[], Iterator[Samples]] | None = None
    channels: tuple[str, ...] = ()


IDENTITY = ("source", "row", "patient_id", "visit_id")
"""Where a visit came from, and whose it is: the first columns of every table."""

REJECT_COLUMNS = (*IDENTITY, "column", "reasons", "message")
NOTE_COLUMNS = ("table", *IDENTITY, "column", "reason", "message")


def empty_rejects() -> pd.DataFrame:
    """Return a table of rejected visit records without rows."""
    return _empty(REJECT_COLUMNS)


def empty_notes() -> pd.DataFrame:
    """Return a table of notes without rows."""
    return _empty(NOTE_COLUMNS)


def _empty(names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else "str") for name in names})


@dataclass(frozen=True, eq=False)
class Arrays:
    """Columns of a data frame as arrays, asked for as of the frame: ``name in``, ``[name]``, and ``len`` for the rows.

    Numbers are taken out of the frame together: one at a time, each costs about as much as a rule or a feature of one
    visit.

    Attributes
    ----------
    table : DataFrame

    Examples
    --------
    >>> arrays = Arrays(pd.DataFrame({"patient_id": ["a", "b"], "age_at_onset_y": [40.0, 50.0]}))
    >>> len(arrays), "sex" in arrays, arrays["age_at_onset_y"].tolist(), arrays["patient_id"].tolist()
    (2, False, [40.0, 50.0], ['a', 'b'])
    """

    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, name: str) -> bool:
        return name in self.numbers or name in self.table

    def __getitem__(self, name: str) -> np.ndarray:
        return self.numbers[name] if name in self.numbers else self.table[name].to_numpy()

    @cached_property
    def numbers(self) -> dict[str, np.ndarray]:
        """All columns that are float64 in the frame, shape (rows,) each; not to be written to."""
        numbers = self.table.select_dtypes(np.float64)
        columns = numbers.to_numpy().T
        columns.flags.writeable = False
        return dict(zip(numbers.columns.tolist(), columns, strict=True))


@dataclass(frozen=True)
class Cohort:
    """People's visits with all that belongs to them.

    Attributes
    ----------
    visits : DataFrame
        One row a visit: `IDENTITY` and the columns of `schema.VISITS` that the input has. Flags are 1.0, 0.0 or NaN,
        numbers float64, the rest text with missing values as ``""``.
    treatments : DataFrame
        ``patient_id`` and the columns of `schema.TREATMENTS`.
    recordings : tuple of Recording
    outcomes : DataFrame
        ``patient_id``, ``visit_id`` and label or event columns; for training only.
    rejects, notes : DataFrame
        Visit records that were not taken, and problems that reject no visit.
    synthetic : bool
        Whether the input is marked as synthetic.
    """

    visits: pd.DataFrame
    treatments: pd.DataFrame = field(default_factory=pd.DataFrame)
    recordings: tuple[Recording, ...] = ()
    outcomes: pd.DataFrame = field(default_factory=pd.DataFrame)
    rejects: pd.DataFrame = field(default_factory=empty_rejects)
    notes: pd.DataFrame = field(default_factory=empty_notes)
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.visits)

    @property
    def shape(self) -> tuple[int]:
        """Visits: as an array of them, a cohort goes through scikit-learn's indexing and cross-validation."""
        return (len(self.visits),)

    def __getitem__(self, positions: np.ndarray | Sequence[int] | slice | tuple[Any, EllipsisType]) -> Cohort:
        """Return the visits at these positions, with what belongs to their patients.

        Histories hold the selected visits only: select whole patients to keep them whole. ``cohort[positions, ...]`` is
        the same: so scikit-learn takes rows of an array.
        """
        first = positions[0] if isinstance(positions, tuple) else positions
        rows = np.atleast_1d(np.arange(len(self.visits))[first])
        visits = self.visits.iloc[_as_slice(rows)].reset_index(drop=True)
        patients = set(visits["patient_id"])
        kept = set(zip(visits["patient_id"], visits["visit_id"], strict=True)) if self.recordings else set()
        return replace(
            self,
            visits=visits,
            treatments=_of_patients(self.treatments, patients),
            recordings=tuple(r for r in self.recordings if (r.patient_id, r.visit_id) in kept),
            outcomes=_of_patients(self.outcomes, patients),
        )

    @cached_property
    def arrays(self) -> Arrays:
        """Columns of the visits."""
        return Arrays(self.visits)

    @property
    def groups(self) -> np.ndarray:
        """The patient of each visit, for grouped cross-validation."""
        return self.visits["patient_id"].to_numpy(dtype=object)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows by their source, and in it by their number; those that stand so already as they are."""
    if len(rows) < 2:
        return rows
    codes, _ = pd.factorize(rows["source"].to_numpy(dtype=object), sort=True)
    source, row = np.diff(codes), np.diff(rows["row"].to_numpy(dtype=np.int64))
    if ((source > 0) | ((source == 0) & (row >= 0))).all():
        return rows
    return rows.sort_values(["source", "row"], kind="stable", ignore_index=True)


def _as_slice(rows: np.ndarray) -> np.ndarray | slice:
    """Return rows that follow each other as a slice, which copies nothing."""
    if len(rows) > 1 and (np.diff(rows) == 1).all():
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def _of_patients(table: pd.DataFrame, patients: set[str]) -> pd.DataFrame:
    return table if table.empty else table[table["patient_id"].isin(patients)].reset_index(drop=True)
