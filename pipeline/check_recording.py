"""Say of one recording how good it is: length, rate, clock, gaps, clipping, units, gravity, channels."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from pipeline.errors import ContractError, MissingInput, UsageError, did_you_mean
from pipeline.reading.samples import SignalFile
from pipeline.reading.signal_files import SUFFIXES
from pipeline.reading.signal_layout import SEVERAL, layout_of, sensor_of
from pipeline.reading.signal_quality import judge, plausible
from pipeline.units import SECONDS_IN, UNITS_OF_SENSOR
from pipeline.vocabulary import CLOCKS_OF_RECORDINGS, REASONS

ALL_UNITS = tuple(unit for units in UNITS_OF_SENSOR.values() for unit in units)
_OUR_UNIT = {"accelerometer": "g", "gyroscope": "deg/s", "emg": "uV", "pen": "mm"}
_SIZES = {
    "accelerometer": "median of the vector's length, 1 g at rest",
    "gyroscope": "median of the vector's length",
    "emg": "spread about the mean",
    "pen": "extent of what was drawn",
}

_DECLARING = (
    click.option("--units", metavar="UNIT", help="COHORT is one recording, whose samples are in this unit."),
    click.option("--rate", type=click.FloatRange(0, min_open=True), metavar="HZ", help="Its nominal sampling rate."),
    click.option("--columns", metavar="A|B|C", help="Its channels, if they are not x|y|z; numbers without a header."),
    click.option("--channels", metavar="A|B|C", help="What they are, such as muscle|antagonist, or y|x|z."),
    click.option("--time-column", metavar="NAME", help="Its column of times, if that is not time_s."),
    click.option("--time-unit", type=click.Choice([*SECONDS_IN]), help="Unit of these times."),
    click.option("--clock", type=click.Choice(CLOCKS_OF_RECORDINGS), help="What these times are; elapsed if left out."),
    click.option("--no-header", is_flag=True, help="Its first line holds samples."),
    click.option("--full-scale", type=click.FloatRange(0, min_open=True), metavar="X", help="Its largest reading."),
)


def declaring_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that declare one recording; the command gets them as ``declared``, a row of the table."""

    @wraps(function)
    def with_options(*arguments: Any, units: str | None, rate: float | None, **rest: Any) -> Any:
        names = ("columns", "channels", "time_column", "time_unit", "clock", "full_scale")
        said = {name: rest.pop(name) for name in names}
        said["header"] = 0.0 if rest.pop("no_header") else ""
        said["full_scale_ratio"] = said.pop("full_scale")
        given = {name: value for name, value in said.items() if value not in (None, "")}
        declared = given | {name: value for name, value in (("unit", units), ("rate_hz", rate)) if value is not None}
        return function(*arguments, declared=declared, **rest)

    for option in reversed(_DECLARING):
        with_options = option(with_options)
    return with_options


def is_recording(path: Path, declared: dict[str, Any]) -> bool:
    """Whether a path is meant as one recording: something of it is declared, or no table ends in this."""
    return bool(declared) or path.suffix == ".npz"


def check_recording(path: Path, declared: dict[str, Any], *, sort: bool = False) -> dict[str, Any]:
    """Read one recording and say what is found.

    Parameters
    ----------
    path : Path
    declared : dict
        As in a row of the table of recordings; ``unit`` and ``rate_hz`` at least.
    sort : bool
        Whether a clock that goes back is put in order.

    Returns
    -------
    dict
        What was declared, what was measured, ``unfit`` (reason code why it cannot be used, or empty) and ``flags``.

    Raises
    ------
    UsageError
        If unit or rate is not declared: nothing is guessed.
    ContractError, MissingInput, IoFailed
        If it cannot be read at all.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ContractError(path.name, "unknown kind of file", needed=f"{', '.join(SUFFIXES)} are read", code="FORMAT")
    if "unit" not in declared or "rate_hz" not in declared:
        raise UsageError(path.name, "units or rate are not declared", do="Give --units and --rate")
    if declared["unit"] not in ALL_UNITS:
        raise UsageError("--units", "no unit that is known", do=did_you_mean(declared["unit"], ALL_UNITS))
    if not path.is_file():
        raise MissingInput(str(path), "no such file", do="Check the path")
    sensor = sensor_of(declared["unit"])
    row = {"body_site": "head", "task": "free", "sensor": sensor, "file": path.name} | declared
    layout = layout_of(row)
    verdict = judge(SignalFile(path.parent, path.name, layout, path.name), sort=sort)
    found, (low, high) = verdict.quality, plausible(sensor)
    return {
        "file": path.name,
        "sensor": sensor,
        "unit": layout.unit,
        "columns": SEVERAL.join(layout.columns),
        "channels": SEVERAL.join(verdict.channels),
        "lacking_channels": list(verdict.lacking),
        "constant_channels": list(verdict.constant),
        "clock": layout.clock,
        "samples": found.samples,
        "duration_s": _number(found.duration_s),
        "declared_rate_hz": layout.rate_hz,
        "measured_rate_hz": _number(found.rate_hz),
        "lost_share": _number(found.lost_share),
        "gaps": found.gaps,
        "longest_gap_s": _number(found.longest_gap_s),
        "clipped_share": _number(found.clipped_share),
        "flat_share": _number(found.flat_share),
        "spoilt_share": _number(found.spoilt_share),
        "size": _number(found.size),
        "size_unit": _OUR_UNIT[sensor],
        "size_is": _SIZES[sensor],
        "plausible": [low, high],
        "unfit": verdict.unfit,
        "flags": list(verdict.flags),
    }


def _number(value: float) -> float | None:
    """Return a number for JSON, which has no NaN."""
    return value if abs(value) < float("inf") else None


def recording_text(found: dict[str, Any]) -> str:
    """Set what `check_recording` found as a table."""
    low, high = found["plausible"]
    lines = [
        ("sensor", f"{found['sensor']}, samples in {found['unit']}"),
        ("columns", found["columns"]),
        (
            "channels",
            found["channels"]
            + _channels("never change", found["constant_channels"])
            + _channels("not declared", found["lacking_channels"]),
        ),
        ("clock", found["clock"]),
        ("samples", f"{found['samples']}"),
        ("duration", _with_unit(found["duration_s"], "s")),
        ("rate", f"{_with_unit(found['measured_rate_hz'], 'Hz')} measured, {found['declared_rate_hz']:g} Hz declared"),
        ("lost", _percent(found["lost_share"])),
        ("gaps", f"{found['gaps']} of more than 1 s, the longest {_with_unit(found['longest_gap_s'], 's')}"),
        ("clipped", _percent(found["clipped_share"])),
        ("stuck", _percent(found["flat_share"])),
        ("not finite", _percent(found["spoilt_share"])),
        (
            "size",
            f"{_with_unit(found['size'], found['size_unit'])}: {found['size_is']}; {low:g} to {high:g} is plausible",
        ),
    ]
    text = [found["file"], *(f"  {name:<12}{value}" for name, value in lines)]
    text += [f"  noted: {code}: {REASONS[code]}" for code in found["flags"]]
    if found["unfit"]:
        return "\n".join([*text, f"cannot be used: {found['unfit']}: {REASONS[found['unfit']]}"])
    return "\n".join([*text, "can be used"])


def _channels(said: str, channels: list[str]) -> str:
    return f" ({said}: {', '.join(channels)})" if channels else ""


def _with_unit(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.4g} {unit}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"
