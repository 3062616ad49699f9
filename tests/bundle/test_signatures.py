"""Who made a model: signed as the documentation says, pinned by its key, refused if anything of it has changed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.bundle import load_bundle
from pipeline.cli import main
from pipeline.errors import BundleRefused

ROOT = Path(__file__).parents[2]


@pytest.fixture
def signed(line, tmp_path):
    """A copy of a good bundle, signed by the commands of the documentation."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    bundle = shutil.copytree(line.bundle_folder, tmp_path / "models" / "intake")
    text = (ROOT / "docs" / "signing.md").read_text(encoding="utf-8")
    for command in (each for each in text.splitlines() if each.startswith("openssl ")):
        subprocess.run(command.split(), check=True, cwd=tmp_path, capture_output=True)
    return bundle


def _refused(bundle, key, text):
    with pytest.raises(BundleRefused, match=text) as caught:
        load_bundle(bundle, trusted_key=key)
    assert (caught.value.code, caught.value.exit_code) == ("SIGNATURE", 76)


def test_a_model_that_is_signed_is_used_with_and_without_the_key(signed, line, monkeypatch):
    """The key is named on the command line, or once for all in the environment."""
    command = ["predict", str(signed), str(line.cohort_folder), "--quiet", "--out"]
    assert main([*command, "one", "--trusted-key", "signing.pub"]) == 0
    assert main([*command, "two"]) == 0
    (signed / "manifest.sig").unlink()
    monkeypatch.setenv("DYSTONIA_TRUSTED_KEY", "signing.pub")
    assert main([*command, "three"]) == 76
    assert not Path("three").exists()


def test_a_model_that_is_not_signed_or_by_another_is_refused(signed, line):
    """Also where everything else about it is right."""
    key = Path("signing.pub")
    _refused(line.bundle_folder, key, "no manifest.sig")
    manifest = signed / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"format": ', b'"format":  '))
    _refused(signed, key, "not of this manifest by the trusted key")
    shutil.copy(line.bundle_folder / "manifest.json", manifest)
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "other.pem"], check=True)
    subprocess.run(["openssl", "pkey", "-in", "other.pem", "-pubout", "-out", "other.pub"], check=True)
    _refused(signed, Path("other.pub"), "not of this manifest by the trusted key")
    (signed / "manifest.sig").write_bytes(b"x" * 63)
    _refused(signed, key, "not of this manifest by the trusted key")


@pytest.mark.parametrize(("content", "code"), [(None, 66), (b"no key", 64), (b"", 64)])
def test_a_key_that_is_none_is_told(line, content, code, capsys):
    """A slip in the operator's set-up is never taken for a good signature."""
    if content is not None:
        Path("key.pub").write_bytes(content)
    command = ["predict", str(line.bundle_folder), str(line.cohort_folder), "--quiet", "--out", "out"]
    assert main([*command, "--trusted-key", "key.pub"]) == code
    assert "key.pub" in capsys.readouterr().err
