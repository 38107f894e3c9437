"""COSE_Sign1 (RFC 9052 section 4.2): a payload under one signature.

What arrived is what is verified: the protected header and the payload go into the bytes to be signed as they came,
never re-encoded. `Sign1.decode` is strict, as our own format needs it; `tolerant=True` reads what others make. Neither
checks a signature: `Sign1.verify` does.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.codec import cbor
from pratique.cose import algorithms, headers
from pratique.cose.algorithms import VERIFYING, Algorithm
from pratique.cose.headers import (
    ALG,
    BYTES,
    BYTES_1,
    BYTES_2,
    CONTENT_TYPE,
    CRIT,
    EMPTY_MAP,
    KEY_ID,
    TYP,
    UNDERSTOOD,
    Headed,
    Label,
    head,
)
from pratique.errors import DecodeError, SignatureError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer

__all__ = [
    "ALG",
    "CONTENT_TYPE",
    "CRIT",
    "KEY_ID",
    "TYP",
    "UNDERSTOOD",
    "Label",
    "Sign1",
    "complete",
    "encode",
    "prepare",
]

_TAG_SIGN1 = b"\xd2"  # tag 18
_TAG_CWT = b"\xd8\x3d"  # tag 61, RFC 8392
_CONTEXT = b"\x84\x6aSignature1"  # an array of four, the first of which is this text
_ARRAY_OF_FOUR = 0x84
_USUAL = _TAG_SIGN1 + bytes((_ARRAY_OF_FOUR,))
_HEAD_OF_64 = b"\x58\x40"  # of a byte string with the signature of a key on P-256 or Ed25519
_NOTHING: Mapping[Label, Any] = MappingProxyType({})


class _Parts(NamedTuple):  # made in a third of the time of a frozen dataclass
    protected: bytes
    headers: Mapping[Label, Any]
    unprotected: Mapping[Label, Any]
    payload: bytes
    signature: bytes


class Sign1(_Parts, Headed):
    """A signed message as it arrived; nothing in it is proven before `verify` returns.

    `protected` is the content of the first byte string, `headers` what it says, `unprotected` the other header.
    """

    __slots__ = ()

    def __hash__(self) -> int:
        return hash((self.protected, self.payload, self.signature))  # the headers are maps

    def __repr__(self) -> str:
        return f"Sign1({len(self.payload)} bytes of payload, {len(self.signature)} bytes of signature)"

    @classmethod
    def decode(cls, data: bytes, *, tolerant: bool = False, understood: frozenset[Label] = UNDERSTOOD) -> Sign1:
        """Return the message that `data` consists of.

        Args:
            data: one COSE_Sign1 with tag 18, all of it in deterministic CBOR.
            tolerant: take any well-formed CBOR without indefinite lengths, no tag or a CWT tag (61) in front of it, an
                empty protected header, and a label that is in both headers (the protected one then counts).
            understood: labels that `crit` may name.
        Raises: DecodeError: `cbor.*`, `cose.malformed`. UnsupportedError: `cose.critical`.
        Not checked: the signature; that there is an algorithm, see `algorithm`.
        """
        if (usual := _usual(data, tolerant=tolerant)) is not None:
            return usual
        position = _body(data, tolerant=tolerant)
        try:
            if data[position] != _ARRAY_OF_FOUR:
                raise DecodeError(Reason.COSE_MALFORMED, "a COSE_Sign1 is an array of four items")
            protected, says, unprotected, position = headers.read(
                data, position + 1, tolerant=tolerant, understood=understood
            )
            payload, position = headers.byte_string(data, position, tolerant=tolerant)
            signature, position = headers.byte_string(data, position, tolerant=tolerant)
        except IndexError:
            raise DecodeError(Reason.CBOR_MALFORMED, f"the data breaks off after {len(data)} bytes") from None
        if position != len(data):
            raise DecodeError(Reason.CBOR_MALFORMED, f"{len(data) - position} bytes follow the data item")
        return cls(protected, says, MappingProxyType(unprotected), payload, signature)

    def to_be_signed(self, external_aad: bytes = b"") -> bytes:
        """Return the bytes that the signature is over: the Sig_structure of RFC 9052 section 4.4."""
        # "If there are no protected attributes, a zero-length byte string is used", however the empty map was written.
        return _to_be_signed(self.protected if self.headers else b"", external_aad, self.payload)

    def algorithm(
        self, *, accepted: frozenset[Algorithm] = VERIFYING, unprotected_if_fits: PublicKey | None = None
    ) -> Algorithm:
        """Return the algorithm to verify with.

        Args:
            accepted: the algorithms that will do.
            unprotected_if_fits: where the protected header names no algorithm, take the one that the unprotected header
                names if this key is of the type that it needs. Nobody signed that choice, so this is for formats
                whose notes ask for it (HC1) and for no other.
        Raises: UnsupportedError: `cose.algorithm`: none is named, or one that is not accepted.
        """
        if unprotected_if_fits is not None and ALG not in self.headers and ALG in self.unprotected:
            algorithm = algorithms.by_label(self.unprotected[ALG], accepted=accepted)
            if not unprotected_if_fits.fits(algorithm):
                raise UnsupportedError(
                    Reason.COSE_ALGORITHM,
                    f"only the unprotected header names {algorithm.name}, and the key is no such key",
                )
            return algorithm
        return algorithms.by_label(self.headers.get(ALG), accepted=accepted)

    def verify(
        self,
        key: PublicKey,
        *,
        accepted: frozenset[Algorithm] = VERIFYING,
        external_aad: bytes = b"",
    ) -> None:
        """Prove that this key signed the message, by the algorithm that the protected header names.

        Raises: SignatureError: `signature.invalid`. UnsupportedError: `cose.algorithm`.
            KeyMaterialError: `key.unsuitable`: the key is not one for that algorithm.
        """
        algorithm = self.algorithm(accepted=accepted)
        if not algorithms.verify(algorithm, key, self.signature, self.to_be_signed(external_aad)):
            raise SignatureError(Reason.SIGNATURE_INVALID)


def encode(
    protected: Mapping[Label, Any],
    unprotected: Mapping[Label, Any],
    payload: bytes,
    signer: Signer,
    *,
    external_aad: bytes = b"",
) -> bytes:
    """Return a signed message with tag 18, in deterministic CBOR.

    The signer's algorithm is put into the protected header; the key identifier goes where the caller puts it.
    Raises: ValueError: `protected` names another algorithm, or a label is in both headers.
    """
    protected = headers.with_algorithm(protected, signer.algorithm.label)
    signature = signer.sign(prepare(protected, payload, external_aad=external_aad))
    return complete(protected, unprotected, payload, signature)


def prepare(protected: Mapping[Label, Any], payload: bytes, *, external_aad: bytes = b"") -> bytes:
    """Return the bytes that somebody else is to sign; `complete` then takes the same headers and payload."""
    return _to_be_signed(headers.encoded(protected), external_aad, payload)


def complete(
    protected: Mapping[Label, Any], unprotected: Mapping[Label, Any], payload: bytes, signature: bytes
) -> bytes:
    """Return the message for a signature, in COSE's form, over what `prepare` gave.

    Raises: ValueError: a label is in both headers. Not checked: that the signature holds.
    """
    headers.check_disjoint(protected, unprotected)
    return _TAG_SIGN1 + cbor.encode([headers.encoded(protected), unprotected, payload, signature])


def _usual(data: bytes, *, tolerant: bool) -> Sign1 | None:
    """Return a message in the form that nearly all have, in a third of the time; None for any other, good or bad.

    That is tag 18, a protected header of less than 24 bytes, an unprotected one that is empty or has one entry of byte
    strings, a payload of 24 bytes or more, a signature of 64; every length in its shortest form.
    """
    if not data.startswith(_USUAL) or data[-66:-64] != _HEAD_OF_64:
        return None
    try:
        position = data[2] - BYTES + 3
        protected = data[3:position]
        says = headers.usual(protected, tolerant) if BYTES < data[2] < BYTES_1 else None
        if says is None:
            return None
        if data[position] == EMPTY_MAP:
            unprotected, position = _NOTHING, position + 1
        else:
            label, value, position = headers.one_entry(data, position)
            if label in says or label == CRIT:
                return None
            unprotected = MappingProxyType({label: value})
        start = position + (3 if data[position] == BYTES_2 else 2)
    except (IndexError, ValueError, DecodeError):
        return None
    if start > len(data) - 66 or position > headers.MAX_HEADER_BYTES:  # no header reaches into the signature
        return None
    payload = data[start:-66]
    return (
        tuple.__new__(Sign1, (protected, says, unprotected, payload, data[-64:]))  # as its constructor, which is Python
        if data[position:start] == head(len(payload))
        else None
    )


def _body(data: bytes, *, tolerant: bool) -> int:
    """Return where the array begins, after the tags that may stand before it."""
    if data.startswith(_TAG_SIGN1):
        return len(_TAG_SIGN1)
    if not tolerant:
        raise DecodeError(Reason.COSE_MALFORMED, "the message does not begin with tag 18, COSE_Sign1")
    position = len(_TAG_CWT) if data.startswith(_TAG_CWT) else 0
    return position + len(_TAG_SIGN1) if data.startswith(_TAG_SIGN1, position) else position


def _to_be_signed(protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    aad = head(len(external_aad)) + external_aad if external_aad else b"\x40"
    return b"".join((_CONTEXT, head(len(protected)), protected, aad, head(len(payload)), payload))
