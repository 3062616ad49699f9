"""How the patients of a cohort stand in its tables: whether they can be cut in place, and where."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_NOBODY = np.uint64(0)


class PatientOrder:
    """The order of the patients in each table, 16 bytes a patient and table.

    Ids are held as 64-bit hashes. Two that collide make patients look torn apart: that costs time, and is never wrong.
    """

    def __init__(self) -> None:
        self._runs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        self._rows: dict[str, int] = {}

    def add(self, table: str, ids: pa.Array) -> None:
        """Take the next rows of a table.

        Parameters
        ----------
        table : str
        ids : pyarrow.Array of string
            Without nulls; ``""`` where a row has no patient, which any partition may take.
        """
        runs = self._runs.setdefault(table, [])
        before = self._rows.get(table, 0)
        self._rows[table] = before + len(ids)
        if not len(ids):
            return
        begins = np.ones(len(ids), dtype=bool)
        begins[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        names = ids.filter(pa.array(begins)).to_numpy(zero_copy_only=False)
        hashes = pd.util.hash_array(names, categorize=False)
        hashes[names == ""] = _NOBODY
        first = before + np.flatnonzero(begins)
        if runs and hashes[0] == runs[-1][0][-1]:
            hashes, first = hashes[1:], first[1:]
        if len(hashes):
            runs.append((hashes, first))

    def rows(self, table: str) -> int:
        """How many rows of a table have been taken."""
        return self._rows.get(table, 0)

    def forget(self) -> None:
        """Give up what is held of the patients, when all is cut; how many rows there were is still known."""
        self._runs.clear()

    def cut(self, count: int) -> dict[str, list[int]] | None:
        """Cut the tables into runs of whole patients, about as many visits each.

        Returns
        -------
        dict of str to list of int, or None
            For each table, the row before which each run but the first begins; None where a patient stands in two
            places, or in another order in another table.

        Examples
        --------
        >>> order = PatientOrder()
        >>> order.add("visits", pa.array(["a", "a", "b", "c"]))
        >>> order.add("treatments", pa.array(["b", "c", "c"]))
        >>> order.cut(2)
        {'visits': [2], 'treatments': [0]}
        >>> order.add("treatments", pa.array(["a"]))
        >>> order.cut(2) is None
        True
        """
        if count == 1:
            return {table: [] for table in self._runs}
        runs = list(self._of_patients("visits"))
        if not runs:
            return None
        patients, starts = (np.concatenate(each) for each in zip(*runs, strict=True))
        del runs  # of ten million visits each of these copies is a tenth of what all else takes
        aims = np.arange(1, count) * self._rows["visits"] // count
        first = np.searchsorted(starts, aims)  # the first patient of each run but the first
        sorting = np.argsort(patients, kind="stable")
        in_order = patients[sorting]
        del patients, starts
        if (in_order[1:] == in_order[:-1]).any():
            return None
        found: dict[str, list[int]] = {}
        for table in self._runs:
            ends = self._ends(table, in_order, sorting, first)
            if ends is None:
                return None
            found[table] = ends
        return found

    def _of_patients(self, table: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Give the hash of each run of rows that has a patient, and its first row, as they were taken."""
        for here, begins in self._runs.get(table, []):
            some = here != _NOBODY
            if some.any():
                yield here[some], begins[some]

    def _ends(self, table: str, in_order: np.ndarray, sorting: np.ndarray, first: np.ndarray) -> list[int] | None:
        """Return the rows of a table before which the runs of patients begin that have these first places.

        None where the table's patients stand in another order than those of the visits, or are others.
        """
        ends: list[int] = []
        last = -1
        for here, begins in self._of_patients(table):
            at = np.minimum(np.searchsorted(in_order, here), len(in_order) - 1)
            places = sorting[at]
            if (in_order[at] != here).any() or (np.diff(places, prepend=last) <= 0).any():
                return None
            last = int(places[-1])
            reached = first[len(ends) :]
            ends += begins[np.searchsorted(places, reached[reached <= last])].tolist()
        return ends + [self._rows[table]] * (len(first) - len(ends))
