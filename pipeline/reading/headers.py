"""Names of columns in somebody else's file: which of theirs a mapping means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.errors import ContractError

_TERM = re.compile(r"_\s*hp\s*:\s*(\d{7})\s*$", re.IGNORECASE)


def plain(name: str) -> str:
    """Return a name without what is taken lightly: letter case, blanks around, blanks and underscores inside.

    Examples
    --------
    >>> plain(" Family  ID "), plain("family_id")
    ('family_id', 'family_id')
    """
    return "_".join(part for part in re.split(r"[\s_]+", name.lower()) if part)


def term_of(name: str) -> str:
    """Return the HPO term in which a name ends, or nothing.

    Examples
    --------
    >>> term_of("Tremor_hp:0001337 "), term_of("tremor")
    ('HP:0001337', '')
    """
    found = _TERM.search(name)
    return f"HP:{found[1]}" if found else ""


class Headers:
    """The columns of a file, found by the name that a mapping gives them.

    Parameters
    ----------
    names : iterable of str
        The file's columns.
    loose : bool
        Whether names are compared by `plain`.
    where : str
        The file, for messages.

    Examples
    --------
    >>> Headers(["PMID ", "sex"], loose=True, where="sheet.csv").find("pmid")
    'PMID '
    """

    def __init__(self, names: Iterable[str], *, loose: bool, where: str) -> None:
        self.names = tuple(names)
        self.where = where
        self._key = plain if loose else str
        self._found: dict[str, list[str]] = {}
        for name in self.names:
            self._found.setdefault(self._key(name), []).append(name)

    def find(self, name: str) -> str:
        """Return the file's column of this name, or nothing.

        Raises
        ------
        ContractError
            If two columns have it.
        """
        found = self._found.get(self._key(name), [])
        if len(found) > 1:
            raise ContractError(
                self.where,
                f"two columns are called '{name}', letter case and blanks aside",
                do="Rename one, or give the mapping columns_match = 'exact'",
                code="DUPLICATE_COLUMN",
            )
        return found[0] if found else ""

    def first(self, names: Iterable[str]) -> str:
        """Return the first of several spellings that the file has, or nothing."""
        return next((found for name in names if (found := self.find(name))), "")

    def between(self, pattern: str) -> dict[str, str]:
        """Return what ``{}`` stands for in each column that fits a pattern, with the column."""
        before, after = (re.escape(part) for part in self._key(pattern.replace("{}", "\0")).split("\0"))
        fitting = re.compile(f"{before}(.+){after}")
        return {match[1]: self.find(name) for name in self.names if (match := fitting.fullmatch(self._key(name)))}
