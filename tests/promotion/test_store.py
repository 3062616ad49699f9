"""What everybody relies on who trains beside others, or against a server that asks for a password."""

import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline.errors import Unavailable
from pipeline.tracking.store import answering, ask_store, connect, experiment_named, where_to_look


class Refusing(BaseHTTPRequestHandler):
    """A server that knows nobody, and says back what it was sent."""

    def do_GET(self):
        self.send_response(401)
        self.end_headers()
        self.wfile.write(f"who is {self.headers['Authorization']}?".encode())

    def do_POST(self):
        self.do_GET()

    def log_message(self, format, *arguments):
        pass


@pytest.fixture
def refusing():
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_wrong_password_is_said_without_it(refusing, monkeypatch):
    """The server's answer is not handed on: it may hold what was sent to it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://anna:CANARY@{refusing}")
    with pytest.raises(Unavailable, match="refuses this user or password") as refused:
        ask_store()
    assert "\n" not in str(refused.value)
    assert "MLFLOW_TRACKING_PASSWORD" in str(refused.value)
    assert "CANARY" not in str(refused.value) + where_to_look()


def test_two_that_begin_at_once_in_an_empty_folder_both_log():
    """The first makes the database, the other waits for it."""
    code = "import sys; from pipeline.tracking.store import *; print(experiment_named(connect(), sys.argv[1]))"
    both = [
        subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("one", "other")
    ]
    told = [each.communicate() for each in both]
    assert [each.returncode for each in both] == [0, 0], told
    assert sorted(out.strip() for out, _ in told) == ["1", "2"]


def test_D21_a_database_that_somebody_holds_is_told_after_a_while(monkeypatch):
    """69 or a warning: a training of hours does not hang at its end (by default after about ten seconds)."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path('held.db').resolve()}?timeout=0.1")
    client = connect()
    experiment_named(client, "quick")
    held = sqlite3.connect("held.db")
    held.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="does not answer"), answering():
        client.search_experiments()
    held.close()
