"""Generated recordings beside real ones: ``python -m benchmarks.beside REAL``, into ``docs/beside-real.md``.

One person with Parkinson's disease by phone (pdkit 2458), one healthy adult and one with multiple sclerosis by a sensor
at the lower back (mobgap). No claim about dystonia follows from it. Nothing of a person's is kept but spectra.
"""

from __future__ import annotations

import sys
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.signal import welch

from pipeline.features.extract import extract
from pipeline.recipe import Centre, Recipe
from pipeline.records import Cohort, Recording, Samples
from pipeline.synthetic import generate
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions
from pipeline.units import ACCELERATION_TO_G

FEATURES = (
    "tremor_rms_g",
    "tremor_peak_hz",
    "tremor_peak_power_share",
    "tremor_width_hz",
    "tremor_stability_hz",
    "tremor_modulation_ratio",
    "tremor_harmonic_ratio",
    "power_0_to_2_hz_share",
    "power_4_to_7_hz_share",
    "power_7_to_12_hz_share",
    "spectral_entropy_ratio",
    "permutation_entropy_ratio",
    "mean_frequency_hz",
    "one_line_share",
    "gravity_g",
    "twitch_rate_hz",
    "steps_hz",
    "regularity_ratio",
    "movement_rms_g",
)
_TAKEN = ("wrist_rest_imu", "wrist_posture_imu", "lower_back_gait_imu")
_PEOPLE = {"parkinson_disease/not_dystonia": 0.5, "healthy/not_dystonia": 0.5}
_CENTRES = tuple(Centre(1 / 3, device) for device in ("bmi270", "lsm6dsv", "icm42688"))
"""Sensors of 100 Hz and a little more, whose noise differs."""

_TITLES = {"rest": "REST_TREMOR_AMPLITUDE", "posture": "POSTURAL_TREMOR_OF_THE_HANDS"}
_SEGMENT_S, _TO_HZ = 4.0, 49.0
_PAGE = Path("docs/beside-real.md")
_TOLD = {"rest": "hand at rest", "posture": "hand held out", "gait": "lower back, walking"}


def _phone(path: Path) -> Samples:
    table = pd.read_csv(path, header=None).to_numpy(dtype=float)
    return Samples((table[:, 0] - table[0, 0]) * 1e-9, table[:, 1:4].T * ACCELERATION_TO_G["m/s^2"])


def _back(path: Path) -> Samples:
    table = pd.read_csv(path)
    return Samples(np.arange(len(table)) / 100, table[["acc_x", "acc_y", "acc_z"]].to_numpy().T)


def real_recordings(folder: Path) -> list[Recording]:
    """Return those of one visit a hand, and of one a walk; fewer than six where the folder lacks some."""
    found = [
        Recording(f"{side} {task}", "a", side, f"wrist_{side}", task, "accelerometer", 100.0, partial(_phone, path))
        for side in ("left", "right")
        for task, title in _TITLES.items()
        for path in (folder / "pdkit" / "2458").glob(f"T_-_{title}_-_{side.upper()}_HAND_*.csv")
    ]
    found += [
        Recording(f"{who} walk", "a", who, "lower_back", "gait", "accelerometer", 100.0, partial(_back, path))
        for path in sorted((folder / "mobgap").glob("*/001/*Test5_Trial1.csv"))
        for who in path.parts[-3:-2]
    ]
    return found


def generated_recordings(people: int = 200) -> tuple[pd.DataFrame, list[Recording]]:
    """Return visits and recordings of generated people, half with Parkinson's disease, half healthy."""
    recipe = Recipe(name="two", title="", classes=_PEOPLE, recordings=1.0, max_visits=1, centres=_CENTRES)
    cohort = generate(recipe, patients=people, seed=5)
    found = []
    for session, _ in sessions(cohort):
        for take in BATTERIES["full"]:
            if take.name in _TAKEN:
                samples = session.track(take).samples("accelerometer")
                key = f"{session.patient_id} {take.name}", session.patient_id, session.visit_id
                site = take.site(session.habits.side)
                rate = session.device.rate_hz
                found.append(Recording(*key, site, take.task, "accelerometer", rate, lambda samples=samples: samples))
    return cohort.cohort.visits, found


def features_of(visits: pd.DataFrame, recordings: list[Recording]) -> pd.DataFrame:
    """Return the table of features."""
    return extract(Cohort(visits, recordings=tuple(recordings)))


def real_features(recordings: list[Recording]) -> pd.DataFrame:
    """Return those of the real ones, a row a hand or walk."""
    visits = sorted({each.visit_id for each in recordings})
    return features_of(pd.DataFrame({"patient_id": "a", "visit_id": visits}), recordings)


def compared(theirs: pd.DataFrame) -> list[str]:
    """Return the columns of which a real recording tells something."""
    return [name for name in theirs if name.rpartition("__")[2] in FEATURES and theirs[name].notna().any()]


def spectrum(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies in Hz and the power density of all axes together in g^2/Hz."""
    hertz, power = welch(recording.open().values, recording.rate_hz, nperseg=round(_SEGMENT_S * recording.rate_hz))
    return hertz[hertz <= _TO_HZ], power.sum(axis=0)[hertz <= _TO_HZ]


def floor_and_slope(recording: Recording) -> tuple[float, float]:
    """Return the log of the noise floor in g/sqrt(Hz) above 30 Hz, and the exponent of the slope from 1 to 20 Hz."""
    hertz, power = spectrum(recording)
    inside = (hertz >= 1) & (hertz <= 20)
    slope = np.polyfit(np.log(hertz[inside]), np.log(power[inside]), 1)[0]
    return float(np.log10(np.sqrt(np.median(power[hertz > 30])))), float(slope)


def outside(values: np.ndarray, ours: np.ndarray) -> bool:
    """Whether a value lies beyond the generated range by more than a tenth of its width."""
    low, high = np.nanmin(ours), np.nanmax(ours)
    margin = 0.1 * (high - low)
    return bool(((values < low - margin) | (values > high + margin)).any())


def picture(ours: list[Recording], theirs: list[Recording]) -> Figure:
    """Draw the spectra of real recordings over the range of the generated ones."""
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    for axes, (task, title) in zip(figure.subplots(1, 3, sharey=True), _TOLD.items(), strict=True):
        made = [spectrum(each) for each in ours if each.task == task]
        hertz, powers = made[0][0][1:], np.array([power for _, power in made])[:, 1:]
        low, middle, high = np.quantile(powers, [0.05, 0.5, 0.95], axis=0)
        axes.fill_between(hertz, low, high, color="0.85", label="generated, 90 %")
        axes.plot(hertz, middle, color="0.5", label="generated, median")
        for each, style in zip((each for each in theirs if each.task == task), ("-", "--"), strict=False):
            axes.plot(hertz, spectrum(each)[1][1:], style, color="C0", linewidth=1, label="real")
        axes.set(title=title, xlabel="frequency, Hz", xscale="log", yscale="log")
    figure.axes[0].set_ylabel("power, g²/Hz")
    lines, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        lines,
        [*names[:2], "real, left or healthy", "real, right or multiple sclerosis"],
        loc="outside lower center",
        ncols=4,
    )
    return figure


def main(folder: Path) -> None:
    """Write page and picture."""
    visits, ours = generated_recordings()
    theirs = real_recordings(folder)
    table, real = features_of(visits, ours), real_features(theirs)
    picture(ours, theirs).savefig(_PAGE.with_suffix(".png"), dpi=110)
    lines = [
        "# Generated recordings beside real ones",
        "",
        f"Made by `python -m benchmarks.beside REAL` with version {version('dystonia-pipeline')} on {date.today()}:",
        "one person with Parkinson's disease, recorded by phone (pdkit), a healthy one and one with multiple",
        "sclerosis, recorded at the lower back (mobgap), beside 200 generated people, half with Parkinson's disease",
        "and half healthy. So few people show whether what is generated is of this world, and nothing more; of",
        "dystonia they show nothing.",
        "",
        "![Power over frequency in three tasks: real hands at rest, real hands held out and real walks run inside the"
        f" band of generated ones]({_PAGE.with_suffix('.png').name})",
        "",
        "How often a generated hand corrects its posture, and that it does so less where it is supported, was taken",
        "from these hands; how much, so that they lie inside the range while the healthy keep their line of 8 to 12",
        "Hz. So the slopes of the hands agree by construction. The noise of devices and walks were not fitted.",
        "",
        "| column | real inside the generated range |",
        "| --- | --- |",
    ]
    for name in compared(real):
        values = real[name].dropna().to_numpy()
        within = sum(not outside(np.array([value]), table[name].to_numpy()) for value in values)
        lines.append(f"| `{name}` | {within} of {len(values)} |")
    lines += [
        "",
        "| task | exponent of the spectrum, 1 to 20 Hz: real | generated, median | real inside the generated range |",
        "| --- | --- | --- | --- |",
    ]
    for task, told in _TOLD.items():
        real_ones, made = (
            np.array([floor_and_slope(each)[1] for each in group if each.task == task]) for group in (theirs, ours)
        )
        within = sum(not outside(np.array([value]), made) for value in real_ones)
        said = ", ".join(f"{value:.1f}" for value in real_ones)
        lines.append(f"| {told} | {said} | {np.median(made):.1f} | {within} of {len(real_ones)} |")
    _PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(_PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
