"""Kinds of movement that a sensor on wrist and head would show, and how often each class shows them.

Marks as in `figures`. Every class shows every kind now and then, so that no kind gives a class away.
"""

from __future__ import annotations

from pipeline.synthetic.classes import Pair
from pipeline.synthetic.epidemiology import load_epidemiology

LATENTS = (
    "frequency_hz",
    "irregularity_log",
    "rest_ratio_log",
    "writing_ratio_log",
    "harmonic_log",
    "offset_log",
    "jerks_log",
    "head_frequency_hz",
    "amplitude_log",
    "head_amplitude_log",
)
"""What a recording would show.

Tremor of the wrist (Hz; log of the stability index), its share at rest and in writing against holding out (log ratios),
second harmonic (log ratio), posture offset (log degrees), rate of jerks (log Hz), head tremor (Hz), and both amplitudes
(log milli-g), which follow severity.
"""

FOLLOW_SEVERITY = 2
"""How many of them, at the end, follow severity and its course."""

SEVERITY_SLOPE = 0.35
"""A: natural log units of amplitude a standard deviation of severity."""


def _published(tremor: str) -> tuple[float, float]:
    figure = load_epidemiology().figure(f"tremor_frequency.{tremor}")
    return figure.value, figure.sd or 0.0


# mean and standard deviation of each latent, in the order of `LATENTS`
KINDS: dict[str, tuple[tuple[float, float], ...]] = {
    # V 8-12 Hz physiological tremor; the rest A
    "quiet": (
        (9.0, 1.6),
        (0.5, 0.45),
        (-0.2, 0.7),
        (0.0, 0.7),
        (-2.2, 0.7),
        (0.7, 0.9),
        (-1.7, 0.8),
        (6.0, 1.8),
        (1.1, 0.9),
        (0.8, 0.9),
    ),
    # V arm tremor 3.5-7 Hz, irregular (Panyakaew 2020); mean M, the rest A
    "dystonic": (
        _published("dystonic_arm"),
        (0.6, 0.45),
        (-0.9, 0.8),
        (0.4, 0.8),
        (-1.7, 0.7),
        (1.7, 0.9),
        (-0.7, 0.9),
        (5.2, 1.5),
        (3.0, 1.0),
        (1.2, 1.0),
    ),
    # V focal head tremor 4.0 +- 0.9 Hz (n = 66, 2024); the rest A
    "dystonic_head": (
        (7.4, 2.0),
        (0.5, 0.45),
        (-0.4, 0.8),
        (0.0, 0.8),
        (-2.0, 0.7),
        (1.7, 0.9),
        (-0.9, 0.9),
        _published("dystonic_head_focal"),
        (1.4, 1.0),
        (3.1, 1.0),
    ),
    # V segmental head tremor 4.7 +- 1.0 Hz (2024); the rest A
    "dystonic_both": (
        _published("dystonic_arm"),
        (0.6, 0.45),
        (-0.8, 0.8),
        (0.3, 0.8),
        (-1.7, 0.7),
        (1.9, 0.9),
        (-0.6, 0.9),
        _published("dystonic_head_segmental"),
        (3.1, 1.0),
        (3.0, 1.0),
    ),
    # A: a hand that cramps in its task
    "task": (
        (5.8, 1.5),
        (0.4, 0.45),
        (-1.2, 0.8),
        (1.7, 0.8),
        (-1.9, 0.7),
        (1.5, 0.9),
        (-1.1, 0.9),
        (6.0, 1.8),
        (2.1, 1.0),
        (0.8, 0.9),
    ),
    # V 4-12 Hz; mean and sd M; stability index above the cut; the rest A
    "essential": (
        _published("essential"),
        (0.18, 0.4),
        (-1.3, 0.7),
        (0.2, 0.8),
        (-1.5, 0.7),
        (0.8, 0.9),
        (-1.6, 0.8),
        (5.8, 1.5),
        (3.3, 0.9),
        (1.3, 1.1),
    ),
    # V 3-8 Hz; mean M; second harmonic; stability index below the cut; the rest A
    "parkinsonian": (
        _published("parkinson_rest"),
        (-0.2, 0.4),
        (1.0, 0.9),
        (-0.7, 0.8),
        (-0.7, 0.7),
        (1.0, 0.9),
        (-1.4, 0.8),
        (5.4, 1.5),
        (3.1, 1.0),
        (0.9, 0.9),
    ),
    # V 1-6.5 Hz bursts (Elble 2013); the rest A
    "jerky": (
        (4.6, 1.4),
        (0.7, 0.45),
        (-0.4, 0.8),
        (0.2, 0.8),
        (-1.8, 0.7),
        (1.8, 0.9),
        (0.7, 0.8),
        (4.4, 1.3),
        (2.9, 1.0),
        (2.0, 1.1),
    ),
    # M 5.0 +- 1.5 Hz, very variable; the rest A
    "functional": (
        _published("functional"),
        (1.0, 0.45),
        (0.3, 0.9),
        (-0.2, 0.8),
        (-1.8, 0.7),
        (1.4, 1.0),
        (-0.6, 0.9),
        (5.2, 1.6),
        (2.9, 1.1),
        (1.4, 1.1),
    ),
}

_RARE = 0.015
"""Every class shows every kind this often at least."""

_BY_PHENOTYPE: dict[str, dict[str, float]] = {
    "blepharospasm": {"quiet": 0.82, "dystonic": 0.08, "dystonic_head": 0.06, "essential": 0.04},
    "oromandibular": {"quiet": 0.78, "dystonic": 0.09, "dystonic_head": 0.08, "essential": 0.05},
    "cervical": {"quiet": 0.24, "dystonic": 0.07, "dystonic_head": 0.58, "dystonic_both": 0.07, "essential": 0.04},
    "laryngeal": {"quiet": 0.78, "dystonic": 0.10, "dystonic_head": 0.06, "essential": 0.06},
    "writers_cramp": {"task": 0.72, "quiet": 0.09, "dystonic": 0.14, "essential": 0.05},
    "musicians": {"task": 0.13, "quiet": 0.73, "dystonic": 0.09, "essential": 0.05},
    "upper_limb_non_task": {"dystonic": 0.76, "task": 0.05, "quiet": 0.07, "essential": 0.07, "jerky": 0.05},
    "lower_limb": {"quiet": 0.76, "dystonic": 0.12, "jerky": 0.06, "parkinsonian": 0.06},
    "meige_segmental_cranial": {"quiet": 0.38, "dystonic_both": 0.18, "dystonic_head": 0.39, "essential": 0.05},
    "segmental_other": {"dystonic_both": 0.74, "dystonic": 0.08, "dystonic_head": 0.07, "quiet": 0.06, "jerky": 0.05},
    "hemidystonia": {"dystonic": 0.40, "jerky": 0.42, "quiet": 0.11, "parkinsonian": 0.07},
    "generalized": {"dystonic_both": 0.36, "jerky": 0.38, "dystonic": 0.16, "quiet": 0.10},
    "essential_tremor": {"essential": 0.78, "dystonic": 0.09, "quiet": 0.07, "parkinsonian": 0.06},
    "parkinson_disease": {"parkinsonian": 0.78, "essential": 0.08, "dystonic": 0.06, "quiet": 0.08},
    "functional": {"functional": 0.70, "jerky": 0.09, "dystonic": 0.06, "essential": 0.04, "quiet": 0.11},
    "healthy": {"quiet": 0.96, "essential": 0.04},
}
_BY_AETIOLOGY: dict[str, dict[str, float]] = {
    "inherited_combined": {"jerky": 0.62, "dystonic_both": 0.22, "dystonic_head": 0.08, "quiet": 0.08},
    "wilson": {"essential": 0.28, "parkinsonian": 0.24, "dystonic": 0.28, "jerky": 0.10, "quiet": 0.10},
}
"""A, where the cause changes the movement."""


def kind_weights(pair: Pair) -> dict[str, float]:
    """Return how often a class shows each kind of movement; adds up to 1."""
    told = _BY_AETIOLOGY.get(pair[1], _BY_PHENOTYPE[pair[0]])
    raised = {kind: max(told.get(kind, 0.0), _RARE) for kind in KINDS}
    total = sum(raised.values())
    return {kind: weight / total for kind, weight in raised.items()}
