"""A bundle that is damaged, foreign or hostile is refused with exit code 76, and nothing that came with it is run."""

import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.tree import DecisionTreeClassifier

from pipeline.bundle import load_bundle
from pipeline.bundle.allowed import ALLOWED_TYPES
from pipeline.cli import main
from pipeline.errors import BundleRefused, MissingInput

ESTIMATOR = "type.skops"


@pytest.fixture
def bundle(line, tmp_path):
    """A copy of a good bundle, to be spoiled."""
    return shutil.copytree(line.bundle_folder, tmp_path / "bundle")


def _manifest(bundle):
    return json.loads((bundle / "manifest.json").read_text())


def _write_manifest(bundle, content):
    (bundle / "manifest.json").write_text(json.dumps(content))


def _replace(bundle, name, content):
    """Replace a member, and make the manifest agree, as an attacker would."""
    (bundle / name).write_bytes(content)
    manifest = _manifest(bundle)
    manifest["members"][name] = hashlib.sha256(content).hexdigest()
    _write_manifest(bundle, manifest)


def _reloaded(bundle):
    return skops.io.load(bundle / ESTIMATOR, trusted=sorted(ALLOWED_TYPES))


def _refused(bundle, text):
    with pytest.raises(BundleRefused, match=text) as caught:
        load_bundle(bundle)
    assert caught.value.exit_code == 76
    assert "\n" not in str(caught.value)


def test_a_good_bundle_is_loaded(bundle, line):
    """The copy that the other tests spoil is accepted as it is."""
    assert load_bundle(bundle).features == line.bundle.features


def test_the_doctor_tells_a_good_bundle_from_a_damaged_one(bundle, capsys):
    """An operator asks before the night's batch, with the exit code that `predict` would give."""
    assert main(["doctor", str(bundle)]) == 0
    assert "answers as it did when it was saved; trained on synthetic data" in capsys.readouterr().out
    (bundle / "report.json").write_text("{}")
    assert main(["doctor", str(bundle)]) == 76
    assert "TAMPERED" in capsys.readouterr().out.splitlines()[-1]


def test_B1_nothing_there(tmp_path):
    """A path with nothing behind it is a missing input, not a bad bundle."""
    with pytest.raises(MissingInput, match="no such bundle"):
        load_bundle(tmp_path / "nothing")


def test_B1_a_file_or_an_empty_folder(tmp_path):
    """What is no bundle at all is refused."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "file", tmp_path / "empty"):
        _refused(path, "LAYOUT")


def test_B1_a_member_is_missing(bundle):
    """Half a bundle is refused, naming what is missing."""
    (bundle / ESTIMATOR).unlink()
    _refused(bundle, "no 'type.skops'")


def test_B2_a_truncated_model_file(bundle):
    """A model file that was cut off is refused even where the manifest agrees with it."""
    content = (bundle / ESTIMATOR).read_bytes()
    _replace(bundle, ESTIMATOR, content[: len(content) // 2])
    _refused(bundle, "CORRUPT")


@pytest.mark.parametrize("name", [ESTIMATOR, "canaries.json", "standings.json", "report.json", "report.html"])
def test_B3_one_flipped_bit(bundle, name):
    """One bit is enough."""
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(bytes(content))
    _refused(bundle, "TAMPERED")


@pytest.mark.parametrize(
    "content", [b"[[[", b"{}[", b'{"age": {"cuts": [1]}}', b'{"no_such_column": {}}', b"[" * 10**6]
)
def test_places_among_patients_that_are_none(bundle, content):
    """What a reason says of other patients is read as numbers that fit together, or the bundle is refused."""
    _replace(bundle, "standings.json", content)
    _refused(bundle, "STATE")


def test_B4_an_extra_member(bundle):
    """Nothing rides along."""
    (bundle / "extra.py").write_text("print()")
    _refused(bundle, "extra.py")


def test_B4_a_link_instead_of_a_member(bundle, tmp_path):
    """A member that is a link could be changed behind the digest."""
    target = tmp_path / "elsewhere"
    shutil.move(bundle / ESTIMATOR, target)
    (bundle / ESTIMATOR).symlink_to(target)
    _refused(bundle, "LAYOUT")


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_B4_a_member_name_that_leads_out(bundle, name):
    """Names of members never become paths elsewhere."""
    manifest = _manifest(bundle)
    manifest["members"][name] = "0" * 64
    _write_manifest(bundle, manifest)
    _refused(bundle, "LAYOUT")


def test_B5_a_zip_bomb(bundle):
    """A small file that inflates to gigabytes is refused before it is inflated."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * (65 * 2**20))
    _replace(bundle, ESTIMATOR, buffer.getvalue())
    _refused(bundle, "TOO_LARGE")


class _Mark:
    """Leaves a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_B6_a_pickle_in_disguise_is_not_run(bundle, tmp_path):
    """A pickle renamed to a model file is refused, and its code does not run."""
    marker = tmp_path / "marker"
    _replace(bundle, ESTIMATOR, pickle.dumps(_Mark(marker)))
    _refused(bundle, "CORRUPT")
    assert not marker.exists()


def _zip_with(bundle, name, content):
    """Return the model file with one member more, or another in the place of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(bundle / ESTIMATOR) as old, zipfile.ZipFile(buffer, "w") as new:
        for each in old.namelist():
            if each != name:
                new.writestr(each, old.read(each))
        new.writestr(name, content)
    return buffer.getvalue()


def _joblib(bundle, mark):
    buffer = io.BytesIO()
    joblib.dump(mark, buffer)
    return buffer.getvalue()


def _objects(bundle, mark):
    buffer = io.BytesIO()
    np.save(buffer, np.array([mark], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(bundle / ESTIMATOR) as archive:
        array = next(name for name in archive.namelist() if name.endswith(".npy"))
    return _zip_with(bundle, array, buffer.getvalue())


HOSTILE = {
    "joblib renamed": _joblib,
    "pickle inside": lambda bundle, mark: _zip_with(bundle, "state.pkl", pickle.dumps(mark)),
    "pickle for the schema": lambda bundle, mark: _zip_with(bundle, "schema.json", pickle.dumps(mark)),
    "pickle in an array": _objects,
    "a path that leads out": lambda bundle, mark: _zip_with(bundle, "../../marker", b"x"),
    "an absolute path": lambda bundle, mark: _zip_with(bundle, f"{mark.path}", b"x"),
    "trees, whose indices nobody has checked": lambda bundle, mark: skops.io.dumps(
        {"estimator": DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]), "sets": {}, "group_cuts": []}
    ),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_B4_B6_B7_a_hostile_model_file_is_refused_and_leaves_no_mark(bundle, line, tmp_path, how, capsys):
    """Whatever is hidden in it, with a manifest that agrees: exit 76, nothing is run, nothing is written elsewhere."""
    marker = tmp_path / "marker"
    _replace(bundle, ESTIMATOR, HOSTILE[how](bundle, _Mark(marker)))
    before = sorted(tmp_path.rglob("*"))
    assert main(["predict", str(bundle), str(line.cohort_folder), "--out", "out", "--quiet"]) == 76
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def _with_schema(bundle, change):
    content = (bundle / ESTIMATOR).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(data))) if name == "schema.json" else data)
    _replace(bundle, ESTIMATOR, buffer.getvalue())


@pytest.mark.parametrize(
    ("module", "name"), [("os", "system"), ("builtins", "eval"), ("sklearn.svm", "SVC"), ("functools", "partial")]
)
def test_B7_a_foreign_type_is_named(bundle, module, name):
    """A type that we never write is refused by its name, even one that the library itself would trust."""
    _with_schema(bundle, lambda schema: {**schema, "__module__": module, "__class__": name})
    _refused(bundle, f"{module}.{name}")


def test_B8_another_scikit_learn(bundle):
    """A model of another version is refused with both versions, or asked of its canaries if the operator says so."""
    manifest = _manifest(bundle)
    manifest["versions"]["scikit-learn"] = "1.2.3"
    _write_manifest(bundle, manifest)
    _refused(bundle, r"made with scikit-learn 1\.2\.3, but")
    assert load_bundle(bundle, allow_version=True).features


def test_B9_a_feature_that_has_changed(bundle):
    """A model is never given features that mean something else than those it learned from."""
    manifest = _manifest(bundle)
    name = next(iter(manifest["features"]))
    manifest["features"][name]["version"] += 1
    _write_manifest(bundle, manifest)
    _refused(bundle, f"feature '{name}' has changed")


def test_B10_classes_in_another_order(bundle):
    """Swapped labels load without complaint, but the canaries say otherwise."""
    content = _reloaded(bundle)
    content["estimator"].classes_ = content["estimator"].classes_[::-1].copy()
    _replace(bundle, ESTIMATOR, skops.io.dumps(content))
    _refused(bundle, "canaries")


def test_B11_weights_that_are_no_numbers(bundle):
    """A NaN among the weights is refused by name of the target."""
    content = _reloaded(bundle)
    content["estimator"].members_[0].intercepts_[0] = np.nan
    _replace(bundle, ESTIMATOR, skops.io.dumps(content))
    _refused(bundle, "not finite")


def test_weights_that_were_changed_a_little(bundle):
    """A weight that still loads is caught by what the model says of its canaries."""
    content = _reloaded(bundle)
    content["estimator"].members_[0].intercepts_[0] += 0.01
    _replace(bundle, ESTIMATOR, skops.io.dumps(content))
    _refused(bundle, "canaries")


def test_B12_a_newer_format(bundle):
    """A bundle from the future asks for an upgrade."""
    manifest = _manifest(bundle)
    manifest["format"] += 1
    _write_manifest(bundle, manifest)
    _refused(bundle, "newer version")


def test_B13_a_bundle_that_is_replaced_while_it_is_opened(bundle, line, tmp_path, monkeypatch):
    """Each file is opened once: the bytes whose digest was right are those that are used, whatever stands there now."""
    other = _reloaded(bundle)
    other["estimator"].members_[0].intercepts_[0] += 0.01
    poisoned, really = skops.io.dumps(other), os.open

    def opening(path, *rest, **more):
        descriptor = really(path, *rest, **more)
        if str(path).endswith(ESTIMATOR):
            (tmp_path / "new").write_bytes(poisoned)
            (tmp_path / "new").replace(bundle / ESTIMATOR)
        return descriptor

    monkeypatch.setattr(os, "open", opening)
    asked = load_bundle(bundle).predict(line.cohort)
    pd.testing.assert_frame_equal(asked, line.bundle.predict(line.cohort), check_exact=True)
    _refused(bundle, "TAMPERED")


@pytest.mark.parametrize("what", ["", "type.skops", ".."])
def test_B14_a_bundle_that_anybody_could_replace(bundle, line, capsys, what):
    """A model in a folder open to all is used with a warning, which --quiet leaves, and refused with --strict."""
    (bundle / what).chmod(0o777)
    predict = ["predict", str(bundle), str(line.cohort_folder), "--out", "out", "--quiet"]
    try:
        assert main([*predict, "--strict"]) == 76
        assert "[EXPOSED]" in capsys.readouterr().err
        assert not Path("out").exists()
        Path("elsewhere").mkdir()
        predict[-2] = "elsewhere/out"
        assert main(predict) == 0
        assert "warning: " in capsys.readouterr().err
    finally:
        (bundle / what).chmod(0o700)
    assert main([*predict[:-2], "other", "--quiet", "--strict"]) == 0
    assert capsys.readouterr().err == ""


def test_B15_a_loader_named_in_an_mlflow_file_is_never_loaded(bundle):
    """An MLmodel file does not belong to a bundle, whatever it names."""
    (bundle / "MLmodel").write_text("flavors: {python_function: {loader_module: os}}")
    _refused(bundle, "MLmodel")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b'{"format": 1}', b"[" * 100_000])
def test_a_manifest_that_is_none(bundle, content):
    """Whatever stands where the manifest should, the answer is one line."""
    (bundle / "manifest.json").write_bytes(content)
    _refused(bundle, "manifest.json")


@pytest.mark.parametrize("provenance", [{}, {"name": None}, {"name": 3, "features": 1}])
def test_a_manifest_that_names_no_model(bundle, provenance):
    """Found by the fuzzer: every row of predictions says by which model it is."""
    manifest = _manifest(bundle)
    manifest["provenance"] = provenance
    _write_manifest(bundle, manifest)
    _refused(bundle, r"without 'provenance\.name'")
