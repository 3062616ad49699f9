"""The published figures of movement come out of our own features of generated people (clinical facts, section 5)."""

import dataclasses

import numpy as np
import pytest

from pipeline.features.extract import extract
from pipeline.recipe import Centre, Recipe
from pipeline.records import Recording
from pipeline.synthetic import generate
from pipeline.synthetic.signals.battery import BATTERIES
from pipeline.synthetic.signals.files import sessions

PEOPLE = {
    "arm": "segmental_other/idiopathic_isolated",
    "neck": "cervical/idiopathic_isolated",
    "essential": "essential_tremor/not_dystonia",
    "parkinson": "parkinson_disease/not_dystonia",
    "healthy": "healthy/not_dystonia",
}
TAKEN = {
    "wrist_rest_imu": "accelerometer",
    "wrist_posture_imu": "accelerometer",
    "head_posture_imu": "accelerometer",
    "head_action_imu": "gyroscope",
    "head_posture_emg": "emg",
}
COUNT = 50
HEAD_HZ, ARM_HZ = (f"{site}__posture__strong__tremor_peak_hz" for site in ("head", "wrist_worse"))
REST_HZ = "wrist_worse__rest__strong__tremor_peak_hz"
STABILITY = "tremor_stability_hz"


def recordings(made):
    for session, _ in sessions(made):
        for take in BATTERIES["full"]:
            if take.name in TAKEN:
                track, sensor = session.track(take), TAKEN[take.name]
                samples, site = track.samples(sensor), take.site(session.habits.side)
                key = f"{session.patient_id} {take.name}", session.patient_id, session.visit_id, site, take.task
                yield Recording(*key, sensor, track.rate_hz, lambda samples=samples: samples)


@pytest.fixture(scope="module")
def found():
    """Return the features of the first visits of each group of people, with what the truth says that they show."""
    tables = {}
    for name, pair in PEOPLE.items():
        recipe = Recipe(name=name, title="", classes={pair: 1}, recordings=1.0, max_visits=1, centres=(Centre(),))
        made = generate(recipe, patients=COUNT, seed=11)
        tables[name] = extract(dataclasses.replace(made.cohort, recordings=tuple(recordings(made)))).reset_index()
        for latent in ("frequency_hz", "head_frequency_hz"):
            tables[name][latent] = made.truth.visits[f"blurred_{latent}"].to_numpy()
    return tables


def area(one, other):
    """Return how often a value of one group is below one of the other, with its standard error."""
    one, other = one.dropna().to_numpy(), other.dropna().to_numpy()
    below = (one[:, None] < other).mean()
    return below, np.sqrt((len(one) + len(other) + 1) / (12 * len(one) * len(other)))


@pytest.mark.parametrize(
    ("group", "column", "latent", "band"),
    [
        ("neck", HEAD_HZ, "head_frequency_hz", (3.0, 6.5)),
        ("arm", ARM_HZ, "frequency_hz", (3.5, 7.0)),
        ("essential", ARM_HZ, "frequency_hz", (4.0, 12.0)),
        ("parkinson", REST_HZ, "frequency_hz", (3.0, 8.0)),
        ("healthy", ARM_HZ, "frequency_hz", (7.0, 12.0)),
    ],
)
def test_each_tremor_has_its_frequency(found, group, column, latent, band):
    """The median lies in the published band, and where the people's own truth has it."""
    table = found[group]
    assert band[0] <= table[column].median() <= band[1]
    assert abs(table[column].median() - table[latent].median()) < 0.5


def test_the_stability_index_rises_from_parkinsonian_to_essential_to_dystonic_tremor(found):
    """Of each person in the task with more tremor, as it is published: at rest in Parkinson's disease."""
    index = {}
    for group in ("parkinson", "essential", "arm"):
        rest, held = (
            found[group][[f"wrist_worse__{task}__median__tremor_rms_g", f"wrist_worse__{task}__strong__{STABILITY}"]]
            for task in ("rest", "posture")
        )
        index[group] = held.iloc[:, 1].where(held.iloc[:, 0] > rest.iloc[:, 0], rest.iloc[:, 1])
    for steady, uneven in (("parkinson", "essential"), ("essential", "arm"), ("parkinson", "arm")):
        below, error = area(index[steady], index[uneven])
        assert below - 1.64 * error > 0.5, (steady, uneven, below)


def test_parkinsonian_tremor_is_of_rest_and_the_others_of_posture(found):
    """The contrast of posture and rest is below 0 in Parkinson's disease, above it in essential and dystonic tremor."""
    contrast = {group: table["wrist_worse__posture_over_rest__tremor_ratio"].median() for group, table in found.items()}
    assert contrast["parkinson"] < -0.1
    assert min(contrast["essential"], contrast["arm"]) > 0.1


def test_bursts_last_as_published(found):
    """Bursts of the neck's muscle: 111 +- 40 ms in focal head tremor, 91.5 +- 24 ms in segmental; within a fifth."""
    length = {group: found[group]["head__posture__median__burst_length_s"].median() for group in ("neck", "arm")}
    assert length["neck"] == pytest.approx(0.111, rel=0.2)
    assert length["arm"] == pytest.approx(0.0915, rel=0.2)
    assert length["neck"] > length["arm"]


def test_heads_in_cervical_dystonia_turn_less_smoothly(found):
    """Log dimensionless jerk of voluntary head turns is lower than in healthy people."""
    column = "head__action__median__turning_log_jerk"
    below, error = area(found["neck"][column], found["healthy"][column])
    assert below - 1.64 * error > 0.5
