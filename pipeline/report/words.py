"""What each score and figure is, and how to read it, in a sentence."""

from __future__ import annotations

SCORES = {
    "log_loss": ("Log loss", "nats; 0 is perfect, and the prior's is what knowing only the shares of the labels costs"),
    "brier": ("Brier score", "0 is perfect, 2 the worst"),
    "accuracy": ("Accuracy", "share of people whose most probable label is the recorded one"),
    "auc": ("AUC", "how often someone with the label is ranked above someone without; 0.5 is chance, 1 perfect"),
    "macro_auc": ("Mean AUC", "of each label against all others; 0.5 is chance, 1 perfect"),
    "within_group_auc": (
        "AUC within groups",
        "the same within a group only: near 0.5, the model knows groups, not people",
    ),
    "observed_over_expected": ("Observed / expected", "events seen for each one predicted; 1 is right on average"),
    "concordance": ("Concordance", "how often who had the event earlier had the higher risk; 0.5 is chance, 1 perfect"),
}
"""Title and meaning of each score."""

FIGURES = {
    "calibration": (
        "Do probabilities hold?",
        "Each dot is a group of people: on the line, what was predicted came true as often as it said; below it, the "
        "model said too much, above it too little. Bars are 95 % intervals.",
    ),
    "one_against_rest": (
        "Which labels are told apart?",
        "Each line is one label against all others: the farther right, the better it is told; a bar that reaches the "
        "grey line at 0.5 may be chance. Labels with few people are left out.",
    ),
    "sets": (
        "How many labels does an answer leave open?",
        "Each bar counts people whose set holds so many labels: the farther left, the more an answer says. "
        "Counts below five are left out.",
    ),
    "observed_over_expected": (
        "Is the number of events right?",
        "Each line is one horizon: at the grey line at 1 as many events came as predicted; to its left fewer, to its "
        "right more. Bars are 95 % intervals.",
    ),
}
"""Title of each figure, and how to read it."""

COUNTS = {"visits": "Visits", "patients": "People", "groups": "Groups kept whole", "events": "People with an event"}
"""What is counted for a target."""
