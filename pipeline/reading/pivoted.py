"""Tables with one row a measurement, turned into one record for all that belong together."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.errors import ContractError
from pipeline.mapping import MappedTable
from pipeline.reading import recode
from pipeline.reading.headers import Headers, plain

_BATCH_ROWS = 50_000


def pivoted(
    batches: Iterator[pa.Table], rule: MappedTable, headers_of: Callable[[pa.Table, MappedTable], Headers]
) -> Iterator[pa.Table]:
    """Turn rows of measurements into records, in the order of their first rows.

    Rows that belong together may stand anywhere in the file, so its keys and values are held in memory; nothing else.
    A row that could not be read is a record of its own.

    Raises
    ------
    ContractError
        If a column that the pivot needs is not there.
    """
    rows = pa.concat_tables([_needed(batch, rule, headers_of(batch, rule)) for batch in batches])
    wide = _records(rows.to_pandas(), rule)
    for start in range(0, max(len(wide), 1), _BATCH_ROWS):
        part = wide.iloc[start : start + _BATCH_ROWS]
        yield pa.table(
            {
                str(name): pa.array(cells.to_numpy(), pa.int64() if name == "row" else pa.string(), from_pandas=True)
                for name, cells in part.items()
            }
        )


def _needed(batch: pa.Table, rule: MappedTable, headers: Headers) -> pa.Table:
    """Return the columns of the pivot as text, under the names that the mapping gives them."""
    columns: dict[str, pa.ChunkedArray] = {name: batch.column(name) for name in ("source", "row", "problem")}
    for name in (*rule.pivot.by, rule.pivot.key, rule.pivot.value):
        found = headers.find(name)
        if not found:
            raise ContractError(
                headers.where, f"no column '{name}'", needed="the pivot of the mapping reads it", code="MISSING_COLUMN"
            )
        columns[name] = recode.stripped(recode.column(batch, found), bool(rule.strip))
    return pa.table(columns)


def _records(rows: pd.DataFrame, rule: MappedTable) -> pd.DataFrame:
    """Make one record of all rows that share the columns ``by``."""
    by, loose = list(rule.pivot.by), rule.columns_match == "loose"
    whole = (rows["problem"] == "").to_numpy()
    record = rows.groupby([rows["source"], ~whole * rows["row"], *by], sort=False, dropna=False).ngroup().to_numpy()
    first = np.unique(record, return_index=True)[1]
    wide = rows.iloc[first][["source", "row", "problem", *by]].reset_index(drop=True)
    asked = rows[rule.pivot.key].map(plain, na_action="ignore") if loose else rows[rule.pivot.key]
    value = rows[rule.pivot.value].to_numpy(dtype=object, na_value="")
    for name in _measured(rule):
        told = whole & (asked == (plain(name) if loose else name)).to_numpy(dtype=bool, na_value=False) & (value != "")
        cells = np.full(len(wide), None, dtype=object)
        cells[record[told]] = value[told]
        torn = record[told][cells[record[told]] != value[told]]
        wide.loc[torn, "problem"] = "DUPLICATE_ID_CONFLICT"
        wide[name] = cells
    return wide


def _measured(rule: MappedTable) -> list[str]:
    """Return the measurements that the mapping reads."""
    names = [name for how in rule.columns.values() for name in (*how.sources, *how.source_any)]
    names += rule.findings.columns
    return [name for name in dict.fromkeys(names) if name not in rule.pivot.by]
