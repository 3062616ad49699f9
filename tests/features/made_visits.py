"""A visit with recordings made by functions of time, and what features say of it."""

from functools import partial

import numpy as np
import pandas as pd

from pipeline.features.extract import extract
from pipeline.records import Cohort, Recording, Samples

RATES = (25.0, 31.25, 50.0, 64.0, 100.0, 128.0, 200.0)


def row(task, make, *, site="wrist_left", sensor="accelerometer", rate=100.0, seconds=20.0, begin=0.0):
    """Return one visit's features of one recording, made by a function of time."""
    return visit((site, task, sensor, make), rate=rate, seconds=seconds, begin=begin)


def visit(*takes, rate=100.0, seconds=20.0, begin=0.0):
    time = np.arange(round(seconds * rate)) / rate
    recordings = tuple(
        Recording(f"r{number}", "a", "1", site, task, sensor, rate, partial(Samples, begin + time, make(time)))
        for number, (site, task, sensor, make) in enumerate(takes)
    )
    return extract(Cohort(pd.DataFrame({"patient_id": ["a"], "visit_id": ["1"]}), recordings=recordings)).iloc[0]


def shaking(phase, size=0.1, tilt=0.0):
    """Swing along one axis by a phase in turns, with gravity tilted by degrees."""
    tilt = np.radians(np.broadcast_to(tilt, phase.shape))
    return np.stack([np.sin(tilt) + size * np.sin(2 * np.pi * phase), np.zeros_like(phase), np.cos(tilt)])


POSTURE = "wrist_worse__posture__"


def increasing(values):
    assert (np.diff(values) > 0).all(), values


ACTION = "wrist_worse__action__median__"
