"""A synthetic cohort as files: its tables, what made it, and the truth in a folder of its own."""

from __future__ import annotations

from pathlib import Path

from pipeline.cohort_files import arrow_of, write_tables
from pipeline.records import Column
from pipeline.schema import TABLES
from pipeline.synthetic.cohort import SyntheticCohort
from pipeline.writing import Format, write_table

FORMAT_VERSION = 1

_TRUE_LABELS = ("patient_id", "phenotype", "aetiology")
_HIDDEN = ("severity", "spread_from_onset_y")
_TRUTH = (
    *(column for column in TABLES["outcomes"] if column.name in _TRUE_LABELS),
    *(Column(name, "number", "What the generator drew.") for name in _HIDDEN),
)


def write_cohort(synthetic: SyntheticCohort, directory: Path, format: Format) -> None:
    """Write the tables of a synthetic cohort into a folder that is there.

    Flags are written as yes and no, what is missing as an empty cell. No file is overwritten, and all are for the owner
    only.

    Parameters
    ----------
    synthetic : SyntheticCohort
    directory : Path
        Gets ``visits``, ``treatments`` and ``outcomes``, ``cohort.json`` and the folder ``truth``.
    format : {"parquet", "csv"}

    Raises
    ------
    OSError
        If a file is there already, or cannot be written.
    """
    write_tables(synthetic.cohort, directory, format, about=_description(synthetic))
    (directory / "truth").mkdir(mode=0o700)
    truth = arrow_of(synthetic.truth, _TRUTH, synthetic=True)
    write_table(truth, directory / "truth" / f"truth.{format}", format, csv_safe=False)


def _description(synthetic: SyntheticCohort) -> dict[str, object]:
    return {
        "recipe": synthetic.recipe.name,
        "seed": synthetic.seed,
        "first": synthetic.first,
        "patients": len(synthetic.truth),
        "visits": len(synthetic.cohort),
        "format_version": FORMAT_VERSION,
    }
