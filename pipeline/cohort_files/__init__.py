"""Any cohort as files: a folder of tables in CSV or Parquet, or phenopackets; and what each can't carry."""

from pipeline.cohort_files.limits import FileFormat, not_carried
from pipeline.cohort_files.packets import write_phenopackets
from pipeline.cohort_files.tables import arrow_of, tables_of, write_tables, written_columns

__all__ = [
    "FileFormat",
    "arrow_of",
    "not_carried",
    "tables_of",
    "write_phenopackets",
    "write_tables",
    "written_columns",
]
