"""Fingerprints: a feature's values and declaration change only with its version, and somebody wrote down why."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.features.catalogue import CATALOGUE, fingerprints
from pipeline.features.extract import extract
from pipeline.features.lock import lock_text, main, read_lock, unversioned_changes
from pipeline.features.movement import movement_rms_g
from pipeline.features.places import on
from pipeline.features.probes import DIGITS, probe_cohort
from pipeline.features.spec import LATER, ROTATION, SCALE, record_feature, visit_feature, window_feature
from pipeline.features.tremor import tremor_rms_g
from pipeline.features.views import VisitsView
from pipeline.units import Unit

LOCK = Path(__file__).parents[2] / "features.lock"


@pytest.fixture(scope="module")
def current():
    return fingerprints(CATALOGUE)


def test_no_feature_changed_without_a_new_version(current):
    """Bundles trained with one version of a feature are never fed another: the change has to be declared."""
    changed = unversioned_changes(read_lock(LOCK.read_text(encoding="utf-8")), current)
    assert not changed, "\n".join(changed)


def test_the_lock_is_that_of_the_catalogue(current):
    assert read_lock(LOCK.read_text(encoding="utf-8")) == current, "run: python -m pipeline.features.lock"


def test_the_lock_reads_back(current):
    assert read_lock(lock_text(current)) == current


def test_each_feature_has_the_same_fingerprint_alone_and_among_others(current):
    """A bundle checks only the features that it uses."""
    some = CATALOGUE[::7]
    assert fingerprints(some) == {feature.spec.name: current[feature.spec.name] for feature in some}


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


def test_the_lock_is_not_rewritten_over_an_undeclared_change(current, tmp_path):
    """Rewriting is no way round the rule; with the version raised, it goes through."""
    path = tmp_path / "features.lock"
    stale = {name: replace(each, digest="0" * 64) for name, each in current.items()}
    path.write_text(lock_text(stale), encoding="utf-8")
    assert "Raise the version in its declaration and write a line in CHANGELOG.md" in main([str(path)])
    assert read_lock(path.read_text(encoding="utf-8")) == stale
    older = {name: replace(each, version=0) for name, each in stale.items()}
    path.write_text(lock_text(older), encoding="utf-8")
    assert main([str(path)]) == ""
    assert read_lock(path.read_text(encoding="utf-8")) == current


def test_probes_are_well_away_from_where_rounding_turns():
    """Another machine's last bits cannot change a fingerprint: no probe's value lies near a tie, nor near zero."""
    values = extract(probe_cohort()).to_numpy()
    values = np.abs(values[np.isfinite(values) & (values != 0)])
    assert not ((values > 1e-13) & (values < 1e-6)).any()
    values = values[values > 1e-6]
    scaled = values / 10.0 ** (np.floor(np.log10(values)) - (DIGITS - 1))
    assert (np.abs(scaled % 1 - 0.5) > 1e-5).all()


def test_probes_reach_every_column():
    """A feature that gives nothing on the probes could change unseen."""
    table = extract(probe_cohort())
    unseen = [name for name in table if table[name].isna().all()]
    assert not unseen
