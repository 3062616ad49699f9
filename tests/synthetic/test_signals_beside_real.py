"""Smoke comparison with real recordings of one or two people a device: what is generated covers them.

No claim about dystonia follows from it.
"""

import numpy as np
import pytest

from benchmarks.beside import (
    compared,
    features_of,
    floor_and_slope,
    generated_recordings,
    outside,
    real_features,
    real_recordings,
)

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def real(real_data):
    found = real_recordings(real_data)
    if len(found) < 6:
        pytest.skip("DYSTONIA_REAL_DATA has no pdkit/2458 or mobgap")
    return found


@pytest.fixture(scope="module")
def made():
    return generated_recordings()


def test_features_of_real_recordings_lie_inside_the_generated_range(real, made):
    """One by one, though not more than that: of one or two people a device."""
    ours, theirs = features_of(*made), real_features(real)
    names = compared(theirs)
    assert len(names) > 20
    assert not [name for name in names if outside(theirs[name].dropna().to_numpy(), ours[name].to_numpy())]


def of_task(made, real, task):
    """Return noise floors and slopes of generated and of real recordings, shapes (n, 2)."""
    return (np.array([floor_and_slope(each) for each in group if each.task == task]) for group in (made[1], real))


def test_the_spectrum_of_a_walk_is_like_a_real_one(real, made):
    """Noise above 30 Hz of both, slope of the healthy one; in multiple sclerosis it is flatter than any of ours."""
    ours, theirs = of_task(made, real, "gait")
    assert not outside(theirs[:1, 1], ours[:, 1])
    assert not outside(theirs[:, 0], ours[:, 0])


@pytest.mark.parametrize("task", ["rest", "posture"])
def test_the_spectrum_of_a_held_hand_falls_like_a_real_one(real, made, task):
    """A hand that only sways and trembles has too little between both."""
    ours, theirs = of_task(made, real, task)
    assert not outside(theirs[:, 1], ours[:, 1])
