"""Recordings and signals: a kind, a seed and a few numbers are drawn, and the samples are made of them.

Drawing samples one by one would be dozens of times slower, and shrink to nothing that can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from hypothesis import strategies as st

from pipeline.features.signal import Signal
from pipeline.records import Recording, Samples
from pipeline.vocabulary import BODY_SITES, SENSORS, TASKS

Form = Literal["valid", "dirty", "hostile"]
"""How a strategy's draws are: as they should be, as clinics have them, or as nobody should have them."""

WAVES = ("tone", "tones", "noise", "swell", "drift", "step", "jerks")
"""Kinds of movement: one tone, two, white noise, a tone that swells, a slow turn, one step, jerks."""

RATES = (40.0, 50.0, 64.0, 100.0)
_SENSORS = tuple(SENSORS)
_MICROVOLTS = 1000.0

FAULTS: dict[Form, tuple[str, ...]] = {
    "valid": ("",),
    "dirty": ("", "lost samples", "gap", "stuck", "clipped", "off rate", "jitter", "spike"),
    "hostile": (
        "",
        "nothing",
        "one sample",
        "all lost",
        "infinite",
        "huge",
        "tiny",
        "still",
        "zero",
        "no time",
        "back",
        "channel missing",
        "channel too many",
    ),
}
"""What may be wrong with a recording of each form; the first stands for nothing."""


@dataclass(frozen=True)
class Wave:
    """A movement over gravity, by a few numbers; called, it gives its samples, the same ones every time.

    Parameters
    ----------
    kind : str
        One of `WAVES`.
    seed : int
        Fixes frequencies, sizes, directions and the noise.
    seconds, rate_hz : float
    fault : str
        One of `FAULTS`.
    noise_g : float
        Size of the sensor's noise.
    sensor : str
        One of `vocabulary.SENSORS`: how many channels there are, and how large they are.

    Examples
    --------
    >>> Wave("tone", seed=1, seconds=4.0, rate_hz=50.0)().values.shape
    (3, 200)
    >>> bool(np.isnan(Wave("tone", seed=1, seconds=4.0, rate_hz=50.0, fault="lost samples")().values).any())
    True
    """

    kind: str = "tone"
    seed: int = 0
    seconds: float = 4.0
    rate_hz: float = 40.0
    fault: str = ""
    noise_g: float = 0.01
    sensor: str = "accelerometer"

    def __call__(self) -> Samples:
        """Make the samples: the sensor's channels, in g, deg/s, millimetres or microvolts."""
        channels, gain = len(SENSORS[self.sensor].all), _MICROVOLTS if self.sensor == "emg" else 1.0
        stream = np.random.default_rng(self.seed)
        time = np.arange(round(self.seconds * self.rate_hz)) / self.rate_hz
        low, high, size = stream.uniform(2, 6), stream.uniform(7, 12), stream.uniform(0.05, 0.5)
        shapes = {
            "tone": np.sin(2 * np.pi * low * time),
            "tones": np.sin(2 * np.pi * low * time) + 0.5 * np.sin(2 * np.pi * high * time),
            "noise": np.zeros_like(time),
            "swell": np.sin(2 * np.pi * low * time) * (1 + 0.8 * np.sin(2 * np.pi * 0.2 * time)),
            "drift": time / max(self.seconds, 1.0),
            "step": (time >= self.seconds / 2).astype(float),
            "jerks": np.exp(-((time % 1.3 - 0.65) ** 2) / 0.005),
        }
        direction, down = stream.normal(size=channels), stream.normal(size=channels)
        noise = self.noise_g * stream.normal(size=(channels, len(time)))
        values = (down / np.linalg.norm(down))[:, None] + size * direction[:, None] * shapes[self.kind] + noise
        return _FAULTY[self.fault](time, gain * values, stream) if len(time) else Samples(time, values)


@dataclass(frozen=True)
class Windows:
    """A batch of windows by the waves that they are made of.

    Parameters
    ----------
    waves : tuple of Wave
        One a window, all of one sensor, length and rate.
    clock_seed : int
        Fixes how far each window's clock is off the rate, by at most 0.2 %.

    Examples
    --------
    >>> len(Windows((Wave("tone"), Wave("noise", seed=7))).signal())
    2
    """

    waves: tuple[Wave, ...]
    clock_seed: int = 0

    def signal(self) -> Signal:
        """Make the batch."""
        stream = np.random.default_rng(self.clock_seed)
        values = np.stack([wave().values for wave in self.waves])
        rates = self.waves[0].rate_hz * stream.uniform(0.998, 1.002, size=len(values))
        return Signal(values, rates, SENSORS[self.waves[0].sensor].all)


# what changes the number of samples or their clock has no place in a batch of windows
_IN_WINDOWS = {"lost samples", "stuck", "clipped", "spike", "all lost", "infinite", "huge", "tiny", "still", "zero"}


@st.composite
def batches(
    draw: st.DrawFn,
    *,
    max_windows: int = 6,
    seconds: float = 4.0,
    form: Form = "valid",
    kinds: Sequence[str] = WAVES,
    noise_g: float = 0.01,
    sensor: str = "accelerometer",
) -> Windows:
    """Draw a batch of windows as the numbers that it is made of, which is what a failing test can print.

    Parameters are those of `signals`, the kinds of movement, `noise_g`, the size of the sensor's noise, and the sensor.
    """
    rate, seeds = draw(st.sampled_from(RATES)), st.integers(0, 2**32 - 1)
    faults = st.sampled_from([fault for fault in FAULTS[form] if not fault or fault in _IN_WINDOWS])
    one = st.builds(
        Wave, st.sampled_from(kinds), seeds, st.just(seconds), st.just(rate), faults, st.just(noise_g), st.just(sensor)
    )
    return Windows(tuple(draw(st.lists(one, min_size=1, max_size=max_windows))), draw(seeds))


def signals(*, max_windows: int = 6, seconds: float = 4.0, form: Form = "valid") -> st.SearchStrategy[Signal]:
    """Draw a batch of windows of one rate, each of its own kind; clocks differ from the rate by at most 0.2 %.

    Parameters
    ----------
    max_windows : int
        The batch has 1 to this many.
    seconds : float
        Length of a window.
    form : {"valid", "dirty", "hostile"}
        Dirty ones lose samples, stick, clip and spike; hostile ones are infinite, huge, tiny or nothing at all.

    Examples
    --------
    >>> from hypothesis import find
    >>> len(find(signals(max_windows=3), lambda signal: True))
    1
    """
    drawn = batches(max_windows=max_windows, seconds=seconds, form=form)
    return drawn.map(Windows.signal)


@st.composite
def recordings(
    draw: st.DrawFn,
    *,
    patient_id: str = "p0",
    visit_id: str = "v0",
    recording_id: str = "r0",
    max_seconds: float = 10.0,
    form: Form = "valid",
) -> Recording:
    """Draw one recording of up to `max_seconds`; a short one holds no window.

    The recording pickles, and opens to the same samples every time.

    Parameters
    ----------
    patient_id, visit_id, recording_id : str
    max_seconds : float
    form : {"valid", "dirty", "hostile"}
        Dirty ones lose samples, pause, stick, clip, or run at another rate than they say; hostile ones are empty,
        infinite, or have clocks that stand or run backwards.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(recordings(form="dirty"), lambda recording: recording.open.fault == "gap").open.seconds
    1.0
    """
    sensor = draw(st.sampled_from(_SENSORS))
    rate, seconds = draw(st.sampled_from(RATES)), draw(st.floats(1.0, max_seconds))
    fault, kind = draw(st.sampled_from(FAULTS[form])), draw(st.sampled_from(WAVES))
    made = Wave(kind, draw(st.integers(0, 2**32 - 1)), seconds, rate, fault, sensor=sensor)
    return Recording(
        recording_id, patient_id, visit_id, draw(st.sampled_from(BODY_SITES)), draw(st.sampled_from(TASKS)),
        sensor, rate, made,
    )  # fmt: skip


@dataclass(frozen=True)
class Changed:
    """A recording's samples after a change; picklable, as `Recording.open` has to be."""

    open: Callable[[], Samples]
    change: Callable[[Samples], Samples]

    def __call__(self) -> Samples:
        """Open the recording and change its samples."""
        return self.change(self.open())


def changed(recording: Recording, change: Callable[[Samples], Samples]) -> Recording:
    """Return a recording whose samples are changed when they are read.

    Examples
    --------
    >>> still = Recording("r", "p", "v", "head", "rest", "accelerometer", 40.0, Wave())
    >>> quiet = changed(still, lambda samples: Samples(samples.time_s, 0 * samples.values))
    >>> bool(quiet.open().values.any())
    False
    """
    return replace(recording, open=Changed(recording.open, change))


def _whole(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, values)


def _lost(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    values[:, stream.integers(len(time))] = np.nan
    return Samples(time, values)


def _gap(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    start = stream.integers(len(time))
    kept = np.abs(np.arange(len(time)) - start) > len(time) // 20
    return Samples(time[kept], values[:, kept])


def _stuck(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    start = stream.integers(len(time))
    values[:, start:] = values[:, [start]]
    return Samples(time, values)


def _clipped(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, np.clip(8 * values, -2.0, 2.0))


def _off_rate(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    return Samples(time * stream.uniform(0.8, 1.25), values)


def _jitter(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    step = time[1] - time[0] if len(time) > 1 else 1.0
    return Samples(time + step * stream.uniform(-0.4, 0.4, len(time)), values)


def _spike(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    values[stream.integers(len(values)), stream.integers(len(time))] = stream.choice([-16.0, 16.0])
    return Samples(time, values)


def _one(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time[:1], values[:, :1])


def _nothing(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time[:0], values[:, :0])


def _all_lost(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, np.full_like(values, np.nan))


def _infinite(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    values[stream.integers(len(values)), stream.integers(len(time))] = stream.choice([-np.inf, np.inf])
    return Samples(time, values)


def _huge(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, 1e30 * values)


def _tiny(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, 1e-30 * values)


def _still(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, np.repeat(values[:, :1], len(time), axis=1))


def _zero(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, np.zeros_like(values))


def _no_time(time: np.ndarray, values: np.ndarray, stream: np.random.Generator) -> Samples:
    time[stream.integers(len(time)) :] = np.nan
    return Samples(time, values)


def _back(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time[::-1].copy(), values)


def _lacking(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, values[:-1])


def _too_many(time: np.ndarray, values: np.ndarray, _stream: np.random.Generator) -> Samples:
    return Samples(time, np.vstack([values, values[:1]]))


_FAULTY: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], Samples]] = {
    "": _whole,
    "lost samples": _lost,
    "gap": _gap,
    "stuck": _stuck,
    "clipped": _clipped,
    "off rate": _off_rate,
    "jitter": _jitter,
    "spike": _spike,
    "nothing": _nothing,
    "one sample": _one,
    "all lost": _all_lost,
    "infinite": _infinite,
    "huge": _huge,
    "tiny": _tiny,
    "still": _still,
    "zero": _zero,
    "no time": _no_time,
    "back": _back,
    "channel missing": _lacking,
    "channel too many": _too_many,
}
