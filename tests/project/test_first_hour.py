"""The first hour: nothing of ours reaches the newcomer, a step that fails ends it, and the page says what was done."""

import os

import pytest

from tools.first_hour import FirstHour, page_of


def test_the_newcomer_has_a_home_and_caches_of_their_own(tmp_path, monkeypatch):
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "MLFLOW_TRACKING_URI", "DYSTONIA_REAL_DATA"):
        monkeypatch.setenv(name, "ours")
    hour = FirstHour(tmp_path / "hour")
    assert "ours" not in hour.environment.values()
    places = [hour.environment[name] for name in ("HOME", "XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR")]
    assert all(place.startswith(str(tmp_path)) for place in places)
    assert hour.environment["PATH"] == os.environ["PATH"]
    assert hour.run("sh", "-c", "cd && pwd", within=tmp_path).strip() == str(tmp_path / "hour" / "home")


def test_a_command_that_fails_ends_the_hour(tmp_path):
    hour = FirstHour(tmp_path)
    with pytest.raises(SystemExit, match="sh -c exit 3 ended with 3"):
        hour.run("sh", "-c", "exit 3", within=tmp_path)


def test_the_page_says_what_was_done_and_its_share(tmp_path):
    hour = FirstHour(tmp_path)
    with hour.step("work") as say:
        hour.run("sh", "-c", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done", within=tmp_path)
        say("counted to 30000")
    with hour.step("rest"):
        pass
    hour.left_out = {"$ make demo": "a step of its own"}
    page = page_of(hour, "Linux")
    assert "| work | counted to 30000 | 100% |" in page
    assert "| rest | done | 0% |" in page
    assert "| `make demo` | a step of its own |" in page
