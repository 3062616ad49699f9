"""HPO findings of the visit in three states: observed 1, excluded 0, not recorded NaN.

Findings come from the cell of coded findings and from every flag of the form that has an HPO code. They are closed over
the ontology: observed upward (who has a head tremor has a tremor), excluded downward. A term that ends up both is NaN.
Terms that the ontology does not know are ignored here; the reader notes them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from pipeline.features.spec import Values, record_feature
from pipeline.features.timeline import History
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.schema import VISITS
from pipeline.units import Unit

_FLAGS = {column.name: column.code for column in VISITS if column.kind == "flag" and column.code.startswith("HP:")}
_TERMS = FINDINGS_PANEL | {code: name for name, code in _FLAGS.items() if code not in FINDINGS_PANEL}
"""The panel, and the terms that the form asks for besides: no flag of the form is lost."""


@record_feature(
    unit=Unit.STATE,
    outputs=[f"finding_{name}_state" for name in _TERMS.values()],
    bounds=(0.0, 1.0),
    source="HPO; the panel of findings_panel.py",
)
def finding_state(history: History) -> Values:
    """Whether a sign or symptom was observed at this visit, was excluded, or was not recorded."""
    row, cells = pd.factorize(history.text("findings"))
    observed = np.zeros((len(cells), len(_TERMS)), dtype=bool)
    excluded = np.zeros_like(observed)
    # records repeat each other's cells, and reading one costs more than copying its row
    for number, cell in enumerate(cells):
        seen, ruled_out = _recorded(cell)
        observed[number, _all_settled(seen, observed=True)] = True
        excluded[number, _all_settled(ruled_out, observed=False)] = True
    observed, excluded = observed[row], excluded[row]
    for name, code in _FLAGS.items():
        flag, term = history.value(name), _current(code)
        if term is not None:
            observed[np.ix_(flag == 1.0, _settled(term, observed=True))] = True
            excluded[np.ix_(flag == 0.0, _settled(term, observed=False))] = True
    return np.where(observed == excluded, np.nan, observed.astype(float))


@record_feature(unit=Unit.COUNT, bounds=(0.0, np.inf), source="HPO", kind="quality")
def findings_observed_count(history: History) -> Values:
    """Count the distinct terms recorded as observed at this visit, before closing them over the ontology."""
    return _counts(history, 1.0)


@record_feature(unit=Unit.COUNT, bounds=(0.0, np.inf), source="HPO", kind="quality")
def findings_excluded_count(history: History) -> Values:
    """Count the distinct terms recorded as excluded at this visit, before closing them over the ontology."""
    return _counts(history, 0.0)


def _counts(history: History, state: float) -> Values:
    """Count terms in a state; NaN where no term was recorded in either."""
    row, cells = pd.factorize(history.text("findings"))
    recorded = [_recorded(cell) for cell in cells]
    listed = [observed if state == 1.0 else excluded for observed, excluded in recorded]
    count = np.array([len(terms) for terms in listed], dtype=float)[row]
    known = np.array([bool(observed or excluded) for observed, excluded in recorded], dtype=bool)[row]
    for name, code in _FLAGS.items():
        flag, term = history.value(name), _current(code)
        if term is not None:
            new = np.array([term not in terms for terms in listed], dtype=bool)[row]
            count += (flag == state) & new
            known |= ~np.isnan(flag)
    return np.where(known, count, np.nan)


def _recorded(cell: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the current terms of a cell: those observed, and those excluded with ``!``."""
    marks = [mark.strip() for mark in cell.split("|")]
    observed = (_current(mark) for mark in marks if not mark.startswith("!"))
    excluded = (_current(mark[1:].strip()) for mark in marks if mark.startswith("!"))
    return frozenset(term for term in observed if term), frozenset(term for term in excluded if term)


def _current(code: str) -> str | None:
    return load_ontology().current(code)


def _all_settled(terms: frozenset[str], *, observed: bool) -> np.ndarray:
    return np.concatenate([np.empty(0, dtype=int), *(_settled(term, observed=observed) for term in terms)])


@cache
def _settled(term: str, *, observed: bool) -> np.ndarray:
    """Positions in `_TERMS` of what is settled when this term is observed, or excluded."""
    hpo = load_ontology()
    reached = hpo.ancestors([term]) if observed else hpo.descendants([term])
    return np.array([number for number, known in enumerate(_TERMS) if known in reached], dtype=int)
