import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learners.blocks import BLOCK_ROWS, in_blocks


def _product(columns: int, outputs: int, seed: int):
    weights = np.random.default_rng(seed).normal(size=(columns, outputs))
    return lambda block: np.tanh(block @ weights)


@given(
    n=st.integers(1, 600),
    columns=st.integers(1, 70),
    outputs=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_a_row_has_the_same_bits_in_any_batch(n, columns, outputs, seed, data):
    """However rows are cut, shuffled or sent alone, each gives the same bits.

    So a batch job on many workers and a single prediction agree to the byte.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, columns)) * 10.0 ** rng.integers(-3, 4, size=columns)
    function = _product(columns, outputs, seed)
    whole = in_blocks(function, X)
    order = rng.permutation(n)
    assert in_blocks(function, X[order]).tobytes() == whole[order].tobytes()
    cut = data.draw(st.integers(0, n))
    assert np.concatenate([in_blocks(function, X[:cut]), in_blocks(function, X[cut:])]).tobytes() == whole.tobytes()
    row = data.draw(st.integers(0, n - 1))
    assert in_blocks(function, X[row : row + 1]).tobytes() == whole[row].tobytes()


@given(n=st.integers(0, 3 * BLOCK_ROWS))
def test_the_function_sees_full_contiguous_blocks(n):
    """The function always gets 256 rows of contiguous float64, the last ones zeros: what its bits rest on."""
    seen = []

    def record(block):
        seen.append(block)
        return block

    X = np.asfortranarray(np.arange(2.0 * n, dtype=np.float32).reshape(n, 2) + 1.0)
    np.testing.assert_array_equal(in_blocks(record, X), X)
    assert all(block.shape == (BLOCK_ROWS, 2) and block.flags.c_contiguous for block in seen)
    assert all(block.dtype == np.float64 for block in seen)
    assert sum((block[:, 0] == 0.0).sum() for block in seen) == BLOCK_ROWS * len(seen) - n


def test_no_rows_give_no_rows():
    """An empty partition gives an empty result with the usual columns."""
    assert in_blocks(_product(3, 5, 0), np.empty((0, 3))).shape == (0, 5)
    assert in_blocks(lambda block: block.sum(axis=1), np.empty((0, 3))).shape == (0,)
