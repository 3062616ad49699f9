"""A recipe that cannot be followed is refused by its key, with what would do instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.study import Recipe
from pipeline.synthetic import generate
from pipeline.synthetic.classes import mix_of
from pipeline.vocabulary import AETIOLOGIES, PHENOTYPES, pair_is_allowed

GOOD = {"cervical/idiopathic_isolated": 1.0}


def recipe(**changes):
    return Recipe(**{"name": "mine", "title": "", "classes": GOOD, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": {}}, "recipe 'mine', key classes: the weights add up to nothing"),
        ({"classes": {"cervical/wilson": 0.0}}, "recipe 'mine', key classes: the weights add up to nothing"),
        ({"classes": {"cervical/wilson": -1.0}}, "key classes.cervical/wilson: -1.0, but a weight is a finite number"),
        ({"classes": {"cervical/wilson": float("nan")}}, "key classes.cervical/wilson: nan"),
        ({"classes": {"cervical/wilson": float("inf")}}, "key classes.cervical/wilson: inf"),
        ({"classes": {"cervical/wilson": 1e308, "generalized/wilson": 1e308}}, "add up to infinity"),
        ({"classes": {"cervcal/wilson": 1.0}}, "no phenotype is called 'cervcal'. Did you mean 'cervical'?"),
        ({"classes": {"cervical/wilsn": 1.0}}, "no aetiology is called 'wilsn'. Did you mean 'wilson'?"),
        ({"classes": {"cervical": 1.0}}, "key classes.cervical: one word, but a class is a phenotype and an aetiology"),
        ({"classes": {"healthy/wilson": 1.0}}, "a pair that no diagnosis joins, but healthy goes with not_dystonia"),
        ({"missing": 1.0}, "key missing: 1.0, but a number from 0 to 0.95"),
        ({"missing": -0.1}, "key missing: -0.1"),
        ({"missing": float("nan")}, "key missing: nan"),
        ({"max_visits": 0}, "key max_visits: 0, but a number from 1 to 40"),
    ],
)
def test_what_cannot_be_is_named(changes, message):
    """The message says which key, what stands there and what is needed."""
    with pytest.raises(UsageError) as error:
        generate(recipe(**changes), patients=2, seed=1)
    assert message in str(error.value)


@pytest.mark.parametrize("counts", [{"patients": 0}, {"seed": -1}, {"first": -1}])
def test_counts_that_cannot_be_are_refused(counts):
    """Neither nobody nor a negative seed is taken silently."""
    (name,) = counts
    with pytest.raises(UsageError, match=f"^{name}: "):
        generate(recipe(), **{"patients": 2, "seed": 1, **counts})


@given(phenotype=st.sampled_from(PHENOTYPES), aetiology=st.sampled_from(AETIOLOGIES))
def test_a_pair_is_taken_if_a_diagnosis_can_join_it(phenotype, aetiology):
    """The generator and the vocabulary agree on the structural zeros, and every allowed class can be made."""
    wanted = recipe(classes={f"{phenotype}/{aetiology}": 1.0})
    if pair_is_allowed(phenotype, aetiology):
        assert len(generate(wanted, patients=3, seed=1).truth.patients) == 3
    else:
        with pytest.raises(UsageError, match="no diagnosis joins"):
            mix_of(wanted)
