"""COSE_Sign (RFC 9052 section 4.1): a payload under several signatures, each by a signer of its own.

As in `sign1`, what arrived is what is verified, `Sign.decode` is strict and `tolerant=True` reads what others make.
Decoding checks no signature, and how many must hold is not this module's question: `Sign.verify` proves one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.cose import algorithms, headers
from pratique.cose.algorithms import VERIFYING, Algorithm
from pratique.cose.headers import ALG, KEY_ID, UNDERSTOOD, Headed, Label, head
from pratique.errors import DecodeError, SignatureError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer

MAX_SIGNATURES = 32  # each costs a pass over the payload; the keepers of a root are three to nine people

_TAG_SIGN = b"\xd8\x62"  # tag 98
_CONTEXT = b"\x85\x69Signature"  # an array of five, the first of which is this text
_ARRAY, _ARRAY_1 = 0x80, 0x98  # arrays, by where their size stands
_ARRAY_OF_FOUR, _ARRAY_OF_THREE = 0x84, 0x83


@dataclass(frozen=True, slots=True, repr=False)
class Signature(Headed):
    """One signature of a message, with its own headers; `protected` is what arrived, `headers` what it says."""

    protected: bytes
    headers: Mapping[Label, Any] = field(hash=False)
    unprotected: Mapping[Label, Any] = field(hash=False)
    signature: bytes

    @classmethod
    def of(cls, protected: Mapping[Label, Any], unprotected: Mapping[Label, Any], signature: bytes) -> Signature:
        """Return a signature to be put into a message. Raises: ValueError: a label is in both headers."""
        headers.check_disjoint(protected, unprotected)
        return cls(headers.encoded(protected), protected, unprotected, signature)

    def __repr__(self) -> str:
        return f"Signature({len(self.signature)} bytes)"

    def algorithm(self, *, accepted: frozenset[Algorithm] = VERIFYING) -> Algorithm:
        """Return the algorithm that the protected header of the signature names, and no other place.

        Raises: UnsupportedError: `cose.algorithm`: none is named, or one that is not accepted.
        """
        return algorithms.by_label(self.headers.get(ALG), accepted=accepted)


@dataclass(frozen=True, slots=True, repr=False)
class Sign:
    """A message as it arrived, with at least one signature; nothing in it is proven before `verify` returns.

    `protected` is the content of the body's first byte string, `headers` what it says, `unprotected` the other header.
    """

    protected: bytes
    headers: Mapping[Label, Any] = field(hash=False)
    unprotected: Mapping[Label, Any] = field(hash=False)
    payload: bytes
    signatures: tuple[Signature, ...]

    def __repr__(self) -> str:
        return f"Sign({len(self.payload)} bytes of payload, {len(self.signatures)} signatures)"

    @classmethod
    def decode(cls, data: bytes, *, tolerant: bool = False, understood: frozenset[Label] = UNDERSTOOD) -> Sign:
        """Return the message that `data` consists of.

        Args:
            data: one COSE_Sign with tag 98, all of it in deterministic CBOR. The caller bounds its size.
            tolerant: take any well-formed CBOR without indefinite lengths, no tag in front of it, empty protected
                headers, and a label that is in both headers (the protected one then counts).
            understood: labels that `crit` may name, in the body and in each signature.
        Raises: DecodeError: `cbor.*`, `cose.malformed`, also beyond `MAX_SIGNATURES`. UnsupportedError:
            `cose.critical`.
        Not checked: the signatures; that they name algorithms.
        """
        try:
            position = _array(
                data, _body(data, tolerant=tolerant), _ARRAY_OF_FOUR, "a COSE_Sign is an array of four items"
            )
            protected, says, unprotected, position = headers.read(
                data, position, tolerant=tolerant, understood=understood
            )
            payload, position = headers.byte_string(data, position, tolerant=tolerant)
            count, position = _count(data, position, tolerant=tolerant)
            signatures = []
            for _ in range(count):
                signature, position = _signature(data, position, tolerant=tolerant, understood=understood)
                signatures.append(signature)
        except IndexError:
            raise DecodeError(Reason.CBOR_MALFORMED, f"the data breaks off after {len(data)} bytes") from None
        if position != len(data):
            raise DecodeError(Reason.CBOR_MALFORMED, f"{len(data) - position} bytes follow the data item")
        return cls(protected, says, MappingProxyType(unprotected), payload, tuple(signatures))

    def to_be_signed(self, signature: Signature, external_aad: bytes = b"") -> bytes:
        """Return the bytes that one signature is over: the Sig_structure of RFC 9052 section 4.4."""
        # "If there are no protected attributes, a zero-length byte string is used", however the empty map was written.
        body = self.protected if self.headers else b""
        return _to_be_signed(body, signature.protected if signature.headers else b"", external_aad, self.payload)

    def verify(
        self,
        signature: Signature,
        key: PublicKey,
        *,
        accepted: frozenset[Algorithm] = VERIFYING,
        external_aad: bytes = b"",
    ) -> None:
        """Prove that this key made one of the signatures, by the algorithm that its protected header names.

        Raises: SignatureError: `signature.invalid`. UnsupportedError: `cose.algorithm`.
            KeyMaterialError: `key.unsuitable`: the key is not one for that algorithm.
        """
        algorithm = signature.algorithm(accepted=accepted)
        if not algorithms.verify(algorithm, key, signature.signature, self.to_be_signed(signature, external_aad)):
            raise SignatureError(Reason.SIGNATURE_INVALID)


def encode(
    protected: Mapping[Label, Any],
    unprotected: Mapping[Label, Any],
    payload: bytes,
    signers: Sequence[Signer],
    *,
    external_aad: bytes = b"",
) -> bytes:
    """Return a message with tag 98 and a signature of each signer, in deterministic CBOR.

    Algorithm and key identifier of a signer are put into the protected header of its signature.
    Raises: ValueError: a label is in both headers; no signer, or more than `MAX_SIGNATURES`.
    """
    signatures = [sign(protected, payload, signer, external_aad=external_aad) for signer in signers]
    return complete(protected, unprotected, payload, signatures)


def sign(protected: Mapping[Label, Any], payload: bytes, signer: Signer, *, external_aad: bytes = b"") -> Signature:
    """Return a signer's signature, for the message that has this protected header and payload."""
    own: dict[Label, Any] = {ALG: signer.algorithm.label, KEY_ID: signer.key_id}
    return Signature.of(own, {}, signer.sign(prepare(protected, own, payload, external_aad=external_aad)))


def prepare(
    protected: Mapping[Label, Any],
    signature_protected: Mapping[Label, Any],
    payload: bytes,
    *,
    external_aad: bytes = b"",
) -> bytes:
    """Return the bytes that somebody else is to sign; `Signature.of` then takes the same header of the signature."""
    return _to_be_signed(headers.encoded(protected), headers.encoded(signature_protected), external_aad, payload)


def complete(
    protected: Mapping[Label, Any],
    unprotected: Mapping[Label, Any],
    payload: bytes,
    signatures: Sequence[Signature],
) -> bytes:
    """Return the message for signatures over what `prepare` gave; those of a decoded message stay as they arrived.

    Raises: ValueError: a label is in both headers; no signature, or more than `MAX_SIGNATURES`. Not checked: that the
    signatures hold.
    """
    headers.check_disjoint(protected, unprotected)
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise ValueError(f"{len(signatures)} signatures, from 1 to {MAX_SIGNATURES} can be written")
    entries = [[each.protected, each.unprotected, each.signature] for each in signatures]
    return _TAG_SIGN + cbor.encode([headers.encoded(protected), unprotected, payload, entries])


def _body(data: bytes, *, tolerant: bool) -> int:
    """Return where the array begins, after the tag."""
    if data.startswith(_TAG_SIGN):
        return len(_TAG_SIGN)
    if not tolerant:
        raise DecodeError(Reason.COSE_MALFORMED, "the message does not begin with tag 98, COSE_Sign")
    return 0


def _array(data: bytes, position: int, head_: int, what: str) -> int:
    """Return the position after the head of an array."""
    if data[position] != head_:
        raise DecodeError(Reason.COSE_MALFORMED, what)
    return position + 1


def _count(data: bytes, position: int, *, tolerant: bool) -> tuple[int, int]:
    """Return how many signatures there are, and the position of the first."""
    first = data[position]
    if _ARRAY < first < _ARRAY_1:
        return first - _ARRAY, position + 1
    if first != _ARRAY_1:
        raise DecodeError(Reason.COSE_MALFORMED, f"signatures is not an array of 1 to {MAX_SIGNATURES} items")
    count = data[position + 1]
    if not 1 <= count <= MAX_SIGNATURES:
        raise DecodeError(Reason.COSE_MALFORMED, f"{count} signatures, from 1 to {MAX_SIGNATURES} are read")
    if count < 24 and not tolerant:  # noqa: PLR2004 - RFC 8949 section 3: below it, the size stands in the first byte
        raise DecodeError(Reason.CBOR_NOT_DETERMINISTIC, "a length is not in its shortest form")
    return count, position + 2


def _signature(data: bytes, position: int, *, tolerant: bool, understood: frozenset[Label]) -> tuple[Signature, int]:
    position = _array(data, position, _ARRAY_OF_THREE, "a signature is an array of three items")
    protected, says, unprotected, position = headers.read(data, position, tolerant=tolerant, understood=understood)
    signature, position = headers.byte_string(data, position, tolerant=tolerant)
    return Signature(protected, says, MappingProxyType(unprotected), signature), position


def _to_be_signed(body: bytes, signature: bytes, external_aad: bytes, payload: bytes) -> bytes:
    parts = [_CONTEXT]
    for string in (body, signature, external_aad, payload):
        parts += (head(len(string)), string)
    return b"".join(parts)
