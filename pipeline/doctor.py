"""Say whether this installation works, line by line, and what to do where it does not.

A sick installation must not keep its doctor from coming: whatever may be missing is imported inside the check that
needs it.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.errors import IoFailed, MissingInput, PipelineError, Unavailable
from pipeline.publish import publish_file

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION = "dystonia-pipeline"
LEAST_FREE = 2**28
"""Bytes below which a disk counts as full: the demo with its recordings takes 210 million."""

_PROGRAMS = Path(__file__).parent
_LOCK = _PROGRAMS.parent / "features.lock"
_GIB = 2**30
_MOST_NAMED = 5
_AGAIN = "Install again, from requirements.lock"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    check : str
        What was looked at.
    found : str
        One line; where something is wrong, with what to do.
    exit_code : int
        0 where all is well.
    """

    check: str
    found: str
    exit_code: int = 0


def doctor(out: Path = Path(), bundle: Path | None = None) -> list[Finding]:
    """Look at everything that a run needs; nothing that is written stays.

    Parameters
    ----------
    out : Path
        The folder in which outputs would appear.
    bundle : Path, optional
        A model to load and to ask for what it must answer.

    Returns
    -------
    list of Finding
        One for each check, in a fixed order, whatever fails.
    """
    checks: dict[str, Callable[[], str]] = {
        "python": _python,
        "packages": _packages,
        "extras": _extras,
        "programs": _programs,
        "processors": _processors,
        "features": _features,
        "output": partial(_place, out),
        "temporary": partial(_place, Path(tempfile.gettempdir())),
        "tracking": _tracking,
        "permissions": _permissions,
    }
    if bundle is not None:
        checks["model"] = partial(_model, bundle)
    return [_finding(name, check) for name, check in checks.items()]


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, check())
    except PipelineError as error:
        return Finding(name, str(error), error.exit_code)
    except ImportError as error:
        sick: PipelineError = Unavailable(error.name or "a package", "cannot be loaded", do=_AGAIN)
    except OSError as error:
        sick = IoFailed(str(error.filename or name), os.strerror(error.errno or 0))
    except Exception as error:  # noqa: BLE001 (packages that do not fit each other fail in any way)
        sick = PipelineError(name, f"fails ({type(error).__name__})", do=_AGAIN)
    return Finding(name, str(sick), sick.exit_code)


def _python() -> str:
    from packaging.specifiers import SpecifierSet

    here, allowed = platform.python_version(), metadata(DISTRIBUTION)["Requires-Python"]
    if not SpecifierSet(allowed).contains(here, prereleases=True):
        raise Unavailable(f"Python {here}", "is not supported", needed=f"needed is {allowed}", do=_AGAIN)
    return f"{here}, allowed {allowed}"


def _packages() -> str:
    needed = _requirements()
    _refuse_unmet(needed)
    return f"{len(needed)} as needed"


def _extras() -> str:
    basis = {each.name for each in _requirements()}
    there, absent = [], []
    for extra in metadata(DISTRIBUTION).get_all("Provides-Extra") or []:
        needed = [each for each in _requirements(extra) if each.name not in basis]
        if any(_installed(each.name) is None for each in needed):
            absent.append(extra)
        else:
            _refuse_unmet(needed)
            there.append(extra)
    missing = f"; not here: {', '.join(absent)} (pip install '{DISTRIBUTION}[{','.join(absent)}]')" if absent else ""
    return (", ".join(there) or "none") + missing


def _requirements(extra: str = "") -> list[Requirement]:
    """Return what the distribution needs on this Python, or this extra of it."""
    from packaging.requirements import Requirement

    every = [Requirement(text) for text in metadata(DISTRIBUTION).get_all("Requires-Dist") or []]
    return [each for each in every if each.marker is None or each.marker.evaluate({"extra": extra})]


def _refuse_unmet(needed: Iterable[Requirement]) -> None:
    unmet = [(each, _installed(each.name)) for each in needed if not _meets(each, _installed(each.name))]
    if unmet:
        raise Unavailable(
            ", ".join(f"{each.name} {there or 'absent'}" for each, there in unmet),
            "not as needed",
            do="Run: pip install " + " ".join(f"'{each.name}{each.specifier}'" for each, _ in unmet),
        )


def _meets(requirement: Requirement, installed: str | None) -> bool:
    return installed is not None and requirement.specifier.contains(installed, prereleases=True)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _programs() -> str:
    for name in ("train", "predict"):
        import_module(f"pipeline.{name}")
    return "all load"


def _processors() -> str:
    from pipeline.engine import environment, usable_cores

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    return f"{usable_cores()} cores, {memory:.1f} GiB, OMP_NUM_THREADS {threads}, {environment()['blas']}"


def _features() -> str:
    from pipeline.features.catalogue import fingerprints
    from pipeline.features.lock import read_lock

    here = fingerprints()
    if not _LOCK.is_file():
        return f"{len(here)} computed; name a model to compare them with its own"
    locked = read_lock(_LOCK.read_text(encoding="utf-8"))
    others = sorted(name for name in here.keys() | locked.keys() if here.get(name) != locked.get(name))
    if others:
        raise Unavailable(
            f"{len(others)} of {len(here)} features",
            f"give or declare other than {_LOCK.name} says: {_few(others)}",
            do=f"{_AGAIN}; if you changed them, see CONTRIBUTING.md",
        )
    return f"{len(here)} give what {_LOCK.name} says"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _place(folder: Path) -> str:
    """Publish a file, as a run does, take it away again, and see how much more would fit."""
    trial = folder.resolve() / f"dystonia-doctor-{secrets.token_hex(8)}"
    try:
        publish_file(trial, lambda path: path.touch())
    finally:
        if folder.is_dir():
            for left in (trial, trial.with_name(f".{trial.name}.lock")):
                left.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise IoFailed(
            str(folder), f"{free / _GIB:.2f} GiB free", needed=f"needed are {LEAST_FREE / _GIB:g}", do="Make room"
        )
    return f"{folder} can be written to, {free / _GIB:.0f} GiB free"


def _tracking() -> str:
    from pipeline.tracking.store import ask_store

    return ask_store()


def _permissions() -> str:
    from pipeline.bundle import exposed

    if found := exposed(_PROGRAMS):
        raise Unavailable(found, "anybody may change these programs", do="Take the right away: chmod -R o-w")
    mask = os.umask(0o077)
    os.umask(mask)
    return f"only you can change these programs, umask {mask:03o}{_trusted_key()}"


def _trusted_key() -> str:
    key = os.environ.get("DYSTONIA_TRUSTED_KEY")
    if key and not Path(key).is_file():
        raise MissingInput(key, "no such key", do="Check DYSTONIA_TRUSTED_KEY")
    return f", models must be signed with {key}" if key else ""


def _model(bundle: Path) -> str:
    from pipeline.bundle import load_bundle
    from pipeline.tracking.registered import bundle_folder

    key = os.environ.get("DYSTONIA_TRUSTED_KEY")
    with bundle_folder(bundle) as folder:
        loaded = load_bundle(folder, trusted_key=Path(key) if key else None)
    data = "synthetic data" if loaded.synthetic else "real records"
    return f"{bundle} answers as it did when it was saved; trained on {data}"


def as_text(findings: Iterable[Finding]) -> str:
    """Set findings as one screen.

    Examples
    --------
    >>> print(as_text([Finding("python", "3.12.1"), Finding("output", "disk: full. Make room.", 74)]))
    ok      python       3.12.1
    FAILS   output       disk: full. Make room.
    """
    return "\n".join(f"{'FAILS' if each.exit_code else 'ok':7} {each.check:12} {each.found}" for each in findings)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Set findings for a script.

    Examples
    --------
    >>> as_json([Finding("python", "3.12.1")])["checks"]
    [{'check': 'python', 'works': True, 'found': '3.12.1'}]
    """
    return {
        "version": version(DISTRIBUTION),
        "works": not any(each.exit_code for each in findings),
        "checks": [{"check": each.check, "works": not each.exit_code, "found": each.found} for each in findings],
    }


@click.command("doctor")
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Where outputs would appear, if not here.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def command(bundle: Path | None, out: Path, *, json_wanted: bool) -> int:
    r"""Say whether this installation works, and whether the model in BUNDLE does here.

    The exit code is 0, or that of the first line that fails.

    \b
    dystonia doctor
    dystonia doctor models/intake --out /data/predictions
    """
    findings = doctor(out, bundle)
    click.echo(json.dumps(as_json(findings), indent=2) if json_wanted else as_text(findings))
    return next((each.exit_code for each in findings if each.exit_code), 0)
