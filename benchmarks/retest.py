"""Test and retest of every sensor feature on generated people: ``python -m benchmarks.retest [PEOPLE]``.

Each person is recorded three times at one visit, moving alike but never the same: twice with one device and once with
another, sensors tied anew. Written to ``docs/test-retest.md``: the intraclass correlation of single recordings (one-way
random effects, Shrout and Fleiss 1979) and the smallest change that is not chance (Weir 2005).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import load_recipe
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.extract import extract
from pipeline.records import Cohort, Recording
from pipeline.synthetic import SyntheticCohort, generate
from pipeline.synthetic.devices import DEVICES
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions

ONE, OTHER = "bmi270", "smartwatch"
GOOD = 0.75
_PAGE = Path("docs/test-retest.md")


def recorded(made: SyntheticCohort, device: str, again: int) -> Iterator[Recording]:
    """Record everybody once more: another number, other noise, ties and jitter, the same movement."""
    for session, _ in sessions(made):
        repeated = replace(session, device=DEVICES[device], visit_id=f"{session.visit_id}, time {again}")
        for take, track in repeated.tracks(BATTERIES["full"]):
            for sensor in track.sensors:
                samples, site = track.samples(sensor), take.site(repeated.habits.side)
                key = f"{session.patient_id} {take.name} {sensor}", session.patient_id, session.visit_id, site
                yield Recording(*key, take.task, sensor, track.rate_hz, lambda samples=samples: samples)


def agreement(one: np.ndarray, two: np.ndarray) -> tuple[float, float, int]:
    """Return the intraclass correlation of two measurements, the smallest detectable change, and how many there were.

    Examples
    --------
    >>> agreement(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    (1.0, 0.0, 3)
    """
    both = np.stack([one, two])[:, np.isfinite(one) & np.isfinite(two)]
    count = both.shape[1]
    if count < 3:
        return np.nan, np.nan, count
    within = float(((both[0] - both[1]) ** 2).mean() / 2)
    between = 2 * float(both.mean(axis=0).var(ddof=1))
    total = between + within
    return (between - within) / total if total > 0 else np.nan, float(1.96 * np.sqrt(2 * within)), count


def main(people: int) -> None:
    """Write the page."""
    warnings.simplefilter("ignore")
    recipe = replace(load_recipe("demo"), battery="full", recordings=1.0, max_visits=1)
    made = generate(recipe, patients=people, seed=21)
    plain = Cohort(made.cohort.visits)
    tables = [
        extract(replace(plain, recordings=tuple(recorded(made, device, again))))
        for again, device in enumerate((ONE, ONE, OTHER))
    ]
    columns = [name for feature in CATALOGUE if feature.spec.level != "record" for name in feature.spec.columns]
    found = {}
    for name in columns:
        first, second, third = (table[name].to_numpy(float) for table in tables)
        found[name] = (*agreement(first, second), agreement(first, third)[0])
    _PAGE.write_text(page(pd.DataFrame(found, index=["icc", "mdc", "n", "devices"]).T, people), encoding="utf-8")
    print(f"{_PAGE}: {len(found)} columns")


def page(found: pd.DataFrame, people: int) -> str:
    """Return the page."""
    known = found[np.isfinite(found["icc"])]
    low = known["icc"] < GOOD
    lines = [
        "# Test and retest of sensor features",
        "",
        f"Made by `python -m benchmarks.retest` with version {version('dystonia-pipeline')} on {date.today()}.",
        f"{people} generated people of the recipe `demo`, 20 s a task, recorded twice at one visit with {ONE}, and",
        f"once with {OTHER}, sensors tied anew each time. *ICC*: intraclass correlation of single recordings, one-way;",
        "*change*: the smallest that is not chance, 1.96 sqrt(2) times the standard error of measurement, in the",
        f"column's unit. **Bold**: below {GOOD}. The people are synthetic: the figures say how much recording adds.",
        "One recording in a hundred is of a sensor that was turned at right angles and nobody wrote it down, so among",
        "40 people one or two; that alone takes the agreement of angles between two recordings (`turned_deg`) away.",
        "",
        f"{int(low.sum())} of {len(known)} columns lie below {GOOD} with one device,"
        f" {int((known['devices'] < GOOD).sum())} with two; {len(found) - len(known)} were not recorded or never vary.",
        "",
        "| column | people | ICC | ICC, two devices | change |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in known.iterrows():
        cells = (f"**{each:.2f}**" if each < GOOD else f"{each:.2f}" for each in (row["icc"], row["devices"]))
        lines.append(f"| `{name}` | {row['n']:.0f} | {' | '.join(cells)} | {row['mdc']:.3g} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
