"""Files of packets as raw batches of visits, and of treatments.

A ``.jsonl`` file has a packet a line, a ``.json`` file one packet or an array of them. A family counts as its proband
and each relative, a cohort as each member; packets are numbered as they come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import ContractError
from pipeline.reading.phenopackets.elements import Left
from pipeline.reading.phenopackets.times import BadTime
from pipeline.reading.phenopackets.treatments import treatment_rows
from pipeline.reading.phenopackets.visit import born_on, ids_of, visit_cells
from pipeline.schema import TABLES

_BATCH = 5_000
_VISIT = (
    "problem",
    "reader_notes",
    "patient_id",
    "visit_id",
    "sex",
    "age_at_visit_y",
    "age_at_onset_y",
    "publication",
    "findings",
)
_TREATMENT = ("problem", "patient_id", "kind", "treatment_date", "age_at_visit_y", "dose_toxin_units", "region", "drug")
_MISSHAPEN = (AttributeError, KeyError, TypeError, IndexError)

Rows = list[dict[str, str]]


def read(path: Path, name: str) -> Iterator[pa.Table]:
    """Read the visits of a file.

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem``, ``reader_notes`` and columns of our visits, as text; the columns that few
        packets fill are there if one of the batch does. What is no phenopacket has the problem ``NOT_A_PHENOPACKET``.
    """
    order = [column.name for column in TABLES["visits"]]
    for batch in _batches(path, name):
        rows = [_checked(_visit(packet)) for _, packet in batch]
        filled = {key for row in rows for key, cell in row.items() if cell}
        columns = [*_VISIT, *(key for key in order if key in filled and key not in _VISIT)]
        yield _table(name, [number for number, _ in batch], rows, columns)


def read_treatments(path: Path, name: str) -> Iterator[pa.Table]:
    """Read the treatments of a file; a packet that is no visit has none.

    Yields
    ------
    pyarrow.Table
        ``source``, ``row``, ``problem`` and columns of our treatments, as text; the row is that of the packet.
    """
    for batch in _batches(path, name):
        rows = [(number, row) for number, packet in batch for row in _treatments(packet)]
        yield _table(name, [number for number, _ in rows], [row for _, row in rows], _TREATMENT)


def holds_treatments(path: Path) -> bool:
    """Whether a file has medical actions: one without says nothing of treatments, and not that there were none."""
    names, rest = (b'"medicalActions"', b'"medical_actions"'), b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if any(name in rest + block for name in names):
                return True
            rest = block[-32:]
    return False


def _table(name: str, numbers: list[int], rows: Rows, columns: tuple[str, ...] | list[str]) -> pa.Table:
    keys = {"source": pa.array([name] * len(rows), pa.string()), "row": pa.array(numbers, pa.int64())}
    cells = {key: pa.array([row.get(key, "") for row in rows], pa.string()) for key in columns}
    return pa.table({**keys, **cells})


def _batches(path: Path, name: str) -> Iterator[list[tuple[int, Any]]]:
    """Give the packets with their numbers; one batch at least."""
    numbered = enumerate((packet for record in _records(path, name) for packet in _unfolded(record)), start=1)
    batch = list(islice(numbered, _BATCH))
    while True:
        yield batch
        batch = list(islice(numbered, _BATCH))
        if not batch:
            return


def _records(path: Path, name: str) -> Iterator[Any]:
    """Parse what stands in a file; None for a line that is not JSON."""
    if path.suffix == ".jsonl":
        with path.open("rb") as lines:
            yield from (_parsed(line) for line in lines if line.strip())
        return
    whole = _parsed(path.read_bytes())
    if whole is None:
        raise ContractError(
            name, "not JSON", needed="a phenopacket or an array of them is read from a .json file", code="CORRUPT"
        )
    yield from whole if isinstance(whole, list) else [whole]


def _parsed(text: bytes) -> Any:
    python_names = b'"phenotypic_features"' in text or b'"meta_data"' in text
    try:
        return json.loads(text, object_pairs_hook=_as_json_names if python_names else None)
    except (ValueError, RecursionError):
        return None


def _as_json_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Spell names as the standard's JSON does; some writers keep those of the schema's language."""
    return {re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name): value for name, value in pairs}


def _unfolded(record: Any) -> Iterator[Any]:
    """Give the packets of a family or a cohort; anything else is one record."""
    if not isinstance(record, dict):
        yield record
    elif isinstance(record.get("members"), list) and record["members"]:
        yield from (_completed(member, record) for member in record["members"])
    elif "proband" in record:
        beside = {name: record[name] for name in ("pedigree", "consanguinousParent", "files") if record.get(name)}
        proband = _completed(record["proband"], record)
        yield {**proband, **beside} if isinstance(proband, dict) else proband
        relatives = record.get("relatives")
        if relatives:
            yield from (_completed(each, record) for each in (relatives if isinstance(relatives, list) else [None]))
    else:
        yield record


def _completed(packet: Any, whole: dict[str, Any]) -> Any:
    """Give a member the metadata of the whole where it has none of its own."""
    if isinstance(packet, dict) and not packet.get("metaData"):
        return {**packet, "metaData": whole.get("metaData")}
    return packet


def _visit(packet: Any) -> dict[str, str]:
    """Cells of a visit from one packet; its ids, as far as they can be read, and a problem where it is none."""
    left = Left()
    ids = _attempt(ids_of, packet)
    try:
        cells = visit_cells(packet, left)
        treatment_rows(packet, left, born_on(packet))  # for what is left of them
        return {**ids_of(packet), **cells, "reader_notes": left.cell}
    except BadTime as error:
        return {"problem": error.reason, **ids}
    except _MISSHAPEN:
        return {"problem": "NOT_A_PHENOPACKET"}


def _treatments(packet: Any) -> Rows:
    if _visit(packet).get("problem"):
        return []
    ids = ids_of(packet)
    rows = [{"patient_id": ids["patient_id"], **row} for row in treatment_rows(packet, Left(), born_on(packet))]
    return [_checked(row) for row in rows]


def _attempt(read_ids: Callable[[Any], dict[str, str]], packet: Any) -> dict[str, str]:
    try:
        return read_ids(packet)
    except _MISSHAPEN:
        return {}


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
