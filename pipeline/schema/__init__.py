"""The columns of our tables, each declared once."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY, PERSON, TIME
from pipeline.schema.outcomes import OUTCOMES
from pipeline.schema.recordings import RECORDINGS
from pipeline.schema.regions import REGION_FLAGS
from pipeline.schema.scales import SCALES
from pipeline.schema.symptoms import EARLY_SIGNS, FINDINGS, SYMPTOMS
from pipeline.schema.treatments import TREATMENTS

VISITS: tuple[Column, ...] = (
    *IDENTITY,
    *TIME,
    *PERSON,
    *EARLY_SIGNS,
    *SYMPTOMS,
    *REGION_FLAGS,
    *SCALES,
    *FINDINGS,
)

TABLES: dict[str, tuple[Column, ...]] = {
    "visits": VISITS,
    "treatments": TREATMENTS,
    "recordings": RECORDINGS,
    "outcomes": OUTCOMES,
}
"""Every table of a cohort with its columns, in order."""

__all__ = ["OUTCOMES", "RECORDINGS", "TABLES", "TREATMENTS", "VISITS"]
