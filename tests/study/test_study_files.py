"""Studies, mappings and recipes: what is written wrongly is named, with what was probably meant, and nothing is run."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import built_in, load_mapping, load_recipe, load_study, read_text
from pipeline.errors import MissingInput, UsageError

STUDY = 'name = "mine"\ntitle = "Mine"\n'
TARGET = '[[targets]]\nname = "type"\nkind = "classification"\n'
EVENT = '[[targets]]\nname = "spread"\nkind = "time_to_event"\nleft = "l_y"\nright = "r_y"\n'
MAPPING = 'name = "mine"\ntitle = "Mine"\n[tables.visits.columns]\n'
LOADERS = {"studies": load_study, "mappings": load_mapping, "synthetic/recipes": load_recipe}


def written(text: str | bytes) -> str:
    path = Path("mine.toml").absolute()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in LOADERS for name in built_in(kind)])
def test_every_built_in_file_loads_and_can_be_copied(kind, name):
    """What we ship is valid, is called by its own name, and a copy of it in a file is the same thing."""
    shipped = LOADERS[kind](name)
    assert shipped.name == name
    assert LOADERS[kind](written(read_text(kind, name))) == shipped


@pytest.mark.parametrize("kind", LOADERS)
def test_a_name_that_is_not_built_in(kind):
    """The nearest name is offered; a path that is not there is a missing input."""
    name = next(iter(built_in(kind)))
    with pytest.raises(UsageError, match=f"Did you mean '{name}'") as found:
        LOADERS[kind](name[:-1])
    assert found.value.exit_code == 64
    for path in ("no/such", "none.toml", "./"):
        with pytest.raises(MissingInput) as missing:
            LOADERS[kind](path)
        assert missing.value.exit_code == 66


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("targetz = 1\n" + TARGET, "unknown key 'targetz'. Did you mean 'targets'?"),
        (TARGET + 'lables = ["a"]\n', "unknown key 'targets.0.lables'. Did you mean 'labels'?"),
        (TARGET + '[inputs]\nknow_at = ["referral"]\n', "unknown key 'inputs.know_at'. Did you mean 'known_at'?"),
        (TARGET + '[[comparators]]\nname = "a"\nfeature = ["b"]\n', "Did you mean 'features'?"),
        (TARGET + '[reporting]\n"27d" = "x"\n', "no item of TRIPOD+AI: '27d'. Did you mean '27"),
        ("folds = 5\n", "key 'targets' is missing"),
        ("targets = []\n", "no targets"),
        (TARGET.replace("classification", "klass"), "key 'targets.0.kind' is wrong"),
        ('folds = "five"\n' + TARGET, "key 'folds' is wrong"),
        (TARGET + TARGET, "two targets are called 'type'"),
        ('group_by = "publicaton"\n' + TARGET, "Did you mean 'publication'?"),
        (TARGET + '[inputs]\nhide = ["finding"]\n', "Did you mean 'findings'?"),
        (TARGET + '[inputs]\nhide_findings = ["HP:123"]\n', "'HP:123'"),
        (TARGET + '[inputs]\nknown_at = ["refferal"]\n', "key 'inputs.known_at.0' is wrong"),
        (TARGET + 'derive = "finding"\n', "key 'finding' is missing"),
        (TARGET + 'derive = "finding"\nfinding = "HP:1"\n', "'HP:1'"),
        (TARGET + 'derive = "score_relapse"\nscore = "jrs_total_points"\nimprove_by = 8\n', "kind 'classification'"),
        (TARGET + 'derive = "score_response"\nscore = "jrs"\nimprove_by = 8\nweek = 4\n', "unknown score 'jrs'"),
        (EVENT, "no horizons"),
        (EVENT + 'horizons = ["5y", "1y"]\n', "horizons out of order"),
        (EVENT + 'horizons = ["1y", "12m"]\n', "horizons out of order"),
        (EVENT + 'horizons = ["5 years"]\n', "'5 years' is not a horizon"),
        (EVENT.replace('left = "l_y"\n', "") + 'horizons = ["5y"]\n', "key 'left' is missing"),
        ("x = [", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_study_that_is_written_wrongly(text, says):
    """One line names the key and what was meant; what was to be hidden is never learned from for a slip of the pen."""
    content = text if isinstance(text, bytes) else STUDY + text
    with pytest.raises(UsageError, match=re.escape(says)) as found:
        load_study(written(content))
    assert found.value.exit_code == 64
    assert "mine.toml" in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('patient_id = { source = "a", valeus = {} }\n', "Did you mean 'values'?"),
        ('patientid = { source = "a" }\n', "Did you mean 'patient_id'?"),
        ("patient_id = {}\n", "nothing makes column 'patient_id'"),
        ("patient_id = { source = [] }\n", "nothing makes column 'patient_id'"),
        ('patient_id = { source = "a", values = { F = 1 } }\n', "is wrong"),
    ],
)
def test_a_mapping_that_is_written_wrongly(text, says):
    """Found before any file is opened."""
    with pytest.raises(UsageError, match=re.escape(says)):
        load_mapping(written(MAPPING + text))


def test_a_mapping_makes_visits():
    """Without them there is nothing to predict."""
    with pytest.raises(UsageError, match="no table of visits"):
        load_mapping(written(MAPPING.replace("visits", "treatments") + 'patient_id = { source = "a" }\n'))


@given(text=st.text(max_size=40))
def test_any_text_is_a_study_or_a_usage_error(text):
    """A file that is no study is never a crash."""
    for content in (text, STUDY + text, STUDY + TARGET + text):
        try:
            load_study(written(content))
        except UsageError:
            continue


@given(
    key=st.sampled_from(["name", "title", "mapping", "group_by", "folds", "seed", "inputs", "comparators", "targets"]),
    value=st.sampled_from(
        ["1", "-1", "1.5", '"x"', "true", "[]", "[[]]", "{}", '{ name = "x" }', "1979-05-27", '["x"]']
    ),
)
def test_a_key_of_any_type_is_a_study_or_a_usage_error(key, value):
    """Numbers for names and tables for numbers are told as what they are."""
    try:
        load_study(
            written(
                f"{key} = {value}\n"
                + "".join(line for line in (STUDY + TARGET).splitlines(True) if not line.startswith(key + " "))
            )
        )
    except UsageError as error:
        assert "\n" not in str(error)  # noqa: PT017 (a key that fits is as good)
