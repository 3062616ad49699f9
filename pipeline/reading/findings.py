"""Cells of findings, judged all at once: which contradict themselves, and which name a term that nobody knows."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ontology import load_ontology


def judge_findings(cells: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Say of each cell whether a term comes out both observed and excluded, and whether it names an unknown term.

    Examples
    --------
    >>> head_tremor_without_tremor, no_term = "HP:0002346|!HP:0001337", "HP:1"
    >>> [found.tolist() for found in judge_findings(pa.array([head_tremor_without_tremor, no_term, ""]))]
    [[True, False, False], [False, True, False]]
    """
    contradictory, unknown = np.zeros((2, len(cells)), dtype=bool)
    filled = np.flatnonzero(pc.fill_null(pc.not_equal(cells, ""), False).to_numpy(zero_copy_only=False))
    if not len(filled):
        return contradictory, unknown
    marks = pc.split_pattern(cells.take(pa.array(filled)), "|")
    spelled = marks.flatten().dictionary_encode()
    record = np.repeat(filled, np.diff(marks.offsets.to_numpy()))
    code = spelled.indices.to_numpy()
    read = [_read(mark) for mark in spelled.dictionary.to_pylist()]
    known = np.array([term is not None for _, term in read], dtype=bool)
    excluded = known & np.array([negated for negated, _ in read], dtype=bool)
    unknown[record[~known[code]]] = True
    doubtful = np.zeros(len(cells), dtype=bool)  # without an exclusion nothing is contradicted
    doubtful[record[excluded[code]]] = True
    record, code = record[doubtful[record]], code[doubtful[record]]
    contradictory[_torn(record, code, _clashes(read), excluded)] = True
    return contradictory, unknown


def _read(mark: str) -> tuple[bool, str | None]:
    return next(iter(load_ontology().findings(mark)), (False, None))


def _clashes(read: list[tuple[bool, str | None]]) -> list[list[int]]:
    """Return for each mark the excluding marks that rule it out.

    Closing one side is enough: an excluded term reaches what is observed exactly if an ancestor of that is excluded.
    """
    excluding: dict[str, list[int]] = {}
    for place, (negated, term) in enumerate(read):
        if negated and term:
            excluding.setdefault(term, []).append(place)
    if not excluding:
        return [[] for _ in read]
    above = [load_ontology().ancestors([term]) if term and not negated else () for negated, term in read]
    return [[place for term in terms if term in excluding for place in excluding[term]] for terms in above]


def _torn(record: np.ndarray, code: np.ndarray, clashes: list[list[int]], excluded: np.ndarray) -> np.ndarray:
    """Return the records that hold a mark together with one that rules it out; a place for each such pair."""
    count = np.array([len(each) for each in clashes], dtype=np.int64)
    first = np.cumsum(count) - count
    against = np.array([place for each in clashes for place in each], dtype=np.int64)
    each = count[code]
    held = np.repeat(record, each)
    within = np.arange(len(held)) - np.repeat(np.cumsum(each) - each, each)
    ruled_out_by = against[np.repeat(first[code], each) + within]
    excluding = excluded[code]
    pairs = record[excluding] * len(clashes) + code[excluding]
    return held[np.isin(held * len(clashes) + ruled_out_by, pairs)]
