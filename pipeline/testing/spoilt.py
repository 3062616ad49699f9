"""What clinics do to tables, and what nobody should: each fault by name, so that a failing test can say which it took.

Dirty tables keep to the declared columns, ranges and types, as readers hand them on, but contradict themselves, lack
times and repeat rows. Hostile ones keep to nothing but the types.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pipeline.clock import CLOCKS
from pipeline.records import Column

Spoil = Callable[[pd.DataFrame, Sequence[Column], np.random.Generator], pd.DataFrame]

_WILD_NUMBERS = np.array([np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, -0.0, -1.0, 0.5, 2.0**53 + 2])
_WILD_TEXTS = np.array(
    ["", " ", "\x00", "\u202etxt", "é\u0301" * 99, "=1+1", "../..", "NaN", "None", "|", "x" * 5000, "🧠"], dtype=object
)
_WILD_FINDINGS = np.array(
    ["|", "!", "!|!", "HP:", "HP:9999999", "!!HP:0001337", "HP:0001337|!HP:0001337", "hp:0001337", " | HP:0001337 "],
    dtype=object,
)


def spoilt(
    table: pd.DataFrame, columns: Sequence[Column], faults: Sequence[str], stream: np.random.Generator
) -> pd.DataFrame:
    """Put faults into a table, in this order; the table itself is left as it is."""
    for fault in faults:
        if len(table):
            table = SPOILS[fault](table.copy(), columns, stream)
    return table.reset_index(drop=True)


def _untimed(table: pd.DataFrame, _columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    lost = stream.random(len(table)) < 0.4
    for name in table.columns.intersection([*CLOCKS, "treatment_date"]):
        table[name] = table[name].mask(lost, np.nan if table[name].dtype.kind == "f" else "")
    return table


def _same_time(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    for name in table.columns.intersection([*CLOCKS, "treatment_date"]):
        table[name] = table[name].iloc[0]
    return table


def _repeated(table: pd.DataFrame, _columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    return table.iloc[np.append(np.arange(len(table)), stream.integers(0, len(table), 2))]


def _unknown_terms(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    if "findings" in table:
        table["findings"] = [f"{cell}| HP:9999999 |!HP:0001337 " for cell in table["findings"]]
    return table


def _late_onset(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    if "age_at_onset_y" in table:
        table["age_at_onset_y"] = 120.0
    return table


def _edges(table: pd.DataFrame, columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    for column in columns:
        if column.kind == "number" and column.name in table:
            edges = np.array([edge for edge in (column.low, column.high, np.nan) if not np.isinf(edge)])
            table[column.name] = edges[stream.integers(0, len(edges), len(table))]
    return table


def _emptied(table: pd.DataFrame, columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    for column in columns:
        if column.kind != "id" and column.name in table and stream.random() < 0.5:
            table[column.name] = np.nan if table[column.name].dtype.kind == "f" else ""
    return table


def _wild_numbers(table: pd.DataFrame, columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    for column in columns:
        if column.kind in ("number", "flag") and column.name in table:
            table[column.name] = _WILD_NUMBERS[stream.integers(0, len(_WILD_NUMBERS), len(table))]
    return table


def _wild_texts(table: pd.DataFrame, columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    for column in columns:
        if column.kind in ("category", "text", "findings") and column.name in table:
            words = _WILD_FINDINGS if column.kind == "findings" else _WILD_TEXTS
            table[column.name] = words[stream.integers(0, len(words), len(table))]
    return table


def _wild_ids(table: pd.DataFrame, _columns: Sequence[Column], stream: np.random.Generator) -> pd.DataFrame:
    for name in table.columns.intersection(["patient_id", "visit_id"]):
        table[name] = _WILD_TEXTS[stream.integers(0, len(_WILD_TEXTS), len(table))]
    return table


def _foreign(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    return table.assign(**{"not ours": "x", "__class__": 1.0, "": np.nan})


def _bare(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    return table[table.columns.intersection(["source", "row", "patient_id", "visit_id", "kind"])]


def _no_rows(table: pd.DataFrame, _columns: Sequence[Column], _stream: np.random.Generator) -> pd.DataFrame:
    return table.iloc[:0]


DIRT: dict[str, Spoil] = {
    "untimed": _untimed,
    "same time": _same_time,
    "repeated": _repeated,
    "unknown terms": _unknown_terms,
    "late onset": _late_onset,
    "edges of ranges": _edges,
    "emptied columns": _emptied,
}
HOSTILITY: dict[str, Spoil] = {
    "wild numbers": _wild_numbers,
    "wild texts": _wild_texts,
    "wild ids": _wild_ids,
    "foreign columns": _foreign,
    "bare ids": _bare,
    "no rows": _no_rows,
}
SPOILS = DIRT | HOSTILITY
"""Every fault of a table by its name."""
