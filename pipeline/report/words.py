"""What each score and figure is, and how to read it, in a sentence."""

from __future__ import annotations

SCORES = {
    "log_loss": ("Log loss", "nats; 0 is perfect, and the prior's is what knowing only the shares of the labels costs"),
    "information": (
        "Information",
        "how much of the prior's log loss the model takes away: 0 for knowing only the shares of the labels, 1 perfect",
    ),
    "brier": ("Brier score", "mean squared distance to the truth: 0 is perfect"),
    "accuracy": ("Accuracy", "share of people whose most probable label is the recorded one"),
    "auc": ("AUC", "how often someone with it is ranked above someone without; 0.5 is chance, 1 perfect"),
    "macro_auc": ("Mean AUC", "of each label against all others; 0.5 is chance, 1 perfect"),
    "within_group_auc": (
        "AUC within groups",
        "the same within a group only: near 0.5, the model knows groups, not people",
    ),
    "observed_over_expected": ("Observed / expected", "events seen for each one predicted; 1 is right on average"),
    "concordance": ("Concordance", "how often who had the event earlier had the higher risk; 0.5 is chance, 1 perfect"),
    "scaled_brier": ("Scaled Brier score", "0 for the overall share said of everybody, 1 perfect, below 0 worse"),
    "calibration_slope": ("Calibration slope", "1 is right; below 1, what is said is too extreme, above 1 too timid"),
    "calibration_intercept": ("Calibration intercept", "0 is right; above 0, it comes true more often than was said"),
    "ici": ("Mean error of a probability (ICI)", "distance between what is said and a smooth curve of what is seen"),
    "e50": ("E50", "half of the errors are less than this"),
    "e90": ("E90", "nine in ten errors are less than this"),
    "emax": ("Emax", "the largest error"),
}
"""Title and meaning of each score."""

FIGURES = {
    "calibration": (
        "Do probabilities hold?",
        "Each dot is a group of people: on the line, what was predicted came true as often as it said; below it, the "
        "model said too much, above it too little. Bars are 95 % intervals; axes are stretched near 0.",
    ),
    "one_against_rest": (
        "Which labels are told apart?",
        "Each line is one label against all others: the farther right, the better it is told; a bar that reaches the "
        "grey line at 0.5 may be chance. Labels with few people are left out.",
    ),
    "confusion": (
        "What is taken for what?",
        "Each row is a recorded label, each column what the model holds most probable: the darker a square, the larger "
        "the share of the row. A dot stands for people too few to be told.",
    ),
    "decisions": (
        "Does acting on it do more good than harm?",
        "The line is the net benefit of acting on people from a probability on: where it lies above both grey lines "
        "(act on everybody, dashed; on nobody, at 0), the model is worth using; dotted, a simple comparator. "
        "The band is a 95 % interval.",
    ),
    "sets": (
        "How many labels does an answer leave open?",
        "Each bar counts people whose set holds so many labels: the farther left, the more an answer says. "
        "Counts below five are left out.",
    ),
    "answered": (
        "What if it answers only where it is sure?",
        "From right to left fewer people are answered, the surest: the line is how often the most probable label is "
        "then the recorded one, the grey line how often for all. A line that does not rise says that it does not know "
        "where it errs. The band is a 95 % interval.",
    ),
    "observed_over_expected": (
        "Is the number of events right?",
        "Each line is one horizon: at the grey line at 1 as many events came as predicted; to its left fewer, to its "
        "right more. Bars are 95 % intervals.",
    ),
    "auc": (
        "Does risk tell who has the event?",
        "Each line is one horizon: the farther right of the grey line at 0.5, the better the risk tells who has the "
        "event by then from who is free of it. Bars are 95 % intervals.",
    ),
    "subgroups": (
        "Is it as good for everybody?",
        "Each line is a part of the people: bars that lie apart tell of a gap; the grey line is the score of all. Bars "
        "are 95 % intervals; parts with fewer than 20 people are not scored.",
    ),
    "reasons": (
        "What does it go by?",
        "Each bar is a part of the record: how far it moves the log-odds of what is said of a person, up or down, on "
        "average; 0.7 doubles or halves the odds. It tells what the model goes by, not what causes the disease.",
    ),
    "missing": (
        "What is missing most?",
        "Each bar is the share of visits without an item, for the items that are missing most.",
    ),
}
"""Title of each figure, and how to read it."""

COUNTS = {"visits": "Visits", "patients": "People", "groups": "Groups kept whole", "events": "People with an event"}
"""What is counted for a target."""
