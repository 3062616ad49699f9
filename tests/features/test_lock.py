"""Fingerprints: a feature's values and declaration change only with its version, and somebody wrote down why."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.features import lock
from pipeline.features.catalogue import CATALOGUE, fingerprints
from pipeline.features.extract import extract
from pipeline.features.lock import lock_text, main, read_lock, unversioned_changes
from pipeline.features.probes import DIGITS, probe_cohort

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


def test_a_new_feature_enters_the_lock_and_one_that_is_gone_leaves_it(current, tmp_path):
    """Neither is a change of a feature that a model could have been trained with under the same name."""
    path = tmp_path / "features.lock"
    first, *others = current.items()
    path.write_text(lock_text(dict(others) | {"gone": replace(first[1], name="gone")}), encoding="utf-8")
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


def test_the_command_rewrites_the_lock_of_the_current_folder_or_says_why_not(current, tmp_path, monkeypatch):
    """Its exit code tells a script: 0 written, 1 a version has to go up first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["lock"])
    for stale, code in ((None, 0), (lock_text(current), 0), (lock_text(current).replace('"deg"', '"rad"'), 1)):
        if stale is not None:
            Path("features.lock").write_text(stale, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(Path(lock.__file__)), run_name="__main__")
        assert bool(ended.value.code) == bool(code)
    monkeypatch.setattr("sys.argv", ["lock", "other.lock"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(Path(lock.__file__)), run_name="__main__")
    assert read_lock(Path("other.lock").read_text(encoding="utf-8")) == current
