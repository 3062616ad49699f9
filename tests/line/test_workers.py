"""Several workers, here or on a cluster: the same bytes as one, and a worker that dies costs no visit but its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as papq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.batch import Written, _without_the_deadly
from pipeline.bundle import load_bundle
from pipeline.cli import main
from pipeline.engine import DIED, Cluster
from pipeline.errors import WorkerDied
from pipeline.partition import Partition
from pipeline.predict import predict
from pipeline.reading.raw import keyed
from tests.line.deadly import deadly

PER_PARTITION = 6
ANYWHERE = {"LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
HERE = {"PYTHONHASHSEED": "0"}


def contents(folder):
    """Return the bytes of every file, those of the account without what names workers: there must be nothing."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def rows(folder, kind):
    return pd.concat([papq.read_table(path).to_pandas() for path in sorted(Path(folder).glob(f"{kind}-*"))])


@pytest.fixture(scope="session")
def few(line, tmp_path_factory):
    """Return the folder of a cohort of a dozen patients."""
    folder = tmp_path_factory.mktemp("few") / "cohort"
    folder.mkdir()
    shutil.copy(line.cohort_folder / "cohort.json", folder)
    patients = pa.array(sorted(set(line.cohort.groups))[:12])
    for name in ("visits", "treatments"):
        table = papq.read_table(line.cohort_folder / f"{name}.parquet")
        papq.write_table(table.filter(pc.is_in(table["patient_id"], patients)), folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="session")
def whole(line, few, tmp_path_factory):
    """Return the bytes of an undisturbed run in one process."""
    out = tmp_path_factory.mktemp("whole") / "out"
    predict(line.bundle_folder, few, out, visits_per_partition=PER_PARTITION)
    return out, contents(out)


@pytest.mark.parametrize("how", [{"jobs": 2}, {"jobs": 2, "cluster": Cluster("local")}], ids=["cores", "cluster"])
def test_D22_workers_and_batches_do_not_show_in_the_output(line, few, whole, how):
    """A laptop, its two cores or a cluster: the files are the same to the byte, the account too."""
    predict(line.bundle_folder, few, Path("out"), visits_per_partition=PER_PARTITION, batch_size=3, **how)
    assert len([name for name in whole[1] if name.startswith("predictions")]) >= 3
    assert contents("out") == whole[1]


def test_D22_locale_time_zone_and_hash_seed_do_not_show_in_the_output(line, few):
    """The night job on the server gives what the same command gave on the desk."""
    for name, environment, batch in (("here", HERE, "1000000"), ("there", ANYWHERE, "1")):
        command = [sys.executable, "-m", "pipeline.predict", str(line.bundle_folder), str(few)]
        command += ["--out", name, "--format", "csv", "--batch-size", batch, "--quiet"]
        root = str(Path(__file__).parents[2])
        subprocess.run(command, env={**os.environ, "PYTHONPATH": root, **environment}, check=True, capture_output=True)
    assert contents("here") == contents("there")


def test_D15_a_visit_that_kills_its_workers_is_rejected_and_the_others_are_predicted(line, few, whole, monkeypatch):
    """It is found among its partition's visits; what else was in the workers' hands is done again by others."""
    poison = int(rows(whole[0], "predictions")["row"].iloc[11])
    Path("deaths").mkdir()
    monkeypatch.setattr("pipeline.batch.TRIES", 1)
    bundle = deadly(load_bundle(line.bundle_folder), (poison,), str(Path("deaths").resolve()))
    monkeypatch.setattr("pipeline.opening.load_bundle", lambda *_, **__: bundle)
    done = predict(line.bundle_folder, few, Path("out"), visits_per_partition=PER_PARTITION, jobs=2)
    assert done["reasons"] == {"WORKER_DIED": 1}
    rejects = rows("out", "rejects")
    assert rejects[["row", "reasons"]].to_numpy().tolist() == [[poison, "WORKER_DIED"]]
    assert len(list(Path("deaths").iterdir())) >= 4
    now, before = (rows(folder, "predictions").set_index("row") for folder in ("out", whole[0]))
    mine = before.loc[poison, "patient_id"]
    assert sorted([*now.index, poison]) == sorted(before.index)
    others = before["patient_id"] != mine  # the patient's other visits have one visit less in their history
    pd.testing.assert_frame_equal(now.loc[before.index[others]], before[others])


def test_D15_a_worker_that_was_killed_by_chance_costs_nothing(line, few, whole, monkeypatch):
    """The system's killer of processes takes one: its partition is done again, and nobody can tell."""
    Path("deaths").mkdir()
    bundle = deadly(load_bundle(line.bundle_folder), tuple(range(1000)), str(Path("deaths").resolve()), most_deaths=1)
    monkeypatch.setattr("pipeline.opening.load_bundle", lambda *_, **__: bundle)
    predict(line.bundle_folder, few, Path("out"), visits_per_partition=PER_PARTITION, jobs=2)
    assert contents("out") == whole[1]


class Pretended:
    """Workers of which one dies whenever it is given certain visit rows of a partition, by their place."""

    width = 2

    def __init__(self, rows, most_together):
        self.rows, self.most_together = rows, most_together

    def alone(self, function, part, *, tries=3):
        first, last = part.span or (0, 64)
        there = [at for at in range(first, last) if at not in part.deadly]
        if {*there} & self.rows or len(there) > self.most_together:
            return DIED
        return Written(part.index, part.count, {}, len(there), len(part.deadly), frozenset())


def partition_of_64():
    batches = [keyed({}, "visits.csv", np.arange(start, start + 16)) for start in range(1, 65, 16)]
    return Partition(0, 2, {"visits": batches})


@given(st.sets(st.integers(0, 63), min_size=1, max_size=10))
def test_D15_all_visits_that_kill_are_found_whichever_they_are(rows):
    """Neither the first nor the last is missed, nor neighbours, and no other visit is lost with them."""
    done = _without_the_deadly(partition_of_64(), None, Pretended(rows, 64))
    assert (done.rejected, done.predicted) == (len(rows), 64 - len(rows))


@pytest.mark.parametrize("workers", [Pretended({*range(30)}, 64), Pretended(set(), 40)], ids=["many", "together"])
def test_D15_where_no_few_visits_are_to_blame_the_run_ends_with_71(workers):
    """A machine without memory is not taken for bad records: nobody's visit is rejected for it."""
    with pytest.raises(WorkerDied, match="no few visits of it are to blame") as caught:
        _without_the_deadly(partition_of_64(), None, workers)
    assert caught.value.exit_code == 71


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_D4_a_run_with_workers_that_is_ended_leaves_none_behind(line, few, number, code):
    """Within seconds, however it is ended; the same command then goes on."""
    command = [sys.executable, "-c", BATCH, str(line.bundle_folder), str(few)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)
    workers = []
    for _ in range(600):
        workers = descendants(child.pid)
        if Path(".out.partial/done.jsonl").exists() and len(workers) > 2:
            break
        time.sleep(0.05)
    child.send_signal(number)
    begun = time.monotonic()
    child.communicate(timeout=20)
    assert child.returncode == code
    while any(alive(each) for each in workers) and time.monotonic() - begun < 20:
        time.sleep(0.05)
    assert [each for each in workers if alive(each)] == []
    assert not Path("out").exists()
    predict(line.bundle_folder, few, Path("out"), visits_per_partition=1)
    predict(line.bundle_folder, few, Path("undisturbed"), visits_per_partition=1)
    assert contents("out") == contents("undisturbed")


BATCH = """
import sys
from pathlib import Path
import click
from pipeline import command
from pipeline.predict import predict
@click.command()
def batch():
    predict(Path(sys.argv[1]), Path(sys.argv[2]), Path("out"), visits_per_partition=1, jobs=2)
sys.exit(command.run(batch, [], "batch"))
"""


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found += [int(status.parent.name), *descendants(int(status.parent.name))]
    return found


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_command_takes_jobs_and_a_cluster(line, few, capsys):
    """Progress goes to standard error; --quiet silences it; the account is the same."""
    arguments = ["predict", str(line.bundle_folder), str(few)]
    assert main([*arguments, "--out", "one", "--jobs", "2", "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert main([*arguments, "--out", "two", "--cluster", "local", "--jobs", "1"]) == 0
    assert json.loads(Path("one/_SUCCESS").read_text()) == json.loads(Path("two/_SUCCESS").read_text())


def test_a_cluster_that_anybody_could_listen_to_is_refused(line, few, capsys):
    """Processes exchange pickles: without TLS that is for this machine only, or on the operator's word."""
    arguments = ["predict", str(line.bundle_folder), str(few), "--out", "out", "--cluster"]
    assert main([*arguments, "tcp://10.1.2.3:8786"]) == 64
    assert "--insecure-cluster" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_cluster_that_does_not_answer_is_69(line, few, capsys, monkeypatch):
    """One line names its address; nothing is left behind."""
    monkeypatch.setattr("pipeline.engine.cluster._WAIT_S", 1)
    arguments = ["predict", str(line.bundle_folder), str(few), "--out", "out", "--cluster"]
    assert main([*arguments, "tcp://127.0.0.1:1"]) == 69
    assert "the cluster at 'tcp://127.0.0.1:1': does not answer" in capsys.readouterr().err
    assert [path.name for path in Path.cwd().iterdir()] == [".out.lock"]
