"""Errors that write their own message: where, what was found, what was needed, what to do.

Each class stands for one exit code of the command, so that `cli` maps them without a table. A message never holds a
patient's value or id: whoever raises passes the file, the row and the column, and describes what was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import partial
from typing import Any, ClassVar


class PipelineError(Exception):
    """One line that says where, what was found, what was needed and what to do.

    Parameters
    ----------
    where : str
        File, row, column, study key: as exact as is known.
    found : str
        What stands there, described; never a patient's value.
    needed : str, optional
        What should have stood there.
    do : str, optional
        The next step for the reader of the message.
    code : str, optional
        The reason code, such as ``MISSING_COLUMN``.

    Examples
    --------
    >>> print(ContractError("visits.csv", "no column 'patient_id'", do="Add it.", code="MISSING_COLUMN"))
    visits.csv: no column 'patient_id'. Add it. [MISSING_COLUMN]
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, where: str, found: str, *, needed: str = "", do: str = "", code: str = "") -> None:
        self.where, self.found, self.needed, self.do, self.code = where, found, needed, do, code
        middle = f"{found}, but {needed}" if needed else found
        parts = [f"{where}: {middle.rstrip('.')}."]
        if do:
            parts.append(do if do.endswith((".", "?", ":")) else f"{do}.")
        if code:
            parts.append(f"[{code}]")
        super().__init__(" ".join(parts))

    def __reduce__(self) -> tuple[Any, ...]:
        """Come back whole from a worker process: by default only the message would be handed to the class."""
        return partial(type(self), needed=self.needed, do=self.do, code=self.code), (self.where, self.found)


class UsageError(PipelineError):
    """The command, a study, a mapping or a recipe was written wrongly."""

    exit_code = 64


class ContractError(PipelineError):
    """The input as a whole cannot be read, or breaks the contract."""

    exit_code = 65


class MissingInput(PipelineError):
    """A file or folder that was named is not there, or may not be read."""

    exit_code = 66


class Unavailable(PipelineError):
    """The tracking store or the cluster does not answer."""

    exit_code = 69


class OutputExists(PipelineError):
    """The output is there already, with other content."""

    exit_code = 73


class IoFailed(PipelineError):
    """Reading or writing failed half-way; nothing was published."""

    exit_code = 74


class OutputBusy(PipelineError):
    """Another run holds this output."""

    exit_code = 75


class WorkerDied(PipelineError):
    """A worker process was killed, most often for want of memory."""

    exit_code = 71


class BundleRefused(PipelineError):
    """The model bundle is damaged, foreign or made by another version."""

    exit_code = 76


_MOST_WORDS = 40
"""As many fit into a line that somebody reads."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or the known words, if they are few.

    Examples
    --------
    >>> did_you_mean("phenopacket", ["phenopackets", "cervical-trial"])
    "Did you mean 'phenopackets'?"
    >>> did_you_mean("zzz", ["a", "b"])
    "Known: 'a', 'b'."
    """
    words = sorted(known)
    near = get_close_matches(name, words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean '{near[0]}'?"
    more = f" and {len(words) - _MOST_WORDS} more" if len(words) > _MOST_WORDS else ""
    return "Known: " + ", ".join(f"'{word}'" for word in words[:_MOST_WORDS]) + more + "."


def nearest_header(name: str, there: Iterable[str]) -> str:
    """Return a hint that names the column that looks like the one that is missing, or nothing.

    The other columns are not listed: the first line of a file without a header is a patient's.

    Examples
    --------
    >>> nearest_header("patient_id", ["Patient ID", "Jane"])
    "Did you mean 'Patient ID'?"
    >>> nearest_header("patient_id", ["Jane", "45"])
    ''
    """
    plain = {word.strip().lower().replace(" ", "_"): word for word in there}
    near = get_close_matches(name.lower(), plain, n=1, cutoff=0.75)
    return f"Did you mean '{plain[near[0]]}'?" if near else ""
