"""The Makefile, the set-up, the locks, the wheel: what has to hold for a stranger who clones the repository."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-server.lock")
PLACES_OF_ONE_MACHINE = re.compile(r"/(home|Users|root|work)/\w|/tmp/\w|\.pyenv/versions/|[A-Z]:\\Users")


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment, cwd=ROOT)


def project_files() -> list[Path]:
    """Every file that git holds or would take."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def needs(tool: str) -> str:
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"no {tool} here")
    return found


# --- Makefile and scripts


def test_help_is_the_default_and_names_every_public_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    needs("make")
    shown = run("make", "--no-print-directory").stdout
    named = set(re.findall(r"^  make ([a-z-]+) +\S", shown, re.MULTILINE))
    assert named == phony - {"run-setup"}
    assert {"setup", "demo", "test", "test-real", "check", "bench", "docs", "lock", "help"} <= named


def test_recipes_are_those_of_make_3_81():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not re.search(r"^\.ONESHELL|\$\(file |&:|!=|^\.SHELLFLAGS", makefile, re.MULTILINE)


@pytest.mark.parametrize("script", [".ci/run", "tools/setup.sh", "tools/locks.sh", "tools/server_packages.sh"])
def test_scripts_parse(script):
    shell = "bash" if "bash" in (ROOT / script).read_text(encoding="utf-8").split("\n", 1)[0] else "sh"
    done = run(needs(shell), "-n", script)
    assert (done.returncode, done.stderr) == (0, "")


def test_ci_is_executable():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def a_checkout(folder: Path) -> Path:
    """Make as much of a checkout as the set-up reads."""
    (folder / "tools").mkdir(parents=True)
    for name in ("tools/setup.sh", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, folder / name)
    return folder


def only(folder: Path, *tools: str) -> str:
    """Make a PATH on which there are these tools and nothing else."""
    folder.mkdir()
    for tool in tools:
        (folder / tool).symlink_to(needs(tool))
    return str(folder)


def set_up(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return run(needs("sh"), folder / "tools" / "setup.sh", "run", PATH=path)


def test_one_line_says_what_to_install_where_there_is_no_python(tmp_path):
    done = set_up(a_checkout(tmp_path / "checkout"), only(tmp_path / "bin", "dirname", "rm"))
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert "apt-get install python3 python3-venv" in done.stderr


def test_a_python_that_does_not_run_is_passed_over(tmp_path):
    path = only(tmp_path / "bin", "dirname", "rm")
    for name in ("python3.13", "python3.12"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexit 127\n")
        (tmp_path / "bin" / name).chmod(0o755)
    # a Python that has no ensurepip
    (tmp_path / "bin" / "python3.11").write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    (tmp_path / "bin" / "python3.11").chmod(0o755)
    done = set_up(a_checkout(tmp_path / "checkout"), path)
    assert done.returncode == 69
    assert done.stderr.count("\n") == 1
    assert "python3.11 cannot make virtual environments: apt-get install python3-venv" in done.stderr


@pytest.mark.parametrize("stamp", ["run", "dev"])
def test_a_stamped_setup_does_nothing(tmp_path, stamp):
    checkout = a_checkout(tmp_path / "checkout")
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    lock = {"run": "requirements.lock", "dev": "requirements-dev.lock"}[stamp]
    digest = run(needs("sh"), "-c", f"cat {lock} pyproject.toml | {sys.executable} -c '{SHA256}'").stdout
    (checkout / ".venv" / f"set-up-{stamp}").write_text(digest)
    done = set_up(checkout, only(tmp_path / "bin", "dirname", "cat"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


SHA256 = "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"


# --- locks


def test_locks_agree_with_the_project():
    if not (ROOT / ".venv" / "bin" / "uv").exists():
        pytest.skip("no .venv here: make setup")
    done = run(needs("sh"), ROOT / "tools" / "locks.sh", "--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_versions_and_hashes_and_no_index(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    entries = re.findall(r"^[a-z0-9].*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(entries) > 50
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_demo_installs_nothing_that_only_development_needs():
    names = {
        name: set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in LOCKS
    }
    runtime, development, _ = (names[name] for name in LOCKS)
    assert runtime < development
    assert "hatchling" in runtime
    assert not {"pytest", "ruff", "mkdocs", "hypothesis"} & runtime


def test_only_the_public_index_is_locked():
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    registries = {package["source"].get("registry") for package in lock["package"]} - {None}
    assert registries == {"https://pypi.org/simple"}


# --- versions, paths, the wheel


def test_the_version_stands_once():
    assert version("dystonia-pipeline") == PROJECT["project"]["version"]


def test_classifiers_name_the_pythons_that_are_allowed():
    named = {int(text.rpartition(".")[2]) for text in PROJECT["project"]["classifiers"] if "Python :: 3." in text}
    assert named == {11, 12, 13}
    assert PROJECT["project"]["requires-python"] == ">=3.11,<3.14"


def test_no_path_of_one_machine():
    text_files = [path for path in project_files() if path.suffix != ".parquet" and path != Path(__file__)]
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in text_files
        if (match := PLACES_OF_ONE_MACHINE.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_file_of_the_package(wheel):
    package = {path.relative_to(ROOT).as_posix() for path in project_files() if path.is_relative_to(ROOT / "pipeline")}
    assert any(name.endswith(".toml") for name in package)
    assert package <= set(wheel)


def test_the_wheel_holds_nothing_else(wheel):
    assert {name.split("/")[0].split("-")[0] for name in wheel} == {"pipeline", "dystonia_pipeline"}
    assert not [name for name in wheel if name.endswith((".csv", ".parquet", ".skops", ".pyc"))]
