"""DSSE envelopes (github.com/secure-systems-lab/dsse, v1) around in-toto statements, written in one form only."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from piiguard.formats.serialise import dump

if TYPE_CHECKING:
    from securesystemslib.signer import Key, Signer

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class NotAnEnvelope(Exception):
    """The text says why, in words for a line of output."""


class EnvelopeSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One signature, in base64."""

    keyid: str
    sig: str


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON form. Without a signature it is a statement that nobody vouches for."""

    payload: str
    payload_type: Literal["application/vnd.in-toto+json"] = msgspec.field(name="payloadType")
    signatures: list[EnvelopeSignature]

    @property
    def statement(self) -> bytes:
        """The statement inside."""
        return base64.b64decode(self.payload)

    def signed_by(self, key: Key) -> bool:
        """Whether one of the signatures is that of `key`."""
        from securesystemslib.dsse import Envelope as Dsse
        from securesystemslib.exceptions import VerificationError

        try:
            Dsse.from_dict(msgspec.to_builtins(self)).verify([key], 1)
        except (VerificationError, ValueError):
            return False
        return True


def seal(statement: bytes, signer: Signer | None) -> bytes:
    """The statement in an envelope, signed where there is a signer."""
    if signer is None:
        bare = Envelope(base64.b64encode(statement).decode("ascii"), PAYLOAD_TYPE, [])
        return dump(msgspec.to_builtins(bare)).encode("ascii")
    from securesystemslib.dsse import Envelope as Dsse

    sealed = Dsse(statement, PAYLOAD_TYPE, {})
    sealed.sign(signer)
    return dump(sealed.to_dict()).encode("ascii")


def unseal(text: bytes) -> Envelope:
    """Read an envelope. Raises NotAnEnvelope for anything that `seal` does not write."""
    try:
        envelope = msgspec.json.decode(text, type=Envelope)
        base64.b64decode(envelope.payload, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnEnvelope(f"is no DSSE envelope ({error})") from None
    except ValueError:  # also what is not ASCII
        raise NotAnEnvelope("has a payload that is not base64") from None
    if dump(msgspec.to_builtins(envelope)).encode("ascii") != text:
        raise NotAnEnvelope("is not written as piiguard writes it")
    return envelope
