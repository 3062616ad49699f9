"""Rows D1, D2, D6, D7: whatever fails at whatever moment, a folder is there whole or not at all, and a re-run heals it.

Each run happens in a child process, with a fault at its k-th operation on the disk: an audit hook and a wrapper around
`os.fsync` see them all, whichever functions `publish` uses.
"""

# the letters of the table of faults are capitals

import os
import signal
import time
from pathlib import Path

import pytest

from pipeline import publish
from pipeline.publish import publish_file, publishing
from tests.disk_faults import expected_code, run_with_fault

# the child of a fork only writes files and ends
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

MEMBERS = {"a.bin": b"first" * 100, "deep/er/b.bin": b"", "deep/c.bin": bytes(range(256))}
OTHER = {"a.bin": b"old", "gone.bin": b"old too"}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Which operations are asked for is tested here; that the disk obeys `fsync` can't be."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def snapshot(folder: Path) -> dict | None:
    """Return every file below a folder with its bytes and mode; None where there is no folder."""
    if not folder.exists():
        return None
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode & 0o7777,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in folder.rglob("*")
    }


def in_two_strokes(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        os.fsync(file.fileno())
        file.write(content[len(content) // 2 :])


def build(destination: Path, members: dict[str, bytes], *, overwrite: bool = False, made: list | None = None) -> None:
    with publishing(destination, {"members": sorted(members)}, overwrite=overwrite) as staging:
        if staging is None:
            return
        for name, content in members.items():

            def write(path: Path, name: str = name, content: bytes = content) -> None:
                if made is not None:
                    made.append(name)
                in_two_strokes(path, content)

            staging.write(name, write)
        staging.summary = {"rows": len(members)}


def one_file(destination: Path, members: dict[str, bytes], *, overwrite: bool = False) -> None:
    publish_file(destination, lambda path: in_two_strokes(path, members["a.bin"]), overwrite=overwrite)


def standing(folder: Path, work, before: dict[str, bytes] | None) -> Path:
    """Return a destination with content that another run has left, or none."""
    folder.mkdir()
    if before is not None:
        work(folder / "out", before)
    return folder / "out"


FAULTS = ("crash", "EIO", "ENOSPC", "interrupt")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("case", ["fresh", "swap", "two_renames"])
def test_D2_a_fault_at_any_operation_leaves_all_or_nothing_and_a_rerun_heals(tmp_path, monkeypatch, fault, case):
    """Kill it, fill the disk or pull the cable at any moment: the folder is the old or the new one, never a mixture.

    The same command, started again, then gives the bytes of a run that nothing disturbed, and leaves nothing beside it.
    """
    if case == "two_renames":  # a system that can't swap two folders in one step
        monkeypatch.setattr(publish, "_exchange", lambda one, other: False)
    before = None if case == "fresh" else OTHER
    build(tmp_path / "reference", MEMBERS)
    whole = snapshot(tmp_path / "reference")

    def again(destination: Path) -> None:
        build(destination, MEMBERS, overwrite=True)

    spare = standing(tmp_path / "spare", build, before)
    operations = run_with_fault(lambda: again(spare), "count")
    assert operations > 15
    published_early = 0
    for at in range(1, operations + 1):
        destination = standing(tmp_path / str(at), build, before)
        old = snapshot(destination)
        code = run_with_fault(lambda destination=destination: again(destination), fault, at)
        found = snapshot(destination)
        between_renames = found is None and case == "two_renames" and fault == "crash"
        assert found in (old, whole) or between_renames
        published_early += found == whole
        assert code == expected_code(fault) or found == whole
        again(destination)
        assert snapshot(destination) == whole
        assert sorted(path.name for path in destination.parent.iterdir()) == [".out.lock", "out"]
    assert published_early < operations / 2


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", [None, OTHER], ids=["fresh", "replaced"])
def test_D6_one_file_is_whole_or_as_before_at_any_fault(tmp_path, fault, before):
    """A single output file, too, is never half-written, and a failed run can simply be repeated."""
    spare = standing(tmp_path / "spare", one_file, before)
    operations = run_with_fault(lambda: one_file(spare, MEMBERS, overwrite=True), "count")
    for at in range(1, operations + 1):
        destination = standing(tmp_path / str(at), one_file, before)
        old = destination.read_bytes() if before else None
        run_with_fault(lambda destination=destination: one_file(destination, MEMBERS, overwrite=True), fault, at)
        assert (destination.read_bytes() if destination.exists() else None) in (old, MEMBERS["a.bin"])
        one_file(destination, MEMBERS, overwrite=True)
        assert destination.read_bytes() == MEMBERS["a.bin"]
        assert destination.stat().st_mode & 0o777 == 0o600
        assert sorted(path.name for path in destination.parent.iterdir()) == [".out.lock", "out"]


def test_D1_D12_a_run_that_was_killed_holds_no_lock_and_is_simply_repeated(tmp_path):
    """After kill -9 nothing has to be cleaned up by hand: the lock dies with the process."""
    destination = tmp_path / "out"

    def dawdle(path: Path) -> None:
        path.write_bytes(b"half")
        (tmp_path / "begun").touch()
        time.sleep(60)

    def slow() -> None:
        with publishing(destination, {"members": sorted(MEMBERS)}) as staging:
            staging.write("a.bin", lambda path: path.write_bytes(MEMBERS["a.bin"]))
            staging.write("deep/c.bin", dawdle)

    child = os.fork()
    if child == 0:
        slow()
        os._exit(0)
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert not destination.exists()
    made: list[str] = []
    build(destination, MEMBERS, made=made)
    assert made == ["deep/er/b.bin", "deep/c.bin"]
    build(tmp_path / "reference", MEMBERS)
    assert snapshot(destination) == snapshot(tmp_path / "reference")


def test_D3_everything_is_synced_before_it_appears(tmp_path, monkeypatch):
    """After a power cut a published folder is complete: its files and folders were on the disk before its name was."""
    synced: list[str] = []

    def note(descriptor: int) -> None:
        link = Path(f"/proc/self/fd/{descriptor}")
        synced.append(str(link.readlink()) if link.exists() else "")

    monkeypatch.setattr(os, "fsync", note)
    build(tmp_path / "out", MEMBERS)
    if not all(synced):
        pytest.skip("no /proc to see what was synced")
    partial = str(tmp_path / ".out.partial")
    expected = {f"{partial}/{name}" for name in (*MEMBERS, "_SUCCESS", "deep", "deep/er")} | {partial}
    assert expected <= set(synced[:-1])
    assert synced[-1] == str(tmp_path)
