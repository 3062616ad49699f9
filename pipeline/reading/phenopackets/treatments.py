"""Medical actions as rows of our table of treatments.

What was given is told by our own id, or else by words of the label: ``botulinum`` anywhere in the label of an agent is
botulinum toxin. Whatever is not among our kinds of treatment is noted.
"""

from __future__ import annotations

from typing import Any

from pipeline.reading.phenopackets.elements import LOCAL, Left, local_name, part, parts, string
from pipeline.reading.phenopackets.times import BadTime, read_day, read_time
from pipeline.vocabulary import REGIONS, TREATMENT_KINDS

_WORDS = {
    "botulinum": "botulinum_toxin",
    "onabotulinumtoxin": "botulinum_toxin",
    "abobotulinumtoxin": "botulinum_toxin",
    "incobotulinumtoxin": "botulinum_toxin",
    "rimabotulinumtoxin": "botulinum_toxin",
    "anticholinergic": "anticholinergic",
    "trihexyphenidyl": "anticholinergic",
    "benztropine": "anticholinergic",
    "benzatropine": "anticholinergic",
    "biperiden": "anticholinergic",
    "procyclidine": "anticholinergic",
    "clonazepam": "clonazepam",
    "baclofen": "baclofen",
    "levodopa": "levodopa",
    "l-dopa": "levodopa",
    "denervation": "denervation",
    "deep brain stimulation": "dbs",
    "placebo": "placebo",
}
"""Words of a label, in lower case, with the kind of treatment that they name."""

_TOXIN_UNITS = ("u", "unit", "units", "[arb'u]")


def treatment_rows(packet: dict[str, Any], left: Left, born: str) -> list[dict[str, str]]:
    """Return a row for each dose interval of a treatment, and for each procedure.

    Parameters
    ----------
    packet : dict
    left : Left
        Gets what is not read.
    born : str
        Date of birth, where it is known.
    """
    rows: list[dict[str, str]] = []
    for action in parts(packet, "medicalActions"):
        treatment, procedure = part(action, "treatment"), part(action, "procedure")
        given = part(treatment, "agent") or part(procedure, "code")
        kind = kind_of(given)
        if kind is None:
            left.note("medicalActions")
            continue
        left.beside(action, "medicalActions", "treatment procedure treatmentTarget")
        region = _region(action, procedure, left)
        times = _doses(treatment, kind, left) if treatment else [_performed(procedure, left, born)]
        label = string(part(treatment, "agent").get("label") or "") if treatment else ""
        drug = "" if label == given["id"] else label
        rows += [{"kind": kind, "region": region, "drug": drug, **time} for time in times]
    return rows


def kind_of(given: dict[str, Any]) -> str | None:
    """Return the kind of treatment that an agent or a procedure is; None where it is none of ours.

    Examples
    --------
    >>> kind_of({"id": "DrugCentral:1", "label": "Trihexyphenidyl hydrochloride"})
    'anticholinergic'
    >>> kind_of({"id": "DrugCentral:2", "label": "ibuprofen"}) is None
    True
    """
    if not given:
        return None
    term, label = string(given["id"]), string(given.get("label") or "").casefold()
    if term.startswith(LOCAL):
        ours = local_name(term)
        return ours if ours in ("", *TREATMENT_KINDS) else None
    found = {kind for word, kind in _WORDS.items() if word in label and kind in TREATMENT_KINDS}
    return found.pop() if len(found) == 1 else None


def _region(action: dict[str, Any], procedure: dict[str, Any], left: Left) -> str:
    """Return the region treated: by our own id of the target, or a body site of that name."""
    target, site = part(action, "treatmentTarget"), part(procedure, "bodySite")
    ours = local_name(target.get("id")).removeprefix("dystonia_")
    if target and ours not in REGIONS:
        left.note("medicalActions.treatmentTarget")
    named = string(site.get("label") or "").casefold().replace(" ", "_")
    if site and named not in REGIONS:
        left.note("medicalActions.procedure.bodySite")
    return ours if ours in REGIONS else named if named in REGIONS else ""


def _doses(treatment: dict[str, Any], kind: str, left: Left) -> list[dict[str, str]]:
    path = "medicalActions.treatment"
    left.beside(treatment, path, "agent doseIntervals")
    rows = []
    for dose in parts(treatment, "doseIntervals") or [{}]:
        left.beside(dose, f"{path}.doseIntervals", "quantity interval")
        rows.append({"dose_toxin_units": _dose(dose, kind, left), "treatment_date": _begin(dose, left)})
    return rows


def _dose(dose: dict[str, Any], kind: str, left: Left) -> str:
    quantity = part(dose, "quantity")
    if not quantity:
        return ""
    unit = part(quantity, "unit")
    spelled = [str(unit.get(name, "")).removeprefix("UCUM:").casefold() for name in ("id", "label")]
    if kind == "botulinum_toxin" and any(text in _TOXIN_UNITS for text in spelled):
        return number(quantity.get("value", 0.0))
    left.note("medicalActions.treatment.doseIntervals.quantity")
    return ""


def number(value: Any) -> str:
    """Return a number as text; JSON may spell one as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    return value if isinstance(value, str) else repr(value)


def _begin(dose: dict[str, Any], left: Left) -> str:
    interval = part(dose, "interval")
    if not interval.get("start"):
        return ""
    try:
        begin = read_day(interval["start"])
        if interval.get("end") and read_day(interval["end"]) != begin:
            left.note("medicalActions.treatment.doseIntervals.interval.end")
    except BadTime:
        left.note("medicalActions.treatment.doseIntervals.interval")
        return ""
    return begin


def _performed(procedure: dict[str, Any], left: Left, born: str) -> dict[str, str]:
    left.beside(procedure, "medicalActions.procedure", "code bodySite performed")
    try:
        time = read_time(procedure.get("performed"), born)
    except BadTime:
        time = None
    if time is None or (procedure.get("performed") and not (time.is_age or time.day)):
        left.note("medicalActions.procedure.performed")
        return {}
    if time.is_range:
        left.note("medicalActions.procedure.performed", "AGE_RANGE")
    return {"treatment_date": time.day, "age_at_visit_y": repr(time.age_y) if time.is_age else ""}
