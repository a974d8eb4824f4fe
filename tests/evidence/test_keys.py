"""Key files: made for their owner alone, and one line for every file that is none."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from piiguard.errors import PiiguardError, UsageError
from piiguard.evidence import keys


def pem(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    lock = form.BestAvailableEncryption(password) if password else form.NoEncryption()
    return private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, lock)


def public_pem(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)


def test_a_new_key_is_its_owners(tmp_path: Path) -> None:
    public = keys.generate(tmp_path / "key.pem")
    assert public == tmp_path / "key.pem.pub"
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    signer = keys.load_signer(tmp_path / "key.pem")
    keys.load_key(public).verify_signature(signer.sign(b"said"), b"said")


@pytest.mark.parametrize("taken", ["key.pem", "key.pem.pub"])
def test_a_key_is_never_written_over(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        keys.generate(tmp_path / "key.pem")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(taken, "mine")]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        keys.generate(tmp_path / "nowhere" / "key.pem")


CURVE = ec.generate_private_key(ec.SECP256R1())
OURS = ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "no ed25519 private key"),
        (b"\xff" * 100, "no ed25519 private key"),
        (public_pem(OURS), "no ed25519 private key"),
        (pem(CURVE), "no ed25519 private key"),
        (pem(OURS, b"secret"), "encrypted"),
    ],
)
def test_what_is_no_private_key(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "key").write_bytes(text)
    with pytest.raises(UsageError, match=said):
        keys.load_signer(tmp_path / "key")


@pytest.mark.parametrize("text", [b"", pem(OURS), public_pem(CURVE)])
def test_what_is_no_public_key(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "key").write_bytes(text)
    with pytest.raises(UsageError, match="no ed25519 public key"):
        keys.load_key(tmp_path / "key")


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "securesystemslib", None)
    for use in (keys.load_signer, keys.load_key, keys.generate):
        with pytest.raises(PiiguardError, match=r"pip install 'piiguard\[sign\]'") as caught:
            use(tmp_path / "key")
        assert caught.value.exit_code == 3
