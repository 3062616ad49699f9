"""Tests and what they found: the signs of Wilson's disease first, since it must not be missed; imaging; genes."""

from pipeline.records import Column


def _flag(name: str, meaning: str, code: str = "", *, defines: tuple[str, ...] = ()) -> Column:
    return Column(name, "flag", meaning, known_at="examination", code=code, defines=defines)


_AETIOLOGY = ("aetiology",)

WILSON = (
    _flag("kayser_fleischer_ring", "A Kayser-Fleischer ring was seen.", "HP:0200032", defines=_AETIOLOGY),
    Column(
        "ceruloplasmin_mg_per_dl",
        "number",
        "Ceruloplasmin in serum.",
        ucum="mg/dL",
        low=0,
        high=200,
        known_at="examination",
        defines=_AETIOLOGY,
    ),
    Column(
        "urinary_copper_ug_per_day",
        "number",
        "Copper in the urine of 24 hours.",
        ucum="ug/(24.h)",
        low=0,
        high=20_000,
        known_at="examination",
        defines=_AETIOLOGY,
    ),
    _flag("liver_disease", "Has a liver disease of unknown or uncertain cause."),
    _flag("cirrhosis", "Has cirrhosis of the liver.", "HP:0001394"),
)

TESTS = (
    _flag("mri_done", "The brain was imaged by magnetic resonance."),
    _flag("mri_basal_ganglia_lesion", "Imaging shows a lesion of the basal ganglia.", defines=_AETIOLOGY),
    Column("mri_described", "text", "What imaging shows.", known_at="examination", defines=_AETIOLOGY),
    Column(
        "gene",
        "text",
        "Gene with a pathogenic variant (HGNC symbol).",
        known_at="after_diagnosis",
        defines=_AETIOLOGY,
    ),
    Column(
        "disease_code",
        "text",
        "Disease diagnosed (MONDO code).",
        known_at="after_diagnosis",
        defines=("phenotype", "aetiology"),
    ),
)
