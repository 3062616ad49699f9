"""The fidelity of generated patients, in short: `make fidelity` does it with 5,000 of each class."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fidelity.judge import judge_figures, judge_signs
from benchmarks.fidelity.page import Results, page, status_shares, with_status_shares
from benchmarks.fidelity.patients import tables_of
from benchmarks.fidelity.plan import Measurement, load_plan
from benchmarks.fidelity.spread import estimate, judge_curves
from benchmarks.fidelity.statistics import measure
from pipeline.errors import UsageError
from pipeline.synthetic.epidemiology import load_epidemiology

PATIENTS = 600
HOME = Path(__file__).parents[2]
PAGE, DATASHEET = HOME / "docs" / "fidelity.md", HOME / "data" / "synthetic" / "README.md"


@cache
def plan():
    return load_plan(load_epidemiology())


@cache
def tables():
    return tables_of(plan(), PATIENTS)


def test_generated_patients_have_the_published_figures():
    """Every verified figure that applies holds in its own population, and none of the curves is off."""
    figures = judge_figures(plan(), load_epidemiology(), tables())
    results = Results(figures, [], judge_curves(plan(), tables()))
    assert results.failing == []
    assert sum(each.verdict == "pass" for each in figures) > 60


def test_no_sign_is_turned_round():
    """With few patients a difference may not stand out, but none goes the other way by more than chance."""
    for sign in judge_signs(plan(), tables()):
        assert sign.difference > -3 * sign.error, sign.claim


def test_a_figure_that_is_off_fails():
    """Each measurement can fail: move its figure by twice what is allowed and it does, unless another one won."""
    epidemiology = load_epidemiology()
    for each in judge_figures(plan(), epidemiology, tables()):
        if not np.isfinite(each.found.value + each.tolerance):
            continue
        if each.figure.unit == "sign":
            moved = replace(each.figure, value=-each.figure.value)
        else:
            moved = replace(each.figure, value=each.found.value + 2 * each.tolerance + 1e-9)
        figures = replace(epidemiology, figures={**epidemiology.figures, moved.name: moved})
        one = replace(plan(), measured={moved.name: plan().measured[moved.name]})
        verdict = judge_figures(one, figures, tables())[0].verdict
        assert verdict == ("conflict" if epidemiology.loses(moved.name) else "fail"), moved.name


def test_a_verified_figure_that_nobody_measures_is_an_error():
    epidemiology = load_epidemiology()
    added = replace(epidemiology.figure("cervical.pain"), name="cervical.new")
    with pytest.raises(UsageError, match=r"1 verified figures are neither measured nor listed.*cervical\.new"):
        load_plan(replace(epidemiology, figures={**epidemiology.figures, added.name: added}))


def test_the_page_names_every_figure():
    """The committed page is of today's figures."""
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for name in load_epidemiology().figures if f"`{name}`" not in text]
    assert missing == []
    assert status_shares(load_epidemiology()) in text


def test_the_datasheet_tells_how_many_figures_have_which_status():
    text = DATASHEET.read_text(encoding="utf-8")
    assert with_status_shares(text, load_epidemiology()) == text


def test_a_datasheet_without_a_place_for_the_table_is_refused():
    with pytest.raises(ValueError, match="needs the marks"):
        with_status_shares("nothing", load_epidemiology())


def test_the_page_says_what_fails():
    figures = judge_figures(plan(), load_epidemiology(), tables())
    wrong = replace(figures[0], verdict="fail")
    text = page(Results([wrong], [], []), plan(), load_epidemiology(), patients=PATIENTS, made="")
    assert f"- {wrong.figure.name}: " in text


@given(share=st.floats(0.05, 0.95), seed=st.integers(0, 2**32 - 1))
def test_a_share_lies_within_its_errors(share, seed):
    """The stated error is the real one: five of them are hardly ever exceeded."""
    table = pd.DataFrame({"ill": np.random.default_rng(seed).random(2_000) < share})
    found = measure(table, Measurement("", "share", ("ill",)))
    assert abs(found.value - share) <= 5 * found.error


@pytest.mark.parametrize(
    ("statistic", "of", "expected"),
    [
        ("mean", ("a",), 2.5),
        ("median", ("a",), 2.5),
        ("odds", ("a > 1", "a <= 1"), 3.0),
        ("change", ("a", "b"), -0.2),
        ("improvement", ("a", "b"), 0.2),
        ("correlation", ("a", "-a"), -1.0),
    ],
)
def test_statistics_are_what_they_say(statistic, of, expected):
    table = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 2.0, 3.0]})
    assert measure(table, Measurement("", statistic, of)).value == pytest.approx(expected)


def test_a_population_without_patients_has_no_statistic():
    assert np.isnan(measure(pd.DataFrame({"a": [1.0]}), Measurement("", "mean", ("a",), where="a > 1")).value)


def registry(seed, patients=4_000):
    """Patients with a hazard of 0.15 a year for two years and 0.03 later, who enrol late and are seen rarely."""
    rng = np.random.default_rng(seed)
    hazard = -np.log(rng.random(patients))
    years = np.where(hazard < 0.3, hazard / 0.15, 2 + (hazard - 0.3) / 0.03)
    entered = 2.5 * np.exp(0.8 * rng.standard_normal(patients))
    seen = entered[:, None] + np.cumsum(rng.uniform(1, 4, (patients, 6)), axis=1)
    seen = np.hstack([entered[:, None], seen])
    after = seen >= years[:, None]
    right = np.where(after.any(axis=1), np.take_along_axis(seen, after.argmax(axis=1)[:, None], 1)[:, 0], np.nan)
    left = np.where(~after, seen, -np.inf).max(axis=1)
    table = pd.DataFrame(
        {"entered_y": entered, "spread_left_y": left - entered, "spread_right_y": right - entered, "years": years}
    )
    return table[table["years"] > table["entered_y"]]


@pytest.mark.parametrize("seed", range(5))
def test_the_estimator_allows_for_who_was_never_seen(seed):
    """Late entry and rare visits hide the early events; the hazard is found all the same, and not without them."""
    truth = 1 - np.exp(-np.array([0.15, 0.30, 0.39, 0.54, 0.84]))
    found, error = estimate(registry(seed))
    assert (np.abs(found - truth) <= 3.5 * error).all()
    from_the_start = registry(seed).assign(
        spread_left_y=lambda t: t.entered_y + t.spread_left_y,
        spread_right_y=lambda t: t.entered_y + t.spread_right_y,
        entered_y=0.0,
    )
    naive, error = estimate(from_the_start)
    assert naive[2] < truth[2] - 3 * error[2]
