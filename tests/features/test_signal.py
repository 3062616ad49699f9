"""A batch of windows: what is shared is computed right, and each window for itself."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.signal import periodogram

from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.measure import BLOCK, measure_windows, quantile_by
from pipeline.features.places import on
from pipeline.features.signal import Signal
from pipeline.features.spec import window_feature
from pipeline.features.spectrum import band_power, ratio
from pipeline.testing import signals
from pipeline.units import Unit
from pipeline.vocabulary import SENSORS

FEATURES = [feature for feature in CATALOGUE if feature.spec.level == "window"]


def bits(table):
    """Return the bytes of a table, with one kind of NaN."""
    return np.where(np.isnan(table), np.nan, table).tobytes()


def repeated(signal, times):
    return Signal(np.tile(signal.values, (times, 1, 1)), np.tile(signal.fs, times), signal.channels)


def part(signal, rows):
    return Signal(signal.values[rows], signal.fs[rows], signal.channels)


@given(signal=st.one_of(signals(sensor=sensor) for sensor in SENSORS), data=st.data())
def test_a_window_has_the_same_bits_in_every_batch(signal, data):
    """However windows are batched and ordered, each gets the same features to the last bit.

    A cohort's recordings fall into blocks with other people's; nobody's row may depend on whose.
    """
    whole = measure_windows(FEATURES, signal)
    order = np.array(data.draw(st.permutations(range(len(signal)))))
    assert bits(measure_windows(FEATURES, part(signal, order))) == bits(whole[order])
    one = data.draw(st.integers(0, len(signal) - 1))
    assert bits(measure_windows(FEATURES, part(signal, [one]))) == bits(whole[[one]])
    times = data.draw(st.sampled_from([1, BLOCK // len(signal), BLOCK // len(signal) + 2]))
    many = measure_windows(FEATURES, repeated(signal, times))
    assert bits(many) == bits(np.tile(whole, (times, 1)))


def test_a_feature_is_missing_where_a_channel_that_it_reads_was_not_recorded():
    """Not computed from another channel that happens to stand there."""

    @window_feature(
        unit=Unit.RATIO,
        outputs=on(["head"], ["posture"], "median"),
        bounds=(0.0, np.inf),
        source="this test",
        sensor="emg",
        channels=("antagonist", "muscle"),
    )
    def antagonist_ratio(given):
        """Compare the two."""
        rms = [given.movement[:, given.place(name)].std(axis=1) for name in ("antagonist", "muscle")]
        return ratio(*rms)

    values = np.random.default_rng(1).normal(size=(2, 2, 4000)) * [[[3.0], [1.0]]]
    rates = np.full(2, 1000.0)
    both = measure_windows([antagonist_ratio], Signal(values, rates, ("antagonist", "muscle")))
    other = measure_windows([antagonist_ratio], Signal(values, rates, ("muscle", "antagonist")))
    np.testing.assert_allclose(both, 1 / other)
    assert (both > 2).all()
    alone = Signal(values, rates, ("antagonist", "muscle")).only("muscle")
    assert np.isnan(measure_windows([antagonist_ratio], alone)).all()
    with pytest.raises(UsageError, match=r"no channel 'antagonist'"):
        alone.place("antagonist")
    with pytest.raises(UsageError, match=r"2 channels, but names x, y, z"):
        Signal(values, rates)


@given(signal=signals(max_windows=3), times=st.sampled_from([1, 21, 22, 64, 65]))
def test_a_feature_only_ever_sees_full_blocks(signal, times):
    """Leftover rows take another path through the processor, with other last bits on some machines: there are none."""
    sizes = set()

    @window_feature(unit=Unit.COUNT, outputs=on(["head"], ["rest"], "median"), bounds=(0, BLOCK), source="this test")
    def windows_count(given_windows):
        """Count the windows."""
        sizes.add(len(given_windows))
        return np.full(len(given_windows), float(len(given_windows)))

    many = repeated(signal, times)
    assert measure_windows([windows_count], many).shape == (len(many), 1)
    assert sizes == {BLOCK}


@given(signal=signals(), data=st.data())
def test_a_missing_sample_spoils_its_own_window_only(signal, data):
    """One lost sample makes one window NaN in every feature, and leaves the rest to the last bit."""
    clean = measure_windows(FEATURES, signal)
    values = signal.values.copy()
    window = data.draw(st.integers(0, len(signal) - 1))
    place = (window, data.draw(st.integers(0, 2)), data.draw(st.integers(0, signal.samples - 1)))
    values[place] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    spoilt = measure_windows(FEATURES, Signal(values, signal.fs))
    assert np.isnan(spoilt[window]).all()
    assert bits(np.delete(spoilt, window, axis=0)) == bits(np.delete(clean, window, axis=0))


@given(signals())
def test_power_is_that_of_scipys_periodogram(signal):
    """The shared spectrum is the textbook one: a Hann window, mean removed, in g^2/Hz, summed over axes."""
    for values, fs, power, frequency in zip(signal.values, signal.fs, signal.power, signal.frequency, strict=True):
        expected = periodogram(values, fs, window="hann", nfft=2 * signal.samples, detrend="constant")
        np.testing.assert_allclose(frequency, expected[0], rtol=1e-12)
        np.testing.assert_allclose(power, expected[1].sum(axis=0), rtol=1e-10, atol=1e-10 * power.max())


@given(signals())
def test_odd_lengths_have_a_spectrum_too(signal):
    short = Signal(signal.values[:, :, :-1], signal.fs)
    expected = periodogram(short.values[0], short.fs[0], window="hann", nfft=2 * short.samples, detrend="constant")
    np.testing.assert_allclose(short.power[0], expected[1].sum(axis=0), rtol=1e-10, atol=1e-10 * short.power[0].max())


@given(signals())
def test_bands_that_adjoin_add_up(signal):
    """No power falls between two bands or counts twice, whatever the clock says."""
    parts = band_power(signal, 0.5, 4.0) + band_power(signal, 4.0, 7.3) + band_power(signal, 7.3, 12.0)
    np.testing.assert_allclose(parts, band_power(signal, 0.5, 12.0), rtol=1e-10)


@given(signals())
def test_the_given_samples_are_neither_changed_nor_changeable(signal):
    """A feature that writes into its input would spoil those after it; it gets an error instead."""
    values = np.array(signal.values)
    mine = Signal(values, signal.fs)
    before = values.copy()
    measure_windows(FEATURES, mine)
    assert (values == before).all()
    values[0] = 7.0
    assert (mine.values[0] == before[0]).all()
    with pytest.raises(ValueError, match="read-only"):
        mine.values[0] = 0.0


def test_a_band_above_half_the_rate_is_missing_never_shortened():
    """At 25 Hz nothing is known above 12.5 Hz: 7 to 12 Hz is there, 12 to 20 Hz is not."""
    signal = Signal(np.random.default_rng(1).normal(size=(2, 3, 100)), np.array([25.0, 24.99]))
    assert np.isfinite(band_power(signal, 7.0, 12.0)).all()
    assert np.isnan(band_power(signal, 12.0, 20.0)).all()


@pytest.mark.parametrize("shape", [(3, 100), (2, 0, 100), (2, 3, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(UsageError, match="they are"):
        Signal(np.zeros(shape), np.ones(shape[0]))


@example([[], [1.0], [np.nan], [2.0, 4.0]], 0.5)
@given(st.lists(st.lists(st.one_of(st.just(np.nan), st.floats(-9, 9)), max_size=7), max_size=5), st.floats(0, 1))
def test_quantiles_by_recording_are_numpys(runs, share):
    """A recording's summary is the quantile that everybody knows, of the windows that have a value."""
    bounds = np.append(0, np.cumsum([len(run) for run in runs])).astype(int)
    found = quantile_by(np.array([value for run in runs for value in run]), bounds, share)
    for run, value in zip(runs, found, strict=True):
        known = [each for each in run if not np.isnan(each)]
        expected = np.quantile(known, share) if known else np.nan
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
