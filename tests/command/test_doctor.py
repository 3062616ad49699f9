"""`dystonia doctor`: what works is said, what does not is named with its cure, and nothing that it writes stays."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from pipeline import doctor
from pipeline.cli import main
from pipeline.errors import IoFailed, MissingInput, PipelineError, Unavailable, UsageError
from pipeline.features.catalogue import fingerprints
from pipeline.features.lock import lock_text

VERSIONS = st.tuples(st.integers(0, 9), st.integers(0, 20)).map(lambda parts: f"{parts[0]}.{parts[1]}")


def alone(name: str) -> doctor.Finding:
    """Run one check: the others take their time."""
    return doctor._finding(name, getattr(doctor, f"_{name}"))


def test_a_good_installation_is_told_and_nothing_is_left(capsys, monkeypatch):
    """All checks hold where these tests run; no store is made, no trial file stays."""
    monkeypatch.setattr("tempfile.tempdir", str(Path.cwd()))
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["check"] for each in told["checks"] if not each["works"]] == []
    assert told["works"] is True
    assert list(Path.cwd().iterdir()) == []


def test_a_package_that_is_missing_does_not_keep_the_doctor_from_coming():
    """Without NumPy hardly anything loads: each line that needs it says so, the others are told, and 69 is returned."""
    code = (
        "import sys; sys.modules['numpy'] = None; from pipeline.cli import main; sys.exit(main(['doctor', '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (69, "")
    works = {each["check"]: each["works"] for each in json.loads(done.stdout)["checks"]}
    assert works["python"]
    assert works["output"]
    assert not works["programs"]
    assert not works["features"]


@given(
    there=st.dictionaries(st.sampled_from(["one", "two", "three", "four"]), VERSIONS),
    needed=st.dictionaries(st.sampled_from(["one", "two", "three", "four"]), VERSIONS, min_size=1),
)
def test_exactly_the_packages_that_do_not_meet_are_named_with_their_cure(there, needed):
    """Absent or older than its floor: in the message and in the line to type; all else in neither."""

    def parts(text):
        return tuple(map(int, text.split(".")))

    wrong = {name for name, floor in needed.items() if name not in there or parts(there[name]) < parts(floor)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "_installed", there.get)
        found = doctor._finding(
            "packages",
            lambda: doctor._refuse_unmet([Requirement(f"{name}>={needed[name]}") for name in needed]) or "ok",
        )
    assert (found.exit_code == 69) == bool(wrong)
    for name, floor in needed.items():
        assert (f"'{name}>={floor}'" in found.found) == (name in wrong)


def test_extras_that_are_not_here_are_no_failure_but_old_ones_are(monkeypatch):
    """Who has no cluster needs no Dask; who has an old Dask will fail with `--cluster`."""
    about = Message()
    about["Provides-Extra"] = "cluster"
    about["Requires-Dist"] = "numpy>=2"
    about["Requires-Dist"] = 'dask>=2026.1; extra == "cluster"'
    monkeypatch.setattr(doctor, "metadata", lambda _: about)
    monkeypatch.setattr(doctor, "_installed", {"numpy": "2.4"}.get)
    assert alone("extras").found == "none; not here: cluster (pip install 'dystonia-pipeline[cluster]')"
    monkeypatch.setattr(doctor, "_installed", {"numpy": "2.4", "dask": "2025.1"}.get)
    old = alone("extras")
    assert old.exit_code == 69
    assert "dask 2025.1: not as needed. Run: pip install 'dask>=2026.1'." in old.found
    monkeypatch.setattr(doctor, "_installed", {"numpy": "2.4", "dask": "2026.2"}.get)
    assert alone("extras").found == "cluster"


@pytest.mark.parametrize(("here", "code"), [("3.10.14", 69), ("3.11.0", 0), ("3.13.9", 0), ("3.14.0", 69)])
def test_a_python_that_is_not_supported_is_told(monkeypatch, here, code):
    monkeypatch.setattr("platform.python_version", lambda: here)
    assert alone("python").exit_code == code


def test_features_that_give_something_else_are_named(monkeypatch):
    """Models trained elsewhere would be refused here: better to know it before."""
    changed = {
        name: replace(each, digest="0" * 64) if name == "tilt_deg" else each for name, each in fingerprints().items()
    }
    Path("features.lock").write_text(lock_text(changed))
    monkeypatch.setattr(doctor, "_LOCK", Path("features.lock"))
    found = alone("features")
    assert found.exit_code == 69
    assert f"1 of {len(changed)} features: give or declare other than features.lock says: tilt_deg." in found.found
    monkeypatch.setattr(doctor, "_LOCK", Path("nowhere.lock"))
    assert alone("features").found.startswith(f"{len(changed)} computed")


@pytest.mark.parametrize(("place", "code"), [("absent", 64), ("a-file", 64), ("open-to-all", 74), ("fine", 0)])
def test_a_place_that_no_run_could_write_to_is_told(place, code):
    """The same rules as a run's, by the same code; the folder is as before."""
    Path("a-file").touch()
    Path("fine").mkdir()
    Path("open-to-all").mkdir()
    Path("open-to-all").chmod(0o777)
    before = sorted(map(str, Path.cwd().rglob("*")))
    found = doctor._finding("output", lambda: doctor._place(Path(place)))
    assert found.exit_code == code, found
    assert sorted(map(str, Path.cwd().rglob("*"))) == before


def test_a_disk_that_is_nearly_full_is_told(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": doctor.LEAST_FREE - 1}))
    found = doctor._finding("output", lambda: doctor._place(Path()))
    assert (found.exit_code, "Make room" in found.found) == (74, True)


def test_a_store_that_does_not_answer_is_told(monkeypatch):
    Path("a-file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path.cwd()}/a-file/mlflow.db")
    found = alone("tracking")
    assert (found.exit_code, "Check MLFLOW_TRACKING_URI" in found.found) == (69, True)


class Store:
    def search_experiments(self, max_results: int) -> list[str]:
        return []


def test_a_store_that_answers_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://anna:CANARY@store/mlflow")
    monkeypatch.setattr("pipeline.tracking.store.connect", Store)
    assert alone("tracking").found == "postgresql://…@store/mlflow, telemetry off"


def test_programs_that_anybody_may_change_are_told(monkeypatch):
    Path("programs").mkdir()
    Path("programs/train.py").touch()
    Path("programs/train.py").chmod(0o666)
    monkeypatch.setattr(doctor, "_PROGRAMS", Path("programs"))
    assert alone("permissions").exit_code == 69
    Path("programs/train.py").chmod(0o644)
    mask = os.umask(0o027)
    try:
        assert "umask 027" in alone("permissions").found
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(mask)


def test_a_trusted_key_that_is_not_there_is_told(monkeypatch):
    """Else every prediction of the service would fail in the night."""
    monkeypatch.setenv("DYSTONIA_TRUSTED_KEY", "/no/such/key.pub")
    found = alone("permissions")
    assert (found.exit_code, "DYSTONIA_TRUSTED_KEY" in found.found) == (MissingInput.exit_code, True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("w", "f"), 64),
        (Unavailable("w", "f"), 69),
        (IoFailed("w", "f"), 74),
        (ModuleNotFoundError("CANARY", name="numpy"), 69),
        (OSError(28, "No space left on device", "file"), 74),
        (AttributeError("CANARY"), PipelineError.exit_code),
    ],
)
def test_whatever_a_check_meets_is_one_line_and_a_code(error, code):
    def check() -> str:
        raise error

    found = doctor._finding("name", check)
    assert found.exit_code == code
    assert "\n" not in found.found
    assert "CANARY" not in found.found


def test_the_exit_code_is_that_of_the_first_line_that_fails(monkeypatch, capsys):
    lines = [doctor.Finding("a", "fine"), doctor.Finding("b", "full", 74), doctor.Finding("c", "absent", 69)]
    monkeypatch.setattr(doctor, "doctor", lambda *_: lines)
    assert main(["doctor"]) == 74
    assert capsys.readouterr().out == doctor.as_text(lines) + "\n"
    assert [line.split()[0] for line in doctor.as_text(lines).splitlines()] == ["ok", "FAILS", "FAILS"]
