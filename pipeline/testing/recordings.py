"""Recordings and signals: a kind, a seed and a few numbers are drawn, and the samples are made of them.

Drawing samples one by one would be dozens of times slower, and shrink to nothing that can be read.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import strategies as st

from pipeline.features.signal import Signal
from pipeline.records import Recording, Samples
from pipeline.vocabulary import BODY_SITES, SENSORS, TASKS

WAVES = ("tone", "tones", "noise", "swell", "drift", "step")
_RATES = (40.0, 50.0, 64.0, 100.0)
_EMG_RATES = (1000.0, 2000.0)
_SENSORS = tuple(SENSORS)


def wave(kind: str, seed: int, seconds: float, rate_hz: float, channels: int = 3) -> Samples:
    """Make channels of movement over gravity.

    Parameters
    ----------
    kind : str
        One of `WAVES`: one tone, two, white noise, a tone that swells, a slow turn, one step.
    seed : int
        Fixes frequencies, sizes, directions and the noise.
    seconds, rate_hz : float
    channels : int

    Examples
    --------
    >>> wave("tone", 1, 4.0, 50.0).values.shape
    (3, 200)
    """
    stream = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    low, high, size = stream.uniform(2, 6), stream.uniform(7, 12), stream.uniform(0.05, 0.5)
    shapes = {
        "tone": np.sin(2 * np.pi * low * time),
        "tones": np.sin(2 * np.pi * low * time) + 0.5 * np.sin(2 * np.pi * high * time),
        "noise": np.zeros_like(time),
        "swell": np.sin(2 * np.pi * low * time) * (1 + 0.8 * np.sin(2 * np.pi * 0.2 * time)),
        "drift": time / max(seconds, 1.0),
        "step": (time >= seconds / 2).astype(float),
    }
    direction, down = stream.normal(size=channels), stream.normal(size=channels)
    noise = 0.01 * stream.normal(size=(channels, len(time)))
    values = (down / np.linalg.norm(down))[:, None] + size * direction[:, None] * shapes[kind] + noise
    return Samples(time, values)


@st.composite
def signals(draw: st.DrawFn, *, max_windows: int = 6, seconds: float = 4.0) -> Signal:
    """Draw a batch of windows of one rate, each of its own kind; clocks differ from the rate by at most 0.2 %.

    Parameters
    ----------
    max_windows : int
        The batch has 1 to this many.
    seconds : float
        Length of a window.
    """
    rate = draw(st.sampled_from(_RATES))
    kinds = draw(st.lists(st.sampled_from(WAVES), min_size=1, max_size=max_windows))
    seed = draw(st.integers(0, 2**32 - 1))
    stream = np.random.default_rng(seed)
    values = [wave(kind, seed + number, seconds, rate).values for number, kind in enumerate(kinds)]
    return Signal(np.stack(values), rate * stream.uniform(0.998, 1.002, size=len(kinds)))


@st.composite
def recordings(
    draw: st.DrawFn,
    *,
    patient_id: str = "p0",
    visit_id: str = "v0",
    recording_id: str = "r0",
    max_seconds: float = 10.0,
) -> Recording:
    """Draw one recording of up to `max_seconds`; a short one holds no window.

    The recording pickles, and opens to the same samples every time.
    """
    sensor = draw(st.sampled_from(_SENSORS))
    rate = draw(st.sampled_from(_RATES if sensor != "emg" else _EMG_RATES))
    seconds = draw(st.floats(1.0, max_seconds))
    return Recording(
        recording_id,
        patient_id,
        visit_id,
        draw(st.sampled_from(BODY_SITES)),
        draw(st.sampled_from(TASKS)),
        sensor,
        rate,
        partial(
            wave, draw(st.sampled_from(WAVES)), draw(st.integers(0, 2**32 - 1)), seconds, rate, len(SENSORS[sensor])
        ),
    )
