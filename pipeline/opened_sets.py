"""How often the test set that a study keeps apart has been looked at: a line an opening, in a file beside the models.

A test set tells the truth once. Whoever looks, changes the model and looks again has begun to train on it, so every
opening is written down before its report appears, whichever model it is of.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import IoFailed
from pipeline.publish import append_json
from pipeline.study import Study

_FILE = "opened-test-sets.jsonl"


def opened(folder: Path, study: Study) -> list[str]:
    """Return the days, such as ``2026-11-23``, on which the study's test set was opened for a model in a folder.

    Raises
    ------
    IoFailed
        If the file is there and cannot be read as one that we wrote: then nobody knows.
    """
    path = folder / _FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        entries = [json.loads(line) for line in lines]
        return [str(entry["day"]) for entry in entries if entry["test_set"] == _identity(study)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IoFailed(
            str(path),
            f"cannot be read ({type(error).__name__})",
            needed="it says which test sets have been opened",
            do="Restore it from a copy, or move it away if there is none",
        ) from None


def note_opening(folder: Path, study: Study, model: str) -> None:
    """Write down that the study's test set is opened today, for the model with this digest; synced."""
    day = datetime.now(tz=UTC).date().isoformat()
    append_json(folder / _FILE, {"day": day, "test_set": _identity(study), "model": model})


def _identity(study: Study) -> dict[str, str | float | int]:
    """Say what decides who is in the test set."""
    return {"study": study.name, "locked": study.locked, "seed": study.seed, "group_by": study.group_by}
