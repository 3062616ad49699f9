"""A recording is the same bits whoever renders it, and in whatever order."""

import hashlib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import load_recipe
from pipeline.engine import workers
from pipeline.synthetic import generate
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions

RECIPE = replace(load_recipe("two-sites"), recordings=1.0, max_visits=1, battery="full")
ASKED = [(session, take) for session, _ in sessions(generate(RECIPE, patients=3, seed=4)) for take in BATTERIES["full"]]


def rendered(asked):
    session, take = asked
    track = session.track(take)
    digest = hashlib.sha256()
    for sensor in track.sensors:
        samples = track.samples(sensor)
        digest.update(samples.time_s.tobytes() + samples.values.tobytes())
    return digest.hexdigest()


ALONE = [rendered(each) for each in ASKED]


def test_two_workers_render_what_one_does():
    with workers(2) as map:
        assert list(map(rendered, ASKED)) == ALONE


@given(st.permutations(range(0, len(ASKED), 4)))
def test_the_order_does_not_show(order):
    assert [rendered(ASKED[at]) for at in order] == [ALONE[at] for at in order]
