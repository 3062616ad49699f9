"""A model that kills whoever asks it about certain visits: stands in for a crash deep inside some library."""

import os
import signal
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.bundle import ModelBundle


@dataclass(frozen=True)
class DeadlyBundle(ModelBundle):
    """A model and the places of the visits that kill, by ``row``; each death is marked in a folder."""

    rows: tuple[int, ...] = ()
    deaths: str = ""
    most_deaths: int = 10**6

    def predict(self, cohort, **rest):
        here = set(cohort.visits["row"]) & set(self.rows)
        if here and len(list(Path(self.deaths).iterdir())) < self.most_deaths:
            Path(self.deaths, str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().predict(cohort, **rest)


def deadly(bundle: ModelBundle, rows: tuple[int, ...], deaths: str, most_deaths: int = 10**6) -> DeadlyBundle:
    given = {field.name: getattr(bundle, field.name) for field in fields(bundle)}
    return DeadlyBundle(**given, rows=rows, deaths=deaths, most_deaths=most_deaths)
