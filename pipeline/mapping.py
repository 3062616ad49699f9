"""What a mapping may say: other people's columns, codes and units in terms of ours; `config` reads it from TOML.

Plain frozen dataclasses, as those of a study (`pipeline.study`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.study import STRICT


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
    __pydantic_config__ = STRICT

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
    __pydantic_config__ = STRICT


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
    __pydantic_config__ = STRICT


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
    __pydantic_config__ = STRICT


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
    __pydantic_config__ = STRICT

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
