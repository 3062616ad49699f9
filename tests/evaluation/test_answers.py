"""Coverage by label, and what answering only the surest gives: brute force, and that nobody follows from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.answers import coverage_by_label, selective_accuracy
from pipeline.evaluation.cells import SUPPRESSED

LABELS = ("cervical", "laryngeal", "musicians")


@st.composite
def answers(draw, least=1):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(least, 300))
    p = np.round(rng.dirichlet(np.full(3, 0.5), size=n), draw(st.integers(1, 4)))
    truth = np.where(rng.uniform(size=n) < 0.1, -1, [rng.choice(3, p=(row + 0.1) / (row + 0.1).sum()) for row in p])
    return p, truth, p > draw(st.floats(0.0, 0.6))


@given(answers())
def test_coverage_is_the_share_of_each_labels_people_whose_set_holds_it(case):
    _, truth, members = case
    shown = [label for at, label in enumerate(LABELS) if (truth == at).sum() >= 20]
    found = coverage_by_label(members, truth, LABELS, shown)
    assert list(found) == shown
    there = [at for at in range(3) if (truth == at).any()]
    hidden = [LABELS[at] not in found or "value" not in found[LABELS[at]]["coverage"] for at in there]
    inside_of = [members[truth == at, at] for at in there]
    small = [min(each.sum(), len(each) - each.sum()) < 5 for each in inside_of]
    for label in shown:
        inside = members[truth == LABELS.index(label), LABELS.index(label)]
        assert found[label]["people"] == len(inside)
        coverage = found[label]["coverage"]
        few = min(inside.sum(), len(inside) - inside.sum()) < 5
        if coverage == SUPPRESSED:
            assert not few
        elif "value" in coverage:
            assert not few
            assert coverage["value"] == pytest.approx(inside.mean())
        elif "least" in coverage:
            assert coverage["least"] <= inside.mean() + 1e-12
            assert (len(inside) - inside.sum()) < 5
        else:
            assert coverage["most"] >= inside.mean() - 1e-12
    # the sum over all labels is told: a small number hides behind another one
    assert not any(small) or sum(hidden) > 1 or len(there) == 1


@given(answers())
def test_the_curve_is_the_accuracy_of_the_surest(case):
    """Brute force: of all whose greatest probability is at least that of the point."""
    p, truth, _ = case
    surest, right = p.max(axis=1), p.argmax(axis=1) == truth
    points = selective_accuracy(p, truth)
    for point in points:
        asked = surest >= point["from"]
        assert point["answered"] == pytest.approx(asked.mean())
        assert point["right"] == pytest.approx(right[asked].mean())
        assert point["low"] - 1e-12 <= point["right"] <= point["high"] + 1e-12
    if points:
        assert points[-1]["answered"] == 1.0


@given(answers())
def test_no_few_people_follow_from_two_points_of_the_curve(case):
    p, truth, _ = case
    points = selective_accuracy(p, truth)
    answered = np.array([0, *(round(point["answered"] * len(p)) for point in points)])
    right = np.array([0, *(round(point["right"] * count) for point, count in zip(points, answered[1:], strict=True))])
    for step in (np.diff(right), np.diff(answered - right)):
        assert not ((step > 0) & (step < 5)).any()
