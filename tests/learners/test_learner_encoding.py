import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skops.io import dumps, loads

from pipeline.errors import UsageError
from pipeline.learners.encoding import DesignEncoder

FINITE_OR_MISSING = st.one_of(
    st.floats(allow_infinity=False, allow_nan=False),
    st.sampled_from([0.0, 1.0, np.nan, 1e308, -1e308, 5e-324]),
)


def tables(**shape):
    return arrays(np.float64, array_shapes(min_dims=2, max_dims=2, **shape), elements=FINITE_OR_MISSING)


@given(train=tables(max_side=12), data=st.data())
def test_every_finite_table_gives_a_finite_matrix(train, data):
    """Whatever was measured or left out, and however extreme a new value, fitting and coding never fail.

    A prediction cannot break on one odd cell.
    """
    encoder = DesignEncoder().fit(train)
    test = data.draw(arrays(np.float64, (3, train.shape[1]), elements=FINITE_OR_MISSING))
    for X in (train, test):
        Z = encoder.transform(X)
        assert Z.shape == (len(X), len(encoder.columns_))
        assert np.isfinite(Z).all()
        assert Z.flags.c_contiguous


@given(train=tables(max_side=12), data=st.data())
def test_no_value_reaches_further_than_the_training_data(train, data):
    """A new value moves the matrix at most as far as the training values did.

    So a typing error of a power of ten cannot make a certain diagnosis.
    """
    encoder = DesignEncoder().fit(train)
    reached = np.abs(encoder.transform(train)).max(axis=0, initial=0.0)
    test = data.draw(arrays(np.float64, (3, train.shape[1]), elements=FINITE_OR_MISSING))
    assert (np.abs(encoder.transform(test)) <= np.maximum(reached, 1.0) * (1.0 + 1e-9)).all()


@given(values=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=2, max_size=30))
def test_not_recorded_lies_midway_between_observed_and_excluded(values):
    """A finding that nobody asked about is never read as its exclusion."""
    column = np.array(values)[:, None]
    encoder = DesignEncoder().fit(column)
    if len(encoder.columns_):
        codes = encoder.transform(np.array([[1.0], [np.nan], [0.0]]))[:, 0]
        np.testing.assert_array_equal(codes, [1.0, 0.0, -1.0])
    else:
        assert len(np.unique(column, equal_nan=True)) == 1


@given(
    values=st.lists(st.floats(-1e6, 1e6).filter(lambda v: v not in (0.0, 1.0)), min_size=3, max_size=30, unique=True),
    shift=st.floats(-100.0, 100.0),
    factor=st.floats(0.01, 100.0),
)
def test_units_do_not_matter(values, shift, factor):
    """Centimetres or inches, Celsius or Fahrenheit: a measured column gives the same matrix in any linear unit."""
    column = np.array(values)[:, None]
    scale = max(float(np.abs(column).max()), 1.0)
    column = np.round(column / scale, 3) + 2.0
    if len(np.unique(column)) < 2:
        return
    other = column * factor + shift
    np.testing.assert_allclose(DesignEncoder().fit_transform(other), DesignEncoder().fit_transform(column), atol=1e-6)


@given(train=tables(max_side=10), order=st.randoms(use_true_random=False))
def test_a_saved_encoder_codes_to_the_same_bits(train, order):
    """What is fitted survives skops, which runs no code on loading."""
    encoder = DesignEncoder().fit(train)
    again = loads(dumps(encoder), trusted=["pipeline.learners.encoding.DesignEncoder"])
    assert again.transform(train).tobytes() == encoder.transform(train).tobytes()


def test_columns_that_carry_nothing_are_dropped():
    """Never recorded or always the same: such a column gets no coefficient, and may hold anything later."""
    X = np.array([[np.nan, 2.0, 1.0, 3.0], [np.nan, 2.0, 1.0, 4.0], [np.nan, np.nan, 1.0, 5.0]])
    encoder = DesignEncoder().fit(X)
    assert encoder.columns_.tolist() == [3]
    assert encoder.transform(np.array([[9.0, 9.0, 0.0, 4.0]])) == pytest.approx(np.zeros((1, 1)))


def test_one_typing_error_does_not_hide_the_others():
    """A value a million times too large in training leaves the ordinary patients as far apart as they were."""
    ages = np.linspace(20.0, 80.0, 61)[:, None]
    wrong = np.vstack([ages, [[1e6]]])
    spread = np.ptp(DesignEncoder().fit(wrong).transform(ages))
    assert spread > 0.5 * np.ptp(DesignEncoder().fit_transform(ages))


def test_a_finding_that_was_only_ever_observed_is_kept():
    """Records that list present findings only still tell who has one."""
    assert DesignEncoder().fit_transform(np.array([[1.0], [np.nan]])).tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            np.array([[np.inf]]),
            r"feature table: infinite values in 1 of 1 columns, but values must be finite or missing",
        ),
        (np.array([1.0]), r"feature table: 1 dimensions, but one row a visit, one column a feature"),
    ],
)
def test_a_table_that_cannot_be_coded_is_refused(table, message):
    with pytest.raises(UsageError, match=message):
        DesignEncoder().fit(table)


def test_a_table_of_another_width_is_refused():
    encoder = DesignEncoder().fit(np.array([[1.0, 2.0], [3.0, 5.0]]))
    with pytest.raises(UsageError, match="feature table: 3 columns, but the model was fitted on 2"):
        encoder.transform(np.zeros((1, 3)))
