import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.figures import reliability_figure, risk_calibration_figure, safe_groups


def points(figure):
    drawn = figure.axes[0].collections
    return np.asarray(drawn[0].get_offsets()) if drawn else np.zeros((0, 2))


@given(n=st.integers(0, 150), bins=st.integers(1, 12), share=st.floats(0.0, 1.0), seed=st.integers(0, 2**32 - 1))
def test_no_small_cell_is_ever_drawn(n, bins, share, seed):
    """Nobody can be told from a figure: each point stands for 0 or at least 5 people of either outcome.

    Either all people are in a point or none, so that no small cell follows from a total.
    """
    rng = np.random.default_rng(seed)
    outcomes = rng.random(n) < share
    groups = safe_groups(rng.random(n), outcomes, bins)
    assert len(groups) <= bins
    for rows in groups:
        assert len(rows) >= 5
        assert outcomes[rows].sum() not in {1, 2, 3, 4}
        assert (~outcomes[rows]).sum() not in {1, 2, 3, 4}
    if groups:
        assert sorted(np.concatenate(groups).tolist()) == list(range(n))


def test_a_calibrated_model_lies_on_the_diagonal():
    """Points of a perfect model lie near the diagonal, in order of the prediction."""
    rng = np.random.default_rng(0)
    p = rng.random(5000)
    xy = points(reliability_figure(p, rng.random(5000) < p))
    assert len(xy) == 10
    assert np.abs(xy[:, 0] - xy[:, 1]).max() < 0.07
    assert (np.diff(xy[:, 0]) > 0.0).all()


def test_calibrated_risks_lie_on_the_diagonal_although_people_are_lost():
    rng = np.random.default_rng(1)
    rate = rng.uniform(0.05, 0.6, 5000)
    years, lost = rng.exponential(1.0 / rate), rng.uniform(0.0, 8.0, 5000)
    event = years <= lost
    left, right = np.where(event, years, lost), np.where(event, years, np.inf)
    xy = points(risk_calibration_figure(1.0 - np.exp(-2.0 * rate), left, right, 2.0))
    assert len(xy) == 5
    assert np.abs(xy[:, 0] - xy[:, 1]).max() < 0.07


def test_too_few_people_give_a_note_and_a_picture():
    """A figure that may show nothing says so, and is still a picture that a report can hold."""
    figure = reliability_figure(np.array([0.2, 0.7]), np.array([0, 1]))
    assert points(figure).shape == (0, 2)
    assert [text.get_text() for text in figure.axes[0].texts] == ["too few people to show"]
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    assert picture.getvalue().startswith(b"\x89PNG")
