"""Treatments: what was given, when, how much, and what it did. A treatment follows a diagnosis: it may give it away."""

from pipeline.records import Column
from pipeline.schema.identity import IDENTITY
from pipeline.units import Unit
from pipeline.vocabulary import DBS_TARGETS, REGIONS, RESPONSES, SIDES, TOXIN_PRODUCTS, TREATMENT_KINDS


def _number(name: str, meaning: str, unit: Unit, high: float) -> Column:
    return Column(name, "number", meaning, unit=unit, low=0, high=high, known_at="after_diagnosis")


def _measured(name: str, meaning: str, ucum: str, high: float) -> Column:
    return Column(name, "number", meaning, ucum=ucum, low=0, high=high, known_at="after_diagnosis")


def _choice(name: str, meaning: str, words: tuple[str, ...], *, defines: tuple[str, ...] = ()) -> Column:
    return Column(name, "category", meaning, categories=words, known_at="after_diagnosis", defines=defines)


GIVEN = (
    IDENTITY[0],
    Column(
        "kind", "category", "What was given.", categories=TREATMENT_KINDS, known_at="after_diagnosis", required=True
    ),
    Column("treatment_date", "date", "Day of the treatment.", known_at="after_diagnosis"),
    _number("weeks_since_enrolment", "Weeks from enrolment to the treatment.", Unit.WEEKS, 5200),
    _number("age_at_visit_y", "Age at the treatment.", Unit.YEARS, 120),
)

TOXIN = (
    _number("dose_toxin_units", "Units of botulinum toxin, of the product's own kind.", Unit.TOXIN_UNITS, 50_000),
    _choice("region", "Body region treated.", REGIONS, defines=("phenotype",)),
    Column(
        "muscles",
        "text",
        "Muscles injected, denervated or the like, joined with |.",
        known_at="after_diagnosis",
        defines=("phenotype",),
    ),
    _choice("product", "Product of botulinum toxin.", TOXIN_PRODUCTS),
    _number("interval_weeks", "Weeks planned to the next session.", Unit.WEEKS, 520),
    _number("wear_off_weeks", "Weeks after which the effect wore off.", Unit.WEEKS, 520),
)

DRUG = (
    Column("drug", "text", "Substance, by its international name.", known_at="after_diagnosis"),
    _measured("daily_dose_mg", "Largest daily dose that was reached.", "mg/d", 10_000),
    _number("trial_weeks", "Weeks for which it was taken.", Unit.WEEKS, 5200),
    _choice("response", "How much the treatment eased the movement.", RESPONSES),
    Column("stopped_for_side_effects", "flag", "Was stopped for side effects.", known_at="after_diagnosis"),
    Column("side_effects", "text", "Which side effects.", known_at="after_diagnosis"),
)
"""A trial of a drug; response and side effects are kept for every kind of treatment."""

STIMULATION = (
    _choice("dbs_target", "Where the electrodes lie.", DBS_TARGETS),
    _choice("treated_side", "Side that was operated on.", SIDES),
    _measured("dbs_amplitude_ma", "Current of the stimulation.", "mA", 30),
    _measured("dbs_pulse_width_us", "Width of a pulse.", "us", 1000),
    _number("dbs_rate_hz", "Pulses a second.", Unit.HERTZ, 500),
)

TREATMENTS = (*GIVEN, *TOXIN, *DRUG, *STIMULATION)
