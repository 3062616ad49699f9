"""Any order of runs, kills, damage, changed input and overwrites: what is published is always whole, and of one run."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from pipeline.errors import OutputExists
from tests.disk_faults import run_with_fault
from tests.faults.conftest import PATIENTS, contents

# the child of a fork only writes files and ends
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")

EXAMPLES, STEPS = (60, 15) if os.environ.get("PIPELINE_FAULTS") == "all" else (12, 8)
DAMAGE = st.sampled_from(["flipped", "cut", "emptied", "gone", "grown"])


def damaged(path: Path, how: str, at: float) -> None:
    now = path.read_bytes()
    place = int(at * max(len(now) - 1, 0))
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {
                "flipped": now[:place] + bytes([now[place] ^ 1]) + now[place + 1 :] if now else b"x",
                "cut": now[:place],
                "emptied": b"",
                "grown": now + b"\0",
            }[how]
        )


def machine(batch):
    class Operator(RuleBasedStateMachine):
        """Does what operators, disks and electricity do."""

        def __init__(self):
            super().__init__()
            self.out = Path(tempfile.mkdtemp(dir=batch.root)) / "out"
            self.state = "first"
            self.damaged = None

        @property
        def published(self):
            """Which undisturbed run the output is of; "damaged" where we have damaged it, None where there is none."""
            now = contents(self.out)
            if now is None:
                return None
            return next((state for state, whole in batch.whole.items() if whole == now), "damaged")

        @rule(state=st.sampled_from(sorted(PATIENTS)))
        def change_the_input(self, state):
            self.state = state

        @rule(overwrite=st.booleans())
        def run(self, overwrite):
            before = self.published
            if before in (None, self.state) or overwrite:
                batch.go(self.out, self.state, overwrite=overwrite)
                assert self.published == self.state
                self.damaged = None
                assert sorted(path.name for path in self.out.parent.iterdir()) == [".out.lock", "out"]
            else:
                with pytest.raises(OutputExists, match="--overwrite"):
                    batch.go(self.out, self.state, overwrite=False)
                assert self.published == before

        @rule(at=st.integers(1, 70), fault=st.sampled_from(["crash", "crash", "ENOSPC", "EIO"]))
        def a_run_is_cut_off(self, at, fault):
            before = contents(self.out)
            run_with_fault(lambda: batch.go(self.out, self.state), fault, at)
            assert contents(self.out) in (before, batch.whole[self.state])

        @precondition(lambda self: self.out.with_name(".out.partial").exists())
        @rule(data=st.data(), how=DAMAGE, at=st.floats(0, 1))
        def the_disk_damages_what_is_in_the_making(self, data, how, at):
            files = sorted(path for path in self.out.with_name(".out.partial").rglob("*") if path.is_file())
            if files:
                damaged(data.draw(st.sampled_from(files)), how, at)

        @precondition(lambda self: self.out.exists())
        @rule(data=st.data(), how=DAMAGE, at=st.floats(0, 1))
        def the_disk_damages_the_output(self, data, how, at):
            tables = sorted(path for path in self.out.iterdir() if path.name != "_SUCCESS")
            if tables:
                damaged(data.draw(st.sampled_from(tables)), how, at)
                self.damaged = contents(self.out)

        @invariant()
        def the_output_is_of_one_run_or_as_it_was_damaged(self):
            assert self.published != "damaged" or contents(self.out) == self.damaged

    return Operator


def test_D1_D9_D10_D13_D14_any_order_of_mishaps_ends_with_the_right_output(batch):
    """Whatever has happened before, a run publishes its own input's predictions, whole, or says why it does not."""
    run_state_machine_as_test(
        machine(batch), settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
