"""Headers of COSE messages (RFC 9052 section 3), and the bytes around them: what COSE_Sign1 and COSE_Sign share.

A protected header stays the bytes that arrived; an unprotected one is read where it stands. Both kinds of message read
byte strings by hand, in half the time that a CBOR library takes.
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pratique.codec import cbor
from pratique.errors import DecodeError, UnsupportedError
from pratique.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

# Header labels: IANA "COSE Header Parameters"
ALG, CRIT, CONTENT_TYPE, KEY_ID, TYP = 1, 2, 3, 4, 16

Label = int | str
UNDERSTOOD: frozenset[Label] = frozenset((ALG, CRIT, CONTENT_TYPE, KEY_ID, TYP))
MAX_HEADER_BYTES = 65_536  # of either header; a chain of certificates, the longest that is put there, has some 6,000

EMPTY_MAP, _MAP_OF_ONE, _ARRAY, _NULL = 0xA0, 0xA1, 0x80, 0xF6
BYTES, BYTES_1, BYTES_2, _BYTES_4 = 0x40, 0x58, 0x59, 0x5A  # byte strings, by where their size stands
_LONG = 24  # RFC 8949 section 3: a number or size below this one stands in the head itself
_strict, _tolerant = cbor.Decoder(deterministic=True), cbor.Decoder()
_CACHED_BYTES = 64  # of a protected header: algorithm, key identifier and type take 13 to 20


class Headed:
    """What has the two headers: a message with one signature, or one of several signatures."""

    __slots__ = ()

    headers: Mapping[Label, Any]
    unprotected: Mapping[Label, Any]

    @property
    def algorithm_label(self) -> Any:
        """Return the algorithm that the protected header names, None where it names none."""
        return self.headers.get(ALG)

    @property
    def key_id(self) -> bytes | None:
        """Return the key identifier: of the protected header, else of the unprotected; None where there is none.

        It is a hint by which to look a key up, and proves nothing in either place.
        Raises: DecodeError: `cose.malformed`: it is not a byte string.
        """
        key_id = self.headers[KEY_ID] if KEY_ID in self.headers else self.unprotected.get(KEY_ID)
        if key_id is not None and type(key_id) is not bytes:
            raise DecodeError(Reason.COSE_MALFORMED, "the key identifier is not a byte string")
        return key_id

    @property
    def key_id_is_protected(self) -> bool:
        """Return whether the key identifier is in the protected header."""
        return KEY_ID in self.headers


def read(
    data: bytes, position: int, *, tolerant: bool, understood: frozenset[Label]
) -> tuple[bytes, Mapping[Label, Any], dict[Label, Any], int]:
    """Return the two headers at a position, the protected one as it came and as what it says, and the position after.

    `understood` are the labels that `crit` may name. With `tolerant`, an empty protected header, one label in both and
    encodings that are not deterministic are taken.
    Raises: DecodeError: `cbor.*`, `cose.malformed`. UnsupportedError: `cose.critical`. IndexError: the data breaks off.
    """
    protected, position = byte_string(data, position, tolerant=tolerant)
    if data[position] == EMPTY_MAP:
        unprotected: Any = {}
        position += 1
    else:
        unprotected, position = _unprotected(data, position, _tolerant if tolerant else _strict)
    headers = (_protected if len(protected) > _CACHED_BYTES else _cached)(protected, tolerant=tolerant)
    if not tolerant:
        if not headers:
            raise DecodeError(Reason.COSE_MALFORMED, "the protected header is empty")
        if not headers.keys().isdisjoint(unprotected):
            raise DecodeError(Reason.COSE_MALFORMED, "a label is in both headers")
    if CRIT in headers or CRIT in unprotected:
        _check_critical(headers, unprotected, understood)
    return protected, headers, unprotected, position


def byte_string(data: bytes, position: int, *, tolerant: bool) -> tuple[bytes, int]:
    """Return the byte string at a position, and the position after it.

    Raises: DecodeError: `cose.malformed`, `cbor.not_deterministic`. IndexError: the data breaks off.
    """
    head = data[position]
    if BYTES <= head < BYTES_1:
        start, size, least = position + 1, head - BYTES, 0
    elif head == BYTES_1:
        start, size, least = position + 2, data[position + 1], 24
    elif head == BYTES_2:
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


@lru_cache(maxsize=256)
def usual(protected: bytes, tolerant: bool) -> Mapping[Label, Any] | None:  # noqa: FBT001 - quicker to look up
    """Return what a short protected header says; None where it has to be looked at, being empty, critical or faulty."""
    try:
        headers = _protected(protected, tolerant=tolerant)
    except DecodeError:
        return None
    return headers if headers and CRIT not in headers else None


def one_entry(data: bytes, position: int) -> tuple[int, bytes | list[bytes], int]:
    """Return label and value of an unprotected header with one entry, of a byte string or some, and where it ends.

    Raises: IndexError, ValueError, DecodeError: it is in any other form.
    """
    one, label, first = data[position : position + 3]
    if one != _MAP_OF_ONE or label >= _LONG or first >= _ARRAY + _LONG:
        raise DecodeError(Reason.COSE_MALFORMED)
    if first < _ARRAY:
        value, end = byte_string(data, position + 2, tolerant=False)
        return label, value, end
    values, end = [], position + 3
    for _ in range(first - _ARRAY):
        value, end = byte_string(data, end, tolerant=False)
        values.append(value)
    return label, values, end


def encoded(protected: Mapping[Label, Any]) -> bytes:
    """Return the content of the byte string that a protected header becomes."""
    return cbor.encode(protected) if protected else b""  # RFC 9052 section 3


def with_algorithm(protected: Mapping[Label, Any], label: int) -> dict[Label, Any]:
    """Return a protected header that names the signer's algorithm. Raises: ValueError: it names another."""
    if protected.get(ALG, label) != label:
        raise ValueError(f"the protected header names algorithm {protected[ALG]}, the signer has {label}")
    return {**protected, ALG: label}


def check_disjoint(protected: Mapping[Label, Any], unprotected: Mapping[Label, Any]) -> None:
    """Refuse to write a label into both headers. Raises: ValueError."""
    if not protected.keys().isdisjoint(unprotected):
        raise ValueError("a label is in both headers")


def _head(size: int) -> bytes:
    if size < _LONG:
        return bytes((BYTES | size,))
    if size < 0x100:  # noqa: PLR2004 - RFC 8949 section 3: the sizes at which the head grows
        return bytes((BYTES_1, size))
    if size < 0x10000:  # noqa: PLR2004
        return b"\x59" + size.to_bytes(2)
    return b"\x5a" + size.to_bytes(4)


_HEADS = tuple(map(_head, range(1024)))  # of all byte strings that most messages have


def head(size: int) -> bytes:
    """Return the head of a CBOR byte string of `size` bytes."""
    return _HEADS[size] if size < len(_HEADS) else _head(size)


def _unprotected(data: bytes, position: int, decoder: cbor.Decoder) -> tuple[dict[Label, Any], int]:
    """Return the unprotected header at a position, and the position after it; no more than its limit is looked at."""
    if len(data) - position <= MAX_HEADER_BYTES:
        unprotected, end = decoder.prefix(data, position)
    else:
        try:
            unprotected, size = decoder.prefix(data[position : position + MAX_HEADER_BYTES], 0)
        except DecodeError as error:
            raise DecodeError(error.code, f"in the unprotected header: {error.detail}") from None
        end = position + size
    if type(unprotected) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the unprotected header is not a map")
    return unprotected, end


def _protected(protected: bytes, *, tolerant: bool) -> Mapping[Label, Any]:
    if len(protected) > MAX_HEADER_BYTES:
        raise DecodeError(Reason.CBOR_LIMIT, f"a protected header of more than {MAX_HEADER_BYTES} bytes")
    headers = cbor.decode(protected, deterministic=not tolerant) if protected else {}
    if type(headers) is not dict:
        raise DecodeError(Reason.COSE_MALFORMED, "the protected header is not a map")
    return MappingProxyType(headers)


# Every credential under one key has the same protected header, and reading it is half the work.
_cached = lru_cache(maxsize=256)(_protected)


def _check_critical(
    headers: Mapping[Label, Any], unprotected: Mapping[Label, Any], understood: frozenset[Label]
) -> None:
    """Refuse headers whose `crit` is not as RFC 9052 section 3.1 has it, or names what is not understood."""
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
