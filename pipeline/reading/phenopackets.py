"""GA4GH phenopackets (version 2) as raw batches of visits: one packet, one visit record.

Source: Jacobsen et al. 2022, Nat Biotechnol 40:817; the schema's elements are named as there. An observed term is
written as it stands, an excluded one with ``!`` before it. The patient is the packet's id (a subject's id repeats
between publications), the publication the first external reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import ContractError
from pipeline.units import iso_duration_years

_BATCH = 5_000
_SEXES = {"FEMALE": "female", "MALE": "male"}
_COLUMNS = ("problem", "patient_id", "visit_id", "sex", "age_at_visit_y", "age_at_onset_y", "publication", "findings")


def read(path: Path, name: str) -> Iterator[pa.Table]:
    """Read one packet (``.json``), or one a line (``.jsonl``).

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and columns of our visits, as text; a line that is no phenopacket has the
        problem ``NOT_A_PHENOPACKET``.
    """
    numbered = enumerate(_packets(path, name), start=1)
    batch = list(islice(numbered, _BATCH))
    while True:
        rows = [_checked(_visit(packet)) for _, packet in batch]
        columns = {key: pa.array([row.get(key, "") for row in rows], pa.string()) for key in _COLUMNS}
        keys = {
            "source": pa.array([name] * len(rows), pa.string()),
            "row": pa.array([number for number, _ in batch], pa.int64()),
        }
        yield pa.table({**keys, **columns})
        batch = list(islice(numbered, _BATCH))
        if not batch:
            return


def _packets(path: Path, name: str) -> Iterator[Any]:
    """Parse the packets; None for a line that is not JSON."""
    if path.suffix == ".json":
        packet = _parsed(path.read_bytes())
        if packet is None:
            raise ContractError(name, "not JSON", needed="one phenopacket is read from a .json file", code="CORRUPT")
        yield packet
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield _parsed(line)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _checked(row: dict[str, str]) -> dict[str, str]:
    """Keep what can be held as text; JSON can spell what is none (a NUL, half a surrogate pair)."""
    cells = "".join(row.values())
    if "\0" in cells:
        return {"problem": "NUL_BYTE"}
    return row if cells.isascii() or _is_text(cells) else {"problem": "ENCODING"}


def _is_text(cells: str) -> bool:
    try:
        cells.encode()
    except UnicodeEncodeError:
        return False
    return True


def _visit(packet: Any) -> dict[str, str]:
    """Columns of a visit from one packet; only a problem where it is none."""
    try:
        subject = packet.get("subject") or {}
        features = packet.get("phenotypicFeatures") or []
        onsets = [disease.get("onset") for disease in packet.get("diseases") or []]
        references = (packet.get("metaData") or {}).get("externalReferences") or []
        return {
            "patient_id": _string(packet["id"]),
            "visit_id": packet["id"],
            "sex": _SEXES.get(subject.get("sex", ""), ""),
            "age_at_visit_y": _age(subject.get("timeAtLastEncounter")),
            "age_at_onset_y": next((age for onset in onsets if (age := _age(onset))), ""),
            "publication": _string(references[0]["id"]) if references else "",
            "findings": "|".join(_finding(feature) for feature in features),
        }
    except ValueError:
        return {"problem": "DURATION_FORMAT", "patient_id": packet["id"], "visit_id": packet["id"]}
    except (AttributeError, KeyError, TypeError, IndexError):
        return {"problem": "NOT_A_PHENOPACKET"}


def _age(element: Any) -> str:
    """Years of a time element with an age; empty for one of another kind (an ontology class, a date)."""
    if not element or "age" not in element:
        return ""
    return repr(iso_duration_years(element["age"]["iso8601duration"]))


def _finding(feature: dict[str, Any]) -> str:
    excluded = feature.get("excluded", False)
    if not isinstance(excluded, bool):
        raise TypeError
    return ("!" if excluded else "") + _string(feature["type"]["id"])


def _string(element: Any) -> str:
    if not isinstance(element, str):
        raise TypeError
    return element
