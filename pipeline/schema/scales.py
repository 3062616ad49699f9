"""Rating scales of the examination, item by item, each declared once: columns and scoring follow.

A site-specific scale that is filled in gives the site away, so all of them define the phenotype. Ranges and formulas
are those of our clinical facts sheet, section 4.
"""

from pipeline.records import Column
from pipeline.schema.scales_reported import BSDI, CDIP58, CDQ24, VHI10
from pipeline.schema.scoring import Item, Scale, with_parts

_SIDES = ("right", "left")

_BFMDRS_AREAS = {
    "eyes": 0.5,
    "mouth": 0.5,
    "speech_swallowing": 1.0,
    "neck": 0.5,
    "arm_right": 1.0,
    "arm_left": 1.0,
    "trunk": 1.0,
    "leg_right": 1.0,
    "leg_left": 1.0,
}
"""Areas with their weights."""

_AREAS_14 = (
    "upper_face",
    "lower_face",
    "jaw_tongue",
    "larynx",
    "neck",
    *(f"{part}_{side}" for part in ("proximal_arm", "distal_arm") for side in _SIDES),
    "trunk",
    *(f"{part}_{side}" for part in ("proximal_leg", "distal_leg") for side in _SIDES),
)
"""Areas of both the Global and the Unified Dystonia Rating Scale."""

_DAILY_ACTIVITIES = ("speech", "writing", "feeding", "swallowing", "hygiene", "dressing")
_ADJUSTABLE = ("work", "daily_activities", "driving", "reading", "television", "outside_home")


def _items(names: tuple[str, ...], high: float) -> tuple[Item, ...]:
    return tuple(Item(name, high) for name in names)


BFMDRS_MOVEMENT = Scale(
    "bfmdrs_movement",
    "Burke-Fahn-Marsden movement score",
    120,
    "Burke 1985, range and areas; weights (they give the range)",
    "memory",
    tuple(
        item
        for area, weight in _BFMDRS_AREAS.items()
        for item in (Item(f"provoking_{area}", 4, weight=weight), Item(f"severity_{area}", 4))
    ),
    "products",
)

BFMDRS_DISABILITY = Scale(
    "bfmdrs_disability",
    "Burke-Fahn-Marsden disability score",
    30,
    "Burke 1985",
    "verified",
    (*_items(_DAILY_ACTIVITIES, 4), Item("walking", 6)),
    "sum",
)

TWSTRS_SEVERITY = Scale(
    "twstrs_severity",
    "TWSTRS severity",
    35,
    "Espay 2018",
    "verified",
    (
        Item("rotation", 4),
        Item("laterocollis", 3),
        Item("anterocollis_or_retrocollis", 3),
        Item("lateral_shift", 1),
        Item("sagittal_shift", 1),
        Item("duration", 5, weight=2),
        Item("sensory_trick", 2),
        Item("shoulder", 3),
        Item("range_of_motion", 4),
        Item("time", 4),
    ),
    "sum",
)
TWSTRS_DISABILITY = Scale(
    "twstrs_disability", "TWSTRS disability", 30, "Espay 2018", "verified", _items(_ADJUSTABLE, 5), "sum"
)
TWSTRS_PAIN = Scale(
    "twstrs_pain",
    "TWSTRS pain",
    20,
    "range Espay 2018; items and weights of pain severity, duration and disability",
    "memory",
    (
        Item("worst", 10, weight=0.25),
        Item("usual", 10, weight=0.5),
        Item("best", 10, weight=0.25),
        Item("duration", 5),
        Item("disability", 5),
    ),
    "sum",
    tolerance=0.5,
)
TWSTRS = Scale(
    "twstrs_total",
    "TWSTRS: severity 0-35, disability 0-30, pain 0-20",
    85,
    "Espay 2018",
    "verified",
    parts=(TWSTRS_SEVERITY, TWSTRS_DISABILITY, TWSTRS_PAIN),
    tolerance=0.5,
)

GDRS = Scale(
    "gdrs_total",
    "Global Dystonia Rating Scale, 14 areas of 0-10",
    140,
    "Comella 2003",
    "memory",
    _items(_AREAS_14, 10),
    "sum",
)

UDRS = Scale(
    "udrs_total",
    "Unified Dystonia Rating Scale, 14 areas with severity and duration of 0-4",
    112,
    "Comella 2003",
    "verified",
    tuple(item for area in _AREAS_14 for item in (Item(f"severity_{area}", 4), Item(f"duration_{area}", 4))),
    "sum",
)

JRS = Scale(
    "jrs_total",
    "Jankovic Rating Scale: severity and frequency of lid spasms",
    8,
    "Jankovic 2009",
    "verified",
    (Item("severity", 4), Item("frequency", 4)),
    "sum",
)

WCRS = Scale(
    "wcrs_total",
    "Writer's Cramp Rating Scale",
    30,
    "Wissel 1996, total; split into movement and writing speed",
    "memory",
    (Item("movement", 28), Item("writing_speed", 2)),
    "sum",
)

_PARKINSON_SITES = ("neck", *(f"{limb}_{side}" for limb in ("arm", "leg") for side in _SIDES))
_PARKINSON_REST = ("lip_jaw", *(f"{limb}_{side}" for limb in ("arm", "leg") for side in _SIDES))
_PARKINSON_LIMBS = ("finger_tapping", "hand_movements", "pronation_supination", "toe_tapping", "leg_agility")
_PARKINSON_AXIAL = ("arising", "gait", "freezing", "postural_stability", "posture", "spontaneity")
_PARKINSON_TREMOR = ("postural_tremor", "kinetic_tremor")

MDS_UPDRS_3 = Scale(
    "mds_updrs3_total",
    "MDS-UPDRS part III, 33 items of 0-4",
    132,
    "Goetz 2008",
    "memory",
    _items(
        (
            "speech",
            "facial_expression",
            *(f"rigidity_{site}" for site in _PARKINSON_SITES),
            *(f"{task}_{side}" for task in _PARKINSON_LIMBS for side in _SIDES),
            *_PARKINSON_AXIAL,
            *(f"{tremor}_{side}" for tremor in _PARKINSON_TREMOR for side in _SIDES),
            *(f"rest_tremor_{site}" for site in _PARKINSON_REST),
            "rest_tremor_constancy",
        ),
        4,
    ),
    "sum",
)

TSUI = Scale("tsui_total", "Tsui score of cervical dystonia, by its total only", 25, "Tsui 1986", "verified")

_MODELLED = (TWSTRS, BFMDRS_MOVEMENT, BFMDRS_DISABILITY, GDRS, JRS, WCRS, VHI10)
_OTHERS = (UDRS, TSUI, CDIP58, CDQ24, BSDI, MDS_UPDRS_3)

ALL_SCALES = with_parts((*_MODELLED, *_OTHERS))
"""Every scale that has a formula or a range, each one after its parts."""

SCALES = tuple(scale.total for scale in _MODELLED)
"""Totals that a clinic records first; those of `ALL_SCALES` beside them stand with their items."""

MODELLED_ITEMS: dict[Scale, tuple[str, ...]] = {
    BFMDRS_MOVEMENT: ("severity_",),
    GDRS: ("",),
    UDRS: ("severity_",),
    MDS_UPDRS_3: ("",),
    TWSTRS_SEVERITY: ("rotation", "laterocollis", "anterocollis_or_retrocollis"),
}
"""Scales of which features read single items, with how the names of those items begin."""

UNUSED_ITEMS = frozenset(
    column
    for scale in ALL_SCALES
    for item in scale.items
    if not item.name.startswith(MODELLED_ITEMS.get(scale, ()))
    for column in (scale.column_name(item), scale.exempt_name(item))
)
"""Columns of items that count through their totals only."""


SCALE_DETAILS: dict[str, tuple[Column, ...]] = {
    f"scale_{scale.stem}": tuple(
        column
        for each in with_parts([scale])
        for column in (*each.item_columns, *(() if each in _MODELLED else (each.total,)))
    )
    for scale in (*_MODELLED, *_OTHERS)
}
"""Items of each scale, with the totals that no feature is made of."""
