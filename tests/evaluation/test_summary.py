"""What a table of scores says: a value lies in its own interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.summary import classification_summary, event_warnings


@given(st.lists(st.sampled_from("abc"), min_size=4, max_size=40).filter(lambda labels: len(set(labels)) > 1))
def test_who_says_the_shares_of_the_labels_has_no_information_in_any_draw(labels):
    """Were the prior taken anew from each draw, it would fit it, and the interval would lie below 0."""
    label = np.array(labels)
    classes, counts = np.unique(label, return_counts=True)
    said = np.tile(counts / len(label), (len(label), 1))
    found = classification_summary(said, label, tuple(classes), np.arange(len(label)), seed=1, draws=20)["information"]
    assert [found[key] for key in ("value", "low", "high")] == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


HORIZONS = {"1y": 1.0, "2y": 2.0, "5y": 5.0}


@given(
    gaps=st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 3.0, 8.0]), min_size=5, max_size=30),
    visits=st.integers(1, 3),
    free=st.integers(0, 9),
)
def test_horizons_shorter_than_the_time_between_visits_are_named(gaps, visits, free):
    """By the median over people, however many visits each has before the event, and whoever had none."""
    right = np.concatenate([np.repeat(gaps, visits), np.full(free, np.inf)]) + 2.0
    people = np.concatenate([np.repeat(np.arange(len(gaps)), visits), np.arange(free) + 100])
    told = [
        each for each in event_warnings(np.full(len(right), 2.0), right, people, HORIZONS) if "risks within" in each
    ]
    short = [name for name, years in HORIZONS.items() if years < np.median(gaps)]
    assert len(told) == bool(short)
    assert all(f"risks within {' and '.join(short)}: half" in each for each in told)


def test_fewer_than_five_events_do_not_tell_when_visits_were():
    """A median of so few gaps could be one person's."""
    assert event_warnings(np.zeros(4), np.full(4, 3.0), np.arange(4), HORIZONS) == [
        "too few events: fewer than 5 patients with an event, but at least 50 are needed to learn more than a prior"
    ]
    assert event_warnings(np.zeros(9), np.full(9, np.inf), np.arange(9), HORIZONS)[0].startswith("too few events")
