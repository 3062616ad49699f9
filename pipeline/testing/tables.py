"""Tables of visits, treatments and outcomes, made from the declared columns, and cohorts of them.

A few numbers and one seed are drawn, and every cell is filled from a stream of its own column: a draw takes
milliseconds, shrinks to few patients and few groups of columns, and leaving one out changes no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from zlib import crc32

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from pipeline.contradictions import contradictions
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.records import Cohort, Column
from pipeline.rules import derived_totals
from pipeline.schema import GROUPS, OUTCOMES, TABLES, TREATMENTS
from pipeline.testing.recordings import Form
from pipeline.testing.recordings import recordings as draw_recording
from pipeline.testing.spoilt import DIRT, HOSTILITY, spoilt
from pipeline.units import WEEKS_PER_YEAR, Unit
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, TREATMENT_KINDS, pair_is_allowed

_CLOCKS = ("weeks_since_enrolment", "visit_date", "age_at_visit_y")
_OWN = ("patient_id", "visit_id", *_CLOCKS, "age_at_enrolment_y", "age_at_onset_y")
_OPTIONAL = tuple(column for column in TABLES["visits"] if column.name not in _OWN)
_OPTIONAL_GROUPS = [
    own for columns in GROUPS["visits"].values() if (own := [column for column in columns if column in _OPTIONAL])
]
"""Columns come and go by groups of the schema: a draw of each would take long to shrink."""
_PAIRS = [(one, other) for one in PHENOTYPES for other in AETIOLOGIES if pair_is_allowed(one, other)]
_FIRST_DAY = np.datetime64("2015-01-01")
_LAST_ONSET_Y, _LAST_WEEK = 60.0, 500.0
_SEEDS = st.integers(0, 2**32 - 1)
_COMPLETE_VISITS = 4
_COMPLETE_WEEKS = np.array([10.0, 113.0, 126.0, 139.0])
_COURSE_WEEKS = [20.0, 32.0, 45.0, 59.0]
"""When a complete record's visits and sessions are: one visit before all treatments, the others when all is known."""


@st.composite
def findings_cells(draw: st.DrawFn, *, max_terms: int = 6) -> str:
    """Draw a cell of findings: HPO terms joined with ``|``, excluded ones with ``!``; maybe none.

    Terms of the panel and any others of the ontology; they may contradict each other.
    """
    count, seed = draw(st.integers(0, max_terms)), draw(_SEEDS)
    return _cell(np.random.default_rng(seed), count)


@st.composite
def visits(
    draw: st.DrawFn, *, max_patients: int = 4, max_visits: int = 3, min_patients: int = 1, form: Form = "valid"
) -> pd.DataFrame:
    """Draw a table of visits as the reader hands it on.

    Ids, one clock at least, and some groups of the other columns: nothing that rules find contradictory, but findings
    may be. Visits of a patient stand in any order.

    Parameters
    ----------
    max_patients, max_visits, min_patients : int
        Patients, and visits of each.
    form : {"valid", "dirty", "hostile"}
        Dirty tables contradict themselves, lack times, repeat rows; hostile ones hold anything of the columns' types.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(visits(), lambda table: len(table) >= 2).shape[0]
    2
    """
    counts = draw(st.lists(st.integers(1, max_visits), min_size=min_patients, max_size=max_patients))
    clocks = draw(st.lists(st.sampled_from(_CLOCKS), min_size=1, max_size=3, unique=True))
    seed, at_least = draw(_SEEDS), draw(st.integers(0, 2))
    # a group is there where its number is above the one drawn for all: zeros, to which it shrinks, leave it out
    shown = draw(st.lists(st.integers(0, 3), min_size=len(_OPTIONAL_GROUPS), max_size=len(_OPTIONAL_GROUPS)))
    stream = np.random.default_rng(seed)
    patient = np.repeat(np.arange(len(counts)), counts)
    table = _timed(stream, patient, clocks)
    for columns, number in zip(_OPTIONAL_GROUPS, shown, strict=True):
        if number > at_least:
            table |= {column.name: _filled(column, len(patient), seed) for column in columns}
    order = stream.permutation(len(patient))
    table = {"source": np.full(len(patient), "drawn", dtype=object), "row": np.arange(len(patient))} | {
        name: values[order] for name, values in table.items()
    }
    return spoilt(_consistent(pd.DataFrame(table)), TABLES["visits"], draw(_faults(form)), stream)


@st.composite
def treatments(draw: st.DrawFn, visits: pd.DataFrame, *, max_rows: int = 8, form: Form = "valid") -> pd.DataFrame:
    """Draw treatments of the patients of a table of visits, timed by each clock that the visits have.

    Parameters
    ----------
    visits : DataFrame
    max_rows : int
    form : {"valid", "dirty", "hostile"}
        As in `visits`.

    Examples
    --------
    >>> from hypothesis import find
    >>> people = pd.DataFrame({"patient_id": ["a"], "age_at_enrolment_y": [40.0]})
    >>> find(treatments(people), lambda table: len(table) > 1)["patient_id"].tolist()
    ['a', 'a']
    """
    rows, seed = draw(st.integers(0, max_rows)), draw(_SEEDS)
    stream, rows = np.random.default_rng(seed), rows if len(visits) else 0
    of_visit, weeks = stream.integers(0, max(len(visits), 1), rows), np.round(stream.uniform(0, _LAST_WEEK, rows))
    cells = {column.name: _filled(column, rows, seed) for column in TREATMENTS}
    # most are of one kind, so that a course of it has several sessions
    kinds = np.array([*[draw(st.sampled_from(TREATMENT_KINDS))] * len(TREATMENT_KINDS), *TREATMENT_KINDS], dtype=object)
    cells["kind"] = kinds[stream.integers(0, len(kinds), rows)]
    given = _given(visits, of_visit, weeks, cells)
    return spoilt(given, TREATMENTS, draw(_faults(form)), stream)


@st.composite
def outcomes(draw: st.DrawFn, visits: pd.DataFrame) -> pd.DataFrame:
    """Draw labels that go together, and an interval of spread that is open in half of the patients.

    Examples
    --------
    >>> from hypothesis import find
    >>> people = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]})
    >>> find(outcomes(people), lambda table: True)["visit_id"].tolist()
    ['1']
    """
    seed, rows = draw(_SEEDS), len(visits)
    stream = np.random.default_rng(seed)
    pairs = [_PAIRS[number] for number in stream.integers(0, len(_PAIRS), rows)]
    left = np.round(stream.uniform(0, 10, rows), 2)
    told = {column.name: _filled(column, rows, seed) for column in OUTCOMES}
    return pd.DataFrame(
        told
        | {
            "patient_id": visits["patient_id"],
            "visit_id": visits["visit_id"],
            "phenotype": np.array([pair[0] for pair in pairs], dtype=object),
            "aetiology": np.array([pair[1] for pair in pairs], dtype=object),
            "spread_left_y": left,
            "spread_right_y": np.where(stream.random(rows) < 0.5, left + 1.0, np.nan),
        }
    )


_treatments, _outcomes = treatments, outcomes  # by these names, `cohorts` says whether there are any


@st.composite
def cohorts(
    draw: st.DrawFn,
    *,
    max_patients: int = 4,
    max_visits: int = 3,
    min_patients: int = 1,
    treatments: bool = True,
    recordings: int = 0,
    outcomes: bool = False,
    form: Form = "valid",
) -> Cohort:
    """Draw a cohort.

    Parameters
    ----------
    max_patients, max_visits, min_patients : int
        Patients, and visits of each.
    treatments : bool
        Whether there may be a table of treatments.
    recordings : int
        Most recordings of the whole cohort.
    outcomes : bool
        Whether each visit has its labels, and the interval of a spread.
    form : {"valid", "dirty", "hostile"}
        Of all tables and recordings.

    Examples
    --------
    >>> from hypothesis import find
    >>> cohort = find(cohorts(recordings=1, form="dirty"), lambda cohort: len(cohort.recordings) == 1)
    >>> len(cohort), len(cohort.treatments)
    (1, 0)
    """
    table = draw(visits(max_patients=max_patients, max_visits=max_visits, min_patients=min_patients, form=form))
    given = draw(_treatments(table, form=form)) if treatments and draw(st.booleans()) else pd.DataFrame()
    taken = []
    for number in range(draw(st.integers(0, recordings)) if len(table) else 0):
        row = draw(st.integers(0, len(table) - 1))
        ids = {"patient_id": table["patient_id"][row], "visit_id": table["visit_id"][row]}
        taken.append(draw(draw_recording(recording_id=f"r{number}", form=form, **ids)))
    truth = draw(_outcomes(table)) if outcomes else pd.DataFrame()
    return Cohort(table, given, tuple(taken), truth)


@st.composite
def complete_cohorts(draw: st.DrawFn, *, max_patients: int = 3) -> Cohort:
    """Draw a cohort of which every cell is filled, without contradiction.

    Each patient has several visits, and was given every kind of treatment several times between the first and the
    second. At the last one all that a record feature may ask for is known, so that a missing value needs a reason.

    Examples
    --------
    >>> from hypothesis import find
    >>> cohort = find(complete_cohorts(), lambda cohort: True)
    >>> bool(cohort.visits.isna().any(axis=None)), bool((cohort.visits == "").any(axis=None))
    (False, False)
    """
    patients, seed = draw(st.integers(1, max_patients)), draw(_SEEDS)
    patient = np.repeat(np.arange(patients), _COMPLETE_VISITS)
    number = np.tile(np.arange(_COMPLETE_VISITS), patients)
    table = _timed(np.random.default_rng(seed), patient, _CLOCKS, weeks=_COMPLETE_WEEKS[number] + patient)
    for column in _OPTIONAL:
        table[column.name] = _filled(column, len(patient), seed, recorded=1.0)
    # all observed or all excluded, flags included: so that no finding contradicts another
    observed = np.random.default_rng(seed).integers(0, 2, len(patient)).astype(float)
    for column in _OPTIONAL:
        if column.kind == "flag" and column.code.startswith("HP:"):
            table[column.name] = observed
    every = {1.0: "|".join(FINDINGS_PANEL), 0.0: "|".join(f"!{term}" for term in FINDINGS_PANEL)}
    table["findings"] = np.array([every[state] for state in observed], dtype=object)
    people = pd.DataFrame({"source": "drawn", "row": np.arange(len(patient))} | table)
    sessions = 4 * len(TREATMENT_KINDS)
    cells = {c.name: _filled(c, patients * sessions, seed, recorded=1.0) for c in TREATMENTS}
    for column in TREATMENTS:  # what a treatment did was seen before the next visit
        if column.kind == "number" and column.unit == Unit.WEEKS:
            cells[column.name] = np.minimum(cells[column.name], 10.0)
    cells["kind"] = np.tile(np.repeat(np.array(TREATMENT_KINDS, dtype=object), 4), patients)
    weeks = np.tile(_COURSE_WEEKS, patients * len(TREATMENT_KINDS))
    return Cohort(people, _given(people, np.repeat(np.arange(patients) * _COMPLETE_VISITS, sessions), weeks, cells))


def _faults(form: Form) -> st.SearchStrategy[list[str]]:
    """Draw which faults a table has: none if it is valid, and some of those of its form else."""
    if form == "valid":
        return st.just([])
    known, least = (list(DIRT), 0) if form == "dirty" else (list(HOSTILITY), 1)
    return st.lists(st.sampled_from(known), min_size=least, max_size=3, unique=True)


def _consistent(table: pd.DataFrame) -> pd.DataFrame:
    """Blank what contradicts the rest of its visit, and derive totals from their items as the reader does."""
    while found := [each for each in contradictions(table) if each.where.any()]:
        for each in found:
            cells = table[each.column]
            table[each.column] = cells.mask(each.where, np.nan if cells.dtype.kind in "fi" else "")
    return derived_totals(table)


def _timed(
    stream: np.random.Generator, patient: np.ndarray, clocks: Sequence[str], weeks: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Ids, the clocks and the ages that agree with them."""
    patients = int(patient.max()) + 1 if len(patient) else 0
    onset = np.round(stream.uniform(0, _LAST_ONSET_Y, patients), 1)[patient]
    enrolled = onset + np.round(stream.uniform(0, 20, patients), 1)[patient]
    weeks = np.round(stream.uniform(0, _LAST_WEEK, len(patient))) if weeks is None else weeks
    times = {
        "weeks_since_enrolment": weeks,
        "visit_date": _dates(weeks),
        "age_at_visit_y": np.round(enrolled + weeks / WEEKS_PER_YEAR, 3),
    }
    ids = {
        "patient_id": np.array([f"p{number}" for number in patient], dtype=object),
        "visit_id": np.array([f"v{number}" for number in range(len(patient))], dtype=object),
    }
    ages = {"age_at_enrolment_y": enrolled, "age_at_onset_y": onset}
    return ids | {name: times[name] for name in _CLOCKS if name in clocks} | ages


def _dates(weeks: np.ndarray) -> np.ndarray:
    return (_FIRST_DAY + (7 * weeks).astype("timedelta64[D]")).astype(str).astype(object)


def _given(visits: pd.DataFrame, of_visit: np.ndarray, weeks: np.ndarray, cells: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return treatments of the patients of these visits, timed by every clock."""
    enrolled = visits["age_at_enrolment_y"].to_numpy(float) if "age_at_enrolment_y" in visits else np.zeros(len(visits))
    enrolled = np.clip(enrolled, 0.0, 120.0)  # hostile visits may say anything
    own = {
        "patient_id": visits["patient_id"].to_numpy(dtype=object)[of_visit],
        "treatment_date": _dates(weeks),
        "weeks_since_enrolment": weeks,
        "age_at_visit_y": np.round(enrolled[of_visit] + weeks / WEEKS_PER_YEAR, 3),
    }
    return pd.DataFrame(cells | own)


def _filled(column: Column, rows: int, seed: int, *, recorded: float = 0.7) -> np.ndarray:
    """Fill a column with valid values, this share of them recorded, from a stream of its own."""
    stream = np.random.default_rng([seed, crc32(column.name.encode())])
    known = stream.random(rows) < recorded
    if column.kind == "flag":
        return np.where(known, stream.integers(0, 2, rows).astype(float), np.nan)
    if column.kind == "number":
        low, high = max(column.low, -1e6), min(column.high, 1e6)
        return np.where(known, np.round(stream.uniform(low, high, rows), 1), np.nan)
    if column.kind == "category":
        words = np.array(column.categories, dtype=object)
        return np.where(known, words[stream.integers(0, len(words), rows)], "")
    if column.kind == "findings":
        return np.array([_cell(stream, int(stream.integers(0, 6))) for _ in range(rows)], dtype=object)
    if column.kind == "date":
        return np.where(known, _dates(stream.integers(0, 400, rows)), "")
    return np.where(known, np.array(["one", "two"], dtype=object)[stream.integers(0, 2, rows)], "")


def _cell(stream: np.random.Generator, count: int) -> str:
    """Join terms, half of them of the panel."""
    panel, terms = _terms()
    chosen = [
        (panel, terms)[side][int(stream.random() * len((panel, terms)[side]))] for side in stream.integers(0, 2, count)
    ]
    marks = stream.integers(0, 2, count)
    return "|".join(("!" if mark else "") + term for mark, term in zip(marks, dict.fromkeys(chosen), strict=False))


@cache
def _terms() -> tuple[list[str], list[str]]:
    return list(FINDINGS_PANEL), sorted(load_ontology().parents)
