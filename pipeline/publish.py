"""Files and folders that appear whole or not at all.

A folder is built in ``.NAME.partial/`` beside its destination, under the lock ``.NAME.lock``, and appears by one rename
when all is written and synced. Staging holds ``plan.json`` (what is being made, from what) and one line in
``done.jsonl`` for each finished member; a later run with the same plan keeps the members whose digest still proves
right, one with another plan starts anew.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import IoFailed, OutputBusy, OutputExists, PipelineError, UsageError

SUCCESS = "_SUCCESS"
_PLAN, _DONE = "plan.json", "done.jsonl"
_RENAME_EXCHANGE, _AT_FDCWD = 2, -100


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(plan: Mapping[str, Any]) -> str:
    """Return a digest of a plan: what is made, from which inputs, by which versions and options."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


@dataclass
class Staging:
    """A folder in the making.

    Attributes
    ----------
    path : Path
        Where its members are written before the folder appears.
    members : dict
        Digest of each finished member.
    summary : dict
        Goes into ``_SUCCESS``, with the plan's fingerprint and the members' digests.
    """

    path: Path
    members: dict[str, str] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, writer: Callable[[Path], None]) -> None:
        """Write one member by a function of its path, unless an earlier run has left it proven right.

        The member becomes private (0600), is synced, and its digest noted, in this order.
        """
        if name in self.members:
            return
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(path)
        path.chmod(0o600)
        _sync(path)
        self.members[name] = digest_of(path)
        append_json(self.path / _DONE, {"member": name, "sha256": self.members[name]})

    def adopt(self, name: str, path: Path) -> None:
        """Take over a file on the same disk as a member."""

        def move(place: Path) -> None:
            path.rename(place)

        self.write(name, move)

    def fill(self, writer: Callable[[Path], None]) -> None:
        """Write all members at once by a function of the folder; what an earlier run left is made again."""
        _remove_others(self.path, {_PLAN})
        self.members.clear()
        writer(self.path)
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.is_file() and name != _PLAN:
                self.write(name, lambda _: None)

    def leave_out(self, folder: str) -> None:
        """Forget the members in a folder: they were steps on the way, and are not published."""
        for name in [name for name in self.members if name.startswith(f"{folder}/")]:
            del self.members[name]

    def write_json(self, name: str, content: Any) -> None:
        """Write a member as JSON."""
        self.write(name, lambda path: _write_json(path, content))


@contextmanager
def publishing(
    destination: Path,
    plan: Mapping[str, Any],
    *,
    overwrite: bool = False,
) -> Iterator[Staging | None]:
    """Build a folder that appears at the destination in one step when the block ends without an error.

    Parameters
    ----------
    destination : Path
        The folder to appear.
    plan : mapping
        All that decides the content; compared with what an earlier run left.
    overwrite : bool
        Whether a folder with another plan may be replaced.

    Yields
    ------
    Staging or None
        None where the destination already holds the result of this very plan: there is nothing to do.

    Raises
    ------
    OutputExists
        If the destination has other content.
    OutputBusy
        If another run holds the destination.
    IoFailed
        If writing failed; the destination is as before.
    """
    identity = fingerprint(plan)
    destination = _settled(destination)
    with _guard(destination), _locked(destination):
        _restore(destination)
        if _holds(destination, identity):
            # what a run left that was cut off between its swap and the removal of the old content
            shutil.rmtree(_partial(destination), ignore_errors=True)
            yield None
            return
        _refuse_existing(destination, overwrite)
        staging = _open_staging(destination, identity)
        with _nothing_left(staging):
            yield staging
        _remove_others(staging.path, {_PLAN, _DONE, *staging.members})
        content = {**staging.summary, "fingerprint": identity, "files": dict(sorted(staging.members.items()))}
        _write_json(staging.path / SUCCESS, content)
        (staging.path / SUCCESS).chmod(0o600)
        _sync(staging.path / SUCCESS)
        for leftover in (_PLAN, _DONE):
            (staging.path / leftover).unlink(missing_ok=True)
        _settle_folders(staging.path)
        _appear(staging.path, destination)


@contextmanager
def _nothing_left(staging: Staging) -> Iterator[None]:
    """Remove the staging of a run that failed before it had finished anything worth keeping."""
    try:
        yield
    except BaseException:
        if not staging.members:
            shutil.rmtree(staging.path, ignore_errors=True)
        raise


def publish_file(destination: Path, writer: Callable[[Path], None], *, overwrite: bool = False) -> None:
    """Write one file that appears whole, by a function of the path to write to.

    Raises
    ------
    OutputExists
        If the file is there and may not be replaced.
    """
    destination = _settled(destination)
    with _guard(destination), _locked(destination):
        if destination.is_dir() or (destination.exists() and not overwrite):
            raise _exists(destination)
        partial = _partial(destination)
        partial.unlink(missing_ok=True)
        writer(partial)
        partial.chmod(0o600)
        _sync(partial)
        partial.replace(destination)
        _sync(destination.parent)


def _settled(destination: Path) -> Path:
    """Follow the links on the way to a destination once: who lets one lead elsewhere later, changes nothing."""
    real = os.path.realpath(destination.parent)
    plain = os.path.abspath(destination.parent)  # noqa: PTH100 (which follows no link)
    return destination if real == plain else Path(real) / destination.name


@contextmanager
def _guard(destination: Path) -> Iterator[None]:
    """Turn a failed write into one line; check the place before any work is done."""
    parent = destination.parent
    if destination.name in ("", ".", ".."):
        raise UsageError("--out", f"'{destination}' names no folder of its own", do="Name a new folder")
    if not parent.is_dir():
        raise UsageError("--out", f"the folder '{parent}' does not exist", do="Create it first")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise IoFailed(str(parent), "no permission to write there", do="Choose another --out")
    mode = parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise IoFailed(
            str(parent), "anybody may replace what is written there", do="Choose another --out, or take the right away"
        )
    try:
        yield
    except PipelineError:
        raise
    except OSError as error:
        where = error.filename or str(destination)
        raise IoFailed(
            str(where), f"writing failed: {os.strerror(error.errno or 0)}", do="Nothing was published"
        ) from error


@contextmanager
def _locked(destination: Path) -> Iterator[None]:
    """Hold the destination's lock; it dies with the process, so it never grows stale, and is never removed."""
    lock = destination.with_name(f".{destination.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputBusy(
                str(destination), "another run is writing there", do="Wait for it, or choose another --out"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _partial(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.partial")


def _old(destination: Path) -> Path:
    return destination.with_name(f".{destination.name}.old")


def _restore(destination: Path) -> None:
    """Undo a swap that was cut off between its two renames."""
    old = _old(destination)
    if old.exists() and not destination.exists():
        old.rename(destination)
    elif old.exists():
        shutil.rmtree(old)


def _holds(destination: Path, identity: str) -> bool:
    try:
        done = json.loads((destination / SUCCESS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(done, dict) or done.get("fingerprint") != identity:
        return False
    members = done.get("files", {})
    return isinstance(members, dict) and all(
        (destination / name).is_file() and digest_of(destination / name) == sha for name, sha in members.items()
    )


def _refuse_existing(destination: Path, overwrite: bool) -> None:
    if destination.is_symlink() or (destination.exists() and not destination.is_dir()):
        raise OutputExists(str(destination), "is no folder", do="Choose another --out")
    if not destination.exists() or not any(destination.iterdir()):
        return
    if not overwrite:
        raise _exists(destination)
    if not (destination / SUCCESS).is_file():
        raise OutputExists(
            str(destination), "holds what no run of ours has published", do="Choose another --out, or move it away"
        )


def _exists(destination: Path) -> OutputExists:
    return OutputExists(str(destination), "exists with other content", do="Choose another --out, or give --overwrite")


def _open_staging(destination: Path, identity: str) -> Staging:
    path = _partial(destination)
    _refuse_of_others(path)
    proven = _proven_members(path, identity)
    if proven is None:
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        _write_json(path / _PLAN, {"fingerprint": identity})
        _sync(path / _PLAN)
        proven = {}
    _remove_others(path, {_PLAN, _DONE, *proven})
    return Staging(path, proven)


def _refuse_of_others(path: Path) -> None:
    """Refuse a staging that is a link, or somebody else's: what we write could be read or changed there."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise IoFailed(str(path), "is no folder of yours", do="Remove it, or choose another --out")


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove what an earlier run left unfinished."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in kept:
            path.unlink()


def _proven_members(path: Path, identity: str) -> dict[str, str] | None:
    """Members of a staging of the same plan whose digests still hold; None where there is no such staging."""
    try:
        plan = json.loads((path / _PLAN).read_text(encoding="utf-8"))
        lines = (path / _DONE).read_text(encoding="utf-8").splitlines() if (path / _DONE).exists() else []
    except (OSError, ValueError):
        return None
    if plan != {"fingerprint": identity}:
        return None
    proven = {}
    for line in lines:
        try:
            entry = json.loads(line)
            name, sha = entry["member"], entry["sha256"]
            if (path / name).is_file() and digest_of(path / name) == sha:
                proven[name] = sha
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a line that a crash cut short or a disk damaged: its member is made again
    return proven


def _appear(staging: Path, destination: Path) -> None:
    """Put the finished folder in place by one rename, or one exchange where something stands there."""
    if destination.exists() and not any(destination.iterdir()):
        destination.rmdir()
    removed: Path | None = None
    if not destination.exists():
        staging.rename(destination)
    elif _exchange(staging, destination):
        removed = staging
    else:
        removed = _old(destination)
        destination.rename(removed)
        try:
            staging.rename(destination)
        except BaseException:
            removed.rename(destination)
            raise
    _sync(destination.parent)
    if removed is not None:
        shutil.rmtree(removed, ignore_errors=True)  # published by now; the next start removes what is left


def _settle_folders(staging: Path) -> None:
    """Make each folder private and sync it, the innermost first."""
    for folder in [*sorted((path for path in staging.rglob("*") if path.is_dir()), reverse=True), staging]:
        folder.chmod(0o700)
        _sync(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders atomically where the system can (Linux); False where it can't."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    result = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    if result == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):  # the file system has no exchange
        return False
    raise OSError(code, os.strerror(code), str(other))


def append_json(path: Path, entry: Mapping[str, Any]) -> None:
    """Add a line of JSON to a file for the owner only, and sync it; a link in its place is an error."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
