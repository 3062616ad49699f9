"""How a cohort is read: what its files cannot say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.mapping import Mapping

ShortRecordings = Literal["missing", "reject"]


@dataclass(frozen=True)
class Options:
    """How a cohort is read.

    Attributes
    ----------
    mapping : Mapping, optional
        Reads a file of another layout.
    strict : bool
        Refuse columns that we don't know.
    unknown_as_missing : bool
        Read a category that is not in the vocabulary as not recorded.
    delimiter : str
        Between the fields of a CSV; never guessed.
    decimal : {".", ","}
        The decimal mark of numbers that are written as text; never guessed.
    as_of : str
        Last day on which anything can have been recorded, as ISO 8601 writes it. It is never today's: the same input
        would give another result tomorrow.
    outcome_columns : tuple of str
        Columns that a study wants of the outcomes, beside those of the schema.
    sort_timestamps : bool
        Put the samples of a recording whose clock goes back in the order of their times, instead of leaving it out.
    short_recordings : {"missing", "reject"}
        What a recording shorter than one window costs: itself, or its visit.
    max_io_errors : int
        How many signal files the system may fail to read; each costs its recording, one more the whole run.
    """

    mapping: Mapping | None = None
    strict: bool = False
    unknown_as_missing: bool = False
    delimiter: str = ","
    decimal: str = "."
    as_of: str = "2099-12-31"
    outcome_columns: tuple[str, ...] = ()
    sort_timestamps: bool = False
    short_recordings: ShortRecordings = "missing"
    max_io_errors: int = 10
