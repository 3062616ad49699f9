"""Fixed synthetic input that every feature is tried on, and the fingerprint of what it gives.

The input is made here, of plain sines and a generator whose stream never changes, and of no other code of the package:
a fingerprint must change when the feature does, and only then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from zlib import crc32

import numpy as np
import pandas as pd

from pipeline.features.spec import Feature, FeatureSpec
from pipeline.features.table import build
from pipeline.findings_panel import FINDINGS_PANEL
from pipeline.records import Cohort, Column, Recording, Samples
from pipeline.schema import TREATMENTS, VISITS
from pipeline.units import Unit
from pipeline.vocabulary import BODY_SITES, RESPONSES, TASKS, TREATMENT_KINDS

DIGITS = 6
_NOTHING = 1e-9
"""Smaller than this is zero: what is left of rounding differs from one machine to the next."""

_PATIENTS, _VISITS_EACH = 8, 3
_RECORDED_VISITS = 2
_TERMS_EACH = 25
_TOXIN, _TOXIN_WEEKS = "botulinum_toxin", (-44.0, -31.0, -20.0, -10.0, 0.0, 6.0, 6.0, 26.0)
_SECONDS = 14.0
_EMG_HZ = 1000.0
_GRAIN = 1 / 16_384
"""Samples are whole multiples of this, in g or 64 deg/s, as a 16-bit sensor's are: so all machines agree on them."""


@dataclass(frozen=True)
class Fingerprint:
    """What tells whether two installations compute the same feature.

    Attributes
    ----------
    name, unit : str
    version : int
    digest : str
        SHA-256 of the feature's columns, of its values on the probes, to six digits, and of what it declares.
    """

    name: str
    unit: str
    version: int
    digest: str


def fingerprints(features: Sequence[Feature]) -> dict[str, Fingerprint]:
    """Return the fingerprint of each feature by its name."""
    table = build(probe_cohort(), features, map=map)
    prints = {}
    for feature in features:
        spec = feature.spec
        lines = [*_lines(table[list(spec.columns)]), *_declared(spec)]
        digest = sha256("\n".join(lines).encode()).hexdigest()
        prints[spec.name] = Fingerprint(spec.name, str(spec.unit), spec.version, digest)
    return prints


def _lines(table: pd.DataFrame) -> list[str]:
    """Write each column's name and values as text."""
    return [" ".join([str(name), *map(rounded, table[name])]) for name in table]


def _declared(spec: FeatureSpec) -> list[str]:
    """Write what a feature declares as text, but for what is in words: bounds and changes are promises to users too."""
    related = [each.spec.name for each in (*spec.needs, *([spec.strength] if spec.strength else []))]
    bounds, least = " ".join(map(rounded, spec.bounds)), rounded(spec.min_s)
    changes = f"invariant {' '.join(spec.invariant_to)}", f"equivariant {' '.join(spec.equivariant_to)}"
    return [spec.level, spec.kind, bounds, least, spec.sensor, " ".join(spec.channels), " ".join(related), *changes]


def rounded(value: float) -> str:
    """Write a value to six digits, zero where it is rounding only.

    Examples
    --------
    >>> rounded(1 / 3), rounded(-1e-17), rounded(1e-9), rounded(float("nan"))
    ('0.333333', '0', '1e-09', 'nan')
    """
    return "0" if abs(value) < _NOTHING else f"{value:.{DIGITS}g}"


def probe_cohort() -> Cohort:
    """Make the probes: patients with three visits and treatments, and two visits with every recording."""
    times = _times()
    rows = _PATIENTS * _VISITS_EACH
    # a table with dates would be timed by them alone
    others = [column for column in VISITS if column.name not in times and column.name != "visit_date"]
    stream = np.random.RandomState()
    filled = {column.name: _filled(column, rows, stream) for column in others}
    visits = pd.DataFrame({"source": np.full(rows, "probe", dtype=object), "row": np.arange(rows)} | times | filled)
    recordings = tuple(
        _recording(row, number, site, task)
        for row in range(_RECORDED_VISITS)
        for number, (site, task) in enumerate((site, task) for site in BODY_SITES for task in TASKS)
    )
    others = [_muscles_and_pen(row) for row in range(_RECORDED_VISITS)]
    return Cohort(
        visits, _treatments(stream), tuple(each for some in (*recordings, *others) for each in some), synthetic=True
    )


def _treatments(stream: np.random.RandomState) -> pd.DataFrame:
    """Give every second patient toxin only, one session of it in two doses, and the others two of every other kind."""
    others = [kind for kind in TREATMENT_KINDS if kind != _TOXIN]
    kinds = [[_TOXIN] * len(_TOXIN_WEEKS), [*others, *others]]
    weeks = [list(_TOXIN_WEEKS), [-20.0 + 5.0 * number for number in range(2 * len(others))]]
    patients = [(patient, patient % 2) for patient in range(_PATIENTS)]
    table = {
        "patient_id": [f"p{patient}" for patient, part in patients for _ in kinds[part]],
        "kind": [kind for _, part in patients for kind in kinds[part]],
        "weeks_since_enrolment": np.array([week for _, part in patients for week in weeks[part]]),
    }
    rows = len(table["kind"])
    for column in TREATMENTS:
        table.setdefault(column.name, _filled(column, rows, stream))
    table["response"] = np.resize(np.array([*RESPONSES, "partial"], dtype=object), rows)
    table["dose_toxin_units"] = 12.5 * np.arange(1.0, rows + 1)
    for name in ("wear_off_weeks", "trial_weeks", "interval_weeks"):
        table[name] = np.minimum(np.round(table[name] / 40.0, 1), 20.0)  # no longer than the visits last
    return pd.DataFrame(table)


def _times() -> dict[str, np.ndarray]:
    """Ids and times: weeks 0, 13 and 26 of each patient; two of them without any clock."""
    patient, visit = np.divmod(np.arange(_PATIENTS * _VISITS_EACH), _VISITS_EACH)
    clocked = patient < _PATIENTS - 2
    return {
        "patient_id": np.array([f"p{n}" for n in patient], dtype=object),
        "visit_id": np.array([f"v{n}" for n in visit], dtype=object),
        "weeks_since_enrolment": np.where(clocked, 13.0 * visit, np.nan),
        "age_at_enrolment_y": 21.25 + 7.5 * patient,
        "age_at_visit_y": np.where(clocked & (patient % 2 == 0), 21.25 + 7.5 * patient + 0.25 * visit, np.nan),
        "age_at_onset_y": 3.5 + 8.0 * patient,
    }


def _filled(column: Column, rows: int, stream: np.random.RandomState) -> np.ndarray:
    """Fill a column from a seed of its own, so that a new column changes no other one.

    The legacy generator is the only one whose stream NumPy promises never to change; to seed it takes a sixtieth of
    what it takes to make one.
    """
    stream.seed(crc32(column.name.encode()))
    draw = stream.random_sample(rows)
    recorded = _odds(stream, rows, 7)
    if column.unit == Unit.POINTS:
        recorded |= np.arange(rows) % 3 != 1  # a sum over items needs them all
        draw = np.maximum(1.5 * draw - 0.5, 0.0)  # and a count of those above zero some zeros
    if column.kind == "flag":
        return np.where(recorded, np.round(draw), np.nan)
    if column.kind == "number":
        low, high = max(column.low, 0.0), min(column.high, 1e4)
        return np.where(recorded, np.round(low + draw * (high - low), 1), np.nan)
    if column.kind == "category":
        words = np.array(column.categories, dtype=object)
        return np.where(recorded, words[(draw * len(words)).astype(int)], "")
    if column.kind == "findings":
        return np.where(recorded, _cells(stream, rows), "")
    return np.full(rows, "", dtype=object)


def _odds(stream: np.random.RandomState, shape: int | tuple[int, ...], tenths: int) -> np.ndarray:
    """Draw what is true in so many cases of ten."""
    return (10 * stream.random_sample(shape)).astype(int) < tenths


def _cells(stream: np.random.RandomState, rows: int) -> np.ndarray:
    """Deal the panel out over the cells, each term several times, some of them excluded."""
    terms = np.resize(stream.permutation(np.array(list(FINDINGS_PANEL), dtype=object)), (rows, _TERMS_EACH))
    marks = np.where(_odds(stream, terms.shape, 3), "!", "").astype(object)
    return np.array(["|".join(cell) for cell in marks + terms], dtype=object)


def _recording(row: int, number: int, site: str, task: str) -> tuple[Recording, Recording]:
    """Return an accelerometer's and a gyroscope's recording of a site and task."""
    seed = 1000 * row + number
    rate = (50.0, 100.0)[seed % 2]
    pair = [
        Recording(
            f"r{seed:04d}{sensor[0]}",
            "p0",
            f"v{row}",
            site,
            task,
            sensor,
            rate,
            partial(_samples, 2 * seed + shift, rate, sensor == "gyroscope"),
        )
        for shift, sensor in enumerate(("accelerometer", "gyroscope"))
    ]
    return pair[0], pair[1]


def _muscles_and_pen(row: int) -> list[Recording]:
    """Return recordings of the muscles of both wrists and the neck, and of a pen."""
    sites = [(site, task) for site in ("wrist_left", "wrist_right") for task in ("rest", "action")]
    muscles = [
        Recording(f"e{row}{n}", "p0", f"v{row}", site, task, "emg", _EMG_HZ, partial(_muscles, 10 * row + n))
        for n, (site, task) in enumerate([*sites, ("head", "posture")])
    ]
    return [*muscles, Recording(f"w{row}", "p0", f"v{row}", "wrist_right", "writing", "pen", 100.0, partial(_pen, row))]


def _muscles(seed: int) -> Samples:
    """Make bursts of two muscles, partly at the same time, over a steady activity, in microvolts."""
    stream = np.random.RandomState(seed)
    time = np.arange(int(_SECONDS / 2 * _EMG_HZ)) / _EMG_HZ
    hertz, size, shift = stream.random_sample(3) * [3.0, 200.0, 2.0] + [4.0, 60.0, 0.5]
    gates = [np.sin(2 * np.pi * hertz * time + phase) > 0.3 for phase in (0.0, shift)]
    steady = time > 4.5
    noise = 2 * stream.random_sample((2, len(time))) - 1
    values = size * noise * (0.05 + np.stack(gates) + steady)
    return Samples(time, np.round(values / _GRAIN) * _GRAIN)


def _pen(seed: int) -> Samples:
    """Make loops of handwriting, in millimetres, that grow slower, with the pen lifted now and then."""
    time = np.arange(int(_SECONDS * 100.0)) / 100.0
    turns = (2.7 + 0.4 * seed) * time - 0.03 * time**2
    x, y = 6.0 * time + 1.5 * np.sin(2 * np.pi * turns), 4.0 * np.cos(2 * np.pi * turns) + 0.7 * np.sin(9.1 * time)
    pressure = np.maximum(0.5 + 0.6 * np.sin(2 * np.pi * 0.37 * time + seed), 0.0)
    return Samples(time, np.round(np.stack([x, y, pressure]) / _GRAIN) * _GRAIN)


def _samples(seed: int, rate: float, turning: bool) -> Samples:
    """Make a tremor that swells and a sway, over gravity that turns slowly, with noise.

    The sway is the stronger one in every third recording, every fifth clips, every seventh has lost a sample, and
    some jerk.
    """
    stream = np.random.RandomState(seed)
    time = np.arange(int(_SECONDS * rate)) / rate
    hertz, size, tilt, turn, slow = stream.random_sample(5) * [12.0, 0.4, 2.5, 0.05, 1.6] + [2.0, 0.05, 0.2, 0.01, 0.3]
    swell = size * (0.6 + 0.4 * np.sin(2 * np.pi * 0.11 * time))
    sway = (1.5 if seed % 3 == 0 else 0.3) * swell * np.sin(2 * np.pi * slow * time)
    angle = tilt + turn * time
    gravity = np.stack([np.sin(angle), 0.3 * np.cos(angle), np.cos(angle)])
    noise = 0.02 * (stream.random_sample((3, len(time))) - 0.5)
    shake = np.array([[1.0], [0.5], [-0.3]]) * swell * np.sin(2 * np.pi * hertz * time)
    jerks = np.exp(-(((time + 0.3) % 1.7 - 0.85) ** 2) / 0.002) if seed % 4 == 2 else np.zeros_like(time)
    values = gravity + shake + jerks + np.array([[0.2], [0.9], [0.4]]) * sway + noise
    if seed % 5 == 0:
        values = np.clip(4 * values, -2.0, 2.0)
    values = np.round(values / _GRAIN) * _GRAIN * (64.0 if turning else 1.0)
    lost = [len(time) // 3] if seed % 7 == 0 else []
    return Samples(np.delete(time, lost), np.delete(values, lost, axis=1))
