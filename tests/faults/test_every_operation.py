"""Rows D1, D2, D6: a batch that is cut off at any operation on the disk ends, run again, as if nothing had happened.

``make test-faults`` takes every operation and kills forty times; the ordinary tests take every tenth.
"""

import os
import random
import signal
import time

import pytest

from tests.disk_faults import expected_code, run_with_fault
from tests.faults.conftest import contents

# the child of a fork only writes files and ends
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

ALL = os.environ.get("PIPELINE_FAULTS") == "all"
STEP, KILLS = (1, 40) if ALL else (10, 4)


@pytest.mark.parametrize("fault", ["crash", "EIO", "ENOSPC", "ENOSPC once"])
@pytest.mark.parametrize("before", ["nothing", "old output"])
def test_D1_D2_D6_a_fault_at_any_operation_is_healed_by_a_rerun(batch, tmp_path, fault, before):
    """Each open, write, sync, rename, removal: all or nothing is published, and a re-run ends with the same bytes."""
    go, whole = batch.go, batch.whole["first"]
    if fault == "EIO" and not ALL:
        pytest.skip("make test-faults has it")

    def place(name):
        out = tmp_path / name / "out"
        out.parent.mkdir()
        if before == "old output":
            go(out, format="csv")
        return out

    spare = place("spare")
    operations = run_with_fault(lambda: go(spare), "count")
    assert operations > 60
    healed = 0
    for at in range(1 + (len(fault) + len(before)) % STEP, operations + 1, STEP):
        out = place(str(at))
        old = contents(out)
        code = run_with_fault(lambda out=out: go(out), fault, at)
        assert contents(out) in (old, whole), (fault, at)
        assert code == expected_code(fault) or contents(out) == whole, (fault, at, code)
        healed += contents(out) != whole
        go(out)
        assert contents(out) == whole, (fault, at)
        assert sorted(path.name for path in out.parent.iterdir()) == [".out.lock", "out"], (fault, at)
    assert healed > operations / STEP / 2
    print(f"{fault} over {before}: {operations} operations, every {STEP}., {healed} runs cut off and healed")


def test_D1_kills_at_any_moment_are_healed_by_a_rerun(batch, tmp_path):
    """The power goes, the system kills: nothing has to be cleaned up, and the next run goes on."""
    go, whole = batch.go, batch.whole["first"]
    begun = time.monotonic()
    go(tmp_path / "timed")
    usual, moments = time.monotonic() - begun, random.Random(4711)
    cut_off = 0
    for number in range(KILLS):
        out = tmp_path / f"out{number}"
        child = os.fork()
        if child == 0:
            go(out)
            os._exit(0)
        time.sleep(moments.uniform(0, 1.2) * usual)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert contents(out) in (None, whole)
        cut_off += contents(out) is None
        go(out)
        assert contents(out) == whole
    assert cut_off
    print(f"{KILLS} kills, of which {cut_off} before the end")
