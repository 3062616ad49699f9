"""Kinds of movement that a sensor on wrist and head would show, and how often each class shows them.

Marks as in `figures`. Every class shows every kind now and then, so that no kind gives a class away.
"""

from __future__ import annotations

from pipeline.synthetic.classes import Pair

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

# mean and standard deviation of each latent, in the order of `LATENTS`
KINDS: dict[str, tuple[tuple[float, float], ...]] = {
    # V 8-12 Hz physiological tremor; the rest A
    "quiet": (
        (8.6, 1.8),
        (0.50, 0.45),
        (-0.2, 0.7),
        (0.0, 0.7),
        (-2.2, 0.7),
        (0.8, 0.9),
        (-1.6, 0.8),
        (6.0, 1.8),
        (1.2, 0.9),
        (0.9, 0.9),
    ),
    # V arm tremor 3.5-7 Hz, irregular (Panyakaew 2020); the rest A
    "dystonic": (
        (5.3, 1.1),
        (0.55, 0.45),
        (-0.8, 0.8),
        (0.4, 0.8),
        (-1.7, 0.7),
        (1.6, 0.9),
        (-0.7, 0.9),
        (5.0, 1.4),
        (3.0, 1.0),
        (1.4, 1.0),
    ),
    # V head tremor 4.0-4.7 +- 1 Hz (n = 66, 2024); the rest A
    "dystonic_head": (
        (6.9, 2.0),
        (0.50, 0.45),
        (-0.4, 0.8),
        (0.1, 0.8),
        (-1.9, 0.7),
        (1.7, 0.9),
        (-0.9, 0.9),
        (4.3, 1.0),
        (1.8, 1.1),
        (3.0, 1.0),
    ),
    # A: a hand that cramps in its task
    "task": (
        (5.8, 1.5),
        (0.40, 0.45),
        (-1.1, 0.8),
        (1.5, 0.8),
        (-1.9, 0.7),
        (1.5, 0.9),
        (-1.0, 0.9),
        (6.0, 1.8),
        (2.2, 1.0),
        (0.9, 0.9),
    ),
    # V 4-12 Hz; mean and sd M; stability index above the cut
    "essential": (
        (6.2, 1.3),
        (0.22, 0.40),
        (-1.2, 0.7),
        (0.2, 0.8),
        (-1.5, 0.7),
        (0.9, 0.9),
        (-1.5, 0.8),
        (5.6, 1.5),
        (3.3, 0.9),
        (1.3, 1.1),
    ),
    # V 3-8 Hz; mean M; second harmonic; stability index below the cut
    "parkinsonian": (
        (5.0, 0.8),
        (-0.20, 0.40),
        (0.6, 0.9),
        (-0.6, 0.8),
        (-0.9, 0.7),
        (1.0, 0.9),
        (-1.4, 0.8),
        (5.4, 1.5),
        (3.1, 1.0),
        (1.0, 0.9),
    ),
    # V 1-6.5 Hz bursts (Elble 2013); the rest A
    "jerky": (
        (4.6, 1.4),
        (0.70, 0.45),
        (-0.4, 0.8),
        (0.2, 0.8),
        (-1.8, 0.7),
        (1.8, 0.9),
        (0.6, 0.8),
        (4.4, 1.3),
        (2.9, 1.0),
        (2.0, 1.1),
    ),
}

_RARE = 0.015
"""Every class shows every kind this often at least."""

_BY_PHENOTYPE: dict[str, dict[str, float]] = {
    "blepharospasm": {"quiet": 0.80, "dystonic": 0.08, "dystonic_head": 0.08, "essential": 0.04},
    "oromandibular": {"quiet": 0.76, "dystonic": 0.09, "dystonic_head": 0.10, "essential": 0.05},
    "cervical": {"quiet": 0.28, "dystonic": 0.17, "dystonic_head": 0.43, "jerky": 0.08, "essential": 0.04},
    "laryngeal": {"quiet": 0.76, "dystonic": 0.10, "dystonic_head": 0.08, "essential": 0.06},
    "writers_cramp": {"task": 0.60, "quiet": 0.18, "dystonic": 0.14, "essential": 0.08},
    "musicians": {"task": 0.38, "quiet": 0.48, "dystonic": 0.09, "essential": 0.05},
    "upper_limb_non_task": {"dystonic": 0.55, "task": 0.12, "quiet": 0.15, "essential": 0.10, "jerky": 0.08},
    "lower_limb": {"quiet": 0.72, "dystonic": 0.16, "jerky": 0.06, "parkinsonian": 0.06},
    "meige_segmental_cranial": {"quiet": 0.54, "dystonic": 0.16, "dystonic_head": 0.25, "essential": 0.05},
    "segmental_other": {"dystonic": 0.38, "dystonic_head": 0.34, "quiet": 0.13, "jerky": 0.10, "essential": 0.05},
    "hemidystonia": {"dystonic": 0.52, "jerky": 0.22, "quiet": 0.18, "parkinsonian": 0.08},
    "generalized": {"dystonic": 0.42, "jerky": 0.32, "dystonic_head": 0.16, "quiet": 0.10},
    "essential_tremor": {"essential": 0.68, "dystonic": 0.16, "quiet": 0.10, "parkinsonian": 0.06},
    "parkinson_disease": {"parkinsonian": 0.66, "essential": 0.12, "dystonic": 0.10, "quiet": 0.12},
    "functional": {"jerky": 0.26, "dystonic": 0.26, "essential": 0.12, "quiet": 0.30, "task": 0.06},
    "healthy": {"quiet": 0.94, "essential": 0.06},
}
_BY_AETIOLOGY: dict[str, dict[str, float]] = {
    "inherited_combined": {"jerky": 0.60, "dystonic": 0.20, "dystonic_head": 0.12, "quiet": 0.08},
    "wilson": {"essential": 0.30, "parkinsonian": 0.22, "dystonic": 0.28, "jerky": 0.10, "quiet": 0.10},
}


def kind_weights(pair: Pair) -> dict[str, float]:
    """Return how often a class shows each kind of movement; adds up to 1."""
    told = _BY_AETIOLOGY.get(pair[1], _BY_PHENOTYPE[pair[0]])
    raised = {kind: max(told.get(kind, 0.0), _RARE) for kind in KINDS}
    total = sum(raised.values())
    return {kind: weight / total for kind, weight in raised.items()}
