"""COSE_Sign1 (RFC 9052 section 4.2): a payload under one signature.

What arrived is what is verified: the protected header and the payload go into the bytes to be signed as they came,
never re-encoded. `Sign1.decode` is strict, as our own format needs it; `tolerant=True` reads what others make. Neither
checks a signature: `Sign1.verify` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.cose import algorithms
from pratique.cose.algorithms import VERIFYING, Algorithm
from pratique.errors import DecodeError, SignatureError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.cose.keys import PublicKey
    from pratique.cose.signer import Signer

# Header labels: IANA "COSE Header Parameters"
ALG, CRIT, CONTENT_TYPE, KEY_ID, TYP = 1, 2, 3, 4, 16

Label = int | str
UNDERSTOOD: frozenset[Label] = frozenset((ALG, CRIT, CONTENT_TYPE, KEY_ID, TYP))

_TAG_SIGN1 = b"\xd2"  # tag 18
_TAG_CWT = b"\xd8\x3d"  # tag 61, RFC 8392
_CONTEXT = b"\x84\x6aSignature1"  # an array of four, the first of which is this text
_ARRAY_OF_FOUR, _EMPTY_MAP, _NULL = 0x84, 0xA0, 0xF6
_BYTES, _BYTES_1, _BYTES_2, _BYTES_4 = 0x40, 0x58, 0x59, 0x5A  # byte strings, by where their size stands
_strict, _tolerant = cbor.Decoder(deterministic=True), cbor.Decoder()
_CACHED_BYTES = 64  # of a protected header: algorithm, key identifier and type take 13 to 20


@dataclass(frozen=True, slots=True, repr=False)
class Sign1:
    """A signed message as it arrived; nothing in it is proven before `verify` returns.

    `protected` is the content of the first byte string, `headers` what it says, `unprotected` the other header.
    """

    protected: bytes
    headers: Mapping[Label, Any] = field(hash=False)
    unprotected: Mapping[Label, Any] = field(hash=False)
    payload: bytes
    signature: bytes

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
        protected, unprotected, payload, signature = _parts(data, tolerant=tolerant)
        read = _header if len(protected) > _CACHED_BYTES else _cached_header
        headers = read(protected, tolerant=tolerant)
        if not tolerant:
            if not headers:
                raise DecodeError(Reason.COSE_MALFORMED, "the protected header is empty")
            if not headers.keys().isdisjoint(unprotected):
                raise DecodeError(Reason.COSE_MALFORMED, "a label is in both headers")
        if CRIT in headers or CRIT in unprotected:
            _check_critical(headers, unprotected, understood)
        return cls(protected, headers, MappingProxyType(unprotected), payload, signature)

    def to_be_signed(self, external_aad: bytes = b"") -> bytes:
        """Return the bytes that the signature is over: the Sig_structure of RFC 9052 section 4.4."""
        # "If there are no protected attributes, a zero-length byte string is used", however the empty map was written.
        return _to_be_signed(self.protected if self.headers else b"", external_aad, self.payload)

    @property
    def algorithm_label(self) -> Any:
        """Return the algorithm that the protected header names, None where it names none."""
        return self.headers.get(ALG)

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

    @property
    def key_id(self) -> bytes | None:
        """Return the key identifier: of the protected header, else of the unprotected; None where there is none.

        It is a hint by which to look a key up, and proves nothing in either place.
        Raises: DecodeError: `cose.malformed`: it is not a byte string.
        """
        key_id = self.headers.get(KEY_ID) if self.key_id_is_protected else self.unprotected.get(KEY_ID)
        if key_id is not None and type(key_id) is not bytes:
            raise DecodeError(Reason.COSE_MALFORMED, "the key identifier is not a byte string")
        return key_id

    @property
    def key_id_is_protected(self) -> bool:
        """Return whether the key identifier is in the protected header."""
        return KEY_ID in self.headers

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
    label = signer.algorithm.label
    if protected.get(ALG, label) != label:
        raise ValueError(f"the protected header names algorithm {protected[ALG]}, the signer has {label}")
    protected = {**protected, ALG: label}
    signature = signer.sign(prepare(protected, payload, external_aad=external_aad))
    return complete(protected, unprotected, payload, signature)


def prepare(protected: Mapping[Label, Any], payload: bytes, *, external_aad: bytes = b"") -> bytes:
    """Return the bytes that somebody else is to sign; `complete` then takes the same headers and payload."""
    return _to_be_signed(_encoded_header(protected), external_aad, payload)


def complete(
    protected: Mapping[Label, Any], unprotected: Mapping[Label, Any], payload: bytes, signature: bytes
) -> bytes:
    """Return the message for a signature, in COSE's form, over what `prepare` gave.

    Raises: ValueError: a label is in both headers. Not checked: that the signature holds.
    """
    if not protected.keys().isdisjoint(unprotected):
        raise ValueError("a label is in both headers")
    return _TAG_SIGN1 + cbor.encode([_encoded_header(protected), unprotected, payload, signature])


def _encoded_header(protected: Mapping[Label, Any]) -> bytes:
    return cbor.encode(protected) if protected else b""  # RFC 9052 section 3


def _parts(data: bytes, *, tolerant: bool) -> tuple[bytes, dict[Label, Any], bytes, bytes]:
    """Return the four parts: three byte strings, read by hand in half the time, and the unprotected header."""
    position = _body(data, tolerant=tolerant)
    try:
        if data[position] != _ARRAY_OF_FOUR:
            raise DecodeError(Reason.COSE_MALFORMED, "a COSE_Sign1 is an array of four items")
        protected, position = _byte_string(data, position + 1, tolerant=tolerant)
        if data[position] == _EMPTY_MAP:
            unprotected: Any = {}
            position += 1
        else:
            unprotected, position = (_tolerant if tolerant else _strict).prefix(data, position)
        payload, position = _byte_string(data, position, tolerant=tolerant)
        signature, position = _byte_string(data, position, tolerant=tolerant)
    except IndexError:
        raise DecodeError(Reason.CBOR_MALFORMED, f"the data breaks off after {len(data)} bytes") from None
    if position != len(data):
        raise DecodeError(Reason.CBOR_MALFORMED, f"{len(data) - position} bytes follow the data item")
    if type(unprotected) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the unprotected header is not a map")
    return protected, unprotected, payload, signature


def _body(data: bytes, *, tolerant: bool) -> int:
    """Return where the array begins, after the tags that may stand before it."""
    if data.startswith(_TAG_SIGN1):
        return len(_TAG_SIGN1)
    if not tolerant:
        raise DecodeError(Reason.COSE_MALFORMED, "the message does not begin with tag 18, COSE_Sign1")
    position = len(_TAG_CWT) if data.startswith(_TAG_CWT) else 0
    return position + len(_TAG_SIGN1) if data.startswith(_TAG_SIGN1, position) else position


def _byte_string(data: bytes, position: int, *, tolerant: bool) -> tuple[bytes, int]:
    """Return the byte string at a position, and the position after it. Raises: IndexError: the data breaks off."""
    head = data[position]
    if _BYTES <= head < _BYTES_1:
        start, size, least = position + 1, head - _BYTES, 0
    elif head == _BYTES_1:
        start, size, least = position + 2, data[position + 1], 24
    elif head == _BYTES_2:
        start, size, least = position + 3, data[position + 1] << 8 | data[position + 2], 256
    elif head == _BYTES_4:
        start, size, least = position + 5, int.from_bytes(data[position + 1 : position + 5]), 65_536
    elif head == _NULL:
        raise DecodeError(Reason.COSE_MALFORMED, "the payload is detached")
    else:
        raise DecodeError(Reason.COSE_MALFORMED, "protected header, payload and signature are byte strings")
    end = start + size
    if end > len(data):
        raise IndexError
    if size < least and not tolerant:
        raise DecodeError(Reason.CBOR_NOT_DETERMINISTIC, "a length is not in its shortest form")
    return data[start:end], end


def _header(protected: bytes, *, tolerant: bool) -> Mapping[Label, Any]:
    headers = cbor.decode(protected, deterministic=not tolerant) if protected else {}
    if type(headers) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the protected header is not a map")
    return MappingProxyType(headers)


# Every credential under one key has the same protected header, and reading it is half the work.
_cached_header = lru_cache(maxsize=256)(_header)


def _check_critical(
    headers: Mapping[Label, Any], unprotected: Mapping[Label, Any], understood: frozenset[Label]
) -> None:
    """Refuse a message whose `crit` is not as RFC 9052 section 3.1 has it, or names what is not understood."""
    labels = headers.get(CRIT)
    if CRIT in unprotected:
        raise DecodeError(Reason.COSE_MALFORMED, "crit is in the unprotected header")
    if type(labels) is not list or not labels or any(type(label) not in (int, str) for label in labels):
        raise DecodeError(Reason.COSE_MALFORMED, "crit is not an array of one or more labels")
    if any(label not in headers for label in labels):
        raise DecodeError(Reason.COSE_MALFORMED, "crit names a label that is not in the protected header")
    unknown = [label for label in labels if label not in understood]
    if unknown:
        raise UnsupportedError(Reason.COSE_CRITICAL, f"{len(unknown)} of its {len(labels)} labels are not understood")


def _to_be_signed(protected: bytes, external_aad: bytes, payload: bytes) -> bytes:
    aad = b"\x40" if not external_aad else _head(len(external_aad)) + external_aad
    return b"".join((_CONTEXT, _head(len(protected)), protected, aad, _head(len(payload)), payload))


def _head(size: int) -> bytes:
    """Return the head of a CBOR byte string of `size` bytes."""
    if size < 24:  # noqa: PLR2004 - RFC 8949 section 3: the sizes at which the head grows
        return bytes((0x40 | size,))
    if size < 0x100:  # noqa: PLR2004
        return bytes((0x58, size))
    if size < 0x10000:  # noqa: PLR2004
        return b"\x59" + size.to_bytes(2)
    return b"\x5a" + size.to_bytes(4)
