"""What a feature declares is part of its fingerprint: who relies on a promise learns of its change."""

import numpy as np
import pytest

from pipeline.features.catalogue import fingerprints
from pipeline.features.movement import movement_rms_g
from pipeline.features.places import on
from pipeline.features.probes import probe_cohort
from pipeline.features.spec import LATER, ROTATION, SCALE, record_feature, visit_feature, window_feature
from pipeline.features.tremor import tremor_rms_g
from pipeline.features.views import VisitsView
from pipeline.units import Unit

DECLARED = {"unit": Unit.WEEKS, "bounds": (0.0, 9.0), "source": "a form"}
WORN = {"unit": Unit.HERTZ, "bounds": (0.0, 9.0), "source": "a paper", "outputs": on(["head"], ["rest"], "median")}


def printed(declare, name="since_fall", **declared):
    """Fingerprint of a feature that is declared so, and gives zeros."""

    def feature(given):
        """Say nothing."""
        return np.zeros(len(probe_cohort()) if isinstance(given, VisitsView) else len(given))

    feature.__name__ = f"{name}_{declared['unit']}"
    return next(iter(fingerprints([declare(**declared)(feature)]).values()))


@pytest.mark.parametrize(
    "changed",
    [{"bounds": (0.0, 9.5)}, {"bounds": (-1.0, 9.0)}, {"kind": "quality"}, {"invariant_to": [LATER]},
     {"equivariant_to": [LATER]}],
    ids=str,
)  # fmt: skip
def test_a_record_features_declaration_is_part_of_its_fingerprint(changed):
    """Bounds and invariances are promises: who relies on them learns of a change as of one of a value."""
    assert printed(record_feature, **DECLARED | changed) != printed(record_feature, **DECLARED)


@pytest.mark.parametrize(
    "changed",
    [{"min_s": 3.5}, {"sensor": "gyroscope"}, {"strength": tremor_rms_g}, {"invariant_to": [ROTATION]},
     {"invariant_to": [SCALE]}, {"equivariant_to": [SCALE]}],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_a_sensor_features_declaration_is_part_of_its_fingerprint(changed):
    assert printed(window_feature, **WORN | changed) != printed(window_feature, **WORN)


def test_what_a_feature_needs_and_reads_is_part_of_its_fingerprint():
    visit = DECLARED | {"unit": Unit.G}
    needing = [printed(visit_feature, **visit, needs=needs) for needs in ([], [tremor_rms_g], [movement_rms_g])]
    reading = [
        printed(window_feature, **WORN | {"sensor": "emg"}, channels=read)
        for read in (["muscle"], ["antagonist"], ["muscle", "antagonist"])
    ]
    assert len({each.digest for each in needing}) == len({each.digest for each in reading}) == 3


def test_what_a_declaration_says_in_words_is_not_part_of_its_fingerprint():
    """To correct a reference or a sentence costs nobody a model."""
    other = DECLARED | {"source": "another form", "missing_when": "not asked"}
    assert printed(record_feature, **other) == printed(record_feature, **DECLARED)
