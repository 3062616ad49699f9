"""What a long training relies on: a fit that is done is not done again, and nothing of it is published."""

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish import SUCCESS, publishing
from pipeline.steps import Steps

PLAN = {"made": "of this"}


class Stop(Exception):
    """The run is cut off."""


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.data())
def test_a_run_cut_off_goes_on_where_it_stopped(counts, data):
    """Several maps in a row; each item is done once over both runs, and the results are those of one run."""
    total = sum(counts)
    until = data.draw(st.integers(0, total))
    out, done = Path(mkdtemp(dir=Path.cwd())) / "out", []

    def fit(item):
        if len(done) == until:
            raise Stop
        done.append(item)
        return np.full((2, 1), float(item)), np.array([item])

    def run():
        results = []
        with publishing(out, PLAN) as staging:
            steps = Steps(staging=staging)
            for number, count in enumerate(counts):
                results += steps.named(f"part{number}")(fit, [10 * number + at for at in range(count)])
            steps.discard()
            staging.write("model", lambda path: path.write_bytes(b"model"))
            assert list(staging.members) == ["model"]
        return results

    if until < total:
        with pytest.raises(Stop):
            run()
        assert not out.exists()
        until = None
    found = run()
    assert done == [10 * number + at for number, count in enumerate(counts) for at in range(count)]
    np.testing.assert_array_equal([numbers for numbers, _ in found], [np.full((2, 1), float(item)) for item in done])
    assert [each.item() for _, each in found] == done
    assert sorted(path.name for path in out.rglob("*")) == [SUCCESS, "model"]


def test_a_fit_that_was_kept_and_damaged_is_done_again(tmp_path):
    out, done = tmp_path / "out", []

    def fit(item):
        done.append(item)
        return np.array([item])

    def run(*, stop):
        with publishing(out, PLAN) as staging:
            steps = Steps(staging=staging)
            found = list(steps.named("part")(fit, [1, 2]))
            if stop:
                raise Stop
            steps.discard()
            return found

    with pytest.raises(Stop):
        run(stop=True)
    kept = sorted((tmp_path / ".out.partial" / "steps").iterdir())[1]
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    assert [each.tolist() for each in run(stop=False)] == [[1], [2]]
    assert done == [1, 2, 2]
