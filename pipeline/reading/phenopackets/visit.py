"""One packet as the cells of one visit, with what it holds beside them."""

from __future__ import annotations

from typing import Any

from pipeline.reading.phenopackets.elements import (
    ANY_DISEASE,
    MAKER,
    Left,
    flag,
    is_unit,
    local_name,
    part,
    parts,
    string,
    term_of,
)
from pipeline.reading.phenopackets.times import BadTime, Time, read_day, read_time
from pipeline.reading.phenopackets.treatments import number
from pipeline.schema import TABLES

_SEXES = {"FEMALE": "female", "MALE": "male", "UNKNOWN_SEX": "", "": ""}
_VITAL = {"ALIVE": "alive", "DECEASED": "deceased"}
_COLUMNS = {column.name: column for column in TABLES["visits"]}
_BY_CODE = {column.code: column for column in reversed(TABLES["visits"]) if column.kind == "number" and column.code}


def ids_of(packet: dict[str, Any]) -> dict[str, str]:
    """Return patient and visit: both the packet's id, unless we wrote the packet.

    A subject's id repeats between publications ("patient 1"), so packets of one subject are not put together. In those
    that we wrote, the packet's id is the subject's, a slash and the visit's.
    """
    packet_id = string(packet["id"])
    subject = part(packet, "subject").get("id")
    ours = part(packet, "metaData").get("createdBy") == MAKER
    if ours and isinstance(subject, str) and subject and packet_id.startswith(f"{subject}/"):
        return {"patient_id": subject, "visit_id": packet_id.removeprefix(f"{subject}/")}
    return {"patient_id": packet_id, "visit_id": packet_id}


def born_on(packet: dict[str, Any]) -> str:
    """Return the date of birth; empty where there is none, or what stands there is none."""
    found = part(packet, "subject").get("dateOfBirth")
    try:
        return read_day(found) if found else ""
    except BadTime:
        return ""


def visit_cells(packet: dict[str, Any], left: Left) -> dict[str, str]:
    """Return the cells of a visit by column, without the ids.

    Raises
    ------
    BadTime
        If the time of the encounter or of an onset can't be read.
    AttributeError, KeyError, TypeError
        If the packet is not built as the standard says.
    """
    born = born_on(packet)
    left.beside(packet, "", "id subject phenotypicFeatures measurements diseases medicalActions metaData")
    references = parts(part(packet, "metaData"), "externalReferences")
    return {
        **_person(part(packet, "subject"), born, left),
        **_onset(parts(packet, "diseases"), born, left),
        "publication": string(references[0].get("id") or "") if references else "",
        "gene": _gene(parts(packet, "interpretations")),
        **_features(parts(packet, "phenotypicFeatures"), left),
        **_measured(parts(packet, "measurements"), left),
    }


def _person(subject: dict[str, Any], born: str, left: Left) -> dict[str, str]:
    left.beside(subject, "subject", "id alternateIds dateOfBirth timeAtLastEncounter vitalStatus sex")
    sex = subject.get("sex") or ""
    if sex not in _SEXES:
        left.note("subject.sex")
    status = part(subject, "vitalStatus")
    left.beside(status, "subject.vitalStatus", "status")
    seen = read_time(subject.get("timeAtLastEncounter"), born)
    _say_range(seen, "subject.timeAtLastEncounter", left)
    if subject.get("timeAtLastEncounter") and not (seen.day or seen.is_age):
        left.note("subject.timeAtLastEncounter")
    return {
        "sex": _SEXES.get(sex, ""),
        "age_at_visit_y": _years(seen),
        "visit_date": seen.day,
        "vital_status": _VITAL.get(status.get("status") or "", ""),
    }


def _onset(diseases: list[dict[str, Any]], born: str, left: Left) -> dict[str, str]:
    """Return the first onset that is an age, and the first that is told otherwise, of diseases that were found.

    With them goes the first disease that has a MONDO code.
    """
    times, code = [], ""
    for disease in diseases:
        left.beside(disease, "diseases", "term excluded onset")
        term = term_of(part(disease, "term")) if disease.get("term") else ""
        found = not flag(disease, "excluded")
        if found and term.startswith("MONDO:") and term != ANY_DISEASE and not code:
            code = term
        elif term != ANY_DISEASE:
            left.note("diseases.term")
        if found:
            times.append(read_time(disease.get("onset"), born))
    aged = next((time for time in times if time.is_age), Time())
    _say_range(aged, "diseases.onset", left)
    told = (time.text for time in times if time.text and (time.is_range or not time.is_age))
    return {"age_at_onset_y": _years(aged), "onset_described": next(told, ""), "disease_code": code}


def _gene(interpretations: list[dict[str, Any]]) -> str:
    """Return the genes whose variants are held to be the cause, joined with ``|``."""
    genes = {}
    for interpretation in interpretations:
        for found in parts(part(interpretation, "diagnosis"), "genomicInterpretations"):
            variant = part(part(found, "variantInterpretation"), "variationDescriptor")
            symbol = (part(variant, "geneContext") or part(found, "gene")).get("symbol")
            if found.get("interpretationStatus") == "CAUSATIVE" and symbol:
                genes[string(symbol)] = None
    return "|".join(genes)


def _say_range(time: Time, element: str, left: Left) -> None:
    if time.is_range and time.is_age:
        left.note(element, "AGE_RANGE")


def _years(time: Time) -> str:
    return repr(time.age_y) if time.is_age else ""


def _features(features: list[dict[str, Any]], left: Left) -> dict[str, str]:
    """Return findings, their details as ``TERM=DETAIL`` joined with ``|``, and flags of ours."""
    cells: dict[str, list[str]] = {
        name: [] for name in ("findings", "findings_onset", "findings_severity", "findings_modifiers")
    }
    flags = {}
    for feature in features:
        excluded, term = flag(feature, "excluded"), term_of(part(feature, "type"))
        if "negated" in feature:
            raise TypeError  # of version 1, where it says what `excluded` says: observed would be the opposite
        ours = local_name(feature.get("description")) or local_name(term)
        if ours in _COLUMNS and _COLUMNS[ours].kind == "flag":
            flags[ours] = "no" if excluded else "yes"
            continue
        left.beside(feature, "phenotypicFeatures", "type excluded severity modifiers onset")
        if not term:
            left.note("phenotypicFeatures.type")
            continue
        cells["findings"].append(("!" if excluded else "") + term)
        for name, details in _details(feature, left).items():
            cells[name] += [f"{term}={detail}" for detail in details]
    return {name: "|".join(found) for name, found in cells.items()} | flags


def _details(feature: dict[str, Any], left: Left) -> dict[str, list[str]]:
    found = {
        "findings_severity": [part(feature, "severity")] if feature.get("severity") else [],
        "findings_modifiers": parts(feature, "modifiers"),
    }
    details = {name: [term_of(each) for each in classes] for name, classes in found.items()}
    for name, terms in details.items():
        if "" in terms:
            left.note(f"phenotypicFeatures.{name.removeprefix('findings_')}")
    try:
        onset = read_time(feature.get("onset")).text
    except BadTime:
        onset = ""
    if feature.get("onset") and not onset:
        left.note("phenotypicFeatures.onset")
    details["findings_onset"] = [onset]
    return {name: [term for term in terms if term] for name, terms in details.items()}


def _measured(measurements: list[dict[str, Any]], left: Left) -> dict[str, str]:
    """Return the measurements that a column of ours stands for, by its code or name, in the column's unit."""
    cells: dict[str, str] = {}
    for measurement in measurements:
        left.beside(measurement, "measurements", "assay value")
        assay = string(part(measurement, "assay")["id"])
        column = _COLUMNS.get(local_name(assay)) or _BY_CODE.get(assay)
        value = part(measurement, "value")
        cell = ""
        if column is not None and column.name not in cells and column.kind == "number" and value.get("quantity"):
            quantity = part(value, "quantity")
            cell = number(quantity.get("value", 0.0)) if is_unit(part(quantity, "unit"), column) else ""
        elif column is not None and column.name not in cells and column.kind == "category":
            cell = local_name(part(value, "ontologyClass").get("id"))
        if column is None or not cell:
            left.note("measurements")
        else:
            cells[column.name] = cell
    return cells
