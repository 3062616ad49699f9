import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.evaluation.intervals import cluster_bootstrap


@given(groups=st.lists(st.integers(0, 9), min_size=1, max_size=40), seed=st.integers(0, 2**32 - 1))
def test_each_draw_brings_whole_patients(groups, seed):
    """A drawn patient brings all rows, as often as drawn; a draw has as many patients as the data."""
    groups = np.array(groups)
    size = {group: (groups == group).sum() for group in groups.tolist()}
    seen = []
    cluster_bootstrap(lambda rows: float(seen.append(rows) or 0.0), groups, draws=5, seed=seed)
    assert seen[-1].tolist() == list(range(len(groups)))
    for rows in seen[:-1]:
        times = 0
        for group in size:
            counts = [(rows == row).sum() for row in np.flatnonzero(groups == group)]
            assert len(set(counts)) == 1
            times += counts[0]
        assert times == len(size)


@given(groups=st.lists(st.integers(0, 9), min_size=2, max_size=40), seed=st.integers(0, 2**32 - 1))
def test_the_same_seed_gives_the_same_interval(groups, seed):
    x = np.arange(float(len(groups)))
    one, two = (
        cluster_bootstrap(lambda rows: float(x[rows].mean()), np.array(groups), draws=9, seed=seed) for _ in "ab"
    )
    assert one == two
    assert one.low <= one.high


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """95 % intervals of a mean over patients with alike visits hold the truth in 0.90 to 0.985 of 300 cohorts."""
    held = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(40), rng.integers(1, 6, 40))
        x = rng.normal(size=40)[groups] + 0.3 * rng.normal(size=len(groups))
        found = cluster_bootstrap(lambda rows, x=x: float(x[rows].mean()), groups, draws=200, seed=seed)
        held += found.low <= 0.0 <= found.high
    assert 0.90 <= held / 300 <= 0.985


def test_draws_without_a_value_are_counted():
    """An AUC is not defined in a draw without events: such draws are dropped, and the number is said."""
    outcome = np.array([1.0, 0.0, 0.0, 0.0])

    def share(rows):
        return float(outcome[rows].mean()) if outcome[rows].any() else float("nan")

    found = cluster_bootstrap(share, np.arange(4), draws=400, seed=0)
    assert found.dropped / 400 == pytest.approx(0.75**4, abs=0.08)
    assert found.low >= 0.25
    nothing = cluster_bootstrap(lambda rows: float("nan"), np.arange(4), draws=3, seed=0)
    assert nothing.dropped == 3
    assert np.isnan(nothing.low)


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        ([], {}, "bootstrap: 0 rows, 1000 draws, level 0.95"),
        ([1], {"draws": 0}, "bootstrap: 1 rows, 0 draws"),
        ([1], {"level": 1.0}, "level 1, but there must be"),
    ],
)
def test_a_bootstrap_of_nothing_is_refused(groups, options, message):
    with pytest.raises(UsageError, match=message):
        cluster_bootstrap(lambda rows: 0.0, np.array(groups), seed=0, **options)
