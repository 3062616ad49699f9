"""Cohorts with recordings where a feature looks for them, so that it has something to say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from pipeline.features.places import TASK_CLASSES, sites_of
from pipeline.features.spec import Feature, FeatureSpec, spec_of
from pipeline.features.views import VisitsView
from pipeline.records import Cohort, Recording
from pipeline.testing.recordings import FAULTS, RATES, WAVES, Form, Wave

_LONGER_S = 3.0
_SHORTEST_S = 6.0


@st.composite
def taken_cohorts(draw: st.DrawFn, features: Sequence[Feature], *, form: Form = "valid") -> Cohort:
    """Draw a cohort of which each visit has up to six of the recordings that a feature may look at."""
    spots, seconds = _spots_of(features), _seconds_of(features)
    counts, patients, recordings = draw(st.lists(st.integers(1, 2), min_size=1, max_size=3)), [], []
    for patient, count in enumerate(counts):
        for _ in range(count):
            ids = f"p{patient}", f"v{len(patients)}"
            for spot in draw(st.lists(st.sampled_from(spots), max_size=6, unique=True)):
                wave = Wave(
                    draw(st.sampled_from(WAVES)),
                    draw(st.integers(0, 2**32 - 1)),
                    draw(st.sampled_from((seconds, seconds + _LONGER_S))),
                    draw(st.sampled_from(RATES)),
                    draw(st.sampled_from(FAULTS[form])),
                )
                recordings.append(_recording(len(recordings), ids, spot, wave))
            patients.append(ids)
    weeks = draw(st.lists(st.integers(0, 500), min_size=len(patients), max_size=len(patients), unique=True))
    return Cohort(_visits(patients, weeks), recordings=tuple(recordings))


@st.composite
def sound_cohorts(draw: st.DrawFn, features: Sequence[Feature]) -> Cohort:
    """Draw a cohort of which the one visit has every recording that a feature may look at, long, whole and moving."""
    seed, rate, spots = draw(st.integers(0, 2**31)), draw(st.sampled_from(RATES)), _spots_of(features)
    kind, seconds = draw(st.sampled_from(("tone", "tones", "swell"))), _seconds_of(features) + _LONGER_S
    recordings = tuple(
        _recording(at, ("p0", "v0"), spot, Wave(kind, seed + at, seconds, rate)) for at, spot in enumerate(spots)
    )
    return Cohort(_visits([("p0", "v0")], [0]), recordings=recordings)


def _spots_of(features: Sequence[Feature]) -> list[tuple[str, str, str]]:
    return list(dict.fromkeys(spot for feature in features for spot in _spots(feature)))


def _seconds_of(features: Sequence[Feature]) -> float:
    return max(_seconds(feature.spec) for feature in features)


def _spots(feature: Feature) -> list[tuple[str, str, str]]:
    """Body site, task and sensor of each recording that may speak for one of the feature's places."""
    spec = feature.spec
    sensors = {spec.sensor, *(spec_of(need).sensor for need in spec.needs)}
    places = [(place.site, place.task) for place in spec.places] or _asked_for(feature)
    spots = [(site, TASK_CLASSES[task][0]) for group, task in places for site in sites_of(group)]
    return [(site, task, sensor) for (site, task), sensor in product(dict.fromkeys(spots), sorted(sensors))]


def _asked_for(feature: Feature) -> list[tuple[str, str]]:
    """Return the sites and tasks that a feature of visits asks for, by letting it ask."""
    asked: list[tuple[str, str]] = []

    class Asked:
        def at(self, name: str, site: str, task: str, summary: str) -> np.ndarray:  # noqa: ARG002
            asked.append((site, task))
            return np.ones(1)

    needs = frozenset(spec_of(need).name for need in feature.spec.needs)
    with suppress(Exception):  # what is wrong with it, the checks will say
        feature(VisitsView(Asked(), needs))
    return asked


def _seconds(spec: FeatureSpec) -> float:
    return max([_SHORTEST_S, spec.min_s + 1.0, *(spec_of(need).min_s + 2.0 for need in spec.needs)])


def _recording(number: int, ids: tuple[str, str], spot: tuple[str, str, str], wave: Wave) -> Recording:
    site, task, sensor = spot
    return Recording(f"r{number:03d}", *ids, site, task, sensor, wave.rate_hz, replace(wave, sensor=sensor))


def _visits(ids: list[tuple[str, str]], weeks: list[int]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": np.full(len(ids), "drawn", dtype=object),
            "row": np.arange(len(ids)),
            "patient_id": np.array([patient for patient, _ in ids], dtype=object),
            "visit_id": np.array([visit for _, visit in ids], dtype=object),
            "weeks_since_enrolment": np.array(weeks, dtype=float),
        }
    )
