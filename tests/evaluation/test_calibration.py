import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pipeline.evaluation.calibration import reliability_points, risk_points
from pipeline.evaluation.cells import safe_groups
from pipeline.evaluation.intervals import wilson


def drawn(points):
    return np.array([[point["predicted"], point["observed"]] for point in points]).reshape(-1, 2)


@given(
    n=st.integers(0, 150),
    each=st.integers(1, 8),
    bins=st.integers(1, 12),
    share=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_small_cell_is_ever_drawn(n, each, bins, share, seed):
    """Nobody can be told from a figure: each point stands for 0 or at least 5 people of either outcome, not rows.

    Either all people are in a point or none, so that no small cell follows from a total.
    """
    rng = np.random.default_rng(seed)
    outcomes = rng.random(n) < share
    people = rng.integers(0, max(n // each, 1), n)  # somebody may have many rows
    groups = safe_groups(rng.random(n), outcomes, people, bins)
    assert len(groups) <= bins
    for rows in groups:
        assert len(rows) >= 5
        assert len(set(people[rows][outcomes[rows]])) not in {1, 2, 3, 4}
        assert len(set(people[rows][~outcomes[rows]])) not in {1, 2, 3, 4}
    if groups:
        assert sorted(np.concatenate(groups).tolist()) == list(range(n))


def test_a_calibrated_model_lies_on_the_diagonal():
    """Points of a perfect model lie near the diagonal, in order of the prediction."""
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    xy = drawn(reliability_points(p, rng.random(5000) < p, np.arange(5000)))
    assert len(xy) == 10
    assert np.abs(xy[:, 0] - xy[:, 1]).max() < 0.07
    assert (np.diff(xy[:, 0]) > 0.0).all()


def test_calibrated_risks_lie_on_the_diagonal_although_people_are_lost():
    rng = np.random.default_rng(1)
    rate = rng.uniform(0.05, 0.6, 5000)
    years, lost = rng.exponential(1.0 / rate), rng.uniform(0.0, 8.0, 5000)
    event = years <= lost
    left, right = np.where(event, years, lost), np.where(event, years, np.inf)
    xy = drawn(
        risk_points(1.0 - np.exp(-2.0 * rate), left, right, 2.0, people=np.arange(5000), groups=np.arange(5000), seed=1)
    )
    assert len(xy) == 5
    assert np.abs(xy[:, 0] - xy[:, 1]).max() < 0.07


def test_too_few_people_give_no_point():
    assert reliability_points(np.array([0.2, 0.7]), np.array([0, 1]), np.arange(2)) == []


@given(share=st.floats(0.0, 1.0), people=st.integers(1, 10_000))
def test_an_interval_holds_the_share_and_stays_a_share(share, people):
    low, high = wilson(share, people)
    assert 0.0 <= low <= share <= high <= 1.0


def test_an_interval_is_that_of_scipy():
    for people, seen in ((20, 0), (20, 20), (7, 3), (300, 12)):
        expected = binomtest(seen, people).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(seen / people, people), (expected.low, expected.high), atol=1e-12)


def test_rows_of_one_person_do_not_narrow_an_interval():
    """Ten labels of a person are not ten people: the interval is that of people counted once."""
    p, outcome, who = np.linspace(0.1, 0.9, 60), np.arange(60) % 2 == 0, np.arange(60)
    (once,) = reliability_points(p, outcome, who, bins=1)
    (often,) = reliability_points(np.repeat(p, 10), np.repeat(outcome, 10), np.repeat(who, 10), bins=1)
    assert often["rows"] == 600
    assert [often[end] for end in ("low", "high")] == [once[end] for end in ("low", "high")]


def test_points_lie_in_their_intervals_whatever_is_seen():
    rng = np.random.default_rng(4)
    risk, years = rng.random(80), rng.exponential(4.0, 80)
    left, right = np.where(years < 3.0, 0.0, 3.0), np.where(years < 3.0, 3.0, np.inf)
    for point in risk_points(risk, left, right, 3.0, people=np.arange(80), groups=np.arange(80), seed=1):
        assert 0.0 <= point["low"] <= point["observed"] <= point["high"] <= 1.0
