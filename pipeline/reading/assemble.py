"""From the raw tables of whole patients to a checked cohort: every visit record is taken or rejected, none is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.clock import is_timed
from pipeline.contradictions import contradictions, label_contradictions
from pipeline.errors import ContractError, did_you_mean, nearest_header
from pipeline.reading import cells
from pipeline.reading.options import Options
from pipeline.reading.raw import RAW_KEYS, READER_NOTES, Wanted
from pipeline.reading.recordings import key_of, open_recording
from pipeline.reading.source import Source
from pipeline.records import (
    IDENTITY,
    NOTE_COLUMNS,
    REJECT_COLUMNS,
    Cohort,
    Column,
    Recording,
    empty_notes,
    empty_rejects,
)
from pipeline.rules import derived_totals
from pipeline.schema import TABLES
from pipeline.schema.outcomes import study_column
from pipeline.vocabulary import REASONS

MOST_VISITS = 100_000
"""Of one patient, whose history has to be in memory as a whole."""


@dataclass
class _Table:
    """A table in the making: typed columns, and what was found against each row, or is worth a note."""

    name: str
    data: pd.DataFrame
    problems: list[pd.DataFrame] = field(default_factory=list)
    remarks: list[tuple[np.ndarray, str, str]] = field(default_factory=list)

    def add(self, where: np.ndarray, column: str, reason: str, message: str = "") -> None:
        """Note a reason against these rows."""
        rows = np.flatnonzero(where)
        if len(rows):
            found = {"at": rows, "column": column, "reason": reason, "message": message or REASONS[reason]}
            self.problems.append(pd.DataFrame(found))

    @property
    def found(self) -> pd.DataFrame:
        """Every reason, in the order of the rows."""
        if not self.problems:
            return pd.DataFrame({"at": pd.Series(dtype="int64"), "column": "", "reason": "", "message": ""})
        return pd.concat(self.problems, ignore_index=True).sort_values("at", kind="stable")

    @property
    def is_sound(self) -> np.ndarray:
        """Whether nothing was found against a row."""
        keep = np.ones(len(self.data), dtype=bool)
        for problem in self.problems:
            keep[problem["at"].to_numpy()] = False
        return keep

    def sound(self) -> pd.DataFrame:
        """Return the rows against which nothing was found."""
        return self.data[self.is_sound].reset_index(drop=True) if self.problems else self.data

    def notes(self) -> list[pd.DataFrame]:
        """Return what is worth a note of the rows against which nothing was found."""
        keep = self.is_sound
        found = [(where & keep, column, reason) for where, column, reason in self.remarks]
        return [_notes(self.name, self.data[where], column, reason) for where, column, reason in found if where.any()]


def assemble(raw: Mapping[str, Sequence[pa.Table]], source: Source, options: Options) -> Cohort:
    """Check the raw tables of whole patients and put them together.

    Parameters
    ----------
    raw : mapping of str to sequence of pyarrow.Table
        Raw batches by table, as `source` gives them; ``visits`` at least.
    source : Source
        For the recordings' folder and whether all is synthetic.
    options : Options

    Returns
    -------
    Cohort
        Visits in the order of ``source, row``.

    Raises
    ------
    ContractError
        If a table lacks a required column, or has an unknown one under ``strict``.
    """
    visits = _typed("visits", raw["visits"], options)
    _refuse_endless(visits.data)
    _judge_visits(visits)
    recordings, remarks = _recordings(visits, raw, source, options)
    taken = derived_totals(visits.sound())
    notes = [*_reader_notes(raw["visits"], taken), *visits.notes(), *_untimed(taken)]
    treatments = _belonging("treatments", raw, options, taken, notes)
    kept = set(zip(taken["patient_id"], taken["visit_id"], strict=True)) if recordings else set()
    outcomes = _belonging("outcomes", raw, options, taken, notes)
    notes += [*_label_notes(outcomes, taken), *remarks]
    return Cohort(
        visits=taken,
        treatments=treatments.drop(columns=["source", "row"], errors="ignore"),
        recordings=tuple(each for each in recordings if (each.patient_id, each.visit_id) in kept),
        outcomes=outcomes.drop(columns=["source", "row"], errors="ignore"),
        rejects=_rejects(visits),
        notes=pd.concat(notes, ignore_index=True) if notes else empty_notes(),
        synthetic=source.synthetic,
    )


def wanted(table: str, options: Options) -> Wanted:
    """Say how a table of ours is best read: cells that repeat come once, and of other columns the name is enough."""
    columns = columns_of(table, options)
    repeated = frozenset(column.name for column in columns if column.kind in ("number", "flag", "category"))
    names = tuple(column.name for column in columns)
    return Wanted(only=names, encoded=repeated, judged=frozenset(names))


def columns_of(table: str, options: Options) -> tuple[Column, ...]:
    """Return the columns of a table, with those that a study wants of the outcomes.

    A study's own label is text; a column that ends in a unit of time is a number.
    """
    declared = TABLES[table]
    if table != "outcomes":
        return declared
    known = {column.name for column in declared}
    return (*declared, *(study_column(name) for name in options.outcome_columns if name not in known))


def unknown_columns(table: str, raw: pa.Table, options: Options) -> list[str]:
    """Return the columns of a raw table that are not ours."""
    known = {column.name for column in columns_of(table, options)}
    return [name for name in raw.column_names if name not in known and name not in (*RAW_KEYS, READER_NOTES)]


def refuse_layout(table: str, raw: pa.Table, where: str, options: Options) -> None:
    """Refuse a file that lacks a required column, or whose unknown column looks like a misspelt one of ours."""
    columns = {column.name: column for column in columns_of(table, options)}
    missing = [name for name, column in columns.items() if column.required and name not in raw.column_names]
    if missing:
        raise ContractError(
            where,
            f"no column {', '.join(repr(name) for name in missing)}",
            needed=f"the table of {table} needs it",
            do=nearest_header(missing[0], raw.column_names) or "The first line has to name the columns",
            code="MISSING_COLUMN",
        )
    for name in unknown_columns(table, raw, options):
        ours = name.strip().lower().replace(" ", "_")
        if ours in columns:
            raise ContractError(
                where, f"column '{name}'", needed=f"it is called '{ours}'", do="Rename it", code="COLUMN_NAME"
            )
        if options.strict:
            raise ContractError(
                where, f"unknown column '{name}'", do=did_you_mean(name, columns), code="UNKNOWN_COLUMN"
            )


def _typed(name: str, batches: Sequence[pa.Table], options: Options) -> _Table:
    for raw in batches:
        refuse_layout(name, raw, raw.column("source")[0].as_py() if raw.num_rows else name, options)
    found = [dict(zip(raw.column_names, raw.columns, strict=True)) for raw in batches]
    there = {column for columns in found for column in columns}
    keys = {key: _key([_in_one(columns[key]) for columns in found]) for key in RAW_KEYS}
    order = _order(keys["source"], keys["row"])
    keys = keys if order is None else {key: values[order] for key, values in keys.items()}
    table, data = _Table(name, pd.DataFrame()), {name: keys[name] for name in ("source", "row")}
    decimal = options.decimal if options.mapping is None else "."  # a mapping has read the mark before
    for column in columns_of(name, options):
        if column.name in there:
            pieces = [
                _in_one(columns[column.name]) if column.name in columns else pa.nulls(raw.num_rows, pa.string())
                for columns, raw in zip(found, batches, strict=True)
            ]
            parsed = cells.parse(column, pieces, unknown_as_missing=options.unknown_as_missing, decimal=decimal)
            parsed = parsed if order is None else parsed.at(order)
            data[column.name] = parsed.values
            if column.kind == "date":
                later = parsed.values > options.as_of  # ISO 8601 sorts as text
                table.add(later, column.name, "INCONSISTENT", "a date lies in the future")
            for reason in sorted(parsed.reasons):
                table.add(parsed.reasons[reason], column.name, reason)
            table.remarks += [(where, column.name, reason) for reason, where in parsed.notes.items()]
    for problem in sorted(set(pd.unique(keys["problem"])) - {""}):
        reason, _, column_of_theirs = problem.partition(":")
        table.add(keys["problem"] == problem, column_of_theirs, reason)
    if "visit_id" in (column.name for column in TABLES[name]):
        data.setdefault("visit_id", np.full(len(keys["row"]), "", dtype=object))
    table.data = _framed(data)
    if "patient_id" in data:
        table.add((data["patient_id"] == "") & (keys["problem"] == ""), "patient_id", "MISSING_ID")
    return table


def _key(pieces: Sequence[pa.Array]) -> np.ndarray:
    found = pa.concat_arrays(pieces)
    return found.to_numpy() if pa.types.is_integer(found.type) else cells.objects(found.dictionary_encode())


def _order(source: np.ndarray, row: np.ndarray) -> np.ndarray | None:
    """Order rows by file and number; None where they are in order."""
    codes, files = pd.factorize(source, sort=True)
    if len(files) <= 1 and (np.diff(row) >= 0).all():
        return None
    return np.lexsort((row, codes))


def _in_one(found: pa.ChunkedArray) -> pa.Array:
    return found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()


def _framed(data: dict[str, np.ndarray]) -> pd.DataFrame:
    """Make a table of columns as they are, text as Python strings, identity first."""
    first = [name for name in IDENTITY if name in data]
    names = [*first, *(name for name in data if name not in first)]
    return pd.DataFrame({name: pd.Series(data[name], dtype=data[name].dtype, copy=False) for name in names})


def _refuse_endless(visits: pd.DataFrame) -> None:
    """Refuse a patient who would not fit in memory: most likely all rows have one id."""
    if len(visits) <= MOST_VISITS:
        return
    most = int(visits.loc[visits["patient_id"] != "", "patient_id"].value_counts().max())
    if most > MOST_VISITS:
        raise ContractError(
            str(visits["source"].iloc[0]),
            f"a patient with {most} visits",
            needed=f"at most {MOST_VISITS} are read",
            do="Look whether 'patient_id' tells patients apart",
            code="PATIENT_TOO_LARGE",
        )


def _judge_visits(visits: _Table) -> None:
    """Find contradictions inside a row, and between rows of the same visit."""
    for found in contradictions(visits.data):
        visits.add(found.where, found.column, "INCONSISTENT", found.message)
    named = (visits.data["patient_id"] != "").to_numpy() & (visits.data["visit_id"] != "").to_numpy()
    visits.add(named & _conflicts(visits.data), "visit_id", "DUPLICATE_ID_CONFLICT")


def _reader_notes(batches: Sequence[pa.Table], visits: pd.DataFrame) -> list[pd.DataFrame]:
    """Give what a reader has noted of the visits that were taken: ``REASON column`` joined with ``|``."""
    noted = [raw.select(["source", "row", READER_NOTES]) for raw in batches if READER_NOTES in raw.column_names]
    if not noted:
        return []
    said = pa.concat_tables(noted).to_pandas()
    said[READER_NOTES] = said[READER_NOTES].fillna("").str.split("|")
    said = visits.merge(said.explode(READER_NOTES), on=["source", "row"])
    found = said[said[READER_NOTES] != ""].groupby(READER_NOTES, sort=True)
    words = {note: str(note).split(" ", 1) for note, _ in found}
    return [_notes("visits", rows, words[note][1], words[note][0]) for note, rows in found]


def _untimed(visits: pd.DataFrame) -> list[pd.DataFrame]:
    """Note the visits of a patient with several that nothing places in time."""
    untimed = ~is_timed(visits)
    if untimed.any():
        untimed &= visits["patient_id"].duplicated(keep=False).to_numpy()
    return [_notes("visits", visits[untimed], "visit_date", "MISSING_VISIT_TIME")] if untimed.any() else []


def _label_notes(outcomes: pd.DataFrame, visits: pd.DataFrame) -> list[pd.DataFrame]:
    """Note labels that contradict the record; they are kept, since either may be wrong."""
    if outcomes.empty:
        return []
    found = [each for each in label_contradictions(outcomes, visits) if each.where.any()]
    return [_notes("outcomes", outcomes[each.where], each.column, "INCONSISTENT", each.message) for each in found]


def _rejects(visits: _Table) -> pd.DataFrame:
    """One line a rejected visit record, with all reasons found against it."""
    found = visits.found
    if found.empty:
        return empty_rejects()
    joined = found.groupby("at", sort=True).agg(
        column=("column", lambda names: "|".join(dict.fromkeys(name for name in names if name))),
        reasons=("reason", lambda reasons: "|".join(dict.fromkeys(reasons))),
        message=("message", lambda messages: "; ".join(dict.fromkeys(messages))),
    )
    rows = visits.data.loc[joined.index, [name for name in IDENTITY if name in visits.data]]
    return pd.concat([rows, joined], axis=1).reset_index(drop=True).reindex(columns=list(REJECT_COLUMNS), fill_value="")


def _notes(table: str, rows: pd.DataFrame, column: str, reason: str, message: str = "") -> pd.DataFrame:
    identity = rows.reindex(columns=list(IDENTITY), fill_value="")
    return identity.assign(table=table, column=column, reason=reason, message=message or REASONS[reason])[
        list(NOTE_COLUMNS)
    ].reset_index(drop=True)


def _belonging(
    name: str, raw: Mapping[str, pa.Table], options: Options, visits: pd.DataFrame, notes: list[pd.DataFrame]
) -> pd.DataFrame:
    """Read a table that belongs to the visits; what can't be read of it, or belongs to nobody, becomes a note."""
    if name not in raw:
        return pd.DataFrame()
    table = _typed(name, raw[name], options)
    if name == "recordings":
        table.data = _with_only_visits(table.data, visits)
    if name == "outcomes":
        table.add(_conflicts(table.data), "visit_id", "DUPLICATE_ID_CONFLICT")
    table.add(_is_stray(name, table.data, visits), "patient_id", "UNKNOWN_VISIT")
    for (column, reason, message), found in table.found.groupby(["column", "reason", "message"], sort=True):
        notes.append(_notes(name, table.data.loc[found["at"]], str(column), str(reason), str(message)))
    return table.sound()


def _with_only_visits(data: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Give a recording that names no visit to its patient's visit, where there is one only."""
    only = visits.drop_duplicates("patient_id", keep=False).set_index("patient_id")["visit_id"]
    given = data["patient_id"].map(only).astype(object).fillna("")
    return data.assign(visit_id=data["visit_id"].where(data["visit_id"] != "", given))


def _conflicts(data: pd.DataFrame) -> np.ndarray:
    """Whether two rows say different things of the same visit, or of the same patient: neither can be trusted."""
    key = ["patient_id", "visit_id"]
    repeated = data.duplicated(subset=key, keep=False).to_numpy()
    if not repeated.any():
        return repeated
    contents = data[repeated].drop(columns=["source", "row"]).drop_duplicates()
    torn = pd.MultiIndex.from_frame(contents.loc[contents.duplicated(subset=key), key])
    return pd.MultiIndex.from_frame(data[key]).isin(torn)


def _is_stray(name: str, data: pd.DataFrame, visits: pd.DataFrame) -> np.ndarray:
    """Whether a row belongs to no visit: a recording is of a visit, an outcome of one or of the patient."""
    named = (data["patient_id"] != "").to_numpy()
    patient, of_visits = _numbered(data["patient_id"], visits["patient_id"])
    stray = ~np.isin(patient, of_visits)
    if name != "treatments":
        visit, visit_of_visits = _numbered(data["visit_id"], visits["visit_id"])
        wide = 1 + max(visit.max(initial=0), visit_of_visits.max(initial=0))
        elsewhere = ~np.isin(patient * wide + visit, of_visits * wide + visit_of_visits)
        unnamed = (data["visit_id"] == "").to_numpy()
        if name == "recordings":
            several = np.flatnonzero(np.bincount(of_visits) > 1)
            stray |= elsewhere | (np.isin(patient, several) & unnamed)
        else:
            stray |= elsewhere & ~unnamed
    return stray & named


def _numbered(one: pd.Series, other: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Give equal cells of two columns the same number."""
    codes, _ = pd.factorize(np.concatenate([one.to_numpy(dtype=object), other.to_numpy(dtype=object)]))
    return codes[: len(one)], codes[len(one) :]


def _recordings(
    visits: _Table, raw: Mapping[str, Sequence[pa.Table]], source: Source, options: Options
) -> tuple[list[Recording], list[pd.DataFrame]]:
    """Make handles of the recordings that can be used, and notes; what is wrong with one costs that recording only.

    Unless a short one is to cost its visit, which is then rejected.
    """
    found: list[Recording] = []
    notes: list[pd.DataFrame] = []
    table = _belonging("recordings", raw, options, visits.sound(), notes)
    short: list[tuple[str, str]] = []
    for position, row in enumerate(table.to_dict("records")):
        shared = key_of(row) in source.shared_samples
        recording, remarks = open_recording(row, source.root, shared=shared, sort=options.sort_timestamps)
        found += [recording] if recording else []
        for column, reason, message in remarks:
            notes.append(_notes("recordings", table.iloc[[position]], column, reason, message))
            if reason == "IO_ERROR":
                source.count_unreadable(str(row["file"]))
            if reason == "TOO_SHORT":
                short.append((row["patient_id"], row["visit_id"]))
    if short and options.short_recordings == "reject":
        visits.add(pd.MultiIndex.from_frame(visits.data[["patient_id", "visit_id"]]).isin(short), "", "TOO_SHORT")
    return found, notes
