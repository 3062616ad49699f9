"""Treatments: what was given, when and how much. A treatment follows a diagnosis, so it may give it away."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import Unit
from pipeline.vocabulary import REGIONS, TREATMENT_KINDS

TREATMENTS = (
    IDENTITY[0],
    Column(
        "kind", "category", "What was given.", categories=TREATMENT_KINDS, known_at="after_diagnosis", required=True
    ),
    Column("treatment_date", "date", "Day of the treatment.", known_at="after_diagnosis"),
    Column(
        "weeks_since_enrolment",
        "number",
        "Weeks from enrolment to the treatment.",
        unit=Unit.WEEKS,
        low=0,
        high=5200,
        known_at="after_diagnosis",
    ),
    Column(
        "age_at_visit_y",
        "number",
        "Age at the treatment.",
        unit=Unit.YEARS,
        low=0,
        high=120,
        known_at="after_diagnosis",
    ),
    Column(
        "dose_toxin_units",
        "number",
        "Units of botulinum toxin, of the product's own kind.",
        unit=Unit.TOXIN_UNITS,
        low=0,
        high=50_000,
        known_at="after_diagnosis",
    ),
    Column(
        "region",
        "category",
        "Body region treated.",
        categories=REGIONS,
        known_at="after_diagnosis",
        defines=("phenotype",),
    ),
)
