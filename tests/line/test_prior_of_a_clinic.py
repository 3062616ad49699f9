"""`predict --prior FILE`: the shares of labels of the clinic where the model is used, not of the training."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as papq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.bundle.target import margin, shifted
from pipeline.cli import main
from pipeline.prior import with_prior

PHENOTYPES = ("cervical", "healthy", "laryngeal")
AETIOLOGIES = ("idiopathic_isolated", "not_dystonia")


def written(**tables):
    lines = [
        f"[{name}]\n" + "".join(f"{label} = {share!r}\n" for label, share in of.items()) for name, of in tables.items()
    ]
    Path("prior.toml").write_text("\n".join(lines))
    return Path("prior.toml")


def shares(*numbers):
    return dict(zip(PHENOTYPES, numbers, strict=True))


def trained_shares(bundle, part):
    labels, found = margin(bundle.models[0].estimator.prior_[None], bundle.models[0].estimator.classes_, part)
    return dict(zip(labels, found[0].tolist(), strict=True))


def vectors(line):
    return line.bundle.vectors(line.cohort[np.arange(60)])


SHARES = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).filter(lambda each: sum(each) > 0.1)


@settings(max_examples=30)
@given(given_shares=SHARES)
def test_probabilities_are_those_of_bayes_with_the_other_prior(line, given_shares):
    """p'(y|x) is in proportion to p(y|x) times the share there over the share in training; what is 0 stays 0."""
    wanted = shares(*(each / sum(given_shares) for each in given_shares))
    (model,) = [each for each in with_prior(line.bundle, written(phenotype=wanted))[0].models if each.sets]
    X = vectors(line)
    before = line.bundle.models[0].margins(X)["phenotype"][1]
    trained = trained_shares(line.bundle, 0)
    brute = before * [wanted[label] / trained[label] for label in PHENOTYPES]
    brute /= brute.sum(axis=1, keepdims=True)
    after = model.margins(X)["phenotype"][1]
    np.testing.assert_allclose(after, brute, atol=1e-12)
    assert (after[:, [wanted[label] == 0.0 for label in PHENOTYPES]] == 0.0).all()


def test_the_shares_of_the_training_change_nothing(line):
    prior = written(phenotype=trained_shares(line.bundle, 0), aetiology=trained_shares(line.bundle, 1))
    bundle, _ = with_prior(line.bundle, prior)
    for name, (_, probability) in line.bundle.models[0].margins(vectors(line)).items():
        np.testing.assert_allclose(bundle.models[0].margins(vectors(line))[name][1], probability, atol=1e-12)


@given(seed=st.integers(0, 999), rows=st.integers(1, 30))
def test_a_shift_is_the_same_bits_whatever_rows_come_with_it(seed, rows):
    rng = np.random.default_rng(seed)
    probabilities, weights = rng.dirichlet(np.ones(7), size=rows), rng.random(7)
    whole = shifted(probabilities, weights)
    assert shifted(probabilities[:1], weights).tobytes() == whole[:1].tobytes()
    np.testing.assert_allclose(whole.sum(axis=1), 1.0)


@pytest.mark.parametrize("cervical", [0.1, 0.55])
def test_the_weights_give_both_columns_their_shares(line, cervical):
    """Pairs that are impossible stay so, and each column of labels gets the shares that were given for it."""
    phenotype = shares(cervical, 0.3, 0.7 - cervical)
    prior = written(phenotype=phenotype, aetiology=dict(zip(AETIOLOGIES, (0.7, 0.3), strict=True)))
    model = with_prior(line.bundle, prior)[0].models[0]
    there = model.estimator.prior_ * model.prior_weights
    for part, wanted in ((0, phenotype), (1, dict(zip(AETIOLOGIES, (0.7, 0.3), strict=True)))):
        labels, found = margin(there[None], model.estimator.classes_, part)
        assert dict(zip(labels, found[0], strict=True)) == pytest.approx(wanted, abs=1e-6)


def predicted(line, *flags, out="out"):
    command = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", out, "--quiet"]
    return main([*command, *flags])


def test_sets_are_withdrawn_and_the_warning_says_so(line):
    """A set promises to hold the label as often as said for the shares of the training only."""
    written(phenotype=shares(0.2, 0.5, 0.3))
    assert predicted(line, "--prior", "prior.toml") == 0
    assert predicted(line, out="plain") == 0
    table, plain = (papq.read_table(next(Path(out).glob("predictions-*"))).to_pandas() for out in ("out", "plain"))
    for name in ("phenotype", "aetiology"):
        assert set(table[f"{name}_set"]) == {""} == set(table[f"{name}_answer"])
        assert table[f"{name}_abstained"].all()
    assert table["warnings"].str.contains("type:SETS_WITHDRAWN").all()
    assert not plain["warnings"].str.contains("SETS_WITHDRAWN").any()
    assert (table["phenotype_p_healthy"] > plain["phenotype_p_healthy"]).all()
    assert table["spread_risk_5y"].equals(plain["spread_risk_5y"])


def test_the_account_names_the_prior_and_another_one_is_another_result(line, capsys):
    digests = []
    for cervical in (0.2, 0.4):
        written(phenotype=shares(cervical, 0.5, 0.5 - cervical))
        assert predicted(line, "--prior", "prior.toml", "--overwrite") == 0
        digests.append(json.loads(Path("out/_SUCCESS").read_text())["prior"])
    assert len(set(digests)) == 2
    assert predicted(line, "--prior", "prior.toml") == 0
    assert predicted(line) == 73
    assert "Traceback" not in capsys.readouterr().err


def test_reasons_add_up_to_what_is_said_with_the_prior(line):
    bundle, _ = with_prior(line.bundle, written(phenotype=shares(0.1, 0.1, 0.8)))
    table = bundle.predict(line.cohort[np.arange(30)], explain=2)
    for row in table.to_dict("records"):
        does = sum(float(reason.rsplit(", ", 1)[1]) for reason in row["phenotype_reasons"])
        p = row[f"phenotype_p_{row['phenotype']}"]
        total = row["phenotype_reasons_start"] + does + row["phenotype_reasons_rest"]
        assert total == pytest.approx(np.log(p) - np.log1p(-p), abs=1e-8)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("[phenotype]\ncervical = 0.5\nhealthy = 0.2\nlaringeal = 0.3", "did you mean 'laryngeal'"),
        ("[phenotipe]\ncervical = 1.0", "did you mean 'phenotype'"),
        ("[phenotype]\ncervical = 0.5\nhealthy = 0.5", "no share of 'laryngeal'"),
        ("[phenotype]\ncervical = 1.2\nhealthy = -0.2\nlaryngeal = 0.0", "from 0 to 1"),
        ("[phenotype]\ncervical = 0.5\nhealthy = 0.2\nlaryngeal = 0.2", "add up to 0.9"),
        ("[phenotype]\ncervical = nan\nhealthy = 0.2\nlaryngeal = 0.2", "from 0 to 1"),
        ("[phenotype]\ncervical = true\nhealthy = 0.0\nlaryngeal = 0.0", "from 0 to 1"),
        ("[phenotype]\ncervical = '1'\nhealthy = 0.0\nlaryngeal = 0.0", "from 0 to 1"),
        ("cervical = 1.0", "no table of shares"),
        ("", "no table of shares"),
        ("[phenotype", "not valid TOML"),
        (
            "[phenotype]\ncervical = 0.3\nhealthy = 0.5\nlaryngeal = 0.2\n"
            "[aetiology]\nidiopathic_isolated = 0.9\nnot_dystonia = 0.1",
            "cannot go together",
        ),
    ],
)
def test_shares_that_are_none_are_a_wrong_usage(line, text, needed, capsys):
    Path("prior.toml").write_text(text)
    assert predicted(line, "--prior", "prior.toml") == 64
    said = capsys.readouterr().err
    assert needed in said or needed.capitalize() in said
    assert len(said.splitlines()) == 1
    assert not Path("out").exists()


def test_a_file_that_is_not_there_or_no_text(line, capsys):
    assert predicted(line, "--prior", "nothing.toml") == 66
    Path("prior.toml").write_bytes(b"\xff\xfe[phenotype]")
    assert predicted(line, "--prior", "prior.toml") == 64
    assert "UTF-8" in capsys.readouterr().err
