"""HPO findings of the visit in three states: observed 1, excluded 0, not recorded NaN.

Findings come from the cell of coded findings and from every flag of the form that has an HPO code. They are closed over
the ontology: observed upward (who has a head tremor has a tremor), excluded downward. A term that ends up both is NaN.
Terms that the ontology does not know are ignored here; the reader notes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.finding_marks import Listed
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.schema import VISITS
from pipeline.units import Unit

_FLAGS = {column.name: column.code for column in VISITS if column.kind == "flag" and column.code.startswith("HP:")}
_TERMS = FINDINGS_PANEL | {code: name for name, code in _FLAGS.items() if code not in FINDINGS_PANEL}
"""The panel, and the terms that the form asks for besides: no flag of the form is lost."""

_STATES = np.array([np.nan, 1.0, 0.0, np.nan])
"""State of a term that is neither, observed, excluded, both."""


@record_feature(
    unit=Unit.STATE,
    outputs=[f"finding_{name}_state" for name in _TERMS.values()],
    bounds=(0.0, 1.0),
    version=2,
    source="HPO; the panel of findings_panel.py",
    titles=[name.replace("_", " ").capitalize() for name in _TERMS.values()],
    levels=[(0.0, "excluded"), (1.0, "observed")],
)
def finding_state(history: History) -> Values:
    """Whether a sign or symptom was observed at this visit, was excluded, or was not recorded."""
    told = np.zeros((len(_TERMS), len(history)), dtype=np.uint8)
    asked = _asked(history)
    for excluded, listed in ((False, history.marks.observed), (True, history.marks.excluded)):
        settled = np.zeros(told.shape, dtype=bool)
        _settle_marks(settled, listed, excluded=excluded)
        _settle_flags(settled, asked, history, excluded=excluded)
        told |= settled.view(np.uint8) << excluded
    return np.take(_STATES, told, mode="clip").T


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, np.inf),
    version=2,
    source="HPO",
    kind="quality",
    titles=["Terms recorded as observed"],
)
def findings_observed_count(history: History) -> Values:
    """Count the distinct terms recorded as observed at this visit, before closing them over the ontology."""
    return _counts(history, excluded=False)


@record_feature(
    unit=Unit.COUNT,
    bounds=(0.0, np.inf),
    version=2,
    source="HPO",
    kind="quality",
    titles=["Terms recorded as excluded"],
)
def findings_excluded_count(history: History) -> Values:
    """Count the distinct terms recorded as excluded at this visit, before closing them over the ontology."""
    return _counts(history, excluded=True)


def _settle_marks(settled: np.ndarray, listed: Listed, *, excluded: bool) -> None:
    """Mark what follows from the listed terms, in `settled`, shape (terms of the panel, visits)."""
    reached = [_settled(term, excluded=excluded) for term in listed.terms]
    counts = np.array([len(each) for each in reached], dtype=int)
    follows = np.concatenate([np.empty(0, dtype=int), *reached])
    many = counts[listed.term]
    # each listed term is repeated for all that follows from it
    first = np.repeat((np.cumsum(counts) - counts)[listed.term] - (np.cumsum(many) - many), many)
    settled[follows[first + np.arange(len(first))], np.repeat(listed.row, many)] = True


def _settle_flags(settled: np.ndarray, asked: Sequence[tuple[str, str]], history: History, *, excluded: bool) -> None:
    """Mark what follows from flags of the form: all flags at once, since one by one costs a single visit much."""
    flag, first, place = _settled_by(tuple(term for _, term in asked), excluded=excluded)
    if len(flag):
        said = np.stack([history.value(name) for name, _ in asked]) == (0.0 if excluded else 1.0)
        settled[place] |= np.logical_or.reduceat(said[flag], first, axis=0)


@cache
def _settled_by(terms: tuple[str, ...], *, excluded: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say by which of some terms each place in `_TERMS` is settled.

    Returns
    -------
    term : ndarray
        Positions of terms, those that settle one place together.
    first : ndarray
        Where those of each place begin.
    place : ndarray
        The places.
    """
    settled = np.zeros((len(_TERMS), len(terms)), dtype=bool)
    for number, term in enumerate(terms):
        settled[_settled(term, excluded=excluded), number] = True
    at, term = np.nonzero(settled)
    place, first = np.unique(at, return_index=True)
    return term, first, place


@cache
def _settled(term: str, *, excluded: bool) -> np.ndarray:
    """Positions in `_TERMS` of what is settled when this term is observed, or excluded."""
    hpo = load_ontology()
    reached = hpo.descendants([term]) if excluded else hpo.ancestors([term])
    return np.array([number for number, known in enumerate(_TERMS) if known in reached], dtype=int)


def _counts(history: History, *, excluded: bool) -> Values:
    """Count terms in a state; NaN where no term was recorded in either."""
    known = np.zeros(len(history), dtype=bool)
    for each in (history.marks.observed, history.marks.excluded):
        known[each.row] = True
    listed = history.marks.excluded if excluded else history.marks.observed
    count = np.bincount(listed.row, minlength=len(history)).astype(float)
    asked = {term: name for name, term in _asked(history)}
    places = {term: number for number, term in enumerate(asked)}
    # one row more, for what the form does not ask for
    coded = np.zeros((len(asked) + 1, len(history)), dtype=bool)
    coded[np.array([places.get(term, -1) for term in listed.terms], dtype=int)[listed.term], listed.row] = True
    for name, in_cell in zip(asked.values(), coded[:-1], strict=True):
        flag = history.value(name)
        known |= ~np.isnan(flag)
        # what the cell lists already counts once
        count += (flag == (0.0 if excluded else 1.0)) & ~in_cell
    return np.where(known, count, np.nan)


def _asked(history: History) -> list[tuple[str, str]]:
    """Return the flags of the form that the visits have, with their current terms."""
    current = [(name, load_ontology().current(code)) for name, code in _FLAGS.items() if history.has(name)]
    return [(name, term) for name, term in current if term is not None]
