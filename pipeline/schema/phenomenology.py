"""What the movement is like, what eases it, where it hurts, and how it has run.

Sensory trick, mirror dystonia, overflow and task specificity have no HPO term. Specialised items point at the phenotype
almost by themselves, so they define it.
"""

from pipeline.records import Column
from pipeline.units import Unit
from pipeline.vocabulary import BODY_DISTRIBUTIONS, REGIONS, RESPONSES, TASK_KINDS

_PHENOTYPE = ("phenotype",)


def _sign(name: str, meaning: str, code: str = "", *, defines: tuple[str, ...] = ()) -> Column:
    return Column(name, "flag", meaning, known_at="examination", code=code, defines=defines)


def _choice(name: str, meaning: str, words: tuple[str, ...], *, defines: tuple[str, ...] = ()) -> Column:
    return Column(name, "category", meaning, categories=words, known_at="examination", defines=defines)


TREMOR = (
    _sign("postural_tremor", "Shakes when a limb is held up.", "HP:0002174"),
    _sign("action_tremor", "Shakes in any voluntary movement or effort.", "HP:0002345"),
    _sign("kinetic_tremor", "Shakes while a limb moves.", "HP:0030186"),
    _sign("intention_tremor", "Shakes more as the target comes near.", "HP:0002080"),
    _sign("isometric_tremor", "Shakes in effort against something that does not move.", "HP:0030185"),
    _sign("task_tremor", "Shakes in one task only.", defines=_PHENOTYPE),
    _sign("tongue_tremor", "The tongue shakes.", "HP:0031947"),
    _sign("lip_tremor", "The lips shake.", "HP:0032006"),
    *(
        _choice(f"tremor_{region}", f"Tremor of the {region.replace('_', ' ')}.", ("none", "regular", "irregular"))
        for region in REGIONS
    ),
)
"""Kinds of tremor, and the kind in each region."""

CHARACTER = (
    _choice("task_affected", "The task that brings it on; none where no task does.", TASK_KINDS, defines=_PHENOTYPE),
    Column("task_described", "text", "That task in words: the instrument, the sport.", defines=_PHENOTYPE),
    _choice("sensory_trick_effect", "How much a light touch eases it.", RESPONSES),
    Column("sensory_trick_described", "text", "Which touch eases it."),
    _choice("alcohol_effect", "How much alcohol eases it.", RESPONSES),
    _sign("mirror_dystonia", "Comes in the resting hand while the other one does the task."),
    _sign("mirror_movements", "The resting hand moves with the other one.", "HP:0001335"),
    _sign("overflow", "Spreads to muscles beside while the task is done."),
    _sign("null_point", "There is a position in which the tremor stops."),
    _sign("fixed_posture", "Has been fixed from the start."),
    _sign("distractible", "Lessens or stops while attention is elsewhere."),
    _sign("entrainable", "Takes over the rate of a movement that the examiner sets."),
    _sign("oculogyric_crisis", "The eyes are drawn upward in attacks.", "HP:0010553"),
    _sign("trismus", "The mouth cannot be opened.", "HP:0000211"),
    _sign("contracture", "A joint can no longer be moved freely.", "HP:0001371"),
    Column(
        "temporal_pattern",
        "category",
        "When in the day or in which state it shows.",
        categories=("persistent", "action_specific", "diurnal", "paroxysmal"),
    ),
    _choice("body_distribution", "Recorded body distribution.", BODY_DISTRIBUTIONS, defines=_PHENOTYPE),
    _choice("combined_with", "Other movement disorder.", ("none", "myoclonus", "chorea", "parkinsonism", "other")),
    _choice("voice_type", "Kind of voice disorder.", ("adductor", "abductor", "mixed", "tremor"), defines=_PHENOTYPE),
)

COURSE = (
    Column("course", "category", "How it has run so far.", categories=("static", "progressive", "fluctuating", "step")),
    Column("in_remission", "flag", "There was dystonia, and there is none at present.", known_at="after_diagnosis"),
    Column("hand_injuries_per_month_count", "number", "Small hand injuries a month.", unit=Unit.COUNT, low=0, high=100),
    Column("items_dropped_per_month_count", "number", "Items dropped a month.", unit=Unit.COUNT, low=0, high=1000),
)

PAIN = (
    Column("worst_pain_points", "number", "Worst pain of the last week.", unit=Unit.POINTS, low=0, high=10),
    Column("pain_region", "category", "Body region that hurts most.", categories=REGIONS, defines=_PHENOTYPE),
    Column("arm_pain", "flag", "An arm hurts.", code="HP:0012513"),
    Column("leg_pain", "flag", "A leg hurts.", code="HP:0012514"),
)
