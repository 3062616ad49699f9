"""What patients report: early signs, symptoms, mood; and coded findings.

A flag with an HPO code counts as that finding, observed or excluded. Two early signs have no HPO term.
"""

from pipeline.records import Column


def _flag(name: str, meaning: str, code: str = "") -> Column:
    return Column(name, "flag", meaning, code=code)


EARLY_SIGNS = (
    _flag("penmanship_decline", "Handwriting has become worse."),
    _flag("dropped_items", "Drops things, chips dishes or hurts the hands often.", "HP:0002312"),
    _flag("cramping_with_use", "Painful cramping when the limb is used for long.", "HP:0003710"),
    _flag("diaphragm_trembling", "Trembling when breathing."),
    _flag("holds_hands_still", "Keeps hands in pockets or under the legs to still them."),
)

SYMPTOMS = (
    _flag("tremor", "Shakes anywhere.", "HP:0001337"),
    _flag("head_tremor", "The head shakes.", "HP:0002346"),
    _flag("hand_tremor", "The hands shake.", "HP:0002378"),
    _flag("tremor_at_rest", "Shakes when the limb lies still.", "HP:0002322"),
    _flag("voice_tremor", "The voice shakes.", "HP:0012477"),
    _flag("jerks", "Sudden jerks.", "HP:0001336"),
    _flag("frequent_blinking", "Blinks often or cannot keep the eyes open.", "HP:0034776"),
    _flag("light_sensitivity", "Light hurts the eyes.", "HP:0000613"),
    _flag("neck_pulling", "The head turns or tilts by itself.", "HP:0002457"),
    _flag("voice_breaks", "The voice breaks or strains.", "HP:0001618"),
    _flag("speech_slurred", "Speech is slurred.", "HP:0001260"),
    _flag("swallowing_trouble", "Trouble swallowing.", "HP:0002015"),
    _flag("jaw_clenching", "The jaw clenches or opens by itself.", "HP:0003763"),
    _flag("foot_inversion", "The foot turns inward, or walks on tiptoe.", "HP:0030051"),
    _flag("gait_trouble", "Trouble walking.", "HP:0001288"),
    _flag("slowness", "Movements have become slow.", "HP:0002067"),
    _flag("stiffness", "Muscles feel stiff.", "HP:0003552"),
    _flag("pain", "Pain anywhere.", "HP:0012531"),
    _flag("neck_pain", "Neck pain.", "HP:0030833"),
    _flag("sensory_trick", "A light touch eases the movement."),
    _flag("task_specific", "Comes with one task only."),
    _flag("depression", "Depressed mood.", "HP:0000716"),
    _flag("anxiety", "Anxiety.", "HP:0000739"),
    _flag("fatigue", "Fatigue.", "HP:0012378"),
)

FINDINGS = (
    Column(
        "findings",
        "findings",
        "HPO terms of the examination, joined with |, excluded ones with ! before them.",
        known_at="examination",
    ),
)
