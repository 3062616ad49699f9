"""Features of other packages: found by name among what is installed, and never mixed up with the catalogue's."""

import sys

import pytest

from pipeline.errors import UsageError
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.plugins import features_with, load_plugin

CODE = """
import numpy as np

from pipeline.features.spec import record_feature
from pipeline.units import Unit


@record_feature(unit=Unit.COUNT, bounds=(0, 9), source="a form", outputs=["falls_count", "trips_count"])
def mishaps_count(history):
    '''Count the falls and trips.'''
    return np.zeros((len(history), 2))


@record_feature(unit=Unit.COUNT, bounds=(0, 9), source="a form")
def trips_count(history):
    '''Count the trips.'''
    return np.zeros(len(history))


@record_feature(unit=Unit.YEARS, bounds=(0, 9), source="a form")
def age_at_visit_y(history):
    '''Say the age.'''
    return np.zeros(len(history))


pair = (mishaps_count, mishaps_count)
twice = [mishaps_count, trips_count]
plain = np.zeros
"""
ENTRIES = ("mishaps_count", "trips_count", "age_at_visit_y", "pair", "twice", "plain", "gone")


@pytest.fixture(autouse=True)
def _installed(tmp_path, monkeypatch):
    """Lay two packages down as an installer does; both have an entry of the name `mishaps_count`."""
    for module, version in (("falls_lab", "1.2"), ("other_lab", "0.3")):
        (tmp_path / f"{module}.py").write_text(CODE)
        info = tmp_path / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.title()}\nVersion: {version}\n")
        lines = [f"{name} = {module}:{name}" for name in ENTRIES]
        (info / "entry_points.txt").write_text("\n".join(["[dystonia_pipeline.features]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for module in ("falls_lab", "other_lab"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize("name", ["falls-lab", "falls_lab", "Falls.Lab"])
def test_a_plugin_is_found_however_its_packages_name_is_spelt(name):
    """As package registries compare names; and of two packages, the one named."""
    plugin = load_plugin(f"{name}:mishaps_count")
    assert (plugin.distribution, plugin.version) == ("Falls_Lab", "1.2")
    assert [each.__module__ for each in plugin.features] == ["falls_lab"]
    assert load_plugin("other-lab:mishaps_count").version == "0.3"


@pytest.mark.parametrize("name", ["falls-lab", "falls-lab:", ":pair", "falls lab:pair", "falls-lab:pair;x", "-x:pair"])
def test_what_is_no_name_of_a_plugin_is_refused(name):
    with pytest.raises(UsageError, match="it is 'distribution:entry'"):
        load_plugin(name)


@pytest.mark.parametrize("name", ["falls-lab:nothing", "no-lab:pair"])
def test_what_is_not_installed_is_refused_with_the_line_that_cures_it(name):
    with pytest.raises(UsageError, match=f"not installed. Run: pip install {name.split(':')[0]}"):
        load_plugin(name)


def test_what_is_no_feature_or_is_not_there_is_refused():
    with pytest.raises(UsageError, match="no declaration"):
        load_plugin("falls-lab:plain")
    with pytest.raises(UsageError, match=r"can't be imported \(AttributeError\)"):
        load_plugin("falls-lab:gone")


def test_features_stand_behind_the_catalogue_in_the_order_named():
    found = features_with(["falls-lab:mishaps_count"])
    assert found[:-1] == CATALOGUE
    assert found[-1].spec.columns == ("falls_count", "trips_count")


@pytest.mark.parametrize(
    ("names", "twice"),
    [
        (["falls-lab:age_at_visit_y"], "age_at_visit_y"),
        (["falls-lab:twice"], "trips_count"),
        (["falls-lab:pair"], "mishaps_count"),
        (["falls-lab:mishaps_count", "other-lab:trips_count"], "trips_count"),
    ],
)
def test_a_name_that_another_feature_or_column_has_is_refused(names, twice):
    """Two columns of one name could not be told apart in anybody's table."""
    with pytest.raises(UsageError, match=f"'{twice}' is the name of another feature too"):
        features_with(names)
