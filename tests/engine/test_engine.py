"""Workers: the same results in the same order, errors that say what they would have said, nothing left behind."""

import os
import signal

import numpy as np
import pytest

from pipeline import errors
from pipeline.engine import workers
from pipeline.errors import ContractError, PipelineError, WorkerDied


def squared(number):
    return number**2


def refused(number):
    raise ContractError("visits.csv row 3", "a date", needed="a number", do="Correct it", code="NOT_A_NUMBER")


def killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, 2, 0])
def test_results_come_in_the_order_of_the_work(jobs):
    """What is made of them can't depend on which worker was the faster; a large array comes back with its bits."""
    with workers(jobs) as spread:
        assert list(spread(squared, range(20))) == [number**2 for number in range(20)]
        (large,) = spread(squared, [np.arange(300_000.0)])
    assert large.tobytes() == (np.arange(300_000.0) ** 2).tobytes()


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
