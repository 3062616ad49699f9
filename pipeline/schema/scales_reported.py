"""Scales that patients fill in, and scales kept by their totals. Items carry numbers where wording is owned."""

import numpy as np

from pipeline.records import Column
from pipeline.schema.scoring import Item, Scale
from pipeline.units import Unit


def _numbered(count: int) -> tuple[Item, ...]:
    return tuple(Item(f"item_{number:02d}", 4) for number in range(1, count + 1))


VHI10 = Scale("vhi10_total", "Voice Handicap Index, 10 items of 0-4", 40, "Rosen 2004", "memory", _numbered(10), "sum")

CDQ24 = Scale(
    "cdq24_total",
    "Craniocervical Dystonia Questionnaire, 24 items of 0-4 as 0-100",
    100,
    "Mueller 2004, items; transform",
    "memory",
    _numbered(24),
    "percent",
    tolerance=0.5,
)

BSDI = Scale(
    "bsdi_mean",
    "Blepharospasm Disability Index, mean of the items of 0-4 that apply",
    4,
    "Jankovic 2009, items; one review prints 0-30 as the range",
    "memory",
    tuple(
        Item(name, 4, may_not_apply=True)
        for name in ("driving", "reading", "television", "shopping", "walking", "daily_activities")
    ),
    "mean",
)

CDIP58 = Scale("cdip58_total", "Cervical Dystonia Impact Profile, by its total only", 100, "Cano 2004", "memory")


def _total(name: str, meaning: str, high: float, source: str, defines: tuple[str, ...] = ()) -> Column:
    return Column(
        f"{name}_{Unit.POINTS}",
        "number",
        meaning,
        unit=Unit.POINTS,
        low=0,
        high=high,
        known_at="examination" if defines else "referral",
        defines=defines,
        source=source,
    )


_UNPUBLISHED = "ranges of the items are not published where we could read them"

TWSTRS_2 = (
    Column(
        "twstrs2_version",
        "text",
        "Version of the TWSTRS-2 form: item ranges differ between versions.",
        known_at="examination",
        defines=("phenotype",),
        source=_UNPUBLISHED,
    ),
    *(
        _total(f"twstrs2_{part}", f"TWSTRS-2 {part}, as that version counts it.", np.inf, _UNPUBLISHED, ("phenotype",))
        for part in ("motor", "disability", "pain")
    ),
)
"""A scale without a published range: totals are kept with the version of the form, and nothing is checked."""

_RECALLED = "recalled, to be signed off by a clinician"

MOOD = (
    _total("phq9_total", "Patient Health Questionnaire, depression.", 27, _RECALLED),
    _total("hads_anxiety", "Hospital Anxiety and Depression Scale, anxiety.", 21, _RECALLED),
    _total("hads_depression", "Hospital Anxiety and Depression Scale, depression.", 21, _RECALLED),
    _total("bdi2_total", "Beck Depression Inventory II.", 63, _RECALLED),
)
"""Mood, by totals."""
