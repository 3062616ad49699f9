"""The page of the oracle's gates and bands."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

REGIMES = {
    "near-naive": "no wrong labels, fewer errors of raters: plain models should come near",
    "nonlinear-heavy-tailed": "kinds of movement that no straight line parts, with heavy tails",
    "label-noisy": "three labels in ten are wrong",
    "informative-absence": "what is left out tells something",
    "two-sites": "two clinics with other sensors, case mix, gaps and label noise",
}

GATES: dict[str, tuple[str, float, float]] = {
    "doubling": ("largest change of a probability when the nodes are doubled", 0.0, 1e-6),
    "impossible": ("largest probability of a class that the record rules out", 0.0, 0.0),
    "not_monotone": ("largest fall of a risk from one horizon to the next", 0.0, 0.0),
    "calibration": ("smallest p of simulation-based calibration, six tests, corrected", 0.01, 1.0),
}
"""What must hold: its meaning, and the closed range."""

BANDS: dict[str, tuple[str, float, float]] = {
    "dystonic_or_essential": ("dystonic against essential tremor, sensors alone, balanced accuracy", 0.65, 0.85),
    "macro_f1": ("phenotype from form and sensors, macro F1", 0.75, 0.92),
    "spread_auc": ("spread within 5 years, AUC", 0.65, 0.80),
    "few_accuracy": ("three tremors, best model trained on 78 people, accuracy", 0.65, 0.82),
    "few_recall": ("the same, recall of dystonic tremor", 0.2, 0.6),
    "single_area": ("alarm: one feature between two classes that it does not define, AUC", 0.5, 0.95),
}

ATTAINED = 0.95
"""Share of the attainable information that the best plain model should find; else the finding is printed."""

_HEAD = """# What the oracle knows, and how hard the cohorts are

{made} Python {python}, numpy {numpy}, scipy {scipy}, scikit-learn {sklearn}.

Every cohort comes with the best possible answer to who has what, and whose dystonia will spread
(`truth/oracle`): the generator's own probabilities, summed over all that is hidden. This page says how exact that
answer is, what a plain model makes of the same inputs, and whether the task is as hard as it should be. The oracle was
also compared with Bayes' rule in plain loops, to 1e-9, by `tests/synthetic/test_oracle_brute_force.py`. All figures are
of synthetic data and say nothing of patients.
"""

_PLAIN = """## A plain model beside the oracle

Small neural networks, the best plain model of scikit-learn that was found (boosted trees and logistic regression on
splines knew less), learned the recorded phenotype from form and blurred latents at the first visits of {patients:,}
patients, and were compared with the measurement oracle of the recorded label on {tested:,} others. *Attainable*: nats a
patient that the oracle knows beyond the case mix; for each model, what share of that it knows. A share above 1 would be
printed as it is.
"""


def page(found: Mapping[str, Mapping[str, Any]], *, made: str, patients: int, tested: int) -> str:
    """Return the page as Markdown."""
    versions = {name: version(package) for name, package in _PACKAGES.items()}
    parts = [_HEAD.format(made=made, python=platform.python_version(), **versions)]
    parts += [f"- `{regime}`: {REGIMES.get(regime, 'a recipe')}" for regime in found]
    for title, rows in (("Gates", GATES), ("Not too easy, not too hard", BANDS)):
        parts += [f"\n## {title}\n", _line("", *found, "needed"), _line(*["---"] * (len(found) + 2))]
        for key, (meaning, low, high) in rows.items():
            cells = [_judged(each[key], low, high) for each in found.values()]
            parts.append(_line(meaning, *cells, f"{low:g} to {high:g}" if low else f"at most {high:g}"))
    strongest = {str(each["single_where"]) for each in found.values()}
    parts.append(f"\nThe strongest single feature: {'; '.join(sorted(strongest))}.")
    ages = max((each["age_area"], str(each["age_where"])) for each in found.values())
    parts.append(
        f"Onset age is left out of the alarm: it parts classes as published, at most {ages[1]} ({ages[0]:.3f})."
    )
    parts += ["\n" + _PLAIN.format(patients=patients, tested=tested)]
    models = list(next(iter(found.values()))["shares"])
    parts += [_line("regime", "attainable", *models, "best reaches 0.95"), _line(*["---"] * (len(models) + 3))]
    for regime, each in found.items():
        shares = [each["shares"][model] for model in models]
        reached = "yes" if max(shares) >= ATTAINED else f"**no**: {ATTAINED - max(shares):.3f} short"
        parts.append(_line(regime, f"{each['attainable']:.3f}", *(f"{share:.3f}" for share in shares), reached))
    return "\n".join(parts) + "\n"


_PACKAGES = {"numpy": "numpy", "scipy": "scipy", "sklearn": "scikit-learn"}


def failing(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each gate or band that does not hold."""
    return [
        f"{regime}: {meaning}: {each[key]:.3g}, needed {low:g} to {high:g}"
        for regime, each in found.items()
        for key, (meaning, low, high) in (GATES | BANDS).items()
        if not low <= each[key] <= high
    ]


def _judged(value: float, low: float, high: float) -> str:
    text = f"{value:.3f}" if value >= 1e-3 else f"{value:.1e}" if value else "0"
    return text if low <= value <= high else f"**{text}**"


def _line(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
