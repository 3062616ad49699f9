"""Who made a bundle: an Ed25519 signature of its manifest, which holds the digests of all else.

``manifest.sig`` holds the 64 bytes of the signature (RFC 8032) as ``openssl pkeyutl -sign -rawin`` writes them.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import BundleRefused, MissingInput, UsageError

SIGNATURE = "manifest.sig"
SIGNATURE_BYTES = 64


def refuse_unsigned(folder: Path, manifest: bytes, signature: bytes, trusted_key: Path) -> None:
    """Refuse a bundle that the owner of a key has not signed as it is.

    Parameters
    ----------
    folder : Path
        For the message.
    manifest, signature : bytes
        As they were read; an empty signature stands for none.
    trusted_key : Path
        The public key, PEM.

    Raises
    ------
    BundleRefused
        If the signature is missing, or not this key's of this manifest.
    MissingInput
        If there is no key.
    UsageError
        If the file holds no Ed25519 public key, or the package that reads it is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise UsageError(
            "--trusted-key", "cryptography is not installed", do="Run: pip install 'dystonia-pipeline[signing]'"
        ) from None
    try:
        key = load_pem_public_key(trusted_key.read_bytes())
    except OSError:
        raise MissingInput(str(trusted_key), "no such key, or it cannot be read", do="Check --trusted-key") from None
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(str(trusted_key), "is no Ed25519 public key in PEM", do="See docs/signing.md")
    if not signature:
        raise BundleRefused(
            str(folder),
            f"no {SIGNATURE}",
            needed="only models signed with the trusted key are used",
            do="Ask whoever trained it to sign it",
            code="SIGNATURE",
        )
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        raise BundleRefused(
            str(folder),
            "a signature that is not of this manifest by the trusted key",
            do="Get the bundle again from where it was trained",
            code="SIGNATURE",
        ) from None
