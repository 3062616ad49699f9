"""Workers: the same results in the same order, errors that say what they would have said, nothing left behind."""

import os
import signal
import sys

import numpy as np
import pytest

from pipeline import errors
from pipeline.engine import DIED, Cluster, environment, workers
from pipeline.errors import ContractError, PipelineError, Unavailable, WorkerDied


def squared(number):
    return number**2


def refused(number):
    raise ContractError("visits.csv row 3", "a date", needed="a number", do="Correct it", code="NOT_A_NUMBER")


def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


def squared_but_for_3(number):
    return killed(number) if number == 3 else squared(number)


@pytest.mark.parametrize("how", [{"jobs": 2}, {"jobs": 2, "cluster": Cluster("local")}], ids=["cores", "cluster"])
def test_D15_work_that_kills_its_worker_costs_itself_only(how):
    """What others had in hand when a process was killed is done again; a live pool and a live cluster alike."""
    with workers(**how) as spread:
        found = list(spread.surviving(squared_but_for_3, range(8)))
    assert found == [0, 1, 4, DIED, 16, 25, 36, 49]


@pytest.fixture
def another_environment(monkeypatch):
    """Pretend that this process has another NumPy than the workers."""
    monkeypatch.setattr("pipeline.engine.versions.version_of", lambda name: "1.0.0")
    environment.cache_clear()
    yield
    environment.cache_clear()


@pytest.mark.usefixtures("another_environment")
def test_a_worker_of_another_environment_is_refused_or_allowed_within_a_tolerance():
    """Other versions give other last digits: the operator says whether that matters, and by much they never differ."""
    with pytest.raises(Unavailable, match=r"another environment: .*, here 1\.0\.0"), workers(1, Cluster("local")):
        pass
    with workers(1, Cluster("local", mixed=True, probe=lambda: np.array([1.0, np.nan]))) as spread:
        assert list(spread(squared, [3])) == [9]
    other = Cluster("local", mixed=True, probe=lambda: np.array([float(os.getpid())]))
    with pytest.raises(Unavailable, match="known visits otherwise"), workers(1, other):
        pass


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_work(jobs):
    """What is made of them can't depend on which worker was the faster; a large array comes back with its bits."""
    with workers(jobs) as spread:
        assert list(spread(squared, range(20))) == [number**2 for number in range(20)]
        (large,) = spread(squared, [np.arange(300_000.0)])
    assert large.tobytes() == (np.arange(300_000.0) ** 2).tobytes()


def imported(name):
    return name in sys.modules


def test_workers_import_ahead_what_they_will_need():
    """While the first item is still being made, nobody waits for imports later."""
    with workers(2, ahead="colorsys") as spread:
        assert list(spread(imported, ["colorsys"] * 4)) == [True] * 4
    with workers(2) as spread:
        assert list(spread(imported, ["colorsys"] * 4)) == [False] * 4


def test_what_a_worker_refuses_is_told_as_if_done_here():
    """One line and the right exit code, wherever the work ran."""
    with pytest.raises(ContractError, match=r"visits\.csv row 3: a date, but a number") as here:
        refused(1)
    with pytest.raises(ContractError, match=r"visits\.csv row 3: a date, but a number") as there, workers(2) as spread:
        list(spread(refused, [1, 2]))
    assert str(there.value) == str(here.value)
    assert there.value.code == "NOT_A_NUMBER"


def test_a_killed_worker_is_told_of():
    with pytest.raises(WorkerDied, match="fewer --jobs") as raised, workers(2) as spread:
        list(spread(killed, [1, 2]))
    assert raised.value.exit_code == 71


def test_items_are_taken_only_a_little_ahead():
    """Partitions are many: were all of them taken at once, memory would grow with the cohort."""
    taken = []

    def items():
        for number in range(40):
            taken.append(number)
            yield number

    with workers(2) as spread:
        results = iter(spread(squared, items()))
        assert next(results) == 0
        assert len(taken) < 20
        assert len(list(results)) == 39


@pytest.mark.parametrize(
    "kind", [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, PipelineError)]
)
def test_an_error_comes_whole_through_a_pipe(kind):
    """Also those that nobody has raised in a worker yet."""
    error = kind("file row 2", "this", needed="that", do="Do it", code="CODE")
    rebuild, given = error.__reduce__()[:2]
    again = rebuild(*given)
    assert (type(again), str(again), vars(again)) == (kind, str(error), vars(error))
