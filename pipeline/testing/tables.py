"""Tables of visits and treatments, made from the declared columns, and cohorts of them.

Valid input only. A few numbers and one seed are drawn, and every cell is filled from a stream of its own patient or
column: a draw takes milliseconds, and shrinks to few patients and few columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.records import Cohort, Column
from pipeline.rules import contradictions, derived_totals
from pipeline.schema import OUTCOMES, TABLES, TREATMENTS
from pipeline.testing.recordings import recordings as draw_recording
from pipeline.units import WEEKS_PER_YEAR
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, pair_is_allowed

_CLOCKS = ("weeks_since_enrolment", "visit_date", "age_at_visit_y")
_OWN = ("patient_id", "visit_id", *_CLOCKS, "age_at_enrolment_y", "age_at_onset_y")
_OPTIONAL = tuple(column for column in TABLES["visits"] if column.name not in _OWN)
_PAIRS = [(one, other) for one in PHENOTYPES for other in AETIOLOGIES if pair_is_allowed(one, other)]
_FIRST_DAY = np.datetime64("2015-01-01")
_LAST_ONSET_Y, _LAST_WEEK = 60.0, 500.0


@st.composite
def findings_cells(draw: st.DrawFn, *, max_terms: int = 6) -> str:
    """Draw a cell of findings: HPO terms joined with ``|``, excluded ones with ``!``; maybe none.

    Terms of the panel and any others of the ontology; they may contradict each other.
    """
    count, seed = draw(st.integers(0, max_terms)), draw(st.integers(0, 2**32 - 1))
    return _cell(np.random.default_rng(seed), count)


@st.composite
def visits(draw: st.DrawFn, *, max_patients: int = 4, max_visits: int = 3, min_patients: int = 1) -> pd.DataFrame:
    """Draw a table of visits as the reader hands it on.

    Ids, one clock at least where a patient has several visits, and a random share of the other columns: nothing that
    rules find contradictory, but findings may be. Visits of a patient stand in any order.

    Parameters
    ----------
    max_patients, max_visits, min_patients : int
        Patients, and visits of each.
    """
    counts = draw(st.lists(st.integers(1, max_visits), min_size=min_patients, max_size=max_patients))
    clocks = draw(st.lists(st.sampled_from(_CLOCKS), min_size=1, max_size=3, unique=True))
    seed, share = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from((0.0, 0.1, 0.5, 1.0)))
    stream = np.random.default_rng(seed)
    patient = np.repeat(np.arange(len(counts)), counts)
    table = _timed(stream, patient, clocks)
    for column, drawn in zip(_OPTIONAL, stream.random(len(_OPTIONAL)), strict=True):
        if drawn < share:
            table[column.name] = _filled(column, len(patient), stream)
    order = stream.permutation(len(patient))
    table = {"source": np.full(len(patient), "drawn", dtype=object), "row": np.arange(len(patient))} | {
        name: values[order] for name, values in table.items()
    }
    return _consistent(pd.DataFrame(table))


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
) -> Cohort:
    """Draw a cohort of valid records.

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
    """
    table = draw(visits(max_patients=max_patients, max_visits=max_visits, min_patients=min_patients))
    given = pd.DataFrame()
    if treatments and draw(st.booleans()):
        given = _treatments(table, draw(st.integers(0, 6)), draw(st.integers(0, 2**32 - 1)))
    taken = []
    for number in range(draw(st.integers(0, recordings)) if len(table) else 0):
        row = draw(st.integers(0, len(table) - 1))
        ids = {"patient_id": table["patient_id"][row], "visit_id": table["visit_id"][row]}
        taken.append(draw(draw_recording(recording_id=f"r{number}", **ids)))
    truth = _outcomes(table, draw(st.integers(0, 2**32 - 1))) if outcomes else pd.DataFrame()
    return Cohort(table, given, tuple(taken), truth)


def _consistent(table: pd.DataFrame) -> pd.DataFrame:
    """Blank what contradicts the rest of its visit, and derive totals from their items as the reader does."""
    while found := [each for each in contradictions(table) if each.where.any()]:
        for each in found:
            cells = table[each.column]
            table[each.column] = cells.mask(each.where, np.nan if cells.dtype.kind in "fi" else "")
    return derived_totals(table)


def _timed(stream: np.random.Generator, patient: np.ndarray, clocks: Sequence[str]) -> dict[str, np.ndarray]:
    """Ids, the clocks and the ages that agree with them."""
    patients = int(patient.max()) + 1 if len(patient) else 0
    onset = np.round(stream.uniform(0, _LAST_ONSET_Y, patients), 1)[patient]
    enrolled = onset + np.round(stream.uniform(0, 20, patients), 1)[patient]
    weeks = np.round(stream.uniform(0, _LAST_WEEK, len(patient)))
    times = {
        "weeks_since_enrolment": weeks,
        "visit_date": (_FIRST_DAY + (7 * weeks).astype("timedelta64[D]")).astype(str).astype(object),
        "age_at_visit_y": np.round(enrolled + weeks / WEEKS_PER_YEAR, 3),
    }
    ids = {
        "patient_id": np.array([f"p{number}" for number in patient], dtype=object),
        "visit_id": np.array([f"v{number}" for number in range(len(patient))], dtype=object),
    }
    ages = {"age_at_enrolment_y": enrolled, "age_at_onset_y": onset}
    return ids | {name: times[name] for name in _CLOCKS if name in clocks} | ages


def _filled(column: Column, rows: int, stream: np.random.Generator) -> np.ndarray:
    """Fill a column with valid values, some of them not recorded."""
    recorded = stream.random(rows) < 0.7
    if column.kind == "flag":
        return np.where(recorded, stream.integers(0, 2, rows).astype(float), np.nan)
    if column.kind == "number":
        low, high = max(column.low, -1e6), min(column.high, 1e6)
        return np.where(recorded, np.round(stream.uniform(low, high, rows), 1), np.nan)
    if column.kind == "category":
        return np.where(
            recorded, np.array(column.categories, dtype=object)[stream.integers(0, len(column.categories), rows)], ""
        )
    if column.kind == "findings":
        return np.array([_cell(stream, int(stream.integers(0, 6))) for _ in range(rows)], dtype=object)
    if column.kind == "date":
        days = _FIRST_DAY + stream.integers(0, 3000, rows).astype("timedelta64[D]")
        return np.where(recorded, days.astype(str).astype(object), "")
    return np.where(recorded, np.array(["one", "two"], dtype=object)[stream.integers(0, 2, rows)], "")


def _treatments(table: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Make treatments of the patients, timed by each clock that the visits have."""
    stream = np.random.default_rng(seed)
    rows = rows if len(table) else 0
    of_visit = stream.integers(0, max(len(table), 1), rows)
    given = {"patient_id": table["patient_id"].to_numpy(dtype=object)[of_visit]}
    weeks = np.round(stream.uniform(0, _LAST_WEEK, rows))
    for column in TREATMENTS:
        if column.name not in given:
            given[column.name] = _filled(column, rows, stream)
    given["weeks_since_enrolment"] = weeks
    given["treatment_date"] = (_FIRST_DAY + (7 * weeks).astype("timedelta64[D]")).astype(str).astype(object)
    enrolled = table["age_at_enrolment_y"].to_numpy(dtype=float)[of_visit]
    given["age_at_visit_y"] = np.round(enrolled + weeks / WEEKS_PER_YEAR, 3)
    return pd.DataFrame(given)


def _outcomes(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Make labels that go together, and an interval of spread that is open in half of the patients."""
    stream, rows = np.random.default_rng(seed), len(table)
    pairs = [_PAIRS[number] for number in stream.integers(0, len(_PAIRS), rows)]
    left = np.round(stream.uniform(0, 10, rows), 2)
    told = {column.name: _filled(column, rows, stream) for column in OUTCOMES}
    return pd.DataFrame(
        told
        | {
            "patient_id": table["patient_id"],
            "visit_id": table["visit_id"],
            "phenotype": np.array([pair[0] for pair in pairs], dtype=object),
            "aetiology": np.array([pair[1] for pair in pairs], dtype=object),
            "spread_left_y": left,
            "spread_right_y": np.where(stream.random(rows) < 0.5, left + 1.0, np.nan),
        }
    )


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
