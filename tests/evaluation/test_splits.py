import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.evaluation.splits import grouped_folds


@st.composite
def cohorts(draw):
    groups = draw(st.lists(st.sampled_from([f"p{k}" for k in range(12)]), min_size=2, max_size=60))
    strata = draw(st.lists(st.sampled_from("abc"), min_size=len(groups), max_size=len(groups)))
    return groups, strata


@given(cohort=cohorts(), folds=st.integers(2, 8), seed=st.integers(0, 2**32 - 1))
def test_no_patient_is_in_two_folds(cohort, folds, seed):
    """What a model is tested on, it has not seen: a patient's rows stay together, and each row is tested once."""
    groups, strata = cohort
    if len(set(groups)) < folds:
        with pytest.raises(
            UsageError, match=r"validation folds: \d folds for \d+ groups, but there must be at least 2"
        ):
            grouped_folds(groups, strata, folds, seed)
        return
    splits = grouped_folds(groups, strata, folds, seed)
    assert len(splits) == folds
    assert sorted(np.concatenate([test for _, test in splits]).tolist()) == list(range(len(groups)))
    for train, test in splits:
        assert train.size
        assert test.size
        assert not {groups[row] for row in train} & {groups[row] for row in test}
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(groups)))


@given(
    strata=st.lists(st.integers(0, 4), min_size=6, max_size=80),
    folds=st.integers(2, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_class_is_spread_evenly_where_patients_have_one_row(strata, folds, seed):
    """Each fold tests on its share of every class, however rare: the counts differ by one at most."""
    strata = np.array(strata)
    splits = grouped_folds(np.arange(len(strata)), strata, folds, seed)
    for label in np.unique(strata):
        counts = [(strata[test] == label).sum() for _, test in splits]
        assert max(counts) - min(counts) <= 1


@given(cohort=cohorts(), seed=st.integers(0, 2**32 - 1))
def test_the_same_seed_gives_the_same_folds(cohort, seed):
    groups, strata = cohort
    if len(set(groups)) < 2:
        return
    one, two = (grouped_folds(groups, strata, 2, seed) for _ in range(2))
    assert all((a[1] == b[1]).all() for a, b in zip(one, two, strict=True))


@given(cohort=cohorts(), seed=st.integers(0, 2**32 - 1))
def test_names_of_groups_do_not_matter(cohort, seed):
    """Renaming patients, their order kept, changes no fold."""
    groups, strata = cohort
    if len(set(groups)) < 2:
        return
    renamed = [f"hospital {name}" for name in groups]
    for a, b in zip(grouped_folds(groups, strata, 2, seed), grouped_folds(renamed, strata, 2, seed), strict=True):
        np.testing.assert_array_equal(a[1], b[1])


def test_another_seed_gives_other_folds():
    cohort = np.arange(40), np.arange(40) % 2
    assert any(
        (grouped_folds(*cohort, 4, 0)[0][1] != grouped_folds(*cohort, 4, seed)[0][1]).any() for seed in range(1, 4)
    )


def test_a_patient_seen_at_two_sites_is_refused():
    """Grouping by site would put such a patient on both sides; the message names no patient."""
    with pytest.raises(UsageError, match="1 patients with rows in more than one group") as refusal:
        grouped_folds(["a", "b", "b"], [0, 1, 1], 2, 0, patients=["secret", "secret", "other"])
    assert "secret" not in str(refusal.value)
    assert refusal.value.code == "PATIENT_IN_TWO_GROUPS"


def test_groups_and_strata_of_other_lengths_are_refused():
    with pytest.raises(UsageError, match=r"groups of shape \(2,\), strata of shape \(3,\), but one a row"):
        grouped_folds([1, 2], [0, 0, 0], 2, 0)
