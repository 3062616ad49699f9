"""Who is taken for whom, and that no small count can be worked out from what is told."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.cells import SUPPRESSED, hidden_cells
from pipeline.evaluation.confusion import confusion


@given(counts=st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_no_small_count_is_told_nor_follows_from_the_total(counts):
    counts = np.array(counts)
    hidden = hidden_cells(counts)
    assert not ((counts > 0) & (counts < 5) & ~hidden).any()
    assert hidden.sum() != 1


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 120), labels=st.integers(2, 5))
def test_it_counts_first_choices(seed, n, labels):
    """Brute force: every count that is told is right, and each row with a hidden count has two."""
    rng = np.random.default_rng(seed)
    names = tuple("abcde"[:labels])
    truth = rng.integers(-1, labels, n)
    p = rng.random((n, labels))
    p[np.arange(n), np.maximum(truth, 0)] += 0.6
    found = confusion(p, truth, names)
    right_answers_hidden = 0
    for label, row in found.items():
        inside = truth == names.index(label)
        if row["people"] == SUPPRESSED:
            assert not row["taken_for"]
            continue
        assert row["people"] == inside.sum()
        for taken, count in row["taken_for"].items():
            if count != SUPPRESSED:
                assert count == (p[inside].argmax(axis=1) == names.index(taken)).sum() >= 5
        assert list(row["taken_for"].values()).count(SUPPRESSED) != 1
        right_answers_hidden += row["taken_for"].get(label) == SUPPRESSED
    # the number of right answers is known from the accuracy
    rows_hidden = sum(row["people"] == SUPPRESSED for row in found.values())
    assert right_answers_hidden + rows_hidden != 1 or len(found) == 1
