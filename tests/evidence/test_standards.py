"""Read and verified by other programs: in-toto's own types, securesystemslib, cryptography alone, openssl."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.scai.v0 import scai_pb2
from in_toto_attestation.predicates.scai.v0.scai import AttributeReport
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError

from piiguard.evidence import keys, names
from piiguard.evidence.build import Built

TYPES = {
    names.SCAI: "https://in-toto.io/attestation/scai/v0.3",
    names.TEST_RESULT: "https://in-toto.io/attestation/test-result/v0.1",
    names.EVIDENCE: "pkg:generic/piiguard#evidence/v1",
}


def dsse(built: Built, name: str) -> Envelope:
    return Envelope.from_dict(json.loads(built.files[name]))


def read(built: Built, name: str) -> Any:
    """The statement as in-toto's protobuf type. Unknown fields are an error."""
    return json_format.Parse(dsse(built, name).payload, statement_pb2.Statement())


@pytest.mark.parametrize("name", TYPES)
def test_in_toto_reads_the_statement(built: Built, name: str) -> None:
    parsed = Statement.copy_from_pb(read(built, name))
    parsed.validate()
    assert parsed.pb.predicate_type == TYPES[name]
    assert {subject.name for subject in parsed.pb.subject} >= {"src/db.js", "manifest.yml", "HEAD"}


def test_in_toto_refuses_a_statement_without_digests(built: Built) -> None:
    statement = read(built, names.SCAI)
    statement.subject[0].digest.clear()
    with pytest.raises(ValueError, match="digest"):
        Statement.copy_from_pb(statement).validate()


def test_in_toto_reads_the_attribute_report(built: Built) -> None:
    predicate = json_format.MessageToDict(read(built, names.SCAI).predicate)
    parsed = json_format.ParseDict(predicate, scai_pb2.AttributeReport())
    AttributeReport(list(parsed.attributes), parsed.producer).validate()
    assert "contradicted:no-personal-data-stored" in {each.attribute for each in parsed.attributes}


def test_in_toto_reads_the_test_result(built: Built) -> None:
    predicate = json_format.MessageToDict(read(built, names.TEST_RESULT).predicate)
    parsed = json_format.ParseDict(predicate, test_result_pb2.TestResult())
    assert parsed.result == "FAILED"
    assert ".: no-tracking" in parsed.passed_tests
    for descriptor in parsed.configuration:
        ResourceDescriptor.copy_from_pb(descriptor).validate()


@pytest.mark.parametrize("name", TYPES)
def test_securesystemslib_verifies(built: Built, key: Any, name: str) -> None:
    envelope = dsse(built, name)
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert envelope.verify([key], 1) == {key.keyid: key}
    envelope.payload += b" "
    with pytest.raises(VerificationError):
        envelope.verify([key], 1)


def pae(envelope: dict[str, Any]) -> bytes:
    """What DSSE signs, written from its specification."""
    kind, payload = envelope["payloadType"].encode(), b64decode(envelope["payload"])
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@pytest.mark.parametrize("name", TYPES)
def test_cryptography_verifies(built: Built, keyfile: Path, name: str) -> None:
    public = load_pem_public_key(keyfile.with_name("signer.pem.pub").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    envelope = json.loads(built.files[name])
    (signature,) = envelope["signatures"]
    public.verify(b64decode(signature["sig"]), pae(envelope))
    with pytest.raises(InvalidSignature):
        public.verify(b64decode(signature["sig"]), pae(envelope) + b" ")


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, check=False)

    return run


def test_openssl_verifies(
    built: Built, keyfile: Path, tmp_path: Path, openssl: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    envelope = json.loads(built.files[names.EVIDENCE])
    (tmp_path / "signature").write_bytes(b64decode(envelope["signatures"][0]["sig"]))
    command = ["pkeyutl", "-verify", "-pubin", "-inkey", f"{keyfile}.pub", "-rawin", "-sigfile", "signature", "-in"]
    for text, code in ((pae(envelope), 0), (pae(envelope) + b" ", 1)):
        (tmp_path / "signed").write_bytes(text)
        assert openssl(*command, "signed").returncode == code


def test_keys_made_by_openssl_sign_and_verify(
    tmp_path: Path, openssl: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem").returncode == 0
    assert openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub").returncode == 0
    signer, public = keys.load_signer(tmp_path / "key.pem"), keys.load_key(tmp_path / "key.pub")
    public.verify_signature(signer.sign(b"said"), b"said")
