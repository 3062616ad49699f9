"""Who trains the same model twice gets the same bytes, and what was saved is what comes back."""

import subprocess
import sys

import numpy as np
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.bundle.settle import settled

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5), arrays(float, 2, elements={"min_value": 0})
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(VALUES, st.booleans())
def test_what_is_settled_loads_as_it_was(value, shared):
    content = {"one": value, "other": value if shared else [value]}
    archive = settled(skops.io.dumps(content))
    np.testing.assert_equal(skops.io.loads(archive), content)
    assert settled(archive) == archive


def test_other_processes_make_the_same_bytes():
    """Addresses and the order of hashes differ between processes; nothing of it is saved."""
    code = (
        "import numpy as np, skops.io, hashlib\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from pipeline.bundle.settle import settled\n"
        "stream = np.random.default_rng(1)\n"
        "model = LogisticRegression().fit(stream.normal(size=(30, 3)), stream.choice(['a', 'b'], 30))\n"
        "print(hashlib.sha256(settled(skops.io.dumps({'model': model, 'cuts': (1.0, 2.0)}))).hexdigest())"
    )
    command = [sys.executable, "-c", code]
    made = {
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, check=True, capture_output=True, text=True).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
