"""Where it came from: how it began, birth, exposures, and the family. After a registry's intake form."""

from pipeline.records import Column
from pipeline.units import Unit
from pipeline.vocabulary import REGIONS, SIDES


def _flag(name: str, meaning: str, code: str = "") -> Column:
    return Column(name, "flag", meaning, code=code)


def _years(name: str, meaning: str, low: float = 0.0) -> Column:
    return Column(name, "number", meaning, unit=Unit.YEARS, low=low, high=120)


def _relatives(name: str, meaning: str) -> Column:
    return Column(name, "number", meaning, unit=Unit.COUNT, low=0, high=30)


ONSET = (
    Column("onset_date", "date", "Day of the first symptom; the first of the month where only that is known."),
    Column(
        "onset_region",
        "category",
        "Body region in which dystonia began.",
        categories=REGIONS,
        # before any spread the region is the phenotype
        defines=("phenotype",),
    ),
    Column("onset_side", "category", "Side of the body on which it began.", categories=SIDES),
    Column(
        "onset_mode",
        "category",
        "How fast the symptoms came.",
        categories=("hours_to_days", "days_to_weeks", "weeks_to_months", "insidious"),
    ),
    Column("onset_trigger", "text", "What came just before the onset, in the patient's words."),
    _flag("within_a_week", "Reached its full extent within a week."),
    # filled in for who has dystonia, so that the cell itself would tell it
    Column("tremor_before_dystonia", "flag", "A tremor came before the abnormal postures.", known_at="after_diagnosis"),
    Column(
        "diagnosis_delay_y",
        "number",
        "Years from the first symptom to the first diagnosis of dystonia.",
        unit=Unit.YEARS,
        low=0,
        high=120,
        known_at="after_diagnosis",
    ),
)

BIRTH = (
    Column("gestation_weeks", "number", "Length of the pregnancy.", unit=Unit.WEEKS, low=20, high=45),
    Column("birth_weight_g", "number", "Weight at birth.", ucum="g", low=200, high=7000),
    _flag("neonatal_jaundice", "Had jaundice after birth that needed exchange or long light treatment."),
    _flag("kernicterus", "Had kernicterus.", "HP:0001343"),
    _flag("motor_delay", "Sat or walked late."),
)

EXPOSURES = (
    Column("dopamine_blocker", "text", "Dopamine-blocking drugs taken before onset: antipsychotics, antiemetics."),
    _years("dopamine_blocker_use_y", "Years of taking dopamine-blocking drugs, in total."),
    _flag("dopamine_blocker_at_onset", "Took a dopamine-blocking drug at onset, or had stopped within three months."),
    _flag("toxin_exposure", "Was exposed to manganese, carbon monoxide, methanol, cyanide or the like before onset."),
    Column("toxin_agent", "text", "Which toxic agent."),
    _years("head_injury_before_onset_y", "Years from the head injury to the onset; negative if it came after.", -120),
    _flag("limb_injury", "Had an injury of the limb, neck or face that was affected later."),
    _years("limb_injury_before_onset_y", "Years from that injury to the onset; negative if it came after.", -120),
    _flag("encephalitis", "Had an inflammation of the brain before onset."),
    _flag("stroke", "Had a stroke before onset.", "HP:0001297"),
)

FAMILY = (
    _flag("mother_affected", "The mother has or had dystonia."),
    _flag("father_affected", "The father has or had dystonia."),
    *(
        _relatives(f"{relatives}_{state}_count", f"{relatives.capitalize()} {words} dystonia.")
        for relatives in ("brothers", "sisters", "sons", "daughters")
        for state, words in (("affected", "with"), ("unaffected", "without"))
    ),
    _flag("consanguinity", "The parents are related by blood."),
    _flag("family_history_myoclonus", "A relative has myoclonus."),
    _flag("family_history_parkinsonism", "A relative has parkinsonism."),
    Column("family_history_other", "text", "Other diseases of the nervous system in the family."),
)
