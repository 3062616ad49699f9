"""What a user of an output folder relies on: whole or absent, private, resumable, never silently replaced."""

# the letters of the table of faults are capitals

import json
import os
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import IoFailed, OutputBusy, OutputExists, UsageError
from pipeline.publish import SUCCESS, digest_of, publish_file, publishing

NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
PLAN = {"made": "of this"}


class Stop(Exception):
    """Something of the caller's own that goes wrong."""


@st.composite
def members(draw):
    """Draw a few members; no name is the folder of another."""
    drawn = draw(st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=6))
    return {name: content for name, content in drawn.items() if not any(o.startswith(name + "/") for o in drawn)}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def fresh() -> Path:
    """Make a new folder for an example, below the folder of the test."""
    return Path(mkdtemp(dir=Path.cwd()))


def put(content: bytes):
    return lambda path: path.write_bytes(content)


def fill(staging, content: dict[str, bytes], made: list | None = None, stop_after: int | None = None) -> None:
    for number, (name, data) in enumerate(content.items()):
        if number == stop_after:
            raise Stop

        def write(path: Path, name: str = name, data: bytes = data) -> None:
            if made is not None:
                made.append(name)
            path.write_bytes(data)

        staging.write(name, write)


def build(destination, content, plan=PLAN, **options):
    with publishing(destination, plan, **options) as staging:
        if staging is not None:
            fill(staging, content)
        return staging is not None


def stop_after(destination, content, count, plan=PLAN, **options):
    def run() -> None:
        with publishing(destination, plan, **options) as staging:
            fill(staging, content, stop_after=count)
            raise Stop

    with pytest.raises(Stop):
        run()


def content_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != SUCCESS
    }


def modes(folder):
    return {path.stat().st_mode & 0o7777 for path in folder.rglob("*") if path.is_file()}, {
        path.stat().st_mode & 0o7777 for path in (folder, *folder.rglob("*")) if path.is_dir()
    }


@given(content=members(), count=st.integers(0, 6))
def test_an_error_at_any_member_leaves_no_folder(content, count):
    """Whoever sees the folder sees all of it: a run that failed leaves nothing at its place."""
    destination = fresh() / "out"
    stop_after(destination, content, count)
    assert not destination.exists()


@given(content=members(), old=members(), count=st.integers(0, 6))
def test_an_error_leaves_what_was_there_before(content, old, count):
    """A failed --overwrite costs nothing: the old output stands untouched, and is still valid."""
    destination = fresh() / "out"
    build(destination, old, {"made": "before"})
    stop_after(destination, content, count, overwrite=True)
    assert content_of(destination) == old
    assert not build(destination, {}, {"made": "before"})


@given(content=members())
def test_a_folder_appears_with_all_members_and_an_account_of_them(content):
    """`_SUCCESS` names every member with the SHA-256 of its bytes, so that anybody can check a copy."""
    destination = fresh() / "out"
    with publishing(destination, PLAN) as staging:
        fill(staging, content)
        staging.summary["rows"] = 7
    assert content_of(destination) == content
    account = json.loads((destination / SUCCESS).read_text())
    assert account["rows"] == 7
    assert account["files"] == {name: digest_of(destination / name) for name in content}


@given(content=members(), data=st.data())
def test_a_resume_makes_again_just_what_is_not_proven(content, data):
    """A run that goes on trusts no file that a crash or a bad disk may have touched, and repeats no other work."""
    destination = fresh() / "out"
    done = data.draw(st.integers(0, len(content)), label="members finished")
    stop_after(destination, content, done)
    finished = list(content)[:done]
    partial = destination.with_name(".out.partial")
    damaged = {name: data.draw(st.sampled_from(["kept", "flipped", "cut", "gone", "grown"])) for name in finished}
    for name, how in damaged.items():
        path = partial / name
        now = path.read_bytes()
        if how == "gone":
            path.unlink()
        elif how == "flipped":
            path.write_bytes(bytes([now[0] ^ 1]) + now[1:] if now else b"x")
        elif how == "cut":
            path.write_bytes(now[:-1] if now else b"y")
        elif how == "grown":
            path.write_bytes(now + b"\0")
    partial.mkdir(exist_ok=True)  # a run that failed before it had finished a member leaves nothing
    (partial / "stray").write_bytes(b"half a file of the crashed run")
    made: list[str] = []
    with publishing(destination, PLAN) as staging:
        fill(staging, content, made)
    assert made == [name for name in content if damaged.get(name) != "kept"]
    assert content_of(destination) == content


@given(content=members(), data=st.data())
def test_D13_a_damaged_journal_costs_work_but_never_the_result(content, data):
    """Whatever a crash leaves in the journals of the staging, the run that follows ends with the right bytes."""
    destination = fresh() / "out"
    stop_after(destination, content, data.draw(st.integers(0, len(content))))
    journal = destination.with_name(".out.partial") / data.draw(st.sampled_from(["done.jsonl", "plan.json"]))
    journal.parent.mkdir(exist_ok=True)
    now = journal.read_bytes() if journal.exists() else b""
    at = data.draw(st.integers(0, len(now)))
    junk = data.draw(
        st.sampled_from(
            [b"", b"\0" * 9, b'{"member": 5, "sha256": 5}\n', b'{"member": "\\u0000", "sha256": ""}\n', b"[]"]
        )
        | st.binary(max_size=9)
    )
    journal.write_bytes(now[:at] + junk + now[at + len(junk) :] if data.draw(st.booleans()) else junk)
    build(destination, content)
    assert content_of(destination) == content


@given(content=members(), other=members(), count=st.integers(0, 6))
def test_D14_another_plan_starts_anew(content, other, count):
    """Nothing made from other inputs, options or versions is carried over into this output."""
    destination = fresh() / "out"
    stop_after(destination, other, count, plan={"made": "of something else"})
    made: list[str] = []
    with publishing(destination, PLAN) as staging:
        fill(staging, content, made)
    assert made == list(content)
    assert content_of(destination) == content


@given(content=members())
def test_D9_the_same_plan_with_its_output_complete_is_no_work(content):
    """Running a finished command again is free and changes nothing, not even a time stamp."""
    destination = fresh() / "out"
    build(destination, content)
    stamps = {path: path.stat().st_mtime_ns for path in destination.rglob("*")}
    with publishing(destination, PLAN) as staging:
        assert staging is None
    assert {path: path.stat().st_mtime_ns for path in destination.rglob("*")} == stamps


@given(content=members(), data=st.data())
def test_an_output_that_was_altered_is_not_taken_for_complete(content, data):
    """If a member was edited or deleted since, the same command says so instead of calling the output done."""
    destination = fresh() / "out"
    build(destination, content)
    victim = destination / data.draw(st.sampled_from(sorted(content)))
    victim.write_bytes(victim.read_bytes() + b"!") if data.draw(st.booleans()) else victim.unlink()
    with pytest.raises(OutputExists):
        build(destination, content)
    assert build(destination, content, overwrite=True)
    assert content_of(destination) == content


@given(content=members(), old=members())
def test_D10_other_content_is_refused_untouched_and_overwrite_swaps(content, old):
    """Nobody loses an output by a mistyped name: 73, unless --overwrite is given; then nothing of the old is left."""
    destination = fresh() / "out"
    build(destination, old, {"made": "before"})
    with pytest.raises(OutputExists, match="--overwrite") as refused:
        build(destination, content)
    assert refused.value.exit_code == 73
    assert content_of(destination) == old
    build(destination, content, overwrite=True)
    assert content_of(destination) == content
    assert sorted(path.name for path in destination.parent.iterdir()) == [".out.lock", "out"]


@pytest.mark.parametrize("kind", ["file", "link", "dangling link"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_folder_is_refused_before_any_work(tmp_path, kind, overwrite):
    """A file or a link at the destination is never replaced by a folder, and the refusal comes before the work."""
    destination, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    if kind == "file":
        destination.write_text("mine")
    else:
        destination.symlink_to(elsewhere)
        if kind == "link":
            elsewhere.mkdir()
            (elsewhere / "mine").touch()
    with pytest.raises(OutputExists), publishing(destination, PLAN, overwrite=overwrite):
        pytest.fail("work was begun")
    assert destination.is_file() or destination.is_symlink()
    assert kind != "link" or (elsewhere / "mine").exists()


def test_an_empty_folder_may_be_filled(tmp_path):
    """A destination that was made beforehand, and is empty, is no reason to refuse."""
    destination = tmp_path / "out"
    destination.mkdir(mode=0o755)
    assert build(destination, {"a": b"1"})
    assert content_of(destination) == {"a": b"1"}
    assert destination.stat().st_mode & 0o777 == 0o700


def test_D11_of_two_runs_on_one_output_the_second_is_told_to_wait(tmp_path):
    """Two runs never mix their files: the one that comes second ends at once, with 75."""
    with publishing(tmp_path / "out", PLAN) as staging:
        with pytest.raises(OutputBusy, match="another run") as refused:
            build(tmp_path / "out", {"a": b"2"})
        assert refused.value.exit_code == 75
        fill(staging, {"a": b"1"})
    assert content_of(tmp_path / "out") == {"a": b"1"}


def test_D8_a_missing_parent_is_told_before_any_work(tmp_path):
    """A mistyped --out fails in the first second, not after an hour of work, and makes no folders."""
    for destination in (tmp_path / "no" / "such" / "out", Path(), Path("..")):
        with pytest.raises(UsageError), publishing(destination, PLAN):
            pytest.fail("work was begun")
        with pytest.raises(UsageError):
            publish_file(destination, lambda path: pytest.fail("work was begun"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_D8_a_read_only_parent_is_told_before_any_work(tmp_path):
    """Without the right to write there, the run ends before any work, with 74."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(IoFailed, match="permission"), publishing(tmp_path / "out", PLAN):
            pytest.fail("work was begun")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@given(content=members())
def test_outputs_are_private(umask, content):
    """Patients' data are the owner's only, whatever the umask: files 0600, folders 0700, those inside too."""
    root = fresh()
    before = os.umask(umask)
    try:
        build(root / "out", content)
        with publishing(root / "filled", PLAN) as staging:
            staging.fill(lambda folder: ((folder / "deep").mkdir(), (folder / "deep" / "a").write_bytes(b"1")))
        publish_file(root / "file", put(b"1"))
    finally:
        os.umask(before)
    assert modes(root / "out") == ({0o600}, {0o700})
    assert modes(root / "filled") == ({0o600}, {0o700})
    assert (root / "file").stat().st_mode & 0o777 == 0o600
    assert (root / ".out.lock").stat().st_mode & 0o077 == 0


@given(content=members(), old=members())
def test_filling_a_folder_at_once_takes_nothing_from_a_crashed_run(content, old):
    """A writer of many files at once starts with an empty folder, also after a crash of the same command."""

    def write_all(folder: Path) -> None:
        assert {path.name for path in folder.rglob("*")} <= {"plan.json"}
        for name, data in content.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    destination = fresh() / "out"
    stop_after(destination, old, len(old))
    with publishing(destination, PLAN) as staging:
        staging.fill(write_all)
    assert content_of(destination) == content
    assert set(json.loads((destination / SUCCESS).read_text())["files"]) == set(content)


def test_a_member_is_never_json_by_halves(tmp_path):
    """A member that is JSON can be read back as what was given."""
    with publishing(tmp_path / "out", PLAN) as staging:
        staging.write_json("report.json", {"größe": [1, None]})
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8")) == {"größe": [1, None]}


@given(first=st.binary(max_size=50), second=st.binary(max_size=50))
def test_one_file_is_replaced_only_on_request(first, second):
    """A file that is there is not written over without --overwrite, and a failed writer leaves it as it was."""
    path = fresh() / "table.csv"
    publish_file(path, put(first))
    with pytest.raises(OutputExists):
        publish_file(path, put(second))
    with pytest.raises(Stop):
        publish_file(path, fail_half_way, overwrite=True)
    assert path.read_bytes() == first
    publish_file(path, put(second), overwrite=True)
    assert path.read_bytes() == second


def fail_half_way(path: Path) -> None:
    path.write_bytes(b"half")
    raise Stop


def test_one_file_never_takes_the_place_of_a_folder(tmp_path):
    """Naming a folder where a file is to be written is refused before the work, whatever the options."""
    (tmp_path / "out").mkdir()
    for overwrite in (False, True):
        with pytest.raises(OutputExists):
            publish_file(tmp_path / "out", lambda path: pytest.fail("work was begun"), overwrite=overwrite)


def test_a_failed_write_says_that_nothing_was_published(tmp_path):
    """The message of a full disk names the reason, and the exit code is that of failed writing."""

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    with pytest.raises(IoFailed, match=r"No space left on device.*Nothing was published") as failed:
        publish_file(tmp_path / "out", full)
    assert failed.value.exit_code == 74


@pytest.mark.parametrize("one", ["a folder", "a file"])
def test_D19_a_link_that_is_swapped_on_the_way_changes_nothing(tmp_path, one):
    """All lands where the link led at the start, whole; where it leads by then stays as it was."""
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
    way = tmp_path / "way"
    way.symlink_to("here")

    def swap():
        way.unlink()
        way.symlink_to("elsewhere")

    if one == "a folder":
        with publishing(way / "out", {"plan": 1}) as staging:
            assert staging is not None
            staging.write("a", lambda path: path.write_text("1"))
            swap()
            staging.write("b", lambda path: path.write_text("2"))
    else:
        publish_file(way / "out", lambda path: (swap(), path.write_text("1")))
    assert not list((tmp_path / "elsewhere").iterdir())
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [".out.lock", "out"]
