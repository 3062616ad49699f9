"""A recipe that cannot be followed is refused by its key, with what would do instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.command import run
from pipeline.errors import UsageError
from pipeline.generate import command as generate_command
from pipeline.recipe import Centre, Recipe
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
        (
            {"classes": {"cervical": 1.0}},
            "key classes.cervical: no / in it, but a class is a phenotype and an aetiology",
        ),
        ({"classes": {"healthy/wilson": 1.0}}, "no diagnosis joins these two, but healthy goes with not_dystonia only"),
        ({"missing": 1.0}, "key missing: 1.0, but it must be from 0 to 0.95"),
        ({"phenotypes": {"cervical": 0.9}}, "key phenotypes: the shares add up to 0.9, but they must add up to 1"),
        ({"phenotypes": {"cervcal": 1.0}}, "no phenotype is called 'cervcal'. Did you mean 'cervical'?"),
        ({"phenotypes": {"cervical": 0.5, "healthy": 0.5}}, "key phenotypes.healthy: stands in this margin"),
        (
            {"aetiologies": {"idiopathic_isolated": 1.5}},
            "key aetiologies.idiopathic_isolated: 1.5, but",
        ),
        ({"heavy_tails": (0.5, 0.2, 0.2)}, "key heavy_tails: the shares add up to 0.9"),
        ({"label_noise": 0.9}, "key label_noise: 0.9, but it must be from 0 to 0.5"),
        ({"centres": ()}, "key centres: none, but at least one"),
        ({"centres": (Centre(0.5),)}, "key centres: the shares add up to 0.5"),
        ({"centres": (Centre(1.0, "bmi27"),)}, "no device is called 'bmi27'. Did you mean 'bmi270'?"),
        ({"missing": -0.1}, "key missing: -0.1"),
        ({"missing": float("nan")}, "key missing: nan"),
        ({"max_visits": 0}, "key max_visits: 0, but it must be from 1 to 40"),
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


def test_margins_that_no_table_has_are_refused():
    """Each adds up, but the pairs of the recipe cannot have both."""
    classes = {"cervical/idiopathic_isolated": 1.0, "functional/functional": 1.0}
    margins = {"phenotypes": {"cervical": 0.5, "functional": 0.5}}
    margins["aetiologies"] = {"idiopathic_isolated": 0.4, "functional": 0.6}
    with pytest.raises(UsageError, match="no table of these classes has both these margins"):
        mix_of(recipe(classes=classes, **margins))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("misssing = 0.1", "unknown key 'misssing'. Did you mean 'missing'?"),
        ("[[centres]]\nshre = 1.0", "unknown key 'centres.0.shre'. Did you mean 'share'?"),
        ("[phenotypes]\ncervical = 0.7", "the shares add up to 0.7"),
        ("label_noise = 2.0", "key label_noise: 2.0"),
    ],
)
def test_a_bad_recipe_is_one_line_and_nothing_is_written(text, message, tmp_path, capsys):
    """The command says which key, and leaves no folder behind."""
    head = 'name = "mine"\ntitle = ""\n'
    classes = '\n[classes]\n"cervical/idiopathic_isolated" = 1.0\n'
    body = text + classes if "[" not in text else classes + text
    (tmp_path / "mine.toml").write_text(head + body)
    code = run(generate_command, ["--out", "out", "--recipe", "./mine.toml", "--patients", "5"], "dystonia generate")
    assert code == 64
    error = capsys.readouterr().err
    assert message in error
    assert len(error.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]
