"""Who, when and where: ids, times, demography and history."""

from pipeline.records import Column
from pipeline.units import Unit

IDENTITY = (
    Column("patient_id", "id", "The patient; the same in every table.", required=True),
    Column("visit_id", "id", "The visit, unique within the patient; the record number where it is left out."),
)

TIME = (
    Column("visit_date", "date", "Day of the visit."),
    Column(
        "weeks_since_enrolment",
        "number",
        "Weeks since the patient entered the study.",
        unit=Unit.WEEKS,
        low=0,
        high=5200,
    ),
    Column("age_at_visit_y", "number", "Age at the visit.", unit=Unit.YEARS, low=0, high=120),
    Column("age_at_enrolment_y", "number", "Age when the patient entered the study.", unit=Unit.YEARS, low=0, high=120),
    Column("age_at_onset_y", "number", "Age at the first symptom.", unit=Unit.YEARS, low=0, high=120),
)

PERSON = (
    Column("sex", "category", "Sex recorded at birth.", categories=("female", "male")),
    Column("centre", "text", "Clinic or study site."),
    Column("publication", "text", "Publication that describes the patient."),
    Column("family_history_dystonia", "flag", "A relative has dystonia."),
    Column("family_history_tremor", "flag", "A relative has a tremor."),
    Column("sudden_onset", "flag", "Symptoms came within hours or days."),
    Column("alcohol_response", "flag", "Symptoms ease after alcohol.", code="HP:0032503"),
    Column("neuroleptic_exposure", "flag", "Took a dopamine-blocking drug before onset.", code="HP:0034551"),
    Column("head_injury", "flag", "Had a severe head injury before onset."),
    Column("birth_asphyxia", "flag", "Lacked oxygen at birth.", code="HP:0012768"),
    Column("diurnal_fluctuation", "flag", "Worse towards evening.", code="HP:0025302"),
)
