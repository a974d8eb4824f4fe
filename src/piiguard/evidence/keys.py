"""Ed25519 keys in PEM files, as openssl makes them too. Needs the extra `piiguard[sign]`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from piiguard.errors import PiiguardError, UsageError

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer

MAX_BYTES = 64 * 1024
PUBLIC = ".pub"


def require_library() -> None:
    """Raise PiiguardError when the optional libraries are not installed."""
    try:
        import cryptography  # noqa: F401
        import securesystemslib  # noqa: F401
    except ImportError:
        todo = "Install it with: pip install 'piiguard[sign]'"
        raise PiiguardError("signatures need the library securesystemslib", todo=todo) from None


def load_signer(path: Path) -> Signer:
    """A private key. Raises UsageError when the file holds none, PiiguardError without the libraries."""
    require_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        key = load_pem_private_key(_read(path), None)
    except TypeError:
        raise UsageError("this key is encrypted", where=str(path), todo="Give one without a password") from None
    except Exception:  # what cryptography raises for input that is no key differs between versions
        raise _no_key(path, "private") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return CryptoSigner(key)


def load_key(path: Path) -> Key:
    """A public key. Raises UsageError when the file holds none, PiiguardError without the libraries."""
    require_library()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    try:
        key = load_pem_public_key(_read(path))
    except Exception:  # as above
        raise _no_key(path, "public") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return SSlibKey.from_crypto(key)


def generate(path: Path) -> Path:
    """Write a new private key to `path`, for its owner only, and the public one beside it; returns the place of that.

    Raises UsageError when one of the files is there already or cannot be written.
    """
    require_library()
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    target = path.with_name(path.name + PUBLIC)
    if os.path.lexists(target):
        raise UsageError("the file is there already", where=str(target), todo="Nothing was changed")
    _create(path, private, 0o600)
    _create(target, public, 0o644)
    return target


def _create(path: Path, text: bytes, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError("the file is there already", where=str(path), todo="Nothing was changed") from None
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(path)) from None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES)


def _no_key(path: Path, kind: str) -> UsageError:
    return UsageError(f"this is no ed25519 {kind} key in PEM form", where=str(path), todo="piiguard evidence keygen")
