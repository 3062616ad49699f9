"""What coded records say beside the findings: their details, an onset that is no age, and whether the patient lives.

Details are kept as they are told, one ``TERM=DETAIL`` a term, joined with ``|``: split them to a row each to work with
them.
"""

from pipeline.records import Column


def _details(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning, known_at="examination", defines=("phenotype", "aetiology"))


CODED = (
    Column(
        "onset_described",
        "text",
        "Onset that is told as no single age: a class (HP:0003581), a range (P40Y/P49Y), a date, a week of pregnancy.",
    ),
    Column(
        "vital_status",
        "category",
        "Whether the patient was alive when the record was closed.",
        categories=("alive", "deceased"),
        known_at="after_diagnosis",
    ),
    _details("findings_onset", "When each finding began: HP:0001337=P2Y5M, as an age, a range, a class or a date."),
    _details("findings_severity", "How severe each finding is, as a term: HP:0001337=HP:0012828."),
    _details("findings_modifiers", "What else is said of a finding, as terms: HP:0001337=HP:0012832."),
)
