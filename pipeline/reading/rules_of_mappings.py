"""What a mapping may not say: it is refused before anything is read."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.errors import UsageError, did_you_mean
from pipeline.mapping import MappedColumn, MappedTable, Mapping
from pipeline.ontology import load_ontology
from pipeline.records import Column
from pipeline.schema import TABLES
from pipeline.units import Unit


def refuse_mapping(mapping: Mapping, where: str) -> None:
    """Check that a mapping makes columns of ours, each in one way.

    Raises
    ------
    UsageError
        One line that names the mapping, the table and the column.
    """
    if "visits" not in mapping.tables:
        raise UsageError(where, "no table of visits", do="Add [tables.visits.columns]")
    if mapping.tables["visits"].each:
        raise UsageError(
            where, "'each' in visits", needed="one row is one visit record", do="Use pivot, or leave it out"
        )
    for table, rule in mapping.tables.items():
        for part in (rule, *rule.each):
            _refuse_columns(table, part, f"{where}, {table}")
            _refuse_findings(table, part, f"{where}, {table}")
        _refuse_nested(rule, f"{where}, {table}")
        _refuse_pivot(rule, f"{where}, {table}")


def _refuse_columns(table: str, rule: MappedTable, where: str) -> None:
    known = {column.name: column for column in TABLES[table]}
    for name, how in rule.columns.items():
        if name not in known and table != "outcomes" and "{}" not in name:
            raise UsageError(where, f"unknown column '{name}'", do=did_you_mean(name, known))
        _refuse_makers(name, how, where)
        _refuse_pattern(name, how, known, where)
        _refuse_conversion(name, how, known.get(name), where)
        _refuse_torn_codes(
            name, how, ignore_case=bool(rule.ignore_case if how.ignore_case is None else how.ignore_case), where=where
        )


def _refuse_makers(name: str, how: MappedColumn, where: str) -> None:
    makers = [key for key in ("source", "source_any", "constant") if getattr(how, key)]
    if not makers:
        raise UsageError(where, f"nothing makes column '{name}'", do="Give its source or a constant")
    if len(makers) > 1:
        raise UsageError(where, f"'{makers[0]}' and '{makers[1]}' both make column '{name}'", do="Leave one out")
    if how.values and len(how.sources) > 1:
        raise UsageError(
            where, f"column '{name}' joins several sources", needed="'values' translates one", do="Drop it"
        )
    stray = next((part for part in how.may_lack if part not in how.sources), None)
    if stray is not None:
        raise UsageError(where, f"column '{name}' may lack '{stray}'", needed="that is none of its sources")


def _refuse_pattern(name: str, how: MappedColumn, known: dict[str, Column], where: str) -> None:
    patterns = [text.count("{}") for text in (name, *how.sources, *how.source_any)]
    if max(patterns) == 0 and not how.names:
        return
    if "{}" not in name:
        raise UsageError(where, f"column '{name}' is no pattern", needed="its source or 'names' says so", do="Write {}")
    if patterns != [1, 1] or how.source_any:
        raise UsageError(where, f"pattern '{name}'", needed="it and its one source hold '{}' once each")
    for part in how.names.values():
        if name.replace("{}", part) not in known:
            raise UsageError(
                where, f"unknown column '{name.replace('{}', part)}'", do=did_you_mean(name.replace("{}", part), known)
            )


def _refuse_conversion(name: str, how: MappedColumn, column: Column | None, where: str) -> None:
    kind = column.kind if column else ""
    if how.unit and (column is None or column.unit not in (Unit.YEARS, Unit.WEEKS)):
        raise UsageError(where, f"column '{name}' has a 'unit'", needed="it is no time in years or weeks", do="Drop it")
    if how.date_format and (kind != "date" or "%" not in how.date_format):
        raise UsageError(where, f"'date_format' of column '{name}'", needed="a date is written like %d.%m.%Y")
    if how.split and kind != "findings":
        raise UsageError(where, f"column '{name}' has a 'split'", needed="only 'findings' holds several", do="Drop it")
    if kind == "findings":
        _refuse_terms(how.values.values(), where)


def _refuse_torn_codes(name: str, how: MappedColumn, *, ignore_case: bool, where: str) -> None:
    """Refuse two codes that are one as soon as letter case is taken lightly."""
    seen: dict[str, str] = {}
    for code, ours in how.values.items() if ignore_case else ():
        if seen.setdefault(code.lower(), ours) != ours:
            raise UsageError(where, f"two codes of column '{name}' differ in letter case only", do="Keep one of them")


def _refuse_findings(table: str, rule: MappedTable, where: str) -> None:
    findings = rule.findings
    if (findings.columns or findings.named_by_term) and table != "visits":
        raise UsageError(where, "findings", needed="they belong to visits", do="Move them")
    _refuse_terms(findings.columns.values(), where)


def _refuse_terms(terms: Iterable[str], where: str) -> None:
    for term in terms:
        if load_ontology().current(term.removeprefix("!")) is None:
            raise UsageError(where, f"no current HPO term: '{term}'", do="Look it up at hpo.jax.org")


def _refuse_nested(rule: MappedTable, where: str) -> None:
    if any(each.each or each.pivot.key for each in rule.each):
        raise UsageError(where, "an entry of 'each' has 'each' or 'pivot' itself", do="Move it up")


def _refuse_pivot(rule: MappedTable, where: str) -> None:
    pivot = rule.pivot
    if (pivot.key or pivot.value or pivot.by) and not (pivot.key and pivot.value and pivot.by):
        raise UsageError(where, "a pivot", needed="it has 'key', 'value' and 'by'")
    if pivot.key and (rule.findings.named_by_term or any("{}" in name for name in rule.columns)):
        raise UsageError(
            where, "a pivot with patterns of names", needed="it reads measurements by name", do="List them"
        )
