"""What a format can't carry of a cohort, said before anything is written."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from pipeline.cohort_files.tables import tables_of, written_columns
from pipeline.reading.phenopackets import read_time, time_element
from pipeline.records import Cohort, Column
from pipeline.rules import number
from pipeline.schema import TABLES

FileFormat = Literal["csv", "parquet", "phenopackets"]

DETAILS = {
    "findings_onset": "onset",
    "findings_severity": "severity",
    "findings_modifiers": "modifiers",
}
"""Columns with details of findings, and the element of a feature that holds each."""

_TREATMENT = ("patient_id", "kind", "treatment_date", "region", "dose_toxin_units", "drug")
_TEXTS = ("patient_id", "visit_id", "publication", "findings", "onset_described", *DETAILS)


def not_carried(cohort: Cohort, format: FileFormat) -> list[tuple[str, str]]:
    """Name the columns that a format can't carry, with their tables.

    CSV and Parquet carry all but recordings, whose samples are handles. Phenopackets carry neither outcomes nor free
    text, a visit's date only where it has no age, and of treatments no age, no response and no drug's dose.

    Parameters
    ----------
    cohort : Cohort
    format : {"csv", "parquet", "phenopackets"}

    Returns
    -------
    list of tuple of str
        Table and column; where the record came from (``source``, ``row``) is never carried, and not listed.

    Examples
    --------
    >>> visits = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "tremor": [1.0], "centre": ["Delft"]})
    >>> not_carried(Cohort(visits), "phenopackets")
    [('visits', 'centre')]
    >>> not_carried(Cohort(visits), "csv")
    []
    """
    left = [("recordings", column.name) for column in TABLES["recordings"]] if cohort.recordings else []
    for name, table in tables_of(cohort).items():
        written = {column.name: column for column in written_columns(name, table)}
        for column in map(str, table.columns):
            if column in ("source", "row"):
                continue
            if column not in written or (format == "phenopackets" and not _in_packets(name, written[column], cohort)):
                left.append((name, column))
    if format == "phenopackets" and cohort.synthetic:
        left.append(("cohort", "synthetic"))
    return left


def carried_columns(cohort: Cohort) -> list[Column]:
    """Return the columns of visits that phenopackets carry."""
    return [column for column in written_columns("visits", cohort.visits) if _in_packets("visits", column, cohort)]


def _in_packets(table: str, column: Column, cohort: Cohort) -> bool:
    if table == "treatments":
        return "kind" in cohort.treatments and column.name in _TREATMENT and _treatment_fits(column, cohort.treatments)
    if table == "outcomes":
        return False
    visits = cohort.visits
    if column.name == "visit_date":
        return "age_at_visit_y" not in visits
    if column.name == "findings":
        return all(map(_is_plain, visits["findings"].unique()))
    if column.name == "onset_described":
        return _is_told(visits)
    if column.name in DETAILS:
        return _belong(visits, column.name)
    return column.kind in ("flag", "number", "category") or column.name in _TEXTS


def _treatment_fits(column: Column, table: pd.DataFrame) -> bool:
    """Whether every row can hold it: a procedure names no drug, and a dose is of toxin."""
    if column.name == "dose_toxin_units":
        return bool(np.isnan(number(table[table["kind"] != "botulinum_toxin"], column.name)).all())
    if column.name == "drug":
        return bool((table["drug"][table["kind"].isin(PROCEDURES)] == "").all())
    return True


PROCEDURES = ("dbs", "denervation")
"""Kinds of treatment that are procedures; the others are given."""


def _is_plain(cell: str) -> bool:
    """Whether findings are written the one way that we write them."""
    terms = [mark.removeprefix("!") for mark in cell.split("|")] if cell else []
    return all(term and not set(term) & set(" \t\r\n|=!,") for term in terms)


def _is_told(visits: pd.DataFrame) -> bool:
    """Whether every onset in words is a time element, and gives no age where none is recorded."""
    known = ~np.isnan(number(visits, "age_at_onset_y"))
    for text, has_age in set(zip(visits["onset_described"], known, strict=True)):
        element = time_element(text) if text else {}
        if element is None or "age" in element or (not has_age and read_time(element).is_age):
            return False
    return True


def _belong(visits: pd.DataFrame, name: str) -> bool:
    """Whether every detail is of a finding of the same visit, in its order, and can be spelled."""
    if "findings" not in visits:
        return bool((visits[name] == "").all())
    return all(
        _fits(name, cell, findings) for cell, findings in set(zip(visits[name], visits["findings"], strict=True))
    )


def _fits(name: str, cell: str, findings: str) -> bool:
    terms = [mark.removeprefix("!") for mark in findings.split("|")]
    details = [detail.partition("=") for detail in cell.split("|")] if cell else []
    places = [terms.index(term) if term in terms else -1 for term, _, _ in details]
    if any(place < 0 for place in places) or places != sorted(places) or len(set(terms)) < len(terms):
        return False
    if name == "findings_onset" and len(set(places)) < len(places):
        return False
    if name == "findings_onset":
        return all(time_element(value) is not None for _, _, value in details)
    once = name == "findings_modifiers" or len(set(places)) == len(places)
    return once and all(_is_plain(value) and value for _, _, value in details)
