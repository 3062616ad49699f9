"""Simple estimators of each latent from the rendered recordings of one visit.

They know the shape of what was rendered: a tremor along one direction, jerks across it, gravity that leans. What they
give is corrected for bias afterwards (`benchmarks.oracle.signals`).
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from pipeline.records import Samples
from pipeline.synthetic.signals.battery import Take
from pipeline.synthetic.signals.sensor import Track

TAKES = tuple(
    Take(*each)
    for each in (("wrist", "posture"), ("wrist", "rest"), ("wrist", "writing"), ("head", "posture"), ("head", "rest"))
)
_BAND = 0.45
_LOW_HZ, _HIGH_HZ = 2.0, 12.5
_PULSE_S = 0.02
_LEAST = 1e-6


class Tremor:
    """The tremor of one take: its direction, line, amplitude, cycles; and what lies across it."""

    def __init__(self, samples: Samples, near_hz: float = np.nan, direction: np.ndarray | None = None) -> None:
        time_s, values, self.rate = _even(samples)
        self.seconds = float(time_s[-1] - time_s[0])
        self.gravity = np.median(values, axis=1)
        moved = values - values.mean(axis=1, keepdims=True)
        self._spectrum = fft.rfft(moved)
        self._hertz = fft.rfftfreq(moved.shape[1], 1 / self.rate)
        shaken = self._band(_LOW_HZ, 0.4 * self.rate)
        if direction is None:
            size = np.sqrt((shaken**2).sum(axis=0)) + _LEAST
            direction = np.linalg.eigh((shaken / size) @ (shaken / size).T)[1][:, -1]
        self.direction = direction
        self.across = np.linalg.svd(direction[None])[2][1:]
        self.events = self._jerks()
        along = direction @ moved
        keep = np.ones(len(along))
        for event in self.events:
            keep[max(event - int(0.08 * self.rate), 0) : event + int(0.08 * self.rate) + 1] = 0.0
        self._along, self._kept = along, keep
        self.line_hz = self._line() if np.isnan(near_hz) else near_hz
        self.amplitude = np.sqrt(2 * self._power(self.line_hz * (1 - _BAND), self.line_hz * (1 + _BAND)))

    def _band(self, low: float, high: float) -> np.ndarray:
        inside = (self._hertz >= low) & (self._hertz <= high)
        return fft.irfft(self._spectrum * inside, 2 * (self._spectrum.shape[1] - 1))

    def _jerks(self) -> np.ndarray:
        """Return the samples at which a pulse stands out across the tremor."""
        pulse = np.exp(-((2 * np.pi * self._hertz * _PULSE_S) ** 2) / 2) * self._hertz**2
        pulse /= np.sqrt((pulse**2).sum())
        found = fft.irfft(self._spectrum * pulse, 2 * (self._spectrum.shape[1] - 1))
        size = np.sqrt(((self.across @ found) ** 2).sum(axis=0))
        high = 10 * np.quantile(size, 0.2)
        peaks = np.flatnonzero((size[1:-1] > high) & (size[1:-1] >= size[:-2]) & (size[1:-1] > size[2:])) + 1
        chosen: list[int] = []
        for peak in peaks[np.argsort(-size[peaks])]:
            if size[peak] > 0.4 * size[peaks].max() and all(abs(peak - other) > 0.07 * self.rate for other in chosen):
                chosen.append(int(peak))
        return np.sort(chosen).astype(int)

    def _line(self) -> float:
        count = 4 * len(self._along)
        window = np.hanning(len(self._along)) * self._kept
        power = np.abs(fft.rfft(self._along * window, count)) ** 2
        hertz = fft.rfftfreq(count, 1 / self.rate)
        power = np.where((hertz > 1.8) & (hertz < 12.4), power, 0.0)
        return float(hertz[power.argmax()])

    def _power(self, low: float, high: float) -> float:
        spectrum = fft.rfft(self._along * self._kept)
        inside = (self._hertz >= low) & (self._hertz <= high)
        return float(2 * (np.abs(spectrum[: len(inside)][inside]) ** 2).sum() / len(self._along) / self._kept.sum())

    @property
    def phase(self) -> np.ndarray:
        """Turns of the fundamental."""
        spectrum = fft.fft(self._along)
        hertz = fft.fftfreq(len(self._along), 1 / self.rate)
        near = (hertz > self.line_hz * (1 - _BAND)) & (hertz < self.line_hz * (1 + _BAND))
        wave = fft.ifft(np.where(near, 2 * spectrum, 0.0))
        return np.unwrap(np.angle(wave)) / (2 * np.pi)

    @property
    def changes(self) -> np.ndarray:
        """Changes of frequency from each cycle to the next, without those beside a jerk."""
        phase = np.maximum.accumulate(self.phase)
        marks = np.arange(np.ceil(phase[0]) + 1, np.floor(phase[-1]) - 1)
        if len(marks) < 4:
            return np.empty(0)
        ends = np.interp(marks, phase, np.arange(len(phase)) / self.rate)
        steps = np.maximum(np.diff(ends), 0.02)
        return np.diff(1 / steps)

    @property
    def harmonic(self) -> float:
        """Amplitude that keeps twice the phase, over the one that keeps the phase."""
        turn = np.exp(-2j * np.pi * self.phase)
        one, two = (abs((self._kept * self._along * turn**power).mean()) for power in (1, 2))
        return two / max(one, _LEAST)


def _even(samples: Samples) -> tuple[np.ndarray, np.ndarray, float]:
    """Put samples on an even clock, gaps bridged by a straight line."""
    time_s = samples.time_s
    rate = 1 / float(np.median(np.diff(time_s)))
    even = np.arange(time_s[0], time_s[-1], 1 / rate)
    even = even[: len(even) // 2 * 2]
    return even, np.stack([np.interp(even, time_s, each) for each in samples.values]), rate


def statistics(tracks: dict[str, Track]) -> np.ndarray:
    """Return one plain statistic for each latent, in their order, and the wrist's amplitudes and times."""
    samples = {name: track.samples("accelerometer") for name, track in tracks.items()}
    found = {place: Tremor(samples[f"{place}_posture_imu"]) for place in ("wrist", "head")}
    wrist, head = found["wrist"], found["head"]
    other = {
        name: Tremor(samples[f"{place}_{task}_imu"], found[place].line_hz, found[place].direction)
        for name, place, task in (("rest", "wrist", "rest"), ("writing", "wrist", "writing"), ("still", "head", "rest"))
    }
    all_takes = (wrist, head, *other.values())
    changes = np.concatenate([each.changes for each in (wrist, other["rest"], other["writing"])])
    low, high = np.quantile(changes, [0.25, 0.75]) if len(changes) > 3 else (0.0, _LEAST)
    events = sum(len(each.events) for each in all_takes)
    leans = [
        _angle(one.gravity, two.gravity)
        for one, two in ((wrist, other["rest"]), (other["writing"], other["rest"]), (head, other["still"]))
    ]
    logs = [
        high - low,
        other["rest"].amplitude / wrist.amplitude,
        other["writing"].amplitude / wrist.amplitude,
        wrist.harmonic,
        np.median(leans),
        max(events, 0.5) / sum(each.seconds for each in all_takes),
    ]
    sizes = [1e3 * wrist.amplitude, 1e3 * head.amplitude]
    return np.array(
        [wrist.line_hz, *np.log(np.maximum(logs, _LEAST)), head.line_hz, *np.log(sizes), np.log(wrist.seconds)]
    )


def _angle(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, two)), one @ two)))
