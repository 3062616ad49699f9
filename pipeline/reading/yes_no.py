"""Many yes/no columns as one cell of findings."""

# pyarrow makes its compute functions at import, where a type checker cannot see them
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.mapping import MappedTable
from pipeline.reading import recode
from pipeline.reading.headers import Headers, term_of


def findings_of(batch: pa.Table, rule: MappedTable, headers: Headers) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Join what yes/no columns say.

    Returns
    -------
    findings : pyarrow.ChunkedArray
        Terms joined with ``|``, excluded ones with ``!``; ``""`` where nothing is recorded.
    problem : pyarrow.ChunkedArray
        ``NOT_A_FLAG:`` and the columns, joined with ``|``, where a cell says neither yes nor no, else ``""``.
    """
    wrong: dict[str, pa.ChunkedArray] = {}
    cells = []
    for term, names in sorted(columns_by_term(rule, headers).items()):
        seen = ruled_out = pa.chunked_array([pa.array([False] * batch.num_rows, pa.bool_())])
        for name, says_no in names.items():
            yes, no, neither = _answers(recode.column(batch, name), rule)
            seen, wrong[name] = pc.or_(seen, yes), neither
            ruled_out = pc.or_(ruled_out, no) if says_no else ruled_out
        cells.append(pc.if_else(seen, term, pc.if_else(ruled_out, "!" + term, "")))
    empty = pa.chunked_array([pa.array([""] * batch.num_rows, pa.string())])
    named = together(empty, *(pc.if_else(neither, name, "") for name, neither in wrong.items()))
    problem = pc.if_else(pc.equal(named, ""), "", pc.binary_join_element_wise("NOT_A_FLAG", named, ":"))
    return together(empty, *cells), problem


def together(*cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Join columns of findings into one.

    Examples
    --------
    >>> one, other = pa.chunked_array([["HP:0001337", None]]), pa.chunked_array([["!HP:0001250", ""]])
    >>> together(one, other).to_pylist()
    ['HP:0001337|!HP:0001250', '']
    """
    # not null_handling="skip": pyarrow (25.0.1) then drops rows in which all parts are null
    filled = [pc.fill_null(each, "") for each in cells]
    led = [pc.if_else(pc.equal(each, ""), "", pc.binary_join_element_wise("|", each, "")) for each in filled]
    return pc.utf8_ltrim(pc.binary_join_element_wise(*led, ""), characters="|")


def columns_by_term(rule: MappedTable, headers: Headers) -> dict[str, dict[str, bool]]:
    """Return for each term the columns of the file that tell of it, and whether their "no" counts.

    Examples
    --------
    >>> from pipeline.mapping import MappedFindings
    >>> rule = MappedTable(findings=MappedFindings(named_by_term=True))
    >>> columns_by_term(rule, Headers(["Tremor_hp:0001337 ", "sex"], loose=True, where="t"))
    {'HP:0001337': {'Tremor_hp:0001337 ': True}}
    """
    findings = rule.findings
    terms = {found: term for name, term in findings.columns.items() if (found := headers.find(name))}
    if findings.named_by_term:
        left_out = {headers.find(name) for name in findings.leave_out}
        named = {name: term for name in headers.names if (term := term_of(name)) and name not in left_out}
        terms = named | terms
    silent = {headers.find(name) for name in findings.observed_only}
    by_term: dict[str, dict[str, bool]] = {}
    for name, term in terms.items():
        by_term.setdefault(term, {})[name] = name not in silent
    return by_term


def _answers(cells: pa.ChunkedArray, rule: MappedTable) -> tuple[pa.ChunkedArray, ...]:
    """Whether each cell says yes, no, or something else."""
    cells = recode.stripped(cells, bool(rule.strip))
    cells = recode.without(cells, (*rule.missing, ""), bool(rule.ignore_case))
    yes = recode.is_one_of(cells, rule.findings.observed, ignore_case=True)
    no = recode.is_one_of(cells, rule.findings.excluded, ignore_case=True)
    return yes, no, pc.and_(pc.is_valid(cells), pc.invert(pc.or_(yes, no)))
