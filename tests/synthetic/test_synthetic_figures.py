"""The figures that the generator reads: a row that cannot be right is refused, and an absent one is never made up."""

from collections import Counter
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_recipe
from pipeline.errors import UsageError
from pipeline.synthetic.classes import mix_of
from pipeline.synthetic.epidemiology import STATUSES, load_epidemiology, parse_epidemiology, value, values

SOURCES = '[sources]\nchan1991 = { cite = "Chan" }\ndesign = { cite = "ours" }\n'


def table(*rows, conflicts=""):
    lines = ["[figures.cervical]", 'population = "cervical, clinic"', *rows, conflicts, SOURCES]
    return "\n".join(lines)


def row(name="pain", value="0.75", **keys):
    keys = {"unit": '"share"', "status": '"verified"', "sources": '["chan1991"]', **keys}
    inside = ", ".join(f"{key} = {text}" for key, text in keys.items() if text)
    return f"{name} = {{ value = {value}, {inside} }}"


@given(low=st.floats(0, 1), high=st.floats(0, 1), at=st.floats(0, 1))
def test_a_value_stands_within_its_range_or_is_refused(low, high, at):
    """Whatever the numbers, none outside its range gets into the generator."""
    text = table(row(value=repr(at), range=f"[{low!r}, {high!r}]"))
    if low <= at <= high:
        assert parse_epidemiology(text).figure("cervical.pain").value == at
    else:
        with pytest.raises(UsageError, match=r"figure 'cervical\.pain'.*outside its range"):
            parse_epidemiology(text)


@given(name=st.text(ascii_lowercase, min_size=1, max_size=12))
def test_a_figure_that_is_not_there_is_never_made_up(name):
    if f"cervical.{name}" not in load_epidemiology().figures:
        with pytest.raises(UsageError, match="no such figure"):
            value(f"cervical.{name}")


def test_a_bare_number_is_an_assumption_of_ours():
    figure = parse_epidemiology(table("stiffness = 0.45")).figure("cervical.stiffness")
    assert (figure.value, figure.status, figure.sources) == (0.45, "assumption", ("design",))
    assert figure.population == "cervical, clinic"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((row(rnge="[0, 1]"),), r"unknown key 'rnge'. Did you mean 'range'"),
        ((row(sources='["chan1919"]'),), r"unknown source 'chan1919'. Did you mean 'chan1991'"),
        ((row(sources="[]"),), "verified without a source"),
        ((row(sources='["design"]'),), "verified without a source"),
        ((row(value="1.2"),), "1.2 lies outside its unit share"),
        ((row(value="nan"),), "nan lies outside"),
        ((row(sd="0.0"),), "an sd of 0.0"),
        ((row(status='"certain"'),), "key 'status' is wrong"),
        ((row(unit='"furlongs"'),), "key 'unit' is wrong"),
        ((row(value='"much"'),), "key 'value' is wrong"),
        (('pain = "much"',), "no figure 'much'"),
        (('pain = "cervical.pian"', row("pian2")), "Did you mean 'cervical.pian2'"),
        (("pain = ",), "not valid TOML"),
    ],
)
def test_a_row_that_cannot_be_is_refused(rows, message):
    with pytest.raises(UsageError, match=message):
        parse_epidemiology(table(*rows))


def test_a_text_is_the_name_of_another_figure():
    figures = parse_epidemiology(table(row(), '[figures.answer.cervical]\nneck_pain = "cervical.pain"'))
    assert figures.figure("answer.cervical.neck_pain") is figures.figure("cervical.pain")
    assert "answer.cervical.neck_pain" not in figures.figures


def test_the_unit_and_population_of_a_group_hold_for_its_rows():
    text = (
        '[figures.totals]\npopulation = "rated"\nunit = "points"\ncervical = 41\nwide = { value = 8, unit = "years" }\n'
    )
    figures = parse_epidemiology(text + SOURCES)
    assert figures.figure("totals.cervical").unit == "points"
    assert figures.figure("totals.wide").unit == "years"
    assert figures.figure("totals.wide").population == "rated"


def test_a_figure_of_the_aetiology_goes_before_that_of_the_phenotype():
    text = f"""
[figures.cervical]
population = "cervical"
pain = 0.7
rest = 0.1
[figures.wilson]
population = "wilson"
pain = 0.2
[figures.anyone]
population = "anyone"
other = 0.3
{SOURCES}"""
    figures = parse_epidemiology(text)
    found = [figures.of_class(name, ("cervical", "wilson")) for name in ("pain", "rest", "other", "nothing")]
    assert [figure and figure.name for figure in found] == ["wilson.pain", "cervical.rest", "anyone.other", None]


@pytest.mark.parametrize(
    ("conflict", "message"),
    [
        ('figures = ["cervical.pian"]\nwinner = "cervical.pain"\nwhy = ""', r"'cervical\.pian'. Did you mean"),
        ('figures = ["cervical.pain"]\nwinner = "berman2020"\nwhy = ""', "no reading and no figure"),
        (
            'figures = ["cervical.pain"]\nwinner = "cervical.pain"\nreadings = { chan1919 = 1 }\nwhy = ""',
            "unknown source",
        ),
    ],
)
def test_a_conflict_names_what_is_there(conflict, message):
    with pytest.raises(UsageError, match=message):
        parse_epidemiology(table(row(), conflicts=f"[[conflicts]]\n{conflict}\n"))


def test_every_source_has_a_figure():
    figures = load_epidemiology()
    used = {source for figure in figures.figures.values() for source in figure.sources}
    used |= {source for conflict in figures.conflicts for source in conflict.readings}
    assert used == set(figures.sources)


def test_what_is_from_memory_says_so():
    """A figure whose only source is memory must not pass for verified."""
    for figure in load_epidemiology().figures.values():
        if figure.sources in (("memory",), ("design",)):
            assert figure.status in ("memory", "assumption"), figure.name


def test_the_clinic_of_the_recipe_has_the_case_mix_of_the_figures():
    """The joint table of classes meets both margins."""
    recipe = load_recipe("clinic")
    assert (recipe.phenotypes, recipe.aetiologies) == (values("clinic_phenotype"), values("clinic_aetiology"))
    mix = mix_of(recipe)
    for position, margin in enumerate((recipe.phenotypes, recipe.aetiologies)):
        for word, share in margin.items():
            found = sum(s for pair, s in zip(mix.pairs, mix.shares, strict=True) if pair[position] == word)
            assert found == pytest.approx(share)


def test_every_status_is_in_use():
    assert set(Counter(figure.status for figure in load_epidemiology().figures.values())) == set(STATUSES)
