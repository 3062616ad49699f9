"""Surface EMG of a muscle and its antagonist: bursts, tonic activity, co-contraction, slow drive, overflow.

The envelope is the rectified signal, averaged with a Gaussian of 10 ms: shorter than the shortest burst that is told
apart here, longer than a motor unit's potential. A muscle is active where its envelope is above three tenths of its
95th percentile; under 5 microvolts, an amplifier's noise, a muscle is silent.
"""

from __future__ import annotations

import numpy as np

from pipeline.features.bursts import Runs, runs
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.smoothness import smoothed
from pipeline.features.spec import Values, visit_feature, window_feature
from pipeline.features.spectrum import band_power, contrast, ratio
from pipeline.features.views import VisitsView
from pipeline.units import Unit

_ENVELOPE_S = 0.01
_ACTIVE_SHARE = 0.3
_SILENT_UV = 5.0
_BURST_S = (0.02, 0.5)
_WRIST = on(["wrist_worse"], ["action"], "median")
_BOTH = (*_WRIST, *on(["head"], ["posture"], "median"))
_DRIVE_HZ, _SLOW_HZ = (4.0, 7.0), (3.0, 30.0)


@window_feature(
    unit=Unit.MICROVOLTS, outputs=_WRIST, bounds=(0.0, np.inf), source="Hodges 1996", sensor="emg", min_s=1.0
)
def muscle_activity_uv(signal: Signal) -> Values:
    """How active the muscle is.

    Formula: mean of the rectified signal of the muscle.
    """
    return np.abs(_of(signal, "muscle")).mean(axis=1)


@window_feature(
    unit=Unit.SECONDS,
    outputs=_BOTH,
    bounds=(0.0, _BURST_S[1]),
    version=2,
    source="Dystonia 2024: bursts of 92 to 111 ms in head tremor; myoclonus 31 to 57 ms",
    sensor="emg",
    missing_when="no burst",
)
def burst_length_s(signal: Signal) -> Values:
    """Mean length of the muscle's bursts: short in myoclonus, longer in dystonia.

    Formula: mean length of the stretches of activity between 20 and 500 ms that begin and end in the window; NaN
    without any. Differs from the source: a threshold by percentile instead of by eye.
    """
    found = signal.held(_activity)
    return found.mean_s(_bursts(found))


@window_feature(
    unit=Unit.HERTZ,
    outputs=_BOTH,
    bounds=(0.0, 50.0),
    version=2,
    source="Elble 2013: bursts of 1 to 6.5 Hz",
    sensor="emg",
)
def bursts_hz(signal: Signal) -> Values:
    """How many bursts the muscle has a second.

    Formula: number of those bursts over the duration, and of those that the window's end cuts.
    """
    found = signal.held(_activity)
    cut = ~found.whole & (found.begin_s > 0) & (found.length_s <= _BURST_S[1])
    return found.count(_bursts(found) | cut) / signal.seconds


@window_feature(
    unit=Unit.SHARE,
    outputs=_BOTH,
    bounds=(0.0, 1.0),
    version=2,
    source="Albanese 2013; Elble 2013: tonic activity for seconds",
    sensor="emg",
)
def tonic_share(signal: Signal) -> Values:
    """Share of time in which the muscle is active without a pause.

    Formula: summed length of the stretches of activity longer than 500 ms, over the duration.
    """
    found = signal.held(_activity)
    return np.minimum(found.total_s(found.length_s > _BURST_S[1]) / signal.seconds, 1.0)


@window_feature(
    unit=Unit.SHARE,
    outputs=_BOTH,
    bounds=(0.0, 1.0),
    version=2,
    source="Falconer 1985: common area of antagonists",
    sensor="emg",
    channels=("muscle", "antagonist"),
    missing_when="both muscles silent",
)
def co_contraction_share(signal: Signal) -> Values:
    """How much muscle and antagonist pull at the same time, against each other: 0 in turn, 1 always alike.

    Formula: twice the area under the lower of both envelopes over the sum of both areas; a silent muscle's is 0.
    Differs from the source: envelopes are in microvolts, not shares of the strongest contraction, which dystonia often
    can't give; so sensors must sit alike.
    """
    muscle, antagonist = (
        np.where(_silent(signal, channel)[:, None], 0.0, signal.held(_envelope, channel))
        for channel in ("muscle", "antagonist")
    )
    both = muscle.sum(axis=1) + antagonist.sum(axis=1)
    return ratio(2 * np.minimum(muscle, antagonist).sum(axis=1), both)


@window_feature(
    unit=Unit.SHARE,
    outputs=on(["head"], ["posture"], "median"),
    bounds=(0.0, 1.0),
    version=2,
    source="Tijssen 2000, 2002; not found again in 2014: a weak feature, the evidence conflicts",
    sensor="emg",
    missing_when="sampled below 60 Hz, or silent",
)
def slow_drive_share(signal: Signal) -> Values:
    """Share of the muscle's rhythm that lies between 4 and 7 Hz, the drive described in cervical dystonia.

    Formula: power of the rectified signal from 4 to 7 Hz over that from 3 to 30 Hz; NaN of a silent muscle. Differs
    from the sources: of one muscle, where some take the coherence of two.
    """
    rectified = Signal(np.abs(_of(signal, "muscle"))[:, None], signal.fs, ("muscle",))
    whole = band_power(rectified, *_SLOW_HZ)
    share = np.clip(ratio(band_power(rectified, *_DRIVE_HZ), whole), 0.0, 1.0)
    return np.where(_silent(signal, "muscle"), np.nan, share)


@visit_feature(
    unit=Unit.RATIO,
    outputs=["wrist__action_over_rest__overflow_ratio"],
    bounds=(-1.0, 1.0),
    version=2,
    needs=[muscle_activity_uv],
    source="PMC3119776: off-task EMG goes with the Barry-Albright scale",
    sensor="emg",
    missing_when="one arm in action not recorded",
)
def overflow_ratio(visits: VisitsView) -> Values:
    """Overflow: how much the arm that is not used tenses up when the other one acts: 0 not at all.

    Formula: (a - b) / (a + b) of the activity a in action and b at rest, of the side that is the less active in action.
    NaN where only one side was recorded in action: it may be the one that acts.
    """
    sides = [
        [visits.of(muscle_activity_uv, f"wrist_{side}", task) for side in ("left", "right")]
        for task in ("action", "rest")
    ]
    (left, right), (left_rest, right_rest) = sides
    idle = np.where(left < right, contrast(left, left_rest), contrast(right, right_rest))
    return np.where(np.isnan(left) | np.isnan(right), np.nan, idle)


def _of(signal: Signal, channel: str) -> np.ndarray:
    return signal.movement[:, signal.place(channel)]


def _envelope(signal: Signal, channel: str) -> np.ndarray:
    return smoothed(np.abs(_of(signal, channel)), signal.fs, _ENVELOPE_S)


def _level(signal: Signal, channel: str) -> np.ndarray:
    """95th percentile of the envelope, by sample."""
    return np.sort(signal.held(_envelope, channel), axis=1)[:, int(0.95 * (signal.samples - 1))]


def _silent(signal: Signal, channel: str) -> np.ndarray:
    return signal.held(_level, channel) < _SILENT_UV


def _activity(signal: Signal) -> Runs:
    envelope, level = signal.held(_envelope, "muscle"), signal.held(_level, "muscle")
    return runs((envelope > _ACTIVE_SHARE * level[:, None]) & ~_silent(signal, "muscle")[:, None], signal.fs)


def _bursts(found: Runs) -> np.ndarray:
    return found.whole & (found.length_s >= _BURST_S[0]) & (found.length_s <= _BURST_S[1])
