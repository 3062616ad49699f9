"""Files of signals, and the row that declares one, for tests of reading."""

import io

import numpy as np
import pyarrow as pa

from pipeline.features.windows import cuts

ROW = {
    "recording_id": "r",
    "patient_id": "a",
    "visit_id": "1",
    "body_site": "wrist_left",
    "task": "rest",
    "sensor": "accelerometer",
    "unit": "g",
    "rate_hz": 100,
    "file": "s.csv",
}


AXES = ("x", "y", "z")


def movement(seconds=20.0, rate=100.0, channels=3, seed=1):
    """Give a clock, and a tremor with noise over gravity, which the last channel has."""
    time = np.arange(round(seconds * rate)) / rate
    stream = np.random.default_rng(seed)
    values = 0.02 * stream.normal(size=(channels, len(time))) + 0.1 * np.sin(2 * np.pi * 5 * time)
    values[-1] += 1.0
    return time, values


def cut(recording):
    """Return the windows of a recording that is not long."""
    (found,) = cuts(recording)
    return found


def csv_of(time, values, names=("time_s", *AXES), *, header=True, sep=","):
    lines = [sep.join(f"{number:.9g}" for number in line) for line in np.vstack([time, values]).T]
    return "\n".join(([sep.join(names)] if header else []) + lines) + "\n"


def table_of(time, values, names=("time_s", *AXES)):
    return pa.table(dict(zip(names, [time, *values], strict=True)))


def npz_of(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def rows_of(*rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"
