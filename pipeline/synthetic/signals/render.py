"""From what a visit shows to the samples of each of its takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pipeline.synthetic.devices import Device
from pipeline.synthetic.signals.battery import Take
from pipeline.synthetic.signals.body import moved
from pipeline.synthetic.signals.habits import Habits, draw_habits, generator
from pipeline.synthetic.signals.muscle import muscles
from pipeline.synthetic.signals.pen import drawn
from pipeline.synthetic.signals.sensor import TICK_S, Faults, Track, clock, draw_errors, draw_faults, sensed
from pipeline.synthetic.signals.shown import Shown


@dataclass(frozen=True)
class Session:
    """A visit at which movement is recorded.

    Attributes
    ----------
    seed : int
    patient_id, visit_id : str
        With the seed they fix every sample, whoever else is recorded.
    shown : Shown
    device : Device
    record_s : float
        Seconds of a take.
    """

    seed: int
    patient_id: str
    visit_id: str
    shown: Shown
    device: Device
    record_s: float

    @cached_property
    def habits(self) -> Habits:
        """What is the person's own today."""
        return draw_habits(self.seed, self.patient_id, self.visit_id)

    def tracks(self, takes: tuple[Take, ...]) -> Iterator[tuple[Take, Track]]:
        """Record take by take."""
        for take in takes:
            yield take, self.track(take)

    def track(self, take: Take, faults: Faults | None = None) -> Track:
        """Record one take; with faults as they come, or as they are given."""
        habits = self.habits
        random = generator(self.seed, self.patient_id, self.visit_id, take.name)
        drawn_faults = draw_faults(random)
        faults = drawn_faults if faults is None else faults
        if take.instrument == "pen":
            return drawn(self.shown, take, self.record_s, habits=habits, faults=faults, random=random)
        if take.instrument == "emg":
            return muscles(self.shown, take, self.record_s, habits=habits, faults=faults, random=random)
        ticks = clock(self.device.rate_hz, self.record_s, random)
        subject = moved(self.shown, take, ticks * TICK_S, habits=habits, device=self.device, random=random)
        errors = draw_errors(generator(self.seed, self.patient_id, self.visit_id, take.site(habits.side), "sensor"))
        return sensed(subject, ticks, self.device, errors=errors, faults=faults, random=random)
