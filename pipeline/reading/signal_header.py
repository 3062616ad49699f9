"""The first line of a CSV of samples: whether it names the columns that are declared, and if not, what is wrong.

The line may hold anything, a patient's name too, so messages say what kind of line it is and never quote it.
"""

from __future__ import annotations

import csv
from typing import BinaryIO

from pipeline.errors import ContractError
from pipeline.reading.headers import plain
from pipeline.reading.signal_layout import DELIMITERS, SignalLayout

_MOST_BYTES = 1 << 20
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""What UTF-16 begins with."""

_DECLARE = "Give 'columns' and 'time_column'"


def refuse_wrong_header(file: BinaryIO, layout: SignalLayout, where: str) -> None:
    """Refuse a file whose first line does not name, once, each column that is declared, if it is to name any.

    The file is left at its begin.

    Raises
    ------
    ContractError
        ``CHANNEL``, or ``BAD_RECORDING`` if it is no UTF-8.
    """
    raw = file.read(_MOST_BYTES)
    file.seek(0)
    if raw.startswith(_WIDE) or b"\0" in raw:
        raise ContractError(where, "no UTF-8: it looks like UTF-16", do="Save it as UTF-8", code="BAD_RECORDING")
    if not layout.header:
        return
    lines = raw.decode("utf-8-sig", errors="replace").splitlines()[layout.skip_lines :]
    names = _cells(lines, layout.delimiter)
    if all(names.count(wanted) == 1 for wanted in layout.wanted):
        return
    if any(names.count(wanted) > 1 for wanted in layout.wanted):
        raise ContractError(where, "has a column twice that is declared", do="Rename one", code="CHANNEL")
    for mark, called in DELIMITERS.items():
        if set(layout.wanted) <= set(_cells(lines, mark)):
            raise ContractError(
                where,
                f"its columns are separated by a {called}",
                needed=f"a {DELIMITERS[layout.delimiter]} was declared",
                do=f"Declare the {called} as 'delimiter'",
                code="CHANNEL",
            )
    if {plain(wanted) for wanted in layout.wanted} <= {plain(name) for name in names}:
        raise ContractError(
            where,
            "the names of its columns differ from those that are declared by letter case or blanks",
            do=f"{_DECLARE} as they are written in the file",
            code="CHANNEL",
        )
    if names and all(_is_number(name, layout.decimal) for name in names):
        raise ContractError(
            where,
            "its first line holds numbers and no names",
            do="Declare that it has no header, and the columns by number, from 1",
            code="CHANNEL",
        )
    raise ContractError(where, "lacks a column that is declared", do=_DECLARE, code="CHANNEL")


def _cells(lines: list[str], delimiter: str) -> list[str]:
    return next(csv.reader(lines[:1], delimiter=delimiter), [])


def _is_number(text: str, decimal: str) -> bool:
    try:
        float(text.replace(decimal, "."))
    except ValueError:
        return False
    return True
