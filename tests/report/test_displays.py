"""The displays draw what the report draws, from the same numbers, and hide what it hides."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.ticker import FixedLocator
from sklearn.linear_model import LogisticRegression

from pipeline.displays import (
    CalibrationDisplay,
    ConfusionDisplay,
    DiscriminationDisplay,
    NetBenefitDisplay,
    ReasonsDisplay,
    SelectiveAccuracyDisplay,
)
from pipeline.errors import ContractError
from pipeline.report import figures_of
from tests.report.made_up import report_of

REPORT = report_of("phenotype", "cervical")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn(axes):
    """All that was drawn on axes, as numbers and words."""
    lines = [line.get_xydata().tolist() for line in axes.lines]
    patches = [(patch.get_path().vertices.tolist(), patch.get_alpha()) for patch in axes.patches]
    dots = [collection.get_offsets().tolist() for collection in axes.collections]
    # where ticks are chosen by matplotlib, they follow from the size
    named = [axis for axis in (axes.xaxis, axes.yaxis) if isinstance(axis.get_major_locator(), FixedLocator)]
    ticks = [label for axis in named for label in axis.get_ticklabels()]
    words = [label.get_text() for label in (*ticks, axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts)]
    return repr((lines, patches, dots, words, axes.get_xlim(), axes.get_ylim()))


FROM_REPORT = [
    (CalibrationDisplay, "calibration", None),
    (NetBenefitDisplay, "decisions", "of"),
    (ConfusionDisplay, "confusion", "column"),
    (DiscriminationDisplay, "one_against_rest", None),
    (ReasonsDisplay, "reasons", "of"),
    (SelectiveAccuracyDisplay, "answered", "column"),
]


@pytest.mark.parametrize(("display", "kind", "chosen"), FROM_REPORT)
def test_from_a_report_is_what_the_report_draws(display, kind, chosen):
    target = next(name for name, found in REPORT["targets"].items() if found.get(kind))
    named = {chosen: next(iter(REPORT["targets"][target][kind]))} if chosen else {}
    mine = display.from_report(REPORT, target, **named)
    theirs = figures_of(REPORT)[f"{target}-{kind}"].axes[0]
    assert drawn(mine.ax_) == drawn(theirs)
    assert mine.figure_ is mine.ax_.figure


PEOPLE = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@given(PEOPLE, st.integers(30, 200))
def test_from_an_estimator_is_what_its_predictions_give(rng, count):
    X = rng.normal(size=(count, 2))
    y = np.where(X[:, 0] + rng.normal(size=count) > 0, "cervical", "laryngeal")
    y[:2] = "cervical", "laryngeal"
    fitted = LogisticRegression().fit(X, y)
    probability = fitted.predict_proba(X)
    of_one = {"y_true": y == "laryngeal", "y_prob": probability[:, 1]}
    of_all = {"y_true": y, "y_prob": probability, "classes": ["cervical", "laryngeal"]}
    for display, given_, named in (
        (CalibrationDisplay, of_one, {"label": "laryngeal"}),
        (ConfusionDisplay, of_all, {}),
        (SelectiveAccuracyDisplay, of_all, {}),
    ):
        first = display.from_estimator(fitted, X, y, **named)
        assert drawn(first.ax_) == drawn(display.from_predictions(**given_).ax_)
        plt.close("all")


@given(PEOPLE, st.integers(5, 60))
def test_no_dot_stands_for_few_people(rng, count):
    """Each dot is of a group in which nobody, or at least five people, have the outcome, and so for those without."""
    risk = rng.uniform(size=count)
    display = CalibrationDisplay.from_predictions(rng.uniform(size=count) < risk, risk)
    for point in display.points:
        with_ = round(point["observed"] * point["rows"])
        assert not 0 < with_ < 5
        assert not 0 < point["rows"] - with_ < 5
    plt.close("all")


def test_axes_that_are_given_are_drawn_on_and_a_display_is_drawn_again():
    _, (left, right) = plt.subplots(1, 2)
    rng = np.random.default_rng(0)
    risk = rng.uniform(size=200)
    display = NetBenefitDisplay.from_predictions(rng.uniform(size=200) < risk, risk, simple=risk[::-1], ax=left)
    assert display.ax_ is left
    once = drawn(left)
    assert display.plot(right) is display
    assert display.ax_ is right
    assert drawn(right) == once


def test_what_may_not_be_told_takes_no_line():
    """A name without a value would look like one whose value is missing."""
    told = {"cervical": {"value": 0.8, "low": 0.7, "high": 0.9}}
    shown = DiscriminationDisplay(told | {"few": "suppressed", "none": {"value": None, "low": None, "high": None}})
    assert [label.get_text() for label in shown.plot().ax_.get_yticklabels()] == ["cervical"]
    assert DiscriminationDisplay({"few": "suppressed"}).plot().ax_.texts[0].get_text() == "too few people to show"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: CalibrationDisplay.from_predictions([0, 1], [0.5]), "three of shape"),
        (lambda: CalibrationDisplay.from_predictions([0, 1], [0.5, 1.5]), "numbers from 0 to 1"),
        (lambda: CalibrationDisplay.from_predictions([0, 1], [0.5, np.nan]), "numbers from 0 to 1"),
        (lambda: CalibrationDisplay.from_predictions(["a", "b"], [0.5, 0.5]), "y == label"),
        (lambda: ConfusionDisplay.from_predictions(["a"], [[0.5, 0.5]], ["a"]), r"needed is \(1, 1\)"),
        (lambda: CalibrationDisplay.from_report(REPORT, "nothing"), "has no 'nothing'"),
        (lambda: ReasonsDisplay.from_report(REPORT, next(iter(REPORT["targets"])), of="no"), "has no 'no'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(call, said):
    with pytest.raises(ContractError, match=said):
        call()


def test_a_label_that_an_estimator_does_not_know_is_refused():
    fitted = LogisticRegression().fit([[0.0], [1.0]], ["a", "b"])
    with pytest.raises(ContractError, match="it knows a, b"):
        NetBenefitDisplay.from_estimator(fitted, [[0.0]], ["a"], label="c")
