"""The declarations hold together: names, units, codes, and what a model may see of them."""

import re

import numpy as np
import pandas as pd
import pytest

from pipeline.features.catalogue import CATALOGUE
from pipeline.features.probes import probe_cohort
from pipeline.features.table import build
from pipeline.ontology import load_ontology
from pipeline.records import Cohort
from pipeline.schema import TABLES, VISIT_DETAILS, VISITS
from pipeline.units import Unit

COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]
IDS = [f"{table}-{column.name}" for table, column in COLUMNS]


@pytest.mark.parametrize("table", TABLES)
def test_names_stand_once_in_a_table(table):
    names = [column.name for column in TABLES[table]]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=IDS)
def test_a_declaration_is_whole(table, column):
    assert re.fullmatch(r"[^|\n]+\.|[^\n]*\|[^\n]*\.", column.meaning)
    assert column.low <= column.high
    assert (column.kind == "category") == bool(column.categories)
    assert len(set(column.categories)) == len(column.categories)
    assert set(column.defines) <= {"phenotype", "aetiology"}
    if column.kind != "number":
        assert (column.unit, column.ucum) == (Unit.NONE, "")
        assert (column.low, column.high) == (-np.inf, np.inf)
    assert not (column.ucum and column.unit)


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=IDS)
def test_a_number_is_in_a_unit_that_its_name_tells(table, column):
    """The wrong unit is seen where the name is, not in a manual."""
    if column.kind != "number":
        return
    ends = {"mg/dL": "mg_per_dl", "ug/(24.h)": "ug_per_day", "mg/d": "daily_dose_mg", "mA": "ma"}
    suffix = ends.get(column.ucum, column.ucum) or column.unit
    assert suffix
    assert column.name.endswith(suffix) or column.name.startswith(f"{suffix}_since")


def test_codes_are_current_terms_and_name_one_column_each():
    coded = {column.name: column.code for column in TABLES["visits"] if column.code}
    assert all(load_ontology().current(code) == code for code in coded.values())
    assert len(set(coded.values())) == len(coded)


def test_modelled_columns_and_details_are_apart():
    assert set(TABLES["visits"]) == {*VISITS, *VISIT_DETAILS}
    assert len(TABLES["visits"]) == len(VISITS) + len(VISIT_DETAILS)


def test_every_guarded_column_reaches_a_feature():
    """A clinic fills in no column for nothing: what is not kept as a detail says something to a model.

    Recorded alone it gives a feature a value, or among others its absence changes one. What only says whose and which
    visit it is, or groups people, is left out.
    """
    probe = probe_cohort()
    records = [feature for feature in CATALOGUE if feature.spec.level == "record"]
    whole = build(probe, records, map=map)
    silent = set()
    for column in VISITS:
        one = pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}).assign(**{column.name: [_some_value(column)]})
        if not build(Cohort(one), records, map=map).isna().all(axis=None) or column.name not in probe.visits:
            continue
        emptied = probe.visits.assign(**{column.name: np.nan if column.kind in ("flag", "number") else ""})
        if build(Cohort(emptied, probe.treatments), records, map=map).equals(whole):
            silent.add(column.name)
    assert silent == {"visit_id", "centre", "publication"}


def _some_value(column):
    if column.kind in ("flag", "number"):
        return min(max(column.low, 1.0), column.high)
    return {"date": "2024-04-03", "findings": "HP:0001337"}.get(column.kind, (column.categories or ("x",))[0])


def test_no_feature_reads_a_detail():
    """Details are not guarded by `visible`: one that becomes a feature has to move to `VISITS` first."""
    probe = probe_cohort()
    details = {}
    for column in VISIT_DETAILS:
        value = 1.0 if column.kind in ("flag", "number") else (column.categories or ("2020-01-01",))[0]
        details[column.name] = np.full(len(probe.visits), value, dtype=None if isinstance(value, float) else object)
    visits = pd.concat([probe.visits, pd.DataFrame(details)], axis=1)
    records = [feature for feature in CATALOGUE if feature.spec.level == "record"]
    with_details = build(Cohort(visits, probe.treatments), records, map=map)
    without = build(Cohort(probe.visits, probe.treatments), records, map=map)
    pd.testing.assert_frame_equal(with_details, without)
