"""Who is in a cohort: parts of it, what is known of them, and what is missing; counts give nobody away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.cells import LEAST_TO_SCORE, SUPPRESSED, hidden_cells, told
from pipeline.records import Cohort, Column
from pipeline.schema import VISITS

_AGES = {"0 to 17": 18.0, "18 to 39": 40.0, "40 to 59": 60.0, "60 and over": np.inf}
NOT_RECORDED = "not recorded"
_NOT_DESCRIBED = ("patient_id", "visit_id", "visit_date", "weeks_since_enrolment", "findings")


def parts_of(cohort: Cohort, site: str) -> dict[str, np.ndarray]:
    """Say into which parts each visit falls, by what people are parted by.

    Parameters
    ----------
    cohort : Cohort
    site : str
        Column of sites; empty if there are none. Sites are numbered, the largest first: a name could be anything.

    Returns
    -------
    dict of ndarray of str, shape (visits,)
        Empty text where it is not known.
    """
    visits, unknown = cohort.visits, np.full(len(cohort), "", dtype=object)
    sex = visits["sex"].fillna("").to_numpy(object) if "sex" in visits else unknown
    recorded = {(recording.patient_id, recording.visit_id) for recording in cohort.recordings}
    here = zip(visits["patient_id"], visits["visit_id"], strict=True)
    with_ = np.array([f"{'with' if visit in recorded else 'without'} recordings" for visit in here], dtype=object)
    return {
        "sex": sex,
        "age at the visit": _bands(visits["age_at_visit_y"]) if "age_at_visit_y" in visits else unknown,
        "site": _numbered(visits[site], cohort.groups) if site in visits else unknown,
        "recordings": with_ if recorded else unknown,
    }


def _bands(age: pd.Series) -> np.ndarray:
    edges = [-np.inf, *_AGES.values()]
    bands = pd.cut(age.astype(float), edges, right=False, labels=list(_AGES))
    return bands.astype(object).where(bands.notna(), "").to_numpy(object)


def _numbered(site: pd.Series, patients: np.ndarray) -> np.ndarray:
    names = site.fillna("").astype(str)
    sizes = pd.Series(patients).groupby(names.to_numpy()).nunique().drop("", errors="ignore")
    order = sizes.sort_values(ascending=False, kind="stable").index
    numbers = {name: f"site {at + 1}" for at, name in enumerate(order)}
    return names.map(lambda name: numbers.get(name, "")).to_numpy(object)


def table_one(cohort: Cohort) -> dict[str, Any]:
    """Describe people at their first visit in the table, column by column.

    Returns
    -------
    dict
        ``people``, and ``columns``: by column, ``known`` (for how many it is recorded) with ``mean`` and ``sd`` of a
        number, or ``counts`` of the values of its vocabulary and of those not recorded. Free text, ids and dates are
        left out. Numbers known for fewer than 20 people have no mean.
    """
    first = cohort.visits[~cohort.visits["patient_id"].duplicated()]
    columns = {}
    for column in _described(first):
        found = _of_column(first[column.name], column)
        if found:
            columns[column.name] = found | ({"unit": str(column.unit.value)} if column.unit.value else {})
    return {"people": told(len(first)), "columns": columns}


def _described(visits: pd.DataFrame) -> list[Column]:
    kinds = ("number", "category", "flag")
    named = [column for column in VISITS if column.name in visits and column.kind in kinds]
    return [column for column in named if column.name not in _NOT_DESCRIBED]


def _of_column(values: pd.Series, column: Column) -> dict[str, Any]:
    present = (values.notna() & (values != "")).to_numpy(bool)
    if not present.any():
        return {}
    known = values[present]
    if column.kind == "number":
        hidden = hidden_cells(np.array([len(known), len(values) - len(known)]))
        counted: dict[str, Any] = {"known": SUPPRESSED if hidden.any() else len(known)}
        if len(known) < LEAST_TO_SCORE:
            return counted
        return counted | {"mean": float(known.astype(float).mean()), "sd": float(known.astype(float).std())}
    codes = {"yes": 1.0, "no": 0.0} if column.kind == "flag" else {name: name for name in column.categories}
    counts = {name: int((known == code).sum()) for name, code in codes.items()}
    counts = {name: count for name, count in counts.items() if count or column.kind == "flag"}
    counts[NOT_RECORDED] = len(values) - len(known)
    hidden = hidden_cells(np.array(list(counts.values())))
    return {"counts": {name: SUPPRESSED if hide else n for (name, n), hide in zip(counts.items(), hidden, strict=True)}}


def missingness(cohort: Cohort, parts: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return which share of visits lacks each column that the study may see.

    Parameters
    ----------
    cohort : Cohort
        As the study sees it.
    parts : dict
        Of `parts_of`: how far the share differs between them is told for parts of at least 20 people.

    Returns
    -------
    dict
        By column, the ``share`` that is missing, in hundredths, and by what people are parted by the ``least`` and
        ``most``; columns that are missing nowhere are left out.
    """
    patients, visits = pd.Series(cohort.groups), cohort.visits
    found: dict[str, Any] = {}
    for column in visits.columns:
        if column in ("source", "row", *_NOT_DESCRIBED):
            continue
        empty = (visits[column].isna() | (visits[column] == "")).to_numpy(bool)
        if not empty.any():
            continue
        found[str(column)] = {"share": _hundredths(empty)}
        for name, part in parts.items():
            large = [each for each in np.unique(part.astype(str)) if each and _people(patients, part, each)]
            if len(large) > 1:
                shares = [_hundredths(empty[part == each]) for each in large]
                found[str(column)][name] = {"least": min(shares), "most": max(shares)}
    return found


def shift(training: Mapping[str, Any], here: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Say how far people differ on average from those that a model was trained on.

    Parameters
    ----------
    training : mapping
        The ``columns`` of the `table_one` of the training.
    here : mapping
        A `table_one`.

    Returns
    -------
    dict
        By column of numbers that both have, the means ``before`` and ``here``, and their ``difference`` in standard
        deviations of the training (Austin 2009, Stat Med 28:3083, holds 0.1 for little).
    """
    found = {}
    for name, column in here["columns"].items():
        other = training.get(name)
        before, spread = (_number(other, key) for key in ("mean", "sd"))
        if "mean" in column and spread > 0.0 and np.isfinite(before):
            now = column["mean"]
            found[name] = {"before": before, "here": now, "difference": (now - before) / spread}
    return found


def _number(column: Any, key: str) -> float:
    """Return a number of a manifest, which anybody may have written."""
    value = column.get(key) if isinstance(column, dict) else None
    return float(value) if isinstance(value, float) and np.isfinite(value) else float("nan")


def _people(patients: pd.Series, part: np.ndarray, name: str) -> bool:
    return patients[part == name].nunique() >= LEAST_TO_SCORE


def _hundredths(empty: np.ndarray) -> float:
    """Return a share so rounded that no count follows from it."""
    return round(float(empty.mean()), 2)
