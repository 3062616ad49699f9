"""Coverage by part of the people, and what answering only the surest gives: brute force, and nobody is given away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.answers import coverage_by, selective_accuracy
from pipeline.evaluation.cells import SUPPRESSED


@st.composite
def answers(draw, least=1):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(least, 300))
    p = np.round(rng.dirichlet(np.full(3, 0.5), size=n), draw(st.integers(1, 4)))
    truth = np.where(rng.uniform(size=n) < 0.1, -1, [rng.choice(3, p=(row + 0.1) / (row + 0.1).sum()) for row in p])
    return p, truth, p > draw(st.floats(0.0, 0.6))


@given(answers(), st.integers(1, 6))
def test_coverage_is_the_share_of_each_parts_people_whose_set_holds_their_label(case, parts):
    """Brute force; what part of the people they are is not known of some."""
    p, truth, members = case
    part = np.array(["", *"abcde"])[(p[:, 0] * 7919 * parts).astype(int) % parts]
    inside = members[np.arange(len(truth)), truth] & (truth >= 0)
    there = np.unique(part).tolist()
    shown = [name for name in there if name and (part == name).sum() >= 20]
    found = coverage_by(inside, part, shown)
    assert list(found) == shown
    hidden = [name not in found or "value" not in found[name]["coverage"] for name in there]
    small = []
    for name in there:
        own = inside[part == name]
        few = min(own.sum(), len(own) - own.sum()) < 5
        small.append(few)
        if name not in found:
            continue
        assert found[name]["people"] == len(own)
        coverage = found[name]["coverage"]
        if coverage == SUPPRESSED:
            assert not few
        elif "value" in coverage:
            assert not few
            assert coverage["value"] == pytest.approx(own.mean())
        elif "least" in coverage:
            assert coverage["least"] <= own.mean() + 1e-12
            assert (len(own) - own.sum()) < 5
        else:
            assert coverage["most"] >= own.mean() - 1e-12
    # the sum over all parts is told: a small number hides behind another one
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
