"""What of a record a study's model may see: training and prediction both look through here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.ontology import load_ontology
from pipeline.records import Cohort, Column
from pipeline.schema import TREATMENTS, VISITS
from pipeline.study import Study


def visible(cohort: Cohort, study: Study) -> Cohort:
    """Return the cohort without what the study's model may not see; outcomes are always left out.

    Hidden are columns known too late, columns that define a label of the study, columns that it names, and findings
    that decide its label: those terms and their kinds, and the exclusion of anything above them. They go before any
    closure over the ontology, so that nothing of them comes back through an ancestor.
    """
    visits = _without(cohort.visits, VISITS, study)
    if "findings" in visits and study.inputs.hide_findings:
        cells = hide_findings(visits["findings"].to_numpy(dtype=object), study.inputs.hide_findings)
        visits = visits.assign(findings=cells)
    treatments = _without(cohort.treatments, TREATMENTS, study)
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

    def kept(part: str) -> bool:
        term = hpo.current(part.removeprefix("!"))
        return term not in kinds and not (part.startswith("!") and term in above)

    codes, distinct = pd.factorize(cells)
    shown = np.array(
        ["|".join(part for part in cell.split("|") if part and kept(part)) for cell in distinct], dtype=object
    )
    return shown[codes] if len(codes) else cells


def _without(table: pd.DataFrame, declared: tuple[Column, ...], study: Study) -> pd.DataFrame:
    labels = {label for target in study.targets for label in target.label_columns}
    hidden = {
        column.name
        for column in declared
        if column.known_at not in study.inputs.known_at
        or column.name in study.inputs.hide
        or (labels & set(column.defines) and not study.inputs.defining)
    }
    return table.drop(columns=[name for name in table if name in hidden])
