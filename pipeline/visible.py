"""What of a record a study's model may see: training and prediction both look through here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from pipeline.ontology import load_ontology
from pipeline.records import Cohort, Column
from pipeline.schema import TREATMENTS, VISIT_DETAILS, VISITS
from pipeline.study import Inputs, Study


def visible(cohort: Cohort, study: Study) -> Cohort:
    """Return the cohort without what the study's model may not see; outcomes are always left out.

    Hidden are columns known too late, columns that define a label of the study, columns that it names, and findings
    that decide its label: those terms and their kinds, and the exclusion of anything above them. They go before any
    closure over the ontology, so that nothing of them comes back through an ancestor.
    """
    labels = frozenset(label for target in study.targets for label in target.label_columns)
    hidden, of_treatments = _hidden(study.inputs, labels)
    visits = _without(cohort.visits, hidden)
    # the finding that is the label is hidden whether the study says so or not
    terms = (*study.inputs.hide_findings, *(target.finding for target in study.targets if target.finding))
    if "findings" in visits and terms:
        cells = hide_findings(visits["findings"].to_numpy(dtype=object), terms)
        visits = visits.assign(findings=cells)
    if terms:
        visits = _hide_flags(visits, terms)
    treatments = _without(cohort.treatments, of_treatments)
    if "kind" not in treatments:
        treatments = pd.DataFrame()
    return replace(cohort, visits=visits, treatments=treatments, outcomes=pd.DataFrame())


def hide_findings(cells: np.ndarray, terms: Iterable[str]) -> np.ndarray:
    """Remove the findings from which these terms follow.

    Examples
    --------
    >>> hide_findings(np.array(["HP:0002346|HP:0000473", "!HP:0100022"], dtype=object), ["HP:0001332"]).tolist()
    ['HP:0002346', '']
    """
    hpo = load_ontology()
    kinds, above = hpo.descendants(terms), hpo.ancestors(terms)

    def shown_of(cell: str) -> str:
        parts = zip(cell.split("|"), hpo.findings(cell), strict=False)  # an empty cell has a part, and no finding
        return "|".join(
            part for part, (excluded, term) in parts if part and term not in kinds and not (excluded and term in above)
        )

    codes, distinct = pd.factorize(cells)
    shown = np.array([shown_of(cell) for cell in distinct], dtype=object)
    return shown[codes] if len(codes) else cells


def _hide_flags(visits: pd.DataFrame, terms: Iterable[str]) -> pd.DataFrame:
    """Hide the flags of the form that tell the same as a hidden finding: a yes of its kinds, a no of what is above."""
    hpo = load_ontology()
    kinds, above = hpo.descendants(terms), hpo.ancestors(terms)
    told = {column.name: column.code for column in VISITS if column.name in visits and column.code in kinds | above}
    changed = {}
    for name, code in told.items():
        flag = visits[name]
        changed[name] = flag.where(flag.isna() if code in kinds else flag != 0.0)
    return visits.assign(**changed)


def _without(table: pd.DataFrame, hidden: frozenset[str]) -> pd.DataFrame:
    names = table.columns.tolist()
    return (
        table
        if hidden.isdisjoint(names)
        else table.take([at for at, name in enumerate(names) if name not in hidden], axis=1)
    )


@cache
def _hidden(inputs: Inputs, labels: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Name the columns of visits and of treatments that are hidden from a model of these labels."""

    def of(declared: Iterable[Column]) -> frozenset[str]:
        return frozenset(
            column.name
            for column in declared
            if column.known_at not in inputs.known_at
            or column.name in inputs.hide
            or (labels & set(column.defines) and not inputs.defining)
        )

    # details are kept for people and rules; no feature is made of them
    return of(VISITS) | {column.name for column in VISIT_DETAILS}, of(TREATMENTS)
