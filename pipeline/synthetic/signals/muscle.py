"""Surface EMG of a muscle and its antagonist: bursts of the tremor and of jerks over a tonic activity."""

from __future__ import annotations

import numpy as np

from pipeline.synthetic.epidemiology import load_epidemiology, value
from pipeline.synthetic.signals.battery import Take
from pipeline.synthetic.signals.body import tremor_in
from pipeline.synthetic.signals.habits import Habits
from pipeline.synthetic.signals.rhythm import since_nearest, turns
from pipeline.synthetic.signals.sensor import TICK_S, Faults, Track, clock, dropped
from pipeline.synthetic.signals.shown import Shown

_RATE_HZ = value("device.surface_emg.sampling_rate")
_MAINS_HZ, _MAINS_UV = value("device.surface_emg.mains"), 0.5
_NOISE_UV = 2.0
_STEP_UV, _STEPS = 0.1, 32_767

_HEAD = load_epidemiology().figure("tremor_frequency.dystonic_head_focal")
_DUTY_LOG = 0.28
_DUTY = value("emg_burst.head_focal") * 1e-3 * _HEAD.value / (1 + ((_HEAD.sd or 0.0) / _HEAD.value) ** 2)
"""Mean share of a cycle that a burst lasts, so that bursts of tremors of 4.0 +- 0.9 Hz last 111 ms; of 4.7 +- 1.0 Hz
they last 93 ms, where 91.5 were found."""

_JERK = load_epidemiology().figure("emg_burst.noncortical_myoclonus")
_EDGE = 0.05
"""A: share of a cycle in which a burst rises."""

_BURST_UV, _BURST_G = 60.0, 0.02
"""A: activity of a burst at this amplitude of a tremor; it grows with the root."""

_JERK_UV = 120.0
_TONIC_UV, _DOUBLED_DEG = 4.0, 5.0
"""A: tonic activity, and the posture at which it has doubled, and at which half of all bursts are of both muscles."""

_RESTING = 0.25
_SUPPORTED = ("rest",)


def muscles(
    told: Shown, take: Take, seconds: float, *, habits: Habits, faults: Faults, random: np.random.Generator
) -> Track:
    """Return the EMG of a take."""
    ticks = clock(_RATE_HZ, seconds, random)
    time_s = ticks * TICK_S
    tremor = tremor_in(told, take, habits)
    phase = turns(time_s, tremor.hertz, tremor.stability_hz, random)
    burst = _BURST_UV * np.sqrt(tremor.amplitude_g / _BURST_G)
    active = _RESTING if take.task in _SUPPORTED else 1.0
    tonic = active * _TONIC_UV * (1 + told.offset_deg / _DOUBLED_DEG)
    together = told.offset_deg / (told.offset_deg + _DOUBLED_DEG)
    uneven = np.exp(_DUTY_LOG * random.standard_normal(int(phase[-1]) + 2) - _DUTY_LOG**2 / 2)
    duty = np.clip(_DUTY * uneven, 0.15, 0.75)
    own, opposed = (_bursts(phase + shift, duty) for shift in (0.0, 0.5))
    jerk = active * _JERK_UV * _jerks(time_s, told.jerks_hz, random)
    envelopes = {
        "muscle": (1 - told.relief) * (tonic + burst * own + jerk),
        "antagonist": tonic + burst * ((1 - together) * opposed + together * own) + jerk,
    }
    mains = _MAINS_UV * np.sin(2 * np.pi * (_MAINS_HZ * time_s + random.random()))
    counts = {}
    for name, envelope in envelopes.items():
        signal = envelope * random.standard_normal(len(ticks)) + _NOISE_UV * random.standard_normal(len(ticks)) + mains
        counts[name] = np.clip(np.rint(signal / _STEP_UV), -_STEPS, _STEPS).astype(np.int16)
    track = Track(ticks, counts, {"emg": tuple(envelopes)}, {"emg": _STEP_UV}, _RATE_HZ)
    return dropped(track, faults, random)


def _bursts(phase: np.ndarray, duty: np.ndarray) -> np.ndarray:
    """Return the envelope of bursts, one a turn: from 0 to 1 and back within the turn's share."""
    number = np.floor(phase).astype(int)
    place = phase - number
    length = duty[np.clip(number, 0, len(duty) - 1)]
    return np.clip(np.minimum(place, length - place) / _EDGE, 0.0, 1.0)


def _jerks(time_s: np.ndarray, hertz: float, random: np.random.Generator) -> np.ndarray:
    """Return the envelope of the bursts of jerks."""
    seconds, number = since_nearest(time_s, hertz, random)
    lengths = 1e-3 * (_JERK.value + (_JERK.sd or 0.0) * random.standard_normal(int(number[-1]) + 1))
    return (np.abs(seconds) < lengths[number] / 2).astype(float)
