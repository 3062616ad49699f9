"""What holds of every rendered recording: physics, the device's declarations, and the latents it was made of."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, periodogram, sosfiltfilt

from benchmarks.oracle.estimators import TAKES, Tremor, statistics
from pipeline.synthetic.devices import DEVICES
from pipeline.synthetic.movement_figures import LATENTS
from pipeline.synthetic.signals.battery import BATTERIES, Take
from pipeline.synthetic.signals.body import moved
from pipeline.synthetic.signals.render import Session
from pipeline.synthetic.signals.rhythm import turns
from pipeline.synthetic.signals.sensor import Faults
from pipeline.synthetic.signals.shown import shown
from pipeline.units import STANDARD_GRAVITY
from pipeline.vocabulary import BODY_SITES, SENSORS, TASKS

USUAL = dict(zip(LATENTS, (5.2, 0.0, -0.9, 0.3, -1.7, 1.7, -2.0, 4.2, 3.0, 2.5), strict=True))
QUIET = USUAL | {"amplitude_log": -3.0, "head_amplitude_log": -3.0, "jerks_log": -9.0}
NO_FAULT = Faults()
TIME_S = np.arange(4_000) / 200
SEEDS = st.integers(0, 2**64)
rendering = settings(max_examples=20, deadline=None)


def session(seed=1, device="bmi270", seconds=20.0, relief=0.0, **latents):
    told = shown([(USUAL | latents)[name] for name in LATENTS], relief)
    return Session(seed, "P000001", "V1", told, DEVICES[device], seconds)


def track(made, place="wrist", task="posture", instrument="imu", faults=NO_FAULT):
    return made.track(Take(place, task, instrument), faults)


def spread(samples):
    """Return the root mean square of the movement over all axes."""
    return np.sqrt(np.square(samples.values - samples.values.mean(axis=1, keepdims=True)).sum(axis=0).mean())


def gravity_g(seed, device="bmi270", place="wrist"):
    """Return the length of what a sensor feels that does not move."""
    still = session(seed, device, 5.0, **{name: QUIET[name] for name in LATENTS})
    return float(np.linalg.norm(track(still, place, "rest").samples("accelerometer").values.mean(axis=1)))


@rendering
@given(seed=SEEDS, device=st.sampled_from(list(DEVICES)), place=st.sampled_from(["wrist", "head", "ankle"]))
def test_gravity_is_1_g_at_rest(seed, device, place):
    """However the sensor is tied, what does not move feels 1 g, up to six of the sensor's own errors."""
    assert abs(gravity_g(seed, device, place) - 1) < 6 * 0.0104


def test_sensors_are_as_far_off_as_makers_say():
    """Zero is off by 10 mg and scale by 0.3 %, one standard deviation each: together 10.4 mg of gravity."""
    off = np.array([gravity_g(seed) for seed in range(200)]) - 1
    assert abs(off.mean()) < 3 * 0.0104 / np.sqrt(len(off))
    assert 0.85 < off.std() / 0.0104 < 1.15


@rendering
@given(seed=SEEDS, device=st.sampled_from(list(DEVICES)), seconds=st.floats(4.0, 30.0))
def test_the_clock_is_the_declared_one(seed, device, seconds):
    """Times rise, at the declared rate within the clock's own error, for as long as was asked."""
    found = track(session(seed, device, seconds))
    time_s = found.samples("accelerometer").time_s
    assert (np.diff(time_s) > 0).all()
    assert len(time_s) == round(seconds * found.rate_hz)
    assert abs((len(time_s) - 1) / time_s[-1] / found.rate_hz - 1) < 0.02
    assert found.rate_hz == DEVICES[device].rate_hz


@rendering
@given(seed=SEEDS, device=st.sampled_from(list(DEVICES)))
def test_readings_stay_in_range_and_on_steps(seed, device):
    """Nothing exceeds full scale, and every reading is a whole number of the device's steps."""
    made = session(seed, device, 5.0, amplitude_log=9.0, jerks_log=1.0)
    for sensor in ("accelerometer", "gyroscope"):
        values = track(made).samples(sensor).values
        scale = DEVICES[device].full_scale(sensor)
        assert np.abs(values).max() <= scale * (1 + 1e-12)
        counts = values / (scale / 32767)
        np.testing.assert_allclose(counts, np.rint(counts), atol=1e-6)


def test_strong_movement_is_clipped():
    """An amplitude beyond the range shows as readings at its end."""
    made = session(device="lsm6dsv", amplitude_log=np.log(1500.0), jerks_log=1.5)
    values = np.abs(track(made).samples("accelerometer").values)
    assert (values >= 0.999 * 4.0).any()


@rendering
@given(seed=SEEDS, name=st.sampled_from(["amplitude_log", "head_amplitude_log"]), more=st.floats(0.1, 2.0))
def test_a_larger_tremor_moves_more(seed, name, more):
    """The same person with a larger tremor moves more, in acceleration and in turning, at that site alone."""
    place, elsewhere = ("head", "wrist") if "head" in name else ("wrist", "head")
    one, two = session(seed, jerks_log=-9.0), session(seed, jerks_log=-9.0, **{name: USUAL[name] + more})
    for sensor in ("accelerometer", "gyroscope"):
        assert spread(track(two, place).samples(sensor)) > spread(track(one, place).samples(sensor))
    np.testing.assert_array_equal(
        track(one, elsewhere).counts["acce_x"],
        track(two, elsewhere).counts["acce_x"],
    )


@rendering
@given(seed=SEEDS, rest=st.floats(-2.0, 2.0), writing=st.floats(-2.0, 2.0))
def test_tasks_gate_the_tremor(seed, rest, writing):
    """At rest and in writing the tremor is as much larger than held out as the latents say."""
    made = session(seed, rest_ratio_log=rest, writing_ratio_log=writing, jerks_log=-9.0, irregularity_log=-3.0)
    held, resting, written = (track(made, "wrist", task) for task in ("posture", "rest", "writing"))
    assert abs(np.log(line(resting) / line(held)) - rest) < 0.3
    assert abs(np.log(line(written) / line(held)) - writing) < 0.3


def line(found, hertz=5.2, sensor="accelerometer"):
    """Return the amplitude within half a hertz of a frequency."""
    samples = found.samples(sensor)
    frequency, power = periodogram(samples.values, found.rate_hz, "hann")
    near = np.abs(frequency - hertz) < 0.5
    return np.sqrt(power[:, near].sum())


@rendering
@given(seed=SEEDS, hertz=st.floats(3.0, 11.0), device=st.sampled_from(list(DEVICES)))
def test_the_line_stands_at_the_frequency(seed, hertz, device):
    """A steady tremor has its line where it is said to be, in acceleration and in turning."""
    made = session(seed, device, frequency_hz=hertz, irregularity_log=-3.0, jerks_log=-9.0, harmonic_log=-4.0)
    found = track(made)
    for sensor in ("accelerometer", "gyroscope"):
        frequency, power = periodogram(found.samples(sensor).values, found.rate_hz, "hann")
        power = np.where(frequency > 2.0, power.sum(axis=0), 0.0)
        assert abs(frequency[power.argmax()] - hertz) < 0.15


@rendering
@given(seed=SEEDS)
def test_turning_is_what_the_acceleration_needs(seed):
    """The two sensors tell of one motion: turning back and forth at the end of a lever of 25 cm."""
    made = session(seed, irregularity_log=-3.0, jerks_log=-9.0, harmonic_log=-5.0, amplitude_log=5.0)
    found = track(made)
    shaken, turned = (spread(found.samples(sensor)) for sensor in ("accelerometer", "gyroscope"))
    turning = 2 * np.pi * 5.2
    assert turned == pytest.approx(np.degrees(shaken * STANDARD_GRAVITY / (turning * 0.25)), rel=0.08)


def quiet(seed, task):
    """Return a wrist that only does its task and holds its posture, in its own axes, without a sensor."""
    made = session(seed, **{name: QUIET[name] for name in LATENTS})
    untied = {site: np.eye(3) for site in BODY_SITES}
    habits = dataclasses.replace(made.habits, mounts=untied)
    random = np.random.default_rng(seed)
    return moved(made.shown, Take("wrist", task), TIME_S, habits=habits, device=DEVICES["bmi270"], random=random)


@rendering
@given(seed=SEEDS)
def test_gravity_turns_against_the_limb(seed):
    """In the axes of a limb that turns, gravity goes the other way about: its rate is gravity cross turning."""
    found = quiet(seed, "action")
    rate = np.gradient(found.acceleration, TIME_S, axis=1)
    needed = np.cross(found.acceleration, np.radians(found.rate), axis=0)
    assert np.corrcoef(rate[0], needed[0])[0, 1] > 0.95
    assert rate[0].std() == pytest.approx(needed[0].std(), rel=0.1)


@rendering
@given(seed=SEEDS)
def test_a_hand_that_corrects_its_posture_is_hurried_at_the_end_of_its_lever(seed):
    """Turning about the vertical tilts nothing: the acceleration to the side is that of a lever of 25 cm."""
    found = quiet(seed, "posture")
    hurried = 0.25 * np.gradient(np.radians(found.rate[2]), TIME_S) / STANDARD_GRAVITY
    felt = found.acceleration[1] - found.acceleration[1].mean()
    fast = sosfiltfilt(butter(4, [2.0, 6.0], "band", fs=1 / TIME_S[1], output="sos"), [felt, hurried])
    assert np.corrcoef(*fast)[0, 1] > 0.97
    assert fast[0].std() == pytest.approx(fast[1].std(), rel=0.1)


@rendering
@given(seed=SEEDS, offset=st.floats(1.5, 4.0))
def test_a_held_limb_leans_by_the_offset(seed, offset):
    """Gravity turns by the offset between rest and posture, whatever the sensor's tie; at rest limbs are supported."""
    made = session(seed, offset_log=offset, amplitude_log=0.0)
    down = [track(made, "wrist", task).samples("accelerometer").values.mean(axis=1) for task in ("rest", "posture")]
    rest, held = (each / np.linalg.norm(each) for each in down)
    assert abs(np.degrees(np.arccos(min(rest @ held, 1.0))) - np.exp(offset)) < 1.2


@rendering
@given(seed=SEEDS, log=st.floats(-1.0, 1.0))
def test_cycles_change_as_the_stability_index_says(seed, log):
    """The quartile range of the change of frequency from cycle to cycle is what was asked for."""
    time_s = np.arange(60_000) / 200
    phase = turns(time_s, 6.0, np.exp(log), np.random.default_rng(seed))
    ends = np.interp(np.arange(np.ceil(phase[0]), phase[-1]), phase, time_s)
    low, high = np.quantile(np.diff(1 / np.diff(ends)), [0.25, 0.75])
    assert np.log(high - low) == pytest.approx(log, abs=0.12)
    assert (phase[-1] - phase[0]) / time_s[-1] == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize("place", ["wrist", "head"])
@pytest.mark.parametrize("log", [-1.0, 0.0])
def test_jerks_are_pulses_across_the_tremor(place, log):
    """As many pulses stand out across the tremor's direction as the rate of jerks says: of 15 people, in the middle."""
    shares = []
    for seed in range(15):
        calm, jerky = (session(seed, jerks_log=each, seconds=60.0) for each in (-9.0, log))
        direction = Tremor(track(calm, place).samples("accelerometer")).direction
        found = Tremor(track(jerky, place).samples("accelerometer"), direction=direction)
        shares.append(len(found.events) / (60 * np.exp(log)))
    assert np.median(shares) == pytest.approx(1.0, abs=0.1)
    assert min(shares) > 0.5


def test_faults_appear_as_declared():
    """A gap is a stretch without samples, lost samples are single ones, a remounted sensor has gravity elsewhere."""
    made = session()
    whole, gap = track(made), track(made, faults=Faults(gap_s=(0.5, 0.6)))
    steps = np.diff(gap.samples("accelerometer").time_s)
    assert steps.max() == pytest.approx(2.0, abs=0.05)
    assert len(gap.ticks) == 0.9 * len(whole.ticks)
    lost = track(made, faults=Faults(lost_share=0.1))
    assert 0.85 < len(lost.ticks) / len(whole.ticks) < 0.95
    remounted = track(made, faults=Faults(remounted=23))
    assert whole.counts["acce_z"].mean() > 3000
    assert remounted.counts["acce_z"].mean() < 3000
    np.testing.assert_array_equal(lost.ticks, whole.ticks[np.isin(whole.ticks, lost.ticks)])


def test_a_touch_eases_posture_and_tremor():
    """With the sensory trick the head shakes less and leans less; it is the same in every class."""
    made = session(head_amplitude_log=5.0, offset_log=3.0, jerks_log=-9.0)
    held, touched = (track(made, "head", task).samples("accelerometer") for task in ("posture", "trick"))
    assert 0.25 < spread(touched) / spread(held) < 0.85


def test_toxin_quiets_the_muscle_alone():
    """Relief lowers the injected muscle's EMG; its antagonist and all movement stay the same, bit for bit."""
    plain, treated = session(), session(relief=0.6)
    one, two = (track(made, "head", "posture", "emg") for made in (plain, treated))
    assert np.abs(two.counts["muscle"]).mean() < 0.6 * np.abs(one.counts["muscle"]).mean()
    np.testing.assert_array_equal(one.counts["antagonist"], two.counts["antagonist"])
    np.testing.assert_array_equal(track(plain).counts["acce_x"], track(treated).counts["acce_x"])


def test_every_take_is_of_the_vocabulary():
    """Places, tasks and sensors are those that the readers know, and no two takes of a visit have one name."""
    for takes in BATTERIES.values():
        assert len({take.name for take in takes}) == len(takes)
        for take in takes:
            assert take.task in TASKS
            assert take.site("left") in BODY_SITES
            found = track(session(seconds=4.0), take.place, take.task, take.instrument)
            assert set(found.sensors) <= set(SENSORS)


@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_each_latent_can_be_read_off_the_signals(seed):
    """In a clear tremor, plain statistics of the signals give back what was rendered."""
    made = session(seed, jerks_log=0.0)
    read = statistics({take.name: made.track(take, NO_FAULT) for take in TAKES})
    for name, value in zip(LATENTS, read[: len(LATENTS)], strict=True):
        latent = 0.0 if name == "jerks_log" else USUAL[name]
        assert abs(value - latent) < (0.8 if name in ("irregularity_log", "harmonic_log") else 0.45), name


def test_what_no_body_does_is_cut_off():
    """Blurred latents may be anything; what is rendered of them is finite and has the declared length."""
    for value in (-40.0, 40.0):
        wild = dataclasses.replace(session(), shown=shown([value] * len(LATENTS)))
        for take in BATTERIES["full"]:
            found = wild.track(take, NO_FAULT)
            assert all(np.isfinite(found.samples(sensor).values).all() for sensor in found.sensors)
