"""The files that a reader of the documentation has, and we have to make up: tables, packets, recordings, people."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipeline.cohort_files import write_phenopackets
from pipeline.config import load_recipe
from pipeline.generate import generate
from pipeline.partition import read_whole
from pipeline.reading.source import Options, open_source

_SECONDS = 20
_START = 1.7e9
_G = 9.80665


def make_up(folder: Path) -> None:
    """Write every file that a page of the documentation takes as there."""
    _export(folder / "export.csv")
    _recordings(folder)
    generate(folder / "held-out", load_recipe("demo"), patients=600, seed=11, format="csv")
    _packets(folder)


def _export(path: Path) -> None:
    """Write a table of a registry: a row a visit, in its own words."""
    rows = [(person, event, 1 + person % 2, 20 + person, "yes") for person in range(1, 31) for event in (1, 2)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("record_id", "event", "sex", "onset_age", "neck_turns"), *rows])


def _packets(folder: Path) -> None:
    options = Options()
    with TemporaryDirectory() as spill:
        cohort = read_whole(open_source(folder / "held-out", options), options, Path(spill))
    write_phenopackets(cohort, folder / "cases.jsonl")


def _recordings(folder: Path) -> None:
    """Write what several devices would: a hand that shakes at 5 Hz, and two muscles."""
    shaking = {rate: _shaking(rate) for rate in (50, 100, 128)}
    _table(folder / "wrist.csv", ["time_s", "x", "y", "z"], _clock(100), shaking[100] * _G)
    _table(folder / "phone.csv", [], np.round(_clock(100) * 1e9), shaking[100] * _G)
    counts = np.round(shaking[50] / 0.00006103515625)
    _table(folder / "logger.csv", ["time_s", "x", "y", "z"], _clock(50), counts, delimiter=";", above=3)
    activity = np.random.default_rng(5).normal(size=(_SECONDS * 2000, 2)) * 0.05
    _table(folder / "emg.csv", ["time_s", "FCR", "ECR"], _clock(2000), activity)
    np.savez(folder / "imu.npz", accel=shaking[128], time=_START + _clock(128))


def _clock(rate: int) -> np.ndarray:
    return np.arange(_SECONDS * rate) / rate


def _shaking(rate: int) -> np.ndarray:
    at = _clock(rate)
    noise = np.random.default_rng(rate).normal(size=(len(at), 3)) * 0.005
    return noise + np.array([0.0, 0.0, 1.0]) + 0.1 * np.sin(2 * np.pi * 5 * at)[:, None] * np.array([1.0, 0.3, 0.0])


def _table(
    path: Path, names: list[str], clock: np.ndarray, samples: np.ndarray, *, delimiter: str = ",", above: int = 0
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"line {line} of a header\n" for line in range(above))
        writer = csv.writer(file, delimiter=delimiter)
        if names:
            writer.writerow(names)
        for time, *values in np.column_stack([clock, samples]).tolist():
            row = [repr(each) for each in (time, *values)]
            writer.writerow([each.replace(".", ",") for each in row] if delimiter == ";" else row)
