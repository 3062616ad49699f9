"""Rows D5 to D20 as a batch operator meets them: signals, limits, small disks, closed pipes, and the real command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.bundle.model import VISITS_AT_ONCE
from pipeline.cli import main
from pipeline.predict import predict
from pipeline.publish import publishing

ROOT = Path(__file__).parents[2]
RUN = "import sys; from pipeline.cli import main; sys.exit(main(sys.argv[1:]))"
WITH_LIMIT = "import resource, sys; resource.setrlimit(resource.{kind}, ({size}, {size})); " + RUN


def arguments(line, *more):
    return ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "out", "--quiet", *more]


def command(line, *more, code=RUN, before=None, **streams):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments(line, *more)],
        env=environment,
        preexec_fn=before,
        check=False,
        timeout=300,
        **{"capture_output": True, **streams},
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def undisturbed(line, tmp_path_factory):
    """Return the bytes of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    predict(line.bundle_folder, line.cohort_folder, out)
    return contents(out)


def test_D5_closed_streams_and_a_hang_up_are_no_failure(line, undisturbed):
    """The terminal goes, the pipe is shut, there never was a standard error: predictions finish all the same."""

    def without_any():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        for descriptor in (0, 1, 2):
            os.close(descriptor)

    hang_up = "import os, signal, threading; threading.Timer(2.5, os.kill, (os.getpid(), signal.SIGHUP)).start(); "
    streams = {"capture_output": False, "stdin": None, "stdout": None, "stderr": None}
    done = command(line, code=hang_up + RUN, before=without_any, **streams)
    assert done.returncode == 0
    assert contents("out") == undisturbed


def test_D5_a_reader_that_goes_while_it_is_told(line, undisturbed):
    """`dystonia predict … 2>&1 | head -1` ends with 0 and leaves all predictions."""
    reading, writing = os.pipe()
    os.close(reading)
    done = command(line, capture_output=False, stdout=writing, stderr=writing)
    os.close(writing)
    assert done.returncode == 0
    assert contents("out") == undisturbed


@pytest.mark.parametrize("size", [200, 5_000, 20_000])
def test_D6_a_file_that_may_not_grow_leaves_nothing_published(line, undisturbed, size):
    """A quota is a full disk: one line, 74, and the same command goes on when there is room."""
    done = command(line, code=WITH_LIMIT.format(kind="RLIMIT_FSIZE", size=size))
    assert done.returncode == 74, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert not Path("out").exists()
    predict(line.bundle_folder, line.cohort_folder, Path("out"))
    assert contents("out") == undisturbed


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of not even a tenth of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", place]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a disk here")
    yield place
    os.chdir(tmp_path)
    subprocess.run(["umount", place], check=True)


def test_D6_a_full_disk_leaves_the_old_output_whole(line, undisturbed, small_disk, monkeypatch):
    """Yesterday's predictions stay as they are; nothing half-written takes their place; 74 says why."""
    monkeypatch.chdir(small_disk)
    Path("out").mkdir()
    Path("out/_SUCCESS").write_text(json.dumps({"fingerprint": "of yesterday", "files": {}}))
    Path("ballast").write_bytes(b"x" * 70_000)
    done = command(line, "--overwrite")
    assert done.returncode == 74, done.stderr
    assert b"No space left" in done.stderr or b"is full" in done.stderr
    assert json.loads(Path("out/_SUCCESS").read_text())["fingerprint"] == "of yesterday"
    Path("ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    assert main(arguments(line, "--overwrite")) == 0
    assert contents("out") == undisturbed


def test_D7_a_failed_fsync_is_never_taken_for_success(line, monkeypatch, capsys):
    """After EIO the kernel may have thrown the pages away: no second try, no output, 74."""
    asked = []

    def failing(descriptor):
        asked.append(descriptor)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        assert main(arguments(line)) == 74
    assert len(asked) == 1
    assert "Input/output error" in capsys.readouterr().err
    assert not Path("out").exists()


def test_D8_a_place_that_cannot_be_written_to_is_told_before_any_model_work(line, monkeypatch, capsys):
    """Nobody waits an hour to learn that the disk is read-only."""
    Path("closed").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not (Path(path).name == "closed" and mode & os.W_OK))
    monkeypatch.setattr("pipeline.predict.survey", lambda *_: pytest.fail("the cohort was read"))
    place = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "closed/out", "--quiet"]
    assert main(place) == 74
    assert "no permission to write there" in capsys.readouterr().err


def test_D16_too_little_memory_is_tried_with_half_a_batch_and_then_told(line, undisturbed, monkeypatch, capsys):
    """A batch is halved once; if that is too much as well, the run ends with 71 and says what to give."""
    really, asked = type(line.bundle).predict, []

    def hungry(most):
        def ask(self, cohort, *, batch_size, **rest):
            asked.append(batch_size)
            if batch_size > most:
                raise MemoryError
            return really(self, cohort, batch_size=batch_size, **rest)

        return ask

    monkeypatch.setattr("pipeline.bundle.ModelBundle.predict", hungry(VISITS_AT_ONCE // 2))
    assert main(arguments(line)) == 0
    assert contents("out") == undisturbed
    monkeypatch.setattr("pipeline.bundle.ModelBundle.predict", hungry(1000))
    assert main(["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "none", "--quiet"]) == 71
    assert asked == 2 * [VISITS_AT_ONCE, VISITS_AT_ONCE // 2]
    assert "--batch-size" in capsys.readouterr().err
    assert not Path("none").exists()


def test_D16_a_process_that_may_not_have_more_memory_says_so(line):
    """Under a real limit of the system, whatever it was that asked for memory: 71 or a clear refusal, and no output."""
    wait = "import pipeline.predict, resource; from pathlib import Path; "
    wait += "have = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize(); "
    wait += "resource.setrlimit(resource.RLIMIT_AS, (have + 12_000_000, -1)); "
    done = command(line, code=wait + RUN)
    assert done.returncode == 71, done.stderr
    assert done.stderr.count(b"\n") == 1
    assert not Path("out").exists()


@pytest.mark.parametrize("limit", [16, 24, 32, 64])
def test_D17_few_open_files_are_enough_or_told(line, undisturbed, limit):
    """A server that allows few open files gives predictions, or 74 and nothing."""
    done = command(line, code=WITH_LIMIT.format(kind="RLIMIT_NOFILE", size=limit))
    assert done.returncode in (0, 74), done.stderr
    assert Path("out").exists() == (done.returncode == 0)
    if done.returncode == 0:
        assert contents("out") == undisturbed


def test_D18_a_clock_that_jumps_back_changes_nothing(line, undisturbed, monkeypatch):
    """Nothing is decided by the time of day: a run that was cut off goes on though the clock stands in 1971."""
    with monkeypatch.context() as broken:
        broken.setattr("pipeline.predict._account", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
        assert main(arguments(line)) == 74
    monkeypatch.setattr(time, "time", lambda: 4e7)
    for path in Path(".out.partial").iterdir():
        os.utime(path, (4e9, 4e9))
    made = []
    monkeypatch.setattr("pipeline.batch.Attempt.__call__", lambda *_, **__: made.append(1))
    assert main(arguments(line)) == 0
    assert (made, contents("out")) == ([], undisturbed)


def test_D19_an_output_whose_place_others_may_swap_is_refused(line, capsys):
    """In a folder where everybody may rename everything, somebody's link could stand where we write."""
    Path("open").mkdir()
    Path("open").chmod(0o777)
    place = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--out", "open/out", "--quiet"]
    assert main(place) == 74
    assert "anybody may replace" in capsys.readouterr().err
    Path("open").chmod(0o1777)
    assert main(place) == 0


def test_D19_links_where_we_write_are_not_followed(line, tmp_path):
    """A link laid in wait for the lock, the staging or a table leads nowhere: what it names keeps its bytes."""
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "precious").write_text("data")
    Path(".out.lock").symlink_to(victim / "lock")
    assert main(arguments(line)) == 74
    Path(".out.lock").unlink()
    Path(".out.partial").symlink_to(victim)
    assert main(arguments(line)) in (0, 74)
    assert [path.name for path in victim.iterdir()] == ["precious"]


def test_D20_all_that_is_in_the_making_lies_beside_the_output(line, monkeypatch):
    """TMPDIR may be small, slow, shared, or on another disk, from which nothing can be moved in one step."""
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    moved, really = [], os.rename

    def rename(one, other, **rest):
        moved.extend(Path(each).resolve() for each in (one, other))
        return really(one, other, **rest)

    monkeypatch.setattr(os, "rename", rename)
    assert main(arguments(line)) == 0
    assert moved
    assert all(path.is_relative_to(Path.cwd()) for path in moved)


def test_D11_of_two_runs_at_once_one_waits_for_nobody(line, undisturbed):
    """The scheduler started the job twice: one run does the work, the other ends with 75 at once."""
    held = threading.Event()

    def hold():
        with publishing(Path("out"), {"another": "run"}):
            held.set()
            time.sleep(0.2)
            while not ended.is_set():
                time.sleep(0.05)

    ended = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    assert main(arguments(line)) == 75
    ended.set()
    other.join()
    assert main(arguments(line, "--overwrite")) == 0
    assert contents("out") == undisturbed


@pytest.mark.parametrize("what", ["cohort", "model"])
def test_D14_what_changed_between_a_kill_and_the_resume_is_not_mixed(line, undisturbed, what, monkeypatch, tmp_path):
    """Half of the predictions from yesterday's records or model would be worse than none."""
    cohort, model = tmp_path / "cohort", tmp_path / "model"
    shutil.copytree(line.cohort_folder, cohort)
    shutil.copytree(line.bundle_folder, model)
    place = ["predict", str(model), str(cohort), "--out", "out", "--quiet"]
    manifest = json.loads((model / "manifest.json").read_text())
    if what == "model":
        other = {**manifest, "provenance": {**manifest["provenance"], "name": "another"}}
        (model / "manifest.json").write_text(json.dumps(other))
    else:
        (cohort / "treatments.parquet").unlink()
    with monkeypatch.context() as broken:
        broken.setattr("pipeline.predict._account", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
        assert main(place) == 74
    assert list(Path(".out.partial").glob("predictions-*"))
    shutil.copytree(line.cohort_folder, cohort, dirs_exist_ok=True)
    shutil.copytree(line.bundle_folder, model, dirs_exist_ok=True)
    assert main(place) == 0
    assert contents("out") == undisturbed
