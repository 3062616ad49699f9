"""The command line: help for everybody, one line for every mistake, and the exit codes that scripts rely on."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as papq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import errors
from pipeline.cli import COMMANDS, main
from pipeline.command import run

HEAVY = ("numpy", "pandas", "scipy", "sklearn", "mlflow", "pyarrow", "matplotlib", "pydantic")
BROKEN = {
    "empty.csv": b"",
    "open.csv": b'patient_id,sex\na,"male\n',
    "junk.parquet": b"PAR1junk",
    "x.json": b"{",
    "x.docx": b"x",
}


@pytest.fixture(autouse=True)
def _signals_as_before():
    """The commands handle SIGTERM; the test run does not want that."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def cohort(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("patient_id,age_at_visit_y\na,45\nb,46\n")
    return str(path)


def one_line(capfd) -> str:
    """Return what stands on standard error, which has to be one line, with nothing on standard output."""
    printed = capfd.readouterr()
    assert printed.out == ""
    line = printed.err.removeprefix("\n")  # after ^C, the line begins below it
    assert line.count("\n") == 1
    assert "Traceback" not in line
    return line


def fails(capfd, code: int, says: str, *arguments: str) -> None:
    assert main(arguments) == code
    line = one_line(capfd)
    assert line.startswith("dystonia: ")
    assert re.search(says, line), line


def test_help_is_light():
    """`dystonia --help` answers at once: no command, and none of the large libraries, is imported for it."""
    code = (
        "import sys; from pipeline.cli import main; code = main(['--help']);"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), sorted(n for n in sys.modules if 'pipeline.' in n), code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    assert last == "[] ['pipeline.cli', 'pipeline.command', 'pipeline.errors'] 0"
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def completed(words: str) -> tuple[list[str], str]:
    """Return what a shell would offer after these words, and which of the large libraries were imported for it."""
    code = (
        "import sys; sys.argv = ['dystonia']; from pipeline.cli import main; code = main();"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), code, file=sys.stderr)"
    )
    asked = {"_DYSTONIA_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | asked
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()], done.stderr.strip()


def test_a_shell_completes_commands_at_once():
    """The names come from the table: no command is imported to offer them."""
    assert completed("dystonia d") == (["demo", "doctor"], "[] 0")
    assert completed("dystonia --de") == (["--debug"], "[] 0")


def test_a_shell_completes_the_options_of_a_command():
    assert completed("dystonia predict --allow")[0] == ["--allow-mixed-workers", "--allow-version"]


def test_predict_starts_without_what_only_training_needs():
    code = (
        "import sys, pipeline.predict; print(sorted({'matplotlib', 'mlflow', 'pipeline.synthetic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(capfd, name):
    """--help says what a command does and shows one that can be typed, on a line of its own."""
    assert main([name, "--help"]) == 0
    printed = capfd.readouterr()
    assert printed.err == ""
    assert re.search(rf"^  dystonia {name}\b", printed.out, re.MULTILINE)
    assert "\\b" not in printed.out
    assert main([name, "-h"]) == 0


def test_the_table_of_commands_tells_what_each_one_does():
    """The line of `dystonia --help` and that of the command's own help begin the same way, so that neither is stale."""
    import importlib

    for module, line in COMMANDS.values():
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        assert line.split()[0] == command.help.split()[0]


def test_the_version_is_that_of_the_distribution(capfd):
    """For a report of a bug."""
    from importlib.metadata import version

    assert main(["--version"]) == 0
    assert capfd.readouterr().out.strip() == f"dystonia, version {version('dystonia-pipeline')}"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing command"),
        (("chekc",), "No such command 'chekc'. Did you mean 'check'"),
        (("--verbose",), "No such option"),
        (("check",), "Missing argument 'COHORT'"),
        (("check", "{cohort}", "more"), "unexpected extra argument"),
        (("check", "{cohort}", "--strcit"), r"No such option.*--strict"),
        (("check", "{cohort}", "--max-rejected", "7"), "--max-rejected"),
        (("check", "{cohort}", "--delimiter", "::"), "one character"),
        (("check", "{cohort}", "--delimiter", '"'), "one character"),
        (("check", "{cohort}", "--mapping", "cervical"), "Did you mean 'cervical-trial'"),
        (("train", "{cohort}", "--study", "phenopacket"), "Did you mean 'phenopackets'"),
        (("train", "{cohort}", "--study", "mine.toml"), "unknown key 'targetz'. Did you mean 'targets'"),
        (("show", "--study", "x"), "not built in"),
        (("show",), "needs a bundle or --study"),
        (("features", "{cohort}"), "needs a cohort and --out"),
        (("features", "{cohort}", "--out", "x.docx"), "unknown kind of file"),
        (("predict", "b", "{cohort}"), "Missing option '--out'"),
        (("predict", "b", "{cohort}", "--out", "o", "--format", "xls"), "--format"),
        (("generate", "--out", "o", "--patients", "0"), "--patients"),
        (("generate", "--out", "o", "--recipe", "demmo"), "Did you mean 'demo'"),
        (("generate", "--out", "no/such/o", "--patients", "2"), "does not exist"),
    ],
)
def test_a_command_that_is_written_wrongly(capfd, cohort, arguments, says):
    """64 and one line that says what was meant; no file is written."""
    Path("mine.toml").write_text('name = "x"\ntitle = "x"\ntargetz = 1\n')
    before = sorted(Path().rglob("*"))
    fails(capfd, 64, says, *(each.format(cohort=cohort) for each in arguments))
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "none.csv"),
        ("check", "no/such/folder"),
        ("features", "none.csv", "--out", "o.csv"),
        ("train", "none.csv", "--out", "o"),
        ("show", "none"),
        ("train", "none.csv", "--study", "none.toml"),
        ("predict", "none", "none.csv", "--out", "o"),
    ],
)
def test_what_is_not_there_is_66(capfd, arguments):
    """The path that is missing is named."""
    fails(capfd, 66, "none|no/such", *arguments)


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_65(capfd, name):
    """Every command that reads a cohort says so in the same way."""
    Path(name).write_bytes(BROKEN[name])
    fails(capfd, 65, name, "check", name)
    fails(capfd, 65, name, "features", name, "--out", "o.csv")
    assert not Path("o.csv").exists()


def test_the_share_of_rejects_decides_between_0_and_3(cohort, capfd):
    """A script stops on a file that is worse than usual; the account is printed all the same."""
    with Path(cohort).open("a") as file:
        file.write("c,old\n")
    assert main(["check", cohort]) == 3
    assert main(["check", cohort, "--max-rejected", "0.34"]) == 0
    assert "NOT_A_NUMBER" in capfd.readouterr().out


def test_check_counts_what_is_there(cohort, capfd):
    """As JSON for scripts: rows, predicted and rejected visits, reasons, unknown columns, what is filled in."""
    assert main(["check", cohort, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert (found["rows"], found["predicted"], found["rejected"]) == ({"visits.csv": 2}, 2, 0)
    assert found["filled"] == {"age_at_visit_y": 2}
    assert main(["check", cohort]) == 0
    assert capfd.readouterr().out.startswith("2 visit records in visits.csv\n")


@pytest.mark.parametrize("content", ["patient_id\n", "patient_id,sex\n,\n"])
def test_check_of_a_cohort_of_nobody(tmp_path, capfd, content):
    """No visits, or none that can be used, is told and is no crash."""
    (tmp_path / "visits.csv").write_text(content)
    assert main(["check", str(tmp_path)]) in (0, 3)
    assert "0 can be predicted" in capfd.readouterr().out


@given(
    text=st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), max_size=20).filter(
        lambda text: text != "-"
    )
)
@example("name\udcff.csv")
def test_any_argument_is_an_answer_or_one_line(text):
    """Whatever is typed after a command, there is an exit code of the table, and no crash."""
    assert main(["check", text]) in (64, 65, 66)
    assert main([text]) in (0, 64)


def test_a_file_name_that_is_not_utf_8_is_told(capfd):
    """File systems allow such names; the message shows it escaped."""
    name = os.fsdecode(b"visits\xff.csv")
    try:
        Path(name).write_text("patient_id\na\n")
    except OSError:
        pytest.skip("this file system wants UTF-8")
    fails(capfd, 65, "name is not UTF-8", "check", name)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("w", "f"), 64),
        (errors.ContractError("w", "f"), 65),
        (errors.MissingInput("w", "f"), 66),
        (errors.Unavailable("w", "f"), 69),
        (errors.PipelineError("w", "f"), 70),
        (KeyError("CANARY"), 70),
        (MemoryError(), 71),
        (errors.OutputExists("w", "f"), 73),
        (errors.IoFailed("w", "f"), 74),
        (OSError(28, "No space left on device", "f"), 74),
        (errors.OutputBusy("w", "f"), 75),
        (errors.BundleRefused("w", "f"), 76),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_failure_has_its_exit_code(capfd, error, code):
    """The table of exit codes holds for every command, with one line and no traceback; --debug adds where it was."""

    @click.command()
    def failing() -> None:
        raise error

    assert run(failing, [], "name") == code
    assert "CANARY" not in one_line(capfd)
    assert run(failing, ["--debug"], "name") == code
    assert type(error).__name__ in capfd.readouterr().err or code == 130


@given(parts=st.lists(st.text(max_size=8), min_size=5, max_size=5))
def test_a_message_says_where_what_needed_and_do_in_this_order(parts):
    """All errors speak one grammar, so that they can be read and searched."""
    where, found, needed, do, code = parts
    text = str(errors.ContractError(where, found, needed=needed, do=do, code=code))
    assert text.startswith(f"{where}: {found}"[: len(where) + 2])
    rest = text
    for part in (where, found.rstrip("."), do, code):
        assert part in rest
        rest = rest[rest.index(part) + len(part) :]
    assert ("but" in text) or not needed


def test_D5_a_reader_that_has_gone_is_no_failure():
    """`dystonia show … | head` ends quietly with 0."""
    reading, writing = os.pipe()
    os.close(reading)
    code = "import sys; from pipeline.cli import main; sys.exit(main(['show', '--study', 'dystonia-intake']))"
    done = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to tell CPU time")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_D4_an_interrupted_command_ends_within_seconds(tmp_path, number, code):
    """Ctrl-C and SIGTERM give their own codes and one line, not a traceback; nothing is left behind."""
    papq.write_table(pa.table({"patient_id": [f"p{n}" for n in range(3_000_000)]}), tmp_path / "visits.parquet")
    script = (
        # a shell gives what it runs in the background a deaf ear for Ctrl-C
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import sys, pipeline.check; from pipeline.cli import main; "
        "print('go', flush=True); sys.exit(main(sys.argv[1:]))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, "check", str(tmp_path / "visits.parquet")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    assert child.stdout.readline() == "go\n"
    imported = _cpu_s(child.pid)
    while _cpu_s(child.pid) < imported + 0.3:  # it reads by then, and is far from having read
        time.sleep(0.01)
    assert child.poll() is None
    # in CPU seconds: other work on the machine must not decide
    before = _cpu_s(child.pid)
    child.send_signal(number)
    with child.stdout, child.stderr:
        said = child.stderr.read()
    # of this process alone: the tests of a batch end others
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert used.ru_utime + used.ru_stime - before < 5
    assert child.returncode == code
    assert said.removeprefix("\n").count("\n") == 1
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["visits.parquet"]


@pytest.mark.parametrize("module", ["pipeline.train", "pipeline.predict"])
def test_modules_run_as_commands(module):
    """`python -m` runs the command of the same name, with the same exit codes."""
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"python -m {module}: Missing argument")


def test_the_module_runs_as_the_command_does():
    """A command that does nothing and says that all is well would be the worst answer to a slip."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "no-such"],
        cwd=Path(errors.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "No such command" in done.stderr) == (64, True)


@pytest.mark.parametrize("cohort", ["visits.csv", "-"])
def test_D6_a_full_temporary_folder_is_named(cohort, capsys, monkeypatch):
    """The copies of pass 1 lie in TMPDIR, of which the user may not have thought; nothing is left there."""
    Path("visits.csv").write_text("patient_id\na\n")
    Path("temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(Path("temporary").resolve()))
    full = OSError(28, "No space left on device")
    for place in ("pipeline.spill.create", "shutil.copyfileobj"):
        monkeypatch.setattr(place, lambda *_: (_ for _ in ()).throw(full))
    assert main(["check", cohort]) == 74
    said = capsys.readouterr().err
    assert "temporary: is full" in said
    assert "TMPDIR" in said
    assert list(Path("temporary").iterdir()) == []
