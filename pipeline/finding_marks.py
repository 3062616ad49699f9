"""Cells of findings taken apart, all at once: a cell is split once, and each distinct mark is read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ontology import load_ontology


@dataclass(frozen=True, eq=False)
class Listed:
    """Current terms of cells in one state, each once a cell.

    Attributes
    ----------
    row, term : ndarray, shape (k,)
        Position of the cell, and of the term in `terms`.
    terms : list of str
    """

    row: np.ndarray
    term: np.ndarray
    terms: list[str]


@dataclass(frozen=True, eq=False)
class Marks:
    """What cells of findings hold, mark by mark.

    Attributes
    ----------
    cells : int
        How many cells there are.
    row : ndarray, shape (marks,)
        Position of each mark's cell.
    code : ndarray, shape (marks,)
        Position of its text in `texts`.
    texts : list of str
        Distinct marks as they stand in the cells.
    """

    cells: int
    row: np.ndarray
    code: np.ndarray
    texts: list[str]

    @cached_property
    def read(self) -> list[tuple[bool, str | None]]:
        """Whether each text is excluded, and its current term; None for one that the ontology does not know."""
        return [found for text in self.texts for found in (load_ontology().findings(text) or [(False, None)])]

    @cached_property
    def observed(self) -> Listed:
        """The terms that the cells hold without ``!``."""
        return self._listed(excluded=False)

    @cached_property
    def excluded(self) -> Listed:
        """The terms that the cells hold with ``!`` before them."""
        return self._listed(excluded=True)

    def _listed(self, *, excluded: bool) -> Listed:
        terms = sorted({term for out, term in self.read if term is not None and out == excluded})
        place = {term: number for number, term in enumerate(terms)}
        of_text = [place.get(term, -1) if term is not None and out == excluded else -1 for out, term in self.read]
        found = np.array(of_text, dtype=int)[self.code]
        # a term that a cell holds twice, maybe under an older id, counts once
        keys = pd.unique(self.row[found >= 0] * len(terms) + found[found >= 0])
        row, term = np.divmod(keys, max(len(terms), 1))
        return Listed(row, term, terms)


def marks_of(cells: npt.ArrayLike) -> Marks:
    """Take cells of findings apart.

    Parameters
    ----------
    cells : array of str
        HPO terms joined with ``|``, an excluded one with ``!`` before it; empty, None or NaN for none.

    Examples
    --------
    >>> marks = marks_of(np.array(["HP:0002346|!HP:0001250", "", "HP:0002346"], dtype=object))
    >>> marks.row.tolist(), marks.read
    ([0, 0, 1, 2], [(False, 'HP:0002346'), (True, 'HP:0001250'), (False, None)])
    """
    texts = pa.array(np.asarray(cells, dtype=object), pa.string(), from_pandas=True).fill_null("")
    parts = pc.split_pattern(texts, "|")  # pyright: ignore[reportAttributeAccessIssue]
    coded = parts.flatten().dictionary_encode()
    row = np.repeat(np.arange(len(texts)), np.diff(parts.offsets.to_numpy()))
    return Marks(len(texts), row, coded.indices.to_numpy(), coded.dictionary.to_pylist())
