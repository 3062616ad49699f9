import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.learners.inner import checked_rows, inner_folds, simplest_within_one_error


@given(
    groups=st.lists(st.integers(0, 8), min_size=1, max_size=40),
    folds=st.integers(2, 6),
    data=st.data(),
)
def test_inner_folds_never_split_a_group(groups, folds, data):
    """Any strata, however rare: no error, no warning, no group on both sides, and each row is left out once."""
    strata = data.draw(st.lists(st.integers(0, 6), min_size=len(groups), max_size=len(groups)))
    groups = np.array(groups)
    splits = inner_folds(groups, np.array(strata), folds, 0)
    if len(set(groups.tolist())) < 2:
        assert splits == []
        return
    assert sorted(np.concatenate([test for _, test in splits]).tolist()) == list(range(len(groups)))
    for train, test in splits:
        assert not set(groups[train].tolist()) & set(groups[test].tolist())
        assert len(train) + len(test) == len(groups)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 30), candidates=st.integers(1, 6))
def test_the_choice_is_never_more_complex_than_the_best(seed, n, candidates):
    """The simplest candidate wins ties and near ties; a candidate clearly worse never wins."""
    rng = np.random.default_rng(seed)
    losses = rng.exponential(size=(candidates, n))
    chosen = simplest_within_one_error(losses, np.ones(n), np.arange(n))
    assert chosen <= losses.mean(axis=1).argmin()
    excess = losses[chosen] - losses[losses.mean(axis=1).argmin()]
    assert excess.mean() <= (excess.std(ddof=1) / np.sqrt(n) if n > 1 else 0.0) + 1e-12


@pytest.mark.parametrize(
    ("groups", "weight", "message"),
    [
        (np.zeros(2), None, r"fit: groups of shape \(2,\), but X has 3 rows"),
        (None, np.array([1.0, -1.0, 1.0]), r"fit: sample_weight negative, not finite or all zero"),
        (None, np.array([1.0, np.nan, 1.0]), r"fit: sample_weight negative, not finite or all zero"),
        (None, np.zeros(3), r"fit: sample_weight negative, not finite or all zero"),
    ],
)
def test_rows_that_do_not_fit_are_refused(groups, weight, message):
    with pytest.raises(UsageError, match=message):
        checked_rows("fit", 3, groups, weight)


def test_no_rows_are_refused():
    with pytest.raises(UsageError, match="fit: no rows, but it takes at least one"):
        checked_rows("fit", 0, None, None)
