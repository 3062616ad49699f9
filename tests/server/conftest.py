"""A tracking server as a hospital would run it, on loopback: PostgreSQL behind `mlflow server`, with users.

All of it lives in a temporary folder and ends with the tests. With `DYSTONIA_SERVER_PAGE` what was shown is written to
that file.
"""

import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

PACKAGES = ("mlflow", "psycopg", "pyspark", "pandas", "pyarrow", "scikit-learn")
_PATIENCE_S = 120


def program(name: str) -> str:
    """Where a program of PostgreSQL's is: Debian keeps them off the path."""
    found = [*sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True), shutil.which(name)]
    if not found[0]:
        pytest.fail(f"no {name} here: sh tools/server_packages.sh")
    return str(found[0])


def free_port() -> int:
    with closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def as_postgres(*command: str | Path, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command of the database's; it refuses to be run by root."""
    lesser = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*lesser, *map(str, command)], capture_output=True, text=True, check=False, cwd="/", **more)
    assert done.returncode == 0, done.stderr
    return done


@dataclass
class Database:
    """A cluster of PostgreSQL's of our own."""

    port: int
    password: str
    folder: Path

    def uri(self, name: str) -> str:
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/{name}"

    def text(self, name: str) -> str:
        """Everything that is in a database, as text."""
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name]
        return as_postgres(program("pg_dump"), *options, env=os.environ | {"PGPASSWORD": self.password}).stdout


@contextmanager
def database(folder: Path) -> Iterator[Database]:
    """Start PostgreSQL on loopback, with passwords asked for."""
    made = Database(free_port(), secrets.token_urlsafe(16), folder)
    folder.parent.chmod(0o711)  # the database runs as another user; pytest's own folders are for one only
    folder.mkdir(mode=0o700)
    asked = folder / "password"
    asked.write_text(made.password)
    if os.geteuid() == 0:
        for place in (folder, asked):
            shutil.chown(place, "postgres")
    data, socket_there = folder / "data", f"-c listen_addresses=127.0.0.1 -p {made.port} -k {folder}"
    safe = ["--auth", "scram-sha-256", "--pwfile", str(asked), "--encoding", "UTF8"]
    as_postgres(program("initdb"), "-D", data, "-U", "postgres", *safe)
    as_postgres(program("pg_ctl"), "-D", data, "-w", "-l", folder / "log", "-o", socket_there, "start")
    try:
        options = ["-h", "127.0.0.1", "-p", str(made.port), "-U", "postgres"]
        for name in ("mlflow", "users"):
            as_postgres(program("createdb"), *options, name, env=os.environ | {"PGPASSWORD": made.password})
        yield made
    finally:
        as_postgres(program("pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop")


@dataclass
class Server:
    """An `mlflow server` with users, in front of a database.

    Attributes
    ----------
    url : str
    folder : Path
        In which artefacts and its log are.
    database : Database
    passwords : dict
        Password of each user: ``admin``, ``scientist``, who may make experiments and models, and ``operator``, who may
        read them.
    rows : list
        What was shown, for the page.
    """

    url: str
    folder: Path
    database: Database
    passwords: dict[str, str] = field(default_factory=dict)
    rows: list[tuple[str, str]] = field(default_factory=list)

    def environment(self, user: str, password: str | None = None) -> dict[str, str]:
        """What a user's programs need to know."""
        known = password if password is not None else self.passwords[user]
        named = {"MLFLOW_TRACKING_URI": self.url, "MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": known}
        spark = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        return os.environ | named | spark | {"MLFLOW_DISABLE_TELEMETRY": "true"}

    def run(self, user: str, *command: str | Path, password: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a Python program as a user, in a process of its own."""
        asked = [sys.executable, *map(str, command)]
        environment = self.environment(user, password)
        return subprocess.run(asked, capture_output=True, text=True, check=False, env=environment)

    def dystonia(self, user: str, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run our command as a user."""
        return self.run(user, "-m", "pipeline.cli", *arguments, **more)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def add_user(self, name: str) -> None:
        """Let the administrator make a user, by the server's own interface."""
        self.passwords[name] = secrets.token_urlsafe(16)
        content = f'{{"username": "{name}", "password": "{self.passwords[name]}"}}'.encode()
        who = b64encode(f"admin:{self.passwords['admin']}".encode()).decode()
        headers = {"Authorization": f"Basic {who}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}/api/2.0/mlflow/users/create", content, headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.status == 200


@contextmanager
def tracking(folder: Path, behind: Database) -> Iterator[Server]:
    """Start `mlflow server`, and end it with all its workers."""
    folder.mkdir(mode=0o700)
    port = free_port()
    made = Server(f"http://127.0.0.1:{port}", folder, behind, {"admin": secrets.token_urlsafe(16)})
    users = folder / "users.ini"
    users.write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = {behind.uri('users').replace('%', '%%')}\n"
        "admin_username = admin\n"
        f"admin_password = {made.passwords['admin']}\n"
    )
    # in the environment, since anybody may list the arguments of a process
    known = {"MLFLOW_BACKEND_STORE_URI": behind.uri("mlflow"), "MLFLOW_AUTH_CONFIG_PATH": str(users)}
    known |= {"MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(32), "MLFLOW_DISABLE_TELEMETRY": "true"}
    known |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # seven processes for what none of us asks
    where = ["--host", "127.0.0.1", "--port", str(port), "--allowed-hosts", f"127.0.0.1:{port}", "--workers", "1"]
    kept = ["--artifacts-destination", str(folder / "artifacts"), "--app-name", "basic-auth"]
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "mlflow", "server", *where, *kept]
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=os.environ | known, cwd=folder, start_new_session=True
        )
    try:
        end = time.monotonic() + _PATIENCE_S
        while not made.answers():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.5)
        yield made
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Start database and server once."""
    with (
        tempfile.TemporaryDirectory(prefix="dystonia-server-") as name,
        database(Path(name) / "postgresql") as behind,
        tracking(Path(name) / "mlflow", behind) as made,
    ):
        for user in ("scientist", "operator"):
            made.add_user(user)
        yield made
        page = os.environ.get("DYSTONIA_SERVER_PAGE")
        if page and not request.session.testsfailed:
            Path(page).write_text(_page(made), encoding="utf-8")


def _page(server: Server) -> str:
    """Set what was shown as a page of the documentation."""
    postgres = subprocess.run([program("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    rows = "\n".join(f"| {asked} | {came} |" for asked, came in server.rows)
    return f"""# A tracking server, tried

`make test-server`, {date.today().isoformat()}: Python {platform.python_version()}, {versions};
PostgreSQL {postgres.split()[2]}; {java.replace('"', "")}.

PostgreSQL asks for passwords (SCRAM); `mlflow server` stands before it with basic auth and allowed hosts; both listen
on loopback only. Each line is a program of its own that knows the server's address, a user and a password, and nothing
of the database.

| asked | what came |
|---|---|
{rows}

How to set one up: [Runs and registered models](tracking.md#a-server).
"""
