"""A cohort as phenopackets: one visit, one packet; the treatments of a patient in the packet of the first visit.

A flag with an HPO code is a feature of that term, which any reader understands, and its description names our column; a
number or a category is a measurement whose assay is our column. Ids that no ontology has begin with
``dystonia-pipeline:``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.cohort_files.limits import DETAILS, PROCEDURES, carried_columns, not_carried
from pipeline.errors import UsageError
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.ontology import load_ontology
from pipeline.reading.phenopackets import ANY_DISEASE, LOCAL, MAKER, duration, time_element, timestamp, ucum
from pipeline.records import Cohort, Column
from pipeline.writing import create_private

_OF_THE_PERSON = ("patient_id", "visit_id", "visit_date", "age_at_visit_y", "age_at_onset_y", "sex", "vital_status")
_SEXES = {"female": "FEMALE", "male": "MALE", "": "UNKNOWN_SEX"}
_VITAL = {"alive": "ALIVE", "deceased": "DECEASED"}


def write_phenopackets(cohort: Cohort, path: Path, *, created: datetime | None = None) -> None:
    """Write a packet a line to a new ``.jsonl`` file that only its owner can read.

    What phenopackets can't carry is left out: `not_carried` names it.

    Parameters
    ----------
    cohort : Cohort
    path : Path
    created : datetime, optional
        Goes into every packet; now, if left out.

    Raises
    ------
    UsageError
        If the file is called otherwise.
    OSError
        If a file is there already, or cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "cases.jsonl"
    >>> write_phenopackets(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"], "tremor": [0.0]})), path)
    >>> json.loads(path.read_text())["phenotypicFeatures"][0]["type"]
    {'id': 'HP:0001337', 'label': 'tremor'}
    """
    if path.suffix != ".jsonl":
        raise UsageError(path.name, "phenopackets are written a line each", do="Name the file with .jsonl")
    with create_private(path) as file:
        for packet in packets_of(cohort, created or datetime.now(UTC)):
            file.write(json.dumps(packet, ensure_ascii=False).encode() + b"\n")


def packets_of(cohort: Cohort, created: datetime) -> Iterator[dict[str, Any]]:
    """Make the packets of a cohort, in the order of its visits."""
    columns = carried_columns(cohort)
    actions = _actions(cohort)
    about = _metadata(created, synthetic=cohort.synthetic)
    for row in _rows(cohort.visits[[column.name for column in columns]]):
        patient = row["patient_id"]
        packet = {
            "id": f"{patient}/{row.get('visit_id', '')}",
            "subject": _subject(row),
            "phenotypicFeatures": [*_findings(row), *_flags(row, columns)],
            "measurements": list(_measurements(row, columns)),
            "diseases": _diseases(row),
            "medicalActions": actions.pop(patient, []),
            "metaData": about | {"externalReferences": [{"id": row["publication"]}] if row.get("publication") else []},
        }
        kept = "medicalActions" if "kind" in cohort.treatments else ""  # an empty list says that none was given
        yield {name: value for name, value in packet.items() if value != [] or name == kept}


def _rows(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in table]
    return (dict(zip(names, cells, strict=True)) for cells in table.itertuples(index=False, name=None))


def _subject(row: dict[str, Any]) -> dict[str, Any]:
    subject: dict[str, Any] = {"id": row["patient_id"], "sex": _SEXES[row.get("sex", "")]}
    age, day = row.get("age_at_visit_y"), row.get("visit_date")
    if _is_number(age):
        subject["timeAtLastEncounter"] = _age(age)
    elif day:
        subject["timeAtLastEncounter"] = {"timestamp": timestamp(day)}
    if row.get("vital_status"):
        subject["vitalStatus"] = {"status": _VITAL[row["vital_status"]]}
    return subject


def _is_number(value: float | None) -> bool:
    return value is not None and not math.isnan(value)


def _age(years: Any) -> dict[str, Any]:
    return {"age": {"iso8601duration": duration(years)}}


def _diseases(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Say the onset, of a disease that is not named."""
    onsets = [_age(row["age_at_onset_y"])] if _is_number(row.get("age_at_onset_y")) else []
    if told := row.get("onset_described"):
        onsets.append(time_element(told) or {})
    return [{"term": _class(ANY_DISEASE, "disease"), "onset": onset} for onset in onsets]


def _class(term: str, label: str = "") -> dict[str, str]:
    return {"id": term, "label": label or FINDINGS_PANEL.get(term, term)}


def _findings(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    details = {element: _by_term(row.get(name, "")) for name, element in DETAILS.items()}
    cell = row.get("findings", "")
    for mark in cell.split("|") if cell else []:
        term = mark.removeprefix("!")
        feature: dict[str, Any] = {"type": _class(term)}
        if mark.startswith("!"):
            feature["excluded"] = True
        for value in details["onset"].get(term, []):
            feature["onset"] = time_element(value)
        for value in details["severity"].get(term, []):
            feature["severity"] = _class(value)
        if term in details["modifiers"]:
            feature["modifiers"] = [_class(value) for value in details["modifiers"][term]]
        yield feature


def _by_term(cell: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for detail in cell.split("|") if cell else []:
        term, _, value = detail.partition("=")
        found.setdefault(term, []).append(value)
    return found


def _flags(row: dict[str, Any], columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    for column in columns:
        if column.kind == "flag" and _is_number(row[column.name]):
            coded = column.code.startswith("HP:")
            term = _class(column.code) if coded else _class(LOCAL + column.name, column.meaning)
            feature: dict[str, Any] = {"type": term, "description": LOCAL + column.name}
            yield feature if row[column.name] == 1.0 else feature | {"excluded": True}


def _measurements(row: dict[str, Any], columns: Sequence[Column]) -> Iterator[dict[str, Any]]:
    for column in columns:
        value, assay = row[column.name], _class(LOCAL + column.name, column.meaning)
        if column.name in _OF_THE_PERSON:
            continue
        if column.kind == "number" and _is_number(value):
            unit = {"id": f"UCUM:{ucum(column)}", "label": ucum(column)}
            yield {"assay": assay, "value": {"quantity": {"unit": unit, "value": float(value)}}}
        elif column.kind == "category" and value:
            yield {"assay": assay, "value": {"ontologyClass": _class(LOCAL + value, value)}}


def _actions(cohort: Cohort) -> dict[str, list[dict[str, Any]]]:
    """Make the medical actions of each patient, in their order."""
    left = {column for table, column in not_carried(cohort, "phenopackets") if table == "treatments"}
    made: dict[str, list[dict[str, Any]]] = {}
    if cohort.treatments.empty or "kind" not in cohort.treatments:
        return made
    for row in _rows(cohort.treatments.drop(columns=sorted(left))):
        made.setdefault(row["patient_id"], []).append(_action(row))
    return made


def _action(row: dict[str, Any]) -> dict[str, Any]:
    kind, day, region = row["kind"], row.get("treatment_date"), row.get("region")
    given = {"id": LOCAL + kind, "label": row.get("drug") or LOCAL + kind}
    action: dict[str, Any] = {}
    if kind in PROCEDURES:
        action["procedure"] = {"code": given} | ({"performed": {"timestamp": timestamp(day)}} if day else {})
    else:
        dose: dict[str, Any] = {"interval": {"start": timestamp(day), "end": timestamp(day)}} if day else {}
        if _is_number(row.get("dose_toxin_units")):
            unit = {"id": "UCUM:[arb'U]", "label": "unit"}
            dose["quantity"] = {"unit": unit, "value": float(row["dose_toxin_units"])}
        action["treatment"] = {"agent": given} | ({"doseIntervals": [dose]} if dose else {})
    if region:
        action["treatmentTarget"] = _class(f"{LOCAL}dystonia_{region}", f"dystonia of the {region.replace('_', ' ')}")
    return action


def _metadata(created: datetime, *, synthetic: bool) -> dict[str, Any]:
    """Say who made it, when, and whose ids it uses."""
    hpo = {
        "id": "hp",
        "name": "human phenotype ontology",
        "url": "http://purl.obolibrary.org/obo/hp.owl",
        "version": load_ontology().release,
        "namespacePrefix": "HP",
        "iriPrefix": "http://purl.obolibrary.org/obo/HP_",
    }
    ours = {"id": MAKER, "name": "columns and words of dystonia-pipeline", "namespacePrefix": LOCAL.removesuffix(":")}
    about = {
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "createdBy": MAKER,
        "resources": [hpo, ours],
        "phenopacketSchemaVersion": "2.0",
    }
    return about | ({"submittedBy": f"{MAKER}: synthetic, no patient"} if synthetic else {})
