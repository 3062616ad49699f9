"""What a table of scores says: a value lies in its own interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.summary import classification_summary


@given(st.lists(st.sampled_from("abc"), min_size=4, max_size=40).filter(lambda labels: len(set(labels)) > 1))
def test_who_says_the_shares_of_the_labels_has_no_information_in_any_draw(labels):
    """Were the prior taken anew from each draw, it would fit it, and the interval would lie below 0."""
    label = np.array(labels)
    classes, counts = np.unique(label, return_counts=True)
    said = np.tile(counts / len(label), (len(label), 1))
    found = classification_summary(said, label, tuple(classes), np.arange(len(label)), seed=1, draws=20)["information"]
    assert [found[key] for key in ("value", "low", "high")] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
