"""A cluster over TLS, set up by the commands and the configuration of the documentation, with processes of its own."""

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.predict import predict

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")


def authority(folder):
    """Make an authority and a certificate by the documented commands, and the configuration that names them."""
    folder.mkdir()
    for command in (each for each in PAGE.splitlines() if each.startswith("openssl ")):
        subprocess.run(command.split(), check=True, cwd=folder, capture_output=True)
    (block,) = re.findall(r"```yaml\n(distributed:.*?)```", PAGE, flags=re.DOTALL)
    (folder / "distributed.yaml").write_text(block.replace("/etc/dystonia", str(folder.resolve())))
    return os.environ | {"DASK_CONFIG": str(folder), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


@contextmanager
def running(environment, *words):
    """Run a command of Dask for as long as the test needs it."""
    started = subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        started.terminate()
        started.wait(30)


def test_a_cluster_over_tls_predicts_and_lets_nobody_else_in(line, tmp_path):
    """The same bytes as in one process; without a certificate of its authority the scheduler does not answer: 69."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    ours, others = authority(tmp_path / "ours"), authority(tmp_path / "others")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tls://127.0.0.1:{port}"
    predict(line.bundle_folder, line.cohort_folder, Path("here"))
    command = [sys.executable, "-m", "pipeline.predict", str(line.bundle_folder), str(line.cohort_folder), "--quiet"]
    scheduler = ("distributed.cli.dask_scheduler", "--protocol", "tls", "--host", "127.0.0.1", "--port", port)
    worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with running(ours, *scheduler, "--no-dashboard"), running(ours, *worker):
        there = [*command, "--cluster", address, "--out"]
        done = subprocess.run([*there, "there"], env=ours, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        refused = subprocess.run([*there, "stranger"], env=others, capture_output=True, text=True, check=False)
    assert refused.returncode == 69
    assert re.fullmatch(r"python -m pipeline.predict: the cluster at '.*': does not answer .*\n", refused.stderr)
    assert not Path("stranger").exists()
    names = sorted(path.name for path in Path("here").iterdir())
    assert names == sorted(path.name for path in Path("there").iterdir())
    assert all((Path("here") / name).read_bytes() == (Path("there") / name).read_bytes() for name in names)
